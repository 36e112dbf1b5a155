//! One shard: all its calls, the SIP endpoint they share, and what spans them.
//!
//! ```text
//!  Packet -> parse -> screen -> Endpoint --Event--> Call (by session)
//!  Media, Provider ------------------------------> Call (by id)          each Call -> Output
//!  timers: the earliest of endpoint, house, and calls
//! ```
//!
//! Nobody waits in here: a verb emits a command and leaves the stage that says what it waits for.

mod admit;
mod arrive;

use crate::{
    api::{Admin, Census, Input, Output, SwitchConfig},
    call::{Call, Ctx},
    house::House,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};
use tandem_agent::Brain;
use tandem_dialplan::Plan;
use tandem_sip::{
    api::{Command, EndpointConfig, Event, Flow, Output as SipOutput, RequestKey, SessionId},
    endpoint::Endpoint,
    message::{Headers, Message, Method},
};
use tandem_types::{
    CallId, LegId, Mono, Now, Party, Reason, Rng, Termination,
    journal::{Event as JournalEvent, What},
    media::{MediaCommand, MediaEvent},
    provider::{ProviderCommand, ProviderEvent},
};

/// Sessions that ended and are still told apart in traces.
const PAST: usize = 256;

/// What is kept of a call outside of it, so that a panic inside ends only that call.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Head {
    deadline: Option<Mono>,
    seq: u32,
    started: Now,
}

/// One shard of the switch.
#[derive(Debug, Serialize, Deserialize)]
pub struct Switch {
    config: SwitchConfig,
    #[serde(skip)]
    plan: Arc<Plan>,
    #[serde(skip)]
    brains: BTreeMap<String, Arc<Brain>>,
    endpoint: Endpoint,
    house: House,
    rng: Rng,
    calls: BTreeMap<CallId, Call>,
    heads: BTreeMap<CallId, Head>,
    deadlines: BTreeSet<(Mono, CallId)>,
    sessions: BTreeMap<SessionId, LegId>,
    requests: BTreeMap<RequestKey, LegId>,
    /// Messages of sessions that are no call's yet.
    #[serde(skip)]
    untold: Vec<(SessionId, bool, Flow, bytes::Bytes)>,
    /// Sessions that are over, for the trace alone: the answer to a BYE comes after its call.
    #[serde(skip)]
    past: VecDeque<(SessionId, CallId)>,
    #[serde(skip)]
    out: VecDeque<Output>,
}

/// The brains of all dialplans, trained.
pub fn brains_of(plan: &Plan) -> BTreeMap<String, Arc<Brain>> {
    plan.dialplans
        .iter()
        .map(|(name, d)| (name.clone(), Arc::new(Brain::new(d.rules.clone()))))
        .collect()
}

impl Switch {
    /// A shard without calls. `brains` come from [`brains_of`] the same plan.
    pub fn new(
        config: SwitchConfig,
        plan: Arc<Plan>,
        brains: BTreeMap<String, Arc<Brain>>,
        now: Now,
    ) -> Self {
        let mut rng = Rng::seeded(config.seed);
        let endpoint = Endpoint::new(endpoint_config(config.shard), rng.fork());
        let house = House::new(&config, &plan, rng.fork(), now);
        Self {
            config,
            plan,
            brains,
            endpoint,
            house,
            rng,
            calls: BTreeMap::new(),
            heads: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            sessions: BTreeMap::new(),
            requests: BTreeMap::new(),
            untold: Vec::new(),
            past: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// Gives a deserialised shard what is not in its snapshot.
    pub fn attach(&mut self, plan: Arc<Plan>, brains: BTreeMap<String, Arc<Brain>>) {
        for call in self.calls.values_mut() {
            if let (Some(talk), Some(brain)) = (
                &mut call.talk,
                call.dialplan.as_ref().and_then(|d| brains.get(d)),
            ) {
                talk.attach(brain.clone());
            }
        }
        self.plan = plan;
        self.brains = brains;
    }

    /// Takes an input. Drain the outputs after each.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Packet { from, bytes } => self.packet(now, from, bytes),
            Input::TransportFailed { flow } => {
                self.endpoint
                    .handle_input(now, tandem_sip::api::Input::TransportFailed { flow });
            }
            Input::Media(event) => {
                let call = call_of_media(&event);
                self.with_call(now, call, |c, cx| c.handle_media(cx, event));
            }
            Input::Provider(event) => {
                let call = call_of_provider(&event);
                self.with_call(now, call, |c, cx| c.handle_provider(cx, event));
            }
            Input::Resolved { host, addrs } => self.house.resolved(host, addrs, now),
            Input::Admin(admin) => self.admin(now, admin),
        }
        self.settle(now);
    }

