//! How utterances end: played, cut off, failed, or never told; and what was heard of them.

use super::{Conversation, Kind, PACE, SPEECH_DOWN, append};
use tandem_types::{Now, context::Speaker, journal::What, provider::ProviderFault};

impl Conversation {
    pub(in crate::conversation) fn on_say_started(&mut self, now: Now, utterance: u32) {
        self.playout.failed_in_a_row = 0;
        if let Some(u) = self.playout.queue.iter_mut().find(|u| u.id == utterance) {
            u.started = Some(now.mono);
        }
    }

    pub(in crate::conversation) fn on_said(
        &mut self,
        now: Now,
        utterance: u32,
        played: u32,
        total: u32,
        whole: bool,
    ) {
        let Some(u) = self.playout.queue.iter().find(|u| u.id == utterance) else {
            return;
        };
        let kind = u.kind;
        let heard = match whole {
            true => u.text.clone(),
            false => heard_part(&u.text, u64::from(played), u64::from(total)),
        };
        if whole {
            self.playout.failed_in_a_row = 0;
            self.question_heard(utterance);
        }
        if whole && kind == Kind::Disclosure {
            let language = self.memory.language.clone();
            self.memory.disclosed_at = Some(now.wall);
            self.journal(What::Disclosed { language });
        }
        self.utterance_over(now, utterance, &heard, !whole);
    }

    pub(in crate::conversation) fn on_said_failed(&mut self, now: Now, utterance: u32) {
        if !self.playout.queue.iter().any(|u| u.id == utterance) {
            return;
        }
        self.playout.failed_in_a_row = self.playout.failed_in_a_row.saturating_add(1);
        // Acted on once: words about it would fail as well.
        let down = self.playout.failed_in_a_row == SPEECH_DOWN;
        self.journal(What::ProviderFailed {
            door: "tts".to_owned(),
            fault: ProviderFault::Unreachable,
            instead: if down {
                "on_provider_down"
            } else {
                "these words are left out"
            }
            .to_owned(),
        });
        self.utterance_over(now, utterance, "", false);
        if down && self.is_talking() {
            self.providers_down(now, "speech could not be made");
        }
    }

    pub(super) fn utterance_over(&mut self, now: Now, utterance: u32, heard: &str, cut: bool) {
        let Some(at) = self.playout.queue.iter().position(|u| u.id == utterance) else {
            return;
        };
        if let Some(u) = self.playout.queue.remove(at)
            && let Some(r) = self.playout.replies.iter_mut().find(|r| r.id == u.reply)
        {
            append(&mut r.heard, heard);
            r.cut |= cut;
        }
        if at == 0 {
            self.playout.front_since = now.mono;
        }
        if !self.playout.waits_for_stop() {
            self.playout.stopped_by = None;
        }
        if self.playout.queue.is_empty() {
            self.playout.paused = None;
        }
        self.commit_replies(now);
    }

    /// Replies that are over become turns, in their order. What nobody heard is none.
    pub(super) fn commit_replies(&mut self, now: Now) {
        while let Some(front) = self.playout.replies.front() {
            let busy = front.open || self.playout.queue.iter().any(|u| u.reply == front.id);
            if busy {
                return;
            }
            let Some(r) = self.playout.replies.pop_front() else {
                return;
            };
            if r.heard.is_empty() {
                continue;
            }
            let speaker = Speaker::Agent(r.agent);
            let turn = self.memory.add_turn(now, speaker.clone(), &r.heard, r.cut);
            self.journal(What::TurnEnded {
                turn,
                speaker,
                generated: (r.generated != r.heard).then_some(r.generated),
                text: r.heard,
                interrupted: r.cut,
                confidence: 1000,
            });
        }
    }

    /// Utterances whose end was never told count by the time that they had.
    pub(in crate::conversation) fn give_up_on_stopped(&mut self, now: Now) {
        self.playout.stopped_by = None;
        let stopped: Vec<u32> = self
            .playout
            .queue
            .iter()
            .filter(|u| u.stopped)
            .map(|u| u.id)
            .collect();
        self.estimate(now, &stopped);
    }

    /// Everything that is left counts by the time that it had.
    pub(in crate::conversation) fn give_up_on_all(&mut self, now: Now) {
        let all: Vec<u32> = self.playout.queue.iter().map(|u| u.id).collect();
        self.estimate(now, &all);
    }

    fn estimate(&mut self, now: Now, ids: &[u32]) {
        for id in ids {
            let heard = self.playout.queue.iter().find(|u| u.id == *id).map(|u| {
                let ms = u
                    .started
                    .map_or(0, |s| now.mono.since(s).as_millis() as u64);
                heard_part(&u.text, ms, 0)
            });
            self.utterance_over(now, *id, &heard.unwrap_or_default(), true);
        }
    }

    /// The first utterance was neither finished nor failed for too long.
    pub(in crate::conversation) fn lose_front(&mut self, now: Now) {
        if let Some(id) = self.playout.queue.front().map(|u| u.id) {
            self.on_said_failed(now, id);
        }
    }
}

/// The whole words that fit the share that was played. Where the whole length was never known, by
/// [`PACE`].
fn heard_part(text: &str, played_ms: u64, total_ms: u64) -> String {
    let letters = text.chars().count() as u64;
    let heard = match total_ms {
        0 => played_ms.saturating_mul(PACE) / 1000,
        total => letters.saturating_mul(played_ms.min(total)) / total,
    };
    if heard >= letters {
        return text.to_owned();
    }
    let part: String = text.chars().take(heard as usize).collect();
    let ends_on_word = text
        .chars()
        .nth(heard as usize)
        .is_some_and(char::is_whitespace);
    let cut = match (ends_on_word, part.rfind(char::is_whitespace)) {
        (true, _) => part.as_str(),
        (false, Some(at)) => &part[..at],
        (false, None) => "",
    };
    cut.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_ends_on_a_word() {
        let text = "one two three four";
        assert_eq!(heard_part(text, 1000, 1000), text);
        assert_eq!(heard_part(text, 500, 1000), "one two");
        assert_eq!(heard_part(text, 167, 1000), "one");
        assert_eq!(heard_part(text, 100, 1000), "");
        assert_eq!(heard_part(text, 0, 0), "");
        assert_eq!(heard_part(text, 600, 0), "one two");
        assert_eq!(heard_part("dŵr a thân", 9, 10), "dŵr a");
        assert_eq!(heard_part("", 5, 5), "");
    }
}
