//! pocketsphinx in grammar mode: no key, no network, no download beyond two Debian packages.
//!
//! It knows nothing but the phrases of the hints (with polite noises around them), and a second pass
//! with a free loop of phones says how well the sound fits any of them: what a loop of phones explains
//! far better than the best phrase was none of the phrases. It is no dictation; keys are always an equal way.
//!
//! Decoders live in worker threads of their own (they are blocking C code), behind a short queue: a
//! caller whose utterance would wait longer than it takes to press a key is told `Overloaded`.

#[expect(
    unsafe_code,
    reason = "a C library is called; each block has its proof"
)]
mod ffi;
mod score;

use super::{fold, grammar, is_english};
use crate::door::{Answer, SAMPLE_RATE, Stt};
use ffi::{Decoder, LoadError};
use std::{
    ffi::{CStr, CString},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};
use tandem_types::provider::{Hints, ProviderFault, Transcript};
use tokio::{sync::oneshot, time::timeout};

/// Where Debian's `pocketsphinx-en-us` puts the model.
const DEBIAN_MODEL: &str = "/usr/share/pocketsphinx/model/en-us";
/// What an administrator installs.
pub(crate) const PACKAGES: &str = "libpocketsphinx3 pocketsphinx-en-us";
/// Utterances that wait for each decoder. An utterance takes 0.2 to 0.5 s.
const QUEUE: usize = 4;
/// From the request to the answer.
const TIMEOUT: Duration = Duration::from_secs(4);
/// What is behind the first 15 s of an utterance is not decoded: no phrase is that long.
const MAX_SAMPLES: usize = 15 * SAMPLE_RATE as usize;
/// Shorter than this (a click) there is nothing to decode.
const MIN_SAMPLES: usize = SAMPLE_RATE as usize / 10;
/// Grammars that a decoder keeps: a conversation moves between a few.
const GRAMMARS: usize = 8;
const PHONES: &CStr = c"phones";

/// Options that differ from the library's defaults.
const OPTIONS: &[(&str, &str)] = &[
    // Looking for the best path through the lattice again takes 1 to 2 s an utterance in grammar mode, and
    // finds the same words.
    ("-bestpath", "no"),
    // All senones in each frame, so that the scores of grammar and phone loop are relative to the same best.
    ("-compallsen", "yes"),
    // Context-independent phones: a thousand times fewer arcs in the loop.
    ("-allphone_ci", "yes"),
];

/// How the offline recogniser is set up.
#[derive(Clone, Debug, Default)]
pub struct PocketsphinxSettings {
    /// The folder with `en-us/` and `cmudict-en-us.dict`. `None`: Debian's.
    pub model_dir: Option<PathBuf>,
    /// Utterances decoded at the same time; each decoder takes about 60 MB. 0: half of the cores, 1 to 4.
    pub workers: usize,
}

impl PocketsphinxSettings {
    fn model(&self) -> &Path {
        self.model_dir.as_deref().unwrap_or(Path::new(DEBIAN_MODEL))
    }
}

/// Loads library and model once, for the probe. Blocks for up to half a second.
pub(crate) fn try_load(settings: &PocketsphinxSettings) -> Result<(), String> {
    Decoder::new(settings.model(), OPTIONS)
        .map(drop)
        .map_err(|error| describe(&error))
}

fn describe(error: &LoadError) -> String {
    let (LoadError::Library(detail) | LoadError::Model(detail)) = error;
    format!("not installed ({detail}): apt-get install {PACKAGES}")
}

/// The offline recogniser.
pub struct OfflineStt {
    settings: PocketsphinxSettings,
    queue: OnceLock<SyncSender<Job>>,
}

/// One utterance.
struct Job {
    pcm: Arc<[i16]>,
    phrases: Arc<Vec<String>>,
    reply: oneshot::Sender<Result<Transcript, ProviderFault>>,
}

impl OfflineStt {
    /// Nothing is loaded before the first utterance, or [`OfflineStt::warm_up`].
    pub fn new(settings: PocketsphinxSettings) -> Self {
        Self {
            settings,
            queue: OnceLock::new(),
        }
    }

    /// Starts the workers, which load the model (up to half a second, in the background).
    pub fn warm_up(&self) {
        self.queue();
    }

    fn queue(&self) -> &SyncSender<Job> {
        self.queue.get_or_init(|| {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            let workers = if self.settings.workers == 0 {
                (cores / 2).clamp(1, 4)
            } else {
                self.settings.workers
            };
            let (sender, receiver) = sync_channel(QUEUE * workers);
            let (receiver, complained) = (
                Arc::new(Mutex::new(receiver)),
                Arc::new(AtomicBool::new(false)),
            );
            for _ in 0..workers {
                let worker = Worker {
                    model: self.settings.model().to_owned(),
                    jobs: receiver.clone(),
                    complained: complained.clone(),
                };
                let spawned = thread::Builder::new()
                    .name("pocketsphinx".into())
                    .spawn(move || worker.run());
                if let Err(error) = spawned {
                    tracing::error!(%error, "no thread for the offline recogniser");
                }
            }
            sender
        })
    }
}

