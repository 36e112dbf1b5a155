//! The next profile's door, where the first one fails before it has said anything.

use crate::door::{Answer, ChatPart, ChatRequest, ChatStream, Line, Llm, PcmStream, Stt, Tts};
use crate::produce::produce;
use futures_util::StreamExt;
use std::sync::Arc;
use tandem_types::provider::{Hints, ProviderFault, Transcript};
use tokio::time::Instant;

/// Doors in the order in which they are asked; the fault reported when all fail is the first one's.
///
/// A fault after the first words or sound is passed on: the caller has heard them, and a second voice
/// that starts again would say them twice. All doors of a chat share its `total`.
pub struct Fallback<D: ?Sized> {
    name: String,
    doors: Arc<[Arc<D>]>,
}

impl<D: ?Sized> Fallback<D> {
    /// `name` is for the log (`fast.llm`).
    pub fn new(name: impl Into<String>, doors: Vec<Arc<D>>) -> Self {
        Self {
            name: name.into(),
            doors: doors.into(),
        }
    }
}

/// Keeps the first fault, and tells the log that the next door is asked.
struct Faults {
    name: String,
    first: Option<ProviderFault>,
}

impl Faults {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            first: None,
        }
    }
    fn add(&mut self, fault: ProviderFault) {
        tracing::warn!(provider = %self.name, ?fault, "provider failed");
        self.first.get_or_insert(fault);
    }
    fn result<T>(self) -> Result<T, ProviderFault> {
        Err(self.first.unwrap_or(ProviderFault::NotConfigured))
    }
}

impl Stt for Fallback<dyn Stt> {
    fn transcribe<'a>(&'a self, pcm: Arc<[i16]>, hints: &'a Hints) -> Answer<'a, Transcript> {
        Box::pin(async move {
            let mut faults = Faults::new(&self.name);
            for door in &*self.doors {
                match door.transcribe(pcm.clone(), hints).await {
                    Ok(transcript) => return Ok(transcript),
                    Err(fault) => faults.add(fault),
                }
            }
            faults.result()
        })
    }
}

impl Llm for Fallback<dyn Llm> {
    fn chat(&self, request: ChatRequest) -> ChatStream {
        let (doors, mut faults) = (self.doors.clone(), Faults::new(&self.name));
        produce(move |sink| async move {
            let begun = clock();
            for door in &*doors {
                let left = request.total.saturating_sub(begun.elapsed());
                if left.is_zero() && faults.first.is_some() {
                    break;
                }
                let mut request = request.clone();
                request.total = left;
                request.first_token = request.first_token.min(left);
                let mut parts = door.chat(request);
                let mut said = false;
                loop {
                    match parts.next().await {
                        Some(Ok(ChatPart::Done)) => {
                            sink.send(ChatPart::Done).await;
                            return Ok(());
                        }
                        Some(Ok(part)) => {
                            said = true;
                            sink.send(part).await;
                        }
                        Some(Err(fault)) if said => return Err(fault),
                        Some(Err(fault)) => break faults.add(fault),
                        None if said => return Err(ProviderFault::Malformed),
                        None => break faults.add(ProviderFault::Malformed),
                    }
                }
            }
            faults.result()
        })
    }
}

impl Tts for Fallback<dyn Tts> {
    fn speak(&self, line: Line) -> PcmStream {
        let (doors, mut faults) = (self.doors.clone(), Faults::new(&self.name));
        produce(move |sink| async move {
            for door in &*doors {
                let mut chunks = door.speak(line.clone());
                let mut said = false;
                loop {
                    match chunks.next().await {
                        Some(Ok(chunk)) => {
                            said = true;
                            sink.send(chunk).await;
                        }
                        Some(Err(fault)) if said => return Err(fault),
                        Some(Err(fault)) => break faults.add(fault),
                        None => return Ok(()),
                    }
                }
            }
            faults.result()
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a driver: what is left of a real request's time"
)]
fn clock() -> Instant {
    Instant::now()
}
