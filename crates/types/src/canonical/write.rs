//! The writer behind [`super::canonical_json`]: `serde_json`'s own goes through a formatter and a trait of writers, octet by octet,
//! and must be told of each member's place; an event of a call, which is a hundred octets, cost 7,000 instructions that way.

use serde::ser::{self, Error as _, Serialize, Serializer};
use std::ops::Range;

/// Why a value cannot be JSON.
type Error = serde_json::Error;

/// One member's place in the text.
pub(super) struct Member {
    /// Of the key, without its quotes.
    key: Range<usize>,
    end: usize,
}

/// Writes one value, and puts the members of each object in order, within the text, when it has come to the object's end: a tree of
/// values, to be written from, would cost several times as much, and most objects are in order already.
pub(super) struct Writer<'a> {
    pub(super) text: &'a mut Vec<u8>,
    /// Those of all objects that are not closed yet.
    pub(super) members: &'a mut Vec<Member>,
    pub(super) sorted: &'a mut Vec<u8>,
}

/// An object or a list that is not closed yet. What a variant is in is closed with it.
pub(super) struct Open<'a, 'w> {
    writer: &'w mut Writer<'a>,
    /// Where its first member begins.
    start: usize,
    /// Of its members among all.
    first: usize,
    /// In the object of a variant's name.
    within: Option<Outer>,
}

/// The object `{"Variant":...}` around what a variant holds. It has one member, so it is in order.
struct Outer;

impl Writer<'_> {
    pub(super) fn whole<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut self)
    }

    fn literal(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    fn number(&mut self, digits: impl itoa::Integer) {
        let mut buffer = itoa::Buffer::new();
        self.text
            .extend_from_slice(buffer.format(digits).as_bytes());
    }

    fn string(&mut self, value: &str) {
        self.text.push(b'"');
        let mut rest = value.as_bytes();
        // Nearly all text is as it stands.
        while let Some(at) = rest.iter().position(|b| is_escaped(*b)) {
            let (plain, after) = rest.split_at(at);
            self.text.extend_from_slice(plain);
            if let Some((b, after)) = after.split_first() {
                self.escape(*b);
                rest = after;
            }
        }
        self.text.extend_from_slice(rest);
        self.text.push(b'"');
    }

    /// As `serde_json` escapes: the short forms where JSON has them.
    fn escape(&mut self, b: u8) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let short = match b {
            b'"' | b'\\' => b,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            _ => {
                self.text.extend_from_slice(b"\\u00");
                let halves = [b >> 4, b & 15].map(|half| HEX[usize::from(half)]);
                return self.text.extend_from_slice(&halves);
            }
        };
        self.text.extend_from_slice(&[b'\\', short]);
    }
}

fn is_escaped(b: u8) -> bool {
    b < 0x20 || b == b'"' || b == b'\\'
}

impl<'a, 'w> Open<'a, 'w> {
    fn new(writer: &'w mut Writer<'a>, bracket: u8) -> Self {
        writer.text.push(bracket);
        let (start, first) = (writer.text.len(), writer.members.len());
        Self {
            writer,
            start,
            first,
            within: None,
        }
    }

    fn of_variant(writer: &'w mut Writer<'a>, variant: &str, bracket: u8) -> Self {
        writer.text.push(b'{');
        writer.string(variant);
        writer.text.push(b':');
        let mut open = Self::new(writer, bracket);
        open.within = Some(Outer);
        open
    }

    fn comma(&mut self) {
        if self.writer.text.len() > self.start {
            self.writer.text.push(b',');
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.comma();
        value.serialize(&mut *self.writer)
    }

    fn key(&mut self, key: &str) {
        self.comma();
        let begin = self.writer.text.len() + 1;
        self.writer.string(key);
        let end = self.writer.text.len() - 1;
        self.begun(begin..end);
    }

    fn begun(&mut self, key: Range<usize>) {
        self.writer.members.push(Member { key, end: 0 });
        self.writer.text.push(b':');
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.writer)?;
        let end = self.writer.text.len();
        if let Some(member) = self.writer.members.last_mut() {
            member.end = end;
        }
        Ok(())
    }

    fn end_list(self) {
        self.writer.text.push(b']');
        if self.within.is_some() {
            self.writer.text.push(b'}');
        }
    }

    fn end_object(self) {
        let writer = self.writer;
        let own = writer.members.get_mut(self.first..).unwrap_or_default();
        sort(writer.text, self.start, own, writer.sorted);
        writer.members.truncate(self.first);
        writer.text.push(b'}');
        if self.within.is_some() {
            writer.text.push(b'}');
        }
    }
}

