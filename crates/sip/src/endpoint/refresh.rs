//! Session timers (RFC 4028): a call whose far end is gone without a word does not stay for ever.
//!
//! ```text
//!                    481, 408, silence: BYE, Ended          (the refresher is we)
//!                  ^
//!   2xx agrees     |             2xx: agreed anew
//!  ------> Waiting --Refresh--> UPDATE, or Event::Refresh for a re-INVITE --+
//!             ^ half the interval                                          |
//!             +-- other refusals: after an eighth; 491: RFC 3261's pause --+
//!
//!   2xx agrees                                             (the refresher is they)
//!  ------> Watched --Lapse: a third or 32 s before the end, without a refresh--> BYE, Ended
//!             ^ |
//!             +-+ their re-INVITE or UPDATE, or one of ours: agreed anew
//! ```
//! Who is refused with something else than 481, 408 and silence has been heard: no call is ended for that.

use super::{
    Endpoint,
    session::{Exchange, Session, State},
    write::add_tag,
};
use crate::api::{Event, Failure, SessionId, SessionTimer};
use crate::message::{
    HeaderName, Headers, Method, Refresher, Refusal, Request, Response, SessionExpires,
};
use crate::transaction::{Owner, Timer};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_types::Now;

/// The option tag.
pub(super) const TIMER: &str = "timer";

/// No interval is shorter (RFC 4028 section 4).
const SHORTEST: u32 = 90;

/// How often a request is sent again with the interval that a 422 asks for.
const RAISES: u8 = 3;

/// What a session holds of its timer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Timing {
    /// What we want; `None`: we take no part.
    pub(super) policy: Option<SessionTimer>,
    /// What was agreed last.
    agreed: Option<Agreed>,
    /// The far end takes UPDATE.
    updates: bool,
    /// The user was told to refresh by re-INVITE, and none has succeeded since.
    told: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Agreed {
    seconds: u32,
    /// We refresh.
    ours: bool,
}

impl Timing {
    pub(super) fn new(policy: Option<SessionTimer>) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// Writes what we want into an INVITE or UPDATE (RFC 4028 sections 7.1 and 7.4).
    pub(super) fn ask(&self, headers: &mut Headers) {
        let Some(policy) = self.policy else { return };
        add_tag(headers, HeaderName::Supported, TIMER);
        let value = match self.agreed {
            None => SessionExpires {
                seconds: policy.expires,
                refresher: None,
            },
            Some(agreed) => SessionExpires {
                seconds: agreed.seconds,
                refresher: Some(if agreed.ours {
                    Refresher::Uac
                } else {
                    Refresher::Uas
                }),
            },
        };
        headers.set(HeaderName::SessionExpires, value);
    }

    /// What a 2xx to a request of ours says. One that says nothing is from a peer without timers: there is no expiry, but if
    /// we refresh already we go on, and so learn when it is gone.
    fn answered(&mut self, headers: &Headers) {
        if self.policy.is_none() {
            return;
        }
        self.agreed = match headers.session_expires() {
            Some(se) => Some(Agreed {
                seconds: se.seconds.max(SHORTEST),
                ours: se.refresher != Some(Refresher::Uas),
            }),
            None => self.agreed.filter(|a| a.ours),
        };
    }

    /// Agrees to a request of theirs, and writes it into our 2xx (RFC 4028 section 9). Where nothing is said, we refresh: a call
    /// is not to end because the far end forgets it.
    fn answer(&mut self, request: &Headers, response: &mut Headers) {
        let Some(policy) = self.policy else { return };
        let theirs = request.lists(&HeaderName::Supported, TIMER)
            || request.lists(&HeaderName::Require, TIMER);
        let asked = request.session_expires();
        let longest = policy.expires.max(request.min_se().unwrap_or(0));
        let seconds = asked.map_or(longest, |se| se.seconds.min(longest));
        let by_them = theirs && asked.is_some_and(|se| se.refresher == Some(Refresher::Uac));
        let refresher = if by_them {
            // Who has to refresh must be able to.
            add_tag(response, HeaderName::Require, TIMER);
            Refresher::Uac
        } else {
            Refresher::Uas
        };
        add_tag(response, HeaderName::Supported, TIMER);
        let value = SessionExpires {
            seconds,
            refresher: Some(refresher),
        };
        response.set(HeaderName::SessionExpires, value);
        self.agreed = Some(Agreed {
            seconds: seconds.max(SHORTEST),
            ours: !by_them,
        });
    }

    fn heard(&mut self, headers: &Headers) {
        if headers.contains(&HeaderName::Allow) {
            self.updates = headers.lists(&HeaderName::Allow, Method::Update.as_str());
        }
    }
}

/// 422 to an interval that is too short, if the peer understands that (RFC 4028 section 9).
pub(super) fn too_short(policy: Option<SessionTimer>, request: &Request) -> Option<Refusal> {
    let policy = policy?;
    let headers = &request.headers;
    let session = matches!(request.method, Method::Invite | Method::Update);
    if !session || !headers.lists(&HeaderName::Supported, TIMER) {
        return None;
    }
    let asked = headers.session_expires()?;
    (asked.seconds < policy.min_se).then(|| {
        let mut refusal = Refusal::new(422, "");
        refusal.headers.push(HeaderName::MinSe, policy.min_se);
        refusal
    })
}

