//! The way to a media worker.

use crate::places::{full, wait_for_place};
use mio::Waker;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
    mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
};
use tandem_types::{CallId, PlayerId, media::MediaCommand};

/// So many commands wait only where a worker cannot keep up: an alarm.
const MANY: usize = 16_384;
/// Chunks of sound that may wait: each is at most 200 ms.
const CHUNKS: usize = 4096;

/// Sound for a player.
pub(super) enum Sound {
    Pcm(PlayerId, Vec<i16>),
    Ended(PlayerId),
    Failed(PlayerId),
}

/// What the worker reads.
pub(super) struct Orders {
    commands: Receiver<MediaCommand>,
    waiting: Arc<AtomicUsize>,
    pub(super) sound: Receiver<Sound>,
    pub(super) stop: Arc<AtomicBool>,
}

impl Orders {
    /// The next command of the shard, if one is there.
    pub(super) fn command(&self) -> Option<MediaCommand> {
        let command = self.commands.try_recv().ok()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(command)
    }
}

/// For the shard and the speech desk. What happens when a queue is full stands in `places`.
#[derive(Clone)]
pub(crate) struct MediaHandle {
    commands: Sender<MediaCommand>,
    waiting: Arc<AtomicUsize>,
    sound: SyncSender<Sound>,
    waker: Arc<Waker>,
    stop: Arc<AtomicBool>,
}

impl MediaHandle {
    /// A worker's handle and its orders; `waker` wakes it.
    #[expect(
        clippy::disallowed_methods,
        reason = "a lost command would leave a caller in silence, and the shard may not wait for a worker that waits for it"
    )]
    pub(super) fn new(waker: Waker) -> (Self, Orders) {
        let (commands, command_queue) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let (sound, sound_queue) = sync_channel(CHUNKS);
        let stop = Arc::new(AtomicBool::new(false));
        let orders = Orders {
            commands: command_queue,
            waiting: waiting.clone(),
            sound: sound_queue,
            stop: stop.clone(),
        };
        let handle = Self {
            commands,
            waiting,
            sound,
            waker: Arc::new(waker),
            stop,
        };
        (handle, orders)
    }

    /// A command of the shard: taken always, in order.
    pub(crate) fn command(&self, command: MediaCommand) {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        if before >= MANY {
            full("media", "keep");
        }
        if before == MANY {
            tracing::error!(target: "tandem::alarm", waiting = before, "a media worker cannot keep up with its commands");
        }
        if self.commands.send(command).is_err() {
            tracing::error!(target: "tandem::alarm", "a media worker is gone; its calls have no sound");
        }
        self.wake();
    }

    pub(crate) async fn audio(&self, player: PlayerId, pcm: Vec<i16>) {
        self.push(Sound::Pcm(player, pcm)).await;
    }

    pub(crate) async fn audio_ended(&self, player: PlayerId) {
        self.push(Sound::Ended(player)).await;
    }

    pub(crate) async fn audio_failed(&self, player: PlayerId) {
        self.push(Sound::Failed(player)).await;
    }

    /// Sound waits for a place; the worker takes it within a tick.
    async fn push(&self, sound: Sound) {
        if wait_for_place("sound", &self.sound, sound).await {
            self.wake();
        }
    }

    pub(super) fn wake(&self) {
        let _ = self.waker.wake();
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake();
    }
}

/// The call that a command is about.
pub(crate) fn call_of(command: &MediaCommand) -> CallId {
    match command {
        MediaCommand::OpenLeg { leg, .. }
        | MediaCommand::SetFlow { leg, .. }
        | MediaCommand::CloseLeg { leg }
        | MediaCommand::Listen { leg, .. }
        | MediaCommand::SendDigits { leg, .. }
        | MediaCommand::KeepKeys { leg, .. } => leg.call,
        MediaCommand::Play { player, .. }
        | MediaCommand::Pause { player }
        | MediaCommand::Resume { player }
        | MediaCommand::Stop { player } => player.call,
        MediaCommand::Connect { call, .. } | MediaCommand::CloseCall { call } => *call,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Poll, Token};
    use tandem_types::LegId;

    #[test]
    fn no_command_is_lost_however_many_wait_and_all_come_in_order() {
        let poll = Poll::new().expect("a poll");
        let waker = Waker::new(poll.registry(), Token(0)).expect("a waker");
        let (handle, orders) = MediaHandle::new(waker);
        let of = |index| MediaCommand::CloseLeg {
            leg: LegId {
                call: CallId(1),
                index,
            },
        };
        let all = MANY as u32 + 5000;
        // The worker reads nothing meanwhile, and nobody waits for it.
        (0..all).for_each(|i| handle.command(of(i)));
        assert_eq!(handle.waiting.load(Ordering::Relaxed), all as usize);
        for i in 0..all {
            assert_eq!(orders.command(), Some(of(i)));
        }
        assert_eq!(orders.command(), None);
        assert_eq!(handle.waiting.load(Ordering::Relaxed), 0);
    }
}
