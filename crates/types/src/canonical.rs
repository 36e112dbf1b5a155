//! JSON in one spelling (object keys sorted, no white space, as RFC 8785 for the values used
//! here: no floats are in hashed records, only integers), and its SHA-256.

use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The one spelling of `value`: keys sorted (also when another crate of the build has switched
/// `serde_json` to insertion order), no white space. Empty only if `value` cannot be JSON at all,
/// which no type of this crate is.
pub fn canonical_json<T: Serialize>(value: &T) -> String {
    let mut out = String::new();
    if let Ok(v) = serde_json::to_value(value) {
        write_sorted(&v, &mut out);
    }
    out
}

fn write_sorted(v: &serde_json::Value, out: &mut String) {
    match v {
        serde_json::Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_sorted(item, out);
            }
            out.push(']');
        }
        serde_json::Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (i, (k, item)) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", serde_json::Value::from(k.as_str()));
                write_sorted(item, out);
            }
            out.push('}');
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

/// SHA-256 of [`canonical_json`], in lower-case hexadecimal.
pub fn hash_of<T: Serialize>(value: &T) -> String {
    sha256_hex(canonical_json(value).as_bytes())
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(64);
    for b in Sha256::digest(bytes) {
        let _ = write!(out, "{b:02x}");
    }
    out
}
