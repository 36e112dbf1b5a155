//! Where the others read something else, and who is right.

/// Another parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Oracle {
    /// rsip 0.4.
    Rsip,
    /// ezk-sip-types 0.6.
    Ezk,
}
use Oracle::{Ezk, Rsip};

/// One difference.
pub(crate) struct Difference {
    pub(crate) message: &'static str,
    pub(crate) oracle: Oracle,
    pub(crate) fact: &'static str,
    /// What is right, and what we read. Empty: it is absent, or the other refuses the whole message.
    pub(crate) right: &'static str,
    /// For people.
    pub(crate) why: &'static str,
}

const fn of(
    message: &'static str,
    oracle: Oracle,
    fact: &'static str,
    right: &'static str,
    why: &'static str,
) -> Difference {
    Difference {
        message,
        oracle,
        fact,
        right,
        why,
    }
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    of(
        "baresip_register",
        Rsip,
        "contact",
        "192.0.2.20:5270",
        "RFC 3261 25.1: a parameter's value may be a quoted string (RFC 5626 4.1 writes one); it drops the Contact",
    ),
    of("baresip_register", Rsip, "contacts", "1", "as above"),
    of(
        "compact_carrier",
        Rsip,
        "message",
        "",
        "RFC 3261 19.1 and 7.3.3: a Request-URI is any absolute URI (tel: by RFC 3966), and names may be compact",
    ),
    of(
        "compact_carrier",
        Ezk,
        "message",
        "",
        "RFC 3261 19.1: a Request-URI is any absolute URI; it knows sip: and sips: alone",
    ),
    of(
        "cucm_invite",
        Rsip,
        "contact",
        "10.20.7.2:5060",
        "RFC 3261 25.1: a parameter's value may be a quoted string",
    ),
    of("cucm_invite", Rsip, "contacts", "1", "as above"),
    of(
        "folded_gateway",
        Rsip,
        "message",
        "",
        "RFC 3261 7.3.1: a line that begins with white space goes on with the one before",
    ),
    of(
        "folded_gateway",
        Ezk,
        "branch",
        "z9hG4bKac1204187394",
        "RFC 3261 25.1: white space (folding is such) may stand before a semicolon; it loses the Via's parameters",
    ),
    of(
        "ims_invite",
        Rsip,
        "message",
        "",
        "RFC 3261 25.1: a user part may hold `;` and `=` (RFC 3966 parameters in a sip: URI)",
    ),
    of(
        "ipv6_phone",
        Rsip,
        "message",
        "",
        "RFC 3261 25.1, RFC 5118: hosts may be IPv6 references",
    ),
    of(
        "latin1_phone",
        Rsip,
        "message",
        "",
        "RFC 3261 7.3.1 says UTF-8, older phones write Latin-1; a call is worth more than a name, and no other line has it",
    ),
    of(
        "latin1_phone",
        Ezk,
        "message",
        "",
        "RFC 3261 7.3.1 says UTF-8, older phones write Latin-1; a call is worth more than a name, and no other line has it",
    ),
    of(
        "linphone_invite",
        Rsip,
        "contact",
        "192.0.2.31:5062",
        "RFC 3261 25.1: a parameter's value may be a quoted string",
    ),
    of("linphone_invite", Rsip, "contacts", "1", "as above"),
    of(
        "quoted_names",
        Rsip,
        "contact",
        "192.0.2.72",
        "RFC 3261 7.3.1: one line may have several Contacts",
    ),
    of("quoted_names", Rsip, "contacts", "2", "as above"),
    of(
        "quoted_names",
        Rsip,
        "from display",
        "Shop \"Corner\", Till; 2 <main>",
        "RFC 3261 25.1: within quotes stand commas, semicolons, brackets, and what follows a backslash",
    ),
    of(
        "quoted_names",
        Rsip,
        "from tag",
        "55",
        "RFC 3261 25.1: within quotes stand commas, semicolons, brackets, and what follows a backslash",
    ),
    of(
        "quoted_names",
        Rsip,
        "from user",
        "72",
        "RFC 3261 25.1: within quotes stand commas, semicolons, brackets, and what follows a backslash",
    ),
    of(
        "quoted_names",
        Rsip,
        "to display",
        "The \\ Desk",
        "a backslash in quotes is an escape: what it says is one backslash; it leaves the escape",
    ),
    of(
        "quoted_names",
        Ezk,
        "from display",
        "Shop \"Corner\", Till; 2 <main>",
        "RFC 3261 25.1: within quotes stand commas, semicolons, brackets, and what follows a backslash",
    ),
    of(
        "quoted_names",
        Ezk,
        "from tag",
        "55",
        "RFC 3261 25.1: within quotes stand commas, semicolons, brackets, and what follows a backslash",
    ),
    of(
        "quoted_names",
        Ezk,
        "from user",
        "72",
        "RFC 3261 25.1: within quotes stand commas, semicolons, brackets, and what follows a backslash",
    ),
    of(
        "quoted_names",
        Ezk,
        "to display",
        "The \\ Desk",
        "a backslash in quotes is an escape: what it says is one backslash; it leaves the escape",
    ),
    of(
        "redirect_302",
        Rsip,
        "contact",
        "phones.northgate.example:5060",
        "RFC 3261 7.3.1: one line may have several Contacts",
    ),
    of("redirect_302", Rsip, "contacts", "2", "as above"),
    of(
        "redirect_302",
        Ezk,
        "contacts",
        "2",
        "RFC 3261 20.10: a Contact may be a tel: URI; it stops before it",
    ),
    of(
        "teams_options",
        Rsip,
        "uri",
        "sip:sbc.northgate.example:5061;transport=tls",
        "RFC 3261 19.1.4: the case of a parameter means nothing, but what is not ours is not rewritten",
    ),
];
