//! The world: one gateway, phones at its trunk and at desks, the network between them, and a clock that
//! jumps from one thing that happens to the next.
//!
//! ```text
//!             +---------------- network: delay, loss, rules ----------------+
//!  carrier's phones <--SIP, RTP--> [ Switch ] <--SIP, RTP--> desk phones     |
//!   203.0.113.5                     10.0.0.1                 10.0.1.N        |
//!                                    |    ^
//!                  media commands, provider commands, journal
//!                                    v    |
//!                      [ media graph ]  [ script: STT, LLM, TTS ]
//! ```
//! The order is fixed: at one moment packets come before answers of providers, those before the timers of the switch,
//! of the graph, and of the phones in the order in which they were made. So a seed is a run.

mod acts;
mod cast;
mod deliver;
mod ears;
mod end;
mod gateway;

pub use cast::{PhoneId, Place};
pub use ears::Who;

use crate::{
    graph::Graph,
    ladder::Ladder,
    network::{Network, Packet},
    script::Script,
    sound::TextTones,
};
use cast::Station;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tandem_agent::Brain;
use tandem_call::{Census, Switch, SwitchConfig, brains_of, cells::UnderWay};
use tandem_dialplan::Plan;
use tandem_phone::PhoneEvent;
use tandem_sip::api::Transport;
use tandem_types::{
    CallId, LegId, Mono, Now, PlayerId, Rng, Wall,
    dns::{Answer, Question},
    journal::Event as JournalEvent,
    media::MediaEvent,
    provider::ProviderEvent,
};

/// The gateway's address.
pub const GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
/// Where its sound is for far ends with IPv6 (RFC 4193), where the plan gives it such an address.
pub const GATEWAY6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1));
/// The carrier's address: every caller on the trunk is behind it.
pub const CARRIER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));
/// A Monday, 10:00:00 UTC: offices are open.
const MONDAY: Wall = Wall(1_795_428_000_000_000);

/// When the switch is written out, dropped, and read in again.
#[derive(Clone, Debug)]
pub enum Restart {
    /// Never.
    Never,
    /// After each step of its.
    Always,
    /// After about one step in so many, drawn from this seed (not the run's own, which stays the same).
    About(u64, Rng),
}

/// Something that a provider or the driver answers later.
#[derive(Clone, Debug)]
enum Later {
    Provider(ProviderEvent),
    /// The sound of a player, or that there is none.
    Sound(PlayerId, Option<Vec<i16>>),
    Named(Question),
    Media(MediaEvent),
    /// The cut links of this address carry again.
    Mended(IpAddr),
}

/// Something that the gateway said.
#[derive(Clone, Debug)]
pub struct Said {
    /// When it was asked for.
    pub at: Mono,
    /// The words.
    pub text: String,
    /// The tone that stands for them.
    pub hz: f64,
    /// The legs it was meant for.
    pub to: Vec<LegId>,
}

/// Each listener of a call, and whom it hears.
pub type Hears = Vec<(LegId, Vec<LegId>)>;

/// So many packets are kept to be repeated.
const RECENT: usize = 24;

