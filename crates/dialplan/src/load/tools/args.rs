//! Arguments of tools, and how far agents may go with them.

use crate::load::{
    read::{Section, Val},
    spot::listed,
};
use regex::Regex;
use std::collections::BTreeMap;
use tandem_types::tool::{Arg, ArgFormat, ArgKind, Bounds, Piece, UrlTemplate};

/// Letters of a text that is not told otherwise.
const LETTERS: u32 = 200;

const FORMATS: [(&str, ArgFormat); 6] = [
    ("date", ArgFormat::Date),
    ("time", ArgFormat::Time),
    ("date-time", ArgFormat::DateTime),
    ("email", ArgFormat::Email),
    ("phone", ArgFormat::Phone),
    ("digits", ArgFormat::Digits),
];

const KINDS: [(&str, ArgKind); 4] = [
    ("string", ArgKind::String),
    ("integer", ArgKind::Integer),
    ("number", ArgKind::Number),
    ("boolean", ArgKind::Boolean),
];

pub(super) fn args(s: &Section<'_>) -> BTreeMap<String, Arg> {
    let mut all = BTreeMap::new();
    for (v, s) in s.each("args") {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !v.key.chars().all(good) || v.key.len() > 64 {
            v.key_spot
                .error(format!("{:?} is no name of an argument", v.key))
                .help("letters, digits and _");
        }
        all.insert(v.key.clone(), arg(&s));
    }
    all
}

fn arg(s: &Section<'_>) -> Arg {
    let kind = s
        .opt("type")
        .and_then(|v| v.choice(&KINDS, &["array", "object"]));
    let kind = kind.unwrap_or_default();
    let words = |key| s.opt(key).and_then(|v| v.spoken()).map(|t| t.value);
    let of_text = |key| {
        let v = s.opt(key);
        if let Some(v) = v.as_ref().filter(|_| kind != ArgKind::String) {
            let kind = kind.as_str();
            v.key_spot
                .error(format!("`{key}` is for texts, and this is of type {kind}"));
        }
        v.filter(|_| kind == ArgKind::String)
    };
    let format = of_text("format").and_then(|v| v.choice(&FORMATS, &[]));
    let pattern = of_text("pattern").and_then(|v| pattern(&v));
    let max_length = of_text("max_length").and_then(|v| v.whole(1..=4000));
    Arg {
        kind,
        description: words("description").unwrap_or_default(),
        required: s.opt("required").and_then(|v| v.yes_no()).unwrap_or(true),
        bounds: bounds(s, kind),
        format,
        pattern,
        max_length: max_length.unwrap_or(LETTERS),
    }
}

/// The whole of a text has to fit it.
fn pattern(v: &Val<'_>) -> Option<String> {
    let text = v.words()?;
    match Regex::new(&text.value) {
        Ok(_) => Some(text.value),
        Err(error) => {
            let why = error.to_string();
            let why = why
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            text.spot
                .error(format!("{:?} is no regular expression: {why}", text.value))
                .help("write it like \"[A-Z]{2}[0-9]{4}\"; the whole value has to fit it");
            None
        }
    }
}

/// `enum`, `min` and `max`.
pub(super) fn bounds(s: &Section<'_>, kind: ArgKind) -> Bounds {
    let numeric = matches!(kind, ArgKind::Integer | ArgKind::Number);
    let bound = |key| {
        let v = s.opt(key);
        if let Some(v) = v.as_ref().filter(|_| !numeric) {
            let kind = kind.as_str();
            v.key_spot.error(format!(
                "`{key}` is for numbers, and this is of type {kind}"
            ));
        }
        v.filter(|_| numeric).and_then(|v| v.integer())
    };
    let (min, max) = (bound("min"), bound("max"));
    if let (Some(a), Some(b)) = (min, max)
        && a > b
    {
        s.spot.error(format!(
            "`min` {a} is more than `max` {b}: nothing would be allowed"
        ));
    }
    let one_of = s.opt("enum");
    if let Some(v) = one_of.as_ref().filter(|_| kind != ArgKind::String) {
        let kind = kind.as_str();
        v.key_spot
            .error(format!("`enum` is for texts, and this is of type {kind}"));
    }
    if let Some(v) = one_of
        .as_ref()
        .filter(|v| v.list().is_some_and(|l| l.is_empty()))
    {
        v.spot.error("`enum` is empty: nothing would be allowed");
    }
    Bounds {
        one_of: one_of
            .iter()
            .flat_map(Val::texts)
            .map(|t| t.value)
            .collect(),
        min,
        max,
    }
}

/// An argument that stands in the URL cannot be left out.
pub(super) fn needed(v: &Val<'_>, url: &UrlTemplate, args: &BTreeMap<String, Arg>) {
    let gaps = url.path.iter().chain(&url.query).filter_map(|p| match p {
        Piece::Fill(name) => args.get_key_value(name).filter(|a| !a.1.required),
        Piece::Text(_) => None,
    });
    let optional: Vec<&String> = gaps.map(|a| a.0).collect();
    if !optional.is_empty() {
        v.spot
            .error(format!("{} may be left out, and stands in the URL", listed(&optional)))
            .help("take required = false out, or the gap out of the URL: what is not in it is added to its query");
    }
}
