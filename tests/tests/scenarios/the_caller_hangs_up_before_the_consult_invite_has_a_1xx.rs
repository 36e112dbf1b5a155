//! The caller hangs up before the consult INVITE has any response: CANCEL waits for the first 1xx (RFC 3261 9.1), and a 200
//! that crosses gets ACK and BYE.

use super::common::*;

/// Is a response to our INVITE, provisional or final.
fn to_invite(p: &tandem_sim::Packet, provisional: bool) -> bool {
    p.from.ip() != tandem_sim::CARRIER
        && p.sip().is_some_and(|s| {
            s.cseq_method() == "INVITE" && s.status().is_some_and(|c| (c < 200) == provisional)
        })
}

#[test]
fn the_caller_hangs_up_before_the_consult_invite_has_a_1xx() {
    scenario(
        "the_caller_hangs_up_before_the_consult_invite_has_a_1xx",
        |o| {
            let (caller, person) = (o.caller, o.desk("200", Incoming::Ring));
            for nth in 1..=9 {
                o.net.hold_back(nth, secs(2), |p| {
                    p.to.ip() == tandem_sim::GATEWAY && to_invite(p, true)
                });
            }
            o.asks_for_a_person();
            o.rings(person);
            o.run(ms(500));
            o.hangs_up(caller);
            o.run(secs(1));
            assert!(
                !o.ladder().contains("CANCEL"),
                "before any response\n{}",
                o.ladder()
            );
            assert!(
                o.ladder().contains("INVITE 200 (sdp) (again)"),
                "{}",
                o.ladder()
            );
            o.is_over(person, secs(1));
            o.ends(Party::Caller, Reason::Normal);
            assert_eq!(
                o.handoff_ends(),
                [(HandoffEnd::Abandoned, Some(Reason::Cancelled))]
            );
        },
    );
}

#[test]
fn a_200_that_comes_instead_of_a_1xx_gets_ack_and_bye() {
    scenario("a_200_that_comes_instead_of_a_1xx_gets_ack_and_bye", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.net
            .drop_all(|p| p.to.ip() == tandem_sim::GATEWAY && to_invite(p, true));
        o.asks_for_a_person();
        o.rings(person);
        o.run(ms(500));
        o.hangs_up(caller);
        o.answers(person);
        o.is_over(person, secs(1));
        o.ends(Party::Caller, Reason::Normal);
        assert!(!o.ladder().contains("CANCEL"), "{}", o.ladder());
        o.never_heard(person, caller);
        assert_eq!(o.count(|w| matches!(w, What::TransferBriefed { .. })), 0);
    });
}

#[test]
fn a_200_that_crosses_the_cancel_gets_ack_and_bye() {
    scenario("a_200_that_crosses_the_cancel_gets_ack_and_bye", |o| {
        let (caller, person) = (o.caller, o.desk("200", Incoming::Ring));
        o.asks_for_a_person();
        o.rings(person);
        o.run(secs(1));
        o.hangs_up(caller);
        o.run(ms(7));
        o.does(person, Act::Answer);
        o.is_over(person, secs(1));
        o.ends(Party::Caller, Reason::Normal);
        o.never_heard(person, caller);
        assert_eq!(o.count(|w| matches!(w, What::TransferBriefed { .. })), 0);
        assert_eq!(
            o.handoff_ends(),
            [(HandoffEnd::Abandoned, Some(Reason::Cancelled))]
        );
    });
}
