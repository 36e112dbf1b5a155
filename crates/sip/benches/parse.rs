//! Reading an INVITE with SDP as Asterisk writes it: time by criterion, allocations counted, beside rsip and ezk-sip-types. `parse` is
//! the message alone, `typed` also top Via, From, To, CSeq and Contact, as any stack needs them.

use bytes::Bytes;
use criterion::{BatchSize, Criterion};
use ezk_sip_types::header::typed::{CSeq, Contact, FromTo, Via};
use ezk_sip_types::{Headers, Name, msg};
use rsip::prelude::*;
use std::hint::black_box;
use tandem_sip::message::Message;

#[path = "../tests/counting/allocator.rs"]
mod allocator;

const INVITE: &[u8] = include_bytes!("../tests/phones/asterisk_invite.sip");

fn ours(bytes: Bytes) -> Message {
    Message::parse(bytes).expect("an INVITE")
}
fn ours_typed(bytes: Bytes) -> Message {
    let message = ours(bytes);
    let Message::Request(r) = &message else {
        panic!("a request")
    };
    black_box((r.top_via(), r.from(), r.to(), r.cseq(), r.contact()));
    message
}

fn rsip(bytes: Bytes) -> rsip::SipMessage {
    rsip::SipMessage::try_from(&bytes[..]).expect("an INVITE")
}
fn rsip_typed(bytes: Bytes) -> rsip::SipMessage {
    let m = rsip(bytes);
    let via = m.via_header().and_then(|h| h.typed()).expect("Via");
    let from = m.from_header().and_then(|h| h.typed()).expect("From");
    let to = m.to_header().and_then(|h| h.typed()).expect("To");
    let cseq = m.cseq_header().and_then(|h| h.typed()).expect("CSeq");
    let contact = m.contact_header().and_then(|h| h.typed()).expect("Contact");
    black_box((via, from, to, cseq, contact));
    m
}

fn ezk(bytes: Bytes) -> (msg::MessageLine, Headers, Bytes) {
    let text = |line| std::str::from_utf8(line).expect("UTF-8");
    let mut lines = msg::PullParser::new(&bytes, 0);
    let first = lines.next().expect("a line").expect("whole");
    let first = text(first).parse().expect("a first line");
    let mut headers = Headers::with_capacity(16);
    for line in &mut lines {
        let (_, line) = msg::Line::parse(&bytes, text(line.expect("whole"))).expect("a header");
        headers.insert(line.name, line.value);
    }
    let body = bytes.slice(lines.head_end()..);
    (first, headers, body)
}
fn ezk_typed(bytes: Bytes) -> (msg::MessageLine, Headers, Bytes) {
    let all = ezk(bytes);
    let via: Via = all.1.get_named().expect("Via");
    let from: FromTo = all.1.get(Name::FROM).expect("From");
    let to: FromTo = all.1.get(Name::TO).expect("To");
    let cseq: CSeq = all.1.get_named().expect("CSeq");
    let contact: Contact = all.1.get_named().expect("Contact");
    black_box((via, from, to, cseq, contact));
    all
}

fn measure<T>(c: &mut Criterion, name: &str, read: impl Fn(Bytes) -> T) {
    let bytes = Bytes::from_static(INVITE);
    // A datagram is a fresh buffer; the first clone of a Bytes that came from a Vec allocates its counter.
    let fresh = || Bytes::from(bytes.to_vec());
    let datagram = fresh();
    let (message, spent) = allocator::counted(|| black_box(read(datagram)));
    drop(message);
    #[expect(clippy::print_stdout, reason = "a benchmark's figures")]
    {
        println!("{name}: {spent} allocations for {} bytes", bytes.len());
    }
    c.bench_function(name, |b| {
        b.iter_batched(fresh, &read, BatchSize::SmallInput);
    });
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    measure(&mut c, "parse: tandem-sip", ours);
    measure(&mut c, "parse: rsip", rsip);
    measure(&mut c, "parse: ezk-sip-types", ezk);
    measure(&mut c, "typed: tandem-sip", ours_typed);
    measure(&mut c, "typed: rsip", rsip_typed);
    measure(&mut c, "typed: ezk-sip-types", ezk_typed);
    c.final_summary();
}
