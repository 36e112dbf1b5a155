//! Random users and random weather: no panic, one end for each session, nothing left.

use crate::{
    cells::{CELLS, RARE},
    ends::Ends,
    world::*,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tandem_sip::api::*;
use tandem_sip::message::{Headers, Method};
use tandem_types::Rng;

/// What a user knows.
#[derive(Default)]
struct User {
    /// Requests that wait for an answer.
    asked: Vec<RequestKey>,
}

const METHODS: [Method; 8] = [
    Method::Invite,
    Method::Invite,
    Method::Invite,
    Method::Update,
    Method::Update,
    Method::Info,
    Method::Refer,
    Method::Message,
];

/// What users are after.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    /// Anything.
    Restless,
    /// They ring for long.
    Early,
    /// They stay in their calls and ask much.
    Chatty,
    /// And answer seldom.
    Slow,
}

struct Model {
    world: World,
    mood: Mood,
    rng: Rng,
    ends: Ends,
    users: Vec<User>,
}

impl Model {
    fn new(seed: u64, lost: u64, late: u64, mangled: u64, forks: bool, tcp: bool) -> Self {
        let mut world = World::new(false);
        let mut rng = Rng::seeded(seed);
        let lost = if tcp { 0 } else { lost };
        let weather_rng = rng.fork();
        let wishes = [Reliable::Off, Reliable::Supported, Reliable::Required];
        for node in [A, B, C] {
            if rng.below(2) == 0 {
                world.set_timer(node, 90 + rng.below(200) as u32, 90 + rng.below(60) as u32);
            }
            if rng.below(2) == 0 {
                world.set_reliable(node, wishes[rng.below(3) as usize]);
            }
        }
        world.weather = Some(Weather {
            lost,
            late,
            mangled,
            rng: weather_rng,
        });
        world.forks = forks;
        if tcp {
            world.transport = Transport::Tcp;
        }
        let users = (0..3).map(|_| User::default()).collect();
        Self {
            world,
            mood: Mood::Restless,
            rng,
            ends: Ends::default(),
            users,
        }
    }

    fn listen(&mut self) {
        for node in 0..3 {
            while let Some(event) = self.world.nodes[node].events.pop_front() {
                self.ends.note(node, &event);
                if let Event::Refresh { session } = event {
                    self.world.request(node, session, Method::Invite);
                    continue;
                }
                if let Event::Request { key, .. } | Event::OutOfDialog { key, .. } = event {
                    self.users[node].asked.push(key);
                }
            }
        }
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let i = usize::try_from(self.rng.below(from.len() as u64)).unwrap();
        from.get(i).cloned()
    }

    /// A user does something, sensible or not, to a session that is or was theirs.
    fn act(&mut self) {
        let sessions = if self.rng.below(5) == 0 {
            self.ends.all()
        } else {
            self.ends.open()
        };
        let Some((node, session)) = self.pick(&sessions) else {
            return self.call();
        };
        let headers = Headers::new();
        // Of the ways below: who rings for long, and who talks for long.
        const RING: [u64; 20] = [
            0, 0, 1, 2, 2, 2, 3, 6, 8, 10, 10, 11, 11, 11, 12, 12, 12, 12, 14, 15,
        ];
        const TALK: [u64; 32] = [
            0, 1, 2, 3, 3, 3, 4, 6, 7, 7, 7, 8, 8, 9, 10, 11, 11, 11, 11, 11, 11, 11, 11, 12, 12,
            12, 12, 12, 12, 12, 14, 15,
        ];
        let way = match self.mood {
            Mood::Restless => self.rng.below(16),
            Mood::Early => self.pick(&RING).unwrap_or_default(),
            Mood::Chatty | Mood::Slow => self.pick(&TALK).unwrap_or_default(),
        };
        match way {
            0 => self.call(),
            1 => self.world.progress(node, session),
            2 => self
                .world
                .progress_with(node, session, 183, Some(sdp("early"))),
            3..=5 => self.world.accept(node, session),
            6 => self.world.reject(node, session, 486),
            7..=9 => self.world.ack(node, session),
            10 => self.world.hangup(node, session),
            11 | 12 => {
                let method = self.pick(&METHODS).unwrap();
                self.world.request(node, session, method);
            }
            13 => {
                let flow = self.world.flow(node, (node + 1) % 3);
                self.world.input(node, Input::TransportFailed { flow });
            }
            14 => self.world.restore_node(node),
            _ => {
                let body = Some(sdp("late"));
                let phrase = String::from("a phrase");
                self.world.command(
                    node,
                    Command::Ack {
                        session,
                        body: body.clone(),
                    },
                );
                let key = RequestKey(self.rng.below(50));
                self.world.command(
                    node,
                    Command::Respond {
                        key,
                        status: 200,
                        phrase,
                        headers,
                        body,
                    },
                );
            }
        }
    }

    fn call(&mut self) {
        let (from, to) = self.pick(&[(A, B), (B, A), (A, C)]).unwrap();
        let invite = self.world.outgoing(from, to);
        let session = self.world.nodes[from].endpoint.allocate();
        self.ends.begin(from, session);
        self.world.command(
            from,
            Command::Invite {
                session,
                invite: Box::new(invite),
            },
        );
    }

