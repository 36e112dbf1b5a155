//! SRTP is preferred in the office, and this phone does not speak it: it refuses the offer with 488, is offered plain RTP at once,
//! and rings. Its own offer, which is plain, is taken as it is.

use super::{common::*, steps::*};

#[test]
fn a_phone_that_refuses_srtp_is_offered_plain_rtp() {
    let config = Config::office().with(
        "domain = \"phones.example\"",
        "domain = \"phones.example\"\nsrtp = \"preferred\"",
    );
    let name = "a_phone_that_refuses_srtp_is_offered_plain_rtp";
    scenario_in(&config, name, |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        are_connected(o, "203", desk);
        assert_eq!(lines_with(o, "488 Not"), 1, "\n{}", o.ladder());
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
        o.calls(desk, "2000");
        o.answers(desk);
        o.run(ms(300));
        o.hangs_up(desk);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn where_srtp_is_required_a_phone_without_it_is_not_put_through() {
    let config = Config::office().with(
        "domain = \"phones.example\"",
        "domain = \"phones.example\"\nsrtp = \"required\"",
    );
    let name = "where_srtp_is_required_a_phone_without_it_is_not_put_through";
    scenario_in(&config, name, |o| {
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        o.calls(caller, "203");
        o.ends(Party::Callee, Reason::NoCodec);
        o.calls(desk, "2000");
        o.ends(Party::Gateway, Reason::NoCodec);
        assert_eq!(
            lines_with(o, "488 Not"),
            3,
            "one was passed on\n{}",
            o.ladder()
        );
    });
}
