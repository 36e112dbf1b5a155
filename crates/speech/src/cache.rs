//! Sound that was made once is not made twice.
//!
//! A line that is being made has one rendering, whatever the number of callers who wait for it:
//! all of them read the same growing buffer, the maker runs at full speed, and it is stopped when the
//! last of them is gone. A finished line is kept in memory (least recently used goes first). Prompts
//! of the dialplan ([`PromptCache::render_all`]) are also kept as files, so that the next start finds
//! them. Lines spoken in a call are never written: they may hold what a caller said.

mod disk;
mod lru;
mod rendering;

use crate::door::{Line, MAX_CHUNK, PcmStream, Tts};
use crate::produce::produce;
use disk::Disk;
use futures_util::{StreamExt, stream};
use lru::Lru;
use rendering::Rendering;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// Goes into every key: a change of what is kept, or of how sound is made here, makes a new key.
const VERSION: &str = "1";

/// Sound kept in memory, in samples: 32 MiB, about 35 minutes.
const MEMORY: usize = 16 << 20;

/// Prompts rendered at the same time at start.
const WORKERS: usize = 2;

/// Names a line's sound: BLAKE3 over engine, voice, language, text and version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Key([u8; 32]);

impl Key {
    fn new(engine: &str, line: &Line) -> Self {
        let mut hash = blake3::Hasher::new();
        for part in [VERSION, engine, &line.voice, &line.language, &line.text] {
            // Each part with its length, so that no two lists of parts look the same.
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Self(*hash.finalize().as_bytes())
    }
}

/// How far [`PromptCache::render_all`] has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Prompts that are over and done.
    pub done: usize,
    /// Of those, the ones that could not be made.
    pub failed: usize,
    /// All.
    pub total: usize,
}

/// The cache, shared by all voices.
pub struct PromptCache {
    disk: Option<Disk>,
    memory: Mutex<Lru>,
    running: Mutex<BTreeMap<Key, Weak<Rendering>>>,
}

impl PromptCache {
    /// With a folder (made when first needed) or in memory only.
    pub fn new(dir: Option<PathBuf>) -> Self {
        Self {
            disk: dir.map(Disk::new),
            memory: Mutex::new(Lru::new(MEMORY)),
            running: Mutex::default(),
        }
    }

    /// Makes each line with its voice, two at a time, and keeps it on the disk. The voices are those of
    /// [`crate::Providers::tts`]; `progress` hears of each one's end.
    pub async fn render_all(
        &self,
        jobs: Vec<(Arc<dyn Tts>, Line)>,
        mut progress: impl FnMut(Rendered) + Send,
    ) -> Rendered {
        let mut so_far = Rendered {
            total: jobs.len(),
            ..Rendered::default()
        };
        let mut ends =
            stream::iter(jobs)
                .map(|(voice, line)| async move {
                    drain(voice.speak(Line { keep: true, ..line })).await
                })
                .buffer_unordered(WORKERS)
                .boxed();
        while let Some(whole) = ends.next().await {
            so_far.done += 1;
            so_far.failed += usize::from(!whole);
            progress(so_far);
        }
        so_far
    }

    /// Finished sound: from memory, else from the disk.
    async fn find(&self, key: Key) -> Option<Arc<[i16]>> {
        if let Some(pcm) = lock(&self.memory).find(&key) {
            return Some(pcm);
        }
        let pcm: Arc<[i16]> = self.disk.as_ref()?.read(key).await?.into();
        lock(&self.memory).insert(key, pcm.clone());
        Some(pcm)
    }

    /// The rendering of this line that runs now, or a new one.
    fn rendering(&self, key: Key, start: impl FnOnce() -> PcmStream) -> Arc<Rendering> {
        let mut running = lock(&self.running);
        if let Some(rendering) = running.get(&key).and_then(Weak::upgrade) {
            return rendering;
        }
        running.retain(|_, rendering| rendering.strong_count() > 0);
        let rendering = Arc::new(Rendering::start(start()));
        running.insert(key, Arc::downgrade(&rendering));
        rendering
    }

    /// A line was made whole.
    async fn keep(&self, key: Key, pcm: &[i16], on_disk: bool) {
        lock(&self.memory).insert(key, pcm.into());
        lock(&self.running).remove(&key);
        if on_disk && let Some(disk) = &self.disk {
            disk.write(key, pcm).await;
        }
    }
}

async fn drain(mut chunks: PcmStream) -> bool {
    while let Some(chunk) = chunks.next().await {
        if chunk.is_err() {
            return false;
        }
    }
    true
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A voice behind the cache.
pub struct Cached {
    cache: Arc<PromptCache>,
    engine: String,
    voice: Arc<dyn Tts>,
}

impl Cached {
    /// `engine` names what makes the sound, with all that its sound depends on besides the line.
    pub fn new(cache: Arc<PromptCache>, engine: String, voice: Arc<dyn Tts>) -> Self {
        Self {
            cache,
            engine,
            voice,
        }
    }
}

impl Tts for Cached {
    fn speak(&self, line: Line) -> PcmStream {
        let (cache, voice) = (self.cache.clone(), self.voice.clone());
        let key = Key::new(&self.engine, &line);
        produce(move |sink| async move {
            let keep = line.keep;
            if let Some(pcm) = cache.find(key).await {
                if keep && let Some(disk) = &cache.disk {
                    disk.write_if_missing(key, &pcm).await;
                }
                for chunk in pcm.chunks(MAX_CHUNK) {
                    sink.send(chunk.to_vec()).await;
                }
                return Ok(());
            }
            let rendering = cache.rendering(key, || voice.speak(line));
            let mut reader = rendering.reader();
            while let Some(chunk) = reader.next().await? {
                sink.send(chunk).await;
            }
            if let Some(pcm) = reader.whole() {
                cache.keep(key, &pcm, keep).await;
            }
            Ok(())
        })
    }
}
