//! The spine: every decision of a call is one ordered, typed event. CDR, transcript, handoff
//! ledger, console, metrics and recovery are views of this stream; nothing else writes them.
//!
//! An intent is journaled before the wire action that it announces, the outcome after.

mod callback;
mod kind;
mod message;
mod open;
mod queue;

pub use callback::{CallbackEnd, CallbackTry, CallbackWish};
pub use message::MessageEnd;
pub use open::Open;
pub use queue::QueueEnd;

use crate::{
    CallId, HandoffId, LegId, MessageId, Reason, SrtpSuite, Termination, TransferId, Wall,
    context::{ContextPackage, Holder, Speaker},
    media::{Codec, LegStats, Proof},
    provider::ProviderFault,
    recording::RecordingSum,
    tool::Effect,
};
use serde::{Deserialize, Serialize};

/// One event of one call. `seq` counts up from 1 within the call without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it was decided. First, as in canonical JSON, so that nothing has to be moved there.
    pub at: Wall,
    /// The call.
    pub call: CallId,
    /// Its place.
    pub seq: u32,
    /// What.
    pub what: What,
}

/// What part a leg plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegRole {
    /// The one who called in.
    Caller,
    /// A far end that is rung without a brief.
    Callee,
    /// A person who is briefed first.
    Consult,
}

/// How a caller is moved to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// Consult leg, brief, merge.
    Warm,
    /// REFER, or a bridge without a brief.
    Cold,
}

