//! The network and the clock.

use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;
use tandem_sip::api::*;
use tandem_sip::endpoint::Endpoint;
use tandem_sip::message::{Message, Method};
use tandem_types::{Mono, Now, Rng, Wall};

/// Who: an index into the nodes.
pub(crate) type Node = usize;
pub(crate) const A: Node = 0;
pub(crate) const B: Node = 1;
pub(crate) const C: Node = 2;

const DELAY: Duration = Duration::from_millis(10);

/// A datagram on its way.
struct Packet {
    at: Mono,
    /// Those of one moment arrive in the order in which they were sent.
    order: u64,
    from: Node,
    to: Node,
    transport: Transport,
    bytes: Bytes,
}

/// One machine.
pub(crate) struct Machine {
    pub(crate) endpoint: Endpoint,
    pub(crate) events: VecDeque<Event>,
    /// Messages that arrived at a raw node.
    pub(crate) arrived: VecDeque<Message>,
    raw: bool,
}

/// What the network does to packets.
pub(crate) struct Weather {
    /// Per mille lost; a quarter as many come twice.
    pub(crate) lost: u64,
    /// Milliseconds of further delay at most.
    pub(crate) late: u64,
    /// Per mille changed on the way.
    pub(crate) mangled: u64,
    pub(crate) rng: Rng,
}

pub(crate) struct World {
    pub(crate) now: Now,
    pub(crate) nodes: Vec<Machine>,
    packets: Vec<Packet>,
    order: u64,
    /// Prefixes of first lines: each drops one packet.
    drops: Vec<String>,
    /// Prefixes of first lines: each holds one packet back.
    holds: Vec<(String, Duration)>,
    /// INVITEs to B also reach C.
    pub(crate) forks: bool,
    pub(crate) weather: Option<Weather>,
    restore: bool,
    pub(crate) ladder: Vec<String>,
    pub(crate) transport: Transport,
    /// How often an event met a session in a state: (state, event).
    pub(crate) cells: BTreeMap<(String, String), u64>,
    /// Reliable provisional responses of each node.
    pub(crate) reliable: [Option<Reliable>; 3],
    /// Session timers of each node.
    pub(crate) timers: [Option<SessionTimer>; 3],
}

/// Runs a scenario plainly and with restores, ends it, and compares.
pub(crate) fn scenario(run: impl Fn(&mut World)) {
    let ladder = |restore| {
        let mut world = World::new(restore);
        run(&mut world);
        world.settle();
        world.ladder
    };
    let (plain, restored) = (ladder(false), ladder(true));
    assert_eq!(plain, restored, "a restored endpoint behaves otherwise");
}

impl World {
    pub(crate) fn new(restore: bool) -> Self {
        let node = |i: u64| Machine {
            endpoint: Endpoint::new(config(), Rng::seeded(100 + i)),
            events: VecDeque::new(),
            arrived: VecDeque::new(),
            raw: false,
        };
        Self {
            now: Now {
                mono: Mono(0),
                wall: Wall(0),
            },
            nodes: (0..3).map(node).collect(),
            packets: Vec::new(),
            order: 0,
            drops: Vec::new(),
            holds: Vec::new(),
            forks: false,
            weather: None,
            restore,
            ladder: Vec::new(),
            transport: Transport::Udp,
            timers: [None; 3],
            reliable: [None; 3],
            cells: BTreeMap::new(),
        }
    }

    /// Gives a node reliable provisional responses; before anything else.
    pub(crate) fn set_reliable(&mut self, node: Node, reliable: Reliable) {
        self.reliable[node] = Some(reliable);
        self.renew(node);
    }

    fn renew(&mut self, node: Node) {
        let mut config = EndpointConfig {
            session_timer: self.timers[node],
            ..config()
        };
        if self.reliable[node].is_some() {
            config.allow.push(Method::Prack);
            config.supported.push("100rel".into());
        }
        self.nodes[node].endpoint = Endpoint::new(config, Rng::seeded(100 + node as u64));
    }

