//! Who sounds how, and the files that phones play.

use super::audio::loudest;
use std::f64::consts::TAU;
use tandem_codec::{Law, RATE};

/// The caller's, which is never looked for under music.
pub(crate) const CALLER: f64 = 465.0;
/// Tones in the gaps of the built-in hold music: none of its notes, partials or onsets is near them (the test below), so
/// that each can be told from it, and from the others, by its frequency alone.
/// This one is the person's at the first desk phone.
pub(crate) const PERSON: f64 = 2225.0;
/// Another person.
pub(crate) const OTHER: f64 = 2505.0;
/// The AI's voice, as the stand-in speaks it.
pub(crate) const AI: f64 = 1245.0;
/// The voice of a brief.
pub(crate) const BRIEF: f64 = 3065.0;

/// -12 dBov: as loud as a good telephone line.
pub(crate) const LOUD: f64 = 11_500.0;

/// So many milliseconds of a tone.
pub(crate) fn tone(hz: f64, ms: usize) -> Vec<i16> {
    tone_at(RATE, hz, ms)
}

/// The same at another rate.
pub(crate) fn tone_at(rate: u32, hz: f64, ms: usize) -> Vec<i16> {
    let step = TAU * hz / f64::from(rate);
    (0..ms * rate as usize / 1000)
        .map(|n| ((n as f64 * step).sin() * LOUD) as i16)
        .collect()
}

/// So many milliseconds of nothing.
pub(crate) fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * 8]
}

/// Samples as a raw G.711 file, which SIPp plays.
pub(crate) fn coded(law: Law, pcm: &[i16]) -> Vec<u8> {
    pcm.iter().map(|s| law.encode(*s)).collect()
}

/// Samples as a WAV file of 16 bits, which baresip has for its microphone.
pub(crate) fn wav(rate: u32, pcm: &[i16]) -> Vec<u8> {
    let bytes = u32::try_from(pcm.len() * 2).expect("a short sound");
    let mut out = Vec::with_capacity(44 + pcm.len() * 2);
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(bytes + 36).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    out.extend_from_slice(&rate.to_le_bytes());
    out.extend_from_slice(&(rate * 2).to_le_bytes());
    out.extend_from_slice(b"\x02\0\x10\0data");
    out.extend_from_slice(&bytes.to_le_bytes());
    out.extend(pcm.iter().flat_map(|s| s.to_le_bytes()));
    out
}

/// What a tone's test in a caller's stream may find where nobody leaks: the music alone, coded as on the wire.
#[test]
fn the_hold_music_holds_nobodys_tone() {
    let music: Vec<i16> = tandem_codec::music::built_in()
        .iter()
        .map(|s| Law::A.decode(Law::A.encode(*s)))
        .collect();
    for hz in [PERSON, OTHER, AI, BRIEF] {
        let found = loudest(&music, hz);
        eprintln!("{hz} Hz with {found:.0} of 32767 in the hold music");
        assert!(found < LOUD / 200.0, "{hz} Hz with {found:.0}");
    }
    // Beside a note it would: E5 is at 659 Hz, and its onsets reach 625 Hz with a twenty-fifth of a voice.
    assert!(loudest(&music, 659.3) > LOUD / 4.0);
    assert!(loudest(&music, 625.0) > LOUD / 50.0);
}
