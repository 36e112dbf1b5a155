//! A caller leaves a message: when it begins, when it is over, whether it is kept.
//!
//! ```text
//!   hung up, ended: nothing was begun
//!      ^                ^
//!      |                |                 the disk is full: closed (kept, if enough was said) -----.
//!  Greeting --over,--> Tone --over--> Recording --key, silence, longest: closed, kept or not--> Saying --over--> done
//!              key                      |
//!                                       '-- hung up, ended: closed, kept or not --> done
//! ```
//!
//! What counts is what was said: from the tone to the end of the last word. A message that is shorter than the plan wants is not
//! kept, so a caller who hangs up at the tone leaves none.

use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use tandem_types::{Mono, journal::MessageEnd};

/// The key that skips the greeting, and ends a message.
const KEY: char = '#';
/// Speech is over for the ears after so long; whether it goes on is seen here.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);

/// As the plan has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rules {
    pub(crate) longest: Duration,
    pub(crate) shortest: Duration,
    pub(crate) silence: Duration,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// What was played to the caller is over, or cannot be played.
    Over,
    Key(char),
    SpeechStarted,
    /// [`PAUSE`] ago.
    SpeechEnded,
    /// No more can be recorded.
    Closed,
    HungUp,
    /// The call is ended by somebody else.
    Ended,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Greet,
    /// Stop the greeting.
    Hush,
    Tone,
    Record,
    /// The message is over, and whether it is kept. Said for every one that was begun, once.
    Close(MessageEnd, bool),
    /// A text of the mailbox.
    Say(&'static str),
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Greeting,
    Tone,
    Recording(Take),
    Saying,
    Done,
}

/// What was said so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Take {
    since: Mono,
    speaking: bool,
    /// When the last word ended; `since`, before the first.
    last: Mono,
}

/// A caller who leaves a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    rules: Rules,
    state: State,
    #[serde(skip)]
    out: VecDeque<Output>,
}

