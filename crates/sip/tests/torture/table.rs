//! The messages in the RFC's order.

use tandem_sip::message::Fault;

/// What becomes of a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// A request that may be acted on.
    Served,
    /// A request that can be read but not served: the response.
    Refused(u16),
    /// Bytes that are no message, and the response if one can be sent.
    Malformed(Fault, Option<u16>),
    /// A response that may be matched.
    Matched,
    /// A response that is dropped though it can be read.
    Dropped,
}
use Outcome::{Dropped, Malformed, Matched, Refused, Served};

pub(crate) type Row = (
    &'static str,
    Outcome,
    &'static [(&'static str, &'static str)],
);

/// Name, outcome, and what must be read from it: (what, value).
pub(crate) const TABLE: &[Row] = &[
    // 3.1.1 valid messages
    (
        "wsinv",
        Served,
        &[
            ("method", "INVITE"),
            ("uri", "sip:vivekg@chair-dnrc.example.com;unknownparam"),
            ("to", "<sip:vivekg@chair-dnrc.example.com>;tag=1918181833n"),
            ("from.display", r#"J Rosenberg \""#),
            ("from.tag", "98asjd8"),
            ("max-forwards", "68"),
            ("cseq", "9 INVITE"),
            ("call-id", "wsinv.ndaksdj@192.0.2.1"),
            ("Subject", ""),
            (
                "NewFangledHeader",
                "newfangled value continued newfangled value",
            ),
            ("unknownheaderwithunusualvalue", ";;,,;;,;"),
            (
                "vias",
                "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw | SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8 \
                 | SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239",
            ),
            (
                "route",
                "<sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
            ),
            (
                "contacts",
                r#""Quoted string \"\"" <sip:jdrosen@example.com>;newparam=newvalue;secondparam;q=0.33"#,
            ),
            ("sdp", "150"),
        ],
    ),
    (
        "intmeth",
        Served,
        &[
            ("method", "!interesting-Method0123456789_*+`.%indeed'~"),
            (
                "uri",
                "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
            ),
            (
                "uri.user",
                "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
            ),
            ("uri.host", "example.com"),
            ("to.display", "BEL:\u{7} NUL:\0 DEL:\u{7f}"),
            ("from.display", "token1~` token2'+_ token3*%!.-"),
            (
                "from.param fromParam''~+*_!.-%",
                "\u{440}\u{430}\u{431}\u{43e}\u{442}\u{430}\u{44e}\u{449}\u{438}\u{439}",
            ),
            ("from.tag", "_token~1'+`*%!-."),
            ("call-id", r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#),
            (
                "cseq",
                "139122385 !interesting-Method0123456789_*+`.%indeed'~",
            ),
            ("max-forwards", "255"),
            (
                "extensionHeader-!.%*+_`'~",
                "\u{feff}\u{5927}\u{505c}\u{96fb}",
            ),
        ],
    ),
    (
        "esc01",
        Served,
        &[
            ("uri", "sip:sips%3Auser%40example.com@example.net"),
            ("uri.user", "sips:user@example.com"),
            ("uri.host", "example.net"),
            ("to.user", "user"),
            ("from.user", "I have spaces"),
            ("contact.user", "caller"),
            ("contact.uri-param lr", ""),
            ("contact.uri-param name", "value%41"),
            (
                "contacts",
                "<sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>",
            ),
        ],
    ),
    (
        "escnull",
        Served,
        &[
            ("to.user", "null-\0-null"),
            (
                "contacts",
                "<sip:%00@host5.example.com> | <sip:%00%00@host5.example.com>",
            ),
            ("contact.user", "\0"),
        ],
    ),
    (
        "esc02",
        Served,
        &[
            ("method", "RE%47IST%45R"),
            ("cseq", "29344 RE%47IST%45R"),
            ("to.display", "%Z%45"),
            (
                "contacts",
                "<sip:alias1@host1.example.com> | <sip:alias3@host3.example.com>",
            ),
            ("C%6Fntact", "<sip:alias2@host2.example.com>"),
            ("branch", "z9hG4bK209%fzsnel234"),
        ],
    ),
    (
        "lwsdisp",
        Served,
        &[
            ("from.display", "caller"),
            ("from.user", "caller"),
            ("from.tag", "323"),
        ],
    ),
    (
        "longreq",
        Served,
        &[
            ("via count", "34"),
            ("received", ""),
            ("last received", "192.0.2.5"),
            ("to.uri-port", "6000"),
            (
                "to.uri-param unknownparam1",
                "verylonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglongvalue",
            ),
            ("max-forwards", "70"),
            ("sdp", "150"),
        ],
    ),
    (
        "dblreq",
        Served,
        &[
            ("method", "REGISTER"),
            ("call-id", "dblreq.0ha0isndaksdj99sdfafnl3lk233412"),
            ("body", "0"),
        ],
    ),
    (
        "semiuri",
        Served,
        &[
            ("uri.user", "user;par=u@example.net"),
            ("uri.host", "example.com"),
            ("accept count", "6"),
        ],
    ),
    (
        "transports",
        Served,
        &[
            ("via count", "5"),
            ("via transports", "UDP SCTP TLS UNKNOWN TCP"),
            ("call-id", "transports.kijh4akdnaqjkwendsasfdj"),
        ],
    ),
    (
        "mpart01",
        Served,
        &[
            ("method", "MESSAGE"),
            ("body", "553"),
            ("text/plain", "Hello"),
            ("octet-stream", "342"),
            ("part count", "2"),
        ],
    ),
    (
        "unreason",
        Matched,
        &[
            ("status", "200"),
            (
                "phrase",
                "= 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e} \u{434}\u{435}\u{432}\u{44f}\u{43d}\u{43e}\u{441}\u{442}\u{43e} \
                 \u{434}\u{435}\u{432}\u{44f}\u{442}\u{44c} - \u{43f}\u{440}\u{43e}\u{441}\u{442}\u{43e}\u{435}",
            ),
            ("sdp", "154"),
        ],
    ),
    (
        "noreason",
        Matched,
        &[("status", "100"), ("phrase", ""), ("contact.user", "user")],
    ),
    // 3.1.2 invalid messages
    ("badinv01", Refused(400), &[("phrase", "Bad Via Header")]),
    ("clerr", Malformed(Fault::ShortBody, Some(400)), &[]),
    ("ncl", Malformed(Fault::ContentLength, Some(400)), &[]),
    (
        "scalar02",
        Refused(400),
        &[
            ("phrase", "Bad CSeq Header"),
            ("max-forwards", ""),
            ("expires", "4294967295"),
        ],
    ),
    (
        "scalarlg",
        Dropped,
        &[("status", "503"), ("retry-after", "4294967295")],
    ),
    ("quotbal", Refused(400), &[("phrase", "Bad To Header")]),
    ("ltgtruri", Malformed(Fault::RequestUri, Some(400)), &[]),
    ("lwsruri", Malformed(Fault::RequestUri, Some(400)), &[]),
    ("lwsstart", Malformed(Fault::RequestLine, Some(400)), &[]),
    ("trws", Malformed(Fault::RequestLine, Some(400)), &[]),
    (
        "escruri",
        Refused(400),
        &[("phrase", "Headers in Request-URI")],
    ),
    // An invalid Date may be ignored, and nothing here reads it.
    (
        "baddate",
        Served,
        &[("Date", "Fri, 01 Jan 2010 16:00:00 EST"), ("sdp", "150")],
    ),
    (
        "regbadct",
        Refused(400),
        &[("phrase", "Bad Contact Header")],
    ),
    ("badaspec", Refused(400), &[("phrase", "Bad To Header")]),
    ("baddn", Refused(400), &[("phrase", "Bad From Header")]),
    // Its Via is of SIP/7.0 too; the answer goes to where it came from.
    ("badvers", Malformed(Fault::Version, Some(505)), &[]),
    (
        "mismatch01",
        Refused(400),
        &[("phrase", "CSeq Method Does Not Match")],
    ),
    ("mismatch02", Refused(501), &[("phrase", "Not Implemented")]),
    ("bigcode", Malformed(Fault::StatusLine, None), &[]),
    // 3.2 transaction layer
    ("badbranch", Refused(400), &[("phrase", "Empty Branch")]),
    // 3.3 application layer
    ("insuf", Refused(400), &[("phrase", "Missing From Header")]),
    (
        "unkscm",
        Refused(416),
        &[("uri", "nobodyKnowsThisScheme:totallyopaquecontent")],
    ),
    (
        "novelsc",
        Refused(416),
        &[("uri", "soap.beep://192.0.2.103:3002")],
    ),
    // The registrar answers 400, for the To of a REGISTER is a SIP URI.
    (
        "unksm2",
        Served,
        &[
            ("to", "<isbn:2983792873>"),
            ("from", "<http://www.example.com>;tag=3234233"),
            ("contacts", "<name:John_Smith>"),
        ],
    ),
    (
        "bext01",
        Served,
        &[
            ("require", "nothingSupportsThis nothingSupportsThisEither"),
            ("max-forwards", "6"),
        ],
    ),
    (
        "invut",
        Served,
        &[
            ("content-type", "application/unknownformat"),
            ("body", "40"),
            ("sdp", ""),
        ],
    ),
    (
        "regaut01",
        Served,
        &[("Authorization", "NoOneKnowsThisScheme opaque-data=here")],
    ),
    (
        "multi01",
        Refused(400),
        &[("phrase", "Several From Headers")],
    ),
    ("mcl01", Malformed(Fault::ContentLength, Some(400)), &[]),
    ("bcast", Dropped, &[("status", "200"), ("via count", "2")]),
    (
        "zeromf",
        Served,
        &[("method", "OPTIONS"), ("max-forwards", "0")],
    ),
    (
        "cparam01",
        Served,
        &[
            (
                "contacts",
                "<sip:+19725552222@gw1.example.net>;unknownparam",
            ),
            ("contact.user", "+19725552222"),
        ],
    ),
    (
        "cparam02",
        Served,
        &[
            (
                "contacts",
                "<sip:+19725552222@gw1.example.net;unknownparam>",
            ),
            ("contact.uri-param unknownparam", ""),
        ],
    ),
    (
        "regescrt",
        Served,
        &[
            (
                "contacts",
                "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>",
            ),
            ("contact.uri-header Route", "<sip:sip.example.com>"),
        ],
    ),
    (
        "sdp01",
        Served,
        &[("Accept", "text/nobodyKnowsThis"), ("sdp", "150")],
    ),
    // 3.4 backward compatibility
    (
        "inv2543",
        Served,
        &[
            (
                "from",
                "<sip:+13035551111@ift.client.example.net;user=phone>",
            ),
            ("from.tag", ""),
            ("branch", ""),
            ("to", "<sip:+16505552222@ss1.example.net>;user=phone"),
            (
                "Record-Route",
                "<sip:UserB@example.com;maddr=ss1.example.com>",
            ),
            ("max-forwards", ""),
            ("sdp", "105"),
        ],
    ),
];
