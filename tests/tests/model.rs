//! The model test: events in any order, from a seed, against the whole switch in the simulated world; after each the promises
//! that can be seen at once, after each run all of them.
//!
//! | variable | what |
//! |---|---|
//! | `TANDEM_MODEL_STEPS` | events in all (50,000) |
//! | `TANDEM_MODEL_SEED` | one run alone, with its ladder |
//! | `TANDEM_MODEL_FROM` | the first seed (1) |

#![expect(clippy::print_stdout, reason = "its report is what it is for")]

mod model {
    #[path = "../scenarios/config.rs"]
    mod config;

    mod back;
    mod cast;
    mod cells;
    mod draw;
    mod event;
    mod holds;
    mod owed;
    mod play;
    pub(crate) mod run;
    mod steer;

    pub(crate) use cells::Cells;
}

use model::{Cells, run};
use std::{collections::BTreeMap, time::Instant};

/// What happens to those who are to be called back: each of it once in 25,000 events at least.
const CALLBACKS: [&str; 10] = [
    "asked",
    "people rung",
    "called",
    "tried: spoke",
    "tried: not reached",
    "tried: nobody took it",
    "ended: done",
    "ended: given up",
    "ended: served in a call of their own",
    "ended: by an admin",
];

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
    )
}

#[test]
fn no_order_of_events_strands_a_caller() {
    if let Some(seed) = number("TANDEM_MODEL_SEED") {
        let played = run::of_seed(seed, run::STEPS);
        println!("{}", told(seed, &played, usize::MAX));
        assert!(played.failure.is_none(), "seed {seed} fails");
        return;
    }
    let steps = number("TANDEM_MODEL_STEPS").unwrap_or(50_000);
    let from = number("TANDEM_MODEL_FROM").unwrap_or(1);
    let mut cells = Cells::default();
    let (mut done, mut seconds, mut calls, mut failed) = (0, 0, 0, Vec::new());
    let mut took = 0.0;
    let mut callbacks = BTreeMap::new();
    for seed in from.. {
        if done >= steps || failed.len() >= number("TANDEM_MODEL_FAILURES").unwrap_or(3) as usize {
            break;
        }
        #[expect(clippy::disallowed_methods, reason = "how long the test itself takes")]
        let began = Instant::now();
        let played = run::of_seed(seed, run::STEPS);
        took += began.elapsed().as_secs_f64();
        done += run::STEPS as u64;
        seconds += played.seconds;
        calls += played.calls;
        for (what, n) in &played.callbacks {
            *callbacks.entry(*what).or_insert(0) += n;
        }
        cells.add();
        if played.failure.is_some() {
            let short = run::shortened(seed, played);
            cells.forget();
            println!("{}", told(seed, &short, 120));
            failed.push(seed);
        }
    }
    println!("{cells}");
    for what in CALLBACKS {
        let n = callbacks.get(what).copied().unwrap_or(0);
        println!("{:<6} {what:<59} {n:>8}", "back");
    }
    println!("{done} events, {calls} calls, {seconds} s of their time in {took:.1} s");
    assert!(failed.is_empty(), "these seeds fail: {failed:?}");
    assert_eq!(cells.rare(done), Vec::<String>::new());
    let n = |what: &&&str| callbacks.get(**what).copied().unwrap_or(0);
    let rare = CALLBACKS.iter().filter(|what| n(what) < done / 25_000);
    assert_eq!(rare.collect::<Vec<_>>(), Vec::<&&str>::new());
}

/// A run as text: what happened, what came of it, and how to see it again.
fn told(seed: u64, played: &run::Played, lines: usize) -> String {
    let mut out = format!("---- seed {seed}\n");
    for (i, event) in played.events.iter().enumerate() {
        out += &format!(
            "{i:>4} +{:>6} ms {:?}\n",
            event.after.as_millis(),
            event.deed
        );
    }
    if let Some(failure) = &played.failure {
        // The desks' registrations at the beginning are no part of the story.
        let told = |line: &&str| !line.contains("REGISTER");
        let all: Vec<&str> = failure.ladder.lines().filter(told).collect();
        let tail = all.len().saturating_sub(lines);
        out += &all.get(tail..).unwrap_or_default().join("\n");
        out.push('\n');
        out += &format!(
            "after event {}: {}\n",
            failure.at,
            failure.breaches.join("\n  ")
        );
    }
    out + &format!(
        "again: TANDEM_MODEL_SEED={seed} cargo test -p tandem-tests --test model -- --nocapture\n"
    )
}
