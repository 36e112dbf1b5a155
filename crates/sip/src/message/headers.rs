//! Headers in their order, each line as it came.

use super::{
    HeaderName, ListValues, Text, Via,
    lexer::{is_token, is_ws, trim},
    readers::Typed,
};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

/// One header line. Its bytes (spelling of the name, folding, characters that are not UTF-8) are kept.
#[derive(Clone)]
pub struct Header {
    name: HeaderName,
    line: Line,
    /// Where the value lies in the line.
    start: u32,
    end: u32,
    /// What the line says, once somebody has asked: a From is looked at a dozen times.
    pub(super) typed: Typed,
}

/// A line without its end.
#[derive(Clone)]
enum Line {
    Text(Text),
    /// Folded, or not UTF-8, with the value as it reads: unfolded, decoded from Latin-1.
    Bytes(Bytes, Box<str>),
}

/// Room for most lines that we write.
const USUAL: usize = 256;

/// A line that is being written: here as long as it is short, so that the line itself is one piece of memory of the right size.
struct Draft {
    short: [u8; USUAL],
    length: usize,
    /// All of it, once it is longer.
    long: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            short: [0; USUAL],
            length: 0,
            long: String::new(),
        }
    }
}

impl Draft {
    fn push(&mut self, part: &str) {
        let end = self.length + part.len();
        if self.long.is_empty()
            && let Some(place) = self.short.get_mut(self.length..end)
        {
            place.copy_from_slice(part.as_bytes());
            self.length = end;
            return;
        }
        if self.long.is_empty() {
            self.long = self.as_str().to_owned();
        }
        self.long.push_str(part);
    }

    fn as_str(&self) -> &str {
        if !self.long.is_empty() {
            return &self.long;
        }
        let short = self.short.get(..self.length).unwrap_or_default();
        std::str::from_utf8(short).unwrap_or_default()
    }
}

impl fmt::Write for Draft {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.push(part);
        Ok(())
    }
}

impl Header {
    /// `name: value`. CR, LF and NUL in the value become spaces, so a value cannot begin another line.
    pub fn new(name: impl Into<HeaderName>, value: impl fmt::Display) -> Self {
        let mut draft = Draft::default();
        let _ = write!(draft, "{value}");
        Self::text(name.into(), draft.as_str())
    }

    /// The same of a value that is text.
    fn text(name: HeaderName, value: &str) -> Self {
        let spelled = name.as_str();
        let mut draft = Draft::default();
        for part in [spelled, ": ", trim(value)] {
            draft.push(part);
        }
        let start = spelled.len() + 2;
        let raw = draft.as_str();
        let raw = match memchr::memchr3(b'\r', b'\n', 0, raw.as_bytes()) {
            Some(_) => Text::from(raw.replace(['\r', '\n', '\0'], " ").trim_end_matches(is_ws)),
            None => Text::from(raw),
        };
        // What were line ends are no part of the value either.
        let value = raw.get(start..).unwrap_or_default();
        let lead = value.len() - value.trim_start_matches(is_ws).len();
        let start = (start + lead).min(raw.len()) as u32;
        Self {
            name,
            start,
            end: raw.len() as u32,
            line: Line::Text(raw),
            typed: Typed::default(),
        }
    }

    /// A Via, which need not be read again.
    fn via(via: Via) -> Self {
        let mut line = Self::new(HeaderName::Via, &via);
        line.typed = Typed::via(via);
        line
    }

    /// A line as received, without its end; folded lines with their line ends within. `None`: no header.
    pub(crate) fn from_wire(raw: Bytes) -> Option<Self> {
        let folded = memchr::memchr2(b'\r', b'\n', &raw).is_some();
        Self::from_line(raw, folded)
    }

    /// The same where it is known whether there are line ends within.
    pub(crate) fn from_line(raw: Bytes, folded: bool) -> Option<Self> {
        let colon = memchr::memchr(b':', &raw)?;
        let mut spelled = &raw[..colon];
        while let [rest @ .., b' ' | b'\t'] = spelled {
            spelled = rest;
        }
        let name = match HeaderName::known(spelled) {
            Some(name) => name,
            None if !spelled.is_empty() && spelled.iter().all(|&b| is_token(b)) => {
                HeaderName::Other(Text::from_shared(raw.slice(..spelled.len()))?)
            }
            None => return None,
        };
        let white = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
        let mut start = colon + 1;
        let mut end = raw.len();
        while start < end && white(&raw[start]) {
            start += 1;
        }
        while end > start && white(&raw[end - 1]) {
            end -= 1;
        }
        let line = match Text::from_shared(raw.clone()) {
            Some(text) if !folded => Line::Text(text),
            Some(text) => Line::Bytes(raw, unfold(&text[start..end]).into()),
            None => {
                let latin1: String = raw[start..end].iter().map(|&b| char::from(b)).collect();
                let text = if folded { unfold(&latin1) } else { latin1 };
                Line::Bytes(raw, text.into())
            }
        };
        Some(Self {
            name,
            start: start as u32,
            end: end as u32,
            line,
            typed: Typed::default(),
        })
    }

