//! A carrier that verifies callers' numbers says so with each call (`verstat`). Where its file says that it is believed, rules act on it, the
//! record has it, and the phone that is rung shows it; anybody else's word counts for nothing.

use super::common::*;
use tandem_sip::message::{HeaderName, Headers};
use tandem_types::Attested;

fn believed() -> Config {
    Config::office()
        .with(
            "country = \"GB\"\n",
            "country = \"GB\"\nverstat = \"trust\"\n",
        )
        .and(
            "dialplans/head.toml",
            "[[when]]\nattestation = [\"failed\"]\nstart = \"announce:notice\"\n",
        )
}

/// Who calls, and what the carrier says of the number.
fn says(verstat: &str, level: Option<&str>) -> Headers {
    let who = format!("<sip:+441632960001;verstat={verstat}@203.0.113.5;user=phone>");
    let headers = Headers::new().with(HeaderName::PAssertedIdentity, who);
    match level {
        Some(level) => headers.with("P-Attestation-Indicator", level),
        None => headers,
    }
}

fn verified(o: &Office) -> Vec<Attested> {
    let of = |w: &What| match w {
        What::CallerVerified { attested, .. } => Some(*attested),
        _ => None,
    };
    o.facts().filter_map(of).collect()
}

/// P-Asserted-Identity of the call that rang a phone.
fn shown(o: &Office, phone: PhoneId) -> String {
    let of = |(_, e): (Mono, &PhoneEvent)| match e {
        PhoneEvent::Incoming { headers, .. } => headers
            .first(&HeaderName::PAssertedIdentity)
            .map(str::to_owned),
        _ => None,
    };
    o.noticed(phone).into_iter().find_map(of).expect("it rang")
}

#[test]
fn a_carrier_says_that_a_number_is_not_the_callers() {
    let name = "a_carrier_says_that_a_number_is_not_the_callers";
    scenario_in(&believed(), name, |o| {
        let caller = o.caller;
        o.calls_with(caller, MAIN, says("TN-Validation-Failed", None));
        o.answers(caller);
        o.ends(Party::Gateway, Reason::Normal);
        assert_eq!(verified(o), [Attested::Failed]);
        let notice =
            |w: &What| matches!(w, What::CallStarted { start, .. } if start == "announce:notice");
        assert_eq!(o.count(notice), 1);
    });
}

#[test]
fn a_phone_shows_that_a_number_is_the_callers() {
    let name = "a_phone_shows_that_a_number_is_the_callers";
    scenario_in(&believed(), name, |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        o.calls_with(caller, "203", says("TN-Validation-Passed", Some("A")));
        o.answers(caller);
        o.talk_both_ways(caller, desk);
        assert_eq!(verified(o), [Attested::Full]);
        let number = "sip:+441632960001;verstat=TN-Validation-Passed@phones.example;user=phone";
        assert!(shown(o, desk).contains(number), "{}", shown(o, desk));
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn what_a_carrier_says_counts_for_nothing_where_nobody_wrote_that_it_does() {
    let name = "what_a_carrier_says_counts_for_nothing_where_nobody_wrote_that_it_does";
    scenario(name, |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        o.calls_with(caller, "203", says("TN-Validation-Passed", Some("A")));
        o.answers(caller);
        o.talk_both_ways(caller, desk);
        assert_eq!(verified(o), []);
        // The parameter is none of the number's.
        assert_eq!(shown(o, desk), "<sip:+441632960001@phones.example>");
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
