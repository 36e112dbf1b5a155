//! A tool over HTTP as the dialplan describes it: data, never code. Made by `dialplan`, filled in and judged by
//! `agent`, sent by `speech`. What a model says fills the gaps of a template by their position; it never is part of one.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// What a tool does to the world.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing: it may run again, and is dropped where nobody wants its answer any more.
    #[default]
    Read,
    /// It changes something: the same act is done once in a call, and goes on whatever the caller does meanwhile.
    Write,
    /// As `Write`, and the conversation is over once it is done.
    Final,
}

impl Effect {
    /// Whether the same act must not be done twice.
    pub fn acts(self) -> bool {
        matches!(self, Self::Write | Self::Final)
    }
}

/// How it is asked (RFC 9110 section 9.3, RFC 5789).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// Arguments that the URL does not name are its query.
    #[default]
    Get,
    /// They are a JSON object.
    Post,
    /// They are a JSON object.
    Put,
    /// They are a JSON object.
    Patch,
    /// They are its query.
    Delete,
}

impl HttpMethod {
    /// As it stands in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it has a body.
    pub fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

/// A stretch of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// As the dialplan has it, encoded already.
    Text(String),
    /// An argument, or what is known of the call, by its name.
    Fill(String),
}

/// An address in its parts (RFC 3986 section 3). Scheme and authority have no gaps, and there is no fragment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlTemplate {
    /// `https://crm.example:8443`.
    pub origin: String,
    /// With its first `/`; empty: none.
    pub path: Vec<Piece>,
    /// Without its `?`; empty: none.
    pub query: Vec<Piece>,
}

/// What an argument is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgKind {
    /// Text, without control characters.
    #[default]
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
}

impl ArgKind {
    /// As JSON Schema has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

/// The form of a text. Digits are those of ASCII alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArgFormat {
    /// `2026-11-20` (RFC 3339).
    Date,
    /// `14:30` or `14:30:00`.
    Time,
    /// `2026-11-20T14:30:00Z` (RFC 3339); seconds and offset may be left out.
    DateTime,
    /// `mary@example.com`.
    Email,
    /// `+447700900123` (ITU E.164).
    Phone,
    /// Digits alone.
    Digits,
}

impl ArgFormat {
    /// As the dialplan has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "date-time",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Digits => "digits",
        }
    }
}

/// What values are allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// One of these; empty: any.
    pub one_of: Vec<String>,
    /// Not less.
    pub min: Option<i64>,
    /// Not more.
    pub max: Option<i64>,
}

/// One argument.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arg {
    /// What it is.
    pub kind: ArgKind,
    /// For the model.
    pub description: String,
    /// It must be given.
    pub required: bool,
    /// What it may be.
    pub bounds: Bounds,
    /// Of a text.
    pub format: Option<ArgFormat>,
    /// A regular expression that the whole of a text fits.
    pub pattern: Option<String>,
    /// Letters of a text.
    pub max_length: u32,
}

/// A field of the answer that is kept as a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// Where it stands: keys, or places in a list.
    pub path: Vec<String>,
    /// What the fact is called.
    pub name: String,
    /// Masked for those who need not see it.
    pub sensitive: bool,
}

/// Whether the caller is asked first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirm {
    /// No.
    #[default]
    No,
    /// In the usual words.
    Usual,
    /// In these; `{...}` are arguments.
    Words(String),
}

/// One tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// For the model, and for the caller who is asked first.
    pub description: String,
    /// Under what the driver knows where it is and its secrets: `DIALPLAN/NAME`.
    pub endpoint: String,
    /// How.
    pub method: HttpMethod,
    /// Where.
    pub url: UrlTemplate,
    /// What is sent; texts in it may have `{gaps}`. `None`: the arguments that the URL does not name.
    pub body: Option<Value>,
    /// From the request to the whole answer.
    pub timeout: Duration,
    /// By name.
    pub args: BTreeMap<String, Arg>,
    /// What of the answer becomes facts.
    pub keep: Vec<Keep>,
    /// What it does.
    pub effect: Effect,
    /// The caller must say yes first.
    pub confirm: Confirm,
}

/// Something that another system knows: who calls, before anybody speaks, or what a caller keyed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpLookup {
    /// As of a tool.
    pub endpoint: String,
    /// Where; `{from_e164}` is the caller's number.
    pub url: UrlTemplate,
    /// A greeting waits no longer; of an answer, from the request to the whole of it.
    pub timeout: Duration,
    /// What of the answer becomes facts.
    pub keep: Vec<Keep>,
}

/// A driver reports its own time-outs; whoever asked gives up so much later, for one that does not.
pub const GRACE: Duration = Duration::from_millis(250);

/// A request, whole. Headers of the endpoint and its secrets are the driver's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAsk {
    /// Whose secrets it may have.
    pub endpoint: String,
    /// How.
    pub method: HttpMethod,
    /// Where, encoded.
    pub url: String,
    /// JSON.
    pub body: Option<String>,
    /// The same act has the same key (`Idempotency-Key`); it goes on when the call is over.
    pub key: Option<String>,
    /// From the request to the whole answer.
    pub timeout: Duration,
}

/// A 2xx answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// Its status.
    pub status: u16,
    /// What was sent; UTF-8, bounded by the driver.
    pub body: String,
}
