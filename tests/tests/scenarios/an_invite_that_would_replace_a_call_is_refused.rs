//! An INVITE with Replaces that wants to take the call of another phone over is refused, becomes no new call, and the one that it
//! named goes on.

use super::common::*;
use tandem_sip::message::{HeaderName, Headers};

#[test]
fn an_invite_that_would_replace_a_call_is_refused() {
    scenario("an_invite_that_would_replace_a_call_is_refused", |o| {
        let (desk, other) = (o.desk("203", answers(1)), o.desk("204", Incoming::Wait));
        let thief = o.desk("201", Incoming::Wait);
        o.calls(other, "203");
        o.answers(other);
        o.talk_both_ways(other, desk);
        let dialog = o.phone(other).dialog().expect("a call");
        for (replaces, status) in [
            ("one@10.0.1.2;to-tag=a;from-tag=b".to_owned(), 481),
            ("one@10.0.1.2;to-tag=a".to_owned(), 400),
            (format!("{dialog};early-only"), 486),
            (dialog.to_string(), 403),
        ] {
            let headers = Headers::new().with(HeaderName::Replaces, replaces);
            o.calls_with(thief, "203", headers);
            o.until(secs(5), "it is refused", |w| {
                w.has_noticed(
                    thief,
                    |e| matches!(e, PhoneEvent::Failed { status: s } if *s == status),
                )
            });
        }
        assert_eq!(o.count(|w| matches!(w, What::CallStarted { .. })), 1);
        o.talk_both_ways(other, desk);
        o.hangs_up(other);
        o.ends(Party::Caller, Reason::Normal);
    });
}
