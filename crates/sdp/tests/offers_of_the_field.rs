//! Bodies as real products write them (addresses of RFC 5737), and what we make of each.

use std::net::SocketAddr;
use tandem_sdp::{Agreed, Direction, Session, Unusable};
use tandem_types::media::Codec::{self, G722, Pcma, Pcmu};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("samples/", $name, ".sdp")).as_slice()
    };
}

fn ours() -> Session {
    Session::new(
        77,
        "192.0.2.1:10000".parse().unwrap(),
        vec![Pcmu, Pcma],
        true,
    )
}

fn answered(offer: &[u8]) -> (String, Agreed) {
    ours().answer(offer, Direction::SendRecv).unwrap()
}

fn check(agreed: &Agreed, remote: &str, codec: Codec, event: Option<u8>, ptime_ms: u8) {
    assert_eq!(agreed.remote, remote.parse::<SocketAddr>().unwrap());
    assert_eq!(agreed.codec, codec);
    assert_eq!(agreed.event_payload_type, event);
    assert_eq!(agreed.ptime_ms, ptime_ms);
}

#[test]
fn asterisk_is_answered_with_its_first_codec_alone() {
    let (text, agreed) = answered(sample!("asterisk"));
    check(&agreed, "203.0.113.10:14322", Pcmu, Some(101), 20);
    assert_eq!(
        text,
        "v=0\r\no=- 77 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 10000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    assert!(!agreed.held_by_peer);
    let flow = agreed.flow(None, 3);
    assert!(flow.send && flow.receive && flow.generation == 3);
}

#[test]
fn freeswitch_keeps_its_order_and_the_event_type_of_our_clock() {
    let (_, agreed) = answered(sample!("freeswitch"));
    check(&agreed, "198.51.100.7:24872", Pcma, Some(101), 20);
}

#[test]
fn cucm_offers_nothing_and_answers_in_the_ack() {
    let mut us = ours();
    let offer = us.offer(Direction::SendRecv);
    assert!(
        offer.contains("m=audio 10000 RTP/AVP 0 8 101\r\n"),
        "{offer}"
    );
    let agreed = us.accept(sample!("cucm_answer")).unwrap();
    check(&agreed, "10.20.7.81:18734", Pcmu, Some(101), 20);
    let (text, held) = us
        .answer(sample!("cucm_inactive"), Direction::SendRecv)
        .unwrap();
    assert!(
        held.held_by_peer && text.contains("a=inactive\r\n"),
        "{text}"
    );
    assert!(!held.flow(None, 2).send && !held.flow(None, 2).receive);
}

#[test]
fn cisco_gateway_has_events_on_96_and_packets_of_30_ms() {
    let (text, agreed) = answered(sample!("cisco_gateway"));
    check(&agreed, "192.0.2.61:17412", Pcmu, Some(96), 30);
    assert!(
        text.contains("RTP/AVP 0 96\r\n") && text.contains("a=ptime:30\r\n"),
        "{text}"
    );
}

#[test]
fn pjsip_names_its_address_at_media_level() {
    let (_, agreed) = answered(sample!("pjsip"));
    check(&agreed, "192.168.1.34:4000", Pcma, Some(101), 20);
}

#[test]
fn baresip_on_loopback() {
    let (_, agreed) = answered(sample!("baresip"));
    check(&agreed, "127.0.0.1:30412", Pcmu, Some(101), 20);
}

#[test]
fn linphone_video_is_refused_in_its_place_and_stays_there() {
    let mut us = ours();
    let (text, agreed) = us.answer(sample!("linphone"), Direction::SendRecv).unwrap();
    check(&agreed, "192.168.178.20:7078", Pcmu, Some(98), 20);
    let order: Vec<_> = text.lines().filter(|l| l.starts_with("m=")).collect();
    assert_eq!(
        order,
        ["m=audio 10000 RTP/AVP 0 98", "m=video 0 RTP/AVP 96"]
    );
    let later = us.offer(Direction::SendOnly);
    assert!(later.contains("m=video 0 RTP/AVP 96\r\n"), "{later}");
}

#[test]
fn srtp_alone_is_refused_as_such() {
    for offer in [sample!("teams"), sample!("webrtc")] {
        let refused = ours().answer(offer, Direction::SendRecv).unwrap_err();
        assert_eq!((refused, refused.status()), (Unusable::SrtpOnly, 488));
    }
}

#[test]
fn the_plain_line_is_taken_where_both_are_offered() {
    let (text, agreed) = answered(sample!("both_transports"));
    check(&agreed, "192.0.2.33:11782", Pcma, Some(101), 20);
    let order: Vec<_> = text.lines().filter(|l| l.starts_with("m=")).collect();
    assert_eq!(
        order,
        ["m=audio 0 RTP/SAVP 0 8 101", "m=audio 10000 RTP/AVP 8 101"]
    );
}

#[test]
fn a_carrier_with_a_private_address_is_learnt_from_its_sip_source() {
    let (_, agreed) = answered(sample!("carrier_private"));
    check(&agreed, "172.30.4.9:20044", Pcma, Some(100), 20);
    let source = "203.0.113.5".parse().unwrap();
    assert_eq!(agreed.learn_from(source, false), Some(source));
    assert_eq!(
        agreed.learn_from("172.30.4.9".parse().unwrap(), false),
        None
    );
    let (_, public) = answered(sample!("asterisk"));
    assert_eq!(public.learn_from(source, false), None);
    assert_eq!(public.learn_from(source, true), Some(source));
}

#[test]
fn fax_is_refused_and_the_audio_kept() {
    let (text, agreed) = answered(sample!("fax_reinvite"));
    check(&agreed, "198.51.100.30:6000", Pcma, None, 20);
    assert!(text.ends_with("m=image 0 udptl t38\r\n"), "{text}");
    let mut us = ours();
    let (_, before) = us
        .answer(sample!("fax_reinvite"), Direction::SendRecv)
        .unwrap();
    assert_eq!(
        us.answer(sample!("fax_only"), Direction::SendRecv),
        Err(Unusable::NoAudio)
    );
    assert_eq!(
        us.agreed(),
        Some(&before),
        "the old agreement stays in force"
    );
}

#[test]
fn each_form_of_hold_is_seen_as_hold() {
    for (offer, said, they_send) in [
        (sample!("hold_sendonly"), "a=recvonly\r\n", true),
        (sample!("hold_zero"), "a=recvonly\r\n", true),
        (sample!("hold_session_level"), "a=inactive\r\n", false),
    ] {
        let (text, agreed) = answered(offer);
        assert!(agreed.held_by_peer && text.contains(said), "{text}");
        let flow = agreed.flow(None, 1);
        assert_eq!((flow.send, flow.receive), (false, they_send));
    }
}

#[test]
fn hold_and_resume_by_the_peer_whatever_its_version_does() {
    let mut us = ours();
    us.answer(sample!("asterisk"), Direction::SendRecv).unwrap();
    assert!(
        us.answer(sample!("hold_sendonly"), Direction::SendRecv)
            .unwrap()
            .1
            .held_by_peer
    );
    let (text, back) = us.answer(sample!("asterisk"), Direction::SendRecv).unwrap();
    assert!(!back.held_by_peer && text.contains("o=- 77 3 "), "{text}");
}

#[test]
fn ipv6_and_10_ms() {
    let mut us = Session::new(
        1,
        "[2001:db8::1]:4000".parse().unwrap(),
        vec![Pcmu, Pcma],
        true,
    );
    let (text, agreed) = us.answer(sample!("ipv6"), Direction::SendRecv).unwrap();
    check(&agreed, "[2001:db8::17]:40000", Pcmu, Some(101), 10);
    assert!(text.contains("c=IN IP6 2001:db8::1\r\n"), "{text}");
    assert_eq!(
        ours().answer(sample!("ipv6"), Direction::SendRecv),
        Err(Unusable::AddressFamily)
    );
}

#[test]
fn dynamic_types_odd_spaces_latin_1_and_a_version_that_is_no_number() {
    let (text, agreed) = answered(sample!("dynamic_types"));
    check(&agreed, "192.0.2.77:49170", Pcma, Some(111), 20);
    assert_eq!(agreed.payload_type, 110);
    assert!(text.contains("a=rtpmap:110 PCMA/8000\r\n"), "{text}");
}

#[test]
fn no_codec_in_common() {
    assert_eq!(
        ours().answer(sample!("g729_only"), Direction::SendRecv),
        Err(Unusable::NoCodec)
    );
    let mut us = ours();
    us.offer(Direction::SendRecv);
    assert_eq!(us.accept(sample!("g729_only")), Err(Unusable::NoCodec));
}

#[test]
fn what_is_no_sdp_is_malformed() {
    for body in [
        b"".as_slice(),
        b"\r\n",
        b"hello",
        b"v=1\r\n",
        b"v=0\r\nm=audio x RTP/AVP 0\r\n",
    ] {
        assert_eq!(
            ours().answer(body, Direction::SendRecv),
            Err(Unusable::Malformed)
        );
    }
    let no_address = b"v=0\r\nc=IN IP4 phone.example.com\r\nm=audio 9 RTP/AVP 0\r\n";
    assert_eq!(
        ours().answer(no_address, Direction::SendRecv),
        Err(Unusable::NoAddress)
    );
    let many = format!(
        "v=0\r\nc=IN IP4 192.0.2.2\r\n{}",
        "m=audio 9 RTP/AVP 0\r\n".repeat(40)
    );
    assert_eq!(
        ours().answer(many.as_bytes(), Direction::SendRecv),
        Err(Unusable::Malformed)
    );
}

#[test]
fn a_refresh_is_the_same_text_and_a_hold_counts_up() {
    let mut us = ours();
    let first = us.offer(Direction::SendRecv);
    us.accept(sample!("cucm_answer")).unwrap();
    assert_eq!(us.reoffer(), first);
    let hold = us.offer(Direction::SendOnly);
    assert!(
        hold.contains("o=- 77 2 ") && hold.contains("a=sendonly\r\n"),
        "{hold}"
    );
    assert!(
        hold.contains("RTP/AVP 0 8 101\r\n"),
        "no new codec list: {hold}"
    );
    let back = us.offer(Direction::SendRecv);
    assert!(back.contains("o=- 77 3 "), "{back}");
    us.set_local("192.0.2.1:10002".parse().unwrap());
    assert!(us.reoffer().contains("m=audio 10002 "));
}

#[test]
fn our_hold_is_not_theirs() {
    let mut us = ours();
    us.offer(Direction::SendOnly);
    let held = us.accept(sample!("hold_session_level")).unwrap();
    assert!(
        held.held_by_peer,
        "inactive to our sendonly: they do not take what we send either"
    );
    us.offer(Direction::Inactive);
    let both = us.accept(sample!("hold_session_level")).unwrap();
    assert!(!both.held_by_peer, "inactive is all that they could answer");
}

#[test]
fn a_full_offer_brings_back_what_the_first_answer_left_out() {
    let mut us = ours();
    us.answer(sample!("dynamic_types"), Direction::SendRecv)
        .unwrap();
    assert!(
        us.offer(Direction::SendRecv)
            .contains("RTP/AVP 110 111\r\n")
    );
    assert!(
        us.full_offer(Direction::SendRecv)
            .contains("RTP/AVP 110 0 111\r\n")
    );
}

/// Its clock is 8000 and its static type 9, though it has 16000 samples a second (RFC 3551 section 4.5.2).
#[test]
fn g722_is_taken_where_we_have_it_and_offered_as_everybody_does() {
    let wide = || {
        let local = "192.0.2.1:10000".parse().unwrap();
        Session::new(77, local, vec![G722, Pcma], true)
    };
    let offer = b"v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 9 8 0 101\r\n\
        a=rtpmap:101 telephone-event/8000\r\n";
    let (text, agreed) = wide().answer(offer, Direction::SendRecv).unwrap();
    check(&agreed, "192.0.2.9:4000", G722, Some(101), 20);
    assert!(
        text.contains("RTP/AVP 9 101\r\na=rtpmap:9 G722/8000\r\n"),
        "{text}"
    );
    let (_, agreed) = wide()
        .answer(sample!("freeswitch"), Direction::SendRecv)
        .unwrap();
    check(&agreed, "198.51.100.7:24872", G722, Some(101), 20);

    let mut us = wide();
    let offer = us.offer(Direction::SendRecv);
    assert!(offer.contains("RTP/AVP 9 8 101\r\n"), "{offer}");
    let narrow = b"v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\n";
    check(
        &us.accept(narrow).unwrap(),
        "192.0.2.9:4000",
        Pcma,
        None,
        20,
    );
}
