//! The sound of a phone is at an IPv6 address, that of the one that it calls at an IPv4 one: each leg has a port of its own family,
//! and they hear each other. Where the gateway has no IPv6 address for sound, the call is refused before anybody rings.

use super::{common::*, steps::*};
use tandem_sim::GATEWAY6;

const THERE: &str = "[fd00::2:1]:4000";

fn phone(o: &mut Office) -> PhoneId {
    o.desk_with("202", Incoming::Wait, |c| {
        c.local_rtp = THERE.parse().expect("an address");
    })
}

#[test]
fn a_phone_with_ipv6_talks_with_one_without() {
    let ports = "ports = \"30000-30999\"";
    let both = format!("{ports}\naddress6 = \"{}\"", GATEWAY6);
    let config = Config::office().with(ports, &both);
    let name = "a_phone_with_ipv6_talks_with_one_without";
    scenario_in(&config, name, |o| {
        let (six, four) = (phone(o), o.desk("203", answers(1)));
        o.calls(six, "203");
        o.answers(six);
        o.answers(four);
        o.talk_both_ways(six, four);
        o.hangs_up(four);
        o.ends(Party::Callee, Reason::Normal);
        assert_eq!(lines_with(o, "488"), 0, "\n{}", o.ladder());
    });
}

#[test]
fn without_an_ipv6_address_for_sound_such_a_phone_is_refused() {
    let name = "without_an_ipv6_address_for_sound_such_a_phone_is_refused";
    scenario_in(&Config::office(), name, |o| {
        let (six, four) = (phone(o), o.desk("203", answers(1)));
        o.calls(six, "203");
        is_refused(o, six, 488);
        never_rang(o, four);
        o.ends(Party::Gateway, Reason::NoCodec);
    });
}
