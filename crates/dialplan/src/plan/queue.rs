//! People who are rung together, and callers who wait for them.

use super::{Destination, TransferMode};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// In which order members are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    /// One after the other, the first who is free.
    #[default]
    InOrder,
    /// All who are free at once; the first that accepts wins.
    RingAll,
    /// One after the other, going on behind whoever was rung last. Where callers wait.
    RoundRobin,
    /// Whoever has been free for longest. Where callers wait.
    LongestIdle,
}

/// A queue of people.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Spoken name.
    pub spoken: String,
    /// `ext:` and `sip:` destinations.
    pub members: Vec<Destination>,
    /// Order.
    pub strategy: Strategy,
    /// From the first 18x, or from the INVITE where none comes.
    pub ring: Duration,
    /// Warm or cold.
    pub mode: TransferMode,
    /// Music file; `None`: the built-in piece.
    pub hold: Option<String>,
    /// When nobody takes it and the call did not come from an agent.
    pub otherwise: Vec<Destination>,
    /// Callers wait here; `None`: each member is rung once, and nobody waits.
    pub line: Option<LineRules>,
}

impl Queue {
    /// Where callers are led whom nobody takes, in order, unless an agent has them back.
    pub fn ways_out(&self) -> impl Iterator<Item = &Destination> {
        let overflow = self.line.as_ref().and_then(|l| l.overflow.as_ref());
        overflow.into_iter().chain(&self.otherwise)
    }
}

/// How callers wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineRules {
    /// No longer than this.
    pub max_wait: Duration,
    /// Hours in which callers come in; `None`: at all times. Who waits when they end is still served.
    pub within: Option<String>,
    /// Where those go who come outside them; `None`: as `overflow`.
    pub closed: Option<Destination>,
    /// So many at a time; `None`: no limit.
    pub max_waiting: Option<u32>,
    /// From one announcement to the next; zero: none are made.
    pub announce_every: Duration,
    /// Where those go who have waited too long, or for whom nobody is there; `None`: to the agent that has them, else `otherwise`.
    pub overflow: Option<Destination>,
    /// The key by which they leave; `None`: there is none.
    pub leave_key: Option<char>,
    /// Where that leads; `None`: to the agent that has them, else as `overflow`.
    pub leave_to: Option<Destination>,
    /// People are left in peace for so long after a call of this queue.
    pub after_call: Duration,
    /// And for so long after they did not take one.
    pub ring_again: Duration,
    /// Whoever does not answer so many times in a row is paused; 0: nobody is.
    pub pause_after: u32,
    /// What callers are told, by [`LINE_SAYS`].
    pub says: BTreeMap<String, String>,
}

impl LineRules {
    /// What callers are told then.
    pub fn says(&self, what: &str) -> &str {
        let usual = || LINE_SAYS.iter().find(|s| s.name == what);
        match self.says.get(what) {
            Some(text) => text,
            None => usual().map_or("", |s| s.usual),
        }
    }
}

/// A text for callers who wait, or of a mailbox.
#[derive(Clone, Copy, Debug)]
pub struct LineSays {
    /// As it is called under `says`.
    pub name: &'static str,
    /// What is filled in.
    pub fills: &'static [&'static str],
    /// What is said where the dialplan is silent.
    pub usual: &'static str,
}

/// All that callers who wait may be told.
pub const LINE_SAYS: [LineSays; 9] = [
    LineSays {
        name: "next",
        fills: &["to"],
        usual: "You are next.",
    },
    LineSays {
        name: "position",
        fills: &["to", "n"],
        usual: "You are number {n} in the queue.",
    },
    LineSays {
        name: "wait",
        fills: &["minutes"],
        usual: "Callers have waited for about {minutes} lately.",
    },
    LineSays {
        name: "key",
        fills: &["key"],
        usual: "If you would rather not wait, press {key}.",
    },
    LineSays {
        name: "too_long",
        fills: &["to"],
        usual: "I'm sorry, nobody could take your call in time.",
    },
    LineSays {
        name: "full",
        fills: &["to"],
        usual: "I'm sorry, too many callers are waiting.",
    },
    LineSays {
        name: "nobody",
        fills: &["to"],
        usual: "I'm sorry, {to} cannot take calls just now.",
    },
    LineSays {
        name: "closed",
        fills: &["to"],
        usual: "I'm sorry, {to} is closed just now.",
    },
    LineSays {
        name: "closing",
        fills: &["to"],
        usual: "I'm sorry, we cannot keep you waiting any longer.",
    },
];
