//! The phone: at most one call in its ear, a second only while it follows a REFER or asks somebody before it transfers.
//!
//! ```text
//!            Act::Call                        18x                    2xx
//!   Idle ────────────────> Calling ───────────────> Calling ────────────────> Up
//!    │                        │ 3xx-6xx, time-out: Failed, gone               │ BYE from either, lost: Ended,
//!    │                        │ Hangup: CANCEL, gone                          │ gone
//!    │ INVITE                 │ 2xx without a usable answer: ACK, BYE, Failed │ re-INVITE: Up; 491: again later
//!    └──────────> Ringing ────┼────────────────────────── Answer, 200 ────────┘
//!                             │ CANCEL: Ended, gone
//!                             │ Reject, busy: gone
//! ```

mod call;
mod follow;
mod hold;
mod listen;
mod register;
mod requests;
mod watch;

use crate::{
    Act, Incoming, Input, Output, PhoneConfig, PhoneEvent, Recording, ReferPolicy, speaker::Speaker,
};
use bytes::Bytes;
use call::Call;
use register::Registration;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tandem_rtp::DigitReceiver;
use tandem_sdp::Direction;
use tandem_sip::{
    api::{
        Census, Command, Credentials, EndpointConfig, Event, Flow, Input as ToEndpoint,
        Output as FromEndpoint, RequestKey, SessionId,
    },
    endpoint::Endpoint,
    message::{Message, Method, NameAddr, Replaces, Uri},
};
use tandem_types::{Mono, Now, Rng};

/// What a phone is doing, for those who watch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No call.
    Idle,
    /// It calls.
    Calling,
    /// It is called.
    Ringing,
    /// The call is up.
    Up,
}

/// What a phone counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// RTP packets sent.
    pub rtp_sent: u64,
    /// RTP packets heard.
    pub rtp_received: u64,
    /// RTP packets that came outside a call or from an address that no SDP named.
    pub rtp_stray: u64,
    /// What was no SIP.
    pub malformed: u64,
}

/// Something to be done later.
#[derive(Clone, Debug)]
enum Deed {
    /// An act on this call if it is still there.
    On(SessionId, Box<Act>),
    /// Offer the wanted direction again (after a 491).
    Reinvite(SessionId),
    /// The next NOTIFYs of a subscription.
    Notify(SessionId, VecDeque<(Duration, u16)>),
    /// End this call.
    Bye(SessionId),
    /// Refresh the registration.
    Register,
}

/// What a request of ours was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Register,
    Reinvite,
    Refer,
    Watch,
    Other,
}

/// One phone.
pub struct Phone {
    config: PhoneConfig,
    endpoint: Endpoint,
    rng: Rng,
    calls: BTreeMap<SessionId, Call>,
    /// The call in its ear.
    focus: Option<SessionId>,
    asked: BTreeMap<RequestKey, Asked>,
    registration: Registration,
    deeds: BTreeMap<(Mono, u64), Deed>,
    deeds_made: u64,
    speaker: Speaker,
    digits: DigitReceiver,
    decoder: Option<tandem_codec::Decoder>,
    recording: Recording,
    dead: bool,
    counters: Counters,
    out: VecDeque<Output>,
}

impl Phone {
    /// A phone that is idle and not registered.
    pub fn new(config: PhoneConfig, mut rng: Rng) -> Self {
        let endpoint = Endpoint::new(endpoint_config(&config), rng.fork());
        Self {
            endpoint,
            calls: BTreeMap::new(),
            focus: None,
            asked: BTreeMap::new(),
            registration: Registration::new(&mut rng, &config),
            deeds: BTreeMap::new(),
            deeds_made: 0,
            speaker: Speaker::new(config.voice.clone(), &mut rng),
            digits: DigitReceiver::new(),
            decoder: None,
            recording: Recording::default(),
            dead: false,
            counters: Counters::default(),
            out: VecDeque::new(),
            config,
            rng,
        }
    }

