//! One run from a seed, the same run from a list of events, and the shortest list that still fails.

use super::{
    cast::{SETTINGS, WITH_CALLBACKS},
    draw::Dice,
    event::Event,
    holds::{self, Watch},
    play::Stage,
};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tandem_types::Rng;

/// Events of one run.
pub(crate) const STEPS: usize = 100;
/// Runs that are spent on making a failing list shorter.
const ATTEMPTS: usize = 160;

/// What went wrong, and after which event (all of them, where it was seen at the end).
pub(crate) struct Failure {
    pub(crate) breaches: Vec<String>,
    pub(crate) at: usize,
    pub(crate) ladder: String,
}

impl Failure {
    /// What it is about, whatever the numbers in it.
    fn kind(&self) -> String {
        let first = self.breaches.first().map_or("", String::as_str);
        first
            .chars()
            .filter(|c| !c.is_ascii_digit())
            .take(40)
            .collect()
    }
}

/// What a run came to.
pub(crate) struct Played {
    pub(crate) events: Vec<Event>,
    pub(crate) failure: Option<Failure>,
    /// Virtual seconds.
    pub(crate) seconds: u64,
    pub(crate) calls: u64,
    /// What happened to those who were to be called back.
    pub(crate) callbacks: BTreeMap<&'static str, u64>,
}

fn setting(seed: u64) -> u64 {
    Rng::seeded(seed).below(SETTINGS)
}

/// The run of a seed.
pub(crate) fn of_seed(seed: u64, steps: usize) -> Played {
    let mut rng = Rng::seeded(seed ^ 0x6d6f_6465_6c21);
    let calls_back = setting(seed) == WITH_CALLBACKS;
    let mut dice = Dice::new(rng.fork(), seed % 4 == 3, calls_back);
    let mut opening = dice.opening().into_iter();
    let mut left = steps;
    play(seed, |stage| {
        if let Some(event) = opening.next() {
            return Some(event);
        }
        left = left.checked_sub(1)?;
        Some(dice.next(stage))
    })
}

/// These events, in the world of that seed.
pub(crate) fn of_events(seed: u64, events: &[Event]) -> Played {
    let mut events = events.iter().cloned();
    play(seed, |_| events.next())
}

fn play(seed: u64, mut next: impl FnMut(&Stage) -> Option<Event>) -> Played {
    let mut stage = Stage::open(setting(seed), seed);
    let mut watch = Watch::default();
    let mut events = Vec::new();
    let course = catch_unwind(AssertUnwindSafe(|| {
        while let Some(event) = next(&stage) {
            events.push(event.clone());
            stage.play(&event);
            let breaches = watch.look(&stage.w);
            if !breaches.is_empty() {
                return breaches;
            }
        }
        holds::at_the_end(&mut stage, &mut watch)
    }));
    let breaches = course.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        vec![format!("panic: {}", text.unwrap_or_default())]
    });
    let failure = (!breaches.is_empty()).then(|| Failure {
        breaches,
        at: events.len(),
        ladder: stage.w.ladder_as_list(),
    });
    Played {
        failure,
        seconds: stage.w.elapsed().as_secs(),
        calls: holds::calls(&stage.w),
        callbacks: watch.promises.counts,
        events,
    }
}

/// A shorter list that fails in the same way: the shortest prefix first, then without each part that it can do without.
pub(crate) fn shortened(seed: u64, played: Played) -> Played {
    let Some(kind) = played.failure.as_ref().map(Failure::kind) else {
        return played;
    };
    let mut best = played;
    let mut attempts = ATTEMPTS;
    let mut fails = |events: &[Event]| {
        attempts = attempts.checked_sub(1)?;
        let again = of_events(seed, events);
        let same = again.failure.as_ref().is_some_and(|f| f.kind() == kind);
        Some(same.then_some(again))
    };
    let mut step = best.events.len() / 2;
    while step > 0 {
        let keep = best.events.len().saturating_sub(step);
        match fails(&best.events[..keep]) {
            Some(Some(shorter)) => best = shorter,
            Some(None) => step /= 2,
            None => return best,
        }
        step = step.min(best.events.len() / 2);
    }
    let mut size = best.events.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < best.events.len() {
            let mut events = best.events.clone();
            let mut lost = std::time::Duration::ZERO;
            for gone in events.drain(at..(at + size).min(best.events.len())) {
                lost += gone.after;
            }
            // What came later still comes when it came.
            if let Some(next) = events.get_mut(at) {
                next.after += lost;
            }
            match fails(&events) {
                Some(Some(shorter)) => best = shorter,
                Some(None) => at += size,
                None => return best,
            }
        }
        size /= 2;
    }
    best
}
