//! What a chat answers, read leniently: everything may be missing or null, but what is there must have
//! its type.

use crate::door::ChatPart;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use tandem_types::provider::{ProviderFault, ToolCall};

/// An answer holds at most so many bytes of text and arguments: far more than anybody would listen to.
const MAX_ANSWER: usize = 256 << 10;
/// And so many tool calls.
const MAX_TOOLS: usize = 32;

/// One chunk of a stream, or a whole answer (`message` in place of `delta`).
#[derive(Deserialize)]
struct Chunk {
    #[serde(default, deserialize_with = "or_null")]
    choices: Vec<Choice>,
    error: Option<Value>,
}

#[derive(Deserialize, Default)]
struct Choice {
    #[serde(default, deserialize_with = "or_null", alias = "message")]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
struct Delta {
    content: Option<String>,
    #[serde(default, deserialize_with = "or_null")]
    tool_calls: Vec<ToolDelta>,
    /// The older spelling of a single tool call.
    function_call: Option<FunctionDelta>,
}

#[derive(Deserialize, Default)]
struct ToolDelta {
    index: Option<u64>,
    id: Option<String>,
    function: Option<FunctionDelta>,
}

#[derive(Deserialize, Default)]
struct FunctionDelta {
    name: Option<String>,
    /// A string of JSON; some servers send the object itself.
    arguments: Option<Value>,
}

fn or_null<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    value: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

/// Puts the parts of an answer together. One `Done` comes out, at the first end.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    tools: Vec<Building>,
    bytes: usize,
    finished: bool,
    done: bool,
    text: bool,
}

#[derive(Debug)]
struct Building {
    index: Option<u64>,
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Assembly {
    /// The answer is complete; what comes after is not read.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// One event's data.
    pub(super) fn event(
        &mut self,
        data: &str,
        out: &mut Vec<ChatPart>,
    ) -> Result<(), ProviderFault> {
        let data = data.trim();
        if self.done || data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            return self.finish(out);
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|_| ProviderFault::Malformed)?;
        if chunk.error.is_some_and(|error| !error.is_null()) {
            // Ollama and vLLM report a fault in mid-stream so.
            return Err(ProviderFault::Malformed);
        }
        // More than one choice was not asked for.
        let Some(choice) = chunk.choices.into_iter().next() else {
            return Ok(());
        };
        self.delta(choice.delta, out)?;
        if choice
            .finish_reason
            .is_some_and(|reason| !reason.is_empty())
        {
            self.finished = true;
        }
        Ok(())
    }

    /// The body is over. Without `[DONE]` and without a reason to finish it was cut.
    pub(super) fn end(&mut self, out: &mut Vec<ChatPart>) -> Result<(), ProviderFault> {
        if self.done {
            Ok(())
        } else if self.finished {
            self.finish(out)
        } else {
            Err(ProviderFault::Malformed)
        }
    }

    fn delta(&mut self, delta: Delta, out: &mut Vec<ChatPart>) -> Result<(), ProviderFault> {
        if self.finished {
            // The end came, and now more: the answer said twice. The caller hears it once.
            return Ok(());
        }
        if let Some(text) = delta.content.filter(|text| !text.is_empty()) {
            self.count(text.len())?;
            self.text = true;
            out.push(ChatPart::Text(text));
        }
        for tool in delta.tool_calls {
            self.tool(tool)?;
        }
        if let Some(function) = delta.function_call {
            self.tool(ToolDelta {
                index: Some(0),
                id: None,
                function: Some(function),
            })?;
        }
        Ok(())
    }