/// The interval of a request that drew 422 is raised to what the peer wants; false: it is not to be sent again.
pub(super) fn raise(request: &mut Request, raised: &mut u8, response: &Response) -> bool {
    let Some(wanted) = response.headers.min_se().filter(|_| response.status == 422) else {
        return false;
    };
    let Some(asked) = request.headers.session_expires() else {
        return false;
    };
    if *raised == RAISES || wanted <= asked.seconds {
        return false;
    }
    *raised += 1;
    let value = SessionExpires {
        seconds: wanted,
        ..asked
    };
    request.headers.set(HeaderName::SessionExpires, value);
    request.headers.set(HeaderName::MinSe, wanted);
    true
}

impl Endpoint {
    /// A 2xx to our INVITE, re-INVITE or UPDATE.
    pub(super) fn refreshed_by_us(&mut self, now: Now, session: SessionId, response: &Headers) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        s.timing.heard(response);
        s.timing.answered(response);
        self.arm(now, session);
    }

    /// Our 2xx to their INVITE, re-INVITE or UPDATE.
    pub(super) fn refreshed_by_them(
        &mut self,
        now: Now,
        session: SessionId,
        request: &Headers,
        response: &mut Headers,
    ) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        s.timing.heard(request);
        s.timing.answer(request, response);
        self.arm(now, session);
    }

    /// The timers of what was agreed.
    fn arm(&mut self, now: Now, session: SessionId) {
        let owner = Owner::Session(session);
        self.stop_timing(session);
        let Some(Session { timing, state, .. }) =
            self.sessions.get_mut(&session).map(|s| s.as_mut())
        else {
            return;
        };
        timing.told = false;
        let (Some(agreed), State::Up(_)) = (timing.agreed, state) else {
            return;
        };
        let seconds = u64::from(agreed.seconds);
        if agreed.ours {
            let at = now.mono + Duration::from_secs(seconds / 2);
            self.timers.set(owner, Timer::Refresh, at);
        } else {
            let left = seconds - (seconds / 3).min(32);
            let at = now.mono + Duration::from_secs(left);
            self.timers.set(owner, Timer::Lapse, at);
        }
    }

    /// The session is over for its user.
    pub(super) fn stop_timing(&mut self, session: SessionId) {
        let owner = Owner::Session(session);
        self.timers.stop(owner, Timer::Refresh);
        self.timers.stop(owner, Timer::Lapse);
    }

    /// It is on us to show that we are there. A bodiless UPDATE disturbs nobody (field note 14).
    pub(super) fn on_refresh_due(&mut self, now: Now, session: SessionId) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        let State::Up(up) = &mut s.state else { return };
        let free = up.exchange == Exchange::Idle;
        if free && s.timing.updates {
            return self.send_refresh(now, session);
        }
        s.timing.told |= free;
        self.refresh_later(now, session, false);
        if free {
            self.tell(Event::Refresh { session });
        }
    }

    fn send_refresh(&mut self, now: Now, session: SessionId) {
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        let State::Up(up) = &mut s.state else { return };
        let cseq = up.dialog.next_cseq();
        let mut request = up.dialog.request(Method::Update, cseq);
        let flow = up.dialog.flow();
        let (contact, timing) = (s.contact.clone(), s.timing.clone());
        self.dress_request(&mut request, Some(&contact), &Headers::new(), None);
        timing.ask(&mut request.headers);
        self.start_own(now, session, request, flow);
    }

    /// A refresh of ours was refused, but not by silence, 408 or 481. A peer that does not know UPDATE gets the user's re-INVITE.
    pub(super) fn on_refresh_refused(&mut self, now: Now, session: SessionId, failure: &Failure) {
        let status = match failure {
            Failure::Response(response) => response.status,
            Failure::TimedOut | Failure::Unreachable | Failure::Cancelled => 0,
        };
        let Some(s) = self.sessions.get_mut(&session) else {
            return;
        };
        if matches!(status, 405 | 501) {
            s.timing.updates = false;
            return self.on_refresh_due(now, session);
        }
        self.refresh_later(now, session, status == 491);
    }

    /// A re-INVITE of the user's was refused. If the session waits for one, it is asked for again.
    pub(super) fn on_reinvite_refused(&mut self, now: Now, session: SessionId, glare: bool) {
        if self.sessions.get(&session).is_some_and(|s| s.timing.told) {
            self.refresh_later(now, session, glare);
        }
    }

    /// Once more after an eighth of the interval, or after the pause for glare.
    fn refresh_later(&mut self, now: Now, session: SessionId, glare: bool) {
        let Some(s) = self.sessions.get(&session) else {
            return;
        };
        let Some(agreed) = s.timing.agreed.filter(|a| a.ours) else {
            return;
        };
        let pause = if glare {
            self.pause_after_glare(session)
        } else {
            Duration::from_secs(u64::from(agreed.seconds / 8))
        };
        let at = now.mono + pause;
        self.timers.set(Owner::Session(session), Timer::Refresh, at);
    }

    /// How long a re-INVITE or UPDATE that drew 491 has to wait before it is tried again (RFC 3261 section 14.1): 2.1 to 4 s
    /// in steps of 10 ms for who made the Call-ID, else 0 to 2 s.
    pub fn pause_after_glare(&mut self, session: SessionId) -> Duration {
        let ours = self.sessions.get(&session).is_some_and(|s| s.made_call);
        let (least, steps) = if ours { (2_100, 191) } else { (0, 201) };
        Duration::from_millis(least + 10 * self.rng.below(steps))
    }
}
