//! Templates filled in: each value is encoded for the place where it stands, so that it stays there.

use super::{Args, check::plain};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use tandem_types::{
    canonical::canonical_json,
    tool::{Piece, Tool, UrlTemplate},
};

/// Bytes of a URL that every server takes.
const LONGEST: usize = 2000;

/// Why a template cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// Nothing is known under this name.
    Unknown(String),
    /// Its value would change the path: it is empty, or made of dots alone.
    Path(String),
    /// The URL would be too long.
    Long,
}

impl Gap {
    /// For the model.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Unknown(name) => format!("refused: {name} is not known yet; find it out first"),
            Self::Path(name) => format!("refused: this {name} cannot be asked for"),
            Self::Long => "refused: the arguments are too long".to_owned(),
        }
    }
}

type Known<'a> = &'a dyn Fn(&str) -> Option<String>;

/// URL and body of a call.
pub(crate) fn request(
    tool: &Tool,
    args: &Args,
    known: Known<'_>,
) -> Result<(String, Option<String>), Gap> {
    let (mut url, used) = url(&tool.url, args, known)?;
    let rest = || args.iter().filter(|(name, _)| !used.contains(*name));
    if !tool.method.has_body() {
        let mut mark = match tool.url.query.is_empty() {
            true => '?',
            false => '&',
        };
        for (name, value) in rest() {
            url.push(std::mem::replace(&mut mark, '&'));
            encode(name, &mut url);
            url.push('=');
            encode(&plain(value), &mut url);
        }
        return match url.len() > LONGEST {
            true => Err(Gap::Long),
            false => Ok((url, None)),
        };
    }
    let body = match &tool.body {
        Some(template) => body(template, args, known)?,
        None => Value::Object(rest().map(|(n, v)| (n.clone(), v.clone())).collect()),
    };
    Ok((url, Some(canonical_json(&body))))
}

/// The URL, and the arguments that stand in it.
pub(crate) fn url(
    template: &UrlTemplate,
    args: &Args,
    known: Known<'_>,
) -> Result<(String, BTreeSet<String>), Gap> {
    let mut used = BTreeSet::new();
    let mut out = template.origin.clone();
    for (n, piece) in template.path.iter().chain(&template.query).enumerate() {
        let in_path = n < template.path.len();
        if n == template.path.len() {
            out.push('?');
        }
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Fill(name) => {
                let value = value_of(name, args, known)?;
                if in_path && value.chars().all(|c| c == '.') {
                    return Err(Gap::Path(name.clone()));
                }
                used.insert(name.clone());
                encode(&value, &mut out);
            }
        }
    }
    match out.len() > LONGEST {
        true => Err(Gap::Long),
        false => Ok((out, used)),
    }
}

fn value_of(name: &str, args: &Args, known: Known<'_>) -> Result<String, Gap> {
    let given = args.get(name).map(plain);
    given
        .or_else(|| known(name))
        .ok_or_else(|| Gap::Unknown(name.to_owned()))
}

/// Everything but unreserved characters (RFC 3986 section 2.3) as octets of UTF-8.
fn encode(value: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for b in value.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(b));
            }
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(b >> 4)]));
                out.push(char::from(HEX[usize::from(b & 15)]));
            }
        }
    }
}

/// A text that is one gap takes the argument as it is (a number stays a number); one that was left out leaves its key out.
fn body(template: &Value, args: &Args, known: Known<'_>) -> Result<Value, Gap> {
    Ok(match template {
        Value::String(text) => text_of(text, args, known)?,
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|v| body(v, args, known))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(fields) => {
            let mut out = Map::new();
            for (name, value) in fields {
                let value = body(value, args, known)?;
                if !value.is_null() {
                    out.insert(name.clone(), value);
                }
            }
            Value::Object(out)
        }
        other => other.clone(),
    })
}

fn text_of(template: &str, args: &Args, known: Known<'_>) -> Result<Value, Gap> {
    let whole = template
        .strip_prefix('{')
        .and_then(|t| t.strip_suffix('}'))
        .filter(|name| !name.contains(['{', '}']));
    if let Some(name) = whole {
        let value = args.get(name).cloned();
        return Ok(value
            .or_else(|| known(name).map(Value::from))
            .unwrap_or(Value::Null));
    }
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            rest = after;
            break;
        };
        out.push_str(&value_of(name, args, known)?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out.into())
}
