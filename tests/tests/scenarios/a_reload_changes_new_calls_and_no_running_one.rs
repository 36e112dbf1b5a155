//! A new plan while one caller talks with a person and another listens to a menu: both go on as they began, the tone of who talks is
//! heard all along, and the menu's keys lead where the old plan says. The next caller finds the new one.

use super::common::*;

#[test]
fn a_reload_changes_new_calls_and_no_running_one() {
    let name = "a_reload_changes_new_calls_and_no_running_one";
    let old = Config::office();
    let new = Config::office()
        .with(
            "keys = { 1 = \"queue:billing\",",
            "keys = { 1 = \"announce:notice\",",
        )
        .with("\"2000\" = \"echo\"", "\"2000\" = \"announce:notice\"");
    scenario_in(&old, name, |o| {
        let (first, second) = (o.desk("201", answers(1)), o.desk("202", answers(1)));
        let caller = o.caller;
        let other = o.outside("other", "+441632960002", Incoming::Ring);
        let late = o.outside("late", "+441632960003", Incoming::Ring);
        for quiet in [other, late] {
            o.is_still(quiet);
        }
        o.calls(caller, "2002");
        o.answers(caller);
        o.presses(caller, "1");
        o.answers(first);
        o.talk_both_ways(caller, first);
        o.calls(other, "2002");
        o.answers(other);

        o.reloads(new.plan(), "anna");
        let noted = |w: &What| matches!(w, What::Reloaded { by, .. } if by == "anna");
        assert_eq!((o.count(noted), o.older_plans()), (1, 1));
        o.talk_both_ways(caller, first);
        // By the plan that it began with: the first of billing talks, so the second is rung.
        o.presses(other, "1");
        o.answers(second);
        o.talk_both_ways(other, second);

        o.calls(late, "2002");
        o.answers(late);
        o.presses(late, "1");
        o.until(secs(20), "the announcement is over", |w| !w.is_up(late));
        o.heard(
            late,
            "This is a test announcement. Thank you for listening. Goodbye.",
        );

        o.talk_both_ways(caller, first);
        o.hangs_up(caller);
        o.run(secs(1));
        assert_eq!(o.older_plans(), 1, "one caller still goes by it");
        o.hangs_up(other);
        o.run(secs(1));
        assert_eq!(o.older_plans(), 0, "nobody goes by it any more");
        o.run(secs(5));
    });
}
