//! Recordings: what is on which side, in a bridge and with players, in a pause, and with the tone.

use super::bench::{Bench, CALL, leg};
use std::time::Duration;
use tandem_codec::ToneMeter;
use tandem_media::{Output, Recorded};
use tandem_types::{
    LegId, MessageId,
    media::{
        Codec::{G722, Opus, Pcma, Pcmu},
        Lane, MediaCommand, MediaEvent, Sound,
    },
    recording::Track,
};

const CALLER: f64 = 500.0;
const PERSON: f64 = 1100.0;
const OTHER: f64 = 1900.0;
const AI: f64 = 2600.0;

fn record(b: &mut Bench, leg: LegId) {
    b.command(MediaCommand::Record {
        leg,
        file: "a.wav".into(),
        tone: None,
    });
}

/// Left and right of what was recorded.
fn sides(b: &Bench) -> [Vec<i16>; 2] {
    let pieces = b.wants.iter().filter_map(|o| match o {
        Output::Recorded {
            track: Track::Call(CALL),
            what: Recorded::Sound(pcm),
        } => Some(pcm.as_slice()),
        _ => None,
    });
    let all: Vec<i16> = pieces.flatten().copied().collect();
    [0, 1].map(|side| all.iter().skip(side).step_by(2).copied().collect())
}

/// The share of a tone in a side from `from` to `to` (ms of the recording).
fn share(side: &[i16], (from, to): (usize, usize), hz: f64) -> f64 {
    ToneMeter::default().share(&side[from * 8..to * 8], hz)
}

fn bridge(codecs: [tandem_types::media::Codec; 2]) -> (Bench, LegId, LegId) {
    let mut b = Bench::new();
    let a = b.phone(1, codecs[0], CALLER);
    let p = b.phone(2, codecs[1], PERSON);
    b.connect(&[(a, &[p]), (p, &[a])]);
    b.run(200);
    record(&mut b, a);
    (b, a, p)
}

fn close(b: &mut Bench) {
    b.command(MediaCommand::CloseCall { call: CALL });
    assert!(matches!(
        b.wants.last(),
        Some(Output::Recorded {
            what: Recorded::End,
            ..
        })
    ));
}

#[test]
fn a_relayed_bridge_has_the_caller_left_and_the_person_right() {
    let narrow = [[Pcma, Pcma], [Pcma, Pcmu]];
    let wide = [[G722, Pcma], [G722, G722], [Opus, Pcma], [Pcmu, Opus]];
    let both_opus = [[Opus, G722], [Opus, Opus]];
    for codecs in narrow.into_iter().chain(wide).chain(both_opus) {
        let (mut b, a, p) = bridge(codecs);
        b.run(3000);
        close(&mut b);
        let [left, right] = sides(&b);
        assert_eq!(left.len(), right.len());
        assert!((23_000..25_000).contains(&left.len()), "{}", left.len());
        assert!(share(&left, (300, 2900), CALLER) > 0.95, "{codecs:?}");
        assert!(share(&right, (300, 2900), PERSON) > 0.95, "{codecs:?}");
        assert!(share(&left, (300, 2900), PERSON) < 0.01, "{codecs:?}");
        assert!(share(&right, (300, 2900), CALLER) < 0.01, "{codecs:?}");
        // Nobody hears anything of it.
        b.phones[&a].assert_one_stream();
        b.phones[&p].assert_one_stream();
    }
}

#[test]
fn words_to_the_caller_are_right_and_what_a_person_is_told_in_private_is_nowhere() {
    let mut b = Bench::new();
    let a = b.phone(1, Pcma, CALLER);
    let p = b.phone(2, Pcma, PERSON);
    record(&mut b, a);
    b.say(1, &[a], AI, 1500);
    // The person is briefed, and talks to the brief: the caller hears neither.
    b.say(2, &[p], OTHER, 1500);
    b.run(1900);
    b.play(3, &[a], Sound::Music { file: None }, Lane::Background);
    b.run(1500);
    close(&mut b);
    let [left, right] = sides(&b);
    assert!(share(&right, (200, 1400), AI) > 0.95);
    for hz in [PERSON, OTHER] {
        assert!(share(&right, (0, 3000), hz) < 0.01, "{hz}");
        assert!(share(&left, (0, 3000), hz) < 0.01, "{hz}");
    }
    assert!(share(&left, (300, 3000), CALLER) > 0.95);
    let music = &right[2200 * 8..3000 * 8];
    assert!(music.iter().any(|s| s.abs() > 1000), "what they wait with");
}

#[test]
fn in_a_room_all_others_are_right() {
    let mut b = Bench::new();
    let (x, y, z) = (
        b.phone(1, Pcma, CALLER),
        b.phone(2, Pcmu, PERSON),
        b.phone(3, G722, OTHER),
    );
    b.connect(&[(x, &[y, z]), (y, &[x, z]), (z, &[x, y])]);
    record(&mut b, x);
    b.run(2000);
    // The first one leaves: what another says and hears goes on in the same recording.
    b.command(MediaCommand::CloseLeg { leg: x });
    b.connect(&[(y, &[z]), (z, &[y])]);
    record(&mut b, y);
    b.run(2000);
    close(&mut b);
    let [left, right] = sides(&b);
    for hz in [PERSON, OTHER] {
        let there = share(&right, (400, 1900), hz);
        assert!((0.4..0.6).contains(&there), "{hz}: {there}");
    }
    assert!(share(&left, (400, 1900), CALLER) > 0.95);
    assert!(share(&left, (2400, 3900), PERSON) > 0.95);
    assert!(share(&right, (2400, 3900), OTHER) > 0.95);
    let begun = |o: &&Output| {
        matches!(
            o,
            Output::Recorded {
                what: Recorded::Begin(_),
                ..
            }
        )
    };
    assert_eq!(b.wants.iter().filter(begun).count(), 1);
}

