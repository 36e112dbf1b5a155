use crate::bench::{Bench, Mouth};
use tandem_rtp::Rtcp;
use tandem_types::media::{Codec, MediaCommand, MediaEvent};

#[test]
fn reports_go_out_every_five_seconds_or_so_and_tell_what_was_lost() {
    let mut b = Bench::new();
    let (x, y) = (
        b.phone(1, Codec::Pcmu, 440.0),
        b.phone(2, Codec::Pcma, 1000.0),
    );
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.net.lose_percent = 10;
    b.run(60_000);
    let phone = &b.phones[&x];
    assert!(
        (7..=16).contains(&phone.reports.len()),
        "{}",
        phone.reports.len()
    );
    let Some(Rtcp::Report {
        ssrc,
        sender: Some(sender),
        blocks,
    }) = phone.reports.last()
    else {
        panic!("{:?}", phone.reports.last());
    };
    assert_eq!(*ssrc, phone.came[0].header.ssrc);
    assert!(
        sender.packets > 1500 && sender.octets == sender.packets * 160,
        "{sender:?}"
    );
    let block = blocks[0];
    assert_eq!(block.ssrc, 101);
    let lost = block.cumulative_lost as f64 / phone.spoken as f64;
    assert!((0.06..0.14).contains(&lost), "{block:?}");
    // The stamp of the report lies on the stream's own timeline.
    let last = phone.came.last().unwrap().header.timestamp;
    assert!((last.wrapping_sub(sender.rtp_timestamp) as i32).abs() < 10 * 8000);
}

#[test]
fn who_only_listens_sends_receiver_reports() {
    let mut b = Bench::new();
    let x = b.phone(1, Codec::Pcmu, 440.0);
    let mut flow = b.flow(x);
    flow.send = false;
    b.command(MediaCommand::SetFlow { leg: x, flow });
    b.run(20_000);
    let phone = &b.phones[&x];
    assert!(!phone.reports.is_empty());
    assert!(
        phone
            .reports
            .iter()
            .all(|r| matches!(r, Rtcp::Report { sender: None, blocks, .. } if blocks.len() == 1))
    );
}

#[test]
fn closing_a_call_says_bye_gives_ports_back_and_leaves_nothing() {
    let mut b = Bench::new();
    let (x, y) = (b.phone(1, Codec::Pcmu, 440.0), b.phone(2, Codec::Pcma, 0.0));
    b.connect(&[(x, &[y]), (y, &[x])]);
    b.play(
        1,
        &[x],
        tandem_types::media::Sound::Music { file: None },
        tandem_types::media::Lane::Background,
    );
    b.run(1000);
    b.phones.get_mut(&x).unwrap().mouth = Mouth::Shut;
    b.run(40);
    b.command(MediaCommand::CloseCall {
        call: crate::bench::CALL,
    });
    assert_eq!(b.engine.census(), tandem_media::Census::default());
    assert_eq!(b.released, [x, y]);
    for id in [x, y] {
        let ssrc = b.phones[&id].came[0].header.ssrc;
        assert_eq!(
            b.phones[&id].reports.last(),
            Some(&Rtcp::Bye { ssrcs: vec![ssrc] })
        );
    }
    let closed: Vec<_> = b
        .events
        .iter()
        .filter_map(|(_, e)| match e {
            MediaEvent::LegClosed { leg, stats } => Some((*leg, *stats)),
            _ => None,
        })
        .collect();
    assert_eq!((closed[0].0, closed[1].0), (x, y));
    assert_eq!(closed[0].1.received, b.phones[&x].spoken);
    assert_eq!(closed[0].1.sent, b.phones[&x].came.len() as u64);
    assert_eq!(
        b.engine.poll_timeout(),
        None,
        "no deadline outlives its call"
    );
    b.run(1000);
}
