//! What the machine is told and what it asks for.

use super::Brain;
use crate::tool::Fact;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tandem_types::{
    CallId, HandoffId, Mono, Reason, Rng, SegmentId,
    agent::Target,
    context::ContextPackage,
    journal::What,
    provider::{ProviderCommand, ProviderEvent},
};

/// What a conversation starts from.
#[derive(Clone, Debug)]
pub struct ConversationStart {
    /// Of this call.
    pub call: CallId,
    /// The caller's number as it may be shown; empty when withheld.
    pub caller_number: String,
    /// The caller's name if known.
    pub caller_name: Option<String>,
    /// BCP 47; the language of the number that was called.
    pub language: String,
    /// Rules and trained models.
    pub brain: Arc<Brain>,
    /// For handoff ids.
    pub rng: Rng,
    /// What is known of the caller already.
    pub facts: Vec<Fact>,
    /// They are being looked up: [`Input::LookedUp`] follows. A greeting that says what is known waits until then.
    pub looked_up_by: Option<Mono>,
    /// Numbers of requests that the call has used up.
    pub requests: u32,
}

/// Told to the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// The caller's media is up and this agent takes the call. A second one is ignored.
    Begin {
        /// Its name, without `agent:`.
        agent: String,
    },
    /// The caller began to speak.
    SpeechStarted {
        /// Which stretch.
        segment: SegmentId,
    },
    /// They have spoken for this long and go on (200 ms, 500 ms).
    SpeechGoesOn {
        /// Which stretch.
        segment: SegmentId,
        /// Milliseconds so far.
        ms: u32,
    },
    /// Silence ended the stretch; its sound is kept.
    SpeechEnded {
        /// Which stretch.
        segment: SegmentId,
        /// Milliseconds from first to last speech.
        ms: u32,
    },
    /// A provider answered. Late and unknown answers are ignored.
    Provider(ProviderEvent),
    /// The caller pressed a key, `0-9*#A-D`.
    Digit(char),
    /// The first sample of an utterance went out.
    SayStarted {
        /// Which.
        utterance: u32,
    },
    /// An utterance is over.
    Said {
        /// Which.
        utterance: u32,
        /// Milliseconds that were sent.
        played_ms: u32,
        /// Milliseconds of the whole; 0 if never known.
        total_ms: u32,
        /// It was played to its end.
        whole: bool,
    },
    /// An utterance could not be made or played.
    SaidFailed {
        /// Which.
        utterance: u32,
    },
    /// The caller put us on hold (`true`), or took us off.
    Held(bool),
    /// Phones are being rung for what [`Output::Ring`] announced.
    TransferBegun {
        /// Which handoff.
        handoff: HandoffId,
    },
    /// The transfer that was asked for rings at somebody.
    TransferRang,
    /// The caller waits in a queue, which tells them how it stands.
    TransferQueued,
    /// Somebody answered, and waits to be told.
    TransferAnswered,
    /// It came to nothing; the caller is back with the agent.
    TransferFailed {
        /// Which handoff.
        handoff: HandoffId,
        /// Why.
        reason: Reason,
        /// More of it in speakable words, e.g. `they are in a meeting`.
        more: Option<String>,
    },
    /// Somebody has the caller. The machine keeps still, and keeps its memory.
    TransferDone {
        /// Which handoff.
        handoff: HandoffId,
    },
    /// The person has the caller no longer.
    Returned {
        /// What they said about it, speakable.
        note: Option<String>,
        /// How that came.
        how: Return,
    },
    /// The caller was looked up, or could not be.
    LookedUp {
        /// What is known now; none.
        facts: Vec<Fact>,
    },
    /// The caller answered a question that no agent put.
    Told {
        /// Their answer, and what others know of it.
        facts: Vec<Fact>,
    },
    /// Whoever had the caller before [`Conversation::pass_on`](super::Conversation::pass_on) has them still.
    PersonKeeps,
    /// The caller is gone. Nothing but last turns comes out afterwards.
    CallerGone,
}

/// How a person let go of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Return {
    /// By a key.
    GivenBack,
    /// They hung up first.
    HungUp,
    /// Their line was lost.
    Lost,
}

/// Asked of the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "output", rename_all = "snake_case")]
pub enum Output {
    /// Say this after whatever is being said. Answered by `SayStarted` and exactly one of `Said`,
    /// `SaidFailed`.
    Say {
        /// Counts up from 1.
        utterance: u32,
        /// The words.
        text: String,
        /// Whose voice.
        voice: String,
        /// BCP 47.
        language: String,
        /// The provider profile; `offline` without one.
        profile: String,
        /// The caller may talk over it.
        interruptible: bool,
    },
    /// Stop all utterances, the queued ones too. Each is still answered by `Said`.
    StopSaying,
    /// Halt where it is.
    PauseSaying,
    /// Go on from there.
    ResumeSaying,
    /// Listen to the caller, or not.
    Listen {
        /// On or off.
        on: bool,
        /// Silence that ends a stretch of speech.
        end_silence: Duration,
    },
    /// Ask a provider.
    Provider(ProviderCommand),
    /// The caller is being told that they are put through: phones may ring already. Answered by `TransferBegun` if they do.
    /// `Transfer` of the same handoff follows, with whatever the caller said meanwhile, or `Abandon`.
    Ring {
        /// What is known so far.
        package: Box<ContextPackage>,
        /// A destination of the dialplan.
        target: Target,
    },
    /// The caller has changed their mind. `HandoffOffered` is journalled just before, if it was not yet. Answered by
    /// `TransferFailed`; by nothing where it is too late.
    Abandon {
        /// Which handoff.
        handoff: HandoffId,
    },
    /// Move the caller to somebody who is no agent of ours. `HandoffOffered` is journalled just before.
    /// Answered by `TransferDone`, or `TransferFailed`.
    Transfer {
        /// What they must know.
        package: Box<ContextPackage>,
        /// Its hash.
        sha256: String,
        /// A destination of the dialplan.
        target: Target,
    },
    /// Goodbye was said: end the call.
    Hangup,
    /// Write this down.
    Journal(What),
}