/// How a handoff ended: its one terminal state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffEnd {
    /// The receiver has the caller.
    Completed,
    /// The receiver did not take the caller; the source has them still.
    Failed,
    /// The caller left or changed their mind before it was decided.
    Abandoned,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    /// A call came in and was admitted.
    CallStarted {
        /// The caller's number or address as received; empty when withheld.
        from: String,
        /// The called number after normalisation.
        to: String,
        /// The trunk, or `phone:EXT`.
        via: String,
        /// The dialplan that took it.
        dialplan: Option<String>,
        /// The destination it starts at.
        start: String,
        /// SIP Call-ID of the first leg.
        sip_call_id: String,
    },
    /// Somebody has signed for the caller's number, or it was said that somebody had.
    CallerVerified {
        /// What that is worth.
        attested: crate::Attested,
        /// Why it is not believed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A leg exists.
    LegCreated {
        /// The leg.
        leg: LegId,
        /// Its part.
        role: LegRole,
        /// The far end: number, extension or URI.
        peer: String,
        /// SIP Call-ID.
        sip_call_id: String,
    },
    /// First 18x.
    LegRinging {
        /// The leg.
        leg: LegId,
    },
    /// 2xx with an agreed codec.
    LegAnswered {
        /// The leg.
        leg: LegId,
        /// What it speaks.
        codec: Codec,
        /// What it is encrypted by, if it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        srtp: Option<SrtpSuite>,
    },
    /// Media of a leg was proved.
    LegProved {
        /// The leg.
        leg: LegId,
        /// What showed it.
        by: Proof,
    },
    /// The far end put us on hold, or took us off.
    LegHeld {
        /// The leg.
        leg: LegId,
        /// On or off.
        held: bool,
    },
    /// A leg is over.
    LegEnded {
        /// The leg.
        leg: LegId,
        /// How.
        end: Termination,
    },
    /// What the flow of a leg did, once its port is given back.
    LegMeasured {
        /// The leg.
        leg: LegId,
        /// Counters.
        stats: LegStats,
    },
    /// The caller's leg was answered: billing begins.
    CallAnswered,
    /// The caller has been told that this is an AI.
    Disclosed {
        /// The language it was said in.
        language: String,
    },
    /// An agent has the caller.
    AgentEntered {
        /// Which.
        agent: String,
        /// By which handoff, if any.
        handoff: Option<HandoffId>,
    },
    /// A turn of the conversation is complete.
    TurnEnded {
        /// `t1`, `t2`, ...
        turn: String,
        /// Who spoke.
        speaker: Speaker,
        /// What the caller said, or what they heard.
        text: String,
        /// What an agent meant to say, when that differs.
        generated: Option<String>,
        /// Cut off by the caller.
        interrupted: bool,
        /// 0 to 1000, of the recogniser.
        confidence: u16,
    },
    /// What a turn was taken to mean.
    Understood {
        /// The turn.
        turn: String,
        /// The intent; `None`: nothing fits.
        intent: Option<String>,
        /// 0 to 1000, calibrated.
        confidence: u16,
        /// `phrase`, `classifier`, `model`, `key`.
        by: String,
    },
    /// A provider failed; what was done instead.
    ProviderFailed {
        /// `stt`, `llm`, `tts`.
        door: String,
        /// How.
        fault: ProviderFault,
        /// The fallback.
        instead: String,
    },
    /// A tool is asked, or the caller is looked up; written before the request goes out.
    ToolCalled {
        /// Which request of the call.
        request: u32,
        /// Its name in the dialplan; `caller_lookup`.
        tool: String,
        /// What it does.
        effect: Effect,
        /// The turn that led to it; empty before the first.
        turn: String,
        /// Canonical JSON; secrets among them masked.
        arguments: String,
        /// The same act has the same key.
        key: Option<String>,
    },
    /// What came of it.
    ToolEnded {
        /// Which request of the call.
        request: u32,
        /// Its name.
        tool: String,
        /// `ok`, a fault (`timed_out`, `status_500`), `dropped` (nobody wanted it any more), `caller_gone`.
        outcome: String,
        /// Milliseconds from the request to that.
        ms: u32,
        /// Names of the facts that were kept.
        kept: Vec<String>,
    },
    /// A handoff was decided; the package is recorded before anybody is told.
    HandoffOffered {
        /// The package.
        package: Box<ContextPackage>,
        /// Its hash.
        sha256: String,
    },
    /// The receiver has the package; the hash is of what it got.
    HandoffAcknowledged {
        /// Which.
        handoff: HandoffId,
        /// Hash of what was delivered.
        sha256: String,
        /// What was delivered in words, where it was spoken or sent (the brief, the header).
        delivered: Option<String>,
    },
    /// Its one terminal state.
    HandoffEnded {
        /// Which.
        handoff: HandoffId,
        /// How.
        end: HandoffEnd,
        /// Why, when it failed.
        reason: Option<Reason>,
    },
    /// A transfer to people began.
    TransferStarted {
        /// Which.
        transfer: TransferId,
        /// The handoff that it carries out.
        handoff: HandoffId,
        /// Warm or cold.
        kind: TransferKind,
        /// To whom.
        to: Holder,
    },
    /// One person or trunk is tried.
    TransferDialled {
        /// Which.
        transfer: TransferId,
        /// The consult leg; `None` for a REFER.
        leg: Option<LegId>,
        /// The destination in the dialplan's grammar.
        target: String,
        /// Counts from 1.
        attempt: u32,
    },
    /// It rings there.
    TransferRang {
        /// Which.
        transfer: TransferId,
    },
    /// Somebody answered.
    TransferAnswered {
        /// Which.
        transfer: TransferId,
    },
    /// The brief began.
    TransferBriefed {
        /// Which.
        transfer: TransferId,
        /// Its words.
        text: String,
    },
    /// The person took the caller.
    TransferAccepted {
        /// Which.
        transfer: TransferId,
        /// `key 1`, `answer`, `202`.
        by: String,
    },
    /// Caller and person hear each other.
    TransferBridged {
        /// Which.
        transfer: TransferId,
    },
    /// One attempt failed; the next, or the end, follows.
    TransferAttemptFailed {
        /// Which.
        transfer: TransferId,
        /// Typed.
        reason: Reason,
        /// SIP status or 0.
        sip: u16,
    },
    /// Its one terminal state.
    TransferEnded {
        /// Which.
        transfer: TransferId,
        /// `None`: it succeeded.
        failed: Option<Reason>,
    },
    /// The caller waits in a queue from here on.
    QueueEntered {
        /// Its name.
        queue: String,
        /// Their place: 1 is next.
        position: u32,
    },
    /// They do not any more, or were not let in.
    QueueLeft {
        /// Its name.
        queue: String,
        /// How.
        end: QueueEnd,
        /// Milliseconds that they waited.
        waited_ms: u64,
    },
    /// Somebody is not rung by queues any more, or is again. Where a command did it, the one event under an id of its own.
    PersonPaused {
        /// What their phone registers as, else what is dialled.
        person: String,
        /// They are not rung.
        paused: bool,
        /// Whose act it was: `phone`, `command`, `unanswered`, `they speak`.
        by: String,
    },
    /// Two legs are joined without a transfer (a route straight to somebody).
    Bridged {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// A key that was acted on.
    KeyPressed {
        /// The leg.
        leg: LegId,
        /// Which, or `*` when it may be part of a secret.
        digit: char,
        /// What it did.
        did: String,
    },
    /// A caller answered a question of the dialplan, or chose in a menu by words.
    AnswerGiven {
        /// Which: `ask:NAME` or `menu:NAME`.
        question: String,
        /// The digits, and only how many where they are nobody's business; of a menu the key, and where it leads.
        answer: String,
    },
    /// Something that was refused because the plan does not allow it.
    Refused {
        /// What was wanted.
        wanted: String,
        /// The rule.
        rule: String,
    },
    /// The call is recorded from here on.
    RecordingStarted {
        /// The file, in the directory for recordings.
        path: String,
        /// The name of the key that it is encrypted by, if it is.
        key: Option<String>,
    },
    /// Nothing of the call is kept from here on: no sound, no key, and no word of the transcript.
    RecordingPaused {
        /// Whose act it was: `key *7`, `agent:payments`, `admin`.
        by: String,
    },
    /// It is again.
    RecordingResumed {
        /// Whose act it was.
        by: String,
    },
    /// The recording is over. May follow the end of the call.
    RecordingEnded {
        /// What it came to.
        sum: RecordingSum,
    },
    /// A caller leaves a message.
    MessageStarted {
        /// Which.
        message: MessageId,
        /// The dialplan and the name of the mailbox: `reception/general`.
        mailbox: String,
        /// The file, in the directory for recordings.
        path: String,
        /// The name of the key that it is encrypted by, if it is.
        key: Option<String>,
    },
    /// They have left it. May follow the end of the call.
    MessageEnded {
        /// Which.
        message: MessageId,
        /// Why it ends here.
        by: MessageEnd,
        /// It waits in the mailbox. Else nothing was said, and it is erased.
        kept: bool,
        /// What it came to.
        sum: RecordingSum,
    },
    /// Somebody has heard it. Where a command did it, the one event under an id of its own.
    MessageHeard {
        /// Which.
        message: MessageId,
        /// `phone:201`, `command`.
        by: String,
    },
    /// It is deleted, and its file erased. Where a command did it, the one event under an id of its own.
    MessageDeleted {
        /// Which.
        message: MessageId,
        /// `phone:201`, `command`.
        by: String,
    },
    /// What was said in it. The one event under an id of its own.
    MessageTranscribed {
        /// Which.
        message: MessageId,
        /// As the recogniser understood it.
        text: String,
    },
    /// A mail server has taken the mail about it. The one event under an id of its own.
    MessageMailed {
        /// Which.
        message: MessageId,
        /// To whom it goes.
        to: Vec<String>,
    },
    /// No mail server has taken it. The one event under an id of its own.
    MailFailed {
        /// Which.
        message: MessageId,
        /// What went wrong.
        why: String,
        /// It is not tried again.
        given_up: bool,
    },
    /// A caller is to be called back, which is known by the call in which they asked for it.
    CallbackAsked {
        /// What they asked for.
        wish: Box<CallbackWish>,
    },
    /// A person is there, and the caller's phone is about to ring.
    CallbackDialled {
        /// The call in which they asked for it.
        callback: CallId,
    },
    /// A try is over.
    CallbackTried {
        /// The call in which they asked for it.
        callback: CallId,
        /// How.
        how: CallbackTry,
        /// Milliseconds of speech between the two.
        ms: u64,
    },
    /// They are not called back any more. The one event under an id of its own.
    CallbackEnded {
        /// The call in which they asked for it.
        callback: CallId,
        /// How it ended.
        end: CallbackEnd,
        /// Who says so: `gateway`, `command`.
        by: String,
    },
    /// Something that a person should look at.
    Alarm {
        /// What.
        text: String,
    },
    /// A new configuration is in force. No call's: the one event under an id of its own.
    Reloaded {
        /// Who asked for it.
        by: String,
        /// Of its files: SHA-256 in hexadecimal digits.
        sha256: String,
    },
    /// The call is over; nothing follows but `LegMeasured`, `RecordingEnded` and `MessageEnded`.
    CallEnded {
        /// How.
        end: Termination,
        /// Milliseconds from admission to end.
        duration_ms: u64,
        /// Milliseconds from answer to end.
        billed_ms: u64,
    },
}
