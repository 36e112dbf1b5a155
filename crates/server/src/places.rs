//! Places in bounded queues, and what happens when there is none. Each rule has its counter,
//! `tandem_queue_full_total{queue, rule}`:
//!
//! | queue | places | who comes | when it is full |
//! |---|---|---|---|
//! | `shard` | 16,384 | packets, at most 4,096 of them, of which strangers' at most 2,048 (see `door`) | dropped: UDP is repeated by its sender, a TCP connection is closed |
//! | | | media events, providers' answers, the stop | wait asleep; none is lost |
//! | | | snapshots, an admin's wishes over HTTP | refused (503) |
//! | `udp` | the kernel's buffer | packets that go out | dropped: what matters is sent again |
//! | `media` | no bound | commands of the shard, which never waits | kept; past 16,384 counted, with an alarm |
//! | `sound` | 4,096 | sound of the speech desk | waits asleep; the provider's stream waits with it |
//! | `recorder` | 2,048 | half seconds of sound of recorded calls | silence in their place, an alarm in the call; beginnings and ends are always taken |
//! | `desk` | 1,024 | requests of calls | refused: the call hears Overloaded at once |
//! | `tcp` | 4,096 | messages to connections | refused: the transaction hears of a failed transport |
//!
//! `media` alone has no bound: a command that is lost (connect these two, stop this music) is not said again, so its call
//! would be wrong to its end; and the shard cannot wait, because the worker waits for a place in the shard's queue. What waits
//! is bounded all the same by what came in: packets for the shard are, and each makes a handful of commands.

use crate::{bell::Bell, shard::ToShard};
use bytes::Bytes;
use mio::{Events, Interest, Poll, Registry, Token, unix::SourceFd};
use std::{
    io,
    os::fd::{AsFd, AsRawFd},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    time::Duration,
};
use tandem_call::Input;
use tandem_sip::api::Flow;
use tandem_types::provider::ProviderEvent;

/// Messages that may wait for the shard.
const SHARD: usize = 16_384;
/// No message may wait longer for a shard that dozes: what legs measured, which nobody waits for.
pub(crate) const DOZE: Duration = Duration::from_millis(25);
/// The bell of a queue.
const BELL: Token = Token(0);
/// The first token for the sockets of a shard.
pub(crate) const SOCKETS: usize = 1;

/// Counts a full queue.
pub(crate) fn full(queue: &'static str, rule: &'static str) {
    metrics::counter!("tandem_queue_full_total", "queue" => queue, "rule" => rule).increment(1);
}

/// Puts `message` into a queue, asleep until there is a place: neither this task's thread nor any other is kept
/// busy. `false`: nobody reads the queue any more.
pub(crate) async fn wait_for_place<T: Send + 'static>(
    queue: &'static str,
    sender: &SyncSender<T>,
    message: T,
) -> bool {
    match sender.try_send(message) {
        Ok(()) => true,
        Err(TrySendError::Disconnected(_)) => false,
        Err(TrySendError::Full(message)) => {
            full(queue, "wait");
            let sender = sender.clone();
            // A thread of the runtime's pool for blocking work sleeps in the queue. A task that is called off
            // meanwhile leaves its message behind, and its reader knows late ones.
            tokio::task::spawn_blocking(move || sender.send(message).is_ok())
                .await
                .unwrap_or(false)
        }
    }
}