    /// The next output; drain after every input and timeout.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The next deadline, and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let call = self.deadlines.first().map(|(at, _)| (*at, "call"));
        [
            self.endpoint.poll_timeout(),
            self.house.poll_timeout(),
            call,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Acts on the deadlines that have passed; early is a no-op.
    pub fn handle_timeout(&mut self, now: Now) {
        self.endpoint.handle_timeout(now);
        self.settle(now);
        while let Some((at, id)) = self
            .deadlines
            .first()
            .copied()
            .filter(|(at, _)| *at <= now.mono)
        {
            self.deadlines.remove(&(at, id));
            if let Some(head) = self.heads.get_mut(&id) {
                head.deadline = None;
            }
            self.with_call(now, id, |c, cx| c.handle_timeout(cx));
            self.settle(now);
        }
        self.house.handle_timeout(now);
        self.settle(now);
    }

    /// How much is alive; all zero once every call is over and the transaction timers ran out.
    pub fn census(&self) -> Census {
        Census {
            calls: self.calls.len(),
            legs: self.calls.values().map(|c| c.legs.len()).sum(),
            sip: self.endpoint.census(),
        }
    }

    /// Calls that are running, for readiness and draining.
    pub fn active(&self) -> usize {
        self.calls.len()
    }

    /// Registered phones: user and contact.
    pub fn phones(&self) -> Vec<(String, String)> {
        self.house.phones()
    }

    /// Trunks that we register with: name and state in words.
    pub fn registrations(&self) -> Vec<(String, String)> {
        self.house.registrations()
    }

    /// Carries what the endpoint and the house want until neither wants anything.
    fn settle(&mut self, now: Now) {
        loop {
            if let Some(output) = self.endpoint.poll_output() {
                self.sip_output(now, output);
            } else if let Some((trunk, request)) = self.house.poll_registration() {
                let key = self.endpoint.allocate_key();
                self.house.sent_registration(key, trunk);
                let command = Command::Send {
                    key,
                    request: Box::new(request),
                };
                self.endpoint
                    .handle_input(now, tandem_sip::api::Input::Command(command));
            } else {
                return;
            }
        }
    }

    fn sip_output(&mut self, now: Now, output: SipOutput) {
        match output {
            SipOutput::Transmit {
                flow,
                bytes,
                session,
            } => {
                self.trace(session, true, flow, &bytes);
                self.out.push_back(Output::Transmit { flow, bytes });
            }
            SipOutput::Taken {
                flow,
                session,
                message,
            } => {
                let bytes = message.to_bytes();
                self.trace(session, false, flow, &bytes);
            }
            SipOutput::Event(event) => self.sip_event(now, event),
        }
    }

    fn trace(&mut self, session: Option<SessionId>, sent: bool, flow: Flow, bytes: &bytes::Bytes) {
        let Some(session) = session else { return };
        let past = || {
            self.past
                .iter()
                .find(|(s, _)| *s == session)
                .map(|(_, call)| *call)
        };
        match self
            .sessions
            .get(&session)
            .map(|leg| leg.call)
            .or_else(past)
        {
            Some(call) => self.out.push_back(Output::Trace {
                call,
                sent,
                flow,
                bytes: bytes.clone(),
            }),
            // The INVITE of a call that is just being made; dropped with the session if none comes of it.
            None if self.untold.len() < 64 => {
                self.untold.push((session, sent, flow, bytes.clone()))
            }
            None => {}
        }
    }

    fn sip_event(&mut self, now: Now, event: Event) {
        let session = match &event {
            Event::Invited { .. } => None,
            Event::Progress { session, .. }
            | Event::Answered { session, .. }
            | Event::Failed { session, .. }
            | Event::Acked { session, .. }
            | Event::Request { session, .. }
            | Event::Ended { session, .. } => Some(*session),
            Event::Response { session, .. } => *session,
            Event::OutOfDialog { .. } => None,
        };
        match (event, session) {
            (
                Event::Invited {
                    session,
                    flow,
                    request,
                },
                _,
            ) => self.invited(now, session, flow, &request),
            (Event::OutOfDialog { key, flow, request }, _) => {
                self.out_of_dialog(now, key, flow, &request)
            }
            (
                Event::Response {
                    key,
                    result,
                    session: None,
                },
                _,
            ) => {
                self.house.registration_response(now, key, result);
            }
            (event, Some(session)) => {
                let key = match &event {
                    Event::Response { key, .. } => Some(*key),
                    _ => None,
                };
                let over = matches!(event, Event::Failed { .. } | Event::Ended { .. });
                let leg = key
                    .and_then(|k| self.requests.remove(&k))
                    .or_else(|| self.sessions.get(&session).copied());
                if over {
                    if let Some(leg) = self.sessions.remove(&session) {
                        self.past.truncate(PAST - 1);
                        self.past.push_front((session, leg.call));
                    }
                    self.untold.retain(|(s, ..)| *s != session);
                }
                if let Some(leg) = leg {
                    self.with_call(now, leg.call, |c, cx| c.handle_sip(cx, leg, event));
                }
            }
            (_, None) => {}
        }
    }

    /// Runs a verb of one call, and keeps what is outside of it up to date. A panic inside ends that call alone.
    fn with_call(&mut self, now: Now, id: CallId, verb: impl FnOnce(&mut Call, &mut Ctx<'_>)) {
        let Some(mut call) = self.calls.remove(&id) else {
            return;
        };
        let mut cx = Ctx {
            now,
            plan: &self.plan,
            brains: &self.brains,
            endpoint: &mut self.endpoint,
            house: &mut self.house,
            rng: &mut self.rng,
            out: &mut self.out,
            sessions: &mut self.sessions,
            requests: &mut self.requests,
        };
        let whole = catch_unwind(AssertUnwindSafe(|| {
            verb(&mut call, &mut cx);
            call
        }));
        match whole {
            Ok(call) => self.keep(call),
            Err(_) => self.bury(now, id),
        }
    }

    /// Puts a call back, or lets go of it when nothing of it is left.
    fn keep(&mut self, call: Call) {
        let id = call.id;
        if call.over() {
            self.forget(id);
            return;
        }
        let deadline = call.poll_timeout().map(|(at, _)| at);
        let head = self.heads.entry(id).or_default();
        head.seq = call.seq;
        head.started = call.started;
        if head.deadline != deadline {
            if let Some(old) = head.deadline {
                self.deadlines.remove(&(old, id));
            }
            if let Some(new) = deadline {
                self.deadlines.insert((new, id));
            }
            head.deadline = deadline;
        }
        self.house.count(&call);
        self.calls.insert(id, call);
    }

    fn forget(&mut self, id: CallId) {
        if let Some(Head {
            deadline: Some(at), ..
        }) = self.heads.remove(&id)
        {
            self.deadlines.remove(&(at, id));
        }
        self.requests.retain(|_, leg| leg.call != id);
        self.house.forget(id);
    }

    /// A call whose own state cannot be trusted any more: both legs get their BYE, the journal says so.
    fn bury(&mut self, now: Now, id: CallId) {
        let sessions: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, leg)| leg.call == id)
            .map(|(session, _)| *session)
            .collect();
        let head = self.heads.get(&id).copied().unwrap_or_default();
        let end = Termination::new(Party::Gateway, Reason::Internal);
        let duration_ms = now.mono.since(head.started.mono).as_millis() as u64;
        let rows = [
            What::Alarm {
                text: "this call ran into a fault of the gateway and was ended".into(),
            },
            What::CallEnded {
                end,
                duration_ms,
                billed_ms: duration_ms,
            },
        ];
        // Rows that the verb had already queued keep their numbers: ours come after the highest.
        let seq = self
            .out
            .iter()
            .filter_map(|o| match o {
                Output::Journal(e) if e.call == id => Some(e.seq),
                _ => None,
            })
            .max()
            .unwrap_or(head.seq);
        for (n, what) in rows.into_iter().enumerate() {
            let event = JournalEvent {
                call: id,
                seq: seq + 1 + n as u32,
                at: now.wall,
                what,
            };
            self.out.push_back(Output::Journal(event));
        }
        for session in sessions {
            self.sessions.remove(&session);
            let command = Command::Hangup {
                session,
                headers: Headers::new(),
            };
            self.endpoint
                .handle_input(now, tandem_sip::api::Input::Command(command));
        }
        self.out
            .push_back(Output::Media(MediaCommand::CloseCall { call: id }));
        let leg = LegId { call: id, index: 1 };
        self.out
            .push_back(Output::Provider(ProviderCommand::Forget { leg }));
        self.forget(id);
    }

