//! `[callbacks.NAME]` of a dialplan.

use super::{
    values::{Destination, Number, Span},
    voicemail::texts,
};
use crate::CALLBACK_SAYS;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;

/// How callers are called back: a person of the queue is rung first, then the caller.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct CallbackTable {
    /// What it is called when spoken of.
    spoken: Option<String>,
    /// Whose people call back: a queue with max_wait, in which the caller keeps their place.
    queue: String,
    /// Hours of this file in which that is done; those of the queue, if left out.
    within: Option<String>,
    /// The trunk by which callers are called; the one by which they came, if left out.
    via: Option<String>,
    /// Numbers that are called back, of those that [limits] allows.
    may_call: Vec<Number>,
    /// How often a caller's phone is rung before it is given up: 3.
    attempts: Option<u32>,
    /// From one time to the next: 20m.
    every: Option<Span>,
    /// After so long it is not done any more: 1d.
    keep: Option<Span>,
    /// Minutes of speech a day with those who were called back: 120; 0: no limit.
    minutes_a_day: Option<u32>,
    /// For callers whom nobody can call back: hangup.
    otherwise: Option<Destination>,
    says: Option<CallbackSays>,
}

/// What a callback says.
struct CallbackSays;

impl JsonSchema for CallbackSays {
    fn schema_name() -> Cow<'static, str> {
        "CallbackSays".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        texts(
            &CALLBACK_SAYS,
            "What callers and those who call them back are told; what is not written is as described.",
        )
    }
}
