use super::*;

fn fault(text: &str) -> (Fault, Option<u16>) {
    let m = parsed(text).unwrap_err();
    (m.fault, m.reply.map(|r| r.status))
}

#[test]
fn what_is_not_sip_gets_silence() {
    assert_eq!(fault(""), (Fault::Empty, None));
    assert_eq!(fault("\n\n"), (Fault::Empty, None));
    assert_eq!(fault("GET / HTTP/1.1\nHost: a\n\n"), (Fault::NotSip, None));
    assert_eq!(fault("\0\0\0\0"), (Fault::NotSip, None));
    assert_eq!(fault("SIP/2.0 99 Low\n\n"), (Fault::StatusLine, None));
    assert_eq!(fault("SIP/2.0 0200 OK\n\n"), (Fault::StatusLine, None));
    assert_eq!(fault("SIP/3.0 200 OK\n\n"), (Fault::StatusLine, None));
    assert_eq!(
        fault("OPTIONS sip:a@b SIP/2.0"),
        (Fault::NotSip, None),
        "no line end at all"
    );
}

#[test]
fn what_can_be_answered_is() {
    assert_eq!(
        fault(&OPTIONS.replace("Via:", "Via")),
        (Fault::HeaderLine, None),
        "no Via left"
    );
    assert_eq!(
        fault(&OPTIONS.replace("Timestamp:", "Time stamp:")),
        (Fault::HeaderLine, Some(400))
    );
    assert_eq!(
        fault(&OPTIONS.replace("54.21\n\n", "54.21\n")),
        (Fault::Truncated, Some(400))
    );
    assert_eq!(
        fault(&OPTIONS.replace("sip:desk@192.0.2.1 ", "desk ")),
        (Fault::RequestUri, Some(400))
    );
    assert_eq!(
        fault(&OPTIONS.replace(" SIP/2.0\nVia", " SIP/2\nVia")),
        (Fault::RequestLine, Some(400))
    );
    assert_eq!(
        fault(&OPTIONS.replace(" SIP/2.0\nVia", " SIP/2.1\nVia")),
        (Fault::Version, Some(505))
    );
    let nameless = OPTIONS
        .replace("Call-ID", "X")
        .replace("Timestamp: 54.21", "l: x");
    assert_eq!(
        fault(&nameless),
        (Fault::ContentLength, None),
        "nobody could match the answer"
    );
}

#[test]
fn an_ack_is_never_answered() {
    let ack = OPTIONS
        .replace("OPTIONS", "ACK")
        .replace("54.21", "54.21\nContent-Length: 5");
    assert_eq!(fault(&ack), (Fault::ShortBody, None));
    let broken = OPTIONS
        .replace("OPTIONS sip", "ACK  sip")
        .replace("1 OPTIONS", "1 ACK");
    assert_eq!(fault(&broken), (Fault::RequestLine, None));
}

#[test]
fn a_lone_cr_is_no_white_space_and_lf_alone_ends_a_line() {
    let bytes = OPTIONS.replace('\n', "\r\n").replace("54.21", "54\r21");
    assert_eq!(
        Message::parse(bytes.into()).unwrap_err().fault,
        Fault::HeaderLine
    );
    let Ok(Message::Request(r)) = Message::parse(Bytes::from(OPTIONS)) else {
        panic!("LF")
    };
    assert_eq!(r.headers, request(OPTIONS).headers);
}

#[test]
fn blank_lines_before_a_message_are_skipped() {
    assert_eq!(request(&format!("\n\n{OPTIONS}")), request(OPTIONS));
}

#[test]
fn latin_1_is_kept_and_read() {
    let mut bytes = OPTIONS
        .replace('\n', "\r\n")
        .replace("\"A\"", "\"J?rg\"")
        .into_bytes();
    let at = bytes.iter().position(|&b| b == b'?').unwrap();
    bytes[at] = 0xf6;
    let Ok(Message::Request(r)) = Message::parse(bytes.clone().into()) else {
        panic!("a request")
    };
    assert_eq!(r.check(), Ok(()));
    assert_eq!(r.from().unwrap().display.as_deref(), Some("J\u{f6}rg"));
    assert!(r.to_bytes().starts_with(&bytes[..bytes.len() - 2]));
    let reply = Response::reply_to(&r, 200, Some("x")).to_bytes();
    assert!(reply.windows(6).any(|w| w == b"\"J\xf6rg\""));
}

