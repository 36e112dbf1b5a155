//! Places in bounded queues, and what happens when there is none. Each rule has its counter,
//! `tandem_queue_full_total{queue, rule}`:
//!
//! | queue | places | who comes | when it is full |
//! |---|---|---|---|
//! | `shard` | 16,384 | packets, at most 4,096 of them | dropped: UDP is repeated by its sender, a TCP connection is closed |
//! | | | media events, providers' answers, the stop | wait asleep; none is lost |
//! | | | snapshots, an admin's wishes over HTTP | refused (503) |
//! | `media` | no bound | commands of the shard, which never waits | kept; past 16,384 counted, with an alarm |
//! | `sound` | 4,096 | sound of the speech desk | waits asleep; the provider's stream waits with it |
//! | `desk` | 1,024 | requests of calls | refused: the call hears Overloaded at once |
//! | `tcp` | 4,096 | messages to connections | refused: the transaction hears of a failed transport |
//!
//! `media` alone has no bound: a command that is lost (connect these two, stop this music) is not said again, so its call
//! would be wrong to its end; and the shard cannot wait, because the worker waits for a place in the shard's queue. What waits
//! is bounded all the same by what came in: packets for the shard are, and each makes a handful of commands.

use crate::shard::ToShard;
use bytes::Bytes;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};
use tandem_call::Input;
use tandem_sip::api::Flow;
use tandem_types::provider::ProviderEvent;

/// Messages that may wait for the shard.
const SHARD: usize = 16_384;
/// Of these, packets: what a core takes in a fraction of T1 (RFC 3261 section 17.1.1.1), so that what is answered late is
/// not answered twice. The other places are for what must not be lost.
const PACKETS: usize = 4096;

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

/// The way to the shard.
#[derive(Clone)]
pub(crate) struct ShardHandle {
    queue: SyncSender<ToShard>,
    packets: Arc<AtomicUsize>,
}

/// The shard's end.
pub(crate) struct ShardQueue {
    queue: Receiver<ToShard>,
    packets: Arc<AtomicUsize>,
}

/// The queue of a shard.
pub(crate) fn shard_queue() -> (ShardHandle, ShardQueue) {
    with_places(SHARD)
}

fn with_places(places: usize) -> (ShardHandle, ShardQueue) {
    let (sender, receiver) = sync_channel(places);
    let packets = Arc::new(AtomicUsize::new(0));
    let handle = ShardHandle {
        queue: sender,
        packets: packets.clone(),
    };
    let queue = ShardQueue {
        queue: receiver,
        packets,
    };
    (handle, queue)
}

impl ShardHandle {
    /// What came from a socket. `false`: dropped.
    pub(crate) fn packet(&self, from: Flow, bytes: Bytes) -> bool {
        // Several readers may pass the bound together: by one packet each.
        if self.packets.load(Ordering::Relaxed) >= PACKETS {
            full("shard", "drop");
            return false;
        }
        self.packets.fetch_add(1, Ordering::Relaxed);
        let message = ToShard::Input(Input::Packet { from, bytes });
        let taken = self.queue.try_send(message).is_ok();
        if !taken {
            self.packets.fetch_sub(1, Ordering::Relaxed);
            full("shard", "drop");
        }
        taken
    }

    /// How many packets wait.
    pub(crate) fn waiting(&self) -> usize {
        self.packets.load(Ordering::Relaxed)
    }

    /// What must not be lost, from a thread that may wait. `false`: the shard is gone.
    pub(crate) fn event(&self, message: ToShard) -> bool {
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
        let message = ToShard::Input(Input::Provider(event));
        wait_for_place("shard", &self.queue, message).await;
    }

    /// What must not be lost, from a task. `false`: the shard is gone.
    pub(crate) async fn order(&self, message: ToShard) -> bool {
        wait_for_place("shard", &self.queue, message).await
    }

    /// What its sender may ask again. `false`: refused.
    pub(crate) fn wish(&self, message: ToShard) -> bool {
        let taken = self.queue.try_send(message).is_ok();
        if !taken {
            full("shard", "refuse");
        }
        taken
    }
}

impl ShardQueue {
    /// The next message, waiting so long at the most.
    pub(crate) fn within(&self, wait: Duration) -> Result<ToShard, RecvTimeoutError> {
        let message = self.queue.recv_timeout(wait)?;
        self.count(&message);
        Ok(message)
    }

    /// The next message, if one is there.
    pub(crate) fn at_once(&self) -> Option<ToShard> {
        let message = self.queue.try_recv().ok()?;
        self.count(&message);
        Some(message)
    }

    fn count(&self, message: &ToShard) {
        if matches!(message, ToShard::Input(Input::Packet { .. })) {
            self.packets.fetch_sub(1, Ordering::Relaxed);
        }
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
    fn packets_leave_places_for_what_must_not_be_lost() {
        let (handle, queue) = shard_queue();
        let taken = (0..PACKETS + 500).filter(|_| packet(&handle)).count();
        assert_eq!(taken, PACKETS);
        assert!(handle.event(ToShard::admin(Admin::Drain)));
        // One is taken out, so one more may come in.
        assert!(queue.at_once().is_some_and(|m| is_packet(&m)));
        assert!(packet(&handle));
        assert!(!packet(&handle));
        let rest = std::iter::from_fn(|| queue.at_once());
        let (packets, others): (Vec<_>, Vec<_>) = rest.partition(is_packet);
        assert_eq!((packets.len(), others.len()), (PACKETS, 1));
    }

    #[test]
    fn a_wish_is_refused_and_an_event_waits() {
        let (handle, queue) = with_places(1);
        assert!(handle.wish(ToShard::admin(Admin::Drain)));
        assert!(!handle.wish(ToShard::admin(Admin::HangupAll)));
        let waits = std::thread::spawn({
            let handle = handle.clone();
            move || handle.event(ToShard::Stop)
        });
        let first = queue.within(Duration::from_secs(10));
        assert!(matches!(
            first,
            Ok(ToShard::Input(Input::Admin(Admin::Drain)))
        ));
        assert!(matches!(
            queue.within(Duration::from_secs(10)),
            Ok(ToShard::Stop)
        ));
        assert!(waits.join().expect("no panic"));
    }
}
