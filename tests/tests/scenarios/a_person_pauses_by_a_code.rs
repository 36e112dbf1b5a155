//! A phone dials the code for a pause and is told so: queues ring the others, until it dials the other code, or an admin says so.
//! A phone of no queue is told that. Each is on record.

use super::{common::*, config::Config, lines::*};
use tandem_call::Admin;

fn office() -> Config {
    waiting_office("\"ext:201\", \"ext:202\"", "").and(
        "phones.toml",
        "\n[features]\npause = \"*47\"\nresume = \"*48\"\n",
    )
}

/// The phone dials a code and hears this before it is over.
fn dials(o: &mut Office, phone: PhoneId, code: &str, words: &str) {
    o.calls(phone, code);
    is_told(o, phone, words);
    o.is_over(phone, secs(5));
}

/// A caller is taken by this phone, and hangs up.
fn is_taken_by(o: &mut Office, caller: PhoneId, phone: PhoneId) {
    waits(o, caller);
    o.answers(phone);
    o.talk_both_ways(caller, phone);
    o.hangs_up(caller);
    o.is_over(phone, secs(1));
    o.run(secs(1));
}

#[test]
fn a_person_pauses_by_a_code() {
    scenario_in(&office(), "a_person_pauses_by_a_code", |o| {
        let (one, two) = (o.desk("201", answers(1)), o.desk("202", answers(1)));
        let other = o.desk("203", answers(1));
        let (first, second, third) = (o.caller, another(o, 2), another(o, 3));
        dials(
            o,
            one,
            "*47",
            "You are paused. Queues do not ring this phone.",
        );
        is_taken_by(o, first, two);
        dials(o, one, "*48", "You are back. Queues ring this phone.");
        is_taken_by(o, second, one);
        o.admin(Admin::Pause {
            person: "201".into(),
            paused: true,
        });
        o.admin(Admin::Pause {
            person: "201".into(),
            paused: true,
        });
        is_taken_by(o, third, two);
        dials(o, other, "*47", "This phone is in no queue.");
        let mut on_record = Vec::new();
        for what in o.facts() {
            if let What::PersonPaused { person, paused, by } = what {
                on_record.push((person.as_str(), *paused, by.as_str()));
            }
        }
        assert_eq!(
            on_record,
            [
                ("201", true, "phone"),
                ("201", false, "phone"),
                ("201", true, "command")
            ]
        );
    });
}
