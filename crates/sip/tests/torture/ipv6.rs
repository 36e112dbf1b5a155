//! RFC 5118, in its order.

use crate::table::{
    Outcome::{Malformed, Served},
    Row,
};
use tandem_sip::message::Fault;

/// As [`TABLE`](crate::table::TABLE).
pub(crate) const IPV6: &[Row] = &[
    // 4.1
    (
        "ipv6/ipv6-good",
        Served,
        &[
            ("method", "REGISTER"),
            ("uri", "sip:[2001:db8::10]"),
            ("uri.host", "[2001:db8::10]"),
            ("uri.uri-port", ""),
            ("vias", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"),
            ("contacts", "\"Caller\" <sip:caller@[2001:db8::1]>"),
            ("cseq", "98176 REGISTER"),
        ],
    ),
    // 4.2: an address without its brackets is no host.
    (
        "ipv6/ipv6-bad",
        Malformed(Fault::RequestUri, Some(400)),
        &[("phrase", "Bad Request-URI")],
    ),
    // 4.3: what may have been meant as a port is part of the address.
    (
        "ipv6/port-ambiguous",
        Served,
        &[
            ("uri.host", "[2001:db8::10:5070]"),
            ("uri.uri-port", ""),
            ("contact.host", "[2001:db8::1]"),
        ],
    ),
    // 4.4
    (
        "ipv6/port-unambiguous",
        Served,
        &[("uri.host", "[2001:db8::10]"), ("uri.uri-port", "5070")],
    ),
    // 4.5: the grammar has no brackets here, many write them.
    (
        "ipv6/via-received-param-with-delim",
        Served,
        &[
            ("method", "BYE"),
            ("to.tag", "bd76ya"),
            ("received", "2001:db8::9:255"),
            ("branch", "z9hG4bKas3-111"),
        ],
    ),
    (
        "ipv6/via-received-param-no-delim",
        Served,
        &[
            ("method", "OPTIONS"),
            ("received", "2001:db8::9:255"),
            ("branch", "z9hG4bKas3"),
            ("contact.host", "[2001:db8::9:1]"),
        ],
    ),
    // 4.6
    (
        "ipv6/ipv6-in-sdp",
        Served,
        &[
            ("uri", "sip:user@[2001:db8::10]"),
            ("to.user", "user"),
            ("to.host", "[2001:db8::10]"),
            ("content-type", "application/sdp"),
            ("sdp", "251"),
        ],
    ),
    // 4.7: both families in one path.
    (
        "ipv6/mult-ip-in-header",
        Served,
        &[
            (
                "vias",
                "SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111 \
                 | SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144 \
                 | SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200",
            ),
            ("last received", "192.0.2.200"),
            ("to.tag", "9817--94"),
        ],
    ),
    // 4.8
    (
        "ipv6/mult-ip-in-sdp",
        Served,
        &[("contact.host", "[2001:db8::9:1]"), ("sdp", "189")],
    ),
    // 4.9
    (
        "ipv6/ipv4-mapped-ipv6",
        Served,
        &[
            (
                "vias",
                "SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19 \
                 | SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111",
            ),
            ("contact.display", "T. desk phone"),
            ("contact.host", "[::ffff:192.0.2.2]"),
            ("sdp", "245"),
        ],
    ),
    // 4.10: the colon too many of RFC 3261's grammar is let through, and means the address without it.
    (
        "ipv6/ipv6-bug-abnf-3-colons",
        Served,
        &[
            ("uri.host", "[2001:db8::c000:201]"),
            ("to.host", "[2001:db8::c000:201]"),
        ],
    ),
    (
        "ipv6/ipv6-correct-abnf-2-colons",
        Served,
        &[
            ("uri.host", "[2001:db8::c000:201]"),
            ("to.host", "[2001:db8::c000:201]"),
        ],
    ),
];
