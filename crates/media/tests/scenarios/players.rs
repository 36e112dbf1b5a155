use crate::bench::{Bench, player, slope, speech, tone};
use tandem_codec::meter::level_dbov;
use tandem_media::Output;
use tandem_types::media::{Codec, Lane, MediaCommand, MediaEvent, Sound};

fn music() -> Sound {
    Sound::Music { file: None }
}
fn started(index: u32) -> impl Fn(&MediaEvent) -> bool {
    move |e| {
        *e == MediaEvent::PlayStarted {
            player: player(index),
        }
    }
}
fn finished(index: u32) -> impl Fn(&MediaEvent) -> bool {
    move |e| matches!(e, MediaEvent::PlayFinished { player: p, .. } if *p == player(index))
}

#[test]
fn hold_music_is_silent_while_speech_plays_and_goes_on_after_it() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcma, 0.0);
    b.play(1, &[x], music(), Lane::Background);
    b.run(2000);
    b.say(2, &[x], 1900.0, 1000);
    b.run(3000);
    let (from, to) = (b.when(started(2)).unwrap(), b.when(finished(2)).unwrap());
    assert!(
        (2000..=2030).contains(&from) && (990..=1030).contains(&(to - from)),
        "{from} to {to}"
    );
    let phone = &b.phones[&x];
    assert!(
        phone.share(from + 40, to - 20, 1900.0) > 0.98,
        "nothing but the speech"
    );
    for (a, z) in [(500, 2000), (to + 50, to + 1500)] {
        let heard = phone.heard(a, z);
        assert!(
            level_dbov(&heard) > -36.0 && phone.share(a, z, 1900.0) < 0.1,
            "music from {a}"
        );
    }
    assert!(phone.steepest(0, b.ms) <= slope(&[1900.0]));
    phone.assert_one_stream();
    assert!(b.when(started(1)).is_some_and(|at| at <= 20));
    assert!(b.when(finished(1)).is_none(), "music has no end");
}

#[test]
fn voices_queue_in_order_and_speech_is_asked_for_at_once() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcmu, 0.0));
    b.play(1, &[x], speech(), Lane::Voice);
    b.play(2, &[x, y], speech(), Lane::Voice);
    b.play(3, &[y], speech(), Lane::Voice);
    let asked = b
        .wants
        .iter()
        .filter(|o| matches!(o, Output::NeedSpeech { .. }))
        .count();
    assert_eq!(asked, 3);
    for i in [3, 2, 1] {
        b.engine
            .push_audio(player(i), &tone(317.0 + 300.0 * f64::from(i), 400));
        b.engine.end_audio(player(i));
    }
    b.run(2000);
    let order: Vec<u64> = (1..=3)
        .flat_map(|i| [b.when(started(i)), b.when(finished(i))])
        .flatten()
        .collect();
    assert_eq!(order.len(), 6);
    assert!(order.is_sorted(), "{order:?}");
    let (from, to) = (
        b.when(started(2)).unwrap() + 40,
        b.when(finished(2)).unwrap() - 20,
    );
    let (a, c) = (b.phones[&x].heard(from, to), b.phones[&y].heard(from, to));
    assert_eq!(a, c, "two legs hear the same at the same time");
    assert!(b.phones[&y].share(from, to, 917.0) > 0.95);
    for i in 1..=3 {
        let whole = MediaEvent::PlayFinished {
            player: player(i),
            played_ms: 400,
            total_ms: 400,
            whole: true,
        };
        assert_eq!(b.count(|e| *e == whole), 1);
    }
}

#[test]
fn speech_starts_with_60_ms_and_waits_where_it_runs_dry() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 0.0);
    let p = b.play(1, &[x], speech(), Lane::Voice);
    b.run(300);
    let sound = tone(517.0, 1000);
    b.engine.push_audio(p, &sound[..50 * 8]);
    b.run(200);
    assert_eq!(b.when(started(1)), None, "50 ms are not enough");
    b.engine.push_audio(p, &sound[50 * 8..200 * 8]);
    assert_eq!(b.engine.buffered_ms(p), 200);
    b.run(700);
    assert!(b.when(started(1)).is_some_and(|at| at <= 520));
    assert_eq!(
        (b.engine.buffered_ms(p), b.when(finished(1))),
        (0, None),
        "starved, not finished"
    );
    b.engine.push_audio(p, &sound[200 * 8..]);
    b.engine.end_audio(p);
    b.run(1000);
    let whole = MediaEvent::PlayFinished {
        player: p,
        played_ms: 1000,
        total_ms: 1000,
        whole: true,
    };
    assert_eq!(b.count(|e| *e == whole), 1);
    assert!(!b.engine.push_audio(p, &sound), "gone");
    assert!(b.phones[&x].steepest(0, b.ms) <= slope(&[517.0]));
}

