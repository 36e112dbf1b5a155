//! Calls of tools: what a model may say in one, the request that comes of it, and what of the answer is kept. A model is
//! held to have been talked into anything, so nothing that it says is more than the value of an argument.

mod answer;
mod check;
mod fill;
mod forms;

pub use crate::understand::is_secret;
pub use answer::{Fact, facts, judged};
pub(crate) use answer::{cut, told, told_fault};
pub(crate) use check::{Args, Patterns, arguments, effective, shown};
pub(crate) use fill::{request, url};

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tandem_types::{
    agent::AgentSpec,
    canonical::canonical_json,
    is_e164,
    provider::ToolSpec,
    tool::{ArgKind, HttpAsk, HttpLookup, HttpMethod, Tool},
};

/// A tool as a model is told of it (JSON Schema of its arguments, narrowed to what this agent may do).
pub(crate) fn spec(tool: &Tool, agent: &AgentSpec) -> ToolSpec {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, arg) in &tool.args {
        let bounds = effective(tool, agent, name);
        let mut p = json!({ "type": arg.kind.as_str() });
        let mut set = |key: &str, value: Value| {
            if let Some(object) = p.as_object_mut() {
                object.insert(key.to_owned(), value);
            }
        };
        if !arg.description.is_empty() {
            set("description", arg.description.as_str().into());
        }
        if !bounds.one_of.is_empty() {
            set("enum", bounds.one_of.clone().into());
        }
        for (key, bound) in [("minimum", bounds.min), ("maximum", bounds.max)] {
            if let Some(bound) = bound {
                set(key, bound.into());
            }
        }
        if let Some(format) = arg.format {
            set("format", format.as_str().into());
        }
        if let Some(pattern) = &arg.pattern {
            set("pattern", format!("^(?:{pattern})$").into());
        }
        if arg.kind == ArgKind::String {
            set("maxLength", arg.max_length.into());
        }
        if arg.required {
            required.push(name.as_str());
        }
        properties.insert(name.clone(), p);
    }
    let parameters = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    ToolSpec {
        name: tool.name.clone(),
        description: tool.description.clone(),
        parameters: canonical_json(&parameters),
    }
}

/// The request that looks a caller up; `None`: there is no number to look up.
pub fn caller_lookup(plan: &HttpLookup, number: &str) -> Option<HttpAsk> {
    let number = Some(number).filter(|n| is_e164(n))?;
    lookup(plan, &|name| {
        (name == "from_e164").then(|| number.to_owned())
    })
}

/// The request of a look-up; `None`: something that its address names is not known.
pub fn lookup(plan: &HttpLookup, known: &dyn Fn(&str) -> Option<String>) -> Option<HttpAsk> {
    Some(HttpAsk {
        endpoint: plan.endpoint.clone(),
        method: HttpMethod::Get,
        url: url(&plan.url, &BTreeMap::new(), known).ok()?.0,
        body: None,
        key: None,
        timeout: plan.timeout,
    })
}

#[cfg(test)]
mod tests;