    /// Takes one input.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        if self.dead && !matches!(input, Input::Do(Act::IgnoreEverything(_))) {
            return;
        }
        match input {
            Input::Sip { from, bytes } => self.sip(now, from, bytes),
            Input::Rtp { from, bytes } => self.rtp(now, from, &bytes),
            Input::TransportFailed { flow } => {
                self.endpoint
                    .handle_input(now, ToEndpoint::TransportFailed { flow });
            }
            Input::Do(act) => self.act(now, act),
        }
        self.drain(now);
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The next deadline, and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        if self.dead {
            return None;
        }
        let deed = self.deeds.keys().next().map(|(at, _)| (*at, "deed"));
        let frame = self.speaker.next().map(|at| (at, "rtp"));
        [self.endpoint.poll_timeout(), deed, frame]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.dead {
            return;
        }
        self.endpoint.handle_timeout(now);
        self.drain(now);
        while let Some(entry) = self.deeds.first_entry().filter(|e| e.key().0 <= now.mono) {
            let deed = entry.remove();
            self.deed(now, deed);
            self.drain(now);
        }
        self.speak(now);
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        self.focus
            .and_then(|s| self.calls.get(&s))
            .map_or(State::Idle, Call::state)
    }

    /// What it is made of.
    pub fn config(&self) -> &PhoneConfig {
        &self.config
    }

    /// What it heard.
    pub fn heard(&self) -> &Recording {
        &self.recording
    }

    /// The dialog of the call in its ear, as whoever takes the phone's place in it would name it.
    pub fn dialog(&self) -> Option<Replaces> {
        self.endpoint.replaces_for(self.focus?)
    }

    /// When the call in its ear was answered.
    pub fn answered_at(&self) -> Option<Mono> {
        self.focus
            .and_then(|s| self.calls.get(&s))
            .and_then(|c| c.answered_at)
    }

    /// It has put the far end on hold, or the far end it: what it hears and says then is no fault.
    pub fn on_hold(&self) -> bool {
        self.focus
            .and_then(|s| self.calls.get(&s))
            .is_some_and(Call::on_hold)
    }

    /// A call of its is one that it made.
    pub fn has_called(&self) -> bool {
        self.calls.values().any(|c| c.ours)
    }

    /// It registered, and the registration has not run out.
    pub fn is_registered(&self) -> bool {
        self.registration.is_up()
    }

    /// What it counted.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// What of SIP is alive in it.
    pub fn census(&self) -> Census {
        self.endpoint.census()
    }

    fn sip(&mut self, now: Now, from: Flow, bytes: Bytes) {
        let message = match Message::parse(bytes) {
            Ok(message) => message,
            Err(_) => {
                self.counters.malformed += 1;
                return;
            }
        };
        if let Message::Request(request) = &message {
            let fresh = request.to().is_none_or(|to| to.tag().is_none());
            let ignored = match request.method {
                Method::Invite => fresh && self.config.incoming == Incoming::Ignore,
                Method::Refer => self.config.refer == ReferPolicy::Ignore,
                _ => false,
            };
            if ignored {
                return;
            }
        }
        self.endpoint.handle_input(
            now,
            ToEndpoint::Message {
                from,
                message,
                urgent: false,
            },
        );
    }

    /// Carries the endpoint's outputs out until there are none.
    fn drain(&mut self, now: Now) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                FromEndpoint::Transmit { flow, bytes, .. } => {
                    self.out.push_back(Output::Sip { flow, bytes })
                }
                FromEndpoint::Taken { .. } => {}
                FromEndpoint::Event(event) => self.event(now, event),
            }
        }
    }

    fn event(&mut self, now: Now, event: Event) {
        match event {
            Event::Invited {
                session,
                flow,
                request,
            } => self.invited(now, session, flow, &request),
            Event::Progress {
                session, response, ..
            } => self.progress(now, session, &response),
            Event::Answered { session, response } => self.answered(now, session, &response),
            Event::Failed { session, failure } => self.failed(now, session, &failure),
            Event::Acked { session, body } => self.acked(now, session, body),
            Event::Request {
                session,
                key,
                request,
            } => self.requested(now, session, key, &request),
            Event::Response {
                key,
                session,
                result,
            } => self.response(now, key, session, result),
            Event::Ended {
                session,
                end,
                request,
            } => self.ended(now, session, end, request.as_deref()),
            // It asks for neither session timers nor reliable provisional responses.
            Event::Refresh { .. } | Event::Pracked { .. } => {}
            Event::OutOfDialog { key, request, .. } => self.out_of_dialog(now, key, &request),
        }
    }

    fn act(&mut self, now: Now, act: Act) {
        match act {
            Act::Register => self.register(now),
            Act::Unregister => self.unregister(now),
            Act::Call {
                target,
                flow,
                headers,
            } => self.place(now, &target, flow, headers, None),
            Act::Ring | Act::EarlyMedia | Act::Answer | Act::Reject { .. } => {
                self.incoming_act(now, act)
            }
            Act::Hangup => self.hangup(now),
            Act::Hold(direction) => self.reinvite(now, direction, false),
            Act::HoldByAddress => self.reinvite(now, Direction::SendRecv, true),
            Act::Resume => self.reinvite(now, Direction::SendRecv, false),
            Act::Press(digit) => self.press(now, digit),
            Act::Say(pcm) => self.speaker.say(pcm),
            Act::Speak(voice) => self.speaker.set_voice(voice),
            Act::Refer { to } => self.refer(now, &to),
            Act::Consult { target } => self.consult(now, &target),
            Act::Complete => self.complete(now),
            Act::Watch {
                whom,
                package,
                expires,
            } => self.watch(now, &whom, &package, expires),
            Act::Incoming(incoming) => self.config.incoming = incoming,
            Act::AcceptRefer(policy) => self.config.refer = policy,
            Act::SendNoRtp(silent) => self.speaker.mute(silent),
            Act::IgnoreEverything(dead) => self.dead = dead,
        }
    }

    fn deed(&mut self, now: Now, deed: Deed) {
        match deed {
            Deed::On(session, act) => {
                if self
                    .calls
                    .get(&session)
                    .is_some_and(|c| c.state() == State::Ringing)
                {
                    self.incoming_act(now, *act);
                }
            }
            Deed::Reinvite(session) => self.reinvite_again(now, session),
            Deed::Notify(session, rest) => self.notify_next(now, session, rest),
            Deed::Bye(session) => self.bye(now, session),
            Deed::Register => self.register(now),
        }
    }

    fn later(&mut self, at: Mono, deed: Deed) {
        self.deeds_made += 1;
        self.deeds.insert((at, self.deeds_made), deed);
    }

    fn command(&mut self, now: Now, command: Command) {
        self.endpoint
            .handle_input(now, ToEndpoint::Command(command));
    }

    fn tell(&mut self, event: PhoneEvent) {
        self.out.push_back(Output::Happened(event));
    }

    fn address(&self) -> NameAddr {
        NameAddr::new(Uri::sip(self.config.user.as_str(), &self.config.domain))
            .with_display(self.config.name.as_str())
    }

    fn contact(&self, flow: &Flow) -> Uri {
        let uri = Uri::sip(
            self.config.user.as_str(),
            &self.config.local_sip.to_string(),
        );
        flow.transport.mark(uri)
    }

    fn credentials(&self) -> Option<Credentials> {
        let password = self.config.password.clone()?;
        Some(Credentials {
            username: self.config.user.clone(),
            password: password.into(),
            realm: None,
            hosts: self
                .config
                .registrar
                .iter()
                .map(|flow| flow.remote.ip().into())
                .collect(),
        })
    }
}

fn endpoint_config(config: &PhoneConfig) -> EndpointConfig {
    let registrar = config.registrar_for_others.then_some(Method::Register);
    EndpointConfig {
        product: "Tandem phone".into(),
        allow: [
            Method::Invite,
            Method::Ack,
            Method::Bye,
            Method::Cancel,
            Method::Options,
            Method::Refer,
            Method::Notify,
            Method::Info,
            Method::Update,
            Method::Message,
        ]
        .into_iter()
        .chain(registrar)
        .collect(),
        supported: vec!["replaces".into()],
        event_packages: ["refer", "dialog", "message-summary"]
            .map(Into::into)
            .into(),
        session_timer: None,
        shard: 0,
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    }
}