#[test]
fn stop_tells_how_much_was_heard_and_lets_the_next_one_speak() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 0.0);
    let p = b.say(1, &[x], 517.0, 5000);
    b.say(2, &[x], 917.0, 300);
    let unheard = b.play(3, &[x], speech(), Lane::Voice);
    b.run(1005);
    b.command(MediaCommand::Stop { player: p });
    b.command(MediaCommand::Stop { player: unheard });
    b.command(MediaCommand::Stop { player: p });
    b.run(600);
    let stopped = MediaEvent::PlayFinished {
        player: p,
        played_ms: 1000,
        total_ms: 5000,
        whole: false,
    };
    assert_eq!(b.count(|e| *e == stopped), 1);
    assert!(b.wants.contains(&Output::StopSpeech { player: unheard }));
    assert!(
        !b.wants.contains(&Output::StopSpeech { player: p }),
        "its speech was complete"
    );
    let never = MediaEvent::PlayFinished {
        player: unheard,
        played_ms: 0,
        total_ms: 0,
        whole: false,
    };
    assert_eq!(b.count(|e| *e == never), 1);
    assert!(b.when(started(2)).is_some_and(|at| at <= 1030));
    assert!(b.phones[&x].steepest(0, b.ms) <= slope(&[517.0, 917.0]));
}

#[test]
fn pause_halts_in_place_and_resume_goes_on() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 0.0);
    let p = b.say(1, &[x], 517.0, 1000);
    b.run(500);
    b.command(MediaCommand::Pause { player: p });
    b.run(1000);
    assert!(level_dbov(&b.phones[&x].heard(560, 1480)) < -80.0);
    b.command(MediaCommand::Resume { player: p });
    b.run(700);
    let at = b.when(finished(1)).unwrap();
    assert!((1990..=2040).contains(&at), "{at}");
    assert!(b.phones[&x].steepest(0, b.ms) <= slope(&[517.0]));
}

#[test]
fn speech_that_cannot_be_made_fails_once_after_what_there_is() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 0.0);
    let (nothing, half) = (
        b.play(1, &[x], speech(), Lane::Voice),
        b.play(2, &[x], speech(), Lane::Voice),
    );
    b.engine.push_audio(half, &tone(517.0, 200));
    b.engine.fail_audio(half);
    b.run(300);
    assert_eq!(b.when(started(2)), None, "it waits for the first");
    b.engine.fail_audio(nothing);
    b.run(500);
    for (p, begun) in [(nothing, 0), (half, 1)] {
        assert_eq!(b.count(|e| *e == MediaEvent::PlayFailed { player: p }), 1);
        assert_eq!(
            b.count(|e| *e == MediaEvent::PlayStarted { player: p }),
            begun
        );
        assert_eq!(
            b.count(|e| matches!(e, MediaEvent::PlayFinished { player: q, .. } if *q == p)),
            0
        );
    }
}

#[test]
fn a_worker_that_was_held_up_sends_what_it_owes_on_one_timeline() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 0.0);
    b.say(1, &[x], 517.0, 2000);
    b.run(500);
    b.ms += 150; // nobody served the deadlines
    b.run(1500);
    let phone = &b.phones[&x];
    phone.assert_one_stream();
    let sound = phone.heard(0, b.ms);
    assert!(
        phone
            .came
            .windows(2)
            .all(|w| w[1].header.timestamp.wrapping_sub(w[0].header.timestamp) == 160)
    );
    assert!(
        tandem_codec::ToneMeter::default().share(&sound[..16_000], 517.0) > 0.98,
        "nothing is left out"
    );
}

#[test]
fn ringback_and_files_play_and_a_background_file_loops() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcmu, 0.0));
    b.play(
        1,
        &[x],
        Sound::Ringback {
            country: "DE".into(),
        },
        Lane::Background,
    );
    let file = b.play(
        2,
        &[y],
        Sound::File {
            path: "tune.wav".into(),
        },
        Lane::Background,
    );
    assert!(b.wants.contains(&Output::NeedFile {
        player: file,
        path: "tune.wav".into()
    }));
    b.engine.push_audio(file, &tone(700.0, 500));
    b.engine.end_audio(file);
    b.run(5900);
    let phone = &b.phones[&x];
    assert!(phone.share(100, 900, 425.0) > 0.98 && phone.share(5100, 5800, 425.0) > 0.98);
    assert!(level_dbov(&phone.heard(1100, 4900)) < -80.0);
    assert!(b.phones[&y].share(100, 5800, 700.0) > 0.9);
}

#[test]
fn nothing_is_played_to_a_leg_that_is_held_and_the_speech_waits() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 0.0);
    let mut flow = b.flow(x);
    flow.send = false;
    b.command(MediaCommand::SetFlow {
        leg: x,
        flow: flow.clone(),
    });
    b.run(100);
    let before = b.phones[&x].came.len();
    b.say(1, &[x], 517.0, 300);
    b.run(1000);
    assert_eq!(b.phones[&x].came.len(), before);
    assert_eq!(b.when(started(1)), None);
    flow.send = true;
    b.command(MediaCommand::SetFlow { leg: x, flow });
    b.run(500);
    assert!(b.when(finished(1)).is_some());
    let phone = &b.phones[&x];
    assert!(phone.share(1110, 1390, 517.0) > 0.9);
    phone.assert_one_stream();
}

#[test]
fn players_go_with_their_legs() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcmu, 0.0));
    b.play(1, &[x, y], music(), Lane::Background);
    let p = b.play(2, &[x], speech(), Lane::Voice);
    b.run(200);
    b.command(MediaCommand::CloseLeg { leg: x });
    assert!(b.when(finished(2)).is_some() && b.wants.contains(&Output::StopSpeech { player: p }));
    assert!(b.when(finished(1)).is_none());
    b.command(MediaCommand::CloseLeg { leg: y });
    assert!(b.when(finished(1)).is_some());
    b.play(3, &[x], music(), Lane::Background);
    assert!(b.when(finished(3)).is_some(), "nobody to play to");
    assert_eq!(b.engine.census().players, 0);
}
