//! The circuit breaker: a provider that fails again and again is left alone for a while, so that
//! callers do not wait for its time-outs one by one.
//!
//! ```text
//!            3 faults in 10 s
//!   Closed ------------------> Open <--------------+
//!     ^  ^                      | 5 s, next asker  | fault, or the trial was
//!     |  | answer               v                  | given up unanswered
//!     |  +------------------- HalfOpen ------------+
//!     |                         | others meanwhile: `Open`
//!     +-- faults older than 10 s are forgotten
//! ```

use crate::door::{Answer, ChatPart, ChatRequest, ChatStream, Line, Llm, PcmStream, Stt, Tts};
use crate::produce::produce;
use futures_util::StreamExt;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tandem_types::provider::{Hints, ProviderFault, Transcript};
use tokio::time::Instant;

/// As many faults ...
const FAULTS: usize = 3;
/// ... in this time open it.
const WITHIN: Duration = Duration::from_secs(10);
/// How long it stays open before one request may try.
const REST: Duration = Duration::from_secs(5);

#[derive(Debug)]
enum State {
    Closed { faults: VecDeque<Instant> },
    Open { since: Instant },
    HalfOpen { opened: Instant },
}

/// The breaker's state, shared by all requests to one door.
#[derive(Debug)]
pub struct Gate {
    name: String,
    state: Mutex<State>,
}

