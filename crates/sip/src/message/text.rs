//! [`Text`]: a piece of a message's buffer that is UTF-8. Cloning and cutting share the buffer.

use bytes::Bytes;
use bytestring::ByteString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, cmp::Ordering, fmt, hash, ops::Deref};

/// An immutable string that shares the buffer it was cut from. Reads as `str`.
#[derive(Clone, Default)]
pub struct Text(ByteString);

impl Text {
    /// Without any allocation.
    pub const fn from_static(s: &'static str) -> Self {
        Self(ByteString::from_static(s))
    }

    /// As `str`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As bytes.
    pub(crate) fn bytes(&self) -> &Bytes {
        self.0.as_bytes()
    }

    /// The bytes if they are UTF-8, shared.
    pub(crate) fn from_shared(bytes: Bytes) -> Option<Self> {
        ByteString::try_from(bytes).ok().map(Self)
    }

    /// `part`, which is a piece of `self`, sharing its buffer (a copy if it is a piece of something else).
    pub(crate) fn cut(&self, part: &str) -> Self {
        let start = (part.as_ptr() as usize).checked_sub(self.0.as_ptr() as usize);
        match start {
            Some(at) if at + part.len() <= self.0.len() => Self(self.0.slice_ref(part)),
            _ => Self::from(part),
        }
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}
impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}
impl From<&str> for Text {
    fn from(s: &str) -> Self {
        Self(ByteString::from(s))
    }
}
impl From<&String> for Text {
    fn from(s: &String) -> Self {
        s.as_str().into()
    }
}
impl From<String> for Text {
    fn from(s: String) -> Self {
        Self(ByteString::from(s))
    }
}
impl From<Cow<'_, str>> for Text {
    fn from(s: Cow<'_, str>) -> Self {
        s.into_owned().into()
    }
}
impl From<Text> for String {
    fn from(t: Text) -> Self {
        t.as_str().to_owned()
    }
}
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Text {}
impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}
impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}
impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == *other
    }
}
impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl hash::Hash for Text {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
impl Serialize for Text {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self)
    }
}
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(d)?.into())
    }
}
