//! Two of our sessions always agree, and nothing that a peer writes makes one panic.

use proptest::prelude::*;
use tandem_sdp::{Direction, Session};
use tandem_types::media::Codec::{self, Opus, Pcma, Pcmu};

fn codecs() -> impl Strategy<Value = Vec<Codec>> {
    prop_oneof![
        Just(vec![Pcmu]),
        Just(vec![Pcma]),
        Just(vec![Pcmu, Pcma]),
        Just(vec![Pcma, Pcmu]),
        Just(vec![Opus, Pcma]),
        Just(vec![Pcmu, Opus])
    ]
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![
        Just(Direction::SendRecv),
        Just(Direction::SendOnly),
        Just(Direction::RecvOnly),
        Just(Direction::Inactive)
    ]
}

/// A body made of lines as they occur, in any order and number, with some noise.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => prop::sample::select(vec![
            "c=IN IP4 192.0.2.9", "c=IN IP4 0.0.0.0", "c=IN IP6 ::1", "c=IN IP4 224.0.0.1/1/9", "c=",
            "m=audio 4000 RTP/AVP 0 8 101", "m=audio 4000 RTP/AVP 99 98", "m=audio 0 RTP/AVP 0",
            "m=video 4 RTP/AVP 31", "m=image 5 udptl t38", "m=audio 4000 RTP/SAVP 0", "m=", "a=",
            "a=rtpmap:99 PCMU/8000", "a=rtpmap:99 opus/48000/2", "a=fmtp:99 useinbandfec=1;usedtx", "a=rtpmap:98 telephone-event/48000", "a=rtpmap:98 telephone-event/8000", "a=rtpmap:0 X/1", "a=rtpmap",
            "a=ptime:0", "a=ptime:9999999999", "a=maxptime:1", "a=sendonly", "a=inactive", "o=a b c",
        ]).prop_map(str::to_owned),
        1 => "[ -~]{0,40}",
        1 => "[cmao]=[ -~]{0,40}",
    ];
    let lines = prop::collection::vec(line, 0..14)
        .prop_map(|l| format!("v=0\r\n{}\r\n", l.join("\r\n")).into_bytes());
    prop_oneof![8 => lines, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

fn session(id: u64, address: &str, codecs: Vec<Codec>, events: bool) -> Session {
    Session::new(id, address.parse().unwrap(), codecs, events)
}

proptest! {
    #[test]
    fn no_body_panics_and_no_agreement_is_out_of_bounds(first in body(), second in body(), d in direction()) {
        let mut us = session(1, "192.0.2.1:4000", vec![Pcmu, Pcma], true);
        let can = us.can_answer(&first);
        let answered = us.answer(&first, d);
        prop_assert_eq!(can.err(), answered.as_ref().err().copied());
        us.offer(d);
        let accepted = us.accept(&second);
        for agreed in answered.map(|(_, a)| a).into_iter().chain(accepted) {
            prop_assert!((10..=60).contains(&agreed.ptime_ms) && agreed.ptime_ms % 10 == 0);
            prop_assert!(agreed.payload_type < 128 && agreed.remote.port() != 0);
            prop_assert!(!agreed.remote.ip().is_multicast());
        }
    }

    #[test]
    fn our_answer_is_one_that_our_reader_takes(offer in body(), d in direction()) {
        let mut us = session(1, "192.0.2.1:4000", vec![Pcmu, Pcma], true);
        if let Ok((text, agreed)) = us.answer(&offer, d) {
            let mut they = session(2, "192.0.2.2:4000", vec![agreed.codec], true);
            let (_, seen) = they.answer(text.as_bytes(), Direction::SendRecv).unwrap();
            prop_assert_eq!(seen.codec, agreed.codec);
            prop_assert_eq!(seen.payload_type, agreed.payload_type);
            prop_assert_eq!(seen.their_direction, agreed.our_direction);
        }
    }

    #[test]
    fn offer_answer_accept_agree_on_both_sides(
        ours in codecs(), theirs in codecs(), our_events: bool, their_events: bool,
        steps in prop::collection::vec((any::<bool>(), direction(), direction()), 1..8),
    ) {
        let mut a = session(1, "192.0.2.1:4000", ours.clone(), our_events);
        let mut b = session(2, "192.0.2.2:5000", theirs.clone(), their_events);
        for (swap, offered, wanted) in steps {
            let (x, y) = if swap { (&mut b, &mut a) } else { (&mut a, &mut b) };
            let offer = x.offer(offered);
            let Ok((answer, theirs)) = y.answer(offer.as_bytes(), wanted) else {
                prop_assert!(!ours.iter().any(|c| theirs.contains(c)));
                return Ok(());
            };
            let ours = x.accept(answer.as_bytes()).unwrap();
            prop_assert_eq!((ours.codec, ours.payload_type, ours.event_payload_type, ours.event_clock),
                            (theirs.codec, theirs.payload_type, theirs.event_payload_type, theirs.event_clock));
            let (f, g) = (ours.flow(None, 1), theirs.flow(None, 1));
            prop_assert_eq!((f.send, f.receive), (g.receive, g.send));
            prop_assert_eq!(f.remote, y.local());
            prop_assert_eq!(g.remote, x.local());
        }
    }

    #[test]
    fn the_version_counts_up_by_one_exactly_when_the_text_changes(
        steps in prop::collection::vec(direction(), 1..10)
    ) {
        let mut us = session(5, "192.0.2.1:4000", vec![Pcmu], true);
        let mut last: Option<(u64, String)> = None;
        for d in steps {
            let text = us.offer(d);
            let (version, rest) = split_version(&text);
            if let Some((before, same)) = last {
                prop_assert_eq!(version, before + u64::from(same != rest));
            }
            last = Some((version, rest));
        }
    }
}

fn split_version(text: &str) -> (u64, String) {
    let line = text.lines().find(|l| l.starts_with("o=")).unwrap();
    let version = line.split(' ').nth(2).unwrap();
    (version.parse().unwrap(), text.replacen(line, "o=", 1))
}
