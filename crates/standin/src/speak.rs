//! `/v1/audio/speech`.

use crate::{
    Shared,
    chat::authorization,
    connection::Handle,
    fault::{self, Fault},
    log::{Door, Entry},
    paced::{self, Last},
    script::Speak,
};
use axum::{
    Json,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use serde_json::Value;
use std::{f64::consts::TAU, time::Duration};

const PCM: &str = "audio/pcm";
const WAV: &str = "audio/wav";
const JSON: &str = "application/json";

pub(crate) async fn handle(
    State(shared): State<Shared>,
    ConnectInfo(handle): ConnectInfo<Handle>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Response {
    let script = shared.script().clone();
    let key = authorization(&headers);
    let mut entry = shared.log.add(Door::Speech, request.clone(), key, |nth| {
        script.fault_for(Door::Speech, nth)
    });
    if let Some(fault) = entry.fault
        && let Some(response) = fault::common(fault, &mut entry, &handle).await
    {
        return response;
    }
    let speak = Speak {
        wav: script.speak.wav || request["response_format"] == "wav",
        ..script.speak
    };
    let characters = request["input"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .count();
    let content_type = if speak.wav { WAV } else { PCM };
    let sound = sound(&speak, characters);
    match entry.fault {
        None => {
            let first = speak.first;
            let pieces = cut_up(sound, speak.rate as usize / 5).enumerate();
            let pieces =
                pieces.map(move |(i, piece)| (if i == 0 { first } else { speak.pace }, piece));
            fault::streamed(content_type, paced::body(pieces, Last::Whole, entry))
        }
        Some(fault) => broken(fault, &speak, sound, entry),
    }
}

fn broken(fault: Fault, speak: &Speak, sound: Vec<u8>, mut entry: Entry) -> Response {
    match fault {
        Fault::Slow => fault::drip(PCM, sound, entry),
        Fault::Cut => fault::cut(PCM, sound, entry),
        Fault::Endless => fault::endless(PCM, Vec::new(), vec![0; speak.rate as usize / 5], entry),
        Fault::OddAudio => {
            let mut odd = sound;
            odd.push(0x7f);
            let pieces = cut_up(odd, 333).map(|piece| (Duration::ZERO, piece));
            fault::streamed(PCM, paced::body(pieces, Last::Whole, entry))
        }
        _ => {
            entry.sent();
            match fault {
                Fault::MalformedJson => fault::typed(StatusCode::OK, JSON, "{\"audio\":\"UklGR"),
                Fault::WrongTypes => {
                    fault::typed(StatusCode::OK, JSON, "{\"error\":{\"message\":7}}")
                }
                Fault::DoubledEnd => {
                    // A second file glued to the first.
                    let wav =
                        |bytes: &[u8]| [header(speak.rate, bytes.len()), bytes.to_vec()].concat();
                    fault::typed(StatusCode::OK, WAV, [wav(&sound), wav(&[])].concat())
                }
                Fault::BadUtf8 => {
                    let mut response = fault::typed(StatusCode::OK, PCM, sound);
                    if let Ok(value) = HeaderValue::from_bytes(b"audio/pcm; note=\xff\xfe") {
                        response.headers_mut().insert(header::CONTENT_TYPE, value);
                    }
                    response
                }
                _ => fault::typed(StatusCode::OK, PCM, Vec::new()),
            }
        }
    }
}

/// The tone as bytes, with a header where the script wants one.
fn sound(speak: &Speak, characters: usize) -> Vec<u8> {
    let samples = characters * speak.ms_per_char as usize * speak.rate as usize / 1000;
    let step = TAU * speak.hz / f64::from(speak.rate.max(1));
    let tone = (0..samples).flat_map(|n| (((n as f64 * step).sin() * 8000.0) as i16).to_le_bytes());
    if speak.wav {
        header(speak.rate, samples * 2)
            .into_iter()
            .chain(tone)
            .collect()
    } else {
        tone.collect()
    }
}

fn header(rate: u32, bytes: usize) -> Vec<u8> {
    let bytes = bytes as u32;
    let mut header = b"RIFF".to_vec();
    header.extend_from_slice(&(bytes + 36).to_le_bytes());
    header.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    header.extend_from_slice(&rate.to_le_bytes());
    header.extend_from_slice(&(rate * 2).to_le_bytes());
    header.extend_from_slice(b"\x02\0\x10\0data");
    header.extend_from_slice(&bytes.to_le_bytes());
    header
}

fn cut_up(bytes: Vec<u8>, size: usize) -> impl Iterator<Item = Bytes> {
    let mut rest = Bytes::from(bytes);
    std::iter::from_fn(move || {
        let size = size.min(rest.len());
        (size > 0).then(|| rest.split_to(size))
    })
}
