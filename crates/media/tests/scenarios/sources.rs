use crate::bench::{Bench, Mouth};
use std::{net::SocketAddr, time::Duration};
use tandem_codec::Law;
use tandem_rtp::Header;
use tandem_types::media::{Codec, Family, MediaCommand, MediaEvent, Proof};

fn packet(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut bytes = vec![0; 172];
    let header = Header {
        ssrc,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ..Header::default()
    };
    header
        .write(&[Law::Mu.encode(9000); 160], &mut bytes)
        .unwrap();
    bytes
}

#[test]
fn an_attacker_is_not_heard_and_cannot_take_the_stream_after_it_was_learnt() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 0.0), b.phone(2, Codec::Pcmu, 0.0));
    b.connect(&[(x, &[y]), (y, &[x])]);
    let mut flow = b.flow(x);
    flow.remote = "10.0.0.9:4000".parse().unwrap();
    flow.learn_from = Some("198.51.100.7".parse().unwrap());
    flow.generation = 2;
    b.command(MediaCommand::SetFlow {
        leg: x,
        flow: flow.clone(),
    });
    let attacker: SocketAddr = "203.0.113.66:4000".parse().unwrap();
    let nat: SocketAddr = "198.51.100.7:61000".parse().unwrap();
    let neighbour: SocketAddr = "198.51.100.7:62000".parse().unwrap();
    b.phones.get_mut(&x).unwrap().address = nat;
    b.packet(x, attacker, &packet(6, 1), false);
    b.run(5);
    assert_eq!(
        (b.phones[&y].came.len(), b.engine.stats(x).unwrap().refused),
        (0, 1)
    );
    b.packet(x, nat, &packet(5, 1), false);
    assert_eq!(b.phones[&y].came.len(), 1);
    for (i, from) in [attacker, neighbour, attacker].into_iter().enumerate() {
        b.packet(x, from, &packet(6, i as u16), false);
    }
    assert_eq!(
        (b.phones[&y].came.len(), b.engine.stats(x).unwrap().refused),
        (1, 4)
    );
    // Sound for the leg goes to where it was learnt (the bench checks the address).
    b.phones.get_mut(&y).unwrap().mouth = Mouth::Sound {
        pcm: Vec::new(),
        at: 0,
    };
    b.run(100);
    assert!(b.phones[&x].came.len() >= 4);
    b.phones.get_mut(&y).unwrap().mouth = Mouth::Shut;
    b.run(20);
    // A new offer/answer allows one more.
    flow.generation = 3;
    b.command(MediaCommand::SetFlow { leg: x, flow });
    b.packet(x, neighbour, &packet(7, 1), false);
    b.packet(x, nat, &packet(5, 2), false);
    assert_eq!(b.phones[&y].came.len(), 2);
}

#[test]
fn proof_is_told_once_for_each_offer_and_answer() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 440.0);
    let proved = |b: &Bench, by| {
        b.count(|e| {
            *e == MediaEvent::Proved {
                leg: crate::bench::leg(1),
                by,
            }
        })
    };
    b.run(500);
    assert_eq!(
        (proved(&b, Proof::Rtp), proved(&b, Proof::RtcpReport)),
        (1, 0)
    );
    let ours = b.phones[&x].came[0].header.ssrc;
    let from = SocketAddr::new(b.phones[&x].address.ip(), 4001);
    let report = |ssrc| {
        let block = tandem_rtp::ReportBlock {
            ssrc,
            highest_sequence: 5,
            ..Default::default()
        };
        tandem_rtp::rtcp::report(101, None, Some(block), "phone", false)
    };
    b.packet(x, from, &report(ours ^ 1), true);
    assert_eq!(
        proved(&b, Proof::RtcpReport),
        0,
        "it counts somebody else's packets"
    );
    b.packet(x, "203.0.113.66:4001".parse().unwrap(), &report(ours), true);
    assert_eq!(
        proved(&b, Proof::RtcpReport),
        0,
        "it comes from somebody else"
    );
    b.packet(x, from, &report(ours), true);
    b.packet(x, from, &report(ours), true);
    assert_eq!(proved(&b, Proof::RtcpReport), 1);
    let mut flow = b.flow(x);
    flow.generation = 2;
    b.command(MediaCommand::SetFlow { leg: x, flow });
    b.run(100);
    assert_eq!(proved(&b, Proof::Rtp), 2);
}

