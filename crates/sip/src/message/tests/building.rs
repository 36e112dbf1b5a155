use super::*;

fn wire(bytes: Bytes) -> String {
    String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
}

#[test]
fn a_response_holds_what_rfc_3261_says() {
    let r = request(OPTIONS);
    assert_eq!(
        wire(Response::reply_to(&r, 200, Some("t7")).to_bytes()),
        "SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.2:5062;branch=z9hG4bK1;rport
From: \"A\" <sip:a@192.0.2.2>;tag=1
To: <sip:desk@192.0.2.1>;tag=t7
Call-ID: 1@192.0.2.2
CSeq: 1 OPTIONS
Content-Length: 0

"
    );
    let invite = request(&OPTIONS.replace("OPTIONS", "INVITE"));
    let ringing = Response::reply_to(&invite, 180, Some("t7"));
    assert!(ringing.headers.contains(&HeaderName::RecordRoute));
    assert!(
        !Response::reply_to(&invite, 404, Some("t7"))
            .headers
            .contains(&HeaderName::RecordRoute)
    );
    let trying = Response::reply_to(&invite, 100, Some("t7"));
    assert_eq!(trying.to().unwrap().tag(), None);
    assert_eq!(trying.headers.first(&HeaderName::Timestamp), Some("54.21"));
    assert_eq!(trying.check(), Ok(()));
}

#[test]
fn a_tag_that_is_there_stays() {
    for to in ["<sip:desk@192.0.2.1>;tag=old", "sip:desk@192.0.2.1;tag=old"] {
        let r = request(&OPTIONS.replace("<sip:desk@192.0.2.1>", to));
        assert_eq!(
            Response::reply_to(&r, 200, Some("new")).to().unwrap().tag(),
            Some("old")
        );
    }
    let bare = request(&OPTIONS.replace("<sip:desk@192.0.2.1>", "sip:desk@192.0.2.1"));
    let reply = Response::reply_to(&bare, 200, Some("new"));
    assert_eq!(
        reply.headers.first(&HeaderName::To),
        Some("sip:desk@192.0.2.1;tag=new")
    );
}

#[test]
fn headers_are_changed_in_their_place() {
    let mut h = Headers::new()
        .with("v", "SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b;branch=2")
        .with("X-One", "1")
        .with("Via", "SIP/2.0/UDP c;branch=3")
        .with("x-one", "2");
    h.insert_first(HeaderName::Via, "SIP/2.0/TCP d;branch=0");
    assert_eq!(
        h.iter().next().map(|l| l.value()),
        Some("SIP/2.0/TCP d;branch=0")
    );
    assert_eq!(h.vias().len(), 4);
    assert_eq!(
        h.remove_first_value(&HeaderName::Via).as_deref(),
        Some("SIP/2.0/TCP d;branch=0")
    );
    h.replace_first_value(
        &HeaderName::Via,
        "SIP/2.0/UDP a;branch=1;received=192.0.2.1",
    );
    let first = h.line(&HeaderName::Via).map(|l| l.raw().clone());
    assert_eq!(
        first.as_deref(),
        Some(&b"Via: SIP/2.0/UDP a;branch=1;received=192.0.2.1, SIP/2.0/UDP b;branch=2"[..])
    );
    assert!(
        h.remove_first_value(&HeaderName::Via)
            .is_some_and(|v| v.contains("received"))
    );
    assert_eq!(h.first(&HeaderName::Via), Some("SIP/2.0/UDP b;branch=2"));
    h.set("X-ONE", "3");
    assert_eq!(h.all(&"x-one".into()).collect::<Vec<_>>(), ["3"]);
    assert_eq!(
        h.iter().map(|l| l.name().as_str()).collect::<Vec<_>>(),
        ["Via", "X-ONE", "Via"]
    );
    assert_eq!(h.remove(&HeaderName::Via), 2);
    assert_eq!(h.remove_first_value(&HeaderName::Via), None);
    assert_eq!(h.len(), 1);
}

#[test]
fn compact_names_stay_as_they_came() {
    let text = OPTIONS
        .replace("Via:", "v :")
        .replace("Timestamp: 54.21", "L: 0");
    let mut r = request(&text);
    r.body = "abc".into();
    assert!(wire(r.to_bytes()).contains("\nL: 3\n"));
    r.headers
        .replace_first_value(&HeaderName::Via, "SIP/2.0/UDP a");
    assert!(wire(r.to_bytes()).contains("\nv: SIP/2.0/UDP a\n"));
}

#[test]
fn content_length_is_made_right() {
    let mut r = request(OPTIONS);
    r.headers.push(HeaderName::ContentLength, 7);
    r.headers.push("l", 8);
    r.body = "abc".into();
    let text = wire(r.to_bytes());
    assert!(text.contains("\nContent-Length: 3\n") && !text.contains("l: 8"));
}

#[test]
fn a_phrase_is_one_line() {
    assert_eq!(Response::new(486).with_phrase("").phrase, "Busy Here");
    assert_eq!(
        wire(Response::new(603).with_phrase("No\r\nX: y").to_bytes()),
        "SIP/2.0 603 No  X: y\nContent-Length: 0\n\n"
    );
    assert_eq!(standard_phrase(499), "Request Failed");
    assert_eq!(standard_phrase(200), "OK");
    assert_eq!(standard_phrase(299), "OK");
    assert_eq!(standard_phrase(699), "Global Failure");
}

#[test]
fn the_stateless_tag_is_the_same_for_the_same_request() {
    let (a, b) = (
        request(OPTIONS),
        request(&OPTIONS.replace("CSeq: 1", "CSeq: 2")),
    );
    assert_eq!(
        stateless_tag(&a.headers),
        stateless_tag(&request(OPTIONS).headers)
    );
    assert_ne!(stateless_tag(&a.headers), stateless_tag(&b.headers));
}
