//! pocketsphinx
use crate::door::{Answer, Stt};
use std::{path::PathBuf, sync::Arc};
use tandem_types::provider::{Hints, ProviderFault, Transcript};

/// How the offline recogniser is set up.
#[derive(Clone, Debug, Default)]
pub struct PocketsphinxSettings {
    /// The folder with `en-us/` and `cmudict-en-us.dict`. `None`: Debian's.
    pub model_dir: Option<PathBuf>,
    /// Utterances decoded at the same time; each decoder takes about 60 MB. 0: half of the cores, 1 to 4.
    pub workers: usize,
}

/// The offline recogniser.
pub struct OfflineStt {
    settings: PocketsphinxSettings,
}

impl OfflineStt {
    /// Nothing is loaded before the first utterance.
    pub fn new(settings: PocketsphinxSettings) -> Self {
        Self { settings }
    }
}

impl Stt for OfflineStt {
    fn transcribe<'a>(&'a self, _pcm: Arc<[i16]>, _hints: &'a Hints) -> Answer<'a, Transcript> {
        let _ = &self.settings;
        Box::pin(async { Err(ProviderFault::NotInstalled) })
    }
}