    /// Which header.
    pub fn name(&self) -> &HeaderName {
        &self.name
    }
    /// The value without white space around it, unfolded. What is not UTF-8 reads as Latin-1.
    pub fn value(&self) -> &str {
        match &self.line {
            Line::Bytes(_, text) => text,
            Line::Text(line) => line
                .get(self.start as usize..self.end as usize)
                .unwrap_or_default(),
        }
    }
    /// The value's bytes as they came.
    pub fn value_bytes(&self) -> &[u8] {
        self.raw()
            .get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
    /// The line as it came, without its end.
    pub fn raw(&self) -> &Bytes {
        match &self.line {
            Line::Text(line) => line.bytes(),
            Line::Bytes(line, _) => line,
        }
    }
    /// The name as it is spelled on the wire.
    pub(crate) fn spelled(&self) -> &str {
        let raw = self.raw();
        let colon = memchr::memchr(b':', raw).unwrap_or(0);
        trim(std::str::from_utf8(&raw[..colon]).unwrap_or_default())
    }
    /// The value, sharing the buffer where it can.
    pub(crate) fn shared(&self) -> Text {
        match &self.line {
            Line::Bytes(_, text) => Text::from(text.as_ref()),
            Line::Text(line) => line.cut(self.value()),
        }
    }
    /// The values of a list header.
    pub fn values(&self) -> ListValues<'_> {
        ListValues::new(self.value(), self.name.is_list())
    }
    /// Another value under the name as it was spelled.
    fn revalued(&self, value: &str) -> Self {
        let mut new = Self::new(self.name.clone(), value);
        let spelled = self.spelled();
        if spelled != self.name.as_str() {
            new = Self::from_wire(format!("{spelled}: {}", new.value()).into()).unwrap_or(new);
        }
        new
    }
}

/// One space for each line end and the white space around it (RFC 3261 section 7.3.1).
fn unfold(s: &str) -> String {
    let lines = s.split(['\r', '\n']).map(trim).filter(|l| !l.is_empty());
    lines.fold(String::with_capacity(s.len()), |mut out, line| {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(line);
        out
    })
}

impl PartialEq for Header {
    fn eq(&self, other: &Self) -> bool {
        self.raw() == other.raw()
    }
}
impl Eq for Header {}
impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(self.raw()), f)
    }
}

/// As the line's text, or as bytes where it is not UTF-8.
impl Serialize for Header {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.raw()) {
            Ok(text) => s.serialize_str(text),
            Err(_) => s.serialize_bytes(self.raw()),
        }
    }
}
impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Line;
        impl<'de> de::Visitor<'de> for Line {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header line")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Bytes, E> {
                Ok(Bytes::copy_from_slice(v.as_bytes()))
            }
            fn visit_bytes<E: de::Error>(self, v: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes::copy_from_slice(v))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Bytes, A::Error> {
                let mut out = Vec::new();
                while let Some(b) = seq.next_element::<u8>()? {
                    out.push(b);
                }
                Ok(out.into())
            }
        }
        let raw = d.deserialize_any(Line)?;
        Self::from_wire(raw).ok_or_else(|| de::Error::custom("no header line"))
    }
}

/// All headers of a message, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(Vec<Header>);

impl Headers {
    /// None.
    pub const fn new() -> Self {
        Self(Vec::new())
    }
    pub(crate) fn with_capacity(lines: usize) -> Self {
        Self(Vec::with_capacity(lines))
    }
    /// No line at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Lines.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Lines in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// Adds a line at the end.
    pub fn push(&mut self, name: impl Into<HeaderName>, value: impl fmt::Display) {
        self.0.push(Header::new(name, value));
    }
    /// [`Headers::push`] of a value that is text.
    pub(crate) fn push_text(&mut self, name: HeaderName, value: &str) {
        self.0.push(Header::text(name, value));
    }
    /// [`Headers::push`], for building.
    #[must_use]
    pub fn with(mut self, name: impl Into<HeaderName>, value: impl fmt::Display) -> Self {
        self.push(name, value);
        self
    }
    /// Adds a line as it is.
    pub fn push_header(&mut self, header: Header) {
        self.0.push(header);
    }
    /// Adds a line above the first of its name (a Via, a Record-Route), or at the top.
    pub fn insert_first(&mut self, name: impl Into<HeaderName>, value: impl fmt::Display) {
        let header = Header::new(name, value);
        let at = self
            .0
            .iter()
            .position(|h| h.name == header.name)
            .unwrap_or(0);
        self.0.insert(at, header);
    }

