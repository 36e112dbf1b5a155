//! Somebody hears the messages of their mailboxes.
//!
//! ```text
//!         wrong three times                    none left
//!       .------------------> Bye <------------------------------------------.
//!       |                     ^ none                                        |
//!  Pin -+--right--> (counted) +--> Heading --over--> Playing --over--> Asking --2, 3, nothing pressed--> the next: Heading
//!       (where there is one)          ^                |  heard           |
//!                                     |   1 (at any time: once more)      |
//!                                     '----------------+------------------'
//! ```
//!
//! A message counts as heard when it was played to its end, or saved by key 2. Whoever hangs up before has not heard it.

use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use tandem_types::{MessageId, Mono};

/// For a key, after they were named.
const PATIENCE: Duration = Duration::from_secs(6);
/// For the next digit of a PIN.
const DIGIT: Duration = Duration::from_secs(8);
/// PINs in a call.
const TRIES: u32 = 3;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// What was played is over; `false`: it could not be played.
    Over(bool),
    Key(char),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// In one breath.
    Say(Vec<Words>),
    Play(MessageId),
    /// Stop what is played.
    Hush,
    Heard(MessageId),
    Delete(MessageId),
    Bye,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// A text of the mailbox.
    Text(&'static str),
    /// How many there are.
    Count,
    /// Which comes next, whose, and when it came: counted from 0.
    Head(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Pin {
        typed: String,
        tries: u32,
        until: Option<Mono>,
    },
    Heading(usize),
    Playing(usize),
    Asking {
        at: usize,
        again: bool,
        until: Option<Mono>,
    },
    Bye,
}

/// Somebody who hears their messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inbox {
    all: Vec<MessageId>,
    pin: Option<String>,
    state: State,
    #[serde(skip)]
    out: VecDeque<Output>,
}

impl Inbox {
    /// These, in order. `pin`: what is keyed first.
    pub(crate) fn new(all: Vec<MessageId>, pin: Option<String>) -> Self {
        let mut this = Self {
            all,
            pin,
            state: State::Bye,
            out: VecDeque::new(),
        };
        match this.pin {
            Some(_) => this.ask_pin(&[], 0),
            None => this.begin(),
        }
        this
    }

    /// The message that is spoken of.
    pub(crate) fn message(&self, at: usize) -> Option<MessageId> {
        self.all.get(at).copied()
    }

    /// Keys may be a secret.
    pub(crate) fn is_secret(&self) -> bool {
        matches!(self.state, State::Pin { .. })
    }

