//! Arguments against the tool's schema and the agent's authority.

use super::forms;
use crate::{package::listed, understand::is_secret};
use regex::Regex;
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;
use tandem_types::{
    agent::{AgentRules, AgentSpec},
    canonical::canonical_json,
    tool::{Arg, ArgKind, Bounds, Tool},
};

/// Bytes of the arguments of one call; no tool needs more.
const LONGEST: usize = 8 * 1024;

/// By name.
pub(crate) type Args = BTreeMap<String, Value>;

/// What is wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// For the model.
    pub(crate) told: String,
    /// It is beyond what the agent may do, rather than badly said.
    pub(crate) beyond: bool,
}

fn wrong(told: impl Into<String>) -> Wrong {
    Wrong {
        told: told.into(),
        beyond: false,
    }
}

/// The patterns of all arguments, made once.
#[derive(Debug, Default)]
pub(crate) struct Patterns(BTreeMap<(String, String), Regex>);

impl Patterns {
    /// One that is no regular expression matches nothing; the dialplan has refused it.
    pub(crate) fn of(rules: &AgentRules) -> Self {
        let tools = rules.tools.values();
        let all = tools.flat_map(|t| t.args.iter().map(move |(name, arg)| (t, name, arg)));
        let made = all.filter_map(|(tool, name, arg)| {
            let pattern = arg.pattern.as_ref()?;
            let regex = Regex::new(&format!(r"\A(?:{pattern})\z")).ok()?;
            Some(((tool.name.clone(), name.clone()), regex))
        });
        Self(made.collect())
    }

    fn fits(&self, tool: &str, arg: &str, text: &str) -> bool {
        let key = (tool.to_owned(), arg.to_owned());
        self.0.get(&key).is_some_and(|r| r.is_match(text))
    }
}

/// What this agent is told that it may put there: the tool's bounds, and its own within them.
pub(crate) fn effective(tool: &Tool, agent: &AgentSpec, arg: &str) -> Bounds {
    let outer = tool
        .args
        .get(arg)
        .map(|a| a.bounds.clone())
        .unwrap_or_default();
    let Some(own) = agent.authority.get(&tool.name).and_then(|a| a.get(arg)) else {
        return outer;
    };
    let one_of = match own.one_of.is_empty() {
        true => outer.one_of,
        false => own.one_of.clone(),
    };
    Bounds {
        one_of,
        min: outer.min.max(own.min),
        max: match (outer.max, own.max) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        },
    }
}

/// The arguments of a call, typed and within all bounds; nothing that the tool does not know is among them.
///
/// # Errors
/// What is wrong, for the model.
pub(crate) fn arguments(
    tool: &Tool,
    agent: &AgentSpec,
    patterns: &Patterns,
    text: &str,
) -> Result<Args, Wrong> {
    if text.len() > LONGEST {
        return Err(wrong("refused: the arguments are too long"));
    }
    let given: Map<String, Value> = match text.trim() {
        "" => Map::new(),
        text => serde_json::from_str(text)
            .map_err(|_| wrong("refused: the arguments are no JSON object"))?,
    };
    if given.keys().any(|key| !tool.args.contains_key(key)) {
        let known: Vec<String> = tool.args.keys().cloned().collect();
        return Err(wrong(format!(
            "refused: it takes {} and nothing else",
            listed(&known, "and")
        )));
    }
    let mut out = Args::new();
    for (name, arg) in &tool.args {
        match given.get(name).filter(|v| !v.is_null()) {
            Some(value) => {
                let value = typed(name, arg, value)?;
                fits(tool, name, arg, patterns, &value)?;
                within(&arg.bounds, &value)
                    .map_err(|why| wrong(format!("refused: {name} must be {why}")))?;
                let own = agent.authority.get(&tool.name).and_then(|a| a.get(name));
                own.map_or(Ok(()), |own| within(own, &value)).map_err(|why| Wrong {
                    told: format!(
                        "refused: for {name} you may only go as far as {why}; offer to put the caller through to a person"
                    ),
                    beyond: true,
                })?;
                out.insert(name.clone(), value);
            }
            None if arg.required => {
                return Err(wrong(format!("refused: {name} is missing; ask the caller")));
            }
            None => {}
        }
    }
    Ok(out)
}