#[test]
fn a_body_without_length_is_the_rest_and_with_length_is_that_much() {
    let typed = OPTIONS.replace("Timestamp: 54.21", "c: application/SDP ;x=y");
    assert_eq!(
        request(&format!("{typed}v=0"))
            .body_of_type("application/sdp")
            .as_deref(),
        Some(&b"v=0"[..])
    );
    let sized = typed.replace("CSeq", "l: 2\nCSeq");
    let r = request(&format!("{sized}v=0"));
    assert_eq!(r.body, "v=");
    assert_eq!(r.headers.content_length(), Some(2));
    assert_eq!(
        request(&typed).body_of_type("application/sdp"),
        None,
        "nothing there"
    );
}

#[test]
fn sdp_is_found_within_several_parts() {
    let body = "preamble\n--b\nContent-Type: text/plain\n\nhello\n--b \nc: multipart/alternative;boundary=\"in ner\"\n\n\
                --in ner\nContent-Type: Application/SDP\n\nv=0\n\n--in ner--\n--bogus\n--b--\nepilogue";
    let head = OPTIONS.replace(
        "Timestamp: 54.21",
        "Content-Type: multipart/mixed; boundary=b",
    );
    let r = request(&format!("{head}{body}"));
    assert_eq!(
        r.body_of_type("application/sdp").as_deref(),
        Some(&b"v=0\r\n"[..])
    );
    assert_eq!(r.body_of_type("text/plain").as_deref(), Some(&b"hello"[..]));
    assert_eq!(r.body_of_type("application/pidf+xml"), None);
    assert_eq!(parts(&r.body, "b").len(), 2);
    assert_eq!(parts(&r.body, ""), vec![]);
}

#[test]
fn what_a_check_refuses() {
    let refused = |from: &str, to: &str| {
        let r = request(&OPTIONS.replace(from, to)).check().unwrap_err();
        (r.status, r.phrase)
    };
    let bad = |s: &str| (400, s.to_owned());
    assert_eq!(request(OPTIONS).check(), Ok(()));
    assert_eq!(
        refused("Via: SIP/2.0", "Vya: SIP/2.0"),
        bad("Missing Via Header")
    );
    assert_eq!(
        refused("Via: SIP/2.0", "Via: SIP/1.0"),
        bad("Bad Via Header")
    );
    assert_eq!(refused("54.21", "54.21\nv: nothing"), bad("Bad Via Header"));
    assert_eq!(
        refused("54.21", "54.21\nCSeq: 1 OPTIONS"),
        bad("Several CSeq Headers")
    );
    assert_eq!(
        refused("CSeq: 1 ", "CSeq: 2147483648 "),
        bad("Bad CSeq Header")
    );
    assert_eq!(refused("CSeq: 1 ", "CSeq: -1 "), bad("Bad CSeq Header"));
    assert_eq!(refused("1@192.0.2.2\n", "\n"), bad("Bad Call-ID Header"));
    assert_eq!(
        refused("54.21", "54.21\nRoute: sip:x, nonsense"),
        bad("Bad Route Header")
    );
    assert_eq!(
        refused("54.21", "54.21\nr: <sip:a"),
        bad("Bad Refer-To Header")
    );
    assert_eq!(
        refused("54.21", "54.21\nm: <sip:a@b>x"),
        bad("Bad Contact Header")
    );
    assert_eq!(refused("sip:desk@192.0.2.1 ", "http://192.0.2.1 ").0, 416);
    assert_eq!(
        refused("sip:desk@192.0.2.1 ", "sip:desk@192.0.2.1?a=b "),
        bad("Headers in Request-URI")
    );
}
