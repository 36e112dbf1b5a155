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
mod attested;
mod callbacks;
mod calls;
mod help;
mod lamps;
mod messages;
mod outside;
mod queues;
mod reload;
mod rows;
mod run;
mod says;
mod signal;
mod turned;

use crate::{
    api::{Admin, Census, Input, Output, SwitchConfig},
    call::{Call, lend::Between},
    house::{Ask, House},
    lamps::Lamps,
};
pub(crate) use calls::Calls;
pub(crate) use messages::mailboxes_of;
pub use queues::person_of;
pub use reload::Edition;
pub use rows::{Answered, ContactRow, Failed, PeerRow, PhoneRow, RegistrationRow, TrunkRow};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};
use tandem_agent::Brain;
use tandem_dialplan::Plan;
use tandem_sip::{
    api::{Command, EndpointConfig, Flow, RequestKey, SessionId},
    endpoint::Endpoint,
    message::Method,
    notifier::Package,
    stir::Authorities,
};
use tandem_types::{
    CallId, LegId, Mono, Now, Party, Reason, Rng, Termination,
    journal::{CallbackEnd, Open},
    media::MediaEvent,
    provider::ProviderEvent,
};

/// Sessions that ended and are still told apart in traces.
const PAST: usize = 256;

/// While draining: another gateway is there at once, and this one, started anew, about then.
const RETRY_AFTER: u32 = 10;

/// What is kept of a call outside of it, so that a panic inside ends only that call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Head {
    deadline: Option<Mono>,
    open: Open,
}

