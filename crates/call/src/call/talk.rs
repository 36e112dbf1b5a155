//! What the conversation wants, and what it is told.

use super::{Call, Ctx, Purpose, Stage};
use crate::api::Output;
use tandem_agent::{Input, Output as Want, Return};
use tandem_types::{
    LegId, Party, PlayerId, Reason, Termination,
    journal::What,
    media::{Lane, MediaCommand, Sound},
};

impl Call {
    /// Something from the caller's leg, for the conversation alone.
    pub(crate) fn caller_speaks(&mut self, cx: &mut Ctx<'_>, leg: LegId, input: Input) {
        if leg == self.caller {
            self.talk_input(cx, input);
        }
    }

    pub(crate) fn talk_input(&mut self, cx: &mut Ctx<'_>, input: Input) {
        if let Some(talk) = &mut self.talk {
            talk.handle_input(cx.now, input);
            self.drain_talk(cx);
        }
    }

    pub(crate) fn drain_talk(&mut self, cx: &mut Ctx<'_>) {
        while let Some(want) = self
            .talk
            .as_mut()
            .and_then(tandem_agent::Conversation::poll_output)
        {
            if matches!(
                self.stage,
                Stage::Ending | Stage::Leaving | Stage::Farewell { .. }
            ) {
                // The caller is gone, or hears the last word: what was decided still belongs into the record, nothing else does.
                if let Want::Journal(what) = want {
                    self.journal(cx, what);
                }
                continue;
            }
            self.want(cx, want);
        }
    }

    fn want(&mut self, cx: &mut Ctx<'_>, want: Want) {
        match want {
            Want::Say {
                utterance,
                text,
                voice,
                language,
                profile,
                interruptible: _,
            } => {
                let sound = Sound::Speech {
                    text,
                    voice,
                    language,
                    profile,
                };
                self.play(
                    cx,
                    self.caller,
                    sound,
                    Lane::Voice,
                    Purpose::Utterance(utterance),
                );
            }
            Want::StopSaying => self.stop(cx, |p| matches!(p, Purpose::Utterance(_))),
            Want::PauseSaying => self.speaking(cx, |player| MediaCommand::Pause { player }),
            Want::ResumeSaying => self.speaking(cx, |player| MediaCommand::Resume { player }),
            Want::Listen { on, end_silence } => {
                cx.media(MediaCommand::Listen {
                    leg: self.caller,
                    on,
                    end_silence,
                });
            }
            Want::Provider(command) => cx.out.push_back(Output::Provider(command)),
            Want::Journal(what) => self.journal(cx, what),
            Want::Ring { package, target } => self.ring_early(cx, package, &target),
            Want::Abandon { handoff } => self.never_mind(cx, handoff),
            Want::Transfer {
                package,
                sha256,
                target,
            } => self.transfer(cx, package, sha256, &target),
            Want::Hangup => self.end(cx, Termination::new(Party::Agent, Reason::Normal)),
        }
    }

    fn speaking(&mut self, cx: &mut Ctx<'_>, command: impl Fn(PlayerId) -> MediaCommand) {
        for (index, purpose) in &self.players {
            if matches!(purpose, Purpose::Utterance(_)) {
                cx.media(command(PlayerId {
                    call: self.id,
                    index: *index,
                }));
            }
        }
    }

    /// The person is gone, or gave the caller back: the agent has them again.
    pub(crate) fn back_to_agent(&mut self, cx: &mut Ctx<'_>, note: Option<String>, how: Return) {
        self.quiet_background(cx);
        self.stage = Stage::Talking;
        self.connect_all(cx);
        self.talk_input(cx, Input::Returned { note, how });
    }

    /// Nothing is heard from a leg that should send, for long. A person whom the caller is with is watched more closely.
    pub(crate) fn fell_quiet(&mut self, cx: &mut Ctx<'_>, leg: LegId, for_ms: u32) {
        if self.peer() == Some(leg) {
            return;
        }
        self.journal(
            cx,
            What::Alarm {
                text: format!("nothing heard from leg {} for {for_ms} ms", leg.index),
            },
        );
        // A muted phone and silence suppression send nothing either (field note 4): nobody is hung up for
        // silence alone, but a far end that is gone does not answer when it is asked.
        self.probe(cx, leg);
    }
}
