//! `POST /audio/transcriptions`: one utterance as a WAV of 16 kHz, answered with JSON.

use super::http::{OpenAi, body, send};
use crate::door::{Answer, SAMPLE_RATE, Stt};
use crate::wav;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use std::sync::Arc;
use tandem_codec::resample;
use tandem_types::provider::{Hints, ProviderFault, Transcript};
use tokio::time::timeout;

/// What these models are trained on; some servers refuse 8 kHz.
const RATE: u32 = 16_000;
/// The longest answer.
const MAX_BODY: usize = 256 << 10;
/// Whisper reads the last 224 tokens of a prompt; more is wasted.
const MAX_PROMPT: usize = 600;

#[derive(Deserialize)]
struct Heard {
    text: String,
}

impl Stt for OpenAi {
    fn transcribe<'a>(&'a self, pcm: Arc<[i16]>, hints: &'a Hints) -> Answer<'a, Transcript> {
        Box::pin(async move {
            if pcm.is_empty() {
                return Ok(Transcript::default());
            }
            let answer = async {
                let response = send(
                    self.post(&["audio", "transcriptions"])
                        .multipart(self.form(&pcm, hints)?),
                )
                .await?;
                // No transcript is as long: this is none.
                let long = |fault| match fault {
                    ProviderFault::TooLarge => ProviderFault::Malformed,
                    other => other,
                };
                body(response, MAX_BODY).await.map_err(long)
            };
            let answer = timeout(self.limits.transcription, answer)
                .await
                .map_err(|_| ProviderFault::TimedOut)??;
            let heard: Heard =
                serde_json::from_slice(&answer).map_err(|_| ProviderFault::Malformed)?;
            Ok(Transcript {
                text: heard.text.trim().to_owned(),
                confidence: 1000,
                rejected: false,
            })
        })
    }
}

impl OpenAi {
    fn form(&self, pcm: &[i16], hints: &Hints) -> Result<Form, ProviderFault> {
        let sound = wav::write(RATE, &resample::whole(pcm, SAMPLE_RATE, RATE));
        let file = Part::bytes(sound)
            .file_name("speech.wav")
            .mime_str("audio/wav");
        let file = file.map_err(|_| ProviderFault::Malformed)?;
        let mut form = Form::new()
            .part("file", file)
            .text("model", self.model.clone())
            .text("response_format", "json");
        // ISO 639-1 is what these servers know: the first part of BCP 47, where it has two letters.
        let language = hints.language.split(['-', '_']).next().unwrap_or_default();
        if language.len() == 2 && language.bytes().all(|b| b.is_ascii_alphabetic()) {
            form = form.text("language", language.to_ascii_lowercase());
        }
        let prompt = prompt(&hints.phrases);
        if !prompt.is_empty() {
            form = form.text("prompt", prompt);
        }
        Ok(form)
    }
}

/// As many phrases as fit.
fn prompt(phrases: &[String]) -> String {
    let mut prompt = String::new();
    for phrase in phrases {
        if prompt.len() + phrase.len() + 2 > MAX_PROMPT {
            break;
        }
        if !prompt.is_empty() {
            prompt.push_str(", ");
        }
        prompt.push_str(phrase);
    }
    prompt
}
