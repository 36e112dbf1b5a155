//! The thread of one signalling shard: it owns the switch, its journal and its UDP sockets, and waits for nothing but those, its
//! queue and its next deadline.

mod log;

use crate::{
    Clock,
    doctor::LastHour,
    hep::HepHandle,
    intake::Intake,
    media_worker::{self, MediaHandle},
    places::{DOZE, ShardQueue, full},
    recorder::RecorderHandle,
    speech_desk::DeskHandle,
    trace::{Kept, TraceRing},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tandem_call::{
    Admin, Edition, Input, Output, PhoneRow, QueueRow, SecureServer, Switch, TrunkRow, TurnedAway,
};
use tandem_net::{
    Outgoing,
    tls::{Tls, TlsServer},
};
use tandem_sip::api::{Flow, Transport};
use tandem_sip::stir::Authorities;
use tandem_store::{Alarm, Journal};
use tandem_types::{
    Mono,
    dns::Question,
    journal::{Event, What},
    media::MediaCommand,
};
use tokio::sync::{Notify, broadcast, mpsc, oneshot};

/// Inputs taken in one go before the sockets and the clock are looked at again.
const BURST: usize = 128;
/// Inputs whose events go to the journal with one write: what they do to the wire waits for it.
const STEP: usize = 16;
/// So long after a leg was closed a worker may tell what it measured: it dozes, and a moment more.
const MEASURED: Duration = media_worker::DOZE.saturating_add(Duration::from_millis(30));
/// The shard wakes at least this often, to write what waits for a disk.
const IDLE: Duration = Duration::from_secs(1);

/// To the shard.
#[derive(Debug)]
pub(crate) enum ToShard {
    /// For the switch.
    Input(Input),
    /// Whose signatures of callers' numbers are believed from now on.
    Believe(Arc<Authorities>),
    /// How things stand.
    Snapshot(oneshot::Sender<Snapshot>),
    /// Where the phones are.
    Phones(oneshot::Sender<Vec<PhoneRow>>),
    /// How the trunks do.
    Trunks(oneshot::Sender<Vec<TrunkRow>>),
    /// Who waits in queues, and for whom.
    Queues(oneshot::Sender<Vec<QueueRow>>),
    /// New calls go by this plan.
    Reload {
        /// Trained.
        edition: Edition,
        /// Who wanted it.
        by: String,
        /// Of its files.
        sha256: String,
        /// What is in force no more and not used either, and how many calls go by plans before this one.
        done: oneshot::Sender<(Option<Edition>, usize)>,
    },
    /// Stop now; what waits is written.
    Stop,
}

/// How things stand.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// Calls that are running.
    pub calls: usize,
    /// Of these, calls for help: no drain ends them.
    #[serde(default)]
    pub helping: usize,
    /// Their legs.
    pub legs: usize,
    /// SIP transactions and sessions, all kinds.
    pub sip: usize,
    /// Phones that registered here: user and contact.
    pub phones: Vec<(String, String)>,
    /// Trunks that we register with: name and state.
    pub registrations: Vec<(String, String)>,
    /// Peers of trunks that are asked whether they are there: trunk, peer, and whether they are.
    #[serde(default)]
    pub peers: Vec<(String, String, bool)>,
    /// While draining, carriers and subscribers that were not told yet that we leave.
    #[serde(default)]
    pub leaving: usize,
    /// Phones' subscriptions to the state of extensions.
    #[serde(default)]
    pub subscriptions: usize,
    /// Journal events that wait for the disk.
    pub journal_waiting: usize,
}

/// What the shard sends by.
pub(crate) struct Wires {
    /// Tables of connections by transport and the address that peers see.
    pub(crate) streams: BTreeMap<(Transport, SocketAddr), mpsc::Sender<Outgoing>>,
    pub(crate) tls: Option<Arc<Tls>>,
    /// Questions for the name service.
    pub(crate) names: mpsc::Sender<Question>,
    pub(crate) media: Vec<MediaHandle>,
    pub(crate) desk: DeskHandle,
    pub(crate) recorder: RecorderHandle,
    /// Told when a message was left.
    pub(crate) left: Arc<Notify>,
    pub(crate) trace: Arc<TraceRing>,
    pub(crate) hep: Option<HepHandle>,
    pub(crate) turned_away: Arc<LastHour>,
    /// Whoever looks on; a slow one misses events, the journal has them all.
    pub(crate) live: broadcast::Sender<Event>,
}

