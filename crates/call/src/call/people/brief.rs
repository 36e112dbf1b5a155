//! What a person is told before they take the caller, and what became of it.

use super::super::{Call, Ctx, Purpose, Stage};
use crate::reach::{self, Part};
use tandem_dialplan::WarmRules;
use tandem_types::{LegId, journal::What, media::Lane};

/// Spoken words in a second, for fitting a brief into its time (flite and espeak-ng at their normal
/// speed speak 160 to 175 words a minute).
const WORDS_PER_SECOND: f64 = 2.7;

impl Call {
    /// What a consult leg is told.
    pub(super) fn tell(&mut self, cx: &mut Ctx<'_>, leg: LegId, part: Part) {
        let warm = self
            .dialplan(cx.plan)
            .map_or_else(WarmRules::default, |d| d.warm.clone());
        let (headline, detail) = self
            .reaching()
            .and_then(|r| r.brief.clone())
            .unwrap_or_default();
        let queue = warm.send_to.as_ref().and_then(|name| {
            let queue = self.dialplan(cx.plan)?.queues.get(name)?;
            Some(format!(
                ", {} to send them to {}",
                warm.queue_key, queue.spoken
            ))
        });
        let queue = queue.unwrap_or_default();
        let keys = |more: bool| {
            let more = if more {
                format!(", {} to hear more", warm.more_key)
            } else {
                String::new()
            };
            format!(
                "Press {} to take the call, {} if you cannot{more}{queue}.",
                warm.accept_key, warm.decline_key
            )
        };
        let text = match part {
            Part::Brief => {
                let room = (warm.brief_max.as_secs_f64() * WORDS_PER_SECOND) as usize;
                let used =
                    headline.split_whitespace().count() + keys(false).split_whitespace().count();
                let fitting = fit(&detail, room.saturating_sub(used));
                let keys = keys(fitting.len() < detail.len());
                [headline.as_str(), &keys, &fitting]
                    .join(" ")
                    .trim()
                    .to_owned()
            }
            Part::More => [headline.as_str(), &detail, &keys(false)]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
            Part::AskAgain => keys(false),
            // Last words, which `dismiss` says.
            Part::CallerLeft | Part::CallerStays | Part::TakenElsewhere | Part::TooLate => return,
        };
        if let (Part::Brief | Part::More, Stage::Reaching(r)) = (part, &mut self.stage)
            && let Some(t) = &mut r.transfer
        {
            t.told.push((leg, text.clone()));
            let what = What::TransferBriefed {
                transfer: t.id,
                text: text.clone(),
            };
            self.journal(cx, what);
        }
        let sound = self.speech(cx.plan, text);
        self.play(cx, leg, sound, Lane::Voice, Purpose::Tell(leg, part));
    }

    pub(crate) fn told(&mut self, cx: &mut Ctx<'_>, leg: LegId) {
        if let Stage::Reaching(r) = &mut self.stage {
            r.reach.handle_input(cx.now.mono, reach::Input::Told(leg));
            self.drain_reach(cx);
        }
    }

    /// Words for a consult leg could not be spoken: nothing was delivered, and the keys work all the same.
    pub(crate) fn untold(&mut self, cx: &mut Ctx<'_>, leg: LegId, part: Part) {
        if let (Part::Brief | Part::More, Stage::Reaching(r)) = (part, &mut self.stage) {
            let told = r.transfer.as_mut().map(|t| &mut t.told);
            if let Some(told) = told
                && let Some(at) = told.iter().rposition(|(to, _)| *to == leg)
            {
                told.remove(at);
            }
            let text = format!("the brief for leg {} could not be spoken", leg.index);
            self.journal(cx, What::Alarm { text });
        }
        self.told(cx, leg);
    }
}

/// As many whole sentences of `text` as fit into `words`.
fn fit(text: &str, words: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for sentence in text.split_inclusive(['.', '!', '?']) {
        used += sentence.split_whitespace().count();
        if used > words {
            break;
        }
        out.push_str(sentence);
    }
    out.trim().to_owned()
}
