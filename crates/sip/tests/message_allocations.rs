//! How much it costs to read a typical INVITE: counted, not timed.

use bytes::Bytes;
use tandem_sip::message::Message;

#[path = "counting/allocator.rs"]
mod allocator;

const INVITE: &[u8] = b"INVITE sip:+442079460000@gw.example.net:5060;transport=udp SIP/2.0\r\n\
Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bKPj7c1d2e3f4a5b\r\n\
Max-Forwards: 70\r\n\
From: \"A. Caller\" <sip:+442079460123@carrier.example>;tag=7a3c1b\r\n\
To: <sip:+442079460000@gw.example.net>\r\n\
Contact: <sip:+442079460123@192.0.2.10:5060;ob>\r\n\
Call-ID: 4f9a2d1c0b8e7f6a@192.0.2.10\r\n\
CSeq: 102 INVITE\r\n\
Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, UPDATE\r\n\
Supported: replaces, timer\r\n\
P-Asserted-Identity: <sip:+442079460123@carrier.example>\r\n\
X-Account: 991100\r\n\
User-Agent: Carrier SBC 7.2\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 171\r\n\
\r\n\
v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\na=ptime:20\r\n";

#[test]
fn a_typical_invite_costs_at_most_three_allocations() {
    let datagram = Bytes::from(INVITE.to_vec());
    let (message, spent) = allocator::counted(|| Message::parse(datagram));
    let Ok(Message::Request(request)) = message else {
        panic!("an INVITE")
    };
    assert_eq!(request.headers.len(), 14);
    assert_eq!(
        request.body_of_type("application/sdp").map(|b| b.len()),
        Some(171)
    );
    assert!(spent <= 3, "{spent} allocations");
}
