//! `/v1/audio/transcriptions`.

use crate::{
    Shared,
    chat::{authorization, bad_json},
    connection::Handle,
    fault,
    log::Door,
    paced,
    script::{Hear, Script},
};
use axum::{
    Json,
    extract::{ConnectInfo, Multipart, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use tandem_codec::ToneMeter;

/// Of the power, at least this much must be the tone: speech spreads its power wider.
const SHARE: f64 = 0.05;

pub(crate) async fn handle(
    State(shared): State<Shared>,
    ConnectInfo(handle): ConnectInfo<Handle>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let script = shared.script().clone();
    let Ok((fields, tone)) = read(form, &script.hear).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let key = authorization(&headers);
    let door = Door::Transcription;
    let mut entry = shared.log.add(door, Value::Object(fields), key, |nth| {
        script.fault_for(door, nth)
    });
    if let Some(fault) = entry.fault
        && let Some(response) = fault::common(fault, &mut entry, &handle).await
    {
        return response;
    }
    let answer = json!({ "text": text(&script, tone, entry.nth) });
    if let Some(response) = bad_json(&answer, &mut entry) {
        return response;
    }
    paced::pause(script.hear.delay).await;
    entry.sent();
    Json(answer).into_response()
}

fn text(script: &Script, tone: Option<usize>, nth: usize) -> String {
    let by_tone = tone
        .and_then(|tone| script.hear.tones.get(tone))
        .map(|(_, text)| text.clone());
    by_tone
        .or_else(|| script.hear.in_order.get(nth - 1).cloned())
        .unwrap_or_default()
}

/// The form's fields, and which tone of the script the file holds.
async fn read(mut form: Multipart, hear: &Hear) -> Result<(Map<String, Value>, Option<usize>), ()> {
    let (mut fields, mut tone) = (Map::new(), None);
    while let Some(field) = form.next_field().await.map_err(drop)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let bytes = field.bytes().await.map_err(drop)?;
            let (rate, pcm) = wav(&bytes).ok_or(())?;
            tone = strongest(hear, rate, &pcm);
            let ms = pcm.len() as u64 * 1000 / u64::from(rate.max(1));
            let hz = tone.map(|tone| hear.tones[tone].0);
            fields.insert(
                name,
                json!({ "bytes": bytes.len(), "rate": rate, "ms": ms, "tone": hz }),
            );
        } else {
            fields.insert(name, field.text().await.map_err(drop)?.into());
        }
    }
    Ok((fields, tone))
}

fn strongest(hear: &Hear, rate: u32, pcm: &[i16]) -> Option<usize> {
    let meter = ToneMeter::new(rate);
    // In windows of 50 ms: a tone need not be steady in phase over the whole recording.
    let share = |hz: f64| {
        let (mut tone, mut all) = (0.0, 0.0);
        for window in pcm.chunks((rate / 20).max(1) as usize) {
            let power: f64 = window.iter().map(|s| f64::from(*s).powi(2)).sum();
            tone += meter.share(window, hz) * power;
            all += power;
        }
        if all < 1.0 { 0.0 } else { tone / all }
    };
    let shares = hear.tones.iter().map(|(hz, _)| share(*hz)).enumerate();
    shares
        .filter(|(_, share)| *share >= SHARE)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(tone, _)| tone)
}

/// Rate and samples of a plain mono WAV of 16 bits: what our own client sends.
fn wav(bytes: &[u8]) -> Option<(u32, Vec<i16>)> {
    let header = bytes.get(..44)?;
    if &header[..4] != b"RIFF" || &header[8..16] != b"WAVEfmt " || &header[36..40] != b"data" {
        return None;
    }
    let rate = u32::from_le_bytes([header[24], header[25], header[26], header[27]]);
    let samples = bytes[44..]
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]));
    Some((rate, samples.collect()))
}
