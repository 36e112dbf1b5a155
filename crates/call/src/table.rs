//! The warm transfer as an admin sees it: one table of where it stands, and what each thing that can happen does there. It is
//! written as values so that the compiler refuses an empty cell; the tests print it as a page (`tests/golden/warm_transfer.md`) and
//! fail where a cell names a scenario that there is not. The machines that do it, each with its own smaller table, are [`crate::reach`]
//! (until somebody has the caller), [`crate::watch`] (after that), and the conversation (what the caller hears of it).
//!
//! There is no column for a restart: each scenario is also played with the switch written out and read in again at every step. Joining
//! is one step, in which nothing can happen; so is dialling the next round. Where callers wait in a queue (`queues.rs`, in the house), it is the next person who is free instead of the next round, and the end of all rounds is the end of the wait.

mod after;
mod before;

use after::{BACK_TO_AI, BRIDGED, ENDED, WATCHING};
use before::{ANSWERED, BRIEF, OFFERED, PRE_DIAL, QUEUED, RINGING};

/// Where a warm transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The agent has asked whether the caller wants it.
    Offered,
    /// Phones are rung while the agent announces it.
    PreDial,
    /// The caller waits in a queue, and nobody is free.
    Queued,
    /// It is announced, and phones ring.
    Ringing,
    /// Somebody has answered, and what they are to be told is not known yet: the caller is still speaking.
    Answered,
    /// Somebody is told, or has been asked for a key.
    Brief,
    /// The caller has a person.
    Bridged,
    /// Nothing is heard of that person.
    Watching,
    /// Nobody took the caller: the agent, which remembers, says why.
    BackToAi,
    /// The caller is gone; people who had answered are told so.
    Ended,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Self; 10] = [
        Self::Offered,
        Self::PreDial,
        Self::Queued,
        Self::Ringing,
        Self::Answered,
        Self::Brief,
        Self::Bridged,
        Self::Watching,
        Self::BackToAi,
        Self::Ended,
    ];

    /// As it is called on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::PreDial => "pre-dial",
            Self::Queued => "waiting in a queue",
            Self::Ringing => "ringing",
            Self::Answered => "answered (screening)",
            Self::Brief => "brief",
            Self::Bridged => "bridged",
            Self::Watching => "watching",
            Self::BackToAi => "back to the AI",
            Self::Ended => "ended",
        }
    }
}

/// What something does in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// This, as these scenarios show.
    Does(&'static str, &'static [&'static str]),
    /// It cannot happen there, for this reason.
    Never(&'static str),
}

/// A phase's cells, one for each thing that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// A phone rings: 18x.
    pub rings: Cell,
    /// It is answered: 2xx.
    pub answers: Cell,
    /// Busy, declined, unreachable, no such number, nothing in common: any other end before an answer.
    pub refuses: Cell,
    /// Its ring time is over.
    pub rings_out: Cell,
    /// The key to take the caller, 1.
    pub takes: Cell,
    /// The key to decline, 2.
    pub declines: Cell,
    /// The key to hear more, 3.
    pub wants_more: Cell,
    /// The key that sends the caller to a queue, 4.
    pub sends_on: Cell,
    /// No key in time.
    pub silent: Cell,
    /// The person hangs up.
    pub leaves: Cell,
    /// No sound comes from the person's phone.
    pub unheard: Cell,
    /// The caller says "never mind", or presses the star.
    pub never_mind: Cell,
    /// The caller hangs up.
    pub hangs_up: Cell,
    /// The caller puts us on hold.
    pub holds: Cell,
    /// The total time of the transfer is over.
    pub total_time: Cell,
    /// No words can be spoken.
    pub speechless: Cell,
    /// The longest call or the drain time is over.
    pub told_to_end: Cell,
}

impl Row {
    /// Names and cells, in order.
    pub fn cells(self) -> [(&'static str, Cell); 17] {
        let Self {
            rings,
            answers,
            refuses,
            rings_out,
            takes,
            declines,
            wants_more,
            sends_on,
            silent,
            leaves,
            unheard,
            never_mind,
            hangs_up,
            holds,
            total_time,
            speechless,
            told_to_end,
        } = self;
        [
            ("a phone rings", rings),
            ("it is answered", answers),
            ("busy, declined, unreachable", refuses),
            ("its ring time is over", rings_out),
            ("key 1: take", takes),
            ("key 2: not now", declines),
            ("key 3: tell me more", wants_more),
            ("key 4: to the queue", sends_on),
            ("no key in time", silent),
            ("the person hangs up", leaves),
            ("the person is not heard", unheard),
            ("the caller: never mind, *", never_mind),
            ("the caller hangs up", hangs_up),
            ("the caller puts us on hold", holds),
            ("the total time is over", total_time),
            ("no words can be spoken", speechless),
            ("longest call, drain time", told_to_end),
        ]
    }
}

/// What everything does in this phase.
pub const fn row(phase: Phase) -> Row {
    match phase {
        Phase::Offered => OFFERED,
        Phase::PreDial => PRE_DIAL,
        Phase::Queued => QUEUED,
        Phase::Ringing => RINGING,
        Phase::Answered => ANSWERED,
        Phase::Brief => BRIEF,
        Phase::Bridged => BRIDGED,
        Phase::Watching => WATCHING,
        Phase::BackToAi => BACK_TO_AI,
        Phase::Ended => ENDED,
    }
}
