//! How often each cell (state x event) of the transfer machines was entered, and which must be.

use std::{collections::BTreeMap, fmt};
use tandem_call::cells::{self, Cell};

/// Each cell that can be reached is entered at least so often in 50,000 events. The aim is 20, which some ten of the 89 miss by a few: a
/// change anywhere in the calls is another course of every run, so that the floor leaves room.
const FLOOR: u64 = 5;

/// Cells that can be reached, machine by machine: state, and the events that meet it. Not among them, of those that the machines
/// have: the total time (10 s at least) before people may be told (4 s after the first INVITE at the latest), an end of the subscription
/// with the REFER's own refusal, and the REFER's own time (Timer F of the transaction is before it).
const REACHABLE: &[(&str, &str, &[&str])] = &[
    ("reach", "next round", &["a way", "no way"]),
    (
        "reach",
        "dialling",
        &[
            "18x",
            "2xx",
            "gone",
            "ready",
            "caller gone",
            "abandon",
            "total time",
            "its time",
        ],
    ),
    (
        "reach",
        "ringing",
        &[
            "2xx",
            "gone",
            "ready",
            "caller gone",
            "abandon",
            "total time",
            "its time",
        ],
    ),
    ("reach", "answered", BEFORE_READY),
    ("reach", "answered, accepted", BEFORE_READY),
    ("reach", "telling", TOLD),
    ("reach", "waiting", WAITS),
    ("reach", "asking again", TOLD),
    ("reach", "waiting, asked again", WAITS),
    (
        "reach",
        "lost, not ready",
        &["ready", "caller gone", "abandon"],
    ),
    (
        "refer",
        "sent",
        &[
            "2xx",
            "3xx to 6xx",
            "408 or no answer",
            "NOTIFY 1xx or empty",
            "NOTIFY 2xx",
            "NOTIFY 3xx to 6xx",
            "NOTIFY terminated, no final status",
            "BYE",
        ],
    ),
    (
        "refer",
        "accepted",
        &[
            "2xx",
            "NOTIFY 1xx or empty",
            "NOTIFY 2xx",
            "NOTIFY 3xx to 6xx",
            "NOTIFY terminated, no final status",
            "BYE",
            "its time",
        ],
    ),
];

const BEFORE_READY: &[&str] = &[
    "gone",
    "key: take",
    "key: not now",
    "key: more",
    "another key",
    "ready",
    "caller gone",
    "abandon",
];

const TOLD: &[&str] = &[
    "gone",
    "key: take",
    "key: not now",
    "key: more",
    "another key",
    "told",
    "caller gone",
    "abandon",
    "total time",
];

const WAITS: &[&str] = &[
    "gone",
    "key: take",
    "key: not now",
    "key: more",
    "another key",
    "caller gone",
    "abandon",
    "total time",
    "its time",
];

/// Counts of all runs.
#[derive(Default)]
pub(crate) struct Cells(BTreeMap<Cell, u64>);

impl Cells {
    /// Adds what was entered since the last call.
    pub(crate) fn add(&mut self) {
        for (cell, n) in cells::taken() {
            *self.0.entry(cell).or_default() += n;
        }
    }

    /// Leaves out what was entered since the last call.
    pub(crate) fn forget(&mut self) {
        cells::taken();
    }

    /// Reachable cells that these many events did not enter often enough; none in a release build, which does not count.
    pub(crate) fn rare(&self, events: u64) -> Vec<String> {
        let floor = if cfg!(debug_assertions) {
            FLOOR * events / 50_000
        } else {
            0
        };
        let all = REACHABLE.iter().flat_map(|(machine, state, events)| {
            events.iter().map(move |e| (*machine, *state, *e))
        });
        all.filter_map(|cell| {
            let n = self.0.get(&cell).copied().unwrap_or(0);
            (n < floor).then(|| format!("{}: {} x {}: {n} times", cell.0, cell.1, cell.2))
        })
        .collect()
    }
}

impl fmt::Display for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((machine, state, event), n) in &self.0 {
            writeln!(f, "{machine:<6} {state:<22} {event:<36} {n:>8}")?;
        }
        Ok(())
    }
}
