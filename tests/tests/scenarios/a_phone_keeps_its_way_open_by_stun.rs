//! A registered phone asks by STUN on the SIP port whether its way through a NAT is still open (RFC 5626 section 8): it is told the
//! address that it comes from. A stranger who asks gets silence.

use super::{common::*, steps::*};
use std::{cell::RefCell, net::SocketAddr, rc::Rc};
use tandem_sim::{GATEWAY, Kind, Packet};

/// A binding request (RFC 8489 section 5).
fn asks(o: &mut Office, from: SocketAddr) {
    let mut bytes = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    bytes.extend([7; 12]);
    o.injects(Packet {
        from,
        to: SocketAddr::new(GATEWAY, 5060),
        kind: Kind::Sip,
        bytes,
    });
    o.run(secs(1));
}

/// What the gateway sends, by where it goes.
type Sent = Rc<RefCell<Vec<(SocketAddr, Vec<u8>)>>>;

fn taken(sent: &Sent, to: SocketAddr) -> Vec<Vec<u8>> {
    let all = std::mem::take(&mut *sent.borrow_mut());
    let there = all.into_iter().filter(|(at, _)| *at == to);
    there.map(|(_, bytes)| bytes).collect()
}

#[test]
fn a_phone_keeps_its_way_open_by_stun() {
    scenario("a_phone_keeps_its_way_open_by_stun", |o| {
        let desk = o.desk("203", answers(1));
        o.run(secs(1));
        let sent = Sent::default();
        let all = sent.clone();
        o.net.drop_all(move |p| {
            if p.from.ip() == GATEWAY {
                all.borrow_mut().push((p.to, p.bytes.clone()));
            }
            false
        });
        let at = o.phone(desk).config().local_sip;
        asks(o, at);
        let [answer] = &taken(&sent, at)[..] else {
            panic!("one answer\n{}", o.ladder())
        };
        assert_eq!(answer[..4], [1, 1, 0, 12]);
        let port = u16::from_be_bytes([answer[26], answer[27]]) ^ 0x2112;
        assert_eq!(port, at.port());

        let stranger = unregistered(o, "stranger", Incoming::Wait);
        let at = o.phone(stranger).config().local_sip;
        asks(o, at);
        assert_eq!(taken(&sent, at), Vec::<Vec<u8>>::new());
        assert!(o.refused().iter().all(|(_, why)| *why == "unknown-source"));

        // And it is called as ever.
        are_connected(o, "203", desk);
        let caller = o.caller;
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
