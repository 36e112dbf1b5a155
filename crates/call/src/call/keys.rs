//! Keys: each reaches the call once, whichever way it came (RFC 4733, INFO). A code that was acted on is heard by nobody.
//!
//! ```text
//!   a person's key --may begin a code--> typed --completes it--> acted on
//!        |                                 | cannot any more, or 2 s without a key
//!        |  cannot                         v
//!        +-------------------------------> passed on: RFC 4733, or INFO to a leg that has no telephone-event
//! ```

use super::{Call, Ctx, Stage};
use crate::reach;
use std::time::Duration;
use tandem_sip::{
    api::{Body, Failure, RequestKey},
    message::{Headers, Method, Response},
};
use tandem_types::{LegId, journal::What, media::MediaCommand};

/// Keys of one code come this close together.
const CODE_GAP: Duration = Duration::from_secs(2);

/// What a code does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    BackToAi,
    Recording,
}

impl Call {
    /// A key of a leg; `by_info`: the media graph has not seen it.
    pub(crate) fn digit(&mut self, cx: &mut Ctx<'_>, id: LegId, digit: char, by_info: bool) {
        if let Some(leg) = self.leg_mut(id) {
            leg.told_by_info |= by_info;
            let agreed = leg.agreed.as_ref();
            let has_events = agreed.is_some_and(|a| a.event_payload_type.is_some());
            if !by_info && leg.told_by_info && !has_events {
                return; // the tone of a key that was told
            }
        }
        if id == self.caller && self.is_spare(cx, digit) {
            return;
        }
        match &mut self.stage {
            Stage::Talking | Stage::Reaching(_) | Stage::Referring(_) if id == self.caller => {
                if self.key_in_line(cx, digit) {
                    return;
                }
                self.talk_input(cx, tandem_agent::Input::Digit(digit));
            }
            Stage::Menu(_) if id == self.caller => self.key_in_menu(cx, id, digit),
            Stage::Voicemail(_) if id == self.caller => {
                self.message_input(cx, crate::message::Input::Key(digit));
            }
            Stage::Messages(_) if id == self.caller => self.key_in_inbox(cx, digit),
            Stage::Asking(_) if id == self.caller => self.key_in_ask(cx, id, digit),
            Stage::CallingBack(_) if id == self.caller => self.key_in_offer(cx, digit),
            Stage::Reaching(r) if r.reach.has(id) => {
                r.reach
                    .handle_input(cx.now.mono, reach::Input::Key(id, digit));
                self.journal(
                    cx,
                    What::KeyPressed {
                        leg: id,
                        digit,
                        did: "answers the brief".into(),
                    },
                );
                self.drain_reach(cx);
            }
            Stage::Bridged(_) => self.key_in_bridge(cx, id, digit, by_info),
            Stage::Talking
            | Stage::Menu(_)
            | Stage::Asking(_)
            | Stage::Reaching(_)
            | Stage::Opening { .. }
            | Stage::Answering { .. }
            | Stage::Announcing { .. }
            | Stage::Referring(_)
            | Stage::Voicemail(_)
            | Stage::Messages(_)
            | Stage::CallingBack(_)
            | Stage::Echo
            | Stage::Conference
            | Stage::Notifying { .. }
            | Stage::Farewell { .. }
            | Stage::Leaving
            | Stage::Ending => {}
        }
    }

    /// What a person can key in the call now, and what it does.
    fn codes(&self, cx: &Ctx<'_>) -> Vec<(String, Code)> {
        let Some(plan) = self.dialplan(cx.plan) else {
            return Vec::new();
        };
        let back = (self.talk.is_some()).then(|| (plan.warm.back_to_ai.clone(), Code::BackToAi));
        let pause = (self.recording.is_some())
            .then(|| (plan.recording.pause_code.clone(), Code::Recording));
        let codes = back.into_iter().chain(pause);
        codes.filter(|(code, _)| !code.is_empty()).collect()
    }

    /// Whose keys the media graph is to keep: a person's that may be a code, and all for a far end that wants INFO.
    pub(crate) fn settle_keys(&mut self, cx: &mut Ctx<'_>) {
        let Some(peer) = self.peer() else { return };
        let codes = !self.codes(cx).is_empty();
        for (id, other) in [(self.caller, peer), (peer, self.caller)] {
            let info = self.leg(other).is_some_and(crate::leg::Leg::wants_info);
            let keep = info || (codes && id == peer);
            let Some(leg) = self.leg_mut(id) else {
                continue;
            };
            if std::mem::replace(&mut leg.keys_kept, keep) != keep {
                cx.media(MediaCommand::KeepKeys { leg: id, keep });
            }
        }
    }