    /// The first line of this name.
    pub fn line(&self, name: &HeaderName) -> Option<&Header> {
        self.0.iter().find(|h| h.name == *name)
    }
    /// The whole value of the first line of this name.
    pub fn first(&self, name: &HeaderName) -> Option<&str> {
        self.line(name).map(Header::value)
    }
    /// There is a line of this name.
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.line(name).is_some()
    }
    /// All lines of this name.
    pub fn lines<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a Header> + use<'a> {
        self.0.iter().filter(move |h| h.name == *name)
    }
    /// The whole values of all lines of this name.
    pub fn all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
        self.lines(name).map(Header::value)
    }
    /// All values of this name, those of one line taken apart at commas if it is a list header.
    pub fn values<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
        self.lines(name).flat_map(Header::values)
    }
    /// One of the values is this token, without case (`Supported`, `Allow-Events`).
    pub fn lists(&self, name: &HeaderName, token: &str) -> bool {
        self.values(name).any(|v| v.eq_ignore_ascii_case(token))
    }

    /// One line of this name with this value: in the place of the first, or at the end.
    pub fn set(&mut self, name: impl Into<HeaderName>, value: impl fmt::Display) {
        let header = Header::new(name, value);
        match self.0.iter().position(|h| h.name == header.name) {
            None => self.0.push(header),
            Some(at) => {
                let mut index = 0;
                self.0.retain(|h| {
                    index += 1;
                    index <= at + 1 || h.name != header.name
                });
                self.0[at] = header;
            }
        }
    }
    /// Another value for the first line of this name; the others stay.
    pub(crate) fn set_first(&mut self, name: HeaderName, value: impl fmt::Display) {
        if let Some(line) = self.0.iter_mut().find(|h| h.name == name) {
            *line = Header::new(name, value);
        }
    }
    /// Takes all lines of this name away; how many there were.
    pub fn remove(&mut self, name: &HeaderName) -> usize {
        let before = self.0.len();
        self.0.retain(|h| h.name != *name);
        before - self.0.len()
    }
    /// Takes all other lines away, and gives their room back.
    pub(crate) fn keep(&mut self, kept: impl Fn(&HeaderName) -> bool) {
        self.0.retain(|h| kept(&h.name));
        self.0.shrink_to_fit();
    }
    /// Takes the first value of a list header away (the top Via of a response).
    pub fn remove_first_value(&mut self, name: &HeaderName) -> Option<String> {
        let at = self.0.iter().position(|h| h.name == *name)?;
        let line = &self.0[at];
        let mut values = line.values();
        let first = values.next().map(str::to_owned);
        let rest = values.collect::<Vec<_>>().join(", ");
        if rest.is_empty() {
            self.0.remove(at);
        } else {
            let line = line.revalued(&rest);
            self.0[at] = line;
        }
        first
    }
    /// Puts a Via above the others.
    pub(crate) fn push_via(&mut self, via: Via) {
        let above = |h: &Header| h.name == HeaderName::Via;
        let at = self.0.iter().position(above).unwrap_or(0);
        self.0.insert(at, Header::via(via));
    }
    /// Puts another Via in the place of the first (one with `received` and `rport`).
    pub fn replace_top_via(&mut self, via: Via) {
        let top = self.0.iter_mut().find(|h| h.name == HeaderName::Via);
        match top.filter(|h| h.values().nth(1).is_none() && h.spelled() == HeaderName::Via.as_str())
        {
            Some(line) => *line = Header::via(via),
            None => self.replace_first_value(&HeaderName::Via, via),
        }
    }
    /// Puts another value in the place of the first of a list header.
    pub fn replace_first_value(&mut self, name: &HeaderName, value: impl fmt::Display) {
        let Some(at) = self.0.iter().position(|h| h.name == *name) else {
            return;
        };
        let rest = self.0[at].values().skip(1).map(Cow::Borrowed);
        let all = std::iter::once(Cow::Owned(value.to_string()))
            .chain(rest)
            .collect::<Vec<_>>()
            .join(", ");
        let line = self.0[at].revalued(&all);
        self.0[at] = line;
    }
    /// Puts a parameter or more at the end of the first line of this name (a tag to To).
    pub(crate) fn append_to_first(&mut self, name: &HeaderName, tail: &str) {
        if let Some(line) = self.0.iter_mut().find(|h| h.name == *name) {
            // The bytes as they came: also those that are not UTF-8, or control characters in quotes.
            let kept = line.raw().get(..line.end as usize).unwrap_or_default();
            let mut raw = Vec::with_capacity(kept.len() + tail.len());
            raw.extend_from_slice(kept);
            raw.extend(tail.bytes().filter(|b| !matches!(b, b'\r' | b'\n' | 0)));
            if let Some(new) = Header::from_wire(raw.into()) {
                *line = new;
            }
        }
    }
    /// Copies all lines of this name from another message, as they are.
    pub fn copy_from(&mut self, other: &Self, name: &HeaderName) {
        self.0.extend(other.lines(name).cloned());
    }
}

impl Extend<Header> for Headers {
    fn extend<T: IntoIterator<Item = Header>>(&mut self, iter: T) {
        self.0.extend(iter);
    }
}
impl FromIterator<Header> for Headers {
    fn from_iter<T: IntoIterator<Item = Header>>(iter: T) -> Self {
        Self(iter.into_iter().collect())
    }
}
impl IntoIterator for Headers {
    type Item = Header;
    type IntoIter = std::vec::IntoIter<Header>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
