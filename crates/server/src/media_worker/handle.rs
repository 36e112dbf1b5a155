//! The way to a media worker.

use crate::{
    bell::Bell,
    places::{full, wait_for_place},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
};
use tandem_types::{
    CallId, PlayerId,
    media::{Family, MediaCommand, MediaEvent},
};

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

/// A command, and the port of the leg that it opens, if that was there.
pub(super) struct Order {
    pub(super) command: MediaCommand,
    pub(super) port: Option<u16>,
}

/// Ports whose sockets are open, for legs to come: a leg that takes one is told of it at once, not when the worker has had its turn.
#[derive(Clone, Default)]
pub(super) struct Stock(Arc<Mutex<Vec<u16>>>);

/// Ports in stock: more than the legs that are opened before a worker has its turn.
const STOCK: usize = 64;
/// So many are fetched at once, at the least.
const FETCHED: usize = 8;
/// With fewer the worker is woken for more: up to some 480 calls a second for each worker it dozes to the end, beyond that shorter.
const LOW: usize = 16;

impl Stock {
    fn ports(&self) -> MutexGuard<'_, Vec<u16>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many it wants; none until some are gone.
    pub(super) fn missing(&self) -> usize {
        let missing = STOCK.saturating_sub(self.ports().len());
        if missing < FETCHED { 0 } else { missing }
    }

    pub(super) fn put(&self, port: u16) {
        self.ports().push(port);
    }

    pub(super) fn take(&self) -> Option<u16> {
        self.ports().pop()
    }

    fn is_low(&self) -> bool {
        self.ports().len() < LOW
    }
}

/// What the worker reads.
pub(super) struct Orders {
    commands: Receiver<Order>,
    waiting: Arc<AtomicUsize>,
    pub(super) stock: Stock,
    pub(super) sound: Receiver<Sound>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) bell: Bell,
}

impl Orders {
    /// The next command of the shard, if one is there.
    pub(super) fn command(&self) -> Option<Order> {
        let command = self.commands.try_recv().ok()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(command)
    }
}

/// For the shard and the speech desk. What happens when a queue is full stands in `places`.
#[derive(Clone)]
pub(crate) struct MediaHandle {
    commands: Sender<Order>,
    waiting: Arc<AtomicUsize>,
    stock: Stock,
    /// What far ends are told.
    advertise: IpAddr,
    sound: SyncSender<Sound>,
    bell: Bell,
    stop: Arc<AtomicBool>,
}

impl MediaHandle {
    /// A worker's handle and its orders; `bell` wakes it.
    #[expect(
        clippy::disallowed_methods,
        reason = "a lost command would leave a caller in silence, and the shard may not wait for a worker that waits for it"
    )]
    pub(super) fn new(bell: Bell, advertise: IpAddr) -> (Self, Orders) {
        let (commands, command_queue) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let (sound, sound_queue) = sync_channel(CHUNKS);
        let stop = Arc::new(AtomicBool::new(false));
        let stock = Stock::default();
        let orders = Orders {
            commands: command_queue,
            waiting: waiting.clone(),
            stock: stock.clone(),
            sound: sound_queue,
            stop: stop.clone(),
            bell: bell.clone(),
        };
        let handle = Self {
            commands,
            waiting,
            stock,
            advertise,
            sound,
            bell,
            stop,
        };
        (handle, orders)
    }

    /// A command of the shard: taken always, in order; [`MediaHandle::wake`] follows, at once or not. What is known at once is its
    /// answer: a leg has a port that was in stock.
    pub(crate) fn command(&self, command: MediaCommand) -> (Option<MediaEvent>, bool) {
        // Ports of the other family are not in stock.
        let usual = Family::of(self.advertise);
        let opens = match &command {
            MediaCommand::OpenLeg { leg, family, .. } if *family == usual => Some(*leg),
            _ => None,
        };
        let port = opens.and_then(|_| self.stock.take());
        let at_once = match opens {
            Some(_) => self.stock.is_low(),
            None => !waits_for_packets(&command),
        };
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        if before >= MANY {
            full("media", "keep");
        }
        if before == MANY {
            tracing::error!(target: "tandem::alarm", waiting = before, "a media worker cannot keep up with its commands");
        }
        if self.commands.send(Order { command, port }).is_err() {
            tracing::error!(target: "tandem::alarm", "a media worker is gone; its calls have no sound");
        }
        let opened = opens.zip(port).map(|(leg, port)| {
            let local = SocketAddr::new(self.advertise, port);
            MediaEvent::LegOpened { leg, local }
        });
        (opened, at_once)
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
            self.bell.ring();
        }
    }

    /// Not at once: when the worker wakes by itself, or when a packet comes.
    pub(crate) fn wake(&self, at_once: bool) {
        match at_once {
            true => self.bell.ring(),
            false => self.bell.ring_softly(),
        }
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.bell.ring();
    }
}

