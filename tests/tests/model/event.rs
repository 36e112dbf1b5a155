//! What can happen in a run. Each event is complete in itself and harmless where it does not fit, so a list of them can be
//! shortened and played again.

use std::time::Duration;
use tandem_sdp::Direction;
use tandem_types::provider::ProviderFault;

/// Something that happens, a while after what happened before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) after: Duration,
    pub(crate) deed: Deed,
}

/// Whose phone: the place in the cast.
pub(crate) type Whose = usize;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Deed {
    /// Nothing but time.
    Nothing,
    Calls(Whose, &'static str),
    HangsUp(Whose),
    Answers(Whose),
    Rings(Whose),
    EarlyMedia(Whose),
    Rejects(Whose, u16),
    /// What the phone does with calls from now on.
    Becomes(Whose, Manner),
    Presses(Whose, &'static str),
    Says(Whose, &'static str),
    Holds(Whose, Direction),
    Resumes(Whose),
    /// The phone's own transfer key.
    Refers(Whose, &'static str),
    /// Calls somebody else while the call in its ear waits.
    Consults(Whose, &'static str),
    /// Transfers whom it has waiting to the one in its ear.
    Completes(Whose),
    /// Takes the place of another phone of the same user.
    TakesOver(Whose),
    /// What the phone does with a REFER from now on.
    Follows(Whose, Refer),
    Mute(Whose, bool),
    Dead(Whose, bool),
    Registers(Whose),
    Unregisters(Whose),
    /// The link between the gateway and this phone's address, both ways.
    Link(Whose, Quality),
    Stt(Option<ProviderFault>),
    Llm(Option<ProviderFault>),
    /// The model's next answer.
    Reply(Answer),
    Tts(bool),
    /// Providers take this long.
    Slow(Duration),
    Ports(u32),
    /// The last so-manyth SIP packet to the gateway comes again, as it was or with one byte changed.
    Again {
        back: usize,
        byte: Option<(usize, u8)>,
    },
    /// The next answer to a REFER comes so many milliseconds later.
    LateAnswer(u32),
    Restart,
    Drain,
    EndAll,
    /// An admin ends the so-manyth running call.
    EndOne(usize),
    /// An admin takes back what was promised to the so-manyth who is to be called back.
    CancelOne(usize),
}

/// What a phone does with calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Manner {
    Waits,
    Rings,
    Answers(u32),
    RingsThenRejects(u32, u16),
    Busy,
    Rejects(u16),
    /// With `Reason: Q.850`.
    RejectsBecause(u16, u8),
    Ignores,
}

/// What a phone does with a REFER.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refer {
    Follows,
    Refuses(u16),
    /// Milliseconds after the one before, status (0: a body without one).
    Notifies(&'static [(u32, u16)]),
    AcceptsOnly,
    AcceptsThenBye(u32),
    Ignores,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quality {
    Good,
    /// A few percent of everything.
    Poor,
    /// Every fifth packet lost, many doubled and overtaken.
    Bad,
    /// 40 to 120 ms.
    Far,
    /// Nothing for this many milliseconds.
    Cut(u32),
}

/// What the language model answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Says(&'static str),
    Transfers(&'static str),
    /// A tool that it was not offered, or arguments that are none.
    Nonsense(&'static str, &'static str),
    /// Says that it will, and does nothing.
    Promises,
    Fails(u32, ProviderFault),
    Hangs,
}