    pub(crate) fn handle_input(&mut self, now: Mono, input: Input) {
        match input {
            Input::Over(well) => self.over(now, well),
            Input::Key(key) => self.key(now, key),
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The next deadline, and why.
    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        match self.state {
            State::Pin { until, .. } => Some((until?, "no PIN")),
            State::Asking { until, .. } => Some((until?, "no key after a message")),
            State::Heading(_) | State::Playing(_) | State::Bye => None,
        }
    }

    /// Early is a no-op.
    pub(crate) fn handle_timeout(&mut self, now: Mono) {
        if self.poll_timeout().is_none_or(|(at, _)| now < at) {
            return;
        }
        match self.state {
            State::Pin { .. } => self.try_pin(),
            State::Asking {
                at, again: false, ..
            } => self.ask(at, true, &[]),
            State::Asking {
                at, again: true, ..
            } => self.go_on(at + 1, &[]),
            State::Heading(_) | State::Playing(_) | State::Bye => {}
        }
    }

    fn say(&mut self, first: &[Words], then: &[Words]) {
        let words = first.iter().chain(then).copied().collect();
        self.out.push_back(Output::Say(words));
    }

    fn ask_pin(&mut self, first: &[Words], tries: u32) {
        self.say(first, &[Words::Text("pin")]);
        self.state = State::Pin {
            typed: String::new(),
            tries,
            until: None,
        };
    }

    fn try_pin(&mut self) {
        let State::Pin { typed, tries, .. } = &self.state else {
            return;
        };
        let tries = tries + 1;
        if self.pin.as_ref() == Some(typed) {
            self.begin();
        } else if tries < TRIES {
            self.ask_pin(&[Words::Text("wrong")], tries);
        } else {
            self.say(&[Words::Text("wrong")], &[]);
            self.state = State::Bye;
        }
    }

    fn begin(&mut self) {
        match self.all.is_empty() {
            true => {
                self.say(&[Words::Text("none")], &[]);
                self.state = State::Bye;
            }
            false => self.go_on(0, &[Words::Count]),
        }
    }

    /// The next message, or none is left.
    fn go_on(&mut self, at: usize, first: &[Words]) {
        if at < self.all.len() {
            self.say(first, &[Words::Head(at)]);
            self.state = State::Heading(at);
        } else {
            self.say(first, &[Words::Text("last")]);
            self.state = State::Bye;
        }
    }

    fn ask(&mut self, at: usize, again: bool, first: &[Words]) {
        self.say(first, &[Words::Text("keys")]);
        self.state = State::Asking {
            at,
            again,
            until: None,
        };
    }

    fn play(&mut self, at: usize) {
        if let Some(message) = self.message(at) {
            self.out.push_back(Output::Play(message));
            self.state = State::Playing(at);
        }
    }

    fn over(&mut self, now: Mono, well: bool) {
        match &mut self.state {
            State::Pin { until, .. } => *until = Some(now + DIGIT),
            State::Asking { until, .. } => *until = Some(now + PATIENCE),
            State::Bye => self.out.push_back(Output::Bye),
            State::Heading(at) => {
                let at = *at;
                self.play(at);
            }
            State::Playing(at) => {
                let at = *at;
                match self.message(at).filter(|_| well) {
                    Some(message) => {
                        self.out.push_back(Output::Heard(message));
                        self.ask(at, false, &[]);
                    }
                    None => self.ask(at, false, &[Words::Text("unheard")]),
                }
            }
        }
    }

    fn key(&mut self, now: Mono, key: char) {
        let at = match &mut self.state {
            State::Pin { typed, until, .. } => {
                if typed.is_empty() {
                    self.out.push_back(Output::Hush);
                }
                if key == '#' {
                    return self.try_pin();
                }
                typed.push(key);
                *until = Some(now + DIGIT);
                return;
            }
            State::Heading(at) | State::Playing(at) | State::Asking { at, .. } => *at,
            State::Bye => return,
        };
        let Some(message) = self.message(at).filter(|_| matches!(key, '1' | '2' | '3')) else {
            return;
        };
        self.out.push_back(Output::Hush);
        match key {
            '1' => self.play(at),
            '2' => {
                self.out.push_back(Output::Heard(message));
                self.go_on(at + 1, &[Words::Text("saved")]);
            }
            _ => {
                self.out.push_back(Output::Delete(message));
                self.go_on(at + 1, &[Words::Text("deleted")]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::CallId;

    fn id(index: u32) -> MessageId {
        let call = CallId(9);
        MessageId { call, index }
    }

    fn said(words: &[Words]) -> Output {
        Output::Say(words.to_vec())
    }

    fn drained(inbox: &mut Inbox) -> Vec<Output> {
        std::iter::from_fn(|| inbox.poll_output()).collect()
    }

    /// What comes of this, at once.
    fn then(inbox: &mut Inbox, input: Input) -> Vec<Output> {
        inbox.handle_input(Mono(0), input);
        drained(inbox)
    }

    /// And of its next deadline.
    fn in_time(inbox: &mut Inbox) -> Vec<Output> {
        let (at, _) = inbox.poll_timeout().expect("a deadline");
        inbox.handle_timeout(Mono(at.0 - 1));
        assert_eq!(drained(inbox), []);
        inbox.handle_timeout(at);
        drained(inbox)
    }

    use Input::{Key, Over};
    use Output::{Bye, Delete, Heard, Hush, Play};
    use Words::{Count, Head, Text};

    #[test]
    fn each_is_heard_and_then_kept_or_deleted() {
        let mut inbox = Inbox::new(vec![id(1), id(2)], None);
        assert_eq!(drained(&mut inbox), [said(&[Count, Head(0)])]);
        assert_eq!(then(&mut inbox, Over(true)), [Play(id(1))]);
        let heard = [Heard(id(1)), said(&[Text("keys")])];
        assert_eq!(then(&mut inbox, Over(true)), heard);
        assert_eq!(then(&mut inbox, Key('1')), [Hush, Play(id(1))]);
        let saved = [Hush, Heard(id(1)), said(&[Text("saved"), Head(1)])];
        assert_eq!(then(&mut inbox, Key('2')), saved);
        let deleted = [Hush, Delete(id(2)), said(&[Text("deleted"), Text("last")])];
        assert_eq!(then(&mut inbox, Key('3')), deleted);
        assert_eq!(then(&mut inbox, Key('1')), []);
        assert_eq!(then(&mut inbox, Over(true)), [Bye]);
    }

    #[test]
    fn whoever_presses_nothing_is_asked_once_more_and_led_on() {
        let mut inbox = Inbox::new(vec![id(1)], None);
        for _ in 0..2 {
            let _ = then(&mut inbox, Over(true));
        }
        assert_eq!(inbox.poll_timeout(), None, "the keys are being named");
        let _ = then(&mut inbox, Over(true));
        assert_eq!(in_time(&mut inbox), [said(&[Text("keys")])]);
        let _ = then(&mut inbox, Over(false));
        assert_eq!(in_time(&mut inbox), [said(&[Text("last")])]);
        assert_eq!(then(&mut inbox, Over(true)), [Bye]);
    }

    #[test]
    fn what_cannot_be_played_is_not_heard() {
        let mut inbox = Inbox::new(vec![id(1)], None);
        let _ = then(&mut inbox, Over(true));
        let _ = drained(&mut inbox);
        let told = [said(&[Text("unheard"), Text("keys")])];
        assert_eq!(then(&mut inbox, Over(false)), told);
    }

    #[test]
    fn without_messages_it_is_over_soon() {
        let mut inbox = Inbox::new(Vec::new(), None);
        assert_eq!(drained(&mut inbox), [said(&[Text("none")])]);
        assert_eq!(then(&mut inbox, Over(true)), [Bye]);
    }

    #[test]
    fn a_pin_is_asked_three_times() {
        let pin = || Some("4711".to_owned());
        let mut inbox = Inbox::new(vec![id(1)], pin());
        assert!(inbox.is_secret());
        assert_eq!(drained(&mut inbox), [said(&[Text("pin")])]);
        assert_eq!(then(&mut inbox, Key('4')), [Hush]);
        for key in ['7', '1', '1'] {
            assert_eq!(then(&mut inbox, Key(key)), []);
        }
        assert_eq!(then(&mut inbox, Key('#')), [said(&[Count, Head(0)])]);
        assert!(!inbox.is_secret());

        let mut inbox = Inbox::new(vec![id(1)], pin());
        let _ = drained(&mut inbox);
        let wrong = said(&[Text("wrong"), Text("pin")]);
        assert_eq!(then(&mut inbox, Key('#')), [Hush, wrong.clone()]);
        let _ = then(&mut inbox, Over(true));
        assert_eq!(in_time(&mut inbox), [wrong]);
        let _ = then(&mut inbox, Key('9'));
        assert_eq!(then(&mut inbox, Key('#')), [said(&[Text("wrong")])]);
        assert_eq!(then(&mut inbox, Over(true)), [Bye]);
    }
}
