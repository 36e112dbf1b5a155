//! An INVITE from an address that is no trunk's and no registered phone's: nothing at all comes back, and fail2ban gets its line.

use super::{common::*, steps::*};
use std::{cell::Cell, rc::Rc};

#[test]
fn an_unknown_source_gets_silence() {
    scenario("an_unknown_source_gets_silence", |o| {
        let desk = o.desk("203", answers(1));
        let stranger = unregistered(o, "stranger", Incoming::Wait);
        let stranger_ip = o.phone(stranger).config().local_sip.ip();
        let sent = Rc::new(Cell::new(0));
        let count = sent.clone();
        o.net.drop_all(move |p| {
            count.set(count.get() + u32::from(p.to.ip() == stranger_ip));
            false
        });
        o.calls(stranger, "203");
        is_refused(o, stranger, 0);
        assert_eq!(sent.get(), 0, "packets to the stranger\n{}", o.ladder());
        let from = o
            .refused()
            .iter()
            .filter(|(from, _)| from.ip() == stranger_ip)
            .count();
        assert!(from >= 6, "each repetition is one line: {from}");
        assert!(o.refused().iter().all(|(_, why)| *why == "unknown-source"));
        assert_eq!(o.journal().len(), 0);
        never_rang(o, desk);
        // Whom the gateway knows is served meanwhile.
        are_connected(o, "203", desk);
        let caller = o.caller;
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
        o.is_over(desk, ms(100));
    });
}