/// One run.
pub struct World {
    now: Now,
    plan: Arc<Plan>,
    brains: BTreeMap<String, Arc<Brain>>,
    switch: Switch,
    graph: Graph,
    stations: Vec<Station>,
    /// Phones by the SIP Call-IDs of their calls, where an address is shared.
    call_ids: BTreeMap<String, BTreeSet<usize>>,
    /// Where each leg's RTP goes, which tells whose leg it is.
    leg_remotes: BTreeMap<LegId, SocketAddr>,
    /// Who hears whom among the legs of a call, as the switch said last.
    hears: BTreeMap<CallId, Hears>,
    /// The last SIP packets to the gateway, the latest first.
    recent: VecDeque<Packet>,
    /// SIP that the gateway sent.
    sent: Vec<(Mono, Packet)>,
    /// Calls whose end stands in the journal.
    over: BTreeSet<CallId>,
    /// What broke a promise at the moment when it did.
    faults: Vec<String>,
    /// Times of which nobody at this address is asked what they heard.
    excused: Vec<(IpAddr, Mono, Mono)>,
    /// The network, to be made worse.
    pub net: Network,
    wire: BTreeMap<(Mono, u64), (Packet, Option<usize>)>,
    later: BTreeMap<(Mono, u64), Later>,
    count: u64,
    /// Speech and language.
    pub script: Script,
    /// What the media worker's events take to the switch.
    pub media_after: Duration,
    tones: TextTones,
    said: Vec<Said>,
    ladder: Ladder,
    journal: Vec<JournalEvent>,
    happened: Vec<(Mono, PhoneId, PhoneEvent)>,
    refused: Vec<(SocketAddr, &'static str)>,
    restart: Restart,
    restarts: u64,
    /// What the name service says; what it does not know, there is not. `None` for all: it is down.
    zone: Option<BTreeMap<Question, Answer>>,
    lookups: Vec<(Mono, Question)>,
    rng: Rng,
}

impl World {
    /// A world with this plan in its gateway. Trunks whose peers are at [`CARRIER`] reach the carrier.
    pub fn new(plan: Plan, seed: u64) -> Self {
        let brains = brains_of(&plan);
        Self::with_brains(Arc::new(plan), brains, seed)
    }

    /// [`World::new`] where the brains of the plan are trained already.
    pub fn with_brains(plan: Arc<Plan>, brains: BTreeMap<String, Arc<Brain>>, seed: u64) -> Self {
        let mut rng = Rng::seeded(seed);
        let now = Now {
            mono: Mono(0),
            wall: MONDAY,
        };
        let config = SwitchConfig {
            listen: vec![
                (Transport::Udp, gateway(5060)),
                (Transport::Tcp, gateway(5060)),
            ],
            shard: 0,
            nonce_secret: [7; 32].into(),
            srtp_secret: [8; 32].into(),
            seed: rng.u64(),
        };
        let switch = Switch::new(config, plan.clone(), brains.clone(), now);
        let mut world = Self {
            now,
            graph: Graph::new(&mut rng),
            brains,
            switch,
            plan,
            stations: Vec::new(),
            call_ids: BTreeMap::new(),
            leg_remotes: BTreeMap::new(),
            hears: BTreeMap::new(),
            recent: VecDeque::new(),
            sent: Vec::new(),
            over: BTreeSet::new(),
            faults: Vec::new(),
            excused: Vec::new(),
            net: Network::new(rng.fork()),
            wire: BTreeMap::new(),
            later: BTreeMap::new(),
            count: 0,
            script: Script::default(),
            media_after: Duration::ZERO,
            tones: TextTones::default(),
            said: Vec::new(),
            ladder: Ladder::default(),
            journal: Vec::new(),
            happened: Vec::new(),
            refused: Vec::new(),
            restart: Restart::Never,
            restarts: 0,
            zone: Some(BTreeMap::new()),
            lookups: Vec::new(),
            rng,
        };
        world.ladder.actor("tandem");
        world.after_switch();
        world
    }

    /// Writes the switch out and reads it in again as this says from now on.
    pub fn restart(&mut self, restart: Restart) {
        self.restart = restart;
    }

    /// How often the switch was written out and read in again.
    pub fn restarts(&self) -> u64 {
        self.restarts
    }

    /// The time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.now.mono.since(Mono(0))
    }

    /// The clocks.
    pub fn now(&self) -> Now {
        self.now
    }

    /// Accounts at carriers, and how they stand.
    pub fn registrations(&self) -> Vec<(String, String)> {
        self.switch.registrations()
    }

    /// What the gateway asked the name service so far, and when.
    pub fn lookups(&self) -> &[(Mono, Question)] {
        &self.lookups
    }

    /// The plan of the gateway.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Everything that was journaled.
    pub fn journal(&self) -> &[JournalEvent] {
        &self.journal
    }

