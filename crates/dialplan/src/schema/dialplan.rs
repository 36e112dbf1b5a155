//! `dialplans/NAME.toml`.

use super::callback::CallbackTable;
use super::voicemail::{Mailbox, texts};
use super::{
    ask::AskTable,
    tools::{AuthorityTable, CallerLookupTable, ToolTable},
    values::{Country, Destination, Dialled, Key, Language, Number, OneOrSeveral, Span},
};
use crate::{LINE_SAYS, load::said};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::{borrow::Cow, collections::BTreeMap};

/// What becomes of calls to some numbers: hours and rules, agents, menus, queues and people, and what may be dialled.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "dialplans/NAME.toml")]
pub(super) struct DialplanToml {
    /// 1.
    #[schemars(range(min = 1, max = 1))]
    version: Option<u32>,
    /// One line.
    description: Option<String>,
    /// Called numbers that are this dialplan's.
    numbers: Option<Vec<Dialled>>,
    /// Trunks that it takes calls from; any if left out.
    trunks: Option<Vec<String>>,
    /// The first is the default.
    languages: Option<Vec<Language>>,
    /// For tones.
    country: Option<Country>,
    /// Whose clock says good morning, IANA.
    timezone: Option<String>,
    /// Of announcements and menus.
    voice: Option<String>,
    /// Provider profile of tandem.toml.
    providers: Option<String>,
    /// Where a call starts when no [[when]] rule says otherwise.
    start: Option<Destination>,
    /// Numbers with a way of their own; the first match wins.
    routes: Option<BTreeMap<String, Destination>>,
    /// Opening hours by name.
    hours: Option<BTreeMap<String, HoursTable>>,
    /// The first rule that holds says where a call starts.
    when: Option<Vec<Rule>>,
    notice: Option<Notice>,
    recording: Option<RecordingTable>,
    /// By name.
    agents: Option<BTreeMap<String, Agent>>,
    /// By name.
    menus: Option<BTreeMap<String, MenuTable>>,
    /// What callers are asked by keys, by name: the answer becomes a fact of that name.
    ask: Option<BTreeMap<String, AskTable>>,
    /// By name.
    queues: Option<BTreeMap<String, QueueTable>>,
    /// People who are reached by a trunk, by name.
    outside: Option<BTreeMap<String, OutsideTable>>,
    /// By name.
    announcements: Option<BTreeMap<String, AnnouncementTable>>,
    /// Mailboxes by name.
    voicemail: Option<BTreeMap<String, Mailbox>>,
    /// How callers are called back, by name.
    callbacks: Option<BTreeMap<String, CallbackTable>>,
    transfers: Option<Transfers>,
    caller_lookup: Option<CallerLookupTable>,
    /// What agents may ask of other systems, by name.
    tools: Option<BTreeMap<String, ToolTable>>,
    /// What moves a caller to a person, whatever an agent thinks.
    escalate: Option<Vec<Escalation>>,
    limits: Option<LimitsTable>,
}

/// Opening hours.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct HoursTable {
    /// OpenStreetMap's opening_hours: Mo-Fr 08:30-17:30; Sa 09:00-12:30; PH off.
    open: String,
    /// IANA; the dialplan's if left out.
    timezone: Option<String>,
    /// What PH is: country:GB, or a calendar in holidays/.
    holidays: Option<Vec<String>>,
}

/// Holds when all that it asks is so.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Rule {
    name: Option<String>,
    /// These hours are open.
    within: Option<String>,
    /// These hours are closed.
    outside: Option<String>,
    /// Set by hand: `tandem hours set NAME`.
    r#override: Option<String>,
    /// Who calls.
    callers: Option<Vec<Dialled>>,
    /// What is known of the caller's number (STIR/SHAKEN).
    attestation: Option<Vec<Attestation>>,
    /// Of a hundred callers; one who is known by a number always gets the same.
    #[schemars(range(min = 1, max = 99))]
    share: Option<u32>,
    start: Destination,
}

#[derive(JsonSchema)]
enum Attestation {
    A,
    B,
    C,
    #[schemars(rename = "passed")]
    Passed,
    #[schemars(rename = "failed")]
    Failed,
    #[schemars(rename = "none")]
    None,
}

/// What callers are told first.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Notice {
    /// That they speak with a machine, by language.
    disclosure: Option<BTreeMap<String, String>>,
    /// The same to a caller whom a person gives back.
    disclosure_again: Option<BTreeMap<String, String>>,
}

