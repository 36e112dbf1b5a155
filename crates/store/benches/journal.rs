//! Events a second: into the journal, and from there into SQLite.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock"
)]

use std::time::Instant;
use tandem_store::{Fsync, Journal, Projector, Store};
use tandem_types::{CallId, Wall, journal::Event, journal::What};

/// Calls under way at once.
const CALLS: u128 = 500;

fn events(count: u32) -> Vec<Event> {
    (0..count)
        .map(|i| Event {
            call: CallId(u128::from(i) % CALLS),
            seq: i / CALLS as u32 + 1,
            at: Wall(i64::from(i)),
            what: What::TurnEnded {
                turn: format!("t{i}"),
                speaker: tandem_types::context::Speaker::Caller,
                text: "I have a question about the bill that came this morning".to_owned(),
                generated: None,
                interrupted: false,
                confidence: 900,
            },
        })
        .collect()
}

fn main() {
    append(Fsync::Never, 100_000);
    append(Fsync::Always, 2_000);
    project(50_000);
}

/// Steps of two events each, as a switch writes them.
fn append(fsync: Fsync, count: u32) {
    let dir = tempfile::tempdir().expect("a directory");
    let (mut journal, _) = Journal::open(dir.path(), 0, fsync).expect("a journal");
    let events = events(count);
    let mut slowest = 0;
    let start = Instant::now();
    for step in events.chunks(2) {
        let before = Instant::now();
        let out = journal.append(Wall(0), step.to_vec());
        assert_eq!(out.written, step.len());
        slowest = slowest.max(before.elapsed().as_micros());
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    println!("journal append, fsync {fsync:?}: {rate:.0} events/s, slowest step {slowest} us");
}

fn project(count: u32) {
    let dir = tempfile::tempdir().expect("a directory");
    let (mut journal, _) = Journal::open(dir.path(), 0, Fsync::Never).expect("a journal");
    let out = journal.append(Wall(0), events(count));
    let mut waiting = out.waiting;
    while waiting > 0 {
        waiting = journal.flush(Wall(0)).waiting;
    }
    let url = format!("sqlite://{}/bench.db", dir.path().display());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::connect(&url).await.expect("a database");
        store.migrate().await.expect("tables");
        let start = Instant::now();
        let status = Projector::new(dir.path(), store)
            .run(std::future::ready(()))
            .await;
        assert_eq!(status.projected, u64::from(count));
        let rate = f64::from(count) / start.elapsed().as_secs_f64();
        println!("projection into SQLite: {rate:.0} events/s");
    });
}
