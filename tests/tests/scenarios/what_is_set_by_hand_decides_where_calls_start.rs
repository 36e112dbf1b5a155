//! The office is closed by hand: its number leads to an announcement, until that is taken back. A switch that is written out and
//! read in again still knows it.

use super::{common::*, config::Config};
use tandem_call::Admin;

fn office() -> Config {
    Config::office().with(
        "operator = \"queue:reception\"\n",
        "operator = \"queue:reception\"\n[[when]]\noverride = \"night\"\nstart = \"announce:notice\"\n",
    )
}

#[test]
fn what_is_set_by_hand_decides_where_calls_start() {
    let name = "what_is_set_by_hand_decides_where_calls_start";
    scenario_in(&office(), name, |o| {
        let caller = o.caller;
        o.admin(Admin::Override(Some("night".to_owned())));
        o.calls(caller, "+442079460100");
        o.ends(Party::Gateway, Reason::Normal);
        let notice =
            |w: &What| matches!(w, What::CallStarted { start, .. } if start == "announce:notice");
        assert_eq!(o.count(notice), 1, "{}", o.ladder());
        assert_eq!(o.count(|w| matches!(w, What::AgentEntered { .. })), 0);
        o.is_over(caller, ms(100));
    });
}

#[test]
fn what_was_taken_back_decides_nothing() {
    scenario_in(&office(), "what_was_taken_back_decides_nothing", |o| {
        let caller = o.caller;
        o.admin(Admin::Override(Some("night".to_owned())));
        o.admin(Admin::Override(None));
        o.calls_the_office();
        assert_eq!(o.count(|w| matches!(w, What::AgentEntered { .. })), 1);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
