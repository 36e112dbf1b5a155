//! The end of a run, and what must hold then.

use super::{Place, World};
use crate::check;
use std::time::Duration;
use tandem_call::Census;

/// Transactions, drained ports and held dialogs are gone by then (64 * T1 is 32 s).
const ALL_OVER: Duration = Duration::from_secs(45);
/// Invariant 3: what a caller may hear of nothing.
const LONGEST_NOTHING: Duration = Duration::from_secs(3);

impl World {
    /// Waits until everything is over, and lists every invariant that does not hold.
    pub fn breaches(&mut self) -> Vec<String> {
        self.run(ALL_OVER);
        let mut out = check::breaches(&self.journal);
        out.append(&mut self.faults.clone());
        if self.switch.census() != Census::default() {
            out.push(format!(
                "something outlives its call: {:?}",
                self.switch.census()
            ));
        }
        if let Some(left) = self.graph.left_over() {
            out.push(format!("media outlives its call: {left}"));
        }
        for (i, station) in self.stations.iter().enumerate() {
            let name = &station.phone.config().name;
            if station.place != Place::Carrier || !station.calls {
                continue;
            }
            let silence = self.longest_silence(super::PhoneId(i));
            if silence > LONGEST_NOTHING {
                out.push(format!("{name} heard nothing for {silence:?}"));
            }
        }
        out
    }

    /// [`World::breaches`], and there must be none.
    ///
    /// # Panics
    /// With all of them and the ladder.
    pub fn ends_well(&mut self) {
        let breaches = self.breaches();
        assert!(
            breaches.is_empty(),
            "{}\n{}",
            breaches.join("\n"),
            self.ladder()
        );
    }
}
