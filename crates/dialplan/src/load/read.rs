//! Walking a TOML file with every key and value knowing its place. What is asked for is known;
//! when a [`Section`] is dropped, whatever nobody asked for is an unknown key.

use super::spot::{Spot, did_you_mean, listed};
use std::cell::{Cell, RefCell};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A table whose keys are asked for one by one.
pub(crate) struct Section<'a> {
    /// As it is written: `queues.repairs`; empty for the file itself.
    pub(crate) name: String,
    /// The header, or the braces.
    pub(crate) spot: Spot<'a>,
    entries: Vec<Val<'a>>,
    known: RefCell<Vec<&'static str>>,
    /// Those of a later version among them.
    coming: RefCell<Vec<&'static str>>,
    quiet: Cell<bool>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(name: String, spot: Spot<'a>, table: &'a DeTable<'a>) -> Self {
        let mut entries: Vec<Val<'a>> = table
            .iter()
            .map(|(key, value)| Val {
                section: name.clone(),
                key: key.get_ref().to_string(),
                key_spot: spot.source.spot(key.span()),
                spot: spot.source.spot(value.span()),
                value: value.get_ref(),
            })
            .collect();
        entries.sort_by_key(|v| v.key_spot.start); // the file's order: the map's is the alphabet's
        Self {
            name,
            spot,
            entries,
            known: RefCell::default(),
            coming: RefCell::default(),
            quiet: Cell::new(false),
        }
    }

    /// `[queues.repairs]`, or the file.
    fn title(&self) -> String {
        match self.name.is_empty() {
            true => "this file".to_owned(),
            false => format!("[{}]", self.name),
        }
    }

    pub(crate) fn opt(&self, key: &'static str) -> Option<Val<'a>> {
        self.known.borrow_mut().push(key);
        self.entries.iter().find(|v| v.key == key).cloned()
    }

    /// The key, or an error that says how to write it.
    pub(crate) fn need(&self, key: &'static str, like: &str) -> Option<Val<'a>> {
        let found = self.opt(key);
        if found.is_none() {
            self.spot
                .error(format!("{} has no `{key}`", self.title()))
                .label("missing here")
                .help(format!("add: {key} = {like}"));
        }
        found
    }

    /// Keys that a later version will know: refused by name, never silently taken.
    pub(crate) fn later(&self, keys: &[(&'static str, &str)]) {
        for (key, what) in keys {
            self.coming.borrow_mut().push(key);
            if let Some(v) = self.opt(key) {
                v.not_yet(what);
            }
        }
    }

    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        self.opt(key)?.section()
    }

    /// The tables `[key.NAME]` by name, in the file's order.
    pub(crate) fn each(&self, key: &'static str) -> Vec<(Val<'a>, Section<'a>)> {
        let Some(of) = self.section(key) else {
            return Vec::new();
        };
        of.all()
            .into_iter()
            .filter_map(|v| v.section().map(|s| (v, s)))
            .collect()
    }

    /// The names in `[key]` without looking further.
    pub(crate) fn names(&self, key: &'static str) -> Vec<String> {
        match self.entries.iter().find(|v| v.key == key).map(|v| v.value) {
            Some(DeValue::Table(t)) => t.keys().map(|k| k.get_ref().to_string()).collect(),
            _ => Vec::new(),
        }
    }

    /// Every entry, in the file's order; all are known then.
    pub(crate) fn all(&self) -> Vec<Val<'a>> {
        self.quiet.set(true);
        self.entries.clone()
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        if self.quiet.get() {
            return;
        }
        let known = self.known.borrow();
        #[cfg(test)]
        super::heard::note(
            self.spot.source.path,
            &self.name,
            known
                .iter()
                .filter(|key| !self.coming.borrow().contains(key)),
        );
        for v in self
            .entries
            .iter()
            .filter(|v| !known.contains(&v.key.as_str()))
        {
            let near = did_you_mean(&v.key, known.iter());
            let coming = self.coming.borrow();
            let mut names: Vec<&str> = known
                .iter()
                .copied()
                .filter(|k| !coming.contains(k))
                .collect();
            names.sort_unstable();
            names.dedup();
            let what = if matches!(v.value, DeValue::Table(_)) && self.name.is_empty() {
                "table"
            } else {
                "key"
            };
            v.key_spot
                .error(format!("unknown {what} `{}` in {}", v.key, self.title()))
                .label("not known here")
                .help(near.unwrap_or_else(|| format!("it may hold {}", listed(names))));
        }
    }
}

/// A value with its key.
#[derive(Clone)]
pub(crate) struct Val<'a> {
    section: String,
    pub(crate) key: String,
    pub(crate) key_spot: Spot<'a>,
    pub(crate) spot: Spot<'a>,
    value: &'a DeValue<'a>,
}

