//! The recording of a call: when it begins, when it rests, whose ears it has.
//!
//! ```text
//!             could not be made: RecordingEnded
//!          .--------------------------------------.
//!          |                                      v
//!  (none) --answer, notice or bridge,--> [Running] --the call ends: CloseCall, RecordingEnded--> [Closed]
//!            as the plan says: Record      |   ^  '--disk full: RecordingEnded------------------->
//!                  key, admin, not_in      v   | both are over
//!                                        [Paused]
//! ```
//!
//! Two things can pause it, each by itself: somebody who keyed the code or asked by the command line (`by_hand`), and a place of the
//! dialplan that the caller is in (`not_in`). Meanwhile the file has silence, and the journal neither keys nor words; of the latter that
//! holds also where there is no file, because its disk is full.

use super::{Call, Ctx, Purpose, Stage};
use serde::{Deserialize, Serialize};
use tandem_agent::Conversation;
use tandem_dialplan::{Destination, RecordFrom, RecordingRules};
use tandem_types::{
    CallId, LegId, MessageId, Wall,
    journal::What,
    media::{Lane, MediaCommand},
    recording::{RecordingEnd, RecordingSum},
};

/// What the transcript has for words that nobody may keep.
const UNRECORDED: &str = "[not recorded]";

/// A recording that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recording {
    /// Whose ears it has.
    leg: LegId,
    file: String,
    /// The media graph has not said that it is over.
    open: bool,
    /// Somebody has paused it.
    by_hand: bool,
    /// It rests now.
    paused: bool,
}

/// What a recording takes notice of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// The caller's leg was answered.
    Answered,
    /// The caller was told that this is an AI, and whatever the plan says besides.
    Told,
    /// Caller and person hear each other.
    Joined,
    /// An agent has the caller.
    Entered,
}

impl Moment {
    pub(super) fn of(what: &What) -> Option<Self> {
        match what {
            What::CallAnswered => Some(Self::Answered),
            What::Disclosed { .. } => Some(Self::Told),
            What::Bridged { .. } | What::TransferBridged { .. } => Some(Self::Joined),
            What::AgentEntered { .. } => Some(Self::Entered),
            _ => None,
        }
    }
}

/// `2026-11-21/01KHZ...wav`: a folder for each day (UTC), and the call's id.
fn file_name(call: CallId, at: Wall, encrypted: bool) -> String {
    let day: String = at.to_string().chars().take(10).collect();
    let kind = if encrypted { "tdr" } else { "wav" };
    format!("{day}/{call}.{kind}")
}

/// `messages/2026-11-21/01KHZ...-1.wav`.
pub(super) fn message_file(message: MessageId, at: Wall, encrypted: bool) -> String {
    let day: String = at.to_string().chars().take(10).collect();
    let kind = if encrypted { "tdr" } else { "wav" };
    format!("messages/{day}/{message}.{kind}")
}