#[test]
fn a_pause_is_silence_of_its_length_without_sound_or_keys_on_either_side() {
    let (mut b, a, _) = bridge([Pcma, Pcma]);
    b.run(1000);
    b.command(MediaCommand::PauseRecording {
        call: CALL,
        paused: true,
    });
    // Keys by sound, and by telephone-event.
    b.phones.get_mut(&a).unwrap().keys.press("4111");
    b.run(2000);
    b.command(MediaCommand::PauseRecording {
        call: CALL,
        paused: false,
    });
    b.run(1000);
    close(&mut b);
    assert_eq!(b.keys(a), "4111", "they are keys all the same");
    for (side, hz) in sides(&b).iter().zip([CALLER, PERSON]) {
        assert!(side[1020 * 8..2980 * 8].iter().all(|s| *s == 0));
        assert!(share(side, (200, 980), hz) > 0.95);
        assert!(share(side, (3100, 3900), hz) > 0.95);
    }
}

#[test]
fn a_tone_every_fifteen_seconds_is_heard_by_both_and_the_bridge_is_relayed_between() {
    let mut b = Bench::new();
    let a = b.phone(1, Pcma, 0.0);
    let p = b.phone(2, Pcma, 0.0);
    b.connect(&[(a, &[p]), (p, &[a])]);
    b.run(200);
    b.command(MediaCommand::Record {
        leg: a,
        file: "a.wav".into(),
        tone: Some(Duration::from_secs(15)),
    });
    b.run(31_000);
    for id in [a, p] {
        let heard = b.phones[&id].came.iter();
        let mut times: Vec<u64> = heard.map(|c| c.at / 1000).collect();
        times.dedup();
        // Neither says anything, so a relayed leg is sent nothing: there are packets around the tones alone.
        assert!(times.len() <= 6, "{times:?}");
        for second in [0, 15, 30] {
            let from = 200 + second * 1000;
            assert!(b.phones[&id].share(from, from + 400, 1400.0) > 0.9);
        }
    }
    let asked = |e: &MediaEvent| {
        matches!(
            e,
            MediaEvent::PlayStarted { .. } | MediaEvent::PlayFinished { .. }
        )
    };
    assert_eq!(b.count(asked), 0, "no player of the call's");
    close(&mut b);
    let [_, right] = sides(&b);
    assert!(
        share(&right, (15_000, 15_200), 1400.0) > 0.5,
        "what they heard"
    );
}

#[test]
fn what_cannot_be_recorded_is_told() {
    let mut b = Bench::new();
    record(&mut b, leg(1));
    let ended = |e: &MediaEvent| matches!(e, MediaEvent::RecordingEnded { call: CALL, .. });
    assert_eq!(b.count(ended), 1);
    assert!(b.wants.is_empty());
}

/// A message beside the recording of its call: what the caller says, and nothing of what they hear; it goes on for as long as it is
/// wanted, and another one may follow.
#[test]
fn a_message_is_what_the_caller_says() {
    let mut b = Bench::new();
    let a = b.phone(1, Pcma, CALLER);
    b.connect(&[]);
    b.run(200);
    record(&mut b, a);
    let message = |index| MessageId { call: CALL, index };
    let begin = |b: &mut Bench, index| {
        b.command(MediaCommand::RecordMessage {
            message: message(index),
            leg: a,
            file: format!("{index}.wav"),
        });
    };
    begin(&mut b, 1);
    b.run(2000);
    begin(&mut b, 2);
    let refused = |e: &MediaEvent| matches!(e, MediaEvent::MessageRecorded { message, .. } if message.index == 2);
    assert_eq!(b.count(refused), 1, "one at a time");
    b.command(MediaCommand::EndMessage {
        message: message(2),
    });
    b.run(1000);
    b.command(MediaCommand::EndMessage {
        message: message(1),
    });
    b.run(500);
    begin(&mut b, 3);
    b.run(1000);
    close(&mut b);
    let of = |index| {
        let pieces = b.wants.iter().filter_map(|o| match o {
            Output::Recorded {
                track: Track::Message(m),
                what: Recorded::Sound(pcm),
            } if m.index == index => Some(pcm.as_slice()),
            _ => None,
        });
        pieces.flatten().copied().collect::<Vec<i16>>()
    };
    let (one, three) = (of(1), of(3));
    assert_eq!((one.len(), three.len()), (24_000, 8000));
    assert!(share(&one, (300, 2900), CALLER) > 0.95);
    assert!(share(&three, (100, 900), CALLER) > 0.95);
    assert_eq!(sides(&b)[0].len(), 36_000, "the call's own went on");
    let ends = |o: &&Output| {
        matches!(
            o,
            Output::Recorded {
                track: Track::Message(_),
                what: Recorded::End
            }
        )
    };
    assert_eq!(b.wants.iter().filter(ends).count(), 2);
}