/// Nothing is heard of it before a packet comes, or at all.
fn waits_for_packets(command: &MediaCommand) -> bool {
    match command {
        MediaCommand::SetFlow { .. }
        | MediaCommand::Connect { .. }
        | MediaCommand::Listen { .. }
        | MediaCommand::KeepKeys { .. }
        | MediaCommand::CloseLeg { .. }
        | MediaCommand::Record { .. }
        | MediaCommand::EndMessage { .. }
        | MediaCommand::CloseCall { .. } => true,
        MediaCommand::OpenLeg { .. }
        | MediaCommand::Play { .. }
        | MediaCommand::Pause { .. }
        | MediaCommand::Resume { .. }
        | MediaCommand::Stop { .. }
        | MediaCommand::SendDigits { .. }
        // Who has heard the tone speaks.
        | MediaCommand::RecordMessage { .. }
        // What comes after it is nobody's to keep.
        | MediaCommand::PauseRecording { .. } => false,
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
        | MediaCommand::KeepKeys { leg, .. }
        | MediaCommand::Record { leg, .. } => leg.call,
        MediaCommand::Play { player, .. }
        | MediaCommand::Pause { player }
        | MediaCommand::Resume { player }
        | MediaCommand::Stop { player } => player.call,
        MediaCommand::RecordMessage { message, .. } | MediaCommand::EndMessage { message } => {
            message.call
        }
        MediaCommand::Connect { call, .. }
        | MediaCommand::PauseRecording { call, .. }
        | MediaCommand::CloseCall { call } => *call,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::LegId;

    fn worker() -> (MediaHandle, Orders) {
        let bell = Bell::new().expect("a bell");
        MediaHandle::new(bell, [192, 0, 2, 1].into())
    }

    fn leg(index: u32) -> LegId {
        LegId {
            call: CallId(1),
            index,
        }
    }

    #[test]
    fn no_command_is_lost_however_many_wait_and_all_come_in_order() {
        let (handle, orders) = worker();
        let of = |index| MediaCommand::CloseLeg { leg: leg(index) };
        let all = MANY as u32 + 5000;
        // The worker reads nothing meanwhile, and nobody waits for it.
        for i in 0..all {
            assert_eq!(handle.command(of(i)), (None, false));
        }
        assert_eq!(handle.waiting.load(Ordering::Relaxed), all as usize);
        for i in 0..all {
            assert_eq!(orders.command().map(|o| o.command), Some(of(i)));
        }
        assert!(orders.command().is_none());
        assert_eq!(handle.waiting.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_leg_has_its_port_at_once_while_there_are_some_in_stock() {
        let (handle, orders) = worker();
        assert_eq!(orders.stock.missing(), STOCK);
        let all: Vec<u16> = (10_000..).step_by(2).take(LOW + 1).collect();
        all.iter().for_each(|port| orders.stock.put(*port));
        let open_as = |index, reserve, family| MediaCommand::OpenLeg {
            leg: leg(index),
            reserve,
            family,
        };
        let open = |index, reserve| open_as(index, reserve, Family::V4);
        let opened = |index, port, low| {
            let local = ([192, 0, 2, 1], port).into();
            let leg = leg(index);
            (Some(MediaEvent::LegOpened { leg, local }), low)
        };
        let mut legs = 1..;
        let mut next = || legs.next().expect("a number");
        let other = handle.command(open_as(next(), false, Family::V6));
        assert_eq!(other, (None, true), "none of those in stock");
        for (left, port) in all.iter().enumerate().rev() {
            let (index, low) = (next(), left < LOW);
            let told = handle.command(open(index, low));
            assert_eq!(told, opened(index, *port, low), "woken for more in time");
        }
        for reserve in [false, true] {
            let told = handle.command(open(next(), reserve));
            assert_eq!(told, (None, true), "the worker will tell");
        }
        let ports: Vec<_> = std::iter::from_fn(|| orders.command().map(|o| o.port)).collect();
        let given = all.iter().rev().map(|port| Some(*port));
        assert!(
            ports
                .into_iter()
                .eq([None].into_iter().chain(given).chain([None, None]))
        );
    }
}