/// Which calls are recorded.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct RecordingTable {
    calls: RecordFrom,
    /// Calls to these numbers alone.
    numbers: Option<Vec<Dialled>>,
    /// From one short tone, for all who are recorded, to the next.
    tone: Option<Span>,
    /// What a person keys in the call: it rests, and goes on.
    pause_code: Option<String>,
    /// It rests while the caller is there: agents and menus.
    not_in: Option<Vec<Destination>>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum RecordFrom {
    Never,
    FromAnswer,
    AfterNotice,
    OnTransfer,
}

/// Listens, understands and routes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Agent {
    /// What it is called when spoken of.
    spoken: Option<String>,
    /// First words: {me}, {caller_name}, {daypart}.
    greeting: Option<String>,
    /// For the language model.
    instructions: Option<String>,
    /// The same in a file.
    instructions_file: Option<String>,
    providers: Option<String>,
    voice: Option<String>,
    language: Option<Language>,
    /// 0 to 1: below, it asks again.
    #[schemars(range(min = 0.0, max = 1.0))]
    min_confidence: Option<f64>,
    /// Turns of the caller before the operator; 0: no limit.
    #[schemars(range(max = 1000))]
    max_turns: Option<u32>,
    /// Whom it may give callers to.
    hands_off_to: Option<Vec<Destination>>,
    /// Tools that its language model may call: names of [tools].
    tools: Option<Vec<String>>,
    /// How far it may go with them: by tool and argument.
    authority: Option<BTreeMap<String, BTreeMap<String, AuthorityTable>>>,
    /// What callers want, each with five to ten examples as they really say it.
    intents: Option<BTreeMap<String, Vec<String>>>,
    /// Where an intent leads.
    routes: Option<BTreeMap<String, Destination>>,
    /// What an intent is answered.
    answers: Option<BTreeMap<String, String>>,
    says: Option<Says>,
}

/// Keys, and where each leads.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MenuTable {
    /// What it is called when spoken of.
    spoken: Option<String>,
    /// What is said.
    prompt: String,
    keys: BTreeMap<String, Destination>,
    /// What callers may say instead of a key, by key.
    words: Option<BTreeMap<String, OneOrSeveral<String>>>,
    /// Extensions that callers may key: `_2XX`, or several.
    direct_dial: Option<OneOrSeveral<Dialled>>,
    /// So long after a digit the next one of an extension may come: 3s.
    digit_timeout: Option<Span>,
    /// Silence after the prompt.
    timeout: Option<Span>,
    /// How often it is said again.
    #[schemars(range(max = 20))]
    retries: Option<u32>,
    /// And then.
    otherwise: Destination,
}

/// People who are rung, and callers who wait for them.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct QueueTable {
    /// What it is called when spoken of.
    spoken: Option<String>,
    /// ext:NUMBER and sip:USER@HOST.
    members: Vec<Destination>,
    strategy: Option<Strategy>,
    /// How long each rings.
    ring: Option<Span>,
    transfer: Option<Mode>,
    /// Music while they ring, a file; the built-in piece if left out.
    hold: Option<String>,
    /// When nobody takes it, and no agent has the caller.
    otherwise: Option<Vec<Destination>>,
    /// So long callers wait for somebody to be free; nobody waits if left out.
    max_wait: Option<Span>,
    /// Hours of this file in which callers come in; at all times, if left out. Who waits when they end is still served.
    within: Option<String>,
    /// Where those go who come outside them; as `overflow`, if left out.
    closed: Option<Destination>,
    /// So many at a time; no limit if left out.
    #[schemars(range(min = 1, max = 100_000))]
    max_waiting: Option<u32>,
    /// From one announcement to the next; 0s: none.
    announce_every: Option<Span>,
    /// Where those go who have waited too long, or for whom nobody is there; the agent that has them if left out, else `otherwise`.
    overflow: Option<Destination>,
    /// The key by which a caller leaves: *; empty: none.
    #[schemars(regex(pattern = r"^[0-9*#]?$"))]
    leave_key: Option<String>,
    /// Where that leads; the agent that has them if left out, else as `overflow`.
    leave_to: Option<Destination>,
    /// People are left in peace for so long after a call of this queue.
    after_call: Option<Span>,
    /// And for so long after they did not take one.
    ring_again: Option<Span>,
    /// Whoever does not answer so many times in a row is paused; 0: nobody is.
    #[schemars(range(max = 100))]
    pause_after: Option<u32>,
    says: Option<LineSays>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Strategy {
    /// One after the other.
    InOrder,
    /// All at once; the first who accepts has the caller.
    RingAll,
    /// One after the other, going on behind whoever was rung last; with max_wait.
    RoundRobin,
    /// Whoever has been free for longest; with max_wait.
    LongestIdle,
}

