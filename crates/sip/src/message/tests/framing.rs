use super::*;

const HEAD: &str = "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n";

#[test]
fn a_stream_is_cut_by_content_length() {
    let first = format!("{HEAD}l : 3\r\n\r\nabc");
    let both = format!("{first}{HEAD}\r\n");
    assert_eq!(frame(both.as_bytes()), Framing::Whole(first.len()));
    assert_eq!(
        frame(&both.as_bytes()[first.len()..]),
        Framing::Whole(HEAD.len() + 2)
    );
    for end in 0..first.len() {
        assert_eq!(frame(&both.as_bytes()[..end]), Framing::NeedMore, "{end}");
    }
    let folded = format!("{HEAD}Content-Length:\r\n\t3\r\n\r\nabcde");
    assert_eq!(frame(folded.as_bytes()), Framing::Whole(folded.len() - 2));
}

#[test]
fn keepalives_stand_between_messages() {
    assert_eq!(frame(b"\r\n\r\nOPTIONS"), Framing::Keepalive(4));
    assert_eq!(frame(b"\r\nOPTIONS"), Framing::Keepalive(2));
    assert_eq!(frame(b"\r\n\r"), Framing::NeedMore, "a ping may follow");
    assert_eq!(frame(b"\r\n"), Framing::Keepalive(2));
    assert_eq!(frame(b"\r"), Framing::NeedMore);
    assert_eq!(frame(b"\rO"), Framing::Bad);
    assert_eq!(frame(b"\n"), Framing::Keepalive(1));
}

#[test]
fn what_cannot_end_is_bad() {
    for length in ["-1", "x", "99999999999999999999999", "65536", "1\r\nl: 2"] {
        let text = format!("{HEAD}Content-Length: {length}\r\n\r\n");
        assert_eq!(frame(text.as_bytes()), Framing::Bad, "{length}");
    }
    let endless = vec![b'a'; MAX_MESSAGE];
    assert_eq!(frame(&endless), Framing::Bad);
    assert_eq!(frame(&endless[1..]), Framing::NeedMore);
    let text = format!("{HEAD}Subject: x\r\n : y\r\nLx: 7\r\n\r\n");
    assert_eq!(
        frame(text.as_bytes()),
        Framing::Whole(text.len()),
        "not every l is a length"
    );
}
