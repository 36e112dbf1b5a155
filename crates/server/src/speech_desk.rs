//! The speech desk: carries what calls ask of providers, each request a task that can be called off. It
//! decides nothing.

use crate::{
    media_worker::MediaHandle,
    places::{ShardHandle, full},
    recorder::kept,
};
use arc_swap::ArcSwap;
use futures_util::StreamExt;
use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tandem_dialplan::Recordings;
use tandem_speech::{ChatPart, ChatRequest, Line, Providers};
use tandem_types::{
    CallId, LegId, PlayerId, RequestId, SegmentId,
    provider::{ProviderCommand, ProviderEvent, ProviderFault},
};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

/// Jobs that may wait for the desk.
const QUEUE: usize = 1024;
/// Segments that are kept until somebody asks for their words; more means that nobody does.
const SEGMENTS: usize = 2048;

/// What the desk is asked.
enum Job {
    Speak {
        player: PlayerId,
        profile: String,
        line: Line,
    },
    /// A message is to be heard.
    Recall {
        player: PlayerId,
        file: String,
    },
    Hush {
        player: PlayerId,
    },
    Provider(ProviderCommand),
}

/// Sound of segments on its way from a media worker to a recogniser.
#[derive(Clone, Default)]
pub(crate) struct Segments(Arc<Mutex<BTreeMap<SegmentId, Vec<i16>>>>);

impl Segments {
    pub(crate) fn keep(&self, segment: SegmentId, pcm: Vec<i16>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= SEGMENTS {
            kept.pop_first(); // of the oldest call
        }
        kept.insert(segment, pcm);
    }

    fn take(&self, segment: SegmentId) -> Option<Vec<i16>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&segment)
    }

    fn is_empty(&self) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.is_empty()
    }

    fn forget(&self, leg: LegId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|s, _| s.call != leg.call);
    }
}

/// For the shard and the media workers.
#[derive(Clone)]
pub(crate) struct DeskHandle {
    jobs: mpsc::Sender<Job>,
    segments: Segments,
    load: Load,
}

/// Whether the desk has anything to do: most calls of a trunk end without having asked it, and need not wake it for that.
#[derive(Clone, Default)]
struct Load {
    /// Jobs that it was ever given.
    given: Arc<AtomicU64>,
    /// How many of them it had taken when nothing was under way; [`BUSY`] while something is.
    done: Arc<AtomicU64>,
}

const BUSY: u64 = u64::MAX;

impl Load {
    fn is_none(&self) -> bool {
        self.done.load(Ordering::Acquire) == self.given.load(Ordering::Acquire)
    }
}

impl DeskHandle {
    /// Carries out what a call asks. A full desk refuses, and this is then the provider's answer.
    pub(crate) fn provider(&self, command: ProviderCommand) -> Option<ProviderEvent> {
        let over = matches!(command, ProviderCommand::Forget { .. });
        if over && self.load.is_none() && self.segments.is_empty() {
            return None;
        }
        match self.give(Job::Provider(command))? {
            Job::Provider(command) => {
                full("desk", "refuse");
                overloaded(&command)
            }
            Job::Speak { .. } | Job::Recall { .. } | Job::Hush { .. } => None,
        }
    }

    /// The job, if there is no place for it.
    fn give(&self, job: Job) -> Option<Job> {
        // First, so that the desk is never thought to be done with what it has not seen.
        self.load.given.fetch_add(1, Ordering::AcqRel);
        let refused = self.jobs.try_send(job).err()?;
        self.load.given.fetch_sub(1, Ordering::AcqRel);
        Some(refused.into_inner())
    }

    /// Plays a message into a player. `false`: the desk is full.
    pub(crate) fn recall(&self, player: PlayerId, file: String) -> bool {
        let refused = self.give(Job::Recall { player, file });
        if refused.is_some() {
            full("desk", "refuse");
        }
        refused.is_none()
    }

    /// Speaks into a player. `false`: the desk is full.
    pub(crate) fn speak(&self, player: PlayerId, profile: String, line: Line) -> bool {
        let refused = self.give(Job::Speak {
            player,
            profile,
            line,
        });
        if refused.is_some() {
            full("desk", "refuse");
        }
        refused.is_none()
    }