/// What callers who wait are told.
struct LineSays;

impl JsonSchema for LineSays {
    fn schema_name() -> Cow<'static, str> {
        "LineSays".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        texts(
            &LINE_SAYS,
            "What callers who wait are told; what is not written is as described.",
        )
    }
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Mode {
    /// The person is briefed first.
    Warm,
    /// REFER, or a bridge.
    Cold,
}

/// Somebody who is reached by a trunk.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OutsideTable {
    /// What it is called when spoken of.
    spoken: Option<String>,
    /// Trunks, tried in order.
    via: Vec<String>,
    dial: Number,
    transfer: Option<Mode>,
    ring: Option<Span>,
    caller_id: Option<CallerId>,
}

/// Whose number is shown: ours.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum CallerId {
    Own,
}

/// A text, and then.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct AnnouncementTable {
    text: String,
    then: Destination,
}

/// How callers are put through.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Transfers {
    warm: Option<Warm>,
    cold: Option<Cold>,
}

/// The person is briefed first.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Warm {
    brief: Option<Brief>,
    caller_hears: Option<CallerHears>,
    accept: Option<Accept>,
    decline_key: Option<Key>,
    /// Says the brief again.
    more_key: Option<Key>,
    /// Sends the caller to a queue: 4.
    queue_key: Option<Key>,
    /// That queue: one in which callers wait.
    send_to: Option<Destination>,
    /// Brings a caller back who is being put through.
    cancel_key: Option<Key>,
    /// Gives the caller back to the AI, in the call.
    #[schemars(regex(pattern = r"^[0-9*#]{1,4}$"))]
    back_to_ai_key: Option<String>,
    after_person: Option<AfterPerson>,
    brief_max: Option<Span>,
    /// After the brief, so long for a key.
    answer_wait: Option<Span>,
    /// People who are tried.
    #[schemars(range(min = 1, max = 20))]
    attempts: Option<u32>,
    /// In all.
    total: Option<Span>,
    /// {intent}, {caller_name}, {caller_number}, {goal}, {from}, {to}, {reason}.
    show_on_phone: Option<String>,
    /// Value of the Alert-Info header.
    alert_info: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Brief {
    Spoken,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum CallerHears {
    HoldMusic,
}

/// Takes the caller.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Accept {
    key: Option<Key>,
    voice: Option<bool>,
}

/// Where the caller goes when the person hangs up first.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum AfterPerson {
    Ai,
    Hangup,
}

/// REFER, or a bridge.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Cold {
    method: Option<Method>,
    ring: Option<Span>,
    /// So long a REFER may stay without its last NOTIFY.
    refer_wait: Option<Span>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Method {
    Refer,
    Bridge,
    ReferThenBridge,
}

/// What moves a caller to a person.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Escalation {
    /// asked-for-human, key:0, phrase, provider-down.
    #[schemars(regex(pattern = r"^(asked-for-human|phrase|provider-down|key:[0-9*#])$"))]
    on: String,
    /// Of `phrase`: any of these words.
    any: Option<Vec<String>>,
    to: Destination,
}

/// What may be dialled, and how long a call may be.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LimitsTable {
    /// Nothing else is dialled.
    may_dial: Option<Vec<Dialled>>,
    /// Never beats may.
    never_dial: Option<Vec<Dialled>>,
    /// The longest call.
    max_call: Option<Span>,
    /// Of an agent's handoffs before the operator.
    #[schemars(range(min = 1, max = 50))]
    max_handoffs: Option<u32>,
    /// With agents; 0s: no limit.
    max_ai_time: Option<Span>,
    /// Takes callers whom no agent can help.
    operator: Option<Destination>,
}

/// What an agent says when.
struct Says;

impl JsonSchema for Says {
    fn schema_name() -> Cow<'static, str> {
        "Says".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let all: BTreeMap<&str, _> = said()
            .map(|(name, usual)| {
                let text = serde_json::json!({ "type": "string", "description": usual });
                (name, text)
            })
            .collect();
        json_schema!({
            "type": "object",
            "description": "What the agent says when; what is not written, it says as described.",
            "properties": all,
            "additionalProperties": false,
        })
    }
}
