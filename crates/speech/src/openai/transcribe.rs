//! t
use super::http::OpenAi;
use crate::door::{Answer, Stt};
use std::sync::Arc;
use tandem_types::provider::{Hints, ProviderFault, Transcript};
impl Stt for OpenAi {
    fn transcribe<'a>(&'a self, _pcm: Arc<[i16]>, _hints: &'a Hints) -> Answer<'a, Transcript> {
        Box::pin(async { Err(ProviderFault::NotConfigured) })
    }
}
