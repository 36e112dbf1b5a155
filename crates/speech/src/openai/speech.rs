//! speech
use super::http::OpenAi;
use crate::door::{Line, PcmStream, Tts};
use tandem_types::provider::ProviderFault;
impl Tts for OpenAi {
    fn speak(&self, _r: Line) -> PcmStream {
        crate::produce::produce(|_| async { Err(ProviderFault::NotConfigured) })
    }
}
