//! An account at a carrier whose name has two servers: the first is dead, so the REGISTER goes to the second within 4 s. When the
//! name has another address, the next refresh goes there.

use super::common::*;
use std::{collections::BTreeSet, net::IpAddr};
use tandem_sim::CARRIER;
use tandem_types::{
    Mono,
    dns::{Kind, Record},
};

/// When REGISTERs went to this address, the first sending of each.
fn registers(o: &World, ip: IpAddr) -> Vec<Duration> {
    let to = o.sent().iter().filter(|(_, p)| p.to.ip() == ip);
    let all = to.filter(|(_, p)| p.bytes.starts_with(b"REGISTER "));
    let mut seen = BTreeSet::new();
    all.filter(|(_, p)| {
        let number = p.sip().and_then(|s| s.header("CSeq").map(str::to_owned));
        seen.insert(number)
    })
    .map(|(at, _)| at.since(Mono(0)))
    .collect()
}

#[test]
fn a_registrar_by_name_is_changed_when_it_is_silent() {
    let name = "a_registrar_by_name_is_changed_when_it_is_silent";
    let account = "allow_from = [\"203.0.113.0/28\"]\nusername = \"northgate\"\npassword = \"file:secrets/carrier\"\n\
         register = { registrar = \"sip:reg.example:5060\", expires = \"60s\" }";
    let config = Config::office().with("allow_from = [\"203.0.113.0/28\"]", account);
    scenario_in(&config, name, |o| {
        let (dead, moved) = (IpAddr::from([10, 0, 1, 99]), IpAddr::from([10, 0, 1, 98]));
        let addresses = |all: &[IpAddr]| all.iter().map(|ip| Record::Address(*ip)).collect();
        o.knows_name(
            Kind::A,
            "reg.example",
            addresses(&[dead, CARRIER]),
            secs(30),
        );
        let _carrier = o.carrier();
        let registered =
            |w: &World| w.registrations() == [("carrier".to_owned(), "registered".to_owned())];
        o.run(secs(30));
        o.until(secs(10), "the second server has us", registered);
        let (first, second) = (registers(o, dead), registers(o, CARRIER));
        let waited = second[0].saturating_sub(first[0]);
        assert!(waited < secs(4), "{waited:?}");

        o.knows_name(Kind::A, "reg.example", addresses(&[moved]), secs(30));
        o.until(secs(90), "it is refreshed at the new address", |w| {
            !registers(w, moved).is_empty()
        });
        assert_eq!(registers(o, dead).len(), 1);
    });
}
