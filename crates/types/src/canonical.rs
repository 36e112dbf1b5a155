//! JSON in one spelling (object keys sorted, no white space, as RFC 8785 for the values used
//! here: no floats are in hashed records, only integers), and its SHA-256.

use serde::Serialize;
use serde_json::{Serializer, ser::Formatter};
use sha2::{Digest, Sha256};
use std::{cell::RefCell, io, ops::Range};

/// The one spelling of `value`: keys sorted (also when another crate of the build has switched
/// `serde_json` to insertion order), no white space. Empty only if `value` cannot be JSON at all,
/// which no type of this crate is.
pub fn canonical_json<T: Serialize>(value: &T) -> String {
    // Longer than most events.
    let text = RefCell::new(Vec::with_capacity(512));
    let mut json = Serializer::with_formatter(Shared(&text), Sorting::of(&text));
    if value.serialize(&mut json).is_err() {
        return String::new();
    }
    String::from_utf8(text.take()).unwrap_or_default()
}

/// One member's place in the text.
struct Member {
    /// Of the key, without its quotes.
    key: Range<usize>,
    end: usize,
}

/// Where serde writes what is sorted meanwhile.
struct Shared<'a>(&'a RefCell<Vec<u8>>);

impl io::Write for Shared<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Puts the members of each object in order, within the text, when serde has come to the object's end: a tree of values, to be
/// written from, would cost several times as much, and most objects are in order already.
struct Sorting<'a> {
    text: &'a RefCell<Vec<u8>>,
    /// Objects that are not closed yet: where their members begin in the text, and among all.
    open: Vec<(usize, usize)>,
    members: Vec<Member>,
    sorted: Vec<u8>,
}

impl<'a> Sorting<'a> {
    fn of(text: &'a RefCell<Vec<u8>>) -> Self {
        Self {
            text,
            open: Vec::with_capacity(8),
            members: Vec::with_capacity(32),
            sorted: Vec::new(),
        }
    }

    fn at(&self) -> usize {
        self.text.borrow().len()
    }
}

impl Formatter for Sorting<'_> {
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"{")?;
        self.open.push((self.at(), self.members.len()));
        Ok(())
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        // Behind its quote.
        let begin = self.at() + 1;
        self.members.push(Member {
            key: begin..begin,
            end: begin,
        });
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        let quote = self.at() - 1;
        if let Some(member) = self.members.last_mut() {
            member.key.end = quote;
        }
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        let end = self.at();
        if let Some(member) = self.members.last_mut() {
            member.end = end;
        }
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some((start, first)) = self.open.pop() {
            let mut text = self.text.borrow_mut();
            let within = start..text.len();
            let own = self.members.get_mut(first..).unwrap_or_default();
            sort(&mut text, within, own, &mut self.sorted);
            self.members.truncate(first);
        }
        writer.write_all(b"}")
    }
}

/// The members of one object, which are all that is in `within`; `sorted` is for whoever has to move them.
fn sort(text: &mut [u8], within: Range<usize>, members: &mut [Member], sorted: &mut Vec<u8>) {
    let key = |m: &Member| text.get(m.key.clone()).unwrap_or_default();
    let escaped = members.iter().any(|m| key(m).contains(&b'\\'));
    if !escaped && members.is_sorted_by(|a, b| key(a) <= key(b)) {
        return;
    }
    match escaped {
        // A character that is escaped in the text sorts as what it stands for.
        true => members.sort_by_cached_key(|m| name(key(m))),
        false => members.sort_by(|a, b| key(a).cmp(key(b))),
    }
    sorted.clear();
    for member in &*members {
        if !sorted.is_empty() {
            sorted.push(b',');
        }
        // With the quote before the key.
        let whole = member.key.start - 1..member.end;
        sorted.extend_from_slice(text.get(whole).unwrap_or_default());
    }
    if let Some(place) = text.get_mut(within)
        && place.len() == sorted.len()
    {
        place.copy_from_slice(sorted);
    }
}

/// What a key is without its escapes.
fn name(key: &[u8]) -> Vec<u8> {
    let quoted = [b"\"", key, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or_else(|_| key.to_owned(), String::into_bytes)
}

/// SHA-256 of [`canonical_json`], in lower-case hexadecimal.
pub fn hash_of<T: Serialize>(value: &T) -> String {
    sha256_hex(canonical_json(value).as_bytes())
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    sha256_hex_of(&[bytes])
}

/// The same of all parts, one after the other.
pub fn sha256_hex_of(parts: &[&[u8]]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let all = parts.iter().fold(Sha256::new(), Sha256::chain_update);
    let mut out = Vec::with_capacity(64);
    for b in all.finalize() {
        out.extend([b >> 4, b & 15].map(|half| DIGITS[usize::from(half)]));
    }
    String::from_utf8(out).unwrap_or_default()
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
