//! How many calls a trunk began in the last second.

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use tandem_dialplan::Trunk;
use tandem_types::Mono;

const SECOND: Duration = Duration::from_secs(1);

/// The beginnings of calls by trunk; only of those that have a limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pace(BTreeMap<String, VecDeque<Mono>>);

impl Pace {
    /// A call begins on this trunk.
    pub(crate) fn begins(&mut self, trunk: &Trunk, now: Mono) {
        if trunk.calls_per_second == 0 {
            return;
        }
        let begun = self.0.entry(trunk.name.clone()).or_default();
        while begun.front().is_some_and(|at| now.since(*at) >= SECOND) {
            begun.pop_front();
        }
        begun.push_back(now);
    }

    /// One more would be one too many.
    pub(crate) fn is_full(&self, trunk: &Trunk, now: Mono) -> bool {
        let begun = self.0.get(&trunk.name).into_iter().flatten();
        let lately = begun.filter(|at| now.since(**at) < SECOND).count();
        trunk.calls_per_second > 0 && lately >= trunk.calls_per_second as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_after_the_first_there_is_room_again() {
        let trunk = Trunk {
            name: "carrier".into(),
            calls_per_second: 2,
            ..Trunk::default()
        };
        let at = |ms| Mono(0) + Duration::from_millis(ms);
        let mut pace = Pace::default();
        for ms in [0, 400] {
            assert!(!pace.is_full(&trunk, at(ms)));
            pace.begins(&trunk, at(ms));
        }
        assert!(pace.is_full(&trunk, at(999)));
        assert!(!pace.is_full(&trunk, at(1000)));
        pace.begins(&trunk, at(1000));
        assert!(pace.is_full(&trunk, at(1399)) && !pace.is_full(&trunk, at(1400)));
        let free = Trunk::default();
        assert!(!pace.is_full(&free, at(0)));
    }
}
