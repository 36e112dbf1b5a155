//! Random users and random weather: no panic, one end for each session, nothing left.

use crate::world::*;
use proptest::prelude::*;
use tandem_sip::api::*;
use tandem_sip::message::{Headers, Method};
use tandem_types::Rng;

/// What a user knows.
#[derive(Default)]
struct User {
    /// Requests that wait for an answer.
    asked: Vec<RequestKey>,
}

const METHODS: [Method; 6] = [
    Method::Invite,
    Method::Invite,
    Method::Update,
    Method::Info,
    Method::Refer,
    Method::Message,
];

struct Model {
    world: World,
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
            rng,
            ends: Ends::default(),
            users,
        }
    }

    fn listen(&mut self) {
        for node in 0..3 {
            while let Some(event) = self.world.nodes[node].events.pop_front() {
                self.ends.note(node, &event);
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
        match self.rng.below(16) {
            0 => self.call(),
            1 | 2 => self.world.progress(node, session),
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

    fn answer(&mut self) {
        let Some(node) = self.pick(&[A, B, C]) else {
            return;
        };
        if let Some(key) = self.users[node].asked.pop() {
            let status = self
                .pick(&[200, 200, 200, 202, 488, 481, 408, 491, 500])
                .unwrap();
            self.world.respond(node, key, status);
        }
    }

    fn run(&mut self, steps: u32) {
        for _ in 0..steps {
            match self.rng.below(10) {
                0..=2 => self.act(),
                3 | 4 => self.answer(),
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

/// The model is worth nothing if it never comes to the corners.
#[test]
fn the_model_comes_to_all_corners() {
    let mut ladders = String::new();
    for seed in 0..150 {
        let mut model = Model::new(
            seed,
            50 * (seed % 4),
            700 * (seed % 3),
            0,
            seed % 2 == 0,
            seed % 10 == 9,
        );
        model.run(250);
        ladders.push_str(&model.world.ladder.join("\n"));
    }
    for corner in [
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
    ] {
        assert!(ladders.contains(corner), "never: {corner}");
    }
}
