//! One INVITE, two phones.

use crate::world::*;
use tandem_sip::api::*;
use tandem_types::{Party, Reason};

fn ring_both(w: &mut World) -> (SessionId, SessionId, SessionId) {
    w.forks = true;
    let a = w.invite();
    let (b, c) = (w.invited(B).0, w.invited(C).0);
    w.progress(B, b);
    w.progress(C, c);
    let mut early = Vec::new();
    for _ in 0..2 {
        let Event::Progress { early: tag, .. } = w.event(A) else {
            panic!()
        };
        early.push(tag);
    }
    assert_ne!(early[0], early[1], "early dialogs are told apart");
    (a, b, c)
}

#[test]
fn the_second_2xx_gets_ack_and_bye_and_the_first_stays() {
    scenario(|w| {
        let (a, b, c) = ring_both(w);
        w.accept(B, b);
        w.answered(A, a);
        w.ack(A, a);
        w.acked(B, b);
        w.accept(C, c);
        w.acked(C, c);
        let end = w.ended(C, c);
        assert_eq!((end.by, end.reason), (Party::Caller, Reason::Normal));
        w.pass(60_000);
        assert!(
            w.nodes[A].events.is_empty(),
            "the user hears nothing of the second"
        );
        assert!(w.nodes[B].events.is_empty());
        w.hangup(B, b);
        w.ended(A, a);
    });
}

#[test]
fn both_2xx_at_once_and_the_acks_lost() {
    scenario(|w| {
        let (a, b, c) = ring_both(w);
        w.lose("ACK");
        w.lose("ACK");
        w.accept(B, b);
        w.accept(C, c);
        w.answered(A, a);
        w.pass(100);
        w.ack(A, a);
        assert_eq!(w.ended(C, c).by, Party::Caller, "the BYE came, the ACK not");
        w.acked(B, b);
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn both_are_cancelled() {
    scenario(|w| {
        let (a, b, c) = ring_both(w);
        w.hangup(A, a);
        w.ended(B, b);
        w.ended(C, c);
        assert_eq!(w.failed(A, a), Failure::Cancelled);
    });
}

#[test]
fn the_second_2xx_comes_after_the_call_is_over() {
    scenario(|w| {
        let (a, b, c) = ring_both(w);
        w.accept(B, b);
        w.answered(A, a);
        w.ack(A, a);
        w.acked(B, b);
        w.hangup(A, a);
        w.ended(B, b);
        w.pass(6_000);
        w.accept(C, c);
        w.acked(C, c);
        w.ended(C, c);
    });
}
