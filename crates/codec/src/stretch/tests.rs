use super::*;
use crate::meter::{ToneMeter, level_dbov};
use std::f64::consts::TAU;

const FRAME: usize = 80;

fn tone(hz: f64, seconds: usize) -> Vec<i16> {
    let at = |i| (9000.0 * (TAU * hz * i as f64 / 8000.0).sin()) as i16;
    (0..seconds * 8000).map(at).collect()
}

/// Plays a sound, with a wish for less (positive) or more of it in every so many ticks; says what came out and how much
/// less it was.
fn through(sound: &[i16], every: usize, wish: i32, hurry: Hurry) -> (Vec<i16>, i32) {
    let mut stretch = Stretcher::default();
    let (mut out, mut at, mut gained) = (Vec::new(), 0, 0);
    for tick in 0.. {
        let wish = if tick % every == 0 { wish } else { 0 };
        let more = if wish > 0 { LONGEST } else { 0 };
        let wanted = (FRAME + more).saturating_sub(stretch.ahead());
        if at + wanted > sound.len() {
            break;
        }
        stretch.push(&sound[at..at + wanted]);
        at += wanted;
        let most = wish.unsigned_abs() as usize;
        if wish > 0 {
            gained += stretch.shorten(most, hurry) as i32;
        } else if wish < 0 {
            gained -= stretch.lengthen(most, hurry) as i32;
        }
        let mut frame = [0; FRAME];
        stretch.play(&mut frame);
        out.extend(frame);
    }
    (out, gained)
}

fn steepest(sound: &[i16]) -> i32 {
    let step = |w: &[i16]| (i32::from(w[1]) - i32::from(w[0])).abs();
    sound.windows(2).map(step).max().unwrap_or(0)
}

#[test]
fn a_tone_keeps_its_frequency_its_level_and_does_not_click() {
    for hz in [110.0, 432.1, 465.0, 1000.0, 1245.0, 1665.0, 2225.0, 3065.0] {
        for wish in [160, -160] {
            let sound = tone(hz, 4);
            let (out, gained) = through(&sound, 20, wish, Hurry::Calm);
            let joints = out.len() as i32 / 80 / 20;
            assert!(
                gained.abs() >= joints * 20,
                "{hz} Hz, {wish}: {gained} samples"
            );
            let heard = ToneMeter::default().frequency(&out, hz);
            assert!(
                (heard / hz - 1.0).abs() < 0.001,
                "{hz} Hz, {wish}: {heard} Hz"
            );
            for window in out.chunks_exact(160) {
                let db = level_dbov(window) - level_dbov(&sound[..8000]);
                assert!(db.abs() < 1.0, "{hz} Hz, {wish}: {db} dB");
            }
            let (most, was) = (steepest(&out), steepest(&sound));
            assert!(
                most <= was * 21 / 20 + 8,
                "{hz} Hz, {wish}: {most}, was {was}"
            );
        }
    }
}

#[test]
fn sound_that_nothing_is_wished_of_is_untouched() {
    let sound = tone(700.0, 1);
    let (out, gained) = through(&sound, 1, 0, Hurry::Urgent);
    assert_eq!((&sound[..out.len()], gained), (&out[..], 0));
}

/// White noise of a level: never like itself.
fn noise(level: i32, n: usize) -> Vec<i16> {
    let mut rng = tandem_types::Rng::seeded(3);
    let span = 2 * level as u64 + 1;
    (0..n)
        .map(|_| (rng.below(span) as i32 - level) as i16)
        .collect()
}

#[test]
fn what_is_not_alike_waits_for_a_pause() {
    let mut sound = noise(9000, 8000);
    let (_, gained) = through(&sound, 1, 160, Hurry::Calm);
    assert_eq!(gained, 0, "loud, and not like itself");
    let (_, gained) = through(&sound, 1, -160, Hurry::Calm);
    assert_eq!(gained, 0);
    // 100 ms of a pause, 30 dB below.
    sound.extend(noise(280, 800));
    sound.extend(noise(9000, 8000));
    for wish in [120, -120] {
        let (out, gained) = through(&sound, 1, wish, Hurry::Calm);
        assert!(gained.abs() >= 320, "{wish}: {gained} samples in 100 ms");
        let loud = out.chunks(80).filter(|w| level_dbov(w) > -30.0).count();
        assert!((190..=202).contains(&loud), "{wish}: {loud} x 10 ms");
    }
}

#[test]
fn no_more_is_taken_than_was_wished_and_less_than_the_least_is_nothing() {
    let sound = tone(400.0, 1);
    for wish in [19, 20, 39, 40, 161, 4000] {
        for sign in [1, -1] {
            let mut stretch = Stretcher::default();
            stretch.restart(&sound[..PAST]);
            stretch.push(&sound[PAST..PAST + FRAME + LONGEST]);
            let done = if sign > 0 {
                stretch.shorten(wish, Hurry::Calm)
            } else {
                stretch.lengthen(wish, Hurry::Calm)
            };
            assert_eq!(
                done,
                [0, 20, 40, 160]
                    [usize::from(wish >= 20) + usize::from(wish >= 40) + usize::from(wish >= 160)],
                "{wish}"
            );
            let ahead = (FRAME + LONGEST) as i32 - sign * done as i32;
            assert_eq!(stretch.ahead() as i32, ahead);
            assert_eq!(stretch.waiting().len() as i32, ahead);
        }
    }
    let mut empty = Stretcher::default();
    assert_eq!(
        empty.shorten(160, Hurry::Urgent) + empty.lengthen(160, Hurry::Urgent),
        0
    );
}

#[test]
fn the_rest_is_whole_and_nothing_of_it_is_raised() {
    for hz in [432.1, 1250.0, 2225.0] {
        let sound = tone(hz, 1);
        for n in [0, 1, 17, 40, 79, 80, 81, 130, 200, 300, 413] {
            for waits in [0, n.min(60), n.min(160)] {
                let mut stretch = Stretcher::default();
                stretch.restart(&sound[..PAST]);
                stretch.push(&sound[PAST..PAST + waits]);
                let mut out = Vec::new();
                stretch.rest(&sound[PAST + waits..PAST + n], 80, &mut out);
                assert_eq!(out.len() % 80, 0, "{n}");
                assert!(out.len().abs_diff(n) <= LONGEST, "{n}: {}", out.len());
                if n % 80 == 0 {
                    assert_eq!(out, sound[PAST..PAST + n]);
                }
                let around = [&sound[..PAST], &out, &sound[PAST + n..]].concat();
                let (most, was) = (steepest(&around), steepest(&sound));
                assert!(
                    n < 17 || most <= was * 11 / 10 + 8,
                    "{hz} Hz, {n}: {most}, was {was}"
                );
                let loud = |w: &[i16]| ToneMeter::default().amplitude(w, hz) > 4500.0;
                assert!(around[..1600].chunks_exact(160).all(loud), "{hz} Hz, {n}");
            }
        }
    }
}