impl Call {
    fn recording_rules<'p>(&self, cx: &Ctx<'p>) -> Option<&'p RecordingRules> {
        let rules = &self.dialplan(cx.plan)?.recording;
        let numbers = &rules.numbers;
        let meant = numbers.is_empty() || numbers.iter().any(|n| n.matches(&self.to));
        (meant && rules.from != RecordFrom::Never).then_some(rules)
    }

    /// Something was journaled that a recording may begin with, or that may change whether it rests.
    pub(super) fn record_after(&mut self, cx: &mut Ctx<'_>, moment: Option<Moment>) {
        let begins: &[RecordFrom] = match moment {
            Some(Moment::Answered) => &[RecordFrom::Answer],
            Some(Moment::Told) => &[RecordFrom::Notice],
            Some(Moment::Joined) => &[RecordFrom::Notice, RecordFrom::Transfer],
            Some(Moment::Entered) => return self.settle_recording(cx, None),
            None => return,
        };
        let rules = self.recording_rules(cx);
        let Some(rules) = rules.filter(|r| begins.contains(&r.from)) else {
            return;
        };
        if self.recording.is_some() || self.recorded {
            return;
        }
        let (leg, tone) = (self.caller, rules.tone);
        let key = cx.plan.node.recordings.key.clone();
        let file = file_name(self.id, cx.now.wall, key.is_some());
        self.recording = Some(Recording {
            leg,
            file: file.clone(),
            open: true,
            by_hand: false,
            paused: false,
        });
        let path = file.clone();
        self.journal(cx, What::RecordingStarted { path, key });
        cx.media(MediaCommand::Record { leg, file, tone });
        self.settle_recording(cx, None);
    }

    /// Whose ears it has, and whether it rests. `by`: whose act it is, where it is not the place's.
    pub(super) fn settle_recording(&mut self, cx: &mut Ctx<'_>, by: Option<String>) {
        let (caller, call) = (self.caller, self.id);
        let place = self.unrecorded_place(cx);
        let tone = self.recording_rules(cx).and_then(|r| r.tone);
        // A recording that is over early rests all the same: what nobody may keep is in no transcript either.
        let Some(r) = self.recording.as_mut() else {
            return;
        };
        if r.leg != caller && r.open {
            r.leg = caller;
            let file = r.file.clone();
            cx.media(MediaCommand::Record {
                leg: caller,
                file,
                tone,
            });
        }
        let paused = r.by_hand || place.is_some();
        if std::mem::replace(&mut r.paused, paused) == paused {
            return;
        }
        cx.media(MediaCommand::PauseRecording { call, paused });
        let by = by.or(place).unwrap_or_else(|| "the next place".to_owned());
        self.journal(
            cx,
            match paused {
                true => What::RecordingPaused { by },
                false => What::RecordingResumed { by },
            },
        );
    }

    /// The place that the caller is in, where nothing may be recorded there.
    fn unrecorded_place(&self, cx: &Ctx<'_>) -> Option<String> {
        let rules = self.recording_rules(cx)?;
        let place = match &self.stage {
            Stage::Menu(menu) => Destination::Menu(menu.name.clone()),
            Stage::Asking(asking) => Destination::Ask(asking.name.clone()),
            Stage::Talking => {
                let agent = self.talk.as_ref().and_then(Conversation::agent)?;
                Destination::Agent(agent.to_owned())
            }
            _ => return None,
        };
        rules.not_in.contains(&place).then(|| place.to_string())
    }

    /// The media graph has still to say that it is over.
    pub(super) fn is_recording(&self) -> bool {
        self.recording.as_ref().is_some_and(|r| r.open)
    }

    /// An admin, or somebody at the desk, pauses it or lets it go on.
    pub(crate) fn pause_recording(&mut self, cx: &mut Ctx<'_>, paused: bool, by: String) {
        if let Some(r) = self.recording.as_mut() {
            r.by_hand = paused;
            self.settle_recording(cx, Some(by));
        }
    }

    /// A person keyed the code: they are told what it did.
    pub(super) fn toggle_recording(&mut self, cx: &mut Ctx<'_>, person: LegId, code: &str) {
        let Some(r) = &self.recording else {
            return;
        };
        let pause = !r.by_hand;
        self.pause_recording(cx, pause, format!("key {code}"));
        let words = match pause {
            true => "Recording paused.",
            false => "Recording again.",
        };
        let sound = self.speech(cx.plan, words);
        self.play(cx, person, sound, Lane::Voice, Purpose::Notice);
    }

    /// An event as it may be kept: without keys and words while the recording rests.
    pub(super) fn kept(&self, what: What) -> What {
        if !self.recording.as_ref().is_some_and(|r| r.paused) {
            return what;
        }
        match what {
            What::KeyPressed { leg, did, .. } => What::KeyPressed {
                leg,
                digit: '*',
                did,
            },
            What::AnswerGiven {
                question,
                answer: _,
            } => What::AnswerGiven {
                question,
                answer: UNRECORDED.to_owned(),
            },
            What::TurnEnded {
                turn,
                speaker,
                generated,
                interrupted,
                confidence,
                text: _,
            } => What::TurnEnded {
                turn,
                speaker,
                text: UNRECORDED.to_owned(),
                generated: generated.map(|_| UNRECORDED.to_owned()),
                interrupted,
                confidence,
            },
            What::ToolCalled {
                request,
                tool,
                effect,
                turn,
                arguments: _,
                key,
            } => What::ToolCalled {
                request,
                tool,
                effect,
                turn,
                arguments: UNRECORDED.to_owned(),
                key,
            },
            other => other,
        }
    }

    /// The disk is too slow.
    pub(super) fn recording_behind(&mut self, cx: &mut Ctx<'_>) {
        let text = "the disk is too slow for this recording: some of it is silence".to_owned();
        self.journal(cx, What::Alarm { text });
    }

    /// The media graph will say no more of it.
    pub(super) fn recording_ended(&mut self, cx: &mut Ctx<'_>, sum: RecordingSum) {
        let Some(r) = self.recording.as_mut().filter(|r| r.open) else {
            return;
        };
        r.open = false;
        let text = match sum.end {
            RecordingEnd::Whole | RecordingEnd::Lost => None,
            RecordingEnd::NoRoom => Some("no more of this call is recorded: the disk is full"),
            RecordingEnd::Failed => {
                Some("no more of this call is recorded: its file cannot be written")
            }
        };
        if let Some(text) = text.filter(|_| !self.recorded) {
            let text = text.to_owned();
            self.journal(cx, What::Alarm { text });
        }
        self.journal(cx, What::RecordingEnded { sum });
    }
}
