//! Random commands in random order, against what must hold whatever happens.

use crate::bench::{Bench, CALL, leg, player, speech, tone};
use std::{collections::BTreeMap, time::Duration};
use tandem_types::{
    Rng,
    media::{Codec, Lane, MediaCommand, MediaEvent, Sound},
};

fn step(b: &mut Bench, rng: &mut Rng, next_player: &mut u32) {
    let l = leg(1 + rng.below(4) as u32);
    let some_player = player(1 + rng.below(u64::from(*next_player) + 1) as u32);
    match rng.below(13) {
        0..=2 => {
            let hears = (1..=4)
                .map(|i| {
                    (
                        leg(i),
                        (1..=4).filter(|_| rng.below(3) == 0).map(leg).collect(),
                    )
                })
                .collect();
            b.command(MediaCommand::Connect { call: CALL, hears });
        }
        3 | 4 => {
            let sound = match rng.below(4) {
                0 => Sound::Music { file: None },
                1 => Sound::Ringback {
                    country: "GB".into(),
                },
                _ => speech(),
            };
            let lane = if rng.below(2) == 0 {
                Lane::Voice
            } else {
                Lane::Background
            };
            *next_player += 1;
            let to: Vec<_> = (1..=4).filter(|_| rng.below(2) == 0).map(leg).collect();
            b.play(*next_player, &to, sound, lane);
        }
        5 => b.command(MediaCommand::Stop {
            player: some_player,
        }),
        6 => b.command(MediaCommand::Pause {
            player: some_player,
        }),
        7 => b.command(MediaCommand::Resume {
            player: some_player,
        }),
        8 => {
            b.engine
                .push_audio(some_player, &tone(500.0, rng.below(300) as u32));
        }
        9 if rng.below(2) == 0 => b.engine.end_audio(some_player),
        9 => b.engine.fail_audio(some_player),
        10 => b.command(MediaCommand::SendDigits {
            leg: l,
            digits: "12".into(),
        }),
        11 => {
            let mut flow = b.flow(l);
            flow.send = rng.below(4) != 0;
            flow.receive = rng.below(4) != 0;
            flow.generation = rng.u32();
            flow.ptime_ms = [0, 10, 20, 30, 60, 255][rng.below(6) as usize];
            b.command(MediaCommand::SetFlow { leg: l, flow });
        }
        _ => {
            let on = rng.below(2) == 0;
            b.command(MediaCommand::Listen {
                leg: l,
                on,
                end_silence: Duration::from_millis(rng.below(600)),
            });
        }
    }
}

#[test]
fn whatever_is_asked_for_streams_stay_whole_and_every_player_ends_once() {
    for seed in 0..25 {
        let mut rng = Rng::seeded(seed);
        let mut b = Bench::new();
        for i in 1..=4 {
            b.phone(
                i,
                if i % 2 == 0 { Codec::Pcma } else { Codec::Pcmu },
                250.0 * f64::from(i),
            );
        }
        b.net.jitter_ms = rng.below(30);
        let mut players = 0;
        for _ in 0..80 {
            step(&mut b, &mut rng, &mut players);
            b.run(rng.below(120));
        }
        for (id, phone) in &b.phones {
            let mut seen = std::collections::BTreeSet::new();
            for c in &phone.came {
                assert_eq!(c.header.ssrc, phone.came[0].header.ssrc, "seed {seed} {id}");
                assert!(
                    seen.insert(c.header.sequence),
                    "seed {seed} {id}: {} twice",
                    c.header.sequence
                );
            }
        }
        b.command(MediaCommand::CloseCall { call: CALL });
        assert_eq!(
            b.engine.census(),
            tandem_media::Census::default(),
            "seed {seed}"
        );
        let mut ends = BTreeMap::new();
        for (_, event) in &b.events {
            if let MediaEvent::PlayFinished { player, .. } | MediaEvent::PlayFailed { player } =
                event
            {
                *ends.entry(*player).or_insert(0) += 1;
            }
        }
        assert_eq!(ends.len(), players as usize, "seed {seed}");
        assert!(ends.values().all(|n| *n == 1), "seed {seed}: {ends:?}");
    }
}
