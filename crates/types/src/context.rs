//! The context package of a handoff: what the next one to speak with the caller must know. Typed,
//! versioned and hashed; delivered equals recorded.

use crate::{CallId, HandoffId, Wall, canonical};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of this schema, in every package.
pub const CONTEXT_VERSION: &str = "1.0";

/// Who holds or receives a caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Holder {
    /// An AI agent by name.
    Agent(String),
    /// A queue of people by name.
    Queue(String),
    /// An extension.
    Extension(String),
    /// A destination outside, by its name in the dialplan.
    Outside(String),
    /// A menu by keys.
    Menu(String),
    /// Any other destination, in the dialplan's grammar.
    Other(String),
}

impl fmt::Display for Holder {
    /// In the dialplan's grammar.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(n) => write!(f, "agent:{n}"),
            Self::Queue(n) => write!(f, "queue:{n}"),
            Self::Extension(n) => write!(f, "ext:{n}"),
            Self::Outside(n) => write!(f, "outside:{n}"),
            Self::Menu(n) => write!(f, "menu:{n}"),
            Self::Other(n) => f.write_str(n),
        }
    }
}

/// What moved the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffReason {
    /// The intent belongs to somebody else.
    IntentMatch,
    /// The caller asked for a person.
    CallerRequest,
    /// Not understood often enough.
    LowConfidence,
    /// A rule of the dialplan (phrase, topic).
    Policy,
    /// Too many hops or turns.
    LoopGuard,
    /// A model or speech provider is down.
    ProviderOutage,
    /// A key.
    Key,
    /// The conversation ran out of time.
    Timeout,
    /// The model decided, within its targets.
    Model,
    /// A transfer failed and the call came back.
    TransferFailed,
    /// A person gave the caller back.
    PersonReturned,
    /// A person passed the caller on to another.
    PersonPassedOn,
}

/// Something that the caller told us, with where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// e.g. `account_number`, `postcode`, `amount`, `date`, `name`.
    pub name: String,
    /// As it was given.
    pub value: String,
    /// 0 to 1000.
    pub confidence: u16,
    /// The turn it came from, e.g. `t3`.
    pub turn: String,
    /// It must be masked for those who need not see it.
    pub sensitive: bool,
}

/// One turn, verbatim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// `t1`, `t2`, ... over the whole call.
    pub id: String,
    /// Who spoke.
    pub speaker: Speaker,
    /// What was said; for an agent what the caller *heard* of it.
    pub text: String,
    /// When.
    pub at: Wall,
    /// An agent's words were cut off.
    pub interrupted: bool,
}

/// Who spoke a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Speaker {
    /// By voice.
    Caller,
    /// By keys.
    CallerKeys,
    /// An agent by name.
    Agent(String),
}

/// Something that was done for the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionTaken {
    /// What, e.g. `transfer queue:billing`.
    pub what: String,
    /// How it went.
    pub result: String,
    /// When.
    pub at: Wall,
}

/// One hop of the call so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// Who had the caller.
    pub from: Holder,
    /// Who got the caller.
    pub to: Holder,
    /// Why.
    pub reason: HandoffReason,
    /// Which handoff.
    pub handoff: HandoffId,
    /// When.
    pub at: Wall,
}

/// The package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextPackage {
    /// [`CONTEXT_VERSION`].
    pub version: String,
    /// This handoff.
    pub handoff: HandoffId,
    /// Of this call.
    pub call: CallId,
    /// The source.
    pub from: Holder,
    /// The target.
    pub to: Holder,
    /// Why.
    pub reason: HandoffReason,
    /// What set it off, e.g. the words, `key 0`, the phrase.
    pub trigger: String,
    /// The caller's number as it may be shown; empty when withheld.
    pub caller_number: String,
    /// The caller's name if known.
    pub caller_name: Option<String>,
    /// What the caller wants, in their words.
    pub goal: Option<String>,
    /// The turn in which they said so.
    pub goal_turn: Option<String>,
    /// Label of the intent.
    pub intent: Option<String>,
    /// 0 to 1000.
    pub intent_confidence: u16,
    /// What they told us.
    pub entities: Vec<Entity>,
    /// -1000 (furious) to 1000, one per caller turn: the trend.
    pub sentiment: Vec<i16>,
    /// Two or three sentences.
    pub summary: String,
    /// The last turns verbatim.
    pub last_turns: Vec<Turn>,
    /// How many turns there are in all; all are in the store under the call's id.
    pub turns: u32,
    /// What was done, with results.
    pub actions: Vec<ActionTaken>,
    /// What was promised.
    pub promises: Vec<String>,
    /// What must not be asked again: names of entities.
    pub do_not_ask: Vec<String>,
    /// `none`, `caller-id`.
    pub verified: String,
    /// BCP 47.
    pub language: String,
    /// Who had the caller before.
    pub hops: Vec<Hop>,
    /// Names of what was left out for this recipient.
    pub redacted: Vec<String>,
    /// When the AI said that it is one.
    pub disclosed_at: Option<Wall>,
    /// When this was made.
    pub created_at: Wall,
}

impl ContextPackage {
    /// SHA-256 of the canonical JSON; recorded at the offer and again by the receiver.
    pub fn sha256(&self) -> String {
        canonical::hash_of(self)
    }
}
