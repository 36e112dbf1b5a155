//! `;name=value` lists of headers and URIs.

use super::{
    ParseError, Text,
    lexer::{
        all_token, find_outside, is_token, percent_encode, split, trim, unquote, write_quoted,
    },
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// One parameter, as it is written (quotes and `%HH` kept).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// Name.
    pub name: Text,
    /// Value; `None`: a flag.
    pub value: Option<Text>,
}

/// Parameters in their order. Names are compared without case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(Vec<Param>);

impl Params {
    /// None.
    pub const fn new() -> Self {
        Self(Vec::new())
    }
    /// No parameter at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// In order.
    pub fn iter(&self) -> std::slice::Iter<'_, Param> {
        self.0.iter()
    }
    /// The value without its quotes (escapes within stay; see [`Params::text`]). A flag has the value `""`.
    pub fn get(&self, name: &str) -> Option<&str> {
        let v = self.raw(name)?;
        Some(
            v.strip_prefix('"')
                .and_then(|v| v.strip_suffix('"'))
                .unwrap_or(v),
        )
    }
    /// What a quoted value says.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.raw(name).map(unquote)
    }
    /// It is there, with a value or without.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
    fn find(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|p| p.name.eq_ignore_ascii_case(name))
    }
    fn raw(&self, name: &str) -> Option<&str> {
        Some(self.find(name)?.value.as_deref().unwrap_or_default())
    }

    /// Sets a header's parameter, in its place if it was there. The value is quoted where it must be.
    pub fn set(&mut self, name: &str, value: impl fmt::Display) {
        let value = value.to_string();
        let plain = |b: u8| is_token(b) || matches!(b, b'[' | b']' | b':');
        let value = if !value.is_empty() && value.bytes().all(plain) {
            value
        } else {
            let mut quoted = String::with_capacity(value.len() + 2);
            let _ = write_quoted(&mut quoted, &value);
            quoted
        };
        self.put(name, Some(value.into()));
    }
    /// Sets a header's parameter as a quoted string, where the grammar wants one (`text` of Reason, `realm`).
    pub fn set_quoted(&mut self, name: &str, value: &str) {
        let mut quoted = String::with_capacity(value.len() + 2);
        let _ = write_quoted(&mut quoted, value);
        self.put(name, Some(quoted.into()));
    }
    /// Sets a URI's parameter, escaped where it must be.
    pub fn set_escaped(&mut self, name: &str, value: impl fmt::Display) {
        self.put(name, Some(percent_encode(&value.to_string(), b"[]/:&+$")));
    }
    /// Sets a parameter without value.
    pub fn set_flag(&mut self, name: &str) {
        self.put(name, None);
    }
    /// [`Params::set`], for building.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.set(name, value);
        self
    }
    /// [`Params::set_flag`], for building.
    #[must_use]
    pub fn with_flag(mut self, name: &str) -> Self {
        self.set_flag(name);
        self
    }
    /// Takes it away; whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|p| !p.name.eq_ignore_ascii_case(name));
        self.0.len() < before
    }

    /// Puts it in its place, or at the end. Characters that no name has are dropped.
    pub(crate) fn put(&mut self, name: &str, value: Option<Text>) {
        if let Some(p) = self
            .0
            .iter_mut()
            .find(|p| p.name.eq_ignore_ascii_case(name))
        {
            p.value = value;
            return;
        }
        let name = if all_token(name) {
            name.into()
        } else {
            name.chars()
                .filter(|&c| c.is_ascii() && is_token(c as u8))
                .collect::<String>()
                .into()
        };
        self.0.push(Param { name, value });
    }
    pub(crate) fn push_raw(&mut self, name: Text, value: Option<Text>) {
        self.0.push(Param { name, value });
    }

    /// Reads `;a=b;c`, with white space around each part, as headers have it. `rest` is a piece of `of`
    /// and empty or begins with `;`.
    pub(crate) fn parse(of: &Text, rest: &str) -> Result<Self, ParseError> {
        let mut out = Self::new();
        let mut rest = trim(rest);
        while !rest.is_empty() {
            rest = rest.strip_prefix(';').ok_or(ParseError::Param)?;
            let end = find_outside(rest, b';')?.unwrap_or(rest.len());
            let (one, tail) = rest.split_at(end);
            rest = tail;
            let (name, value) = match split(one, b'=') {
                Some((n, v)) => (trim(n), Some(trim(v))),
                None => (trim(one), None),
            };
            if !all_token(name) || value.is_some_and(|v| !is_value(v)) {
                return Err(ParseError::Param);
            }
            out.push_raw(of.cut(name), value.map(|v| of.cut(v)));
        }
        Ok(out)
    }
}

/// A token, a host, or a quoted string; more characters than the grammar has are let through (`/`, `=`, `@`
/// and the like are common in branches and tags), white space and separators are not.
fn is_value(v: &str) -> bool {
    if v.starts_with('"') {
        return super::lexer::quoted_len(v) == Some(v.len());
    }
    !v.is_empty()
        && !v
            .bytes()
            .any(|b| b.is_ascii_control() || matches!(b, b' ' | b'"' | b',' | b';'))
}

impl<'a> IntoIterator for &'a Params {
    type Item = &'a Param;
    type IntoIter = std::slice::Iter<'a, Param>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// `;a=b;c`, with the leading semicolon.
impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for p in self {
            f.write_str(";")?;
            f.write_str(&p.name)?;
            if let Some(v) = &p.value {
                f.write_str("=")?;
                f.write_str(v)?;
            }
        }
        Ok(())
    }
}
