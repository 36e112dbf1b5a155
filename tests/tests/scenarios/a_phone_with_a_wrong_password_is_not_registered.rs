//! A phone with a wrong password is challenged and refused, gets no calls, and its calls go nowhere.

use super::{common::*, steps::*};

#[test]
fn a_phone_with_a_wrong_password_is_not_registered() {
    scenario("a_phone_with_a_wrong_password_is_not_registered", |o| {
        let wrong = unregistered_with(o, "ext 203", "203", Incoming::Ring, |c| {
            c.password = Some("guess".into())
        });
        let caller = o.caller;
        o.does(wrong, Act::Register);
        o.until(secs(5), "it is refused", |w| {
            w.has_noticed(wrong, |e| {
                matches!(e, PhoneEvent::NotRegistered { status: 401 })
            })
        });
        assert!(!o.phone(wrong).is_registered());
        assert!(
            o.refused().iter().any(|(_, why)| *why == "wrong-password"),
            "{:?}",
            o.refused()
        );
        o.calls(caller, "203");
        is_refused(o, caller, 480);
        never_rang(o, wrong);
        o.ends(Party::Callee, Reason::Unreachable);
        o.does(wrong, Act::Unregister);
    });
}