/// What inputs have led to and is not done yet.
#[derive(Default)]
struct Step {
    #[expect(
        clippy::vec_box,
        reason = "each is boxed from the call to the journal, and never copied"
    )]
    events: Vec<Box<Event>>,
    others: Vec<Output>,
}

/// One shard.
pub(crate) struct Shard {
    pub(crate) clock: Clock,
    pub(crate) switch: Switch,
    pub(crate) journal: Journal,
    pub(crate) wires: Wires,
    pub(crate) queue: ShardQueue,
    pub(crate) intake: Intake,
    /// For each media worker, if it has commands and does not know yet: whether it must at once.
    pub(crate) commanded: Vec<Option<bool>>,
    /// Until then workers measure legs that were closed.
    pub(crate) closing: Mono,
}

impl Shard {
    /// Runs until told to stop, or until nobody is left who could.
    pub(crate) fn run(mut self) {
        let active = metrics::gauge!("tandem_calls_active");
        let mut step = Step::default();
        // What the switch wants before anybody calls: its registrations with carriers.
        self.switch.handle_timeout(self.clock.now());
        self.gather(&mut step);
        self.carry_out(&mut step);
        let mut measured = self.clock.now().mono;
        loop {
            let now = self.clock.now();
            if now.mono.since(measured) >= IDLE {
                measured = now.mono;
                for (trunk, legs) in self.switch.trunk_legs() {
                    metrics::gauge!("tandem_trunk_legs", "trunk" => trunk.clone())
                        .set(f64::from(legs));
                }
            }
            let wait = self
                .switch
                .poll_timeout()
                .map_or(IDLE, |(at, _)| at.since(now.mono).min(IDLE));
            let wait = if now.mono < self.closing {
                wait.min(DOZE)
            } else {
                wait
            };
            self.intake.sleep(&mut self.queue, wait);
            self.intake.slept(now.mono, self.clock.now().mono);
            self.intake.read();
            if !self.take_some(&mut step) {
                let outcome = self.journal.flush(self.clock.now().wall);
                alarms(&outcome.alarms);
                return;
            }
            let now = self.clock.now();
            if self
                .switch
                .poll_timeout()
                .is_some_and(|(at, _)| at <= now.mono)
            {
                self.switch.handle_timeout(now);
                self.gather(&mut step);
                self.carry_out(&mut step);
            }
            if self.journal.waiting() > 0 {
                let outcome = self.journal.flush(now.wall);
                alarms(&outcome.alarms);
            }
            active.set(self.switch.active() as f64);
            if self.intake.is_behind() {
                // Where all share a core, and real-time priority, the media workers would else have no turn.
                std::thread::yield_now();
            }
        }
    }

    /// A burst of what waits: messages first, since they are few and packets may be many. `false`: it is over.
    fn take_some(&mut self, step: &mut Step) -> bool {
        let mut inputs = 0;
        for _ in 0..BURST {
            let message = match self.queue.next() {
                Some(message) => message,
                None => match self.intake.next() {
                    Some((from, bytes)) => ToShard::Input(Input::Packet { from, bytes }),
                    None => break,
                },
            };
            match message {
                ToShard::Input(input) => {
                    self.switch.handle_input(self.clock.now(), input);
                    self.gather(step);
                    inputs += 1;
                    if inputs % STEP == 0 {
                        self.carry_out(step);
                    }
                }
                ToShard::Believe(authorities) => self.switch.believe(authorities),
                ToShard::Snapshot(answer) => {
                    self.carry_out(step);
                    let _ = answer.send(self.snapshot());
                }
                ToShard::Phones(answer) => {
                    let _ = answer.send(self.switch.phone_rows(self.clock.now()));
                }
                ToShard::Trunks(answer) => {
                    let _ = answer.send(self.switch.trunk_rows(self.clock.now()));
                }
                ToShard::Queues(answer) => {
                    let _ = answer.send(self.switch.queue_rows(self.clock.now()));
                }
                ToShard::Reload {
                    edition,
                    by,
                    sha256,
                    done,
                } => {
                    let now = self.clock.now();
                    let over = self.switch.reload(now, edition, by, sha256);
                    self.gather(step);
                    self.carry_out(step);
                    let _ = done.send((over, self.switch.of_older_plans()));
                }
                ToShard::Stop => {
                    self.carry_out(step);
                    return false;
                }
            }
        }
        self.carry_out(step);
        !self.queue.is_gone()
    }

