//! A queue with hours of its own: who comes outside them is told so and led on, who waits when they end is still served.

use super::{common::*, lines::*};
use tandem_types::journal::QueueEnd;

/// Until two minutes after the beginning, and again from five minutes on.
fn office(more: &str) -> Config {
    let hours = "\n[hours.lines]\ntimezone = \"UTC\"\nopen = \"Mo-Su 09:00-10:02,10:05-18:00\"\n";
    waiting_office("\"ext:201\"", &format!("within = \"lines\"\n{more}"))
        .and("dialplans/head.toml", hours)
}

fn goes_on_until(o: &mut Office, at: Duration) {
    o.until(at, "the time has come", |w| w.elapsed() >= at);
}

#[test]
fn who_comes_when_it_is_closed_is_told_so_and_who_waits_already_is_served() {
    let name = "who_comes_when_it_is_closed_is_told_so_and_who_waits_already_is_served";
    scenario_in(&office("closed = \"announce:notice\""), name, |o| {
        let person = o.desk("201", answers(1));
        let (first, second, third) = (o.caller, another(o, 2), another(o, 3));
        waits(o, first);
        o.answers(person);
        o.talk_both_ways(first, person);
        goes_on_until(o, secs(100));
        assert_eq!(waits(o, second), 1);
        goes_on_until(o, secs(130));
        o.calls(third, "2003");
        is_told(o, third, "I'm sorry, the billing team is closed just now.");
        is_told(
            o,
            third,
            "This is a test announcement. Thank you for listening. Goodbye.",
        );
        o.is_over(third, secs(1));
        assert_eq!(
            waited(o).last().map(|(end, _)| *end),
            Some(QueueEnd::Closed)
        );
        o.hangs_up(first);
        o.is_over(person, secs(1));
        o.answers(person);
        o.talk_both_ways(second, person);
        o.hangs_up(second);
        o.is_over(person, secs(1));
        goes_on_until(o, secs(302));
        waits(o, third);
        o.answers(person);
        o.talk_both_ways(third, person);
        o.hangs_up(third);
        o.is_over(person, secs(1));
    });
}

/// The agent says why, has the caller on, and nobody is rung.
#[test]
fn an_agent_whose_queue_is_closed_keeps_the_caller() {
    let name = "an_agent_whose_queue_is_closed_keeps_the_caller";
    scenario_in(&office(""), name, |o| {
        let person = o.desk("201", answers(1));
        goes_on_until(o, secs(190));
        o.asks_for_the_billing_team();
        let caller = o.caller;
        o.is_still(caller);
        o.ai_says("they are closed just now");
        assert_eq!(o.failed_attempts(), []);
        assert_eq!(waited(o), [(QueueEnd::Closed, 0)]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        super::steps::never_rang(o, person);
    });
}