    /// A and B talk: nothing of that is left to chance.
    fn talk(&mut self) {
        let (weather, forks) = (self.world.weather.take(), self.world.forks);
        let reliable = self.world.reliable[A].take();
        self.world.forks = false;
        let (a, b) = self.world.talk();
        self.ends.begin(A, a);
        self.ends.begin(B, b);
        self.world.reliable[A] = reliable;
        (self.world.weather, self.world.forks) = (weather, forks);
    }

    fn answer(&mut self) {
        let Some(node) = self.pick(&[A, B, C]) else {
            return;
        };
        if let Some(key) = self.users[node].asked.pop() {
            let statuses: &[u16] = match self.mood {
                Mood::Restless => &[200, 200, 200, 202, 488, 481, 408, 491, 500],
                Mood::Early | Mood::Chatty | Mood::Slow => {
                    &[200, 200, 200, 200, 200, 202, 488, 491, 500, 481]
                }
            };
            let status = self.pick(statuses).unwrap();
            self.world.respond(node, key, status);
        }
    }

    fn run(&mut self, steps: u32) {
        for _ in 0..steps {
            let answers = match self.mood {
                Mood::Restless | Mood::Early => 3..=4,
                Mood::Chatty => 4..=5,
                Mood::Slow => 5..=5,
            };
            match self.rng.below(10) {
                n if n < *answers.start() => self.act(),
                n if answers.contains(&n) => self.answer(),
                _ => {
                    self.world.step();
                }
            }
            self.listen();
        }
        // Everybody goes home: all is answered, all sessions are hung up.
        for _ in 0..100 {
            self.listen();
            for node in [A, B, C] {
                for key in std::mem::take(&mut self.users[node].asked) {
                    self.world.respond(node, key, 480);
                }
            }
            let open = self.ends.open();
            if open.is_empty() && !self.world.step() {
                break;
            }
            for (node, session) in open {
                self.world.hangup(node, session);
            }
            self.world.pass(1_000);
        }
        self.listen();
        assert_eq!(
            self.ends.open(),
            [],
            "ladder:\n{}",
            self.world.ladder.join("\n")
        );
        self.world.settle();
        self.listen();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_users_and_network_do_nothing_is_left(
        seed: u64,
        lost in 0u64..400,
        late in 0u64..3000,
        mangled in prop_oneof![Just(0u64), 0u64..300],
        forks: bool,
        tcp in prop::bool::weighted(0.2),
        steps in 1u32..300,
    ) {
        Model::new(seed, lost, late, mangled, forks, tcp).run(steps);
    }
}

/// The model is worth nothing if it never comes to the corners: each cell of the dialog machines 20 times, in 50,000 steps or
/// `MODEL_STEPS`.
#[test]
fn the_model_enters_each_cell() {
    let steps = std::env::var("MODEL_STEPS").map_or(50_000, |n| n.parse().expect("a number"));
    let mut cells = BTreeMap::new();
    let mut missing: Vec<&str> = CORNERS.to_vec();
    let seeds = steps / 250;
    // What happens while somebody is slow to answer is rare: some more of those.
    for seed in 0..seeds + seeds / 5 {
        let mut model = Model::new(
            seed,
            50 * (seed / 4 % 4),
            700 * (seed / 4 % 3),
            0,
            seed / 4 % 2 == 0,
            seed / 4 % 10 == 9,
        );
        let moods = [Mood::Restless, Mood::Early, Mood::Chatty, Mood::Slow];
        model.mood = match seed < seeds {
            true => moods[seed as usize % 4],
            false => Mood::Slow,
        };
        if matches!(model.mood, Mood::Chatty | Mood::Slow) {
            model.talk();
            model.talk();
        }
        model.run(250);
        for (cell, n) in std::mem::take(&mut model.world.cells) {
            *cells.entry(cell).or_insert(0) += n;
        }
        let ladder = model.world.ladder.join("\n");
        missing.retain(|corner| !ladder.contains(corner));
    }
    assert_eq!(missing, [""; 0], "never");
    print(&cells);
    let entered = |(state, event): &(&str, &str)| {
        let cell = ((*state).to_owned(), (*event).to_owned());
        cells.get(&cell).copied().unwrap_or(0)
    };
    let seldom = if steps < 1_000_000 { &[] } else { RARE };
    let all = CELLS.iter().chain(seldom);
    let rare: Vec<_> = all.filter(|cell| entered(cell) < 20).collect();
    assert!(rare.is_empty(), "less than 20 times: {rare:?}");
}

#[expect(clippy::print_stdout, reason = "how often each cell was entered")]
fn print(cells: &BTreeMap<(String, String), u64>) {
    let mut last = "";
    for ((state, event), n) in cells {
        if state != last {
            println!("{state}:");
            last = state;
        }
        println!("{n:>9} {event}");
    }
    println!("{} cells", cells.len());
}

const CORNERS: [&str; 18] = [
    "acked",
    "failed Cancelled",
    "failed Unreachable",
    "failed 486",
    "outcome 200",
    "outcome 491",
    "outcome 487",
    "outcome TimedOut",
    "ended Caller Normal",
    "ended Caller Cancelled",
    "ended Caller Protocol",
    "ended Caller Lost",
    "ended Gateway Normal",
    "200 CANCEL",
    "481 BYE",
    "487 INVITE",
    "500 ",
    "asked INVITE",
];