    fn snapshot(&self) -> Snapshot {
        let census = self.switch.census();
        let s = census.sip;
        Snapshot {
            calls: census.calls,
            helping: self.switch.helping(),
            legs: census.legs,
            sip: s.invite_client + s.client + s.invite_server + s.server + s.sessions,
            phones: self.switch.phones(),
            registrations: self.switch.registrations(),
            peers: self.switch.peers(),
            leaving: self.switch.leaving(),
            subscriptions: census.subscriptions,
            journal_waiting: self.journal.waiting(),
        }
    }

    /// What the switch has to say after an input.
    fn gather(&mut self, step: &mut Step) {
        while let Some(output) = self.switch.poll_output() {
            match output {
                Output::Journal(event) => step.events.push(event),
                // Nobody hears of it, and what comes of its answer goes into the same write.
                Output::Media(command @ MediaCommand::OpenLeg { .. }) => self.order(command),
                other => step.others.push(other),
            }
        }
    }

    /// The events are written first, with one write; then everything else goes out. What cannot go is the next step.
    fn carry_out(&mut self, step: &mut Step) {
        while !(step.events.is_empty()
            && step.others.is_empty()
            && self.commanded.iter().all(Option::is_none))
        {
            if !step.events.is_empty() {
                step.events.iter().for_each(|event| log::event(event));
                let told = match self.wires.live.receiver_count() {
                    0 => Vec::new(),
                    _ => step.events.iter().map(|e| Event::clone(e)).collect(),
                };
                let is_left = |e: &Event| matches!(e.what, What::MessageEnded { kept: true, .. });
                let left = step.events.iter().any(|event| is_left(event));
                let now = self.clock.now().wall;
                let outcome = self.journal.append(now, step.events.drain(..));
                alarms(&outcome.alarms);
                if left {
                    self.wires.left.notify_one();
                }
                for event in told {
                    let _ = self.wires.live.send(event);
                }
            }
            // Its room is used again.
            let mut others = std::mem::take(&mut step.others);
            for output in others.drain(..) {
                self.send(output);
            }
            step.others = others;
            // Once for all of a step, and after its messages are on their way.
            for (media, commanded) in self.wires.media.iter().zip(&mut self.commanded) {
                if let Some(at_once) = commanded.take() {
                    media.wake(at_once);
                }
            }
            self.gather(step);
        }
    }