    /// Gives a node session timers; before anything else.
    pub(crate) fn set_timer(&mut self, node: Node, expires: u32, min_se: u32) {
        self.timers[node] = Some(SessionTimer { expires, min_se });
        self.renew(node);
    }

    pub(crate) fn addr(node: Node) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, node as u8 + 1], 5060))
    }
    pub(crate) fn flow(&self, from: Node, to: Node) -> Flow {
        Flow {
            transport: self.transport,
            local: Self::addr(from),
            remote: Self::addr(to),
        }
    }
    /// From now on this node is played by the test.
    pub(crate) fn make_raw(&mut self, node: Node) {
        self.nodes[node].raw = true;
    }
    /// The next packet whose first line begins so is lost.
    pub(crate) fn lose(&mut self, first_line: &str) {
        self.drops.push(first_line.to_owned());
    }
    /// The next packet whose first line begins so is late.
    pub(crate) fn hold(&mut self, first_line: &str, millis: u64) {
        self.holds
            .push((first_line.to_owned(), Duration::from_millis(millis)));
    }

    // ---- the end ----

    /// Lets all timers run out; then nothing is left anywhere.
    pub(crate) fn settle(&mut self) {
        let limit = self.now.mono + Duration::from_secs(600);
        while self.step() {
            assert!(
                self.now.mono < limit,
                "never quiet; ladder:\n{}",
                self.ladder.join("\n")
            );
        }
        for (node, machine) in self.nodes.iter().enumerate() {
            let census = machine.endpoint.census();
            assert_eq!(
                census,
                Census::default(),
                "node {node}; ladder:\n{}",
                self.ladder.join("\n")
            );
            assert_eq!(machine.endpoint.poll_timeout(), None);
            assert_eq!(left_over(&machine.endpoint), [""; 0], "node {node}");
        }
    }

    // ---- the machinery ----

    pub(crate) fn next(&self) -> Option<Mono> {
        let packets = self.packets.iter().map(|p| p.at);
        let timers = self
            .nodes
            .iter()
            .filter_map(|n| Some(n.endpoint.poll_timeout()?.0));
        packets.chain(timers).min()
    }

    pub(crate) fn advance(&mut self, to: Mono) {
        let by = to.since(self.now.mono);
        self.now = self.now + by;
    }

    /// One packet arrives or one endpoint's timers run. False: nothing is left to happen.
    pub(crate) fn step(&mut self) -> bool {
        let Some(at) = self.next() else { return false };
        self.advance(at);
        let due = self.packets.iter().enumerate().filter(|(_, p)| p.at <= at);
        if let Some((i, _)) = due.min_by_key(|(_, p)| (p.at, p.order)) {
            let packet = self.packets.remove(i);
            self.arrive(packet);
            return true;
        }
        for node in 0..self.nodes.len() {
            if self.nodes[node]
                .endpoint
                .poll_timeout()
                .is_some_and(|(due, _)| due <= at)
            {
                self.maybe_restore(node);
                if let Some((_, why)) = self.nodes[node].endpoint.poll_timeout() {
                    let cell = ("timer".to_owned(), why.to_owned());
                    *self.cells.entry(cell).or_default() += 1;
                }
                self.nodes[node].endpoint.handle_timeout(self.now);
                self.drain(node);
            }
        }
        true
    }

    fn arrive(&mut self, packet: Packet) {
        let first = first_line(&packet.bytes);
        self.ladder.push(format!(
            "{:>6} {}->{} {first}",
            self.millis(),
            name(packet.from),
            name(packet.to)
        ));
        let message = Message::parse(packet.bytes).expect("endpoints send what can be parsed");
        if self.nodes[packet.to].raw {
            self.nodes[packet.to].arrived.push_back(message);
            return;
        }
        let (local, remote) = (Self::addr(packet.to), Self::addr(packet.from));
        let from = Flow {
            transport: packet.transport,
            local,
            remote,
        };
        self.input(
            packet.to,
            Input::Message {
                from,
                message,
                urgent: false,
            },
        );
    }

    pub(crate) fn drain(&mut self, node: Node) {
        while let Some(output) = self.nodes[node].endpoint.poll_output() {
            match output {
                Output::Transmit { flow, bytes, .. } => {
                    assert!(flow.local == Self::addr(node) || self.mangles());
                    let to = (0..self.nodes.len()).find(|n| Self::addr(*n) == flow.remote);
                    match to {
                        Some(to) => self.put(node, to, flow.transport, bytes),
                        // A changed Contact may lead anywhere.
                        None => assert!(self.mangles(), "sent to {}", flow.remote),
                    }
                }
                Output::Event(event) => {
                    self.ladder.push(format!(
                        "{:>6} {} {}",
                        self.millis(),
                        name(node),
                        told(&event)
                    ));
                    self.nodes[node].events.push_back(event);
                }
                Output::Taken { .. } => {}
            }
        }
    }

    /// All packets that are on their way arrive. False: there were none.
    pub(crate) fn arrive_all(&mut self) -> bool {
        let any = !self.packets.is_empty();
        while !self.packets.is_empty() {
            self.step();
        }
        any
    }

    fn mangles(&self) -> bool {
        self.weather.as_ref().is_some_and(|w| w.mangled > 0)
    }

    pub(crate) fn put(&mut self, from: Node, to: Node, transport: Transport, bytes: Bytes) {
        let first = first_line(&bytes);
        if let Some(i) = self
            .drops
            .iter()
            .position(|d| first.starts_with(d.as_str()))
        {
            self.drops.remove(i);
            self.ladder.push(format!(
                "{:>6} {}-x{} {first}",
                self.millis(),
                name(from),
                name(to)
            ));
            return;
        }
        let mut delay = DELAY;
        let mut again = None;
        if let Some(i) = self
            .holds
            .iter()
            .position(|(h, _)| first.starts_with(h.as_str()))
        {
            delay += self.holds.remove(i).1;
        }
        let mut bytes = bytes;
        if let Some(Weather {
            lost,
            late,
            mangled,
            rng,
        }) = &mut self.weather
        {
            if rng.below(1000) < *lost {
                return;
            }
            delay += Duration::from_millis(rng.below(*late + 1));
            if rng.below(1000) < *lost / 4 {
                again = Some(Duration::from_millis(rng.below(40_000)));
            }
            if rng.below(1000) < *mangled {
                bytes = mangle(&bytes, rng);
                if Message::parse(bytes.clone()).is_err() {
                    return;
                }
            }
        }
        let forked =
            self.forks && to == B && (first.starts_with("INVITE") || first.starts_with("CANCEL"));
        for to in if forked { vec![B, C] } else { vec![to] } {
            for delay in [Some(delay), again.map(|by| delay + by)]
                .into_iter()
                .flatten()
            {
                self.order += 1;
                let (at, order) = (self.now.mono + delay, self.order);
                self.packets.push(Packet {
                    at,
                    order,
                    from,
                    to,
                    transport,
                    bytes: bytes.clone(),
                });
            }
        }
    }

    pub(crate) fn maybe_restore(&mut self, node: Node) {
        if self.restore {
            self.restore_node(node);
        }
    }

    /// Serialises an endpoint, forgets it, and makes it anew.
    pub(crate) fn restore_node(&mut self, node: Node) {
        let mut snapshot = Vec::new();
        let endpoint = &mut self.nodes[node].endpoint;
        ciborium::into_writer(&*endpoint, &mut snapshot).expect("an endpoint is a value");
        let restored: Endpoint =
            ciborium::from_reader(snapshot.as_slice()).expect("of the same type");
        assert_eq!(*endpoint, restored);
        *endpoint = restored;
    }

    /// How often a first line beginning so arrived.
    pub(crate) fn count(&self, arrow: &str, first_line: &str) -> usize {
        let line = format!(" {arrow} {first_line}");
        self.ladder.iter().filter(|l| l.contains(&line)).count()
    }
}

