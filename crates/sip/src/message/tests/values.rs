use super::*;
use std::net::SocketAddr;

#[test]
fn uris_are_taken_apart() {
    let u = Uri::parse(
        "sips:alice:secret@[2001:db8::1]:5061;transport=tcp;lr?Subject=a%20b&Replaces=c@d",
    )
    .unwrap();
    let s = u.as_sip().unwrap();
    assert!(s.secure);
    assert_eq!(
        (u.user(), s.password.as_ref().map(|p| p.as_str())),
        (Some("alice"), Some("secret"))
    );
    assert_eq!(u.host_port().as_deref(), Some("[2001:db8::1]:5061"));
    assert_eq!(u.socket_addr(5060), "[2001:db8::1]:5061".parse().ok());
    assert_eq!(
        (u.transport(), u.param("LR"), u.param("x")),
        (Some("tcp"), Some(""), None)
    );
    assert_eq!(u.header("subject").as_deref(), Some("a b"));
    assert_eq!(u.header("Replaces").as_deref(), Some("c@d"));
    assert_eq!(
        u.clone().without_headers().to_string(),
        "sips:alice:secret@[2001:db8::1]:5061;transport=tcp;lr"
    );
    assert_eq!(
        Uri::parse("sip:192.0.2.1").unwrap().socket_addr(5060),
        "192.0.2.1:5060".parse().ok()
    );
    assert_eq!(
        Uri::parse("sip:a@host.example").unwrap().socket_addr(5060),
        None
    );
    assert_eq!(Uri::parse("sip:*72#@h").unwrap().user(), Some("*72#"));
    let tel = Uri::parse("tel:+44-20-7946;phone-context=example.com").unwrap();
    assert_eq!(
        (tel.user(), tel.param("phone-context")),
        (Some("+44-20-7946"), Some("example.com"))
    );
    assert_eq!(Uri::parse("urn:service:sos").unwrap().scheme(), "urn");
}

