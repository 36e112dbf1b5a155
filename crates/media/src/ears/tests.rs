use super::*;
use crate::output::EngineConfig;
use std::{collections::VecDeque, f64::consts::TAU};
use tandem_codec::Law;
use tandem_types::{CallId, Now, Rng};

mod noisy_lines;

const LEG: LegId = LegId {
    call: CallId(1),
    index: 1,
};

/// Syllables of a buzz with formants: 4 a second, each with its own pitch and vowel.
fn voice(ms: usize, db: f64) -> Vec<i16> {
    let gain = 32768.0 * 10f64.powf(db / 20.0);
    (0..ms * 8)
        .map(|i| {
            let t = i as f64 / 8000.0;
            let syllable = (t * 4.0) as usize;
            let f0 = 105.0 + 10.0 * (syllable % 5) as f64 - 12.0 * (t * 4.0).fract();
            let formants = [
                [700.0, 1200.0, 2500.0],
                [300.0, 2200.0, 2900.0],
                [500.0, 900.0, 2400.0],
            ][syllable % 3];
            let envelope = (TAU / 2.0 * (t * 4.0).fract()).sin().powf(0.5);
            let sum: f64 = (1..30)
                .map(|k| {
                    let hz = f0 * f64::from(k);
                    let g: f64 = formants
                        .iter()
                        .map(|f| 1.0 / (1.0 + ((hz - f) / 90.0).powi(2)))
                        .sum();
                    g * (TAU * hz * t).sin()
                })
                .sum();
            (sum * envelope * gain) as i16
        })
        .collect()
}

fn noise(ms: usize, db: f64, rng: &mut Rng) -> Vec<i16> {
    let gain = 32768.0 * 10f64.powf(db / 20.0) * 3f64.sqrt();
    (0..ms * 8)
        .map(|_| ((f64::from(rng.u32()) / f64::from(u32::MAX) * 2.0 - 1.0) * gain) as i16)
        .collect()
}

#[derive(Default, Debug)]
struct Told {
    started: Vec<usize>,
    goes_on: Vec<u32>,
    ended: Vec<(usize, u32)>,
    pcm: Vec<Vec<i16>>,
}

/// What is told about a sound that went through mu-law; times in ms of the sound.
fn told(sound: &[i16], end_ms: u64, key: impl Fn(usize) -> bool) -> Told {
    let config = EngineConfig::default();
    let mut ears = Ears::new(Duration::from_millis(end_ms));
    let (mut next, mut told) = (0, Told::default());
    for (i, chunk) in sound.chunks_exact(FRAME).enumerate() {
        let frame: [i16; FRAME] = std::array::from_fn(|j| Law::Mu.decode(Law::Mu.encode(chunk[j])));
        let mut outputs = VecDeque::new();
        let mut context = Context {
            now: Now::default(),
            config: &config,
            outputs: &mut outputs,
        };
        ears.hear(LEG, &frame, key(i * 10), &mut next, &mut context);
        for output in outputs {
            match output {
                Output::Event(MediaEvent::SpeechStarted { .. }) => told.started.push(i * 10),
                Output::Event(MediaEvent::SpeechGoesOn { ms, .. }) => told.goes_on.push(ms),
                Output::Event(MediaEvent::SpeechEnded { ms, .. }) => told.ended.push((i * 10, ms)),
                Output::Segment { pcm, .. } => told.pcm.push(pcm),
                other => panic!("{other:?}"),
            }
        }
    }
    told
}

fn join(parts: &[&[i16]]) -> Vec<i16> {
    parts.concat()
}

fn add(a: &[i16], b: &[i16]) -> Vec<i16> {
    a.iter().zip(b).map(|(a, b)| a.saturating_add(*b)).collect()
}

#[test]
fn speech_is_noticed_within_100_ms_and_ends_after_the_silence_asked_for() {
    // A buzz is hardly a voice to the detector: softer ones are people's, in `noisy_lines`.
    for db in [-16.0, -20.0] {
        let sound = join(&[&[0; 8000], &voice(1500, db), &[0; 16_000]]);
        let told = told(&sound, 600, |_| false);
        assert_eq!(told.started.len(), 1, "{db}: {told:?}");
        assert!(
            (1000..=1110).contains(&told.started[0]),
            "{db}: {:?}",
            told.started
        );
        assert!(
            told.goes_on.len() == 2 && told.goes_on[0] < 240 && told.goes_on[1] < 540,
            "{:?}",
            told.goes_on
        );
        let (at, ms) = told.ended[0];
        assert!((1400..=1600).contains(&ms), "{db}: {ms} ms");
        assert!((3000..=3250).contains(&at), "{db}: ended at {at}");
        // 300 ms of silence in front, then the voice, then the silence that ended it.
        let pcm = &told.pcm[0];
        assert!(
            (2300..=2560).contains(&(pcm.len() / 8)),
            "{} ms",
            pcm.len() / 8
        );
        assert!(pcm[..2000].iter().all(|s| s.abs() < 100));
    }
}

#[test]
fn pauses_shorter_than_the_silence_do_not_cut() {
    let sound = join(&[
        &[0; 4000],
        &voice(600, -22.0),
        &[0; 3200],
        &voice(600, -22.0),
        &[0; 12_000],
    ]);
    assert_eq!(told(&sound, 600, |_| false).ended.len(), 1);
    assert_eq!(told(&sound, 300, |_| false).ended.len(), 2);
}

#[test]
fn noise_alone_is_not_speech_and_speech_over_it_is() {
    let mut rng = Rng::seeded(4);
    for db in [-60.0, -50.0, -42.0] {
        let quiet = noise(6000, db, &mut rng);
        assert_eq!(told(&quiet, 500, |_| false).started.len(), 0, "{db} dBov");
        let speech = join(&[&[0; 16_000], &voice(1500, -22.0), &[0; 20_000]]);
        let told = told(&add(&speech, &quiet), 500, |_| false);
        assert_eq!((told.started.len(), told.ended.len()), (1, 1), "{db} dBov");
        assert!(
            (2000..=2130).contains(&told.started[0]),
            "{db}: {:?}",
            told.started
        );
    }
}

#[test]
fn clicks_and_keys_are_not_speech() {
    let mut clicks = vec![0i16; 32_000];
    let mut rng = Rng::seeded(9);
    for start in (0..32_000).step_by(1500) {
        for s in &mut clicks[start..start + 120] {
            *s = (rng.u32() >> 17) as i16 - 16_384;
        }
    }
    assert_eq!(told(&clicks, 500, |_| false).started.len(), 0);
    let sound = join(&[&[0; 4000], &voice(1000, -20.0), &[0; 4000]]);
    assert_eq!(told(&sound, 500, |_| true).started.len(), 0);
}

#[test]
fn a_segment_is_cut_after_20_seconds() {
    let told = told(&voice(45_000, -22.0), 500, |_| false);
    assert!(told.ended.len() >= 2, "{:?}", told.ended);
    assert!(told.pcm.iter().all(|p| p.len() <= LONGEST + FRAME));
    assert_eq!(told.ended[0].0 / 1000, 19);
}
