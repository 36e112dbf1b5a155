//! `POST /audio/speech`: raw PCM as it is made, or a WAV where a server sends that instead.

use super::http::{OpenAi, send};
use crate::door::{Line, MAX_CHUNK, PcmStream, SAMPLE_RATE, Tts};
use crate::offline;
use crate::produce::{Sink, produce};
use crate::wav::{self, Sniff};
use futures_util::StreamExt;
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use tandem_codec::Resampler;
use tandem_types::provider::ProviderFault;
use tokio::time::timeout;

/// OpenAI's PCM.
const RATE: u32 = 24_000;
/// A line never lasts longer than this for each of its characters, and a little: more is not that line.
const MAX_MS_PER_CHAR: u64 = 400;
const MAX_MS: u64 = 10_000;

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a str,
    voice: &'a str,
    response_format: &'a str,
}

impl Tts for OpenAi {
    fn speak(&self, line: Line) -> PcmStream {
        let named = Some(line.voice.as_str())
            .filter(|voice| !voice.is_empty() && !offline::is_offline_voice(voice));
        let voice = named.or(self.voice.as_deref()).unwrap_or("alloy");
        let request = Request {
            model: &self.model,
            input: &line.text,
            voice,
            response_format: "pcm",
        };
        let post = self.post(&["audio", "speech"]).json(&request);
        let (rate, limits) = (self.sample_rate.unwrap_or(RATE), self.limits.clone());
        let characters = line.text.chars().count() as u64;
        let most = (MAX_MS + MAX_MS_PER_CHAR * characters) * u64::from(SAMPLE_RATE) / 1000;
        let silent = line.text.trim().is_empty();
        produce(move |sink| async move {
            if silent {
                return Ok(());
            }
            let begin = async { Sound::begin(post, rate).await };
            let mut sound = timeout(limits.first_sound, begin)
                .await
                .map_err(|_| ProviderFault::TimedOut)??;
            // A whole chunk must come in time, not only a byte of it: a drip is a stall too.
            while let Some(chunk) = timeout(limits.sound_stall, sound.chunk())
                .await
                .map_err(|_| ProviderFault::TimedOut)??
            {
                say(&sink, chunk).await;
                if sound.made > most {
                    return Err(ProviderFault::Malformed);
                }
            }
            if sound.made == 0 {
                Err(ProviderFault::Malformed)
            } else {
                Ok(())
            }
        })
    }
}

async fn say(sink: &Sink<Vec<i16>>, chunk: Vec<i16>) {
    if !chunk.is_empty() {
        sink.send(chunk).await;
    }
}

/// Sound as it comes in.
struct Sound {
    bytes: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    /// Bytes that are not yet samples.
    rest: Vec<u8>,
    /// Bytes of sound that the WAV header promises and that are still to come.
    left: Option<u64>,
    channels: u16,
    resampler: Resampler,
    /// 8 kHz samples that are not yet sent.
    ready: Vec<i16>,
    over: bool,
    /// 8 kHz samples sent.
    made: u64,
}

