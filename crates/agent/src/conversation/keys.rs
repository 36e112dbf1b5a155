//! Keys: choices that lead somewhere at once, and digits that are collected.

use super::{Conversation, State, triage::Asked};
use crate::understand::words;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_types::{Mono, Now, context::HandoffReason};

/// A number is complete when no key follows for this long.
const NEXT_KEY: Duration = Duration::from_secs(2);

/// Longer than any number that is keyed.
const LONGEST: usize = 40;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Keys {
    pub(super) digits: String,
    pub(super) by: Option<Mono>,
}

/// What an agent says when it waits for a number: a `0` is then part of it.
const ASKS_FOR_DIGITS: &[&str] = &[
    "number",
    "digits",
    "digit",
    "keypad",
    "key",
    "enter",
    "type",
    "pin",
    "code",
    "reference",
];

impl Conversation {
    pub(super) fn on_digit(&mut self, now: Now, digit: char) {
        let collects = match self.state {
            State::Talking | State::Leaving(_) | State::Away(_) | State::Ending { .. } => true,
            State::Waiting | State::WithPerson { .. } | State::Over => false,
        };
        if !collects || !matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D') {
            return;
        }
        self.guards.heard_from();
        if self.brain.rules().cancel_key == Some(digit)
            && self.keys.digits.is_empty()
            && self.leaves()
        {
            self.keyed(digit.to_string(), false);
            return self.never_mind(now);
        }
        if let (Some(Asked::Act { .. }), '1' | '2') = (&self.asked, digit)
            && self.keys.digits.is_empty()
            && self.is_talking()
        {
            return self.keyed(digit.to_string(), true);
        }
        let leads = self.brain.rules().keys.contains_key(&digit);
        if leads && self.keys.digits.is_empty() && self.is_talking() && !self.awaits_digits() {
            return self.key_leads(now, digit);
        }
        if self.is_talking() && self.playout.can_interrupt() {
            self.drop_chat();
            self.stop_saying(now);
        }
        if digit == '#' && !self.keys.digits.is_empty() {
            return self.keys_complete(now);
        }
        self.keys.digits.push(digit);
        self.keys.by = Some(now.mono + NEXT_KEY);
        if self.keys.digits.len() >= LONGEST {
            self.keys_complete(now);
        }
    }

    /// What was keyed while somebody was being reached answers nothing that is said after it; one key may still lead somewhere.
    pub(super) fn keys_of_the_wait(&mut self) {
        let mut chars = self.keys.digits.chars();
        let leads = match (chars.next(), chars.next()) {
            (Some(only), None) => self.brain.rules().keys.contains_key(&only),
            _ => false,
        };
        if !leads && !self.keys.digits.is_empty() {
            let digits = std::mem::take(&mut self.keys).digits;
            self.keyed(digits, false);
        }
    }

    fn awaits_digits(&self) -> bool {
        let said = self.last_words().map(|w| words(&w)).unwrap_or_default();
        said.iter().any(|w| ASKS_FOR_DIGITS.contains(&w.as_str()))
            && !said.iter().any(|w| w == "press")
    }

    /// The number is complete; one key alone is a choice after all.
    pub(super) fn keys_complete(&mut self, now: Now) {
        self.keys.by = None;
        let digits = std::mem::take(&mut self.keys.digits);
        let mut chars = digits.chars();
        if let (Some(only), None) = (chars.next(), chars.next())
            && self.is_talking()
            && self.brain.rules().keys.contains_key(&only)
        {
            return self.key_leads(now, only);
        }
        if !digits.is_empty() {
            self.keyed(digits, true);
        }
    }

    /// A key that leads somewhere at any time; even the disclosure yields to it.
    fn key_leads(&mut self, now: Now, digit: char) {
        let Some(target) = self.brain.rules().keys.get(&digit).cloned() else {
            return;
        };
        self.drop_chat();
        self.stop_saying(now);
        self.ears.unclear = None;
        self.asked = None;
        self.keyed(digit.to_string(), false);
        self.key_choice = Some((digit, target));
    }

    /// Follows the key once what it interrupted is accounted for.
    pub(super) fn settle_key(&mut self, now: Now) {
        if self.playout.waits_for_stop() || !self.is_talking() {
            return;
        }
        if let Some((digit, target)) = self.key_choice.take() {
            let turn = format!("t{}", self.memory.turn_count);
            self.understood(&turn, None, 1000, "key");
            self.ears.unanswered.clear();
            self.ears.waiting_since = None;
            self.go(
                now,
                &target,
                HandoffReason::Key,
                &format!("key {digit}"),
                true,
            );
        }
    }
}
