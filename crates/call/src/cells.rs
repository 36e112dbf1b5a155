//! Which cells (state x event) of the transfer machines were entered. Debug builds count them, for each thread, so that the
//! model test can show that it went everywhere; in release builds nothing is left of this.

use std::collections::BTreeMap;

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