    fn admin(&mut self, now: Now, admin: Admin) {
        let end = Termination::new(Party::Admin, Reason::Normal);
        match admin {
            Admin::Hangup(id) => self.with_call(now, id, |c, cx| c.end(cx, end)),
            Admin::Drain => {
                self.house.drain(now);
                let command = Command::Drain {
                    retry_after: Some(10),
                };
                self.endpoint
                    .handle_input(now, tandem_sip::api::Input::Command(command));
            }
            Admin::HangupAll => {
                let end = Termination::new(Party::Gateway, Reason::Draining);
                for id in self.calls.keys().copied().collect::<Vec<_>>() {
                    self.with_call(now, id, |c, cx| {
                        c.farewell(
                            cx,
                            "I'm sorry, we have to end this call now. Please call again. Goodbye.",
                            end,
                        );
                    });
                    self.settle(now);
                }
            }
        }
    }

    fn packet(&mut self, now: Now, from: Flow, bytes: bytes::Bytes) {
        match Message::parse(bytes) {
            Ok(message) if self.admits(&from, &message) => {
                self.endpoint
                    .handle_input(now, tandem_sip::api::Input::Message { from, message });
            }
            Ok(_) => self.out.push_back(Output::Refused {
                from: from.remote,
                why: "unknown-source",
            }),
            Err(malformed) => {
                self.out.push_back(Output::Refused {
                    from: from.remote,
                    why: "malformed",
                });
                if let Some(reply) = malformed.reply.filter(|_| self.trusts(&from)) {
                    self.out.push_back(Output::Transmit {
                        flow: from,
                        bytes: reply.to_bytes(),
                    });
                }
            }
        }
    }
}

