//! The time that a transfer may take in all is over while the second phone rings: it is cancelled, and the AI is back.

use super::common::*;

#[test]
fn total_time_is_over() {
    let config = Config::office().with(
        "answer_wait = \"5s\"",
        "answer_wait = \"5s\"\ntotal = \"13s\"",
    );
    scenario_in(&config, "total_time_is_over", |o| {
        let caller = o.caller;
        let (_first, second) = (o.desk("201", Incoming::Ring), o.desk("202", Incoming::Ring));
        o.asks_for_the_billing_team();
        o.hears_music(caller, secs(5));
        o.rings(second);
        o.run(secs(2));
        o.is_still(caller);
        o.is_over(second, ms(1200));
        o.ai_says("This is billing again");
        assert_eq!(
            o.failed_attempts(),
            [(Reason::NoAnswer, 0), (Reason::NoAnswer, 0)]
        );
        assert_eq!(o.dialled(), ["ext:201", "ext:202"]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
