//! One call of the phone: placed or taken, put on hold, ended.

use super::{Deed, Phone, State};
use crate::{Act, Incoming, PhoneEvent};
use bytes::Bytes;
use tandem_sdp::{Agreed, Direction, Session as Sdp, Unusable};
use tandem_sip::{
    api::{Body, Command, Failure, Flow, OutgoingInvite, Reliable, SessionId, Transport},
    message::{HeaderName, Headers, NameAddr, Request, Response, Uri},
};
use tandem_types::{Mono, Now, Termination};

/// One call.
pub(super) struct Call {
    pub(super) flow: Flow,
    pub(super) sdp: Sdp,
    /// The direction that our user wants.
    pub(super) want: Direction,
    /// Held by 0.0.0.0.
    pub(super) nowhere: bool,
    /// The offer of an INVITE that we have not answered.
    offer: Option<Bytes>,
    state: State,
    pub(super) answered_at: Option<Mono>,
    /// The call whose REFER made us place this one.
    pub(super) for_referrer: Option<SessionId>,
    /// We placed it.
    pub(super) ours: bool,
    held: bool,
}

impl Call {
    pub(super) fn state(&self) -> State {
        self.state
    }
    pub(super) fn on_hold(&self) -> bool {
        self.held || self.nowhere || self.want != Direction::SendRecv
    }
    pub(super) fn agreed(&self) -> Option<&Agreed> {
        self.sdp.agreed()
    }
}

pub(super) fn sdp_body(text: String) -> Body {
    Body {
        content_type: "application/sdp".into(),
        bytes: text.into(),
    }
}

impl Phone {
    fn new_call(&mut self, flow: Flow, state: State, ours: bool) -> Call {
        let id = u64::from(self.rng.u32());
        let sdp = Sdp::new(
            id,
            self.config.local_rtp,
            self.config.codecs.clone(),
            self.config.events,
        );
        Call {
            flow,
            sdp,
            want: Direction::SendRecv,
            nowhere: false,
            offer: None,
            state,
            answered_at: None,
            for_referrer: None,
            ours,
            held: false,
        }
    }

    /// Where an INVITE to `target` goes when nobody said.
    fn way_to(&self, target: &Uri) -> Option<Flow> {
        let asked = Transport::of_uri(target).ok().flatten();
        let transport = asked.unwrap_or(Transport::Udp);
        let direct = target.socket_addr(5060).map(|remote| Flow {
            transport,
            local: self.config.local_sip,
            remote,
        });
        // A phone that is registered sends all it has through its registrar, as desk phones do.
        self.config.registrar.or(direct)
    }

    /// Calls `target`. A call for a REFER does not take the ear before it is answered.
    pub(super) fn place(
        &mut self,
        now: Now,
        target: &Uri,
        flow: Option<Flow>,
        headers: Headers,
        for_referrer: Option<SessionId>,
    ) {
        let Some(flow) = flow.or_else(|| self.way_to(target)) else {
            self.place_failed(now, for_referrer);
            return;
        };
        if self.focus.is_some() && for_referrer.is_none() {
            return;
        }
        let session = self.endpoint.allocate();
        let mut call = self.new_call(flow, State::Calling, true);
        call.for_referrer = for_referrer;
        let body =
            (!self.config.delayed_offer).then(|| sdp_body(call.sdp.offer(Direction::SendRecv)));
        let invite = OutgoingInvite {
            flow,
            large: None,
            target: target.clone().without_headers(),
            from: self.address(),
            to: NameAddr::new(target.clone().without_headers()),
            contact: self.contact(&flow),
            route: Vec::new(),
            headers,
            body,
            credentials: self.credentials(),
            session_timer: None,
            reliable: Reliable::Off,
        };
        self.calls.insert(session, call);
        self.recording.begin(now.mono);
        self.focus.get_or_insert(session);
        self.command(
            now,
            Command::Invite {
                session,
                invite: Box::new(invite),
            },
        );
    }

    /// Calls somebody beside the call in its ear, which waits on hold.
    pub(super) fn consult(&mut self, now: Now, target: &Uri) {
        if self
            .focus
            .is_some_and(|s| self.calls.get(&s).is_some_and(|c| !c.on_hold()))
        {
            self.reinvite(now, Direction::SendOnly, false);
        }
        let waits = self.focus.take();
        self.place(now, target, None, Headers::new(), None);
        self.focus = self.focus.or(waits);
    }

    fn place_failed(&mut self, now: Now, for_referrer: Option<SessionId>) {
        match for_referrer {
            Some(referrer) => self.notify(now, referrer, 503),
            None => self.tell(PhoneEvent::Failed { status: 0 }),
        }
    }

