//! JSON in one spelling (object keys sorted, no white space, as RFC 8785 for the values used
//! here: no floats are in hashed records, only integers), and its SHA-256.

use serde::Serialize;
use serde_json::ser::Formatter;
use sha2::{Digest, Sha256};
use std::{
    cell::RefCell,
    io::{self, Write},
    ops::Range,
};

/// The one spelling of `value`: keys sorted (also when another crate of the build has switched
/// `serde_json` to insertion order), no white space. Empty only if `value` cannot be JSON at all,
/// which no type of this crate is.
pub fn canonical_json<T: Serialize>(value: &T) -> String {
    // Longer than most events.
    let out = RefCell::new(Vec::with_capacity(1024));
    let sorted = Sorted {
        out: &out,
        open: Vec::new(),
        members: Vec::new(),
        escaped: false,
        spare: Vec::new(),
    };
    let mut serializer = serde_json::Serializer::with_formatter(Out(&out), sorted);
    let done = value.serialize(&mut serializer);
    let bytes = out.into_inner();
    done.ok()
        .and_then(|()| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// The text as it grows; the formatter looks at it too.
struct Out<'a>(&'a RefCell<Vec<u8>>);

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Puts the members of each object in order once all of them are written: a tree of values, to be written from, would cost
/// several times as much.
struct Sorted<'a> {
    out: &'a RefCell<Vec<u8>>,
    /// Objects that are not closed yet: where their members begin, in the text and in `members`.
    open: Vec<(usize, usize)>,
    members: Vec<Member>,
    /// A key has a character that is escaped in the text, and sorts as what it stands for.
    escaped: bool,
    spare: Vec<u8>,
}

/// One member's place in the text.
struct Member {
    /// Of the key, without its quotes.
    key: Range<usize>,
    end: usize,
}

impl Sorted<'_> {
    fn at(&self) -> usize {
        self.out.borrow().len()
    }

    /// Of the object that was opened last.
    fn sort(&mut self) {
        let Some((start, first)) = self.open.pop() else {
            return;
        };
        let out = &mut *self.out.borrow_mut();
        let members = self.members.get_mut(first..).unwrap_or_default();
        let key = |m: &Member| out.get(m.key.clone()).unwrap_or_default();
        if !members.is_sorted_by(|a, b| key(a) <= key(b)) || self.escaped {
            match self.escaped {
                true => members.sort_by_cached_key(|m| name(key(m))),
                false => members.sort_by(|a, b| key(a).cmp(key(b))),
            }
            self.spare.clear();
            self.spare
                .extend_from_slice(out.get(start..).unwrap_or_default());
            out.truncate(start);
            for (i, member) in members.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                // With the quote before the key.
                let place = member.key.start - 1 - start..member.end - start;
                out.extend_from_slice(self.spare.get(place).unwrap_or_default());
            }
        }
        self.members.truncate(first);
    }
}

/// What a key is without its escapes.
fn name(key: &[u8]) -> Vec<u8> {
    let quoted = [b"\"", key, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or_else(|_| key.to_owned(), String::into_bytes)
}

impl Formatter for Sorted<'_> {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"{")?;
        self.open.push((self.at(), self.members.len()));
        Ok(())
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        let key = self.at() + 1;
        self.members.push(Member {
            key: key..key,
            end: key,
        });
        Ok(())
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        let at = self.at();
        if let Some(member) = self.members.last_mut() {
            member.key.end = at - 1;
            let out = self.out.borrow();
            self.escaped |= out
                .get(member.key.clone())
                .is_some_and(|key| key.contains(&b'\\'));
        }
        Ok(())
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        let at = self.at();
        if let Some(member) = self.members.last_mut() {
            member.end = at;
        }
        Ok(())
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.sort();
        writer.write_all(b"}")
    }
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