impl Gate {
    /// A closed one; `name` is for the log (`fast.llm`).
    pub fn new(name: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            state: Mutex::new(State::Closed {
                faults: VecDeque::new(),
            }),
        })
    }

    /// May a request pass? `Open` if not.
    fn enter(self: &Arc<Self>, now: Instant) -> Result<Pass, ProviderFault> {
        let mut state = self.lock();
        match &*state {
            State::Closed { .. } => {}
            State::Open { since } if now.duration_since(*since) >= REST => {
                *state = State::HalfOpen { opened: *since };
            }
            State::Open { .. } | State::HalfOpen { .. } => return Err(ProviderFault::Open),
        }
        Ok(Pass {
            gate: Some(self.clone()),
        })
    }

    fn answered(&self) {
        let mut state = self.lock();
        if matches!(*state, State::HalfOpen { .. }) {
            tracing::info!(provider = %self.name, "circuit breaker closed: it answers again");
            *state = State::Closed {
                faults: VecDeque::new(),
            };
        }
    }

    fn failed(&self, now: Instant, fault: ProviderFault) {
        let mut state = self.lock();
        match &mut *state {
            State::Closed { faults } => {
                faults.push_back(now);
                while faults
                    .front()
                    .is_some_and(|at| now.duration_since(*at) > WITHIN)
                {
                    faults.pop_front();
                }
                if faults.len() >= FAULTS {
                    tracing::warn!(provider = %self.name, ?fault, "circuit breaker opened");
                    *state = State::Open { since: now };
                }
            }
            State::HalfOpen { .. } => *state = State::Open { since: now },
            State::Open { .. } => {}
        }
    }

    fn given_up(&self) {
        let mut state = self.lock();
        if let State::HalfOpen { opened } = *state {
            *state = State::Open { since: opened };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request that passed. Dropped without a verdict (the caller hung up), it says nothing about the
/// provider.
struct Pass {
    gate: Option<Arc<Gate>>,
}

impl Pass {
    fn verdict<T>(&mut self, now: Instant, result: &Result<T, ProviderFault>) {
        let Some(gate) = self.gate.take() else { return };
        match result {
            Ok(_) => gate.answered(),
            // Our own state, not the provider's.
            Err(
                ProviderFault::NotConfigured
                | ProviderFault::NotInstalled
                | ProviderFault::Overloaded
                | ProviderFault::Open,
            ) => gate.given_up(),
            Err(fault) => gate.failed(now, *fault),
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.given_up();
        }
    }
}

/// A door behind a [`Gate`].
pub struct Breaker<D: ?Sized> {
    gate: Arc<Gate>,
    door: Arc<D>,
}

impl<D: ?Sized> Breaker<D> {
    /// Puts the gate before the door.
    pub fn new(gate: Arc<Gate>, door: Arc<D>) -> Self {
        Self { gate, door }
    }
}

impl Stt for Breaker<dyn Stt> {
    fn transcribe<'a>(&'a self, pcm: Arc<[i16]>, hints: &'a Hints) -> Answer<'a, Transcript> {
        Box::pin(async move {
            let mut pass = self.gate.enter(clock())?;
            let result = self.door.transcribe(pcm, hints).await;
            pass.verdict(clock(), &result);
            result
        })
    }
}

impl Llm for Breaker<dyn Llm> {
    fn chat(&self, request: ChatRequest) -> ChatStream {
        let (gate, door) = (self.gate.clone(), self.door.clone());
        produce(move |sink| async move {
            let mut pass = gate.enter(clock())?;
            let mut parts = door.chat(request);
            while let Some(part) = parts.next().await {
                if matches!(part, Err(_) | Ok(ChatPart::Done)) {
                    pass.verdict(clock(), &part);
                }
                sink.send(part?).await;
            }
            Ok(())
        })
    }
}

impl Tts for Breaker<dyn Tts> {
    fn speak(&self, line: Line) -> PcmStream {
        let (gate, door) = (self.gate.clone(), self.door.clone());
        produce(move |sink| async move {
            let mut pass = gate.enter(clock())?;
            let mut chunks = door.speak(line);
            while let Some(chunk) = chunks.next().await {
                if chunk.is_err() {
                    pass.verdict(clock(), &chunk);
                }
                sink.send(chunk?).await;
            }
            pass.verdict(clock(), &Ok(()));
            Ok(())
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a driver: the breaker measures real providers; tests pause tokio's clock"
)]
fn clock() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULT: Result<(), ProviderFault> = Err(ProviderFault::TimedOut);

    fn fail(gate: &Arc<Gate>, at: Instant) {
        gate.enter(at).expect("closed").verdict(at, &FAULT);
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn three_faults_in_ten_seconds_open_it_and_one_trial_closes_it() {
        let (gate, t) = (Gate::new("x"), clock());
        fail(&gate, t);
        fail(&gate, t + seconds(1));
        fail(&gate, t + seconds(9));
        assert!(gate.enter(t + seconds(13)).is_err());
        let mut trial = gate.enter(t + seconds(14)).expect("half open");
        assert!(
            gate.enter(t + seconds(14)).is_err(),
            "only one trial at a time"
        );
        trial.verdict(t + seconds(15), &Ok(()));
        assert!(gate.enter(t + seconds(15)).is_ok());
    }

    #[test]
    fn slow_faults_do_not_open_it() {
        let (gate, t) = (Gate::new("x"), clock());
        for n in 0..9 {
            fail(&gate, t + seconds(6 * n));
        }
        assert!(gate.enter(t + seconds(50)).is_ok());
    }

    #[test]
    fn a_failed_trial_opens_it_again_and_an_abandoned_one_frees_the_place() {
        let (gate, t) = (Gate::new("x"), clock());
        for _ in 0..3 {
            fail(&gate, t);
        }
        fail(&gate, t + seconds(5));
        assert!(gate.enter(t + seconds(9)).is_err());
        drop(gate.enter(t + seconds(10)).expect("half open"));
        assert!(gate.enter(t + seconds(10)).is_ok());
    }

    #[test]
    fn our_own_troubles_are_not_the_providers() {
        let (gate, t) = (Gate::new("x"), clock());
        for _ in 0..5 {
            let ours: Result<(), _> = Err(ProviderFault::Overloaded);
            gate.enter(t).expect("closed").verdict(t, &ours);
        }
        assert!(gate.enter(t).is_ok());
    }
}