/// Numbers may come as texts, and texts of digits as numbers: models mix them up.
fn typed(name: &str, arg: &Arg, value: &Value) -> Result<Value, Wrong> {
    let kind = arg.kind.as_str();
    let refuse = || wrong(format!("refused: {name} must be of type {kind}"));
    match (arg.kind, value) {
        (ArgKind::String, Value::String(text)) => Ok(text.trim().into()),
        (ArgKind::String, Value::Number(n)) if n.is_u64() => Ok(n.to_string().into()),
        (ArgKind::Boolean, Value::Bool(_)) => Ok(value.clone()),
        (ArgKind::Integer, Value::Number(n)) => {
            let whole = n.as_i64().or_else(|| whole(n.as_f64()?));
            whole.map(Value::from).ok_or_else(refuse)
        }
        (ArgKind::Integer, Value::String(text)) => text
            .trim()
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| refuse()),
        (ArgKind::Number, Value::Number(n)) => {
            finite(n.as_f64()).map(|_| value.clone()).ok_or_else(refuse)
        }
        (ArgKind::Number, Value::String(text)) => text
            .trim()
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number)
            .ok_or_else(refuse),
        (
            ArgKind::String | ArgKind::Boolean | ArgKind::Integer | ArgKind::Number,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_),
        ) => Err(refuse()),
    }
}

fn finite(n: Option<f64>) -> Option<f64> {
    n.filter(|n| n.is_finite())
}

fn whole(n: f64) -> Option<i64> {
    // Exact in an f64.
    let small = n.abs() < 9_007_199_254_740_992.0;
    (n.fract() == 0.0 && small).then_some(n as i64)
}

/// The form of a text.
fn fits(
    tool: &Tool,
    name: &str,
    arg: &Arg,
    patterns: &Patterns,
    value: &Value,
) -> Result<(), Wrong> {
    let Some(text) = value.as_str() else {
        return Ok(());
    };
    if text.is_empty() && arg.required {
        return Err(wrong(format!("refused: {name} is empty; ask the caller")));
    }
    if text.chars().any(is_hidden) {
        return Err(wrong(format!(
            "refused: {name} holds line breaks or control characters"
        )));
    }
    if text.chars().count() > arg.max_length as usize {
        return Err(wrong(format!(
            "refused: {name} is longer than {} characters",
            arg.max_length
        )));
    }
    let formed = arg.format.is_some() || arg.pattern.is_some();
    let looks_alike = |c: char| c.is_numeric() && !c.is_ascii_digit();
    if formed && text.chars().any(looks_alike) {
        return Err(wrong(format!(
            "refused: {name} holds digits that are not 0 to 9"
        )));
    }
    if let Some(format) = arg.format
        && !forms::fits(format, text)
    {
        let format = format.as_str();
        return Err(wrong(format!(
            "refused: {name} has not the form of a {format}"
        )));
    }
    if let Some(pattern) = &arg.pattern
        && !patterns.fits(&tool.name, name, text)
    {
        return Err(wrong(format!("refused: {name} does not fit {pattern}")));
    }
    Ok(())
}

/// Control characters, line and paragraph separators, and marks that turn the direction of what is read.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `Err`: what it would have to be.
fn within(bounds: &Bounds, value: &Value) -> Result<(), String> {
    let text = plain(value);
    if !bounds.one_of.is_empty() && !bounds.one_of.contains(&text) {
        return Err(format!("one of {}", bounds.one_of.join(", ")));
    }
    let Some(number) = value.as_f64() else {
        return Ok(());
    };
    match (bounds.min, bounds.max) {
        (Some(min), _) if number < min as f64 => Err(format!("{min} or more")),
        (_, Some(max)) if number > max as f64 => Err(format!("{max} or less")),
        _ => Ok(()),
    }
}

/// A value as text, without quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Arguments for the record: canonical JSON, secrets masked.
pub(crate) fn shown(args: &Args) -> String {
    let masked: Args = args
        .iter()
        .map(|(name, value)| {
            let value = match is_secret(name) {
                true => crate::package::masked(&plain(value)).into(),
                false => value.clone(),
            };
            (name.clone(), value)
        })
        .collect();
    canonical_json(&masked)
}
