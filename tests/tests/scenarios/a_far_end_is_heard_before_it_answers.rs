//! A carrier speaks before it answers: the caller hears it, and is heard once it is answered.

use super::{common::*, steps::*};
use tandem_sip::message::Headers;

#[test]
fn a_far_end_is_heard_before_it_answers() {
    let name = "a_far_end_is_heard_before_it_answers";
    scenario_in(&two_trunks(), name, |o| {
        let backup = unregistered(o, "second trunk", Incoming::Wait);
        let carrier = o.outside("first trunk", VIEWINGS, Incoming::Wait);
        let caller = o.caller;
        o.hums(caller);
        o.calls(caller, "2005");
        o.rings(carrier);
        o.does(carrier, Act::EarlyMedia);
        let early = |e: &PhoneEvent| {
            matches!(
                e,
                PhoneEvent::Ringing {
                    status: 183,
                    early_media: true
                }
            )
        };
        o.until(secs(1), "183 with an answer", |w| {
            w.has_noticed(caller, early)
        });
        o.run(secs(2));
        let first = o.heard_ms(caller, &Who::Phone(carrier));
        assert!(first > 1800, "{first} ms\n{}", o.ladder());
        o.never_heard(carrier, caller);

        // It was an announcement that nobody can be reached there: the next trunk is tried, and rings without a word.
        let headers = Headers::new();
        o.does(
            carrier,
            Act::Reject {
                status: 503,
                headers,
            },
        );
        o.rings(backup);
        o.does(backup, Act::Ring);
        o.run(secs(3));
        let pcm = o.last_heard(caller, 2_900);
        assert!(
            tandem_sim::hear::sounding(&pcm) > 0.1,
            "a ringing tone\n{}",
            o.ladder()
        );
        o.never_heard(caller, backup);
        o.does(backup, Act::EarlyMedia);
        o.run(secs(1));
        o.never_heard(backup, caller);
        o.does(backup, Act::Answer);
        o.answers(caller);
        o.talk_both_ways(caller, backup);
        assert_eq!(o.heard_ms(caller, &Who::Phone(carrier)), first);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(backup, ms(100));
    });
}

/// Who has been answered already (by a menu, an agent) hears it in place of our ringing tone.
#[test]
fn a_far_end_is_heard_by_a_caller_of_a_menu() {
    let config = Config::office().with("\"2000\" = \"echo\"", "\"2000\" = \"echo\"\n\"2011\" = \"menu:plain\"").with(
        "[outside.viewings]\n",
        "[menus.plain]\nprompt = \"For viewings press 1.\"\nkeys = { 1 = \"outside:viewings\", 0 = \"queue:reception\" }\notherwise = \"queue:reception\"\n[outside.viewings]\n",
    );
    scenario_in(&config, "a_far_end_is_heard_by_a_caller_of_a_menu", |o| {
        let carrier = o.outside("carrier", VIEWINGS, Incoming::Wait);
        let caller = o.caller;
        o.calls(caller, "2011");
        o.answers(caller);
        o.hums(caller);
        o.run(secs(1));
        o.presses(caller, "1");
        o.rings(carrier);
        o.does(carrier, Act::EarlyMedia);
        o.run(secs(2));
        let heard = o.heard_ms(caller, &Who::Phone(carrier));
        assert!(heard > 1800, "{heard} ms\n{}", o.ladder());
        o.never_heard(carrier, caller);
        o.does(carrier, Act::Answer);
        o.answers(carrier);
        o.talk_both_ways(caller, carrier);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(carrier, ms(100));
    });
}
