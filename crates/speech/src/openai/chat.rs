//! chat
use super::http::OpenAi;
use crate::door::{ChatRequest, ChatStream, Llm};
use tandem_types::provider::ProviderFault;
impl Llm for OpenAi {
    fn chat(&self, _r: ChatRequest) -> ChatStream {
        crate::produce::produce(|_| async { Err(ProviderFault::NotConfigured) })
    }
}