    pub(super) fn progress(&mut self, now: Now, session: SessionId, response: &Response) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        let body = response.body_of_type("application/sdp");
        let early_media =
            body.is_some_and(|b| call.sdp.has_offered() && call.sdp.accept(&b).is_ok());
        match call.for_referrer {
            Some(referrer) => self.notify(now, referrer, response.status),
            None => self.tell(PhoneEvent::Ringing {
                status: response.status,
                early_media,
            }),
        }
        if early_media {
            self.start_media(now);
        }
    }

    pub(super) fn answered(&mut self, now: Now, session: SessionId, response: &Response) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        let body = response.body_of_type("application/sdp");
        let ack = match (call.sdp.has_offered(), body) {
            (true, Some(answer)) => call.sdp.accept(&answer).map(|_| None),
            (true, None) if call.agreed().is_some() => Ok(None),
            (false, Some(offer)) => call
                .sdp
                .answer(&offer, Direction::SendRecv)
                .map(|(text, _)| Some(sdp_body(text))),
            (_, None) => Err(Unusable::NoAudio),
        };
        let referrer = call.for_referrer;
        match ack {
            Ok(body) => {
                self.command(now, Command::Ack { session, body });
                self.up(now, session);
                if let Some(referrer) = referrer {
                    self.followed(now, referrer);
                }
            }
            Err(_) => {
                self.command(
                    now,
                    Command::Hangup {
                        session,
                        headers: Headers::new(),
                    },
                );
                self.gone(session);
                self.place_failed(now, referrer);
            }
        }
    }

    pub(super) fn failed(&mut self, now: Now, session: SessionId, failure: &Failure) {
        let status = status_of(failure);
        let Some(call) = self.gone(session) else {
            return;
        };
        match call.for_referrer {
            Some(referrer) => self.notify(now, referrer, if status < 300 { 408 } else { status }),
            None => self.tell(PhoneEvent::Failed { status }),
        }
    }

    pub(super) fn invited(&mut self, now: Now, session: SessionId, flow: Flow, request: &Request) {
        let refuse = |status| Command::Reject {
            session,
            status,
            phrase: String::new(),
            headers: Headers::new(),
        };
        if self.focus.is_some() {
            self.command(now, refuse(486));
            return;
        }
        let mut call = self.new_call(flow, State::Ringing, false);
        call.offer = request.body_of_type("application/sdp");
        self.calls.insert(session, call);
        self.focus = Some(session);
        self.recording.begin(now.mono);
        self.tell(PhoneEvent::Incoming {
            to: request.uri.user().unwrap_or_default().to_owned(),
            from: Box::new(
                request
                    .from()
                    .cloned()
                    .unwrap_or_else(|| NameAddr::new(request.uri.clone())),
            ),
            headers: of_interest(&request.headers),
        });
        match self.config.incoming.clone() {
            Incoming::Wait | Incoming::Ignore => {}
            Incoming::Ring => self.incoming_act(now, Act::Ring),
            Incoming::Answer { after } => {
                self.incoming_act(now, Act::Ring);
                self.later(now.mono + after, Deed::On(session, Box::new(Act::Answer)));
            }
            Incoming::RingThenReject { after, status } => {
                self.incoming_act(now, Act::Ring);
                let act = Act::Reject {
                    status,
                    headers: Headers::new(),
                };
                self.later(now.mono + after, Deed::On(session, Box::new(act)));
            }
            Incoming::Busy => self.incoming_act(
                now,
                Act::Reject {
                    status: 486,
                    headers: Headers::new(),
                },
            ),
            Incoming::Reject { status, headers } => {
                self.incoming_act(now, Act::Reject { status, headers })
            }
        }
    }

    /// Ring, early media, answer, reject: on the call that came in.
    pub(super) fn incoming_act(&mut self, now: Now, act: Act) {
        let Some(session) = self.focus else { return };
        if self
            .calls
            .get(&session)
            .is_none_or(|c| c.state != State::Ringing)
        {
            return;
        }
        let headers = Headers::new();
        match act {
            Act::Ring => self.command(
                now,
                Command::Progress {
                    session,
                    status: 180,
                    headers,
                    body: None,
                    reliable: Reliable::Off,
                },
            ),
            Act::EarlyMedia => {
                if let Ok(body) = self.body_for_incoming(session) {
                    self.command(
                        now,
                        Command::Progress {
                            session,
                            status: 183,
                            headers,
                            body: Some(body),
                            reliable: Reliable::Off,
                        },
                    );
                    self.start_media(now);
                }
            }
            Act::Answer => match self.body_for_incoming(session) {
                Ok(body) => {
                    let credentials = self.credentials();
                    self.command(
                        now,
                        Command::Accept {
                            session,
                            credentials,
                            headers,
                            body: Some(body),
                        },
                    );
                    self.up(now, session);
                }
                Err(unusable) => self.reject(now, session, unusable.status(), headers),
            },
            Act::Reject { status, headers } => self.reject(now, session, status, headers),
            _ => {}
        }
    }

    /// Our answer, or our offer to an INVITE without one.
    fn body_for_incoming(&mut self, session: SessionId) -> Result<Body, Unusable> {
        let call = self.calls.get_mut(&session).ok_or(Unusable::NotOffered)?;
        let text = match &call.offer {
            Some(offer) => call.sdp.answer(offer, Direction::SendRecv)?.0,
            None => call.sdp.offer(Direction::SendRecv),
        };
        Ok(sdp_body(text))
    }

    fn reject(&mut self, now: Now, session: SessionId, status: u16, headers: Headers) {
        self.command(
            now,
            Command::Reject {
                session,
                status,
                phrase: String::new(),
                headers,
            },
        );
        self.gone(session);
    }

    /// The ACK to our 200 holds the answer where the 200 held the offer.
    pub(super) fn acked(&mut self, now: Now, session: SessionId, body: Option<Body>) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        if let Some(body) = body.filter(|_| call.sdp.has_offered()) {
            if call.sdp.accept(&body.bytes).is_err() {
                self.bye(now, session);
                return;
            }
            self.agreement(now, session);
        }
    }

    fn up(&mut self, now: Now, session: SessionId) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        call.state = State::Up;
        call.answered_at = Some(now.mono);
        let codec = call.agreed().map(|a| a.codec);
        self.focus = Some(session);
        let fallback = self
            .config
            .codecs
            .first()
            .copied()
            .unwrap_or(tandem_types::media::Codec::Pcmu);
        self.tell(PhoneEvent::Answered {
            codec: codec.unwrap_or(fallback),
        });
        self.agreement(now, session);
    }

    /// After each offer/answer: is somebody on hold, does sound flow.
    pub(super) fn agreement(&mut self, now: Now, session: SessionId) {
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        let held = call.agreed().is_some_and(|a| a.held_by_peer);
        let changed = std::mem::replace(&mut call.held, held) != held;
        if changed {
            self.tell(PhoneEvent::Held(held));
        }
        self.start_media(now);
    }

    pub(super) fn hangup(&mut self, now: Now) {
        // All of them: a phone that is put down ends what it dials for a REFER, too.
        for session in self.calls.keys().copied().collect::<Vec<_>>() {
            self.bye(now, session);
        }
    }

    pub(super) fn bye(&mut self, now: Now, session: SessionId) {
        if self.calls.contains_key(&session) {
            self.command(
                now,
                Command::Hangup {
                    session,
                    headers: Headers::new(),
                },
            );
        }
    }

    pub(super) fn ended(
        &mut self,
        now: Now,
        session: SessionId,
        end: Termination,
        request: Option<&Request>,
    ) {
        let Some(call) = self.gone(session) else {
            return;
        };
        // A call that goes on with somebody else (a followed REFER) has not ended for its user.
        if call.for_referrer.is_none() && self.focus.is_some() {
            return;
        }
        let reason = request.and_then(|r| r.headers.first(&HeaderName::Reason));
        let text = reason
            .and_then(|v| v.split("text=").nth(1))
            .map(|t| t.trim_matches('"').to_owned());
        self.tell(PhoneEvent::Ended {
            by: end.by,
            reason: end.reason,
            text,
        });
        if self.focus.is_none() {
            self.speaker.stop();
        }
        self.start_media(now);
    }

    /// Forgets a call; another one, if there is one, takes the ear.
    pub(super) fn gone(&mut self, session: SessionId) -> Option<Call> {
        let call = self.calls.remove(&session)?;
        if self.focus == Some(session) {
            self.focus = self.calls.keys().next_back().copied();
        }
        if self.focus.is_none() {
            self.speaker.stop();
        }
        Some(call)
    }
}

pub(super) fn status_of(failure: &Failure) -> u16 {
    match failure {
        Failure::Response(response) => response.status,
        Failure::Cancelled => 487,
        Failure::TimedOut | Failure::Unreachable => 0,
    }
}

/// The headers that a person at the phone, or a test, would look at.
fn of_interest(headers: &Headers) -> Headers {
    let known = [
        HeaderName::PAssertedIdentity,
        HeaderName::RemotePartyId,
        HeaderName::AlertInfo,
        HeaderName::UserToUser,
        HeaderName::CallInfo,
        HeaderName::Diversion,
        HeaderName::HistoryInfo,
        HeaderName::Subject,
        HeaderName::ReferredBy,
        HeaderName::Replaces,
    ];
    let extension = |name: &str| name.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("x-"));
    let mut out = Headers::new();
    for header in headers {
        if known.contains(header.name()) || extension(header.name().as_str()) {
            out.push_header(header.clone());
        }
    }
    out
}
