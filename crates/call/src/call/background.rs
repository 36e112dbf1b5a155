//! What a leg hears under everything else: music, ringback, comfort noise, beeps. One at a time for each leg; what it hears already
//! goes on without a break. And the voice of what no agent says.

use super::{Call, Ctx, Purpose, Stage};
use serde::{Deserialize, Serialize};
use tandem_dialplan::Plan;
use tandem_types::{
    LegId, PlayerId,
    media::{Lane, MediaCommand, Sound},
};

/// What there is to be heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Under {
    /// A file's, or the built-in piece.
    Music(Option<String>),
    /// Of the plan's country.
    Ringback,
    /// Nobody speaks, and the line is open.
    Comfort,
    /// Words cannot be spoken just now.
    Beeps,
}

impl Call {
    /// Looped music for a leg, replacing what was there.
    pub(crate) fn play_background(&mut self, cx: &mut Ctx<'_>, to: LegId, file: Option<String>) {
        self.background(cx, to, Some(Under::Music(file)));
    }

    pub(super) fn ringback(&mut self, cx: &mut Ctx<'_>) {
        self.background(cx, self.caller, Some(Under::Ringback));
    }

    /// Words for the caller cannot be spoken: where they hear nothing else, tones say that the line is open and keys work.
    pub(super) fn speechless(&mut self, cx: &mut Ctx<'_>) {
        let caller = self.caller;
        let waits = matches!(
            self.stage,
            Stage::Talking | Stage::Menu(_) | Stage::Asking(_) | Stage::Announcing { .. }
        );
        let hears = |p: &Purpose| matches!(p, Purpose::Background(leg, under) if *leg == caller && *under != Under::Comfort);
        if waits && !self.players.values().any(hears) {
            self.background(cx, caller, Some(Under::Beeps));
        }
    }

    /// Words are heard again, which were asked for after those that could not be spoken.
    pub(super) fn spoken_again(&mut self, cx: &mut Ctx<'_>, player: PlayerId) {
        let caller = self.caller;
        let beeps = Purpose::Background(caller, Under::Beeps);
        let mut before = self.players.range(..player.index);
        if before.any(|(_, p)| *p == beeps) {
            let asks = matches!(self.stage, Stage::Menu(_) | Stage::Asking(_));
            let under = asks.then_some(Under::Comfort);
            self.background(cx, caller, under);
        }
    }

    /// From here on the leg hears this under everything else.
    pub(crate) fn background(&mut self, cx: &mut Ctx<'_>, to: LegId, want: Option<Under>) {
        let hears_it = |p: &Purpose| matches!(p, Purpose::Background(leg, under) if *leg == to && want.as_ref() == Some(under));
        if self.players.values().any(hears_it) {
            return;
        }
        self.quiet_background_of(cx, to);
        let Some(under) = want else { return };
        let sound = match &under {
            Under::Music(file) => Sound::Music { file: file.clone() },
            Under::Ringback => Sound::Ringback {
                country: self
                    .dialplan(cx.plan)
                    .map_or_else(|| "GB".to_owned(), |d| d.country.clone()),
            },
            Under::Comfort => Sound::Comfort,
            Under::Beeps => Sound::Beeps,
        };
        self.play(
            cx,
            to,
            sound,
            Lane::Background,
            Purpose::Background(to, under),
        );
    }

    pub(crate) fn quiet_background(&mut self, cx: &mut Ctx<'_>) {
        self.quiet(cx, |_| true);
    }

    /// Of one leg alone: two can be on hold at a time.
    pub(crate) fn quiet_background_of(&mut self, cx: &mut Ctx<'_>, leg: LegId) {
        self.quiet(cx, |of| of == leg);
    }

    /// Nobody waits for the end of these: they are forgotten with the command.
    fn quiet(&mut self, cx: &mut Ctx<'_>, whose: impl Fn(LegId) -> bool) {
        let call = self.id;
        self.players.retain(|index, purpose| {
            let stop = matches!(purpose, Purpose::Background(leg, _) if whose(*leg));
            if stop {
                let player = PlayerId {
                    call,
                    index: *index,
                };
                cx.media(MediaCommand::Stop { player });
            }
            !stop
        });
    }

    /// Words in the voice of the plan, for what no agent says.
    pub(crate) fn speech(&self, plan: &Plan, text: impl Into<String>) -> Sound {
        let d = self.dialplan(plan);
        Sound::Speech {
            text: text.into(),
            voice: d.map_or_else(String::new, |d| d.voice.clone()),
            language: d
                .and_then(|d| d.languages.first().cloned())
                .unwrap_or_else(|| "en-GB".into()),
            profile: d
                .and_then(|d| d.providers.clone())
                .unwrap_or_else(|| "offline".into()),
        }
    }
}
