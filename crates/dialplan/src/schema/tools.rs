//! `[tools.NAME]` and `[caller_lookup]` of `dialplans/NAME.toml`.

use super::values::{SecretReference, Span};
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// Who calls is asked of another system before the greeting, which waits for it where it says what is known.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct CallerLookupTable {
    /// With {from_e164}, the caller's number. Callers who hide theirs are not looked up.
    url: String,
    bearer: Option<SecretReference>,
    /// Sent with it; a value may be env:NAME, file:PATH or cred:NAME.
    headers: Option<BTreeMap<String, String>>,
    /// The greeting waits no longer: 800ms, 2s at the most.
    timeout: Option<Span>,
    /// Fields of the answer that become facts: "name", "tenancy.id", "tenancy.ID as tenancy_id".
    keep: Option<Vec<String>>,
    /// Which of them are masked for whoever need not see them.
    sensitive: Option<Vec<String>>,
}

/// Something that agents may ask of another system over HTTP.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ToolTable {
    /// What it does, for the language model and for the caller who is asked first.
    description: String,
    method: Option<Method>,
    /// {argument}, what is known of the call ({from_e164}, {call}, {agent}, {language}, {caller_name}) or a fact that was kept; not in the host.
    url: String,
    bearer: Option<SecretReference>,
    /// Sent with it; a value may be env:NAME, file:PATH or cred:NAME.
    headers: Option<BTreeMap<String, String>>,
    /// What is sent as JSON; texts may have gaps as the URL. The arguments that the URL does not name if left out.
    body: Option<BTreeMap<String, serde_json::Value>>,
    /// From the request to the whole answer: 3s, 8s at the most.
    timeout: Option<Span>,
    /// By name.
    args: Option<BTreeMap<String, ArgTable>>,
    /// Fields of the answer that become facts: "name", "tenancy.id", "tenancy.ID as tenancy_id".
    keep: Option<Vec<String>>,
    /// Which of them are masked for whoever need not see them.
    sensitive: Option<Vec<String>>,
    effect: Option<Effect>,
    /// The caller must say yes, or press 1, first; a text is the question, with {argument}.
    confirm_with_caller: Option<Confirm>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "UPPERCASE")]
enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// What it does; write if left out, read for GET.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Effect {
    /// Nothing: it may run again, and is dropped when the caller goes on.
    Read,
    /// It changes something: the same act is done once in a call.
    Write,
    /// As write, and the agent takes leave when it is done.
    Final,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Confirm {
    Ask(bool),
    Words(String),
}

/// One argument.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ArgTable {
    r#type: Option<Kind>,
    /// For the language model.
    description: Option<String>,
    /// True if left out.
    required: Option<bool>,
    /// One of these.
    r#enum: Option<Vec<String>>,
    min: Option<i64>,
    max: Option<i64>,
    format: Option<Format>,
    /// A regular expression that the whole value fits.
    pattern: Option<String>,
    /// Letters: 200.
    #[schemars(range(min = 1, max = 4000))]
    max_length: Option<u32>,
}

/// string if left out.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Kind {
    String,
    Integer,
    Number,
    Boolean,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Format {
    Date,
    Time,
    DateTime,
    Email,
    /// E.164: +447700900123.
    Phone,
    Digits,
}

/// How far an agent may go with an argument, within what the tool allows.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct AuthorityTable {
    r#enum: Option<Vec<String>>,
    min: Option<i64>,
    max: Option<i64>,
}
