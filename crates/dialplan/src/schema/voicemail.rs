//! `[voicemail.NAME]` of a dialplan.

use super::values::{Destination, Dialled, Language, SecretReference, Span};
use crate::{LineSays, MAILBOX_SAYS};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::{borrow::Cow, collections::BTreeMap};

/// Where callers leave messages, and who hears them.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Mailbox {
    /// What it is called when spoken of.
    spoken: Option<String>,
    /// What callers hear before the tone.
    greeting: Option<String>,
    /// The same as a sound file.
    greeting_file: Option<String>,
    language: Option<Language>,
    /// Extensions whose phones show that messages wait, and may hear them.
    phones: Option<Vec<String>>,
    /// Extensions, as phones.toml has them: whoever calls one that nobody answers is led here.
    answers_for: Option<Vec<Dialled>>,
    /// Who is sent a mail about each message; [mail] of tandem.toml says how.
    mail_to: Option<Vec<String>>,
    /// With its sound: true.
    attach: Option<bool>,
    /// What was said in it is written down; true where the provider profile has a recogniser of kind openai.
    transcript: Option<bool>,
    /// What they key first: three to twelve digits.
    pin: Option<SecretReference>,
    /// The longest message: 3m, at most 10m.
    max_length: Option<Span>,
    /// What is shorter, from the tone to the last word, is not kept: 2s.
    min_length: Option<Span>,
    /// After so long without a word a message is over: 5s.
    silence: Option<Span>,
    /// Where the caller goes then: hangup.
    then: Option<Destination>,
    says: Option<MailboxSays>,
}

/// What a mailbox says.
struct MailboxSays;

impl JsonSchema for MailboxSays {
    fn schema_name() -> Cow<'static, str> {
        "MailboxSays".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        texts(
            &MAILBOX_SAYS,
            "What callers and those who hear their messages are told; what is not written is as described.",
        )
    }
}

/// An object of texts, each described by what is said without it.
pub(super) fn texts(all: &[LineSays], what: &str) -> Schema {
    let all: BTreeMap<&str, _> = all
        .iter()
        .map(|says| {
            let text = serde_json::json!({ "type": "string", "description": says.usual });
            (says.name, text)
        })
        .collect();
    json_schema!({
        "type": "object",
        "description": what,
        "properties": all,
        "additionalProperties": false,
    })
}