/// A text and where it stands.
#[derive(Clone)]
pub(crate) struct Text<'a> {
    pub(crate) value: String,
    pub(crate) spot: Spot<'a>,
}

impl<'a> Val<'a> {
    /// `queues.repairs.ring`.
    pub(crate) fn path(&self) -> String {
        match self.section.is_empty() {
            true => self.key.clone(),
            false => format!("{}.{}", self.section, self.key),
        }
    }

    /// `what` is a thing, and after a `;` what to do instead.
    pub(crate) fn not_yet(&self, what: &str) {
        let (what, instead) = what
            .split_once("; ")
            .unwrap_or((what, "nothing here would obey it"));
        self.key_spot
            .error(format!("this version does not have {what} yet"))
            .label("not yet")
            .help(format!("take `{}` out: {instead}", self.key));
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    fn wrong(&self, want: &str, like: &str) {
        self.spot
            .error(format!("`{}` must be {want}", self.key))
            .label(format!("this is {}", kind_of(self.value)))
            .help(format!("write it like this: {} = {like}", self.key));
    }

    pub(crate) fn text(&self) -> Option<Text<'a>> {
        match self.value {
            DeValue::String(s) => Some(Text {
                value: s.to_string(),
                spot: self.spot,
            }),
            _ => {
                let raw = self
                    .spot
                    .source
                    .text
                    .get(self.spot.start..self.spot.end)
                    .unwrap_or_default();
                let like = match self.value {
                    DeValue::Table(_) | DeValue::Array(_) => "\"...\"".to_owned(),
                    _ => format!("\"{}\"", raw.trim_matches('"')),
                };
                self.wrong("a text in quotes", &like);
                None
            }
        }
    }

