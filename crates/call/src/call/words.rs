//! What callers say where no agent listens: in menus that have words, and to questions that may be answered by voice.
//!
//! ```text
//!   silence --speech--> speaking --it is over--> being understood --a choice, a number--> as its key, as its digits
//!      ^                   | 500 ms of it:          |  |
//!      |                   | the prompt stops       |  +--nothing fits, no recogniser--> as a wrong key,
//!      +--shorter than 200 ms: a cough, dropped-----+                                    unless the prompt goes on
//! ```
//! Keys count all the while. Once one is pressed, what is said means nothing until the keys are over with: somebody coughs between
//! two digits, or talks beside the caller. Nor does it while an answer is looked up.

use super::{Call, Ctx, Purpose, Stage};
use crate::api::Output;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tandem_agent::understand;
use tandem_dialplan::OFFLINE;
use tandem_types::{
    Mono, SegmentId,
    context::{Speaker, Turn},
    journal::What,
    media::{MediaCommand, MediaEvent},
    provider::{Hints, ProviderCommand, ProviderEvent, ProviderFault, Transcript},
};

/// Silence that ends what a caller says: a choice is short, a number is read out with pauses.
const END_OF_CHOICE: Duration = Duration::from_millis(500);
const END_OF_NUMBER: Duration = Duration::from_millis(1_200);
/// Less is a cough.
const SHORTEST: u32 = 200;
/// So much of what they say is kept for an agent.
const KEPT: usize = 20;
/// By then it is meant for us, and the prompt stops.
const MEANT: u32 = 500;
/// Nobody chooses for longer, and a recogniser that has not answered by then will not.
const LONGEST: Duration = Duration::from_secs(25);
const PATIENCE: Duration = Duration::from_secs(6);

/// Where they are with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Words {
    /// The media graph cuts the caller's speech into segments.
    on: bool,
    /// One is being spoken, or understood.
    segment: Option<(SegmentId, Mono)>,
    /// How many were understood to be something or nothing.
    turns: u32,
    /// What was said so far, for an agent who has the caller later: a few.
    #[serde(default)]
    said: Vec<Turn>,
}

impl Words {
    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        self.segment.map(|(_, by)| (by, "words in a menu"))
    }

    /// Somebody speaks, or it is being understood: silence is not counted.
    pub(super) fn are_busy(&self) -> bool {
        self.segment.is_some()
    }

    /// For an agent, who has it from here on.
    pub(super) fn take_said(&mut self) -> Vec<Turn> {
        std::mem::take(&mut self.said)
    }
}

impl Call {
    /// From here on the caller may speak, where the place is one to speak in.
    pub(super) fn settle_words(&mut self, cx: &mut Ctx<'_>) {
        self.drop_segment(cx);
        if self.words.on || self.expected(cx).is_none() {
            return;
        }
        self.words.on = true;
        let end_silence = match self.stage {
            Stage::Asking(_) => END_OF_NUMBER,
            _ => END_OF_CHOICE,
        };
        cx.media(MediaCommand::Listen {
            leg: self.caller,
            on: true,
            end_silence,
        });
    }

    /// The caller leaves the place.
    pub(super) fn stop_words(&mut self, cx: &mut Ctx<'_>) {
        self.drop_segment(cx);
        if std::mem::take(&mut self.words.on) {
            cx.media(MediaCommand::Listen {
                leg: self.caller,
                on: false,
                end_silence: END_OF_CHOICE,
            });
        }
    }

    /// Keys go before words.
    pub(super) fn drop_segment(&mut self, cx: &mut Ctx<'_>) {
        if let Some((segment, _)) = self.words.segment.take() {
            discard(cx, segment);
        }
    }

    /// What may be said here; `None`: nothing.
    fn expected(&self, cx: &Ctx<'_>) -> Option<Vec<String>> {
        let plan = self.dialplan(cx.plan)?;
        match &self.stage {
            Stage::Menu(m) => {
                let words = &plan.menus.get(&m.name)?.words;
                let all = || words.values().flatten();
                (!words.is_empty()).then(|| all().cloned().collect())
            }
            Stage::Asking(a) => plan.asks.get(&a.name)?.speech.then(understand::digit_words),
            _ => None,
        }
    }

    /// Speech of the caller, where no agent listens. Whether it was for us.
    pub(super) fn hears_words(&mut self, cx: &mut Ctx<'_>, event: &MediaEvent) -> bool {
        if !self.words.on {
            return false;
        }
        match event {
            MediaEvent::SpeechStarted { leg, segment } if *leg == self.caller => {
                // While one is being understood, what follows it ("... please") is no other choice.
                if self.may_speak() && !self.words.are_busy() {
                    self.words.segment = Some((*segment, cx.now.mono + LONGEST));
                    self.hold_silence();
                }
            }
            MediaEvent::SpeechGoesOn { leg, segment, ms } if *leg == self.caller => {
                if self.is_segment(*segment) && *ms >= MEANT {
                    self.stop(cx, |p| matches!(p, Purpose::Prompt));
                }
            }
            MediaEvent::SpeechEnded { leg, segment, ms } if *leg == self.caller => {
                match self.is_segment(*segment) {
                    true => self.words_ended(cx, *segment, *ms),
                    // Nobody wants it: its sound is dropped.
                    false => discard(cx, *segment),
                }
            }
            _ => return false,
        }
        true
    }