    fn key_in_bridge(&mut self, cx: &mut Ctx<'_>, id: LegId, digit: char, by_info: bool) {
        let Some(peer) = self.peer() else { return };
        let other = if id == self.caller { peer } else { self.caller };
        let codes = match id == peer {
            true => self.codes(cx),
            false => Vec::new(),
        };
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        if codes.is_empty() {
            if by_info || leg.keys_kept {
                self.pass_keys(cx, other, &digit.to_string());
            }
            return;
        }
        let (typed, until) = &mut leg.typed;
        typed.push(digit);
        if let Some((code, does)) = codes.iter().find(|(code, _)| typed.ends_with(code)) {
            // Whatever came before the code had been waiting for it.
            let before = typed[..typed.len() - code.len()].to_owned();
            typed.clear();
            self.pass_keys(cx, other, &before);
            let did = match does {
                Code::BackToAi => "gives the caller back to the AI",
                Code::Recording => "pauses the recording, or lets it go on",
            };
            let did = did.to_owned();
            self.journal(
                cx,
                What::KeyPressed {
                    leg: id,
                    digit,
                    did,
                },
            );
            return match does {
                Code::BackToAi => self.give_back(cx, id),
                Code::Recording => self.toggle_recording(cx, id, code),
            };
        }
        // The longest end of what was typed that a code begins with goes on waiting.
        let begins = |from: &usize| {
            codes
                .iter()
                .any(|(code, _)| code.starts_with(&typed[*from..]))
        };
        let keep_from = (0..typed.len()).find(begins).unwrap_or(typed.len());
        let rest = typed.split_off(keep_from);
        let pass = std::mem::replace(typed, rest);
        *until = cx.now.mono + CODE_GAP;
        self.pass_keys(cx, other, &pass);
    }

    /// When keys that might have become a code are none after all.
    pub(crate) fn typed_until(&self) -> Option<(tandem_types::Mono, &'static str)> {
        let leg = self.leg(self.peer()?)?;
        (!leg.typed.0.is_empty()).then_some((leg.typed.1, "keys that are no code"))
    }

    pub(crate) fn typed_due(&mut self, cx: &mut Ctx<'_>) {
        let due = self
            .typed_until()
            .is_some_and(|(until, _)| cx.now.mono >= until);
        if let (true, Some(peer)) = (due, self.peer())
            && let Some(leg) = self.leg_mut(peer)
        {
            let typed = std::mem::take(&mut leg.typed.0);
            self.pass_keys(cx, self.caller, &typed);
        }
    }

    /// Keys go on to a leg: pressed anew by the media graph, or by INFO, one after the other.
    fn pass_keys(&mut self, cx: &mut Ctx<'_>, to: LegId, keys: &str) {
        let Some(leg) = self.legs.get_mut(&to.index).filter(|_| !keys.is_empty()) else {
            return;
        };
        if leg.wants_info() {
            leg.keys_out.push_str(keys);
            return self.next_info(cx, to);
        }
        cx.media(MediaCommand::SendDigits {
            leg: to,
            digits: keys.to_owned(),
        });
    }

    fn next_info(&mut self, cx: &mut Ctx<'_>, to: LegId) {
        let Some(leg) = self.legs.get_mut(&to.index).filter(|l| l.up()) else {
            return;
        };
        let (Some(session), None) = (leg.session, leg.key_sent) else {
            return;
        };
        let Some(digit) = leg.keys_out.chars().next() else {
            return;
        };
        // The form that Cisco gave it and all phones know; no RFC has it.
        let body = Body {
            content_type: "application/dtmf-relay".into(),
            bytes: format!("Signal={digit}\r\nDuration=100\r\n")
                .into_bytes()
                .into(),
        };
        let key = cx.request(to, session, Method::Info, Headers::new(), Some(body));
        leg.key_sent = Some(key);
    }

    /// An INFO of ours was answered: the next key, or all of them as tones where it is not taken. Says whether it was one.
    pub(crate) fn info_answered(
        &mut self,
        cx: &mut Ctx<'_>,
        id: LegId,
        key: RequestKey,
        result: &Result<Box<Response>, Failure>,
    ) -> bool {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return false;
        };
        if leg.key_sent != Some(key) {
            return false;
        }
        leg.key_sent = None;
        let refused = matches!(result, Err(Failure::Response(r)) if matches!(r.status, 405 | 415 | 489 | 501));
        if refused {
            leg.takes_info = false;
            let keys = std::mem::take(&mut leg.keys_out);
            self.settle_keys(cx);
            self.pass_keys(cx, id, &keys);
        } else {
            leg.keys_out = leg.keys_out.chars().skip(1).collect();
            self.next_info(cx, id);
        }
        true
    }
}
