//! A phone takes the place of another of the same user (INVITE with Replaces): whoever has the caller goes on at another desk.

use super::common::*;
use tandem_sip::message::{HeaderName, Headers};

/// Two phones of one extension, the second at another desk, and somebody who talks to the first.
fn two_desks(o: &mut Office) -> (PhoneId, PhoneId, PhoneId) {
    let first = o.desk("203", answers(1));
    let other = o.desk("204", Incoming::Wait);
    o.calls(other, "203");
    o.answers(other);
    let voice = tandem_phone::Voice::Tone { hz: 3720.0 };
    let second = World::desk_with(o, "203 upstairs", "203", |c| c.voice = voice);
    o.registers(second);
    o.talk_both_ways(other, first);
    (first, other, second)
}

fn takes_over(o: &mut Office, second: PhoneId, from: PhoneId) {
    let dialog = o.phone(from).dialog().expect("a call");
    let headers = Headers::new().with(HeaderName::Replaces, dialog);
    o.calls_with(second, "203", headers);
}

#[test]
fn a_person_goes_on_at_another_desk() {
    scenario("a_person_goes_on_at_another_desk", |o| {
        let (first, other, second) = two_desks(o);
        takes_over(o, second, first);
        o.is_over(first, secs(1));
        o.talk_both_ways(other, second);
        assert_eq!(o.count(|w| matches!(w, What::CallStarted { .. })), 1);
        // And back, as who called.
        let third = World::desk_with(o, "204 upstairs", "204", |c| {
            c.voice = tandem_phone::Voice::Tone { hz: 3780.0 };
        });
        o.registers(third);
        takes_over(o, third, other);
        o.is_over(other, secs(1));
        o.talk_both_ways(third, second);
        o.hangs_up(third);
        o.ends(Party::Caller, Reason::Normal);
    });
}

/// The other side hangs up before the second phone has its port, and the second phone has no codec that we know.
#[test]
fn whoever_comes_too_late_or_cannot_be_understood_takes_no_place() {
    scenario(
        "whoever_comes_too_late_or_cannot_be_understood_takes_no_place",
        |o| {
            let (first, other, second) = two_desks(o);
            let wide = World::desk_with(o, "203 wide", "203", |c| {
                c.codecs = vec![tandem_types::media::Codec::G722];
            });
            o.registers(wide);
            takes_over(o, wide, first);
            o.until(secs(5), "it is refused", |w| {
                w.has_noticed(wide, |e| matches!(e, PhoneEvent::Failed { status: 488 }))
            });
            o.talk_both_ways(other, first);
            takes_over(o, second, first);
            o.hangs_up(other);
            o.until(secs(5), "it is refused or over", |w| {
                w.phone(second).state() == tandem_phone::State::Idle
            });
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