/// How many packets wait for the shard, in its queue and at its sockets.
#[derive(Clone, Default)]
pub(crate) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    pub(crate) fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn come(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn go(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The way to the shard.
#[derive(Clone)]
pub(crate) struct ShardHandle {
    queue: SyncSender<ToShard>,
    packets: Waiting,
    bell: Bell,
}

/// The shard's end.
pub(crate) struct ShardQueue {
    queue: Receiver<ToShard>,
    packets: Waiting,
    poll: Poll,
    bell: Bell,
    /// Seen on the way to bed.
    first: Option<ToShard>,
    gone: bool,
}

/// The queue of a shard.
pub(crate) fn shard_queue() -> io::Result<(ShardHandle, ShardQueue)> {
    with_places(SHARD)
}

fn with_places(places: usize) -> io::Result<(ShardHandle, ShardQueue)> {
    let (sender, receiver) = sync_channel(places);
    let packets = Waiting::default();
    let poll = Poll::new()?;
    let bell = Bell::new()?;
    let wire = bell.as_fd().as_raw_fd();
    poll.registry()
        .register(&mut SourceFd(&wire), BELL, Interest::READABLE)?;
    let handle = ShardHandle {
        queue: sender,
        packets: packets.clone(),
        bell: bell.clone(),
    };
    let queue = ShardQueue {
        queue: receiver,
        packets,
        poll,
        bell,
        first: None,
        gone: false,
    };
    Ok((handle, queue))
}

impl ShardHandle {
    /// What came by a connection, and may enter. `false`: dropped.
    pub(crate) fn packet(&self, from: Flow, bytes: Bytes) -> bool {
        self.packets.come();
        let message = ToShard::Input(Input::Packet { from, bytes });
        let taken = self.queue.try_send(message).is_ok();
        if taken {
            self.bell.ring();
        } else {
            self.packets.go();
            full("shard", "drop");
        }
        taken
    }

    /// How many packets wait.
    pub(crate) fn waiting(&self) -> usize {
        self.packets.now()
    }

    /// What must not be lost, from a thread that may wait. `false`: the shard is gone.
    pub(crate) fn event(&self, message: ToShard) -> bool {
        let taken = self.put(message);
        self.bell.ring();
        taken
    }

    /// The same, of which nobody hears before a shard that dozes wakes.
    pub(crate) fn event_softly(&self, message: ToShard) -> bool {
        let taken = self.put(message);
        self.bell.ring_softly();
        taken
    }

    fn put(&self, message: ToShard) -> bool {
        match self.queue.try_send(message) {
            Ok(()) => true,
            Err(TrySendError::Disconnected(_)) => false,
            Err(TrySendError::Full(message)) => {
                full("shard", "wait");
                self.queue.send(message).is_ok()
            }
        }
    }

    /// A provider's answer, from a task.
    pub(crate) async fn answer(&self, event: ProviderEvent) {
        self.order(ToShard::Input(Input::Provider(event))).await;
    }

    /// What must not be lost, from a task. `false`: the shard is gone.
    pub(crate) async fn order(&self, message: ToShard) -> bool {
        let taken = wait_for_place("shard", &self.queue, message).await;
        self.bell.ring();
        taken
    }

    /// What its sender may ask again. `false`: refused.
    pub(crate) fn wish(&self, message: ToShard) -> bool {
        let taken = self.queue.try_send(message).is_ok();
        if taken {
            self.bell.ring();
        } else {
            full("shard", "refuse");
        }
        taken
    }
}

impl ShardQueue {
    /// For the sockets that shall wake it too, with tokens from [`SOCKETS`] on.
    pub(crate) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// How many packets wait.
    pub(crate) fn packets(&self) -> Waiting {
        self.packets.clone()
    }

    /// Sleeps until there is a message or a socket has something, `wait` at the longest; a short wait is for messages that may wait
    /// so long ([`ShardHandle::event_softly`]), too.
    pub(crate) fn sleep(&mut self, events: &mut Events, wait: Duration) -> io::Result<()> {
        self.bell.listen();
        if self.first.is_none() {
            self.first = self.take();
        }
        let there = self.first.is_some() || self.gone;
        let wait = if there { Duration::ZERO } else { wait };
        if wait <= DOZE {
            self.bell.doze();
        }
        let slept = self.poll.poll(events, Some(wait));
        self.bell.awake();
        slept.or_else(|e| match e.kind() {
            io::ErrorKind::Interrupted => Ok(()),
            _ => Err(e),
        })
    }

    /// The next message, if one is there.
    pub(crate) fn next(&mut self) -> Option<ToShard> {
        let message = self.first.take().or_else(|| self.take())?;
        if matches!(message, ToShard::Input(Input::Packet { .. })) {
            self.packets.go();
        }
        Some(message)
    }

    fn take(&mut self) -> Option<ToShard> {
        match self.queue.try_recv() {
            Ok(message) => Some(message),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.gone = true;
                None
            }
        }
    }

    /// Nobody is left who could send anything.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone && self.first.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Wake, Waker},
    };
    use tandem_call::Admin;
    use tandem_sip::api::Transport;

    /// Counts how often a task was woken.
    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn packet(handle: &ShardHandle) -> bool {
        let here = ([127, 0, 0, 1], 5060).into();
        let from = Flow {
            transport: Transport::Udp,
            local: here,
            remote: here,
        };
        handle.packet(from, Bytes::from_static(b"x"))
    }

    /// The next message, within ten seconds.
    fn within(queue: &mut ShardQueue) -> Option<ToShard> {
        let mut events = Events::with_capacity(4);
        let _ = queue.sleep(&mut events, Duration::from_secs(10));
        queue.next()
    }

    fn is_packet(message: &ToShard) -> bool {
        matches!(message, ToShard::Input(Input::Packet { .. }))
    }

    #[test]
    fn who_waits_for_a_place_sleeps_until_there_is_one() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let (sender, receiver) = sync_channel(1);
        sender.try_send(1).expect("a place");
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let _inside = runtime.enter();
        let mut waiting = pin!(wait_for_place("test", &sender, 2));
        assert_eq!(
            waiting.as_mut().poll(&mut Context::from_waker(&waker)),
            Poll::Pending
        );
        // Whoever is busy waiting has woken itself by now.
        assert_eq!(wakes.0.load(Ordering::SeqCst), 0);
        assert_eq!(receiver.recv(), Ok(1));
        assert!(runtime.block_on(waiting), "the reader is there");
        assert_eq!(receiver.recv(), Ok(2));
    }

    #[test]
    fn who_waits_is_let_go_when_the_reader_is_gone() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let (sender, receiver) = sync_channel(1);
        sender.try_send(1).expect("a place");
        let _inside = runtime.enter();
        let mut waiting = pin!(wait_for_place("test", &sender, 2));
        let waker = Waker::from(Arc::new(Wakes::default()));
        assert!(
            waiting
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        drop(receiver);
        assert!(!runtime.block_on(waiting));
    }

    #[test]
    fn what_comes_by_a_connection_is_counted_until_it_is_taken() {
        let (handle, mut queue) = with_places(2).expect("a queue");
        assert!(packet(&handle));
        assert!(handle.event(ToShard::admin(Admin::Drain)));
        assert!(!packet(&handle), "no place is left");
        assert_eq!(handle.waiting(), 1);
        assert!(queue.next().is_some_and(|m| is_packet(&m)));
        assert_eq!(handle.waiting(), 0);
        assert!(queue.next().is_some_and(|m| !is_packet(&m)));
        assert!(queue.next().is_none() && !queue.is_gone());
        drop(handle);
        assert!(queue.next().is_none() && queue.is_gone());
    }

    #[test]
    fn a_wish_is_refused_and_an_event_waits() {
        let (handle, mut queue) = with_places(1).expect("a queue");
        assert!(handle.wish(ToShard::admin(Admin::Drain)));
        assert!(!handle.wish(ToShard::admin(Admin::HangupAll)));
        let waits = std::thread::spawn({
            let handle = handle.clone();
            move || handle.event(ToShard::Stop)
        });
        assert!(matches!(
            within(&mut queue),
            Some(ToShard::Input(Input::Admin(Admin::Drain)))
        ));
        assert!(matches!(within(&mut queue), Some(ToShard::Stop)));
        assert!(waits.join().expect("no panic"));
    }
}