#[test]
fn what_is_no_uri_is_refused() {
    for bad in [
        "",
        "sip",
        "sip:",
        ":a",
        "1sip:a",
        "sip:@h",
        "sip:a@",
        "sip:a@h:",
        "sip:a@h:65536",
        "sip:a@h:x",
        "sip:a b@h",
        "sip:a@[::1",
        "sip:a@[::1]x",
        "sip:a@h<",
        "sip:a@h\"",
        "sip:a@h;=x",
        "sip:a@h?x",
        "sip:a@h?=x",
        "tel:",
        "tel:;x",
        "sip:a@h\u{0}",
        "sip:a@h/x",
    ] {
        assert!(Uri::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn uris_are_built_with_what_needs_it_escaped() {
    assert_eq!(
        Uri::sip("a b@c:d#", "192.0.2.1:5062").to_string(),
        "sip:a%20b%40c%3Ad%23@192.0.2.1:5062"
    );
    assert_eq!(
        Uri::sip(None, "[::1]").with_flag("lr").to_string(),
        "sip:[::1];lr"
    );
    assert_eq!(
        Uri::sip("", "a.example\r\nX: y").to_string(),
        "sip:a.exampleXy"
    );
    assert_eq!(
        Uri::sip("x", "h").with_param("p", "a;b=c").to_string(),
        "sip:x@h;p=a%3Bb%3Dc"
    );
}

#[test]
fn name_addrs_are_taken_apart() {
    let read = |s: &str| {
        NameAddr::parse(s).map(|a| {
            (
                a.display.map(String::from),
                a.uri.to_string(),
                a.params.to_string(),
            )
        })
    };
    let ok =
        |d: Option<&str>, u: &str, p: &str| Ok((d.map(str::to_owned), u.to_owned(), p.to_owned()));
    assert_eq!(read("sip:a@b;tag=1"), ok(None, "sip:a@b", ";tag=1"));
    assert_eq!(read("<sip:a@b;x>;tag=1"), ok(None, "sip:a@b;x", ";tag=1"));
    assert_eq!(read(r#""" <sip:a@b>"#), ok(None, "sip:a@b", ""));
    assert_eq!(
        read(r#""x \"y\" <z>" <sip:a@b> ; p = "q;r""#),
        ok(Some("x \"y\" <z>"), "sip:a@b", ";p=\"q;r\"")
    );
    assert_eq!(
        read("J\u{f6}rg (Sales) <sip:a@b>"),
        ok(Some("J\u{f6}rg (Sales)"), "sip:a@b", "")
    );
    assert_eq!(
        NameAddr::parse(r#"<sip:a@b>;p="q\"r""#)
            .unwrap()
            .params
            .text("P")
            .as_deref(),
        Some("q\"r")
    );
    let errors = [
        ("", ParseError::Empty),
        ("\"a <sip:a@b>", ParseError::OpenQuote),
        ("\"a\" sip:a@b", ParseError::Brackets),
        ("<sip:a@b", ParseError::Brackets),
        ("<sip:a@b>x", ParseError::Param),
        ("a, b <sip:a@b>", ParseError::DisplayName),
        ("sip:a@b?x=y", ParseError::UriHeaders),
        ("<sip:a@b>;;", ParseError::Param),
        ("<sip:a@b>;a=", ParseError::Param),
    ];
    for (text, error) in errors {
        assert_eq!(NameAddr::parse(text), Err(error), "{text}");
    }
    let built = NameAddr::new(Uri::sip("a", "b"))
        .with_display("x\"\r\ny")
        .with_tag("1 2");
    assert_eq!(built.to_string(), "\"x\\\"  y\" <sip:a@b>;tag=\"1 2\"");
}

#[test]
fn vias_say_where_a_response_goes() {
    let from: SocketAddr = "192.0.2.77:40000".parse().unwrap();
    let noted = |text: &str| {
        let mut via = Via::parse(text).unwrap();
        via.note_source(from);
        (via.to_string(), via.response_addr().map(|a| a.to_string()))
    };
    assert_eq!(
        noted("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKx;rport"),
        (
            "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKx;rport=40000;received=192.0.2.77".into(),
            Some("192.0.2.77:40000".into())
        )
    );
    assert_eq!(
        noted("SIP/2.0/UDP phone.example;branch=x").1.as_deref(),
        Some("192.0.2.77:5060")
    );
    assert_eq!(
        noted("SIP/2.0/UDP 192.0.2.77:5070"),
        (
            "SIP/2.0/UDP 192.0.2.77:5070".into(),
            Some("192.0.2.77:5070".into())
        )
    );
    let v6 =
        Via::parse("SIP/2.0/TLS [2001:db8::9:1]:5061;received=[2001:db8::9:255];branch=z9hg4bKas3")
            .unwrap();
    assert_eq!(
        v6.received().map(|ip| ip.to_string()).as_deref(),
        Some("2001:db8::9:255")
    );
    assert_eq!(v6.magic_branch(), Some("z9hg4bKas3"));
    assert_eq!(
        Via::parse("SIP/2.0/UDP a;branch=z9hG4bK")
            .unwrap()
            .magic_branch(),
        None
    );
    assert_eq!(Via::parse("SIP/2.0/UDP a : 5060").unwrap().port, Some(5060));
    for bad in [
        "SIP/2.0/UDP",
        "SIP/2.0 UDP a",
        "SIP/2.0/U:P a",
        "SIP/2.0/UDP a:b",
        "HTTP/2.0/UDP a",
        "SIP/2.0/UDP a b",
    ] {
        assert!(Via::parse(bad).is_err(), "{bad}");
    }
    let ours = Via::new("UDP", from, "z9hG4bK77");
    assert_eq!(
        ours.to_string(),
        "SIP/2.0/UDP 192.0.2.77:40000;branch=z9hG4bK77;rport"
    );
}

#[test]
fn lists_are_taken_apart_outside_quotes_and_brackets() {
    let h = Headers::new()
        .with("Route", "<sip:a;x=1,2>, \"b,c\" <sip:d>,,")
        .with("Date", "Fri, 01 Jan 2010 16:00:00 GMT")
        .with("k", "timer , Replaces")
        .with("Supported", "100rel")
        .with("X-List", "a, b");
    assert_eq!(
        h.values(&HeaderName::Route).collect::<Vec<_>>(),
        ["<sip:a;x=1,2>", "\"b,c\" <sip:d>"]
    );
    assert_eq!(h.values(&HeaderName::Date).count(), 1);
    assert!(
        h.lists(&HeaderName::Supported, "replaces") && h.lists(&HeaderName::Supported, "100REL")
    );
    assert_eq!(h.values(&"x-list".into()).collect::<Vec<_>>(), ["a, b"]);
}

#[test]
fn the_order_of_requests_is_read() {
    assert_eq!(
        CSeq::parse("2147483647  INVITE"),
        Ok(CSeq::new(2_147_483_647, Method::Invite))
    );
    assert_eq!(
        CSeq::parse("1 invite").map(|c| c.method),
        Ok(Method::Other("invite".into()))
    );
    for bad in [
        "",
        "1",
        "x INVITE",
        "2147483648 INVITE",
        "1 IN VITE",
        "+1 INVITE",
    ] {
        assert!(CSeq::parse(bad).is_err(), "{bad}");
    }
    let rack = RAck::parse("776656 1 INVITE").unwrap();
    assert_eq!((rack.rseq, rack.cseq.number), (776_656, 1));
    assert_eq!(rack.to_string(), "776656 1 INVITE");
}

#[test]
fn the_uris_compare_as_rfc_3261_section_19_1_4_says() {
    let same = [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:carol@chicago.com;newparam=5",
            "sip:carol@chicago.com;security=on",
        ),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+1-201-555-0123", "tel:+1(201)5550123"),
        ("sip:a@b;user=ip;user=phone", "sip:a@b;user=ip;user=phone"),
    ];
    let different = [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:a@b", "sips:a@b"),
        ("tel:+12015550123", "tel:12015550123"),
    ];
    let equivalent = |(a, b): (&str, &str)| {
        let (a, b) = (Uri::parse(a).unwrap(), Uri::parse(b).unwrap());
        assert_eq!(a.equivalent(&b), b.equivalent(&a));
        a.equivalent(&b)
    };
    for pair in same {
        assert!(equivalent(pair), "{pair:?}");
    }
    for pair in different {
        assert!(!equivalent(pair), "{pair:?}");
    }
}
