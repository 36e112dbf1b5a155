//! programs
use crate::door::{Line, PcmStream, Tts};
use tandem_types::provider::ProviderFault;

/// flite and espeak-ng.
pub struct OfflineTts {
    engine: String,
}

impl OfflineTts {
    /// `flite` or `espeak-ng` speaks every line; empty chooses by voice and language.
    pub fn new(engine: &str) -> Self {
        Self { engine: engine.to_owned() }
    }
}

impl Tts for OfflineTts {
    fn speak(&self, _line: Line) -> PcmStream {
        let _ = &self.engine;
        crate::produce::produce(|_| async { Err(ProviderFault::NotInstalled) })
    }
}