fn endpoint_config(shard: u8) -> EndpointConfig {
    EndpointConfig {
        product: concat!("Tandem/", env!("CARGO_PKG_VERSION")).into(),
        allow: vec![
            Method::Invite,
            Method::Ack,
            Method::Cancel,
            Method::Bye,
            Method::Options,
            Method::Info,
            Method::Update,
            Method::Notify,
            Method::Refer,
            Method::Register,
        ],
        supported: Vec::new(),
        event_packages: Vec::new(),
        shard,
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    }
}

fn call_of_media(event: &MediaEvent) -> CallId {
    match event {
        MediaEvent::LegOpened { leg, .. }
        | MediaEvent::LegRefused { leg }
        | MediaEvent::Proved { leg, .. }
        | MediaEvent::Quiet { leg, .. }
        | MediaEvent::Digit { leg, .. }
        | MediaEvent::SpeechStarted { leg, .. }
        | MediaEvent::SpeechGoesOn { leg, .. }
        | MediaEvent::SpeechEnded { leg, .. }
        | MediaEvent::LegClosed { leg, .. } => leg.call,
        MediaEvent::PlayStarted { player }
        | MediaEvent::PlayFinished { player, .. }
        | MediaEvent::PlayFailed { player } => player.call,
    }
}

fn call_of_provider(event: &ProviderEvent) -> CallId {
    match event {
        ProviderEvent::Transcribed { segment, .. } => segment.call,
        ProviderEvent::ChatText { request, .. }
        | ProviderEvent::ChatTool { request, .. }
        | ProviderEvent::ChatDone { request }
        | ProviderEvent::ChatFailed { request, .. } => request.call,
    }
}
