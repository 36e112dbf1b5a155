//! What a scripted caller utters must be speech to the detector that the media graph uses, and the gateway's tones must not.

use earshot::Detector;
use tandem_sim::sound;
use tandem_types::Rng;

/// Share of 16 ms frames that the detector takes for speech.
fn speech(pcm: &[i16]) -> f64 {
    let mut detector = Detector::default_boxed();
    // To the detector's 16 kHz, halfway points interpolated.
    let wide: Vec<i16> = pcm
        .windows(2)
        .flat_map(|w| [w[0], ((i32::from(w[0]) + i32::from(w[1])) / 2) as i16])
        .collect();
    let frames = wide.chunks_exact(256);
    let n = frames.len() as f64;
    frames.filter(|f| detector.predict_i16(f) > 0.5).count() as f64 / n
}

#[test]
fn an_utterance_is_speech() {
    for (seed, text) in [
        (1, "I have a question about my bill"),
        (2, "yes"),
        (3, "my boiler is broken and it is cold"),
    ] {
        let pcm = sound::utterance(text, &mut Rng::seeded(seed));
        assert!(speech(&pcm) > 0.6, "{text}: {}", speech(&pcm));
    }
}

#[test]
fn a_tone_and_silence_are_not() {
    let tone = sound::tone(1200.0, std::time::Duration::from_secs(2));
    assert!(speech(&tone) < 0.05, "{}", speech(&tone));
    assert!(speech(&vec![0; 16_000]) < 0.05);
}
