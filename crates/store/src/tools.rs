//! What tools were asked in a call, read from its events: there are few, and nobody asks for them but by their call.

use crate::{EventRow, words::time};
use serde::{Deserialize, Serialize};
use tandem_types::{
    Wall,
    journal::{Event, What},
    tool::Effect,
};

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ToolRow {
    /// When it was made.
    #[serde(with = "time")]
    pub at: Wall,
    /// The tool's name; `caller_lookup`.
    pub tool: String,
    /// What it does.
    pub effect: Effect,
    /// The turn that led to it; empty before the first.
    pub turn: String,
    /// Canonical JSON, secrets masked.
    pub arguments: String,
    /// `ok`, or a fault; `None`: not known yet.
    pub outcome: Option<String>,
    /// Milliseconds until then.
    pub ms: Option<u32>,
    /// Names of the facts that were kept.
    pub kept: Vec<String>,
}

/// In their order.
pub(crate) fn of(events: &[EventRow]) -> Vec<ToolRow> {
    let mut rows: Vec<(u32, ToolRow)> = Vec::new();
    for row in events.iter().filter(|e| e.kind.starts_with("tool_")) {
        let Ok(event) = serde_json::from_str::<Event>(&row.json) else {
            continue; // `verify` tells
        };
        match event.what {
            What::ToolCalled {
                request,
                tool,
                effect,
                turn,
                arguments,
                key: _,
            } => rows.push((
                request,
                ToolRow {
                    at: event.at,
                    tool,
                    effect,
                    turn,
                    arguments,
                    outcome: None,
                    ms: None,
                    kept: Vec::new(),
                },
            )),
            What::ToolEnded {
                request,
                outcome,
                ms,
                kept,
                ..
            } => {
                let open = rows.iter_mut().find(|r| r.0 == request);
                if let Some((_, row)) = open {
                    row.outcome = Some(outcome);
                    row.ms = Some(ms);
                    row.kept = kept;
                }
            }
            _ => {}
        }
    }
    rows.into_iter().map(|r| r.1).collect()
}
