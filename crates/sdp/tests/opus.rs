//! Opus in SDP (RFC 7587 section 7), and telephone-event at its clock.

use tandem_sdp::{Agreed, Direction::SendRecv, Session};
use tandem_types::media::{
    Clock,
    Codec::{self, Opus, Pcma, Pcmu},
    OpusFormat,
};

fn ours(codecs: Vec<Codec>) -> Session {
    Session::new(77, "192.0.2.1:10000".parse().unwrap(), codecs, true)
}

fn answered(lines: &str) -> (String, Agreed) {
    let offer = format!("v=0\r\nc=IN IP4 192.0.2.9\r\n{lines}");
    let mut us = ours(vec![Pcma, Opus]);
    us.answer(offer.as_bytes(), SendRecv).unwrap()
}

fn events(agreed: &Agreed) -> (Option<u8>, Clock) {
    (agreed.event_payload_type, agreed.event_clock)
}

#[test]
fn it_is_offered_with_both_kinds_of_events() {
    let offer = ours(vec![Opus, Pcma]).offer(SendRecv);
    let (_, media) = offer.split_once("m=").unwrap();
    assert_eq!(
        media,
        "audio 10000 RTP/AVP 111 8 101 110\r\na=rtpmap:111 opus/48000/2\r\n\
         a=fmtp:111 useinbandfec=1;stereo=0;sprop-stereo=0;maxaveragebitrate=40000\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n\
         a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    let offer = ours(vec![Pcma]).offer(SendRecv);
    assert!(!offer.contains("48000"), "{offer}");
}

#[test]
fn linphone_is_answered_under_its_types_with_the_events_of_its_clock() {
    let linphone = include_bytes!("samples/linphone.sdp");
    let (text, agreed) = ours(vec![Pcma, Opus]).answer(linphone, SendRecv).unwrap();
    assert_eq!((agreed.codec, agreed.payload_type), (Opus, 96));
    assert_eq!(events(&agreed), (Some(97), Clock::Hz48000));
    assert!(agreed.opus.fec && !agreed.opus.dtx);
    let audio =
        "m=audio 10000 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1;";
    assert!(text.contains(audio), "{text}");
    assert!(
        text.contains("a=rtpmap:97 telephone-event/48000\r\n"),
        "{text}"
    );
    // Where Opus is not ours, the events are those of the codec that is.
    let (_, agreed) = ours(vec![Pcmu]).answer(linphone, SendRecv).unwrap();
    assert_eq!(
        (agreed.codec, events(&agreed)),
        (Pcmu, (Some(98), Clock::Hz8000))
    );
}

#[test]
fn what_the_far_end_wants_is_read_however_it_is_written() {
    let wants = |fmtp: &str| {
        let fmtp = format!(
            "m=audio 4000 RTP/AVP 96 0\r\na=rtpmap:96 OPUS/48000/2\r\na=fmtp:96 {fmtp}\r\n"
        );
        let (_, agreed) = answered(&fmtp);
        assert_eq!(agreed.codec, Opus);
        assert_eq!(agreed.flow(None, 1).opus, agreed.opus);
        agreed.opus
    };
    let plain = OpusFormat::default();
    assert_eq!(wants("stereo=1; sprop-stereo=1"), plain);
    assert_eq!(
        wants(
            "maxplaybackrate=16000; sprop-maxcapturerate=16000; maxaveragebitrate=20000; useinbandfec=1; usedtx=1;cbr=1"
        ),
        OpusFormat {
            fec: true,
            dtx: true,
            cbr: true,
            max_playback_hz: 16_000,
            max_bitrate: Some(20_000)
        }
    );
    assert_eq!(
        wants("UseInbandFEC = 1 ; maxaveragebitrate=nonsense;maxplaybackrate=1"),
        OpusFormat { fec: true, ..plain }
    );
    assert_eq!(wants("useinbandfec=0;maxaveragebitrate=0;;="), plain);
    assert!(plain.takes_all() && !wants("maxaveragebitrate=20000").takes_all());
}

#[test]
fn events_of_another_clock_are_taken_where_there_are_no_others() {
    // baresip: Opus, and no event but that of 8000.
    let (text, agreed) = answered(
        "m=audio 4000 RTP/AVP 96 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n",
    );
    assert_eq!(events(&agreed), (Some(101), Clock::Hz8000));
    assert!(
        text.contains("a=rtpmap:101 telephone-event/8000\r\n"),
        "{text}"
    );
    let (_, agreed) = answered("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000\r\n");
    assert_eq!(events(&agreed), (None, Clock::Hz48000));

    // The same in its answer to our offer.
    let mut us = ours(vec![Opus, Pcma]);
    us.offer(SendRecv);
    let answer = "v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 111 101\r\n\
                  a=rtpmap:111 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n";
    let agreed = us.accept(answer.as_bytes()).unwrap();
    assert_eq!((agreed.codec, agreed.payload_type), (Opus, 111));
    assert_eq!(events(&agreed), (Some(101), Clock::Hz8000));
}

#[test]
fn another_codec_of_that_name_or_clock_is_none_of_ours() {
    let other = |line: &str| {
        answered(&format!("m=audio 4000 RTP/AVP 96 8\r\n{line}\r\n"))
            .1
            .codec
    };
    assert_eq!(other("a=rtpmap:96 opus/8000"), Pcma);
    assert_eq!(other("a=rtpmap:96 PCMA/48000"), Pcma);
    assert_eq!(other("a=rtpmap:96 L16/48000/2"), Pcma);
    // A dynamic type that nobody explains means nothing.
    let (_, agreed) = answered("m=audio 4000 RTP/AVP 111 8\r\n");
    assert_eq!(agreed.codec, Pcma);
}

#[test]
fn a_full_offer_gives_no_type_two_meanings() {
    let mut us = ours(vec![Opus, Pcma]);
    let theirs = "v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 111 110\r\n\
                  a=rtpmap:111 PCMA/8000\r\na=rtpmap:110 telephone-event/8000\r\n";
    us.answer(theirs.as_bytes(), SendRecv).unwrap();
    let offer = us.full_offer(SendRecv);
    let line = offer.lines().find(|l| l.starts_with("m=audio")).unwrap();
    let mut types: Vec<&str> = line.split(' ').skip(3).collect();
    assert_eq!(types.len(), 4, "{line}");
    types.sort_unstable();
    types.dedup();
    assert_eq!(types.len(), 4, "{line}");
    for kept in [
        "a=rtpmap:111 PCMA/8000",
        "a=rtpmap:110 telephone-event/8000",
    ] {
        assert!(offer.contains(kept), "{offer}");
    }
}
