//! A carrier has two registrars with names of their own. The first is known by name, and is asked although the second's address is known
//! sooner; then it dies, and the next refresh is at the second within 4 s, as who we are there. There we stay.

use super::common::*;
use std::{collections::BTreeSet, net::IpAddr};
use tandem_sim::CARRIER;
use tandem_types::dns::{Kind, Record};

/// The targets of REGISTERs that went to this address, with whom they are about; of each the first sending.
fn registers(o: &World, ip: IpAddr) -> Vec<(String, String)> {
    let to = o.sent().iter().filter(|(_, p)| p.to.ip() == ip);
    let all = to.filter_map(|(_, p)| p.sip().filter(|s| s.is("REGISTER")));
    let mut seen = BTreeSet::new();
    all.filter(|s| seen.insert(s.header("CSeq").map(str::to_owned)))
        .map(|s| {
            let to = s.header("To").unwrap_or_default();
            (s.target().to_owned(), to.to_owned())
        })
        .collect()
}

#[test]
fn a_second_registrar_takes_the_place_of_a_dead_one() {
    let name = "a_second_registrar_takes_the_place_of_a_dead_one";
    let account = format!(
        "allow_from = [\"203.0.113.0/28\"]\nusername = \"northgate\"\npassword = \"file:secrets/carrier\"\n\
         register = {{ registrar = [\"sip:reg.example:5060\", \"sip:{CARRIER}\"], expires = \"60s\" }}"
    );
    let config = Config::office().with("allow_from = [\"203.0.113.0/28\"]", &account);
    scenario_in(&config, name, |o| {
        let dead = IpAddr::from([10, 0, 1, 99]);
        o.knows_name(
            Kind::A,
            "reg.example",
            vec![Record::Address(dead)],
            secs(30),
        );
        let _carrier = o.carrier();
        o.run(secs(30));
        let registered =
            |w: &World| w.registrations() == [("carrier".to_owned(), "registered".to_owned())];
        o.until(secs(10), "the second has us", registered);
        assert!(
            registers(o, dead)
                .iter()
                .all(|(uri, _)| uri == "reg.example:5060")
        );
        let first = o
            .sent()
            .iter()
            .find(|(_, p)| p.bytes.starts_with(b"REGISTER "));
        assert_eq!(
            first.map(|(_, p)| p.to.ip()),
            Some(dead),
            "though its address was known later"
        );
        let second = registers(o, CARRIER);
        let there = CARRIER.to_string();
        assert!(
            second
                .iter()
                .all(|(uri, to)| *uri == there && to.contains(&format!("northgate@{CARRIER}"))),
            "{second:?}"
        );
        let asked = registers(o, dead).len();
        o.run(secs(110));
        assert_eq!(registers(o, dead).len(), asked, "it is not gone back to");
        assert!(
            registers(o, CARRIER).len() > second.len(),
            "refreshed there"
        );
        assert!(registered(o));
    });
}
