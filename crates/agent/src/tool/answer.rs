//! What tools answer: data, bounded, from somebody whom nobody here controls.

use crate::understand::is_secret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tandem_types::{
    canonical::canonical_json,
    provider::ProviderFault,
    tool::{HttpAnswer, Keep},
};

/// Bytes of an answer that a model is given.
const TOLD: usize = 4000;

/// Letters of a fact.
const FACT: usize = 200;

/// Something that a tool has told of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is called.
    pub name: String,
    /// One line.
    pub value: String,
    /// Masked for those who need not see it.
    pub sensitive: bool,
    /// Who has told: `caller_lookup`, `tool:NAME`, `ask:NAME`, or the turn of the caller.
    pub source: String,
}

/// An answer that is JSON, or nothing at all; a page of HTML is none.
///
/// # Errors
/// The request's own fault, or `Malformed`.
pub fn judged(result: &Result<HttpAnswer, ProviderFault>) -> Result<Value, ProviderFault> {
    let answer = result.as_ref().map_err(|fault| *fault)?;
    match answer.body.trim() {
        "" => Ok(Value::Null),
        body => serde_json::from_str(body).map_err(|_| ProviderFault::Malformed),
    }
}

/// What of an answer is kept. Fields that are not there, or are no single value, are left out.
pub fn facts(keep: &[Keep], answer: &Value, source: &str) -> Vec<Fact> {
    let one = |k: &Keep| {
        let mut at = answer;
        for key in &k.path {
            at = match at {
                Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
                other => other.get(key)?,
            };
        }
        let value = match at {
            Value::String(text) => text.clone(),
            Value::Number(n) => n.to_string(),
            Value::Bool(b) => b.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        let value = cut(&value, FACT);
        (!value.is_empty()).then(|| Fact {
            name: k.name.clone(),
            value,
            sensitive: k.sensitive || is_secret(&k.name),
            source: source.to_owned(),
        })
    };
    keep.iter().filter_map(one).collect()
}

/// One line of at most so many letters.
pub(crate) fn cut(text: &str, letters: usize) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(letters).collect()
}

/// For the model: always JSON, so that it cannot be taken for words of anybody.
pub(crate) fn told(answer: &Value) -> String {
    let whole = canonical_json(&json!({ "ok": true, "answer": answer }));
    if whole.len() <= TOLD {
        return whole;
    }
    let text = canonical_json(answer);
    let end = (0..=TOLD).rev().find(|at| text.is_char_boundary(*at));
    let begin = &text[..end.unwrap_or(0)];
    canonical_json(&json!({ "ok": true, "answer_begins": begin, "cut": true }))
}

/// For the model: that it did not work, and what not to make of it.
pub(crate) fn told_fault(fault: ProviderFault, acts: bool, unsure: bool) -> String {
    let advice = match (acts, unsure) {
        (true, true) => "nobody knows whether this was done: say so, and do not say that it was",
        (true, false) => "this was not done: say so",
        (false, _) => "nothing was found out: say so, and offer something else",
    };
    canonical_json(&json!({ "ok": false, "error": fault.label(), "advice": advice }))
}
