//! An agent as the dialplan describes it: data, never code. Made by `dialplan`, run by `agent`.

use crate::tool::{Bounds, HttpLookup, Tool};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Where a conversation may be led: a name of the dialplan in the one destination grammar
/// (`agent:billing`, `queue:reception`, `hangup`). Never a number that a caller or a model made up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Target(pub String);

/// One agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSpec {
    /// Its name in the dialplan, without `agent:`.
    pub name: String,
    /// How it is called when spoken about ("billing", "the front desk").
    pub spoken_name: String,
    /// The first words when it takes a call without a handoff. `{caller_name}` and `{daypart}` may occur.
    pub greeting: Option<String>,
    /// The system prompt for a model.
    pub instructions: String,
    /// Provider profile; `None`: the offline one.
    pub providers: Option<String>,
    /// That profile has a language model; else it speaks by templates.
    pub has_model: bool,
    /// Voice name.
    pub voice: String,
    /// BCP 47.
    pub language: String,
    /// Destinations it may hand the caller to.
    pub hands_off_to: Vec<Target>,
    /// What callers say, by intent, for the classifier.
    pub intents: BTreeMap<String, Vec<String>>,
    /// Where each intent leads; an intent without a route is answered by `answers`.
    pub routes: BTreeMap<String, Target>,
    /// What it says to an intent when no model is configured (`{entity}` may occur).
    pub answers: BTreeMap<String, String>,
    /// Templates: `handing_over` (`{to}`), `not_understood`, `anything_else`, `greeting_after_handoff`
    /// (`{goal}`, `{from}`), `offer` (`{to}`), `back` (`{reason}`), `goodbye`, `transferring` (`{to}`).
    pub says: BTreeMap<String, String>,
    /// 0 to 1000; below it the agent asks once more, then hands to the operator.
    pub min_confidence: u16,
    /// Turns of the caller after which it hands to the operator; 0: no limit.
    pub max_turns: u32,
    /// Tools of the dialplan that its model may call.
    pub tools: Vec<String>,
    /// How far it may go with them: by tool and argument. What the tool itself allows is the outer limit.
    pub authority: BTreeMap<String, BTreeMap<String, Bounds>>,
}

/// The rules of a dialplan that every agent of a call obeys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRules {
    /// All agents by name.
    pub agents: BTreeMap<String, Arc<AgentSpec>>,
    /// Said before the first AI turn, by language. Not interruptible.
    pub disclosure: BTreeMap<String, String>,
    /// The same in few words, for a caller whom a person gives back; a language without one says `disclosure`.
    pub disclosure_again: BTreeMap<String, String>,
    /// Words and what they force, checked before any classifier or model (lower case, whole words).
    pub phrases: Vec<(Vec<String>, Target)>,
    /// Where "a person, please" leads.
    pub on_human: Option<Target>,
    /// Keys that lead somewhere at any time, e.g. `0`.
    pub keys: BTreeMap<char, Target>,
    /// Brings a caller back who is being put through to somebody.
    pub cancel_key: Option<char>,
    /// Where a call goes when providers are down and nothing else is left.
    pub on_provider_down: Option<Target>,
    /// Handoffs between agents before the operator.
    pub max_handoffs: u32,
    /// The last resort.
    pub operator: Option<Target>,
    /// Spoken names of destinations, for `{to}`: `queue:billing` to `billing`.
    pub spoken: BTreeMap<Target, String>,
    /// How long the AI may talk with one caller; zero: no limit.
    pub max_ai_time: Duration,
    /// Tools by name.
    pub tools: BTreeMap<String, Arc<Tool>>,
    /// Who calls is asked of somebody before the greeting.
    pub caller_lookup: Option<Arc<HttpLookup>>,
    /// What callers are asked without an agent becomes facts of these names (`[ask.NAME]`).
    pub asked: Vec<String>,
}