impl Message {
    /// They hear the greeting.
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            state: State::Greeting,
            out: VecDeque::from([Output::Greet]),
        }
    }

    pub(crate) fn handle_input(&mut self, now: Mono, input: Input) {
        self.state = match (self.state, input) {
            (State::Greeting, Input::Over) => self.tone(),
            (State::Greeting, Input::Key(KEY)) => {
                self.out.push_back(Output::Hush);
                self.tone()
            }
            (State::Tone, Input::Over) => {
                self.out.push_back(Output::Record);
                State::Recording(Take {
                    since: now,
                    speaking: false,
                    last: now,
                })
            }
            (State::Recording(take), Input::SpeechStarted) => State::Recording(Take {
                speaking: true,
                ..take
            }),
            (State::Recording(take), Input::SpeechEnded) => State::Recording(Take {
                speaking: false,
                last: take
                    .last
                    .max(Mono(now.0.saturating_sub(PAUSE.as_nanos() as u64))),
                ..take
            }),
            (State::Recording(take), Input::Key(KEY)) => self.over(now, take, MessageEnd::Key),
            (State::Recording(take), Input::Closed) => self.over(now, take, MessageEnd::Disk),
            (State::Recording(take), Input::HungUp) => self.left(now, take, MessageEnd::HungUp),
            (State::Recording(take), Input::Ended) => self.left(now, take, MessageEnd::Ended),
            (State::Saying, Input::Over) => {
                self.out.push_back(Output::Done);
                State::Done
            }
            (_, Input::HungUp | Input::Ended) => State::Done,
            (
                state,
                Input::Over
                | Input::Key(_)
                | Input::SpeechStarted
                | Input::SpeechEnded
                | Input::Closed,
            ) => state,
        };
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The next deadline, and why.
    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let State::Recording(take) = self.state else {
            return None;
        };
        let longest = (take.since + self.rules.longest, "a message is long enough");
        let silent = (take.last + self.rules.silence, "a message is over");
        Some(match take.speaking {
            true => longest,
            false => longest.min(silent),
        })
    }

    /// Early is a no-op.
    pub(crate) fn handle_timeout(&mut self, now: Mono) {
        let State::Recording(take) = self.state else {
            return;
        };
        if now >= take.since + self.rules.longest {
            self.state = self.over(now, take, MessageEnd::Longest);
        } else if !take.speaking && now >= take.last + self.rules.silence {
            self.state = self.over(now, take, MessageEnd::Silence);
        }
    }

    fn tone(&mut self) -> State {
        self.out.push_back(Output::Tone);
        State::Tone
    }

    /// Whether it is kept is told, and the caller hears what became of it.
    fn over(&mut self, now: Mono, take: Take, by: MessageEnd) -> State {
        let kept = self.closed(now, take, by);
        self.out.push_back(Output::Say(match (kept, by) {
            (true, _) => "thanks",
            (false, MessageEnd::Disk) => "full",
            (false, _) => "nothing",
        }));
        State::Saying
    }

    fn left(&mut self, now: Mono, take: Take, by: MessageEnd) -> State {
        self.closed(now, take, by);
        State::Done
    }

    fn closed(&mut self, now: Mono, take: Take, by: MessageEnd) -> bool {
        let last = if take.speaking { now } else { take.last };
        let said = last.since(take.since);
        let kept = !said.is_zero() && said >= self.rules.shortest;
        self.out.push_back(Output::Close(by, kept));
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        longest: Duration::from_secs(60),
        shortest: Duration::from_secs(2),
        silence: Duration::from_secs(5),
    };

    /// What came of these, by the second at which each happened.
    fn played(script: &[(f64, Input)]) -> Vec<(f64, Output)> {
        let mut message = Message::new(RULES);
        let mut out = Vec::new();
        let at = |s: f64| Mono((s * 1e9) as u64);
        let mut drain = |m: &mut Message, s: f64| {
            out.extend(std::iter::from_fn(|| m.poll_output()).map(|o| (s, o)));
        };
        drain(&mut message, 0.0);
        for (s, input) in script.iter().copied().chain([(1000.0, Input::Over)]) {
            while let Some((due, _)) = message.poll_timeout().filter(|(due, _)| *due <= at(s)) {
                message.handle_timeout(Mono(due.0 - 1));
                message.handle_timeout(due);
                drain(&mut message, due.0 as f64 / 1e9);
            }
            message.handle_input(at(s), input);
            drain(&mut message, s);
        }
        out
    }

    /// From the tone on, with the greeting heard to its end at 3 s and the tone at 4 s.
    fn from_the_tone(script: &[(f64, Input)]) -> Vec<(f64, Output)> {
        let before = [(3.0, Input::Over), (4.0, Input::Over)];
        let all: Vec<_> = before.iter().chain(script).copied().collect();
        let out = played(&all);
        let first = [
            (0.0, Output::Greet),
            (3.0, Output::Tone),
            (4.0, Output::Record),
        ];
        assert_eq!(out[..3], first);
        out[3..].to_vec()
    }

    #[test]
    fn a_message_ends_with_the_key() {
        let script = [
            (5.0, Input::SpeechStarted),
            (5.5, Input::Key('1')),
            (8.0, Input::Key('#')),
            (10.0, Input::Over),
        ];
        let kept = [
            (8.0, Output::Close(MessageEnd::Key, true)),
            (8.0, Output::Say("thanks")),
            (10.0, Output::Done),
        ];
        assert_eq!(from_the_tone(&script), kept);
    }

    #[test]
    fn silence_counts_from_the_last_word_and_a_long_word_is_no_silence() {
        let script = [
            (5.0, Input::SpeechStarted),
            (26.0, Input::SpeechEnded),
            (26.1, Input::SpeechStarted),
            (40.0, Input::SpeechEnded),
        ];
        let out = from_the_tone(&script);
        assert_eq!(out[0], (44.0, Output::Close(MessageEnd::Silence, true)));
    }

    #[test]
    fn nobody_speaks_longer_than_they_may() {
        let out = from_the_tone(&[(5.0, Input::SpeechStarted)]);
        assert_eq!(out[0], (64.0, Output::Close(MessageEnd::Longest, true)));
    }

    #[test]
    fn whoever_says_nothing_leaves_nothing() {
        let silent = [
            (9.0, Output::Close(MessageEnd::Silence, false)),
            (9.0, Output::Say("nothing")),
            (1000.0, Output::Done),
        ];
        assert_eq!(from_the_tone(&[]), silent);
        let hung_up = [(5.0, Input::SpeechStarted), (5.4, Input::HungUp)];
        let short = [(5.4, Output::Close(MessageEnd::HungUp, false))];
        assert_eq!(from_the_tone(&hung_up), short);
    }

    #[test]
    fn whoever_hangs_up_in_mid_word_has_left_it() {
        let script = [(5.0, Input::SpeechStarted), (7.0, Input::HungUp)];
        let kept = [(7.0, Output::Close(MessageEnd::HungUp, true))];
        assert_eq!(from_the_tone(&script), kept);
        let ended = [(5.0, Input::SpeechStarted), (7.0, Input::Ended)];
        let kept = [(7.0, Output::Close(MessageEnd::Ended, true))];
        assert_eq!(from_the_tone(&ended), kept);
    }

    #[test]
    fn before_the_tone_nothing_is_begun() {
        assert_eq!(played(&[(1.0, Input::HungUp)]), [(0.0, Output::Greet)]);
        let skipped = played(&[(1.0, Input::Key('#')), (1.5, Input::Ended)]);
        let out = [
            (0.0, Output::Greet),
            (1.0, Output::Hush),
            (1.0, Output::Tone),
        ];
        assert_eq!(skipped, out);
    }

    #[test]
    fn a_full_disk_is_told_and_what_is_there_is_kept() {
        let at_once = from_the_tone(&[(4.1, Input::Closed)]);
        let full = [
            (4.1, Output::Close(MessageEnd::Disk, false)),
            (4.1, Output::Say("full")),
        ];
        assert_eq!(at_once[..2], full);
        let later = from_the_tone(&[(4.5, Input::SpeechStarted), (20.0, Input::Closed)]);
        let kept = [
            (20.0, Output::Close(MessageEnd::Disk, true)),
            (20.0, Output::Say("thanks")),
        ];
        assert_eq!(later[..2], kept);
    }
}
