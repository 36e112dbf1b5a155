//! What a leg hears under everything else: music, ringback.

use super::{Call, Ctx, Purpose};
use tandem_types::{
    LegId,
    media::{Lane, Sound},
};

impl Call {
    /// Looped music for a leg, replacing what was there.
    pub(crate) fn play_background(&mut self, cx: &mut Ctx<'_>, to: LegId, file: Option<String>) {
        self.quiet_background_of(cx, to);
        self.play(
            cx,
            to,
            Sound::Music { file },
            Lane::Background,
            Purpose::Background(to),
        );
    }

    pub(super) fn ringback(&mut self, cx: &mut Ctx<'_>) {
        self.quiet_background(cx);
        let country = self
            .dialplan(cx.plan)
            .map_or_else(|| "GB".to_owned(), |d| d.country.clone());
        self.play(
            cx,
            self.caller,
            Sound::Ringback { country },
            Lane::Background,
            Purpose::Background(self.caller),
        );
    }

    pub(crate) fn quiet_background(&mut self, cx: &mut Ctx<'_>) {
        self.stop(cx, |p| matches!(p, Purpose::Background(_)));
    }

    /// Of one leg alone: two can be on hold at a time.
    pub(crate) fn quiet_background_of(&mut self, cx: &mut Ctx<'_>, leg: LegId) {
        self.stop(cx, |p| *p == Purpose::Background(leg));
    }
}
