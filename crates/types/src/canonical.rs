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
            // A map of `serde_json` is sorted already, unless another crate wants insertion order.
            let mut keys: Vec<_> = map.iter().collect();
            if !keys.is_sorted_by_key(|(k, _)| *k) {
                keys.sort_by(|a, b| a.0.cmp(b.0));
            }
            out.push('{');
            for (i, (k, item)) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_text(k, out);
                out.push(':');
                write_sorted(item, out);
            }
            out.push('}');
        }
        serde_json::Value::String(text) => write_text(text, out),
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

/// A string in quotes; most need no escape.
fn write_text(text: &str, out: &mut String) {
    if text.bytes().any(|b| b < b' ' || b == b'"' || b == b'\\') {
        let _ = write!(out, "{}", serde_json::Value::from(text));
        return;
    }
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// SHA-256 of [`canonical_json`], in lower-case hexadecimal.
pub fn hash_of<T: Serialize>(value: &T) -> String {
    sha256_hex(canonical_json(value).as_bytes())
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(64);
    for b in Sha256::digest(bytes) {
        for half in [b >> 4, b & 15] {
            out.push(char::from(DIGITS[usize::from(half)]));
        }
    }
    out
}