    /// A piece of a tool call: by its index, else by its id; with neither it begins a new call where it
    /// brings a name, and goes on with the last one where it does not.
    fn tool(&mut self, piece: ToolDelta) -> Result<(), ProviderFault> {
        let function = piece.function.unwrap_or_default();
        let id = piece.id.filter(|id| !id.is_empty());
        let name = function.name.filter(|name| !name.is_empty());
        let arguments = match function.arguments {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        self.count(arguments.len() + name.as_deref().map_or(0, str::len))?;
        let known = match (piece.index, &id) {
            (Some(_), _) => self
                .tools
                .iter()
                .rposition(|tool| tool.index == piece.index),
            (None, Some(_)) => self.tools.iter().rposition(|tool| tool.id == id),
            (None, None) if name.is_none() => self.tools.len().checked_sub(1),
            (None, None) => None,
        };
        // Whole calls that all bear index 0: a new id with a new name is a new call.
        let known = known.filter(|&at| {
            let tool = &self.tools[at];
            !(id.is_some() && tool.id.is_some() && tool.id != id && name.is_some())
        });
        match known {
            Some(at) => {
                let tool = &mut self.tools[at];
                tool.arguments.push_str(&arguments);
                if tool.id.is_none() {
                    tool.id = id;
                }
                if let Some(name) = name.filter(|name| *name != tool.name) {
                    tool.name.push_str(&name);
                }
            }
            None if self.tools.len() >= MAX_TOOLS => return Err(ProviderFault::Malformed),
            None => {
                let name = name.unwrap_or_default();
                self.tools.push(Building {
                    index: piece.index,
                    id,
                    name,
                    arguments,
                });
            }
        }
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<(), ProviderFault> {
        self.bytes += bytes;
        if self.bytes > MAX_ANSWER {
            Err(ProviderFault::Malformed)
        } else {
            Ok(())
        }
    }

    fn finish(&mut self, out: &mut Vec<ChatPart>) -> Result<(), ProviderFault> {
        // `[DONE]` and nothing before it is no answer, unless the model said that it was finished.
        if !self.text && self.tools.is_empty() && !self.finished {
            return Err(ProviderFault::Malformed);
        }
        self.done = true;
        for (at, tool) in std::mem::take(&mut self.tools).into_iter().enumerate() {
            if tool.name.is_empty() {
                return Err(ProviderFault::Malformed);
            }
            let arguments = if tool.arguments.trim().is_empty() {
                "{}".to_owned()
            } else {
                tool.arguments
            };
            let id = tool.id.unwrap_or_else(|| format!("call_{at}"));
            out.push(ChatPart::Tool(ToolCall {
                id,
                name: tool.name,
                arguments,
            }));
        }
        out.push(ChatPart::Done);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(events: &[&str]) -> Result<Vec<ChatPart>, ProviderFault> {
        let (mut assembly, mut out) = (Assembly::default(), Vec::new());
        for event in events {
            assembly.event(event, &mut out)?;
        }
        assembly.end(&mut out)?;
        Ok(out)
    }

    fn tool(id: &str, name: &str, arguments: &str) -> ChatPart {
        ChatPart::Tool(ToolCall {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
        })
    }

    fn text(text: &str) -> ChatPart {
        ChatPart::Text(text.into())
    }

    #[test]
    fn text_with_usage_and_done() {
        let parts = all(&[
            r#"{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            r#"{"choices":[{"delta":{"content":"Hel"}}]}"#,
            r#"{"choices":[{"delta":{"content":"lo","tool_calls":null}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
            r#"{"choices":[],"usage":{"total_tokens":3}}"#,
            "[DONE]",
            "[DONE]",
        ]);
        assert_eq!(parts, Ok(vec![text("Hel"), text("lo"), ChatPart::Done]));
    }

    #[test]
    fn tool_fragments_joined_by_index() {
        let parts = all(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":1}"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"}"}}]},"finish_reason":"tool_calls"}]}"#,
        ]);
        assert_eq!(
            parts,
            Ok(vec![
                tool("a", "f", r#"{"x":1}"#),
                tool("b", "g", "{}"),
                ChatPart::Done
            ])
        );
    }

    #[test]
    fn whole_calls_without_index_or_id_and_finish_stop() {
        let parts = all(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":{"x":1}}},{"function":{"name":"f"}}]}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
        ]);
        assert_eq!(
            parts,
            Ok(vec![
                tool("call_0", "f", r#"{"x":1}"#),
                tool("call_1", "f", "{}"),
                ChatPart::Done
            ])
        );
    }

    #[test]
    fn fragments_without_index_go_to_the_last_call() {
        let parts = all(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":":2}"}}]}}]}"#,
            "[DONE]",
        ]);
        assert_eq!(
            parts,
            Ok(vec![tool("a", "f", r#"{"x":2}"#), ChatPart::Done])
        );
    }

    #[test]
    fn two_whole_calls_with_the_same_index() {
        let parts = all(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]}}]}"#,
            "[DONE]",
        ]);
        assert_eq!(
            parts,
            Ok(vec![
                tool("a", "f", "{}"),
                tool("b", "g", "{}"),
                ChatPart::Done
            ])
        );
    }

    #[test]
    fn a_second_answer_behind_the_end_is_not_said() {
        let one = r#"{"choices":[{"delta":{"content":"Yes."}}]}"#;
        let end = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
        assert_eq!(
            all(&[one, end, one, end, "[DONE]"]),
            Ok(vec![text("Yes."), ChatPart::Done])
        );
    }

    #[test]
    fn no_answers() {
        for events in [
            &[] as &[&str],
            &["[DONE]"],
            &["{"],
            &["7"],
            &[r#"{"error":{"message":"out of memory"}}"#],
            &[r#"{"choices":[{"delta":{"content":7}}]}"#],
            &[r#"{"choices":"none"}"#],
            &[r#"{"choices":[{"delta":{"content":"cut"}}]}"#],
            &[
                r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{}"}}]}}]}"#,
                "[DONE]",
            ],
        ] {
            assert_eq!(all(events), Err(ProviderFault::Malformed), "{events:?}");
        }
    }

    #[test]
    fn a_model_may_say_nothing() {
        assert_eq!(
            all(&[r#"{"choices":[{"delta":{"content":""},"finish_reason":"stop"}]}"#]),
            Ok(vec![ChatPart::Done])
        );
    }

    #[test]
    fn an_answer_has_bounds() {
        let long = format!(
            r#"{{"choices":[{{"delta":{{"content":"{}"}}}}]}}"#,
            "x".repeat(MAX_ANSWER + 1)
        );
        assert_eq!(all(&[&long]), Err(ProviderFault::Malformed));
    }
}