impl Stt for OfflineStt {
    fn transcribe<'a>(&'a self, pcm: Arc<[i16]>, hints: &'a Hints) -> Answer<'a, Transcript> {
        Box::pin(async move {
            if !is_english(&hints.language) {
                // The model for that language is not there, and an English one would only guess.
                return Err(ProviderFault::NotInstalled);
            }
            let (reply, answer) = oneshot::channel();
            let job = Job {
                pcm,
                phrases: hints.phrases.clone(),
                reply,
            };
            self.queue().try_send(job).map_err(|error| match error {
                TrySendError::Full(_) => ProviderFault::Overloaded,
                // No worker could be started.
                TrySendError::Disconnected(_) => ProviderFault::NotInstalled,
            })?;
            match timeout(TIMEOUT, answer).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(ProviderFault::NotInstalled),
                Err(_) => Err(ProviderFault::TimedOut),
            }
        })
    }
}

/// One thread with one decoder; ends when the recogniser is dropped.
struct Worker {
    model: PathBuf,
    jobs: Arc<Mutex<Receiver<Job>>>,
    complained: Arc<AtomicBool>,
}

impl Worker {
    fn run(self) {
        let mut recogniser = match Recogniser::new(&self.model) {
            Ok(recogniser) => Some(recogniser),
            Err(error) => {
                if !self.complained.swap(true, Ordering::SeqCst) {
                    tracing::error!(
                        "the offline recogniser pocketsphinx is {}",
                        describe(&error)
                    );
                }
                None
            }
        };
        loop {
            // Held while waiting: the workers take turns at the queue.
            let job = self
                .jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok(Job {
                pcm,
                phrases,
                reply,
            }) = job
            else {
                return;
            };
            if reply.is_closed() {
                // The caller has hung up, or the time is over.
                continue;
            }
            let recogniser = recogniser.as_mut().ok_or(ProviderFault::NotInstalled);
            let _ = reply.send(recogniser.map(|recogniser| recogniser.transcribe(&pcm, &phrases)));
        }
    }
}

/// A decoder and the grammars that it has.
struct Recogniser {
    decoder: Decoder,
    /// By the hash of their phrases, last used last. `None`: no phrase was left.
    grammars: Vec<([u8; 32], Option<CString>)>,
    made: u64,
}

/// The two passes over an utterance.
struct Passes {
    grammar: Option<ffi::Hypothesis>,
    phones: Option<ffi::Hypothesis>,
}

impl Recogniser {
    fn new(model: &Path) -> Result<Self, LoadError> {
        let mut decoder = Decoder::new(model, OPTIONS)?;
        if !decoder.add_phone_loop(PHONES) {
            return Err(LoadError::Model(format!(
                "{}: no phone loop",
                model.display()
            )));
        }
        Ok(Self {
            decoder,
            grammars: Vec::new(),
            made: 0,
        })
    }

    fn transcribe(&mut self, pcm: &[i16], phrases: &[String]) -> Transcript {
        self.passes(pcm, phrases)
            .map_or_else(Transcript::default, |passes| score::judge(&passes))
    }

    fn passes(&mut self, pcm: &[i16], phrases: &[String]) -> Option<Passes> {
        let pcm = &pcm[..pcm.len().min(MAX_SAMPLES)];
        if pcm.len() < MIN_SAMPLES {
            return None;
        }
        let grammar = self.grammar(phrases)?;
        let wide = fold::up(pcm);
        let grammar = self.decoder.decode(&grammar, &wide);
        let phones = self.decoder.decode(PHONES, &wide);
        Some(Passes { grammar, phones })
    }

    /// The search for these phrases, made if it is not there.
    fn grammar(&mut self, phrases: &[String]) -> Option<CString> {
        let mut hash = blake3::Hasher::new();
        for phrase in phrases {
            hash.update(phrase.as_bytes()).update(b"\n");
        }
        let hash = *hash.finalize().as_bytes();
        let entry = match self.grammars.iter().position(|(known, _)| *known == hash) {
            Some(at) => self.grammars.remove(at),
            None => (hash, self.make(phrases)),
        };
        let name = entry.1.clone();
        self.grammars.push(entry);
        if self.grammars.len() > GRAMMARS
            && let (_, Some(name)) = self.grammars.remove(0)
        {
            self.decoder.remove(&name);
        }
        name
    }

    fn make(&mut self, phrases: &[String]) -> Option<CString> {
        let jsgf = grammar::jsgf(phrases, |word| self.decoder.knows(word))?;
        self.made += 1;
        let name = CString::new(format!("grammar{}", self.made)).ok()?;
        if !self.decoder.add_grammar(&name, &jsgf) {
            tracing::error!(
                phrases = phrases.len(),
                "the offline recogniser refuses its grammar"
            );
            return None;
        }
        Some(name)
    }
}
