//! A carrier that is a name: its servers are found by SRV, and the next one is called where the first is dead.

use super::{
    lab::{Lab, SOON, eventually, now},
    sipp::{Plays, Sipp},
    sound::OTHER,
    stage::Stage,
    trunk::{talk, with_account},
};
use std::net::Ipv4Addr;
use tandem_standin::{
    Script,
    dns::{Mood, NameServer},
};
use tandem_types::{
    dns::{Kind, Record, Srv},
    journal::What,
};

fn server(priority: u16, target: &str) -> Record {
    Record::Srv(Srv {
        priority,
        weight: 0,
        port: 5060,
        target: target.into(),
    })
}

fn address(ip: Ipv4Addr) -> Vec<Record> {
    vec![Record::Address(ip.into())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_by_name_whose_first_server_is_dead_is_called_by_its_second() {
    let lab = Lab::new(70);
    let (far, dead) = (lab.carrier(1), lab.carrier(6));
    let dns = NameServer::start((lab.carrier(7), 5353).into())
        .await
        .expect("a port");
    let servers = vec![server(1, "a.carrier.test"), server(2, "b.carrier.test")];
    dns.knows(Kind::Srv, "_sip._udp.carrier.test", servers, 1);
    dns.knows(Kind::A, "a.carrier.test", address(dead), 1);
    dns.knows(Kind::A, "b.carrier.test", address(far), 1);
    let addr = dns.addr;
    let mut stage = Stage::over(lab, false, Script::default(), |lab, office| {
        with_account(office)
            .and("tandem.toml", &format!("[dns]\nservers = [\"{addr}\"]\n"))
            .with(
                "trunks/carrier.toml",
                &format!("sip:{}:5060", lab.carrier(1)),
                "sip:carrier.test",
            )
    })
    .await;
    eventually("both addresses were asked for", SOON, async || {
        dns.asked().iter().filter(|q| q.kind == Kind::A).count() >= 2
    })
    .await;

    let mut second = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    second.listens().await;
    let begun = now();
    let mut caller = stage.ring_in("2011").await;
    stage
        .running
        .until("the far end answers", |w| {
            matches!(w, What::LegAnswered { .. })
        })
        .await;
    let waited = (now() - begun) / 1000;
    assert!((3_500..6_000).contains(&waited), "after {waited} ms");
    let talked = talk(&mut stage, &caller, second.ip).await;
    caller.hangs_up().await;
    second.finished().await;
    stage.running.ended().await;
    let sent_to = |stage: &Stage, call| {
        let trace = stage.running.gateway().trace(call);
        let invites = trace
            .iter()
            .filter(|m| m.sent && m.text.starts_with("INVITE "));
        // One that was given up is still sent now and then.
        let mut ips = Vec::new();
        for ip in invites.map(|m| m.remote.ip()) {
            if !ips.contains(&ip) {
                ips.push(ip);
            }
        }
        ips
    };
    assert_eq!(sent_to(&stage, caller.call), [dead, far]);

    // The dead one is known to be dead, and the name service may be too.
    dns.is(Mood::Silent);
    let mut second = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    second.listens().await;
    let mut caller = stage.ring_in("2011").await;
    stage
        .running
        .until("the bridge", |w| matches!(w, What::Bridged { .. }))
        .await;
    caller.hangs_up().await;
    second.finished().await;
    stage.running.ended().await;
    assert_eq!(sent_to(&stage, caller.call), [far]);
    talked.heard(stage).await;
}
