//! The first INVITE and 200 of each leg are lost, and the 180 to the caller: INVITEs and 200s are sent again, there is one
//! call, and they hear each other.

use super::{common::*, steps::*};
use tandem_types::journal::LegRole;

#[test]
fn invites_and_answers_are_lost_on_both_legs() {
    scenario("invites_and_answers_are_lost_on_both_legs", |o| {
        let desk = o.desk("203", answers(2));
        let caller = o.caller;
        for theirs in [true, false] {
            let of = move |p: &tandem_sim::Packet| {
                (p.from.ip() == tandem_sim::CARRIER || p.to.ip() == tandem_sim::CARRIER) == theirs
            };
            o.net
                .drop_nth(1, move |p| of(p) && p.sip().is_some_and(|m| m.is("INVITE")));
            o.net.drop_nth(1, move |p| {
                of(p) && p.sip().is_some_and(|m| m.is_response(200, "INVITE"))
            });
        }
        o.net.drop_nth(1, |p| {
            p.to.ip() == tandem_sim::CARRIER
                && p.sip().is_some_and(|m| m.is_response(180, "INVITE"))
        });
        are_connected(o, "203", desk);
        assert_eq!(o.net.lost(), 5);
        assert_eq!(o.count(|w| matches!(w, What::CallStarted { .. })), 1);
        assert_eq!(legs(o, LegRole::Callee), 1);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
    });
}