    fn send(&mut self, output: Output) {
        match output {
            Output::Journal(_) => {}
            Output::Transmit { flow, bytes } => self.transmit(flow, bytes),
            Output::Media(command) => self.order(command),
            Output::Provider(command) => {
                if let Some(refused) = self.wires.desk.provider(command) {
                    self.switch
                        .handle_input(self.clock.now(), Input::Provider(refused));
                }
            }
            Output::Servers(servers) => {
                if let Some(tls) = &self.wires.tls {
                    let server = |s: SecureServer| TlsServer {
                        remote: s.remote,
                        name: s.name,
                        trunk: s.trunk,
                    };
                    tls.expect(servers.into_iter().map(server).collect());
                }
            }
            Output::Erase { file } => self.wires.recorder.erase(file),
            Output::Lookup(question) => {
                // Lost, it is asked again.
                if self.wires.names.try_send(question).is_err() {
                    full("names", "drop");
                }
            }
            Output::Trace {
                call,
                sent,
                flow,
                bytes,
            } => {
                let kept = Kept::new(self.clock.now().wall, sent, flow, bytes);
                if let Some(hep) = &self.wires.hep {
                    hep.tell(call, kept.clone());
                }
                if let Some(call) = call {
                    self.wires.trace.push(call, kept);
                }
            }
            Output::Peer { trunk, peer, up } => {
                metrics::gauge!("tandem_trunk_peer_up", "trunk" => trunk.clone(), "peer" => peer.clone())
                    .set(f64::from(u8::from(up)));
                if up {
                    tracing::info!(target: "tandem::trunk", trunk, peer, "peer is up");
                } else {
                    tracing::warn!(target: "tandem::trunk", trunk, peer, "peer is down");
                }
            }
            Output::Limited { why } => {
                metrics::counter!("tandem_calls_refused_total", "why" => why).increment(1);
            }
            Output::TurnedAway(call) => self.turned_away(*call),
            // Both lines are for fail2ban, and stay as they are.
            Output::Refused { from, why, quiet } => {
                metrics::counter!("tandem_sip_refused_total", "why" => why).increment(1);
                if !quiet {
                    tracing::warn!(target: "tandem::refused", source = %from.ip(), port = from.port(), why, "refused");
                }
            }
            Output::Banned { source, span } => {
                metrics::counter!("tandem_sip_banned_total").increment(1);
                tracing::warn!(target: "tandem::banned", source = %source, for_s = span.as_secs(), "banned");
            }
        }
    }

    /// Gives a media worker its command; [`Shard::carry_out`] wakes it.
    fn order(&mut self, command: MediaCommand) {
        if let MediaCommand::CloseLeg { .. } | MediaCommand::CloseCall { .. } = command {
            self.closing = self.clock.now().mono + MEASURED;
        }
        let call = media_worker::call_of(&command);
        let worker = (call.0 % self.wires.media.len().max(1) as u128) as usize;
        let Some(media) = self.wires.media.get(worker) else {
            return;
        };
        let (answer, at_once) = media.command(command);
        if let Some(commanded) = self.commanded.get_mut(worker) {
            *commanded = Some(at_once || *commanded == Some(true));
        }
        if let Some(event) = answer {
            self.switch
                .handle_input(self.clock.now(), Input::Media(event));
        }
    }

    /// The log has the 1st, 2nd, 4th, 8th of an hour's calls that are alike: a trunk may be full for a thousand of them.
    fn turned_away(&self, call: TurnedAway) {
        let told = call.status.is_some().then(|| call.clone());
        let times = self.wires.turned_away.push(self.clock.now().wall, call);
        if let Some(c) = told.filter(|_| times.is_power_of_two()) {
            tracing::warn!(
                target: "tandem::turned_away",
                source = %c.source, from = c.from, called = c.called, status = c.status, times, why = c.why, cure = c.cure,
                "call turned away"
            );
        }
    }

    fn transmit(&mut self, flow: Flow, bytes: Bytes) {
        let sent = match flow.transport {
            Transport::Udp => self.intake.send(&flow, &bytes),
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => self
                .wires
                .streams
                .get(&(flow.transport, flow.local))
                .or_else(|| {
                    let mut all = self.wires.streams.iter();
                    let (_, table) = all.find(|((by, _), _)| *by == flow.transport)?;
                    Some(table)
                })
                .is_some_and(|table| {
                    let remote = flow.remote;
                    let sent = table.try_send(Outgoing { remote, bytes });
                    if sent.is_err() {
                        full("tcp", "refuse");
                    }
                    sent.is_ok()
                }),
        };
        if !sent {
            metrics::counter!("tandem_sip_send_failed_total").increment(1);
            self.switch
                .handle_input(self.clock.now(), Input::TransportFailed { flow });
        }
    }
}

fn alarms(alarms: &[Alarm]) {
    for alarm in alarms {
        metrics::counter!("tandem_journal_alarms_total").increment(1);
        tracing::error!(target: "tandem::alarm", ?alarm, "the journal");
    }
}

impl ToShard {
    /// An admin's wish.
    pub(crate) fn admin(admin: Admin) -> Self {
        Self::Input(Input::Admin(admin))
    }
}