impl Sound {
    /// Waits for the first bytes, and finds out what they are.
    async fn begin(post: reqwest::RequestBuilder, rate: u32) -> Result<Self, ProviderFault> {
        let response = send(post).await?;
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_lowercase());
        let rate = kind
            .as_deref()
            .map_or(Ok(Some(rate)), |kind| rate_of(kind, rate))?;
        let mut bytes = response.bytes_stream().boxed();
        let mut head = Vec::new();
        let (format, left) = loop {
            match wav::sniff(&head) {
                Sniff::Wav(format) => break (Some(format), wav::length(&head, &format)),
                Sniff::Not if !head.is_empty() => break (None, None),
                Sniff::Broken => return Err(ProviderFault::Malformed),
                _ => {}
            }
            match bytes.next().await {
                Some(chunk) => {
                    head.extend_from_slice(&chunk.map_err(|_| ProviderFault::Malformed)?)
                }
                None if head.is_empty() => return Err(ProviderFault::Malformed),
                // Shorter than any header: it was no WAV.
                None => break (None, None),
            }
        };
        // A type that promises a container, and none in the bytes.
        let from = format
            .map(|format| format.rate)
            .or(rate)
            .ok_or(ProviderFault::Malformed)?;
        if let Some(format) = format {
            head.drain(..format.data_at);
        }
        Ok(Self {
            bytes,
            rest: head,
            left,
            channels: format.map_or(1, |format| format.channels),
            resampler: Resampler::new(from, SAMPLE_RATE),
            ready: Vec::new(),
            over: false,
            made: 0,
        })
    }

    /// The next full chunk, or what is left at the end, then `None`.
    async fn chunk(&mut self) -> Result<Option<Vec<i16>>, ProviderFault> {
        while self.ready.len() < MAX_CHUNK && !self.over {
            self.convert();
            if self.left == Some(0) {
                // What follows the promised length is another file or a footer, and would be a click.
                self.over = true;
            } else if self.ready.len() < MAX_CHUNK {
                match self.bytes.next().await {
                    Some(chunk) => self
                        .rest
                        .extend_from_slice(&chunk.map_err(|_| ProviderFault::Malformed)?),
                    None => self.over = true,
                }
            }
        }
        if self.ready.is_empty() {
            return Ok(None);
        }
        let rest = self.ready.split_off(self.ready.len().min(MAX_CHUNK));
        let chunk = std::mem::replace(&mut self.ready, rest);
        self.made += chunk.len() as u64;
        Ok(Some(chunk))
    }

    fn convert(&mut self) {
        let frame = usize::from(self.channels) * 2;
        let most = self.left.map_or(usize::MAX, |left| {
            usize::try_from(left).unwrap_or(usize::MAX)
        });
        let whole = self.rest.len().min(most) / frame * frame;
        let pcm = wav::to_mono(&wav::samples(&self.rest[..whole]), self.channels);
        self.rest.drain(..whole);
        if let Some(left) = &mut self.left {
            *left -= whole as u64;
            if *left < frame as u64 {
                *left = 0;
            }
        }
        self.resampler.process(&pcm, &mut self.ready);
    }
}

/// The rate that raw sound of a type has: its own word for it, else the configured one. `None`: a
/// container, whose header must say. `Malformed`: no sound.
fn rate_of(kind: &str, configured: u32) -> Result<Option<u32>, ProviderFault> {
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let said = parameters
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("rate=")?.trim().parse().ok());
    match kind.trim() {
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => Ok(None),
        // RFC 2586: `audio/L16;rate=` is big endian, which no such server really sends; little is meant.
        kind if kind.starts_with("audio/") && !is_compressed(kind) => Ok(Some(
            said.filter(|rate| (4_000..=192_000).contains(rate))
                .unwrap_or(configured),
        )),
        "application/octet-stream" | "binary/octet-stream" | "" => Ok(Some(configured)),
        _ => Err(ProviderFault::Malformed),
    }
}

fn is_compressed(kind: &str) -> bool {
    ["mpeg", "mp3", "mp4", "ogg", "opus", "aac", "flac", "webm"]
        .iter()
        .any(|codec| kind.contains(codec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_sound() {
        assert_eq!(rate_of("audio/pcm", 24_000), Ok(Some(24_000)));
        assert_eq!(
            rate_of("audio/pcm; rate=16000; channels=1", 24_000),
            Ok(Some(16_000))
        );
        assert_eq!(rate_of("audio/pcm;rate=0", 24_000), Ok(Some(24_000)));
        assert_eq!(
            rate_of("application/octet-stream", 22_050),
            Ok(Some(22_050))
        );
        assert_eq!(rate_of("audio/x-wav", 24_000), Ok(None));
        for kind in [
            "audio/mpeg",
            "audio/ogg; codecs=opus",
            "text/html",
            "application/json",
        ] {
            assert_eq!(
                rate_of(kind, 24_000),
                Err(ProviderFault::Malformed),
                "{kind}"
            );
        }
    }
}