    fn words_ended(&mut self, cx: &mut Ctx<'_>, segment: SegmentId, ms: u32) {
        let hints = self.expected(cx).filter(|_| ms >= SHORTEST);
        let Some(phrases) = hints else {
            self.drop_segment(cx);
            return self.silence_again(cx);
        };
        self.words.segment = Some((segment, cx.now.mono + PATIENCE));
        let plan = self.dialplan(cx.plan);
        let language = plan.and_then(|d| d.languages.first().cloned());
        let profile = plan.and_then(|d| d.providers.clone());
        cx.out
            .push_back(Output::Provider(ProviderCommand::Transcribe {
                segment,
                profile: profile.unwrap_or_else(|| OFFLINE.to_owned()),
                hints: Hints {
                    phrases: Arc::new(phrases),
                    language: language.unwrap_or_default(),
                },
            }));
    }

    /// Whether it was an answer to what we asked.
    pub(super) fn understood_words(&mut self, cx: &mut Ctx<'_>, event: &ProviderEvent) -> bool {
        let ProviderEvent::Transcribed { segment, result } = event else {
            return false;
        };
        if !self.is_segment(*segment) || !self.words.on {
            return false;
        }
        self.words.segment = None;
        self.words_known(cx, result);
        true
    }

    fn words_known(&mut self, cx: &mut Ctx<'_>, result: &Result<Transcript, ProviderFault>) {
        let heard = match result {
            Ok(t) if !t.rejected && !t.text.trim().is_empty() => Some(t),
            Ok(_) => None,
            Err(fault) => {
                self.journal(
                    cx,
                    What::ProviderFailed {
                        door: "stt".to_owned(),
                        fault: *fault,
                        instead: "keys".to_owned(),
                    },
                );
                None
            }
        };
        let Some(heard) = heard else {
            return self.nothing_understood(cx);
        };
        self.words.turns += 1;
        let turn = Turn {
            id: format!("m{}", self.words.turns),
            speaker: Speaker::Caller,
            text: match self.is_secret_here(cx) {
                true => "[withheld]".to_owned(),
                false => heard.text.clone(),
            },
            at: cx.now.wall,
            interrupted: false,
        };
        let said = What::TurnEnded {
            turn: turn.id.clone(),
            speaker: turn.speaker.clone(),
            text: turn.text.clone(),
            generated: None,
            interrupted: false,
            confidence: heard.confidence,
        };
        self.journal(cx, said);
        match &mut self.talk {
            Some(talk) => talk.said_elsewhere(turn),
            None => {
                self.words.said.push(turn);
                let over = self.words.said.len().saturating_sub(KEPT);
                self.words.said.drain(..over);
            }
        }
        let done = match &self.stage {
            Stage::Menu(_) => self.choice_said(cx, &heard.text),
            Stage::Asking(_) => self.number_said(cx, &heard.text),
            _ => true,
        };
        if !done {
            self.nothing_understood(cx);
        }
    }

    /// While the prompt goes on nobody has failed yet: it was somebody beside the caller, or they will try again.
    fn nothing_understood(&mut self, cx: &mut Ctx<'_>) {
        match &self.stage {
            _ if self.prompt_goes_on() => {}
            Stage::Menu(_) => self.menu_silent(cx),
            Stage::Asking(_) => self.ask_again(cx, true),
            _ => {}
        }
    }

    fn prompt_goes_on(&self) -> bool {
        self.players.values().any(|p| *p == Purpose::Prompt)
    }

    /// Whether what is said counts: no key of an answer was pressed yet, and nothing is being looked up.
    fn may_speak(&self) -> bool {
        match &self.stage {
            Stage::Menu(m) => m.typed.is_empty(),
            Stage::Asking(a) => a.waits() && a.is_empty(),
            _ => false,
        }
    }

    fn is_segment(&self, segment: SegmentId) -> bool {
        self.words.segment.is_some_and(|(s, _)| s == segment)
    }

    /// The recogniser says nothing, or the caller does not stop.
    pub(super) fn words_due(&mut self, cx: &mut Ctx<'_>) {
        let due = self.words.poll_timeout();
        if due.is_some_and(|(at, _)| at <= cx.now.mono) {
            self.drop_segment(cx);
            self.nothing_understood(cx);
        }
    }

    /// Somebody speaks: no time-out of silence.
    fn hold_silence(&mut self) {
        match &mut self.stage {
            Stage::Menu(m) => m.until = None,
            Stage::Asking(a) => a.hold_silence(),
            _ => {}
        }
    }

    /// It was nothing: silence counts from here on, unless the prompt goes on.
    fn silence_again(&mut self, cx: &mut Ctx<'_>) {
        if !self.prompt_goes_on() {
            self.prompt_over(cx, true);
        }
    }
}

fn discard(cx: &mut Ctx<'_>, segment: SegmentId) {
    let discard = ProviderCommand::Discard { segment };
    cx.out.push_back(Output::Provider(discard));
}
