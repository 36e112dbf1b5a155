//! The thread of one signalling shard: it owns the switch and its journal, and waits for nothing but its
//! queue and its next deadline.

use crate::{
    Clock,
    hep::HepHandle,
    media_worker::MediaHandle,
    places::{ShardQueue, full},
    speech_desk::DeskHandle,
    trace::{Kept, TraceRing},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, UdpSocket},
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};
use tandem_call::{Admin, Input, Output, Switch};
use tandem_net::Outgoing;
use tandem_sip::api::{Flow, Transport};
use tandem_store::{Alarm, Journal};
use tandem_types::journal::{Event, What};
use tokio::sync::{broadcast, mpsc, oneshot};

/// Inputs taken in one go before the outputs are looked at by the clock again.
const BURST: usize = 128;
/// The shard wakes at least this often, to write what waits for a disk.
const IDLE: Duration = Duration::from_secs(1);

/// To the shard.
#[derive(Debug)]
pub(crate) enum ToShard {
    /// For the switch.
    Input(Input),
    /// How things stand.
    Snapshot(oneshot::Sender<Snapshot>),
    /// Stop now; what waits is written.
    Stop,
}

/// How things stand.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// Calls that are running.
    pub calls: usize,
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
    /// While draining, carriers that were not told yet that we leave.
    #[serde(default)]
    pub leaving: usize,
    /// Journal events that wait for the disk.
    pub journal_waiting: usize,
}

/// What the shard sends by.
pub(crate) struct Wires {
    /// UDP sockets by the address that peers see.
    pub(crate) udp: BTreeMap<SocketAddr, Arc<UdpSocket>>,
    /// TCP tables by the address that peers see.
    pub(crate) tcp: BTreeMap<SocketAddr, mpsc::Sender<Outgoing>>,
    pub(crate) media: Vec<MediaHandle>,
    pub(crate) desk: DeskHandle,
    pub(crate) trace: Arc<TraceRing>,
    pub(crate) hep: Option<HepHandle>,
    /// Whoever looks on; a slow one misses events, the journal has them all.
    pub(crate) live: broadcast::Sender<Event>,
}

/// One shard.
pub(crate) struct Shard {
    pub(crate) clock: Clock,
    pub(crate) switch: Switch,
    pub(crate) journal: Journal,
    pub(crate) wires: Wires,
    pub(crate) queue: ShardQueue,
}