    /// Speech for this player is not wanted any more. A full desk loses that: the next sound for a player
    /// that is gone asks again.
    pub(crate) fn hush(&self, player: PlayerId) {
        if self.give(Job::Hush { player }).is_some() {
            full("desk", "drop");
        }
    }
}

fn overloaded(command: &ProviderCommand) -> Option<ProviderEvent> {
    let fault = ProviderFault::Overloaded;
    match command {
        ProviderCommand::Transcribe { segment, .. } => Some(ProviderEvent::Transcribed {
            segment: *segment,
            result: Err(fault),
        }),
        ProviderCommand::Chat { request, .. } => Some(ProviderEvent::ChatFailed {
            request: *request,
            fault,
        }),
        ProviderCommand::Fetch { request, .. } => Some(ProviderEvent::Fetched {
            request: *request,
            result: Err(fault),
        }),
        ProviderCommand::Discard { .. }
        | ProviderCommand::CancelChat { .. }
        | ProviderCommand::CancelFetch { .. }
        | ProviderCommand::Forget { .. } => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Player(PlayerId),
    Chat(RequestId),
    Fetch(RequestId),
    /// A tool that changes something: once asked it is not called off, for nobody could say how far it got.
    Act(RequestId),
    Segment(SegmentId),
}

impl Key {
    fn call(self) -> CallId {
        match self {
            Self::Player(p) => p.call,
            Self::Chat(r) | Self::Fetch(r) | Self::Act(r) => r.call,
            Self::Segment(s) => s.call,
        }
    }
}

/// The desk.
pub(crate) struct Desk {
    providers: Arc<ArcSwap<Providers>>,
    segments: Segments,
    media: Vec<MediaHandle>,
    shard: ShardHandle,
    recordings: Arc<Recordings>,
    jobs: mpsc::Receiver<Job>,
    tasks: JoinSet<Key>,
    running: BTreeMap<Key, AbortHandle>,
    load: Load,
}

/// A desk and its handle. The desk begins to work once it has the media workers.
pub(crate) fn desk(
    providers: Arc<ArcSwap<Providers>>,
    segments: Segments,
    shard: ShardHandle,
    recordings: Recordings,
) -> (DeskHandle, impl FnOnce(Vec<MediaHandle>) -> Desk) {
    let (sender, jobs) = mpsc::channel(QUEUE);
    let load = Load::default();
    let handle = DeskHandle {
        jobs: sender,
        segments: segments.clone(),
        load: load.clone(),
    };
    let make = move |media| Desk {
        providers,
        segments,
        media,
        shard,
        recordings: Arc::new(recordings),
        jobs,
        tasks: JoinSet::new(),
        running: BTreeMap::new(),
        load,
    };
    (handle, make)
}

impl Desk {
    /// Works until every handle is gone.
    pub(crate) async fn run(mut self) {
        let mut taken = 0;
        loop {
            let done = if self.running.is_empty() { taken } else { BUSY };
            self.load.done.store(done, Ordering::Release);
            tokio::select! {
                job = self.jobs.recv() => match job {
                    Some(job) => {
                        self.job(job);
                        taken += 1;
                    }
                    None => return,
                },
                Some(done) = self.tasks.join_next() => {
                    if let Ok(key) = done {
                        self.running.remove(&key);
                    }
                }
            }
        }
    }

    fn job(&mut self, job: Job) {
        match job {
            Job::Speak {
                player,
                profile,
                line,
            } => {
                let Some(media) = self.media_of(player.call) else {
                    return;
                };
                let speech = speak(
                    self.providers.load().tts(&profile).speak(line),
                    media,
                    player,
                );
                self.start(Key::Player(player), speech);
            }
            Job::Recall { player, file } => {
                let Some(media) = self.media_of(player.call) else {
                    return;
                };
                let at = self.recordings.clone();
                self.start(Key::Player(player), recall(at, file, media, player));
            }
            Job::Hush { player } => self.call_off(Key::Player(player)),
            Job::Provider(command) => self.command(command),
        }
    }

    fn command(&mut self, command: ProviderCommand) {
        match command {
            ProviderCommand::Transcribe {
                segment,
                profile,
                hints,
            } => {
                let pcm = self.segments.take(segment);
                let stt = self.providers.load().stt(&profile);
                let shard = self.shard.clone();
                self.start(Key::Segment(segment), async move {
                    let result = match pcm {
                        Some(pcm) => stt.transcribe(pcm.into(), &hints).await,
                        None => Err(ProviderFault::Malformed),
                    };
                    let event = ProviderEvent::Transcribed { segment, result };
                    shard.answer(event).await;
                });
            }
            ProviderCommand::Discard { segment } => {
                self.segments.take(segment);
                self.call_off(Key::Segment(segment));
            }
            ProviderCommand::Chat {
                request,
                profile,
                messages,
                tools,
                first_token,
                total,
            } => {
                let llm = self.providers.load().llm(&profile);
                let stream = llm.chat(ChatRequest {
                    messages,
                    tools,
                    first_token,
                    total,
                });
                let shard = self.shard.clone();
                self.start(Key::Chat(request), async move {
                    chat(stream, shard, request).await
                });
            }
            ProviderCommand::CancelChat { request } => self.call_off(Key::Chat(request)),
            ProviderCommand::Fetch { request, ask } => {
                let providers = self.providers.load_full();
                let shard = self.shard.clone();
                let key = match ask.key.is_some() {
                    true => Key::Act(request),
                    false => Key::Fetch(request),
                };
                self.start(key, async move {
                    let result = providers.fetch(*ask).await;
                    shard
                        .answer(ProviderEvent::Fetched { request, result })
                        .await;
                });
            }
            ProviderCommand::CancelFetch { request } => self.call_off(Key::Fetch(request)),
            ProviderCommand::Forget { leg } => {
                self.segments.forget(leg);
                let keys: Vec<Key> = self
                    .running
                    .keys()
                    .copied()
                    .filter(|k| k.call() == leg.call && !matches!(k, Key::Act(_)))
                    .collect();
                for key in keys {
                    self.call_off(key);
                }
            }
        }
    }

    fn media_of(&self, call: CallId) -> Option<MediaHandle> {
        self.media
            .get((call.0 % self.media.len().max(1) as u128) as usize)
            .cloned()
    }

    fn start(&mut self, key: Key, work: impl Future<Output = ()> + Send + 'static) {
        let handle = self.tasks.spawn(async move {
            work.await;
            key
        });
        self.running.insert(key, handle);
    }

    fn call_off(&mut self, key: Key) {
        if let Some(handle) = self.running.remove(&key) {
            handle.abort();
        }
    }
}

async fn speak(mut pcm: tandem_speech::PcmStream, media: MediaHandle, player: PlayerId) {
    while let Some(chunk) = pcm.next().await {
        match chunk {
            Ok(samples) => media.audio(player, samples).await,
            Err(fault) => {
                tracing::warn!(call = %player.call, ?fault, "speech could not be made");
                return media.audio_failed(player).await;
            }
        }
    }
    media.audio_ended(player).await;
}

/// A second of sound at a time: it waits for the worker, not the worker for it.
const RECALLED: usize = 8000;

async fn recall(at: Arc<Recordings>, file: String, media: MediaHandle, player: PlayerId) {
    let read = tokio::task::spawn_blocking(move || (kept::read(&at, &file), file)).await;
    match read {
        Ok((Ok(pcm), _)) => {
            for second in pcm.chunks(RECALLED) {
                media.audio(player, second.to_vec()).await;
            }
            media.audio_ended(player).await;
        }
        Ok((Err(error), file)) => {
            tracing::error!(target: "tandem::alarm", file, %error, "a message cannot be played");
            media.audio_failed(player).await;
        }
        Err(_) => media.audio_failed(player).await,
    }
}

async fn chat(mut stream: tandem_speech::ChatStream, shard: ShardHandle, request: RequestId) {
    while let Some(part) = stream.next().await {
        let (event, over) = match part {
            Ok(ChatPart::Text(text)) => (ProviderEvent::ChatText { request, text }, false),
            Ok(ChatPart::Tool(call)) => (ProviderEvent::ChatTool { request, call }, false),
            Ok(ChatPart::Done) => (ProviderEvent::ChatDone { request }, true),
            Err(fault) => (ProviderEvent::ChatFailed { request, fault }, true),
        };
        shard.answer(event).await;
        if over {
            return;
        }
    }
    let fault = ProviderFault::Malformed;
    shard
        .answer(ProviderEvent::ChatFailed { request, fault })
        .await;
}