#[test]
fn quiet_is_told_once_until_sound_comes_again_and_never_while_held() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 440.0);
    let quiet = |b: &Bench| b.count(|e| matches!(e, MediaEvent::Quiet { .. }));
    b.run(7000);
    assert_eq!(quiet(&b), 0);
    b.phones.get_mut(&x).unwrap().mouth = Mouth::Shut;
    b.run(20_000);
    assert_eq!(quiet(&b), 1);
    let at = b.when(|e| matches!(e, MediaEvent::Quiet { .. })).unwrap();
    assert!((11_950..=12_100).contains(&at), "{at}");
    b.phones.get_mut(&x).unwrap().mouth = Mouth::Sound {
        pcm: Vec::new(),
        at: 0,
    };
    b.run(1000);
    b.phones.get_mut(&x).unwrap().mouth = Mouth::Shut;
    b.run(5100);
    assert_eq!(quiet(&b), 2, "the watch is set again at once");
    let mut flow = b.flow(x);
    (flow.receive, flow.generation) = (false, 2);
    b.command(MediaCommand::SetFlow {
        leg: x,
        flow: flow.clone(),
    });
    b.run(30_000);
    assert_eq!(quiet(&b), 2, "held: it need not send");
    (flow.receive, flow.generation) = (true, 3);
    b.command(MediaCommand::SetFlow { leg: x, flow });
    b.run(4900);
    assert_eq!(quiet(&b), 2, "the watch begins anew");
    b.run(200);
    assert_eq!(quiet(&b), 3);
}

#[test]
fn silence_is_told_after_two_and_a_half_seconds_and_its_end_at_once() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 440.0);
    let silent = |b: &Bench| b.count(|e| matches!(e, MediaEvent::FellSilent { .. }));
    let again = |b: &Bench| b.count(|e| matches!(e, MediaEvent::HeardAgain { .. }));
    b.run(7000);
    b.phones.get_mut(&x).unwrap().mouth = Mouth::Shut;
    b.run(2450);
    assert_eq!(silent(&b), 0);
    b.run(100);
    assert_eq!(silent(&b), 1);
    b.run(2000);
    assert_eq!((silent(&b), again(&b)), (1, 0), "once");
    b.phones.get_mut(&x).unwrap().mouth = Mouth::Sound {
        pcm: Vec::new(),
        at: 0,
    };
    b.run(30);
    assert_eq!(again(&b), 1, "with the first packet");
    b.phones.get_mut(&x).unwrap().mouth = Mouth::Shut;
    b.run(2600);
    assert_eq!((silent(&b), again(&b)), (2, 1));
    let mut flow = b.flow(x);
    (flow.receive, flow.generation) = (false, 2);
    b.command(MediaCommand::SetFlow {
        leg: x,
        flow: flow.clone(),
    });
    b.run(10_000);
    (flow.receive, flow.generation) = (true, 3);
    b.command(MediaCommand::SetFlow { leg: x, flow });
    b.run(2400);
    assert_eq!(silent(&b), 2, "held: it need not send; then it begins anew");
    b.run(200);
    assert_eq!((silent(&b), again(&b)), (3, 1));
}

#[test]
fn what_a_held_phone_sends_is_not_heard() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 440.0), b.phone(2, Codec::Pcmu, 0.0));
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.run(500);
    let mut flow = b.flow(x);
    (flow.receive, flow.generation) = (false, 2);
    b.command(MediaCommand::SetFlow { leg: x, flow });
    let before = b.phones[&y].came.len();
    b.run(500);
    assert_eq!(b.phones[&y].came.len(), before);
}

#[test]
fn a_leg_without_port_is_refused_and_a_port_that_comes_too_late_goes_back() {
    let mut engine = tandem_media::Engine::new(
        tandem_media::EngineConfig {
            advertise: vec!["198.51.100.1".parse().unwrap()],
            ..Default::default()
        },
        tandem_types::Rng::seeded(1),
    );
    let now = tandem_types::Now::default() + Duration::from_secs(1);
    let local: SocketAddr = "10.0.0.1:20000".parse().unwrap();
    let id = crate::bench::leg;
    let next = |e: &mut tandem_media::Engine| e.poll_output();
    for i in 1..=3 {
        engine.handle_command(
            now,
            MediaCommand::OpenLeg {
                leg: id(i),
                reserve: i == 3,
                family: Family::V6,
            },
        );
        assert_eq!(
            next(&mut engine),
            Some(tandem_media::Output::NeedPort {
                leg: id(i),
                reserve: i == 3,
                family: Family::V6,
            })
        );
    }
    engine.refused(id(1));
    assert_eq!(
        next(&mut engine),
        Some(tandem_media::Output::Event(MediaEvent::LegRefused {
            leg: id(1)
        }))
    );
    engine.bound(now, id(2), local);
    let opened = MediaEvent::LegOpened {
        leg: id(2),
        local: "198.51.100.1:20000".parse().unwrap(),
    };
    assert_eq!(next(&mut engine), Some(tandem_media::Output::Event(opened)));
    engine.handle_command(now, MediaCommand::CloseLeg { leg: id(3) });
    assert!(matches!(
        next(&mut engine),
        Some(tandem_media::Output::Event(MediaEvent::LegClosed { .. }))
    ));
    engine.bound(now, id(3), local);
    assert_eq!(
        next(&mut engine),
        Some(tandem_media::Output::ReleasePort { leg: id(3) })
    );
    engine.handle_command(
        now,
        MediaCommand::CloseCall {
            call: crate::bench::CALL,
        },
    );
    assert_eq!(engine.census(), tandem_media::Census::default());
}
