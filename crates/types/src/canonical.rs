//! JSON in one spelling (object keys sorted, no white space, as RFC 8785 for the values used
//! here: no floats are in hashed records, only integers), and its SHA-256.

mod write;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The one spelling of `value`: keys sorted (also when another crate of the build has switched
/// `serde_json` to insertion order), no white space. Empty only if `value` cannot be JSON at all,
/// which no type of this crate is.
pub fn canonical_json<T: Serialize>(value: &T) -> String {
    // Longer than most events.
    let mut text = Vec::with_capacity(512);
    Canonical::default().append(&mut text, value);
    String::from_utf8(text).unwrap_or_default()
}

/// Writes canonical JSON again and again, with what it needs besides kept from one value to the next.
#[derive(Default)]
pub struct Canonical {
    members: Vec<write::Member>,
    sorted: Vec<u8>,
}

impl Canonical {
    /// Puts the one spelling of `value` behind `text`; nothing if it cannot be JSON at all.
    pub fn append<T: Serialize + ?Sized>(&mut self, text: &mut Vec<u8>, value: &T) {
        let before = text.len();
        self.members.clear();
        let writer = write::Writer {
            text,
            members: &mut self.members,
            sorted: &mut self.sorted,
        };
        if writer.whole(value).is_err() {
            text.truncate(before);
        }
    }
}

/// SHA-256 of [`canonical_json`], in lower-case hexadecimal.
pub fn hash_of<T: Serialize>(value: &T) -> String {
    sha256_hex(canonical_json(value).as_bytes())
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&sha256_hex_of(&[bytes])).into_owned()
}

/// The same of all parts, one after the other, as ASCII.
pub fn sha256_hex_of(parts: &[&[u8]]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut all = Sha256::new();
    for part in parts {
        all.update(part);
    }
    let mut out = [0; 64];
    for (two, b) in out.chunks_exact_mut(2).zip(all.finalize()) {
        two.copy_from_slice(&[b >> 4, b & 15].map(|half| DIGITS[usize::from(half)]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Written from a tree of values, whose maps are sorted.
    fn from_tree(value: &Value, out: &mut String) {
        match value {
            Value::Object(map) => {
                let mut members: Vec<_> = map.iter().collect();
                members.sort_by(|a, b| a.0.cmp(b.0));
                out.push('{');
                for (i, (key, value)) in members.into_iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    out.push_str(&Value::from(key.as_str()).to_string());
                    out.push(':');
                    from_tree(value, out);
                }
                out.push('}');
            }
            Value::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    from_tree(item, out);
                }
                out.push(']');
            }
            scalar => out.push_str(&scalar.to_string()),
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            // Keys that differ by what sorts around a quote, and by what is escaped.
            let key = r#"[ab !"\\\n]{0,3}"#;
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((key, inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// As derived code writes them: in the order of the declaration.
    #[derive(Serialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Tagged {
        Two { z: u8, a: Vec<Plain> },
    }

    #[derive(Serialize)]
    enum Plain {
        Unit,
        Named { y: (), b: Option<u8> },
    }

    #[test]
    fn members_are_in_order_however_they_are_declared() {
        let value = Tagged::Two {
            z: 1,
            a: vec![Plain::Unit, Plain::Named { y: (), b: Some(2) }],
        };
        assert_eq!(
            canonical_json(&value),
            r#"{"a":["Unit",{"Named":{"b":2,"y":null}}],"type":"two","z":1}"#
        );
        assert_eq!(canonical_json(&json!({})), "{}");
    }

    proptest! {
        #[test]
        fn it_is_the_same_as_from_a_tree_of_values(value in values()) {
            let mut expected = String::new();
            from_tree(&value, &mut expected);
            prop_assert_eq!(canonical_json(&value), expected);
        }
    }
}
