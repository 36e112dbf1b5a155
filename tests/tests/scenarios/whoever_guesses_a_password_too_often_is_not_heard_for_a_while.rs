//! Three wrong answers in ten minutes: the fourth REGISTER from that address is not even challenged. Others are served meanwhile, and
//! when the ban is over so is the silence.

use super::{common::*, steps::*};

#[test]
fn whoever_guesses_a_password_too_often_is_not_heard_for_a_while() {
    let name = "whoever_guesses_a_password_too_often_is_not_heard_for_a_while";
    let config = Config::office().with(
        "[sip]\n",
        "[sip]\nbans = { after = 3, within = \"10m\", for = \"5m\" }\n",
    );
    scenario_in(&config, name, |o| {
        let good = o.desk("201", answers(1));
        let wrong = unregistered_with(o, "guesser", "203", Incoming::Ring, |c| {
            c.password = Some("guess".into())
        });
        let refusals = |o: &Office| {
            let noticed = o.noticed(wrong).into_iter();
            let status = noticed.filter_map(|(_, e)| match e {
                PhoneEvent::NotRegistered { status } => Some(*status),
                _ => None,
            });
            status.collect::<Vec<_>>()
        };
        for _ in 0..3 {
            o.does(wrong, Act::Register);
            o.run(secs(5));
        }
        o.does(wrong, Act::Register);
        o.run(secs(35)); // Timer F: no answer
        assert_eq!(refusals(o), [401, 401, 401, 0], "\n{}", o.ladder());
        let guessed = o
            .refused()
            .iter()
            .filter(|(_, why)| *why == "wrong-password");
        assert_eq!(guessed.count(), 3, "{:?}", o.refused());
        let caller = o.caller;
        o.calls(caller, "201");
        o.answers(caller);
        o.talk_both_ways(caller, good);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(good, ms(100));
        // It goes on trying by itself.
        o.run(secs(285));
        let all = refusals(o);
        assert!(all[3..].contains(&0), "{all:?}");
        assert_eq!(all.last(), Some(&401), "it is heard again: {all:?}");
        o.does(wrong, Act::Unregister);
    });
}
