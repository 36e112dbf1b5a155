//! Callers who are called back.

use super::{Destination, LineSays};
use crate::Pattern;
use std::{collections::BTreeMap, time::Duration};

/// `[callbacks.NAME]` of a dialplan.
#[derive(Clone, Debug, PartialEq)]
pub struct Callback {
    /// Spoken name.
    pub spoken: String,
    /// Whose people call back: a queue in which callers wait.
    pub queue: String,
    /// Hours in which that is done; `None`: those of the queue.
    pub within: Option<String>,
    /// The trunk by which callers are called; `None`: the one by which they came.
    pub via: Option<String>,
    /// Numbers that are called back, of those that the limits allow.
    pub may_call: Vec<Pattern>,
    /// How often a caller's phone is rung before it is given up.
    pub attempts: u32,
    /// From one time to the next.
    pub every: Duration,
    /// After so long it is not done any more.
    pub keep: Duration,
    /// Of speech with those who were called back, from midnight to midnight; 0: no limit.
    pub minutes_a_day: u32,
    /// For callers whom nobody can call back.
    pub otherwise: Destination,
    /// What is said, by [`CALLBACK_SAYS`].
    pub says: BTreeMap<String, String>,
}

impl Callback {
    /// What is said then.
    pub fn says(&self, what: &str) -> &str {
        let usual = || CALLBACK_SAYS.iter().find(|s| s.name == what);
        match self.says.get(what) {
            Some(text) => text,
            None => usual().map_or("", |s| s.usual),
        }
    }
}

/// All that is said to callers (the first three), and to people who are to call them back.
pub const CALLBACK_SAYS: [LineSays; 8] = [
    says(
        "promise",
        &[],
        "You keep your place, and we will call you back on the number that you are calling from. Goodbye.",
    ),
    says(
        "already",
        &[],
        "You are on our list already, and we will call you back. Goodbye.",
    ),
    says("cannot", &[], "I'm sorry, we cannot call this number back."),
    says(
        "keys",
        &[],
        "Press 1 to call them now, 2 if you cannot, 3 to hear more.",
    ),
    says("calling", &[], "I am calling them."),
    says("later", &[], "Thank you. Goodbye."),
    says("gone", &[], "They need not be called any more. Goodbye."),
    says(
        "themselves",
        &[],
        "They are calling us themselves just now. Goodbye.",
    ),
];

const fn says(name: &'static str, fills: &'static [&'static str], usual: &'static str) -> LineSays {
    LineSays { name, fills, usual }
}