impl Shard {
    /// Runs until told to stop.
    pub(crate) fn run(mut self) {
        // What the switch wants before anybody calls: its registrations with carriers.
        self.switch.handle_timeout(self.clock.now());
        self.carry_out();
        loop {
            let now = self.clock.now();
            let wait = self
                .switch
                .poll_timeout()
                .map_or(IDLE, |(at, _)| at.since(now.mono).min(IDLE));
            match self.queue.within(wait) {
                Ok(first) => {
                    if self.take(first) {
                        return;
                    }
                    let mut more = true;
                    for _ in 1..BURST {
                        match self.queue.at_once() {
                            Some(next) => {
                                if self.take(next) {
                                    return;
                                }
                            }
                            None => {
                                more = false;
                                break;
                            }
                        }
                    }
                    if more {
                        // Where all share a core, and real-time priority, the readers would else have no turn.
                        std::thread::yield_now();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = self.clock.now();
            if self
                .switch
                .poll_timeout()
                .is_some_and(|(at, _)| at <= now.mono)
            {
                self.switch.handle_timeout(now);
                self.carry_out();
            }
            if self.journal.waiting() > 0 {
                let outcome = self.journal.flush(now.wall);
                alarms(&outcome.alarms);
            }
            metrics::gauge!("tandem_calls_active").set(self.switch.active() as f64);
        }
    }

    /// `true`: stop.
    fn take(&mut self, message: ToShard) -> bool {
        match message {
            ToShard::Input(input) => {
                self.switch.handle_input(self.clock.now(), input);
                self.carry_out();
            }
            ToShard::Snapshot(answer) => {
                let census = self.switch.census();
                let s = census.sip;
                let _ = answer.send(Snapshot {
                    calls: census.calls,
                    legs: census.legs,
                    sip: s.invite_client + s.client + s.invite_server + s.server + s.sessions,
                    phones: self.switch.phones(),
                    registrations: self.switch.registrations(),
                    peers: self.switch.peers(),
                    leaving: self.switch.leaving(),
                    journal_waiting: self.journal.waiting(),
                });
            }
            ToShard::Stop => {
                let outcome = self.journal.flush(self.clock.now().wall);
                alarms(&outcome.alarms);
                return true;
            }
        }
        false
    }

    /// Each step's events are written first; then everything else goes out. What cannot go is the next step.
    fn carry_out(&mut self) {
        while self.step() {}
    }

    /// `false`: there was nothing to do.
    fn step(&mut self) -> bool {
        let mut events: Vec<Event> = Vec::new();
        let mut others: Vec<Output> = Vec::new();
        while let Some(output) = self.switch.poll_output() {
            match output {
                Output::Journal(event) => events.push(event),
                other => others.push(other),
            }
        }
        let some = !events.is_empty() || !others.is_empty();
        if !events.is_empty() {
            let outcome = self.journal.append(self.clock.now().wall, &events);
            alarms(&outcome.alarms);
            for event in events {
                log(&event);
                let _ = self.wires.live.send(event);
            }
        }
        for output in others {
            self.send(output);
        }
        some
    }

    fn send(&mut self, output: Output) {
        match output {
            Output::Journal(_) => {}
            Output::Transmit { flow, bytes } => self.transmit(flow, bytes),
            Output::Media(command) => {
                let call = crate::media_worker::call_of(&command);
                let worker = (call.0 % self.wires.media.len().max(1) as u128) as usize;
                if let Some(media) = self.wires.media.get(worker) {
                    media.command(command);
                }
            }
            Output::Provider(command) => {
                if let Some(refused) = self.wires.desk.provider(command) {
                    self.switch
                        .handle_input(self.clock.now(), Input::Provider(refused));
                }
            }
            Output::Trace {
                call,
                sent,
                flow,
                bytes,
            } => {
                let kept = Kept::new(self.clock.now().wall, sent, flow, &bytes);
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

    fn transmit(&mut self, flow: Flow, bytes: Bytes) {
        let sent = match flow.transport {
            Transport::Udp => self
                .wires
                .udp
                .get(&flow.local)
                .or_else(|| {
                    self.wires.udp.values().find(|s| {
                        s.local_addr()
                            .is_ok_and(|a| a.is_ipv4() == flow.remote.is_ipv4())
                    })
                })
                .is_some_and(|socket| socket.send_to(&bytes, flow.remote).is_ok()),
            Transport::Tcp => self
                .wires
                .tcp
                .get(&flow.local)
                .or_else(|| self.wires.tcp.values().next())
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

/// One line a call that an admin can grep, and the metrics; caller data stays out of both.
fn log(event: &Event) {
    let call = event.call;
    match &event.what {
        What::CallStarted {
            via,
            dialplan,
            start,
            ..
        } => {
            metrics::counter!("tandem_calls_total").increment(1);
            tracing::info!(%call, via, dialplan, start, "call started");
        }
        What::CallEnded {
            end, duration_ms, ..
        } => {
            let reason = format!("{:?}", end.reason);
            metrics::counter!("tandem_calls_ended_total", "reason" => reason.clone()).increment(1);
            metrics::histogram!("tandem_call_duration_seconds")
                .record(*duration_ms as f64 / 1000.0);
            tracing::info!(%call, by = ?end.by, reason, sip = end.sip, q850 = end.q850, ms = duration_ms, "call ended");
        }
        What::HandoffEnded { handoff, end, .. } => {
            metrics::counter!("tandem_handoffs_total", "end" => format!("{end:?}")).increment(1);
            tracing::info!(%call, %handoff, ?end, "handoff ended");
        }
        What::TransferEnded { transfer, failed } => {
            let outcome = failed.map_or_else(|| "Bridged".to_owned(), |r| format!("{r:?}"));
            metrics::counter!("tandem_transfers_total", "outcome" => outcome.clone()).increment(1);
            tracing::info!(%call, %transfer, outcome, "transfer ended");
        }
        What::ProviderFailed {
            door,
            fault,
            instead,
        } => {
            metrics::counter!("tandem_provider_faults_total", "door" => door.clone()).increment(1);
            tracing::warn!(%call, door, ?fault, instead, "provider failed");
        }
        What::Refused { rule, .. } => tracing::warn!(%call, rule, "refused by the dialplan"),
        What::Alarm { text } => tracing::error!(target: "tandem::alarm", %call, text, "alarm"),
        _ => {}
    }
}

impl ToShard {
    /// An admin's wish.
    pub(crate) fn admin(admin: Admin) -> Self {
        Self::Input(Input::Admin(admin))
    }
}
