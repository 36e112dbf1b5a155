//! A trunk whose file says `refer = "off"` never sees a REFER: a cold transfer is a bridge from the start.

use super::{common::*, steps::*};
use tandem_types::journal::LegRole;

#[test]
fn a_trunk_without_refer_is_bridged() {
    let config = Config::office().with("refer = \"on\"", "refer = \"off\"");
    scenario_in(&config, "a_trunk_without_refer_is_bridged", |o| {
        let viewings = o.outside("viewings", VIEWINGS, answers(3));
        asks_for_a_viewing(o);
        o.rings(viewings);
        let caller = o.caller;
        o.hears_music(caller, secs(2));
        o.answers(viewings);
        o.talk_both_ways(caller, viewings);
        assert_eq!(lines_with(o, "REFER"), 0, "\n{}", o.ladder());
        assert_eq!(legs(o, LegRole::Callee), 1);
        assert_eq!(o.dialled(), ["outside:viewings"]);
        assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(viewings, secs(1));
    });
}
