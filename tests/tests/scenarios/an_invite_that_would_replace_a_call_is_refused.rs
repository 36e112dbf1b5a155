//! An INVITE with Replaces wants to take a call over, which nobody may here: it is refused, becomes no new call, and the one that
//! it named goes on.

use super::common::*;
use std::{cell::RefCell, rc::Rc};
use tandem_sip::message::{HeaderName, Headers};

/// Notes the dialog of the first INVITE that the gateway answers, as its receiver would name it.
fn listens_in(o: &mut Office) -> Rc<RefCell<String>> {
    let heard = Rc::new(RefCell::new(String::new()));
    let note = heard.clone();
    let tag = |value: Option<&str>| {
        let (_, tag) = value?.split_once("tag=")?;
        Some(tag.split(';').next().unwrap_or(tag).to_owned())
    };
    o.net.drop_all(move |p| {
        let answer = p
            .sip()
            .filter(|g| p.from.ip() == tandem_sim::GATEWAY && g.is_response(200, "INVITE"));
        if let Some(g) = answer.filter(|_| note.borrow().is_empty())
            && let (Some(to), Some(from)) = (tag(g.header("To")), tag(g.header("From")))
        {
            *note.borrow_mut() = format!("{};to-tag={to};from-tag={from}", g.call_id());
        }
        false
    });
    heard
}

#[test]
fn an_invite_that_would_replace_a_call_is_refused() {
    scenario("an_invite_that_would_replace_a_call_is_refused", |o| {
        let (desk, other) = (o.desk("203", answers(1)), o.desk("204", Incoming::Wait));
        let thief = o.desk("201", Incoming::Wait);
        let dialog = listens_in(o);
        o.calls(other, "203");
        o.answers(other);
        o.talk_both_ways(other, desk);
        for (replaces, status) in [
            ("one@10.0.1.2;to-tag=a;from-tag=b".to_owned(), 481),
            ("one@10.0.1.2;to-tag=a".to_owned(), 400),
            (dialog.take(), 603),
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
