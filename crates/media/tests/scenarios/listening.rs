use crate::bench::{Bench, Mouth, tone};
use std::time::Duration;
use tandem_media::Output;
use tandem_types::media::{Codec, MediaCommand, MediaEvent};

fn listen(on: bool, index: u32) -> MediaCommand {
    MediaCommand::Listen {
        leg: crate::bench::leg(index),
        on,
        end_silence: Duration::from_millis(500),
    }
}

/// Silence, 800 ms of a loud chord, silence.
fn utterance() -> Mouth {
    let chord: Vec<i16> = tone(310.0, 800)
        .iter()
        .zip(tone(620.0, 800))
        .map(|(a, b)| a / 2 + b / 2)
        .collect();
    Mouth::Sound {
        pcm: [vec![0; 8000], chord, vec![0; 80_000]].concat(),
        at: 0,
    }
}

#[test]
fn a_relayed_leg_is_listened_to_without_holding_its_packets_up() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcma, 0.0));
    b.phones.get_mut(&x).unwrap().mouth = utterance();
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.command(listen(true, 1));
    b.run(4000);
    let at = b
        .when(|e| matches!(e, MediaEvent::SpeechStarted { .. }))
        .unwrap();
    // 1000 ms of silence, 40 ms of buffer, and the time to notice.
    assert!((1040..=1160).contains(&at), "{at}");
    assert_eq!(b.count(|e| matches!(e, MediaEvent::SpeechGoesOn { .. })), 2);
    let ended = b.events.iter().find_map(|(_, e)| match e {
        MediaEvent::SpeechEnded { segment, ms, .. } => Some((*segment, *ms)),
        _ => None,
    });
    let (segment, ms) = ended.unwrap();
    assert!((780..=840).contains(&ms), "{ms}");
    let pcm = b.wants.iter().find_map(|o| match o {
        Output::Segment { segment: s, pcm } if *s == segment => Some(pcm),
        _ => None,
    });
    let pcm = pcm.unwrap();
    assert!(
        (1550..=1750).contains(&(pcm.len() / 8)),
        "{} ms",
        pcm.len() / 8
    );
    let relayed = b.phones[&y].heard(1100, 1700);
    assert!(tandem_codec::ToneMeter::default().share(&relayed, 310.0) > 0.4);
}

#[test]
fn keys_are_not_speech_and_switching_off_drops_the_segment() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 0.0);
    b.command(listen(true, 1));
    b.run(500);
    b.phones.get_mut(&x).unwrap().mouth = Mouth::Sound {
        pcm: Vec::new(),
        at: 0,
    };
    b.phones.get_mut(&x).unwrap().keys.press("123456789");
    b.run(3000);
    assert_eq!(b.keys(x), "123456789");
    assert_eq!(
        b.count(|e| matches!(e, MediaEvent::SpeechStarted { .. })),
        0
    );
    b.phones.get_mut(&x).unwrap().mouth = utterance();
    b.run(1500);
    assert_eq!(
        b.count(|e| matches!(e, MediaEvent::SpeechStarted { .. })),
        1
    );
    b.command(listen(false, 1));
    b.run(2000);
    assert_eq!(b.count(|e| matches!(e, MediaEvent::SpeechEnded { .. })), 0);
    assert!(b.wants.is_empty());
}

#[test]
fn what_is_played_to_a_leg_is_not_heard_from_it() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 0.0);
    b.phones.get_mut(&x).unwrap().mouth = Mouth::Sound {
        pcm: Vec::new(),
        at: 0,
    };
    b.command(listen(true, 1));
    b.say(1, &[x], 600.0, 2000);
    b.run(3000);
    assert_eq!(
        b.count(|e| matches!(e, MediaEvent::SpeechStarted { .. })),
        0
    );
}
