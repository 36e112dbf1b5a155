//! Waking a thread that waits in a poll: only one that sleeps needs the system call, and only once. One that dozes wakes soon by
//! itself, and need not be woken for what may wait so long.

use rustix::{
    event::{EventfdFlags, eventfd},
    fd::{AsFd, BorrowedFd, OwnedFd},
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering, fence},
    },
};

const AWAKE: u8 = 0;
const DOZES: u8 = 1;
const SLEEPS: u8 = 2;

/// Rings for one sleeper, whose poll has it registered to be told of each change (edge-triggered), so that nobody need read it.
#[derive(Clone)]
pub(crate) struct Bell {
    wire: Arc<OwnedFd>,
    state: Arc<AtomicU8>,
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wire.as_fd()
    }
}

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
        Ok(Self {
            wire: Arc::new(eventfd(0, flags)?),
            state: Arc::new(AtomicU8::new(AWAKE)),
        })
    }

    /// By whoever has put something into the sleeper's queue.
    pub(crate) fn ring(&self) {
        self.wake_from(DOZES);
    }

    /// The same, where it may wait until somebody who dozes wakes.
    pub(crate) fn ring_softly(&self) {
        self.wake_from(SLEEPS);
    }

    /// From that depth of sleep on.
    fn wake_from(&self, depth: u8) {
        // Between the queue and the state, on both sides: either the sleeper sees the message, or this sees that it sleeps.
        fence(Ordering::SeqCst);
        if self.state.load(Ordering::Relaxed) >= depth
            && self.state.swap(AWAKE, Ordering::AcqRel) != AWAKE
        {
            // Its counter would be full after some thousand years.
            let _ = rustix::io::write(&self.wire, &1u64.to_ne_bytes());
        }
    }

    /// By the sleeper, before it looks at its queue for the last time and sleeps if that is empty.
    pub(crate) fn listen(&self) {
        self.state.store(SLEEPS, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// By the sleeper, who has listened, and will not sleep for long.
    pub(crate) fn doze(&self) {
        let (relaxed, to) = (Ordering::Relaxed, DOZES);
        // Somebody may have rung meanwhile.
        let _ = self.state.compare_exchange(SLEEPS, to, relaxed, relaxed);
    }

    /// By the sleeper, once it is awake: whoever has something for it now need not ring.
    pub(crate) fn awake(&self) {
        self.state.store(AWAKE, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Events, Interest, Poll, Token, unix::SourceFd};
    use std::{os::fd::AsRawFd, sync::mpsc::sync_channel, time::Duration};

    const LONG: Option<Duration> = Some(Duration::from_secs(20));
    const NOT_AT_ALL: Option<Duration> = Some(Duration::ZERO);

    fn bell() -> (Poll, Bell) {
        let poll = Poll::new().expect("a poll");
        let bell = Bell::new().expect("an event counter");
        let wire = bell.as_fd().as_raw_fd();
        let registered =
            poll.registry()
                .register(&mut SourceFd(&wire), Token(0), Interest::READABLE);
        registered.expect("a registration");
        (poll, bell)
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

    #[test]
    fn who_dozes_is_woken_only_for_what_cannot_wait() {
        let (mut poll, bell) = bell();
        let mut events = Events::with_capacity(4);
        let mut rung = |poll: &mut Poll| {
            poll.poll(&mut events, NOT_AT_ALL).expect("a poll");
            !events.is_empty()
        };
        bell.listen();
        bell.doze();
        bell.ring_softly();
        assert!(!rung(&mut poll), "it wakes by itself");
        bell.ring();
        assert!(rung(&mut poll));
        bell.listen();
        bell.ring_softly();
        assert!(rung(&mut poll), "it would sleep for long");
        bell.doze();
        bell.ring();
        assert!(!rung(&mut poll), "it was woken already");
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
