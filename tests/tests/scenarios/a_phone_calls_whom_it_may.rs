//! Registered phones call each other, the office's queues and agents, and out by what their class may dial. They are who their password
//! says, whatever they write.

use super::{common::*, steps::*};
use tandem_sip::message::{HeaderName, Headers};

#[test]
fn a_phone_calls_a_queue_and_an_agent() {
    scenario("a_phone_calls_a_queue_and_an_agent", |o| {
        let billing = o.desk("201", answers(1));
        let desk = o.desk("203", Incoming::Wait);
        o.calls(desk, "2003");
        o.answers(billing);
        o.talk_both_ways(desk, billing);
        o.hangs_up(desk);
        o.ends(Party::Caller, Reason::Normal);
        o.is_still(desk);
        o.calls(desk, MAIN);
        o.ai_says("How can I help you?");
        o.hangs_up(desk);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn a_phone_dials_out_as_far_as_its_class_may() {
    let config = Config::office()
        .with(
            "name = \"Repairs two\"",
            "name = \"Repairs two\"\nclass = \"lobby\"",
        )
        .and("phones.toml", "[classes.lobby]\nmay_dial = [\"_20X\"]\n");
    scenario_in(&config, "a_phone_dials_out_as_far_as_its_class_may", |o| {
        let outside = o.outside("outside", "+441632960555", answers(1));
        let (desk, lobby) = (o.desk("203", answers(1)), o.desk("204", Incoming::Wait));
        o.calls(lobby, "+441632960555");
        is_refused(o, lobby, 403);
        never_rang(o, outside);
        o.calls(lobby, "203");
        o.answers(lobby);
        o.talk_both_ways(lobby, desk);
        o.hangs_up(lobby);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
        o.calls(desk, "+441632960555");
        o.answers(desk);
        o.talk_both_ways(desk, outside);
        o.hangs_up(desk);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn a_phone_that_writes_another_number_is_shown_as_its_own() {
    scenario(
        "a_phone_that_writes_another_number_is_shown_as_its_own",
        |o| {
            let (desk, other) = (o.desk("203", answers(1)), o.desk("204", Incoming::Wait));
            let claim = Headers::new().with(
                HeaderName::PAssertedIdentity,
                "\"The Boss\" <sip:200@phones.example>",
            );
            o.calls_with(other, "203", claim);
            o.answers(desk);
            o.answers(other);
            o.talk_both_ways(other, desk);
            let shown = |(_, e): &(Mono, &PhoneEvent)| match e {
                PhoneEvent::Incoming { from, .. } => Some(from.to_string()),
                _ => None,
            };
            let shown: Vec<_> = o.noticed(desk).iter().filter_map(shown).collect();
            assert!(
                shown[0].starts_with("\"Repairs two\" <sip:204@"),
                "{shown:?}"
            );
            o.hangs_up(other);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
