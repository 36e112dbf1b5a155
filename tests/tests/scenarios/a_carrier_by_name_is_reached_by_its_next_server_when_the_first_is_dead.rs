//! The carrier is a name with two servers: the first is dead, so the second gets the call within 4 s, and the next call at once.
//! Then the name service is down for longer than any answer lasts, and calls go on.

use super::{common::*, steps::*};
use std::{collections::BTreeSet, net::IpAddr};
use tandem_sim::CARRIER;
use tandem_types::dns::{Kind, Record, Srv};

fn server(priority: u16, target: &str) -> Record {
    Record::Srv(Srv {
        priority,
        weight: 0,
        port: 5060,
        target: target.into(),
    })
}

/// When an INVITE went to this address for the last time.
fn invited(o: &Office, ip: IpAddr) -> Option<Duration> {
    let mut sent = o.sent().iter().rev();
    let (at, _) = sent.find(|(_, p)| p.to.ip() == ip && p.bytes.starts_with(b"INVITE "))?;
    Some(at.since(tandem_types::Mono(0)))
}

/// How many calls were tried at this address; each INVITE is sent several times.
fn tried(o: &Office, ip: IpAddr) -> usize {
    let to = o.sent().iter().filter(|(_, p)| p.to.ip() == ip);
    let invites = to.filter(|(_, p)| p.bytes.starts_with(b"INVITE "));
    let ids: BTreeSet<_> = invites
        .filter_map(|(_, p)| p.sip().map(|s| s.call_id().to_owned()))
        .collect();
    ids.len()
}

#[test]
fn a_carrier_by_name_is_reached_by_its_next_server_when_the_first_is_dead() {
    let name = "a_carrier_by_name_is_reached_by_its_next_server_when_the_first_is_dead";
    let config = two_trunks().with("sip:10.0.1.2", "sip:trunks.example");
    let config = config.with("\"carrier\", \"second\"", "\"second\"");
    scenario_in(&config, name, |o| {
        let dead = IpAddr::from([10, 0, 1, 99]);
        let minute = secs(60);
        let servers = vec![
            server(10, "a.trunks.example"),
            server(20, "b.trunks.example"),
        ];
        o.knows_name(Kind::Srv, "_sip._udp.trunks.example", servers, minute);
        o.knows_name(
            Kind::A,
            "a.trunks.example",
            vec![Record::Address(dead)],
            minute,
        );
        o.knows_name(
            Kind::A,
            "b.trunks.example",
            vec![Record::Address(CARRIER)],
            minute,
        );
        let far = o.outside("far end", VIEWINGS, answers(1));
        let caller = o.caller;
        o.run(secs(40));

        o.calls(caller, "2005");
        let begun = o.elapsed();
        o.until(secs(6), "the second server has it", |w| w.is_up(far));
        let (first, second) = (invited(o, dead), invited(o, CARRIER));
        let waited = second.expect("an INVITE").saturating_sub(begun);
        assert!(first.is_some() && waited < secs(4), "{first:?} {waited:?}");
        o.answers(caller);
        o.talk_both_ways(caller, far);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(far, ms(100));

        o.loses_the_name_service();
        o.calls(caller, "2005");
        o.until(secs(3), "the second server has it at once", |w| {
            w.is_up(far)
        });
        assert_eq!(tried(o, dead), 1);
        o.answers(caller);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(far, ms(100));

        // Long enough for the answers to be old; the dead server has its turn again.
        o.run(secs(600));
        let asked = o.lookups().len();
        assert!(asked > 20, "{asked} questions");
        o.calls(caller, "2005");
        o.until(secs(6), "the call goes by what was known", |w| w.is_up(far));
        assert_eq!(tried(o, dead), 2);
        o.answers(caller);
        o.talk_both_ways(caller, far);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(far, ms(100));
    });
}