    /// A text that is not blank.
    pub(crate) fn words(&self) -> Option<Text<'a>> {
        let text = self.text()?;
        if text.value.trim().is_empty() {
            self.spot
                .error(format!("`{}` is empty", self.key))
                .help("write it out, or take the key out");
            return None;
        }
        Some(Text {
            value: text.value.trim().to_owned(),
            ..text
        })
    }

    /// Words to be said: line breaks and double blanks are one blank.
    pub(crate) fn spoken(&self) -> Option<Text<'a>> {
        let text = self.words()?;
        let value = text.value.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Text { value, ..text })
    }

    pub(crate) fn yes_no(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(b) => Some(*b),
            _ => {
                self.wrong("true or false, without quotes", "true");
                None
            }
        }
    }

    /// As [`Val::text`], and the value is not repeated in what is printed.
    pub(crate) fn hidden(&self) -> Option<Text<'a>> {
        if !self.is_text() {
            self.spot
                .error(format!("`{}` must be a text in quotes", self.key))
                .label(format!("this is {}", kind_of(self.value)));
            return None;
        }
        self.text()
    }

    pub(crate) fn whole(&self, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let DeValue::Integer(i) = self.value else {
            self.wrong(
                "a whole number, without quotes",
                &range.start().max(&1).to_string(),
            );
            return None;
        };
        match i64::from_str_radix(i.as_str(), i.radix())
            .ok()
            .and_then(|n| u32::try_from(n).ok())
        {
            Some(n) if range.contains(&n) => Some(n),
            _ => {
                self.spot.error(format!(
                    "`{}` must be between {} and {}",
                    self.key,
                    range.start(),
                    range.end()
                ));
                None
            }
        }
    }

    /// A whole number, also below 0.
    pub(crate) fn integer(&self) -> Option<i64> {
        let DeValue::Integer(i) = self.value else {
            self.wrong("a whole number, without quotes", "50");
            return None;
        };
        let number = i64::from_str_radix(i.as_str(), i.radix()).ok();
        if number.is_none() {
            self.spot.error(format!("`{}` is too large", self.key));
        }
        number
    }

    /// As JSON; a date has none.
    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        let json = json_of(self.value);
        if json.is_none() {
            self.wrong("of texts, numbers, lists and tables", "{ ... }");
        }
        json
    }

    /// 0 to 1 as thousandths.
    pub(crate) fn share(&self) -> Option<u16> {
        let number = match self.value {
            DeValue::Float(f) => f.as_str().parse::<f64>().ok(),
            DeValue::Integer(i) => i.as_str().parse::<f64>().ok(),
            _ => None,
        };
        match number {
            Some(n) if (0.0..=1.0).contains(&n) => Some((n * 1000.0).round() as u16),
            Some(_) => {
                self.spot
                    .error(format!("`{}` must be between 0 and 1", self.key));
                None
            }
            None => {
                self.wrong("a number between 0 and 1", "0.65");
                None
            }
        }
    }

    pub(crate) fn list(&self) -> Option<Vec<Val<'a>>> {
        let DeValue::Array(items) = self.value else {
            self.wrong("a list in [ ]", "[\"...\"]");
            return None;
        };
        let item = |v: &'a Spanned<DeValue<'a>>| Val {
            section: self.section.clone(),
            key: self.key.clone(),
            key_spot: self.key_spot,
            spot: self.spot.source.spot(v.span()),
            value: v.get_ref(),
        };
        Some(items.iter().map(item).collect())
    }

    /// One text, or a list of some; the wrong ones are told and left out.
    pub(crate) fn text_or_texts(&self) -> Vec<Text<'a>> {
        match self.value {
            DeValue::Array(items) if items.is_empty() => {
                let empty = format!("`{}` is empty", self.key);
                self.spot.error(empty).help("name one");
                Vec::new()
            }
            DeValue::Array(_) => self.texts(),
            _ => self.words().into_iter().collect(),
        }
    }

    /// A list of texts; the wrong ones are told and left out.
    pub(crate) fn texts(&self) -> Vec<Text<'a>> {
        self.list()
            .unwrap_or_default()
            .iter()
            .filter_map(Val::words)
            .collect()
    }

    pub(crate) fn section(&self) -> Option<Section<'a>> {
        match self.value {
            DeValue::Table(t) => Some(Section::new(self.path(), self.spot, t)),
            DeValue::Array(_) => {
                self.spot
                    .error(format!("`{}` is a table here, not a list", self.key))
                    .help(format!("write [{}] with one pair of brackets", self.path()));
                None
            }
            _ => {
                self.wrong("a table", "{ ... }");
                None
            }
        }
    }

    /// The tables of `[[key]]`.
    pub(crate) fn sections(&self) -> Vec<Section<'a>> {
        if matches!(self.value, DeValue::Table(_)) {
            self.spot
                .error(format!("`{}` is a list of tables", self.key))
                .help(format!("write [[{}]] with two pairs of brackets", self.key));
            return Vec::new();
        }
        self.list()
            .unwrap_or_default()
            .iter()
            .filter_map(Val::section)
            .collect()
    }

    /// One of the names; those of a later version are told apart from mistakes.
    pub(crate) fn choice<T: Copy>(&self, names: &[(&str, T)], later: &[&str]) -> Option<T> {
        let text = self.text()?;
        if let Some((_, t)) = names.iter().find(|(n, _)| *n == text.value) {
            return Some(*t);
        }
        let now = listed(names.iter().map(|(n, _)| format!("{n:?}")));
        if later.contains(&text.value.as_str()) {
            self.spot
                .error(format!(
                    "this version does not have {} = {:?} yet",
                    self.key, text.value
                ))
                .label("not yet")
                .help(format!("write {now}"));
        } else {
            let near = did_you_mean(
                &text.value,
                names.iter().map(|(n, _)| *n).chain(later.iter().copied()),
            );
            self.spot
                .error(format!("`{}` cannot be {:?}", self.key, text.value))
                .label("not known")
                .help(near.unwrap_or_else(|| format!("write {now}")));
        }
        None
    }
}

fn json_of(value: &DeValue<'_>) -> Option<serde_json::Value> {
    use serde_json::{Map, Number, Value};
    Some(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok()?.into(),
        DeValue::Float(f) => Value::Number(Number::from_f64(f.as_str().parse().ok()?)?),
        DeValue::Boolean(b) => Value::from(*b),
        DeValue::Datetime(_) => return None,
        DeValue::Array(items) => {
            let items: Option<Vec<Value>> = items.iter().map(|v| json_of(v.get_ref())).collect();
            Value::Array(items?)
        }
        DeValue::Table(table) => {
            let fields: Option<Map<String, Value>> = table
                .iter()
                .map(|(k, v)| Some((k.get_ref().to_string(), json_of(v.get_ref())?)))
                .collect();
            Value::Object(fields?)
        }
    })
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
