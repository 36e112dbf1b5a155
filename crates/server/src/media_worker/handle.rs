//! The way to a media worker.

use crate::places::{full, wait_for_place};
use mio::Waker;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
    mpsc::{Receiver, SyncSender, sync_channel},
};
use tandem_types::{CallId, PlayerId, media::MediaCommand};

/// Commands that may wait.
const COMMANDS: usize = 16_384;
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
    pub(super) commands: Receiver<MediaCommand>,
    pub(super) sound: Receiver<Sound>,
    pub(super) stop: Arc<AtomicBool>,
}

/// For the shard and the speech desk. What happens when a queue is full stands in `places`.
#[derive(Clone)]
pub(crate) struct MediaHandle {
    commands: SyncSender<MediaCommand>,
    sound: SyncSender<Sound>,
    waker: Arc<Waker>,
    stop: Arc<AtomicBool>,
}

impl MediaHandle {
    /// A worker's handle and its orders; `waker` wakes it.
    pub(super) fn new(waker: Waker) -> (Self, Orders) {
        let (commands, command_queue) = sync_channel(COMMANDS);
        let (sound, sound_queue) = sync_channel(CHUNKS);
        let stop = Arc::new(AtomicBool::new(false));
        let orders = Orders {
            commands: command_queue,
            sound: sound_queue,
            stop: stop.clone(),
        };
        let handle = Self {
            commands,
            sound,
            waker: Arc::new(waker),
            stop,
        };
        (handle, orders)
    }

    /// A command of the shard, which never waits.
    pub(crate) fn command(&self, command: MediaCommand) {
        if self.commands.try_send(command).is_err() {
            full("media", "drop");
            tracing::error!(target: "tandem::alarm", "a media worker's queue is full; a command is lost");
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