    /// What the gateway refused without a call: where from, and why.
    pub fn refused(&self) -> &[(SocketAddr, &'static str)] {
        &self.refused
    }

    /// What the gateway said so far, and to whom.
    pub fn said(&self) -> &[Said] {
        &self.said
    }

    /// The ladder so far as a list of lines.
    pub fn ladder_as_list(&self) -> String {
        self.ladder.to_list()
    }

    /// The SIP that the gateway sent so far, and when.
    pub fn sent(&self) -> &[(Mono, Packet)] {
        &self.sent
    }

    /// The SIP packets that came to the gateway last, the latest first; a few.
    pub fn recent(&self) -> &VecDeque<Packet> {
        &self.recent
    }

    /// Puts a packet on the wire that nobody in this world sent.
    pub fn injects(&mut self, packet: Packet) {
        let n = self.next_count();
        self.wire.insert((self.now.mono, n), (packet, None));
    }

    /// Who hears whom now, call by call.
    pub fn who_hears_whom(&self) -> &BTreeMap<CallId, Hears> {
        &self.hears
    }

    /// Where the transfers of all calls stand, each with the caller's phone.
    pub fn under_way(&self) -> Vec<(Option<PhoneId>, UnderWay)> {
        let all = self.switch.under_way().into_iter();
        all.map(|row| (self.phone_of(row.caller).map(PhoneId), row))
            .collect()
    }

    /// How much is alive in the switch.
    pub fn census(&self) -> Census {
        self.switch.census()
    }

    /// Who is to be called back, by the calls in which they asked, and whether something will come of it.
    pub fn owed(&self) -> Vec<(CallId, bool)> {
        self.switch.owed()
    }

    /// The switch as a log line would show it.
    pub fn switch_in_words(&self) -> String {
        format!("{:?}", self.switch)
    }

    /// Nobody behind this address is asked what they heard between these times since the beginning (their link is bad).
    pub fn excuses(&mut self, at: IpAddr, from: Duration, to: Duration) {
        self.excused.push((at, Mono(0) + from, Mono(0) + to));
    }

    /// The ladder so far.
    pub fn ladder(&self) -> String {
        self.ladder.to_text()
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now.mono + time;
        while self.step(end) {}
        self.now = self.now + end.since(self.now.mono);
    }

    /// Lets time pass until `done` says so, but no longer than `limit`. Says whether it did. Looked at
    /// after each thing that happens.
    pub fn run_until(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now.mono + limit;
        while !done(self) {
            if !self.step(end) {
                self.now = self.now + end.since(self.now.mono);
                return done(self);
            }
        }
        true
    }

    /// The next thing that happens, unless that is after `end`. Says whether there was one.
    fn step(&mut self, end: Mono) -> bool {
        let packet = self.wire.keys().next().map(|(at, _)| (*at, 0));
        let later = self.later.keys().next().map(|(at, _)| (*at, 1));
        let switch = self.switch.poll_timeout().map(|(at, _)| (at, 2));
        let graph = self.graph.poll_timeout().map(|at| (at, 3));
        let phone = |(i, s): (usize, &Station)| Some((s.phone.poll_timeout()?.0, i + 4));
        let phones = self.stations.iter().enumerate().filter_map(phone).min();
        let next = [packet, later, switch, graph, phones]
            .into_iter()
            .flatten()
            .min();
        let Some((at, what)) = next.filter(|(at, _)| *at <= end) else {
            return false;
        };
        self.now = self.now + at.since(self.now.mono);
        match what {
            0 => self.deliver_next(),
            1 => self.answer_next(),
            2 => {
                self.switch.handle_timeout(self.now);
                self.after_switch();
            }
            3 => {
                self.graph.handle_timeout(self.now);
                self.after_graph();
            }
            n => {
                if let Some(station) = self.stations.get_mut(n - 4) {
                    station.phone.handle_timeout(self.now);
                }
                self.after_phone(n - 4);
            }
        }
        true
    }

    fn next_count(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

fn gateway(port: u16) -> SocketAddr {
    SocketAddr::new(GATEWAY, port)
}
