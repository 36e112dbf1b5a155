//! Session timers: who called from a phone without them is refreshed by us: a bodiless UPDATE, and nobody hears anything of it.

use super::{common::*, steps::*};

#[test]
fn a_long_call_is_refreshed_by_update() {
    let config = Config::office().with(
        "[sip]\n",
        "[sip]\nsession_timers = { expires = \"90s\", min_se = \"90s\" }\n",
    );
    let name = "a_long_call_is_refreshed_by_update";
    scenario_in(&config, name, |o| {
        let desk = o.desk("203", answers(1));
        let dialler = o.desk("204", Incoming::Wait);
        o.calls(dialler, "203");
        o.answers(dialler);
        o.talk_both_ways(dialler, desk);
        o.run(secs(95));
        assert_eq!(lines_with(o, "200 OK to UPDATE"), 2, "{}", o.ladder());
        o.talk_both_ways(dialler, desk);
        o.hangs_up(desk);
        o.ends(Party::Callee, Reason::Normal);
    });
}
