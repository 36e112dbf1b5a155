//! Each message lost once, and recovered.

use crate::world::*;
use tandem_sip::message::Method;
use tandem_types::{Party, Reason};

#[test]
fn a_lost_invite_is_sent_again() {
    scenario(|w| {
        w.lose("INVITE");
        let (a, b) = w.talk();
        assert_eq!(w.millis(), 500 + 3 * 10);
        w.hangup(A, a);
        w.ended(B, b);
    });
}

#[test]
fn a_lost_100_makes_no_second_call() {
    scenario(|w| {
        w.lose("100");
        let a = w.invite();
        let b = w.invited(B).0;
        w.pass(600);
        assert_eq!(w.count("A->B", "INVITE"), 2);
        assert_eq!(w.count("B->A", "100"), 1);
        assert!(w.nodes[B].events.is_empty());
        w.reject(B, b, 404);
        w.failed(A, a);
    });
}

#[test]
fn a_lost_200_is_sent_again_and_acked_again() {
    scenario(|w| {
        w.lose("200 INVITE");
        let (a, b) = w.talk();
        assert_eq!(w.count("B->A", "200 INVITE"), 1);
        w.hangup(B, b);
        w.ended(A, a);
    });
}

#[test]
fn a_lost_ack_is_sent_again_by_the_endpoint() {
    scenario(|w| {
        w.lose("ACK");
        w.lose("ACK");
        let (a, b) = w.talk();
        assert_eq!(
            (w.count("B->A", "200 INVITE"), w.count("A->B", "ACK")),
            (3, 1)
        );
        assert_eq!(w.millis(), 500 + 1000 + 3 * 10);
        w.pass(5_000);
        assert_eq!(w.count("B->A", "200 INVITE"), 3, "quiet after the ACK");
        w.hangup(B, b);
        w.ended(A, a);
    });
}

#[test]
fn a_lost_bye_is_sent_again() {
    scenario(|w| {
        let (a, b) = w.talk();
        w.lose("BYE");
        w.hangup(A, a);
        w.ended(A, a);
        assert_eq!(w.ended(B, b).by, Party::Caller);
        w.settle();
        assert_eq!((w.count("A->B", "BYE"), w.count("B->A", "200 BYE")), (1, 1));
    });
}

#[test]
fn a_lost_answer_to_bye_is_repeated() {
    scenario(|w| {
        let (a, b) = w.talk();
        w.lose("200 BYE");
        w.hangup(A, a);
        w.ended(B, b);
        w.settle();
        assert_eq!((w.count("A->B", "BYE"), w.count("B->A", "200 BYE")), (2, 1));
        assert!(w.nodes[B].events.is_empty(), "told once");
    });
}

#[test]
fn a_lost_refusal_is_repeated_until_its_ack() {
    scenario(|w| {
        w.lose("486");
        w.lose("ACK");
        let a = w.invite();
        let b = w.invited(B).0;
        w.reject(B, b, 486);
        w.failed(A, a);
        w.settle();
        assert_eq!((w.count("B->A", "486"), w.count("A->B", "ACK")), (2, 1));
    });
}

#[test]
fn a_2xx_that_is_never_acked_ends_in_bye() {
    scenario(|w| {
        let a = w.invite();
        let b = w.invited(B).0;
        w.accept(B, b);
        w.answered(A, a);
        let end = w.ended(B, b);
        assert_eq!((end.by, end.reason), (Party::Caller, Reason::Protocol));
        assert_eq!(w.millis(), 32_010);
        assert_eq!(w.count("B->A", "200 INVITE"), 11);
        assert_eq!(w.ended(A, a).reason, Reason::Normal, "a BYE like any other");
        w.settle();
        assert_eq!(
            w.count("A->B", "ACK"),
            1,
            "what was owed is given with the BYE's coming"
        );
    });
}

#[test]
fn a_peer_that_is_gone_ends_the_call_at_the_next_reinvite() {
    scenario(|w| {
        let (a, b) = w.talk();
        w.make_raw(B);
        let start = w.millis();
        let key = w.request(A, a, Method::Invite);
        assert!(w.outcome(A, key).is_err());
        assert_eq!(w.ended(A, a).reason, Reason::Lost);
        assert_eq!(w.millis() - start, 32_000);
        w.nodes[B].endpoint =
            tandem_sip::endpoint::Endpoint::new(config(), tandem_types::Rng::seeded(9));
        let _ = b;
    });
}

#[test]
fn a_bye_that_nobody_answers_is_given_up() {
    scenario(|w| {
        let (a, _) = w.talk();
        w.make_raw(B);
        w.nodes[B].endpoint =
            tandem_sip::endpoint::Endpoint::new(config(), tandem_types::Rng::seeded(9));
        let start = w.millis();
        w.hangup(A, a);
        assert_eq!(w.ended(A, a).by, Party::Gateway);
        assert_eq!(w.millis(), start, "the user does not wait");
        w.settle();
        assert_eq!(w.count("A->B", "BYE"), 11);
    });
}