/// One shard of the switch.
#[derive(Debug, Serialize, Deserialize)]
pub struct Switch {
    config: SwitchConfig,
    #[serde(skip)]
    plan: Arc<Plan>,
    #[serde(skip)]
    brains: BTreeMap<String, Arc<Brain>>,
    /// Whose signatures of callers' numbers are believed; `None`: nobody's are looked at.
    #[serde(skip)]
    authorities: Option<Arc<Authorities>>,
    /// Which plan that is: they are counted.
    #[serde(default)]
    edition: u32,
    /// Those before it that calls still go by.
    #[serde(skip)]
    older: BTreeMap<u32, Edition>,
    endpoint: Endpoint,
    house: House,
    lamps: Lamps,
    rng: Rng,
    calls: Calls,
    heads: BTreeMap<CallId, Head>,
    deadlines: BTreeSet<(Mono, CallId)>,
    /// Calls that ended by a fault of ours, until their legs are measured.
    buried: BTreeMap<CallId, Open>,
    sessions: BTreeMap<SessionId, LegId>,
    requests: BTreeMap<RequestKey, LegId>,
    /// Messages of this step whose sessions are no call's yet.
    #[serde(skip)]
    untold: Vec<(SessionId, bool, Flow, bytes::Bytes)>,
    /// The message of this step, for the trace.
    #[serde(skip)]
    arrived: Option<bytes::Bytes>,
    /// Sessions that are over, for the trace alone: the answer to a BYE comes after its call.
    #[serde(skip)]
    past: VecDeque<(SessionId, CallId)>,
    /// How many bytes a stranger may be answered, who asks to register and is being answered.
    #[serde(skip)]
    room: Option<(IpAddr, usize)>,
    /// What calls say to each other; nothing between steps.
    #[serde(skip)]
    between: VecDeque<Between>,
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
        let endpoint = Endpoint::new(endpoint_config(config.shard, &plan), rng.fork());
        let house = House::new(&config, &plan, rng.fork(), now);
        Self {
            config,
            plan,
            brains,
            authorities: None,
            edition: 0,
            older: BTreeMap::new(),
            endpoint,
            house,
            lamps: Lamps::default(),
            rng,
            calls: Calls::default(),
            heads: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            buried: BTreeMap::new(),
            sessions: BTreeMap::new(),
            requests: BTreeMap::new(),
            untold: Vec::new(),
            arrived: None,
            past: VecDeque::new(),
            room: None,
            between: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// Takes an input. Drain the outputs after each.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Packet { from, bytes } => self.packet(now, from, bytes),
            Input::TransportFailed { flow } => {
                self.endpoint
                    .handle_input(now, tandem_sip::api::Input::TransportFailed { flow });
                self.house.closed(now, flow);
                self.lamps.notifier.handle_flow_closed(flow);
            }
            Input::Closed { flow } => {
                self.endpoint
                    .handle_input(now, tandem_sip::api::Input::Closed { flow });
                self.house.closed(now, flow);
                self.lamps.notifier.handle_flow_closed(flow);
            }
            Input::Media(event) => {
                let call = call_of_media(&event);
                self.measured(now, &event);
                self.with_call(now, call, |c, cx| c.handle_media(cx, event));
            }
            Input::Provider(event) => {
                let call = call_of_provider(&event);
                self.with_call(now, call, |c, cx| c.handle_provider(cx, event));
            }
            Input::Named { question, answer } => self.house.named(now, &question, answer),
            Input::Admin(admin) => self.admin(now, admin),
        }
        self.settle(now);
        self.told();
        self.room = None;
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
            self.lamps.notifier.poll_timeout(),
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
        self.lamps.notifier.handle_timeout(now);
        self.settle(now);
        self.told();
    }

    /// How much is alive; all zero once every call is over and the transaction timers ran out.
    pub fn census(&self) -> Census {
        Census {
            calls: self.calls.len(),
            legs: self.calls.values().map(|c| c.legs.len()).sum::<usize>()
                + self
                    .buried
                    .values()
                    .map(|o| o.unmeasured.len())
                    .sum::<usize>(),
            subscriptions: self.lamps.notifier.len(),
            sip: self.endpoint.census(),
        }
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// Calls that are running, for readiness and draining.
    pub fn active(&self) -> usize {
        self.calls.len()
    }

    /// How many legs each trunk has.
    pub fn trunk_legs(&self) -> impl Iterator<Item = (&String, u32)> {
        self.house.used()
    }

    /// Calls for help that are running: no drain ends them.
    pub fn helping(&self) -> usize {
        self.calls.values().filter(|c| c.help).count()
    }

    /// Registered phones: user and contact.
    pub fn phones(&self) -> Vec<(String, String)> {
        self.house.phones()
    }

    /// Trunks that we register with: name and state in words.
    pub fn registrations(&self) -> Vec<(String, String)> {
        self.house.registrations()
    }

    /// Peers of trunks that are asked whether they are there: trunk, peer, and whether they are.
    pub fn peers(&self) -> Vec<(String, String, bool)> {
        let all = self.house.health.all();
        all.map(|((trunk, peer), up)| (trunk.clone(), peer.clone(), up))
            .collect()
    }

    /// Carriers and subscribers that were not told yet that we leave, once draining has begun.
    pub fn leaving(&self) -> usize {
        let subscribers = if self.house.draining {
            self.lamps.notifier.len()
        } else {
            0
        };
        self.house.leaving() + subscribers
    }

    /// Carries what calls say to each other and what the endpoint and the house want, until nobody wants anything.
    fn settle(&mut self, now: Now) {
        loop {
            // Before anything that may be on its way to one of them.
            if let Some(servers) = self.house.poll_servers() {
                self.out.push_back(Output::Servers(servers));
            } else if let Some(said) = self.between.pop_front() {
                self.say(now, said);
            } else if let Some(output) = self.endpoint.poll_output() {
                self.sip_output(now, output);
            } else if let Some((account, request)) = self.house.poll_registration() {
                let key = self.endpoint.allocate_key();
                let flow = request.flow;
                self.house.sent_registration(now, key, account, flow);
                let command = Command::Send {
                    key,
                    request: Box::new(request),
                };
                self.endpoint
                    .handle_input(now, tandem_sip::api::Input::Command(command));
            } else if let Some(notify) = self.lamps.notifier.poll_output() {
                self.notify(now, notify);
            } else if let Some(person) = self.house.queues.poll_back() {
                self.person_paused(now, person, false, "they speak");
            } else if let Some(order) = self.house.poll_order(now.mono) {
                match self.house.callbacks.get(order.call()).is_some() {
                    true => self.callback_ordered(now, order),
                    false => self.with_call(now, order.call(), |c, cx| c.ordered(cx, order)),
                }
            } else if self.house.callbacks.is_due(now.mono) {
                self.callbacks_due(now);
            } else if let Some(mailbox) = self.house.mailboxes.poll_changed() {
                self.messages_wait(now, &mailbox);
            } else if let Some(cry) = self.house.cries.poll() {
                self.tell(now, &cry);
            } else if let Some(ask) = self.house.poll_health(now) {
                self.ask(now, ask);
            } else if let Some(question) = self.house.poll_names() {
                self.out.push_back(Output::Lookup(question));
            } else {
                return;
            }
        }
    }

    /// A peer of a trunk is asked whether it is there, or something is known of one.
    fn ask(&mut self, now: Now, ask: Ask) {
        match ask {
            Ask::Send(peer, request) => {
                let key = self.endpoint.allocate_key();
                self.house.health.asked(&peer, key, request.flow);
                let command = Command::Send { key, request };
                self.endpoint
                    .handle_input(now, tandem_sip::api::Input::Command(command));
            }
            Ask::Changed { trunk, peer, up } => {
                self.out.push_back(Output::Peer { trunk, peer, up });
            }
        }
    }

    fn admin(&mut self, now: Now, admin: Admin) {
        let end = Termination::new(Party::Admin, Reason::Normal);
        match admin {
            Admin::Hangup(id) => self.with_call(now, id, |c, cx| c.end(cx, end)),
            Admin::PauseRecording { call, paused } => self.with_call(now, call, |c, cx| {
                c.pause_recording(cx, paused, "admin".to_owned());
            }),
            Admin::Drain => {
                self.house.drain(now);
                self.lamps.notifier.leave(RETRY_AFTER);
                let command = Command::Drain {
                    retry_after: Some(RETRY_AFTER),
                };
                self.endpoint
                    .handle_input(now, tandem_sip::api::Input::Command(command));
            }
            Admin::Override(manual) => self.house.manual = manual,
            Admin::Pause { person, paused } => self.pause(now, person, paused),
            Admin::PausedBefore(all) => {
                for (person, unanswered) in all {
                    self.house.queues.paused_before(&person, unanswered);
                }
            }
            Admin::CallbacksBefore(before) => self.house.callbacks.load(now.mono, before),
            Admin::CancelCallback(id) => {
                self.callback_ended(now, id, CallbackEnd::Cancelled, "command");
            }
            Admin::Messages(all) => self.house.mailboxes.load(all),
            Admin::Message { message, act } => self.message(now, message, act),
            Admin::HangupAll => {
                let end = Termination::new(Party::Gateway, Reason::Draining);
                // Nobody who calls for help is sent away.
                let others = self.calls.values().filter(|c| !c.help).map(|c| c.id);
                for id in others.collect::<Vec<_>>() {
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
}

fn endpoint_config(shard: u8, plan: &Plan) -> EndpointConfig {
    // Nobody but phones subscribes.
    let phones = !plan.phones.domain.is_empty();
    EndpointConfig {
        product: concat!("Tandem/", env!("CARGO_PKG_VERSION")).into(),
        allow: [
            Method::Invite,
            Method::Ack,
            Method::Cancel,
            Method::Bye,
            Method::Options,
            Method::Info,
            Method::Update,
            Method::Prack,
            Method::Notify,
            Method::Refer,
            Method::Register,
        ]
        .into_iter()
        .chain(phones.then_some(Method::Subscribe))
        .collect(),
        supported: vec!["100rel".into()],
        event_packages: Package::ALL
            .iter()
            .filter(|_| phones)
            .map(|(name, _)| (*name).to_owned())
            .collect(),
        session_timer: crate::ways::session_timer(&plan.node),
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
        | MediaEvent::FellSilent { leg }
        | MediaEvent::HeardAgain { leg }
        | MediaEvent::Digit { leg, .. }
        | MediaEvent::SpeechStarted { leg, .. }
        | MediaEvent::SpeechGoesOn { leg, .. }
        | MediaEvent::SpeechEnded { leg, .. }
        | MediaEvent::LegClosed { leg, .. } => leg.call,
        MediaEvent::RecordingBehind { call } | MediaEvent::RecordingEnded { call, .. } => *call,
        MediaEvent::MessageRecorded { message, .. } => message.call,
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
        | ProviderEvent::ChatFailed { request, .. }
        | ProviderEvent::Fetched { request, .. } => request.call,
    }
}

#[cfg(test)]
mod tests;
