//! Hold and resume: re-INVITEs of ours, and again after a glare (RFC 3261 section 14.1).

use super::{
    Asked, Deed, Phone, State,
    call::{sdp_body, status_of},
};
use crate::PhoneEvent;
use std::time::Duration;
use tandem_sdp::Direction;
use tandem_sip::{
    api::{Command, Failure, SessionId},
    message::{Headers, Method, Response},
};
use tandem_types::Now;

impl Phone {
    /// Offers a direction, or no address: hold and resume.
    pub(super) fn reinvite(&mut self, now: Now, direction: Direction, nowhere: bool) {
        let Some(session) = self.focus else { return };
        if let Some(call) = self
            .calls
            .get_mut(&session)
            .filter(|c| c.state() == State::Up)
        {
            (call.want, call.nowhere) = (direction, nowhere);
            self.reinvite_again(now, session);
        }
    }

    pub(super) fn reinvite_again(&mut self, now: Now, session: SessionId) {
        let Some(call) = self
            .calls
            .get_mut(&session)
            .filter(|c| c.state() == State::Up)
        else {
            return;
        };
        let mut offer = call.sdp.offer(call.want);
        if call.nowhere {
            let here = self.config.local_rtp.ip();
            offer = offer.replace(&format!("c=IN IP4 {here}"), "c=IN IP4 0.0.0.0");
        }
        let body = sdp_body(offer);
        self.ask(
            now,
            session,
            Asked::Reinvite,
            Method::Invite,
            Headers::new(),
            Some(body),
        );
    }

    pub(super) fn reinvite_answered(
        &mut self,
        now: Now,
        session: SessionId,
        result: Result<Box<Response>, Failure>,
    ) {
        match result {
            Ok(response) => {
                self.command(
                    now,
                    Command::Ack {
                        session,
                        body: None,
                    },
                );
                let answer = response.body_of_type("application/sdp");
                let Some(call) = self.calls.get_mut(&session) else {
                    return;
                };
                if answer.is_some_and(|a| call.sdp.accept(&a).is_ok()) {
                    self.agreement(now, session);
                }
            }
            Err(failure) if status_of(&failure) == 491 => {
                // RFC 3261 section 14.1: the owner of the Call-ID waits longer.
                let ours = self.calls.get(&session).is_some_and(|c| c.ours);
                let wait = if ours {
                    2100 + self.rng.below(1900)
                } else {
                    self.rng.below(2000)
                };
                self.later(
                    now.mono + Duration::from_millis(wait),
                    Deed::Reinvite(session),
                );
            }
            Err(failure) => self.tell(PhoneEvent::Failed {
                status: status_of(&failure),
            }),
        }
    }
}