pub(crate) fn config() -> EndpointConfig {
    EndpointConfig {
        product: "tandem-test".into(),
        allow: vec![
            Method::Invite,
            Method::Ack,
            Method::Bye,
            Method::Cancel,
            Method::Options,
            Method::Info,
            Method::Refer,
            Method::Notify,
            Method::Update,
            Method::Message,
            Method::Register,
        ],
        supported: vec!["replaces".into()],
        event_packages: Vec::new(),
        session_timer: None,
        shard: 7,
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    }
}

pub(crate) fn sdp(text: &str) -> Body {
    Body {
        content_type: "application/sdp".into(),
        bytes: Bytes::from(text.to_owned()),
    }
}

fn name(node: Node) -> char {
    (b'A' + node as u8) as char
}

/// `INVITE`, `200 INVITE`.
fn first_line(bytes: &Bytes) -> String {
    match Message::parse(bytes.clone()) {
        Ok(Message::Request(request)) => request.method.to_string(),
        Ok(Message::Response(r)) => {
            let method = r.cseq().map(|c| c.method.to_string()).unwrap_or_default();
            format!("{} {method}", r.status)
        }
        Err(e) => panic!("unreadable: {e}"),
    }
}

fn told(event: &Event) -> String {
    match event {
        Event::Invited { .. } => "invited".into(),
        Event::Progress {
            response, early, ..
        } => format!("progress {} {early}", response.status),
        Event::Answered { .. } => "answered".into(),
        Event::Failed { failure, .. } => format!("failed {}", failed(failure)),
        Event::Acked { .. } => "acked".into(),
        Event::Request { request, .. } => format!("asked {}", request.method),
        Event::Response { result: Ok(r), .. } => format!("outcome {}", r.status),
        Event::Response { result: Err(f), .. } => format!("outcome {}", failed(f)),
        Event::Refresh { .. } => "refresh".into(),
        Event::Pracked { .. } => "pracked".into(),
        Event::Ended { end, .. } => format!("ended {:?} {:?}", end.by, end.reason),
        Event::OutOfDialog { request, .. } => format!("outside {}", request.method),
    }
}