/// The members of one object, which are all that is in the text from `start` on; `sorted` is for whoever has to move them.
fn sort(text: &mut [u8], start: usize, members: &mut [Member], sorted: &mut Vec<u8>) {
    let key = |m: &Member| text.get(m.key.clone()).unwrap_or_default();
    let is_plain = members.iter().all(|m| !key(m).contains(&b'\\'));
    if is_plain && members.is_sorted_by(|a, b| key(a) <= key(b)) {
        return;
    }
    match is_plain {
        true => by_insertion(members, |a, b| key(a) < key(b)),
        // A character that is escaped in the text sorts as what it stands for.
        false => members.sort_by_cached_key(|m| name(key(m))),
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
    if let Some(place) = text.get_mut(start..)
        && place.len() == sorted.len()
    {
        place.copy_from_slice(sorted);
    }
}

/// An object has few members, and all but the first are in order mostly.
fn by_insertion(members: &mut [Member], is_less: impl Fn(&Member, &Member) -> bool) {
    for from in 1..members.len() {
        let mut at = from;
        while at > 0 && matches!(members.get(at - 1..=at), Some([a, b]) if is_less(b, a)) {
            members.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// What a key is without its escapes.
fn name(key: &[u8]) -> Vec<u8> {
    let quoted = [b"\"", key, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or_else(|_| key.to_owned(), String::into_bytes)
}

macro_rules! numbers {
    ($($name:ident $type:ty),*) => {$(
        fn $name(self, v: $type) -> Result<(), Error> {
            self.number(v);
            Ok(())
        }
    )*};
}

impl<'a, 'w> Serializer for &'w mut Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Open<'a, 'w>;
    type SerializeTuple = Open<'a, 'w>;
    type SerializeTupleStruct = Open<'a, 'w>;
    type SerializeTupleVariant = Open<'a, 'w>;
    type SerializeMap = Open<'a, 'w>;
    type SerializeStruct = Open<'a, 'w>;
    type SerializeStructVariant = Open<'a, 'w>;

    numbers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128
    );

    fn serialize_bool(self, v: bool) -> Result<(), Error> {
        self.literal(if v { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_f32(self, v: f32) -> Result<(), Error> {
        serde_json::to_writer(&mut *self.text, &v)
    }

    fn serialize_f64(self, v: f64) -> Result<(), Error> {
        serde_json::to_writer(&mut *self.text, &v)
    }

    fn serialize_char(self, v: char) -> Result<(), Error> {
        self.string(v.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, v: &str) -> Result<(), Error> {
        self.string(v);
        Ok(())
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Error> {
        self.collect_seq(v)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.literal(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut open = Open::new(self, b'{');
        open.key(variant);
        open.value(value)?;
        open.end_object();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'a, 'w>, Error> {
        Ok(Open::new(self, b'['))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'a, 'w>, Error> {
        Ok(Open::new(self, b'['))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'a, 'w>, Error> {
        Ok(Open::new(self, b'['))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'a, 'w>, Error> {
        Ok(Open::of_variant(self, variant, b'['))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'a, 'w>, Error> {
        Ok(Open::new(self, b'{'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'a, 'w>, Error> {
        Ok(Open::new(self, b'{'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'a, 'w>, Error> {
        Ok(Open::of_variant(self, variant, b'{'))
    }
}

/// What is written one after the other.
macro_rules! lists {
    ($($trait:ident $each:ident),*) => {$(
        impl ser::$trait for Open<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $each<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.end_list();
                Ok(())
            }
        }
    )*};
}
lists!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field);

/// What has names.
macro_rules! objects {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Open<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.key(key);
                self.value(value)
            }

            fn end(self) -> Result<(), Error> {
                self.end_object();
                Ok(())
            }
        }
    )*};
}
objects!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Open<'_, '_> {
    type Ok = ();
    type Error = Error;

    /// A key is text in JSON: numbers and booleans get quotes, anything else has none.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.comma();
        let begin = self.writer.text.len();
        key.serialize(&mut *self.writer)?;
        match self.writer.text.get(begin) {
            Some(b'"') => {}
            Some(b'{' | b'[' | b'n') | None => return Err(Error::custom("a key is text")),
            Some(_) => {
                self.writer.text.insert(begin, b'"');
                self.writer.text.push(b'"');
            }
        }
        let end = self.writer.text.len() - 1;
        self.begun(begin + 1..end);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.end_object();
        Ok(())
    }
}
