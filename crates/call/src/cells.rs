//! Which cells (state x event) of the transfer machines were entered. Debug builds count them, for each thread, so that the
//! model test can show that it went everywhere; in release builds nothing is left of this.

use crate::{
    Switch,
    call::{Call, Stage},
};
use std::collections::BTreeMap;
use tandem_types::{LegId, Mono};

/// A row of the tables in which a caller's transfer is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Whose.
    pub caller: LegId,
    /// Who is being reached: an extension or a number. `None`: nobody any more, a REFER is on its way, or an agent has them.
    pub peer: Option<String>,
    /// The row; `talking` where an agent has them and there is no transfer.
    pub state: &'static str,
    /// What people are told is known already.
    pub ready: bool,
    /// When the state is over by itself.
    pub until: Option<Mono>,
    /// When it is given up, whatever its state.
    pub over_at: Option<Mono>,
}

impl Switch {
    /// Where the transfers of all calls stand.
    pub fn under_way(&self) -> Vec<UnderWay> {
        self.calls().flat_map(rows).collect()
    }
}

fn rows(call: &Call) -> Vec<UnderWay> {
    let row = |peer, state, ready, until, over_at| UnderWay {
        caller: call.caller,
        peer,
        state,
        ready,
        until,
        over_at,
    };
    let peer = |leg: LegId| call.leg(leg).map(|l| l.peer.clone());
    match &call.stage {
        Stage::Reaching(r) => {
            let (ready, over_at) = (r.reach.is_ready(), Some(r.reach.over_at()));
            let steps = r.reach.steps();
            let of = |(leg, state, until): (Option<LegId>, _, _)| {
                row(leg.and_then(peer), state, ready, until, over_at)
            };
            steps.map(of).collect()
        }
        Stage::Referring(r) => vec![row(None, r.referral.step(), true, None, None)],
        Stage::Talking => vec![row(None, "talking", false, None, None)],
        _ => Vec::new(),
    }
}

/// Machine, state, event.
pub type Cell = (&'static str, &'static str, &'static str);

#[cfg(debug_assertions)]
thread_local! {
    static ENTERED: std::cell::RefCell<BTreeMap<Cell, u64>> = const { std::cell::RefCell::new(BTreeMap::new()) };
}

#[cfg(debug_assertions)]
pub(crate) fn entered(machine: &'static str, state: &'static str, event: &'static str) {
    ENTERED.with_borrow_mut(|all| *all.entry((machine, state, event)).or_default() += 1);
}

#[cfg(not(debug_assertions))]
pub(crate) fn entered(_: &'static str, _: &'static str, _: &'static str) {}

/// How often each cell was entered on this thread since the last call of this. Empty in a release build.
pub fn taken() -> BTreeMap<Cell, u64> {
    #[cfg(debug_assertions)]
    return ENTERED.take();
    #[cfg(not(debug_assertions))]
    BTreeMap::new()
}
