//! Waking a thread that waits in a poll: only one that sleeps needs the system call, and only once.

use mio::Waker;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering, fence},
};

/// Rings for one sleeper.
#[derive(Clone)]
pub(crate) struct Bell {
    waker: Arc<Waker>,
    asleep: Arc<AtomicBool>,
}

impl Bell {
    pub(crate) fn new(waker: Waker) -> Self {
        Self {
            waker: Arc::new(waker),
            asleep: Arc::new(AtomicBool::new(false)),
        }
    }

    /// By whoever has put something into the sleeper's queue.
    pub(crate) fn ring(&self) {
        // Between the queue and the flag, on both sides: either the sleeper sees the message, or this sees that it sleeps.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::AcqRel) {
            let _ = self.waker.wake();
        }
    }

    /// By the sleeper, before it looks at its queue for the last time and sleeps if that is empty.
    pub(crate) fn listen(&self) {
        self.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// By the sleeper, once it is awake: whoever has something for it now need not ring.
    pub(crate) fn awake(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Events, Poll, Token};
    use std::{sync::mpsc::sync_channel, time::Duration};

    const LONG: Option<Duration> = Some(Duration::from_secs(20));
    const NOT_AT_ALL: Option<Duration> = Some(Duration::ZERO);

    fn bell() -> (Poll, Bell) {
        let poll = Poll::new().expect("a poll");
        let waker = Waker::new(poll.registry(), Token(0)).expect("a waker");
        (poll, Bell::new(waker))
    }

    #[test]
    fn only_a_sleeper_is_woken_and_only_once() {
        let (mut poll, bell) = bell();
        let mut events = Events::with_capacity(4);
        let mut rung = |poll: &mut Poll| {
            poll.poll(&mut events, NOT_AT_ALL).expect("a poll");
            !events.is_empty()
        };
        bell.ring();
        assert!(!rung(&mut poll), "nobody slept");
        bell.listen();
        bell.ring();
        assert!(rung(&mut poll));
        bell.ring();
        assert!(!rung(&mut poll), "it was woken already");
        bell.listen();
        bell.awake();
        bell.ring();
        assert!(!rung(&mut poll), "it is awake");
    }

    /// Each message is answered, so that the next finds a sleeper as often as one that is about to sleep.
    #[test]
    fn no_message_is_slept_over() {
        const MESSAGES: u32 = 20_000;
        let (mut poll, bell) = bell();
        let (sender, queue) = sync_channel(8);
        let (answer, answers) = sync_channel(8);
        let ringer = std::thread::spawn({
            let bell = bell.clone();
            move || {
                for n in 0..MESSAGES {
                    sender.send(n).expect("a reader");
                    bell.ring();
                    if n % 3 == 0 {
                        answers.recv().expect("an answer");
                    }
                }
            }
        });
        let mut events = Events::with_capacity(4);
        let mut next = 0;
        while next < MESSAGES {
            bell.listen();
            let mut taken = queue.try_recv();
            if taken.is_err() {
                poll.poll(&mut events, LONG).expect("a poll");
                taken = queue.try_recv();
            }
            bell.awake();
            assert!(taken.is_ok() || !events.is_empty(), "slept over {next}");
            while let Ok(n) = taken {
                assert_eq!(n, next);
                if n % 3 == 0 {
                    answer.send(()).expect("a ringer");
                }
                next += 1;
                taken = queue.try_recv();
            }
        }
        ringer.join().expect("no panic");
    }
}