fn failed(failure: &Failure) -> String {
    match failure {
        Failure::Response(r) => r.status.to_string(),
        other => format!("{other:?}"),
    }
}

/// The tables and indexes of an endpoint that are not empty, whatever it counts itself.
fn left_over(endpoint: &Endpoint) -> Vec<String> {
    fn look(path: &str, value: &ciborium::Value, found: &mut Vec<String>) {
        let entries = value.as_map().into_iter().flatten();
        for (key, value) in entries {
            match key.as_text() {
                // Who does not listen by TCP is no call's: it is forgotten in its own time.
                Some("config" | "rng" | "deaf") => {}
                Some(key) => look(&format!("{path}/{key}"), value, found),
                None => found.push(path.to_owned()),
            }
        }
        if value.as_array().is_some_and(|list| !list.is_empty()) {
            found.push(path.to_owned());
        }
    }
    let value = ciborium::Value::serialized(endpoint).expect("an endpoint is a value");
    let mut found = Vec::new();
    look("", &value, &mut found);
    found
}

/// Another byte, a line less, a line twice, or two lines exchanged.
fn mangle(bytes: &Bytes, rng: &mut Rng) -> Bytes {
    let mut text = bytes.to_vec();
    let mut below = |n: usize| usize::try_from(rng.below(n as u64)).unwrap();
    if below(2) == 0 {
        let at = below(text.len());
        text[at] = b"0123456789abcxyz ;,<>@:\r"[below(24)];
        return text.into();
    }
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    let (a, b) = (below(lines.len()), below(lines.len()));
    match below(3) {
        0 => drop(lines.remove(a)),
        1 => lines.insert(b, lines[a]),
        _ => lines.swap(a, b),
    }
    lines.concat().into()
}
