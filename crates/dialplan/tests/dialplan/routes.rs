//! Where calls go, and what may be dialled.

use crate::base::{
    Change::{Add, Swap},
    changed,
};
use tandem_dialplan::{
    Arrival, CalledFrom, DialTarget, Moment, NoRouteKind, Pattern, Plan, Via, normalise, render,
};
use tandem_types::{SrtpPolicy, media::Codec};

fn plan() -> Plan {
    let changes = [
        Swap(
            "dialplans/head.toml",
            "\"2000\" = \"echo\"",
            "\"2000\" = \"echo\"\n\"_20XX\" = \"conference:{to}\"\n\"_21X\" = \"ext:{to}\"\n\"_7XX\" = \"trunk:carrier/+44163296{to}\"\n\"_+4420794602XX\" = \"trunk:carrier\"\n\"e1\" = \"echo\"",
        ),
        Swap(
            "dialplans/head.toml",
            "may_dial = [\"_2XX\", ",
            "may_dial = [\"_2XX\", \"_+44163296[67]XX\", \"_+4420794602XX\", ",
        ),
        Add(
            "dialplans/any.toml",
            "numbers = [\"_+4420794601XX\", \"5000\"]\nstart = \"trunk:carrier\"\n[limits]\nmay_dial = [\"_+4420794601XX\", \"5000\"]\n",
        ),
        Add(
            "trunks/pbx.toml",
            "direction = \"in\"\n[auth]\nallow_from = [\"10.0.0.5\", \"203.0.113.0/24\", \"2001:db8::/32\"]\ncalled_from = \"to\"\n",
        ),
        Add(
            "trunks/zeta.toml",
            "direction = \"out\"\npeers = [\"sip:zeta.example\"]\n[media]\ncodecs = [\"g722\", \"pcmu\"]\nsrtp = \"required\"\n[limits]\nmay_dial = [\"_+353X.\", \"_+44X.\"]\n",
        ),
        Swap(
            "phones.toml",
            "domain = \"phones.example\"",
            "domain = \"phones.example\"\nmay_dial = [\"_2XX\", \"_+X.\", \"_00X.\"]\ncodecs = [\"g722\", \"pcma\"]\nsrtp = \"preferred\"",
        ),
        Swap(
            "trunks/carrier.toml",
            "may_dial = [\"_+44X.\"]",
            "may_dial = [\"_+44X.\", \"5000\"]",
        ),
        // The patterns of two dialplans meet, so each takes calls of its own trunk.
        Swap(
            "dialplans/head.toml",
            "\"_+4420794601[1-4]X\"",
            "\"+442079460111\"",
        ),
    ];
    match changed(&changes) {
        Ok((plan, _)) => plan,
        Err(found) => panic!("{}", render(&found)),
    }
}

/// `DIALPLAN DESTINATION`, or the kind of refusal.
fn to(plan: &Plan, via: Via<'_>, called: &str) -> String {
    match plan.route(&Arrival {
        via,
        called,
        caller: "",
        id: "",
        attested: tandem_types::Attested::Unsigned,
        now: Moment::default(),
    }) {
        Ok(r) => format!("{} {}", r.dialplan, r.destination)
            .trim_start()
            .to_owned(),
        Err(e) => format!("{:?}", e.kind),
    }
}

#[test]
fn a_trunks_call() {
    let plan = plan();
    for (trunk, called, want) in [
        ("carrier", "+442079460100", "head agent:triage"),
        ("carrier", "442079460100", "head agent:triage"),
        ("carrier", "+44 20 7946-0100", "head agent:triage"),
        ("carrier", "2000", "head echo"),
        ("carrier", "2001", "head conference:2001"),
        ("carrier", "212", "head ext:212"),
        ("carrier", "755", "head trunk:carrier/+44163296755"),
        (
            "carrier",
            "+442079460255",
            "head trunk:carrier/+442079460255",
        ),
        ("carrier", "e1", "head echo"),
        // A number written out in full goes before another plan's pattern, though `any` comes first.
        ("carrier", "+442079460111", "head agent:triage"),
        (
            "carrier",
            "+442079460112",
            "any trunk:carrier/+442079460112",
        ),
        // `head` takes calls of `carrier` alone.
        ("pbx", "+442079460100", "any trunk:carrier/+442079460100"),
        ("pbx", "2000", "UnknownNumber"),
        ("carrier", "+442079460300", "UnknownNumber"),
        ("carrier", "", "UnknownNumber"),
        ("carrier", "200@evil;x", "UnknownNumber"),
        ("carrier", "2000\u{661}", "UnknownNumber"),
        ("zeta", "2000", "NotAccepted"),
        ("nobody", "2000", "NotAccepted"),
    ] {
        assert_eq!(
            to(&plan, Via::Trunk(trunk), called),
            want,
            "{called} by {trunk}"
        );
    }
}

#[test]
fn a_phones_call() {
    let plan = plan();
    for (called, want) in [
        ("200", "ext:200"),
        ("211", "ext:211"),
        ("2000", "head echo"),
        ("5000", "any trunk:carrier/5000"),
        ("+442079460100", "head agent:triage"),
        ("+441632960555", "trunk:carrier/+441632960555"),
        ("+353123456", "trunk:zeta/+353123456"),
        // The carrier never dials it, but another trunk may.
        ("+449091234", "trunk:zeta/+449091234"),
        ("+33123456", "Forbidden"),
        ("00353123456", "Forbidden"),
        ("118", "Forbidden"),
        ("999", "emergency:999"),
        ("112", "emergency:112"),
    ] {
        assert_eq!(to(&plan, Via::Phone("200"), called), want, "{called}");
    }
}

#[test]
fn a_phone_may_not_call_an_extension_that_is_not_listed() {
    let change = Swap(
        "phones.toml",
        "domain = \"phones.example\"",
        "domain = \"phones.example\"\ncodecs = [\"g722\", \"pcma\"]\nmay_dial = [\"_21X\"]",
    );
    let plan = changed(&[change]).expect("a plan").0;
    assert_eq!(to(&plan, Via::Phone("211"), "212"), "ext:212");
    assert_eq!(to(&plan, Via::Phone("211"), "200"), "Forbidden");
}

#[test]
fn the_reason_names_the_rule_and_its_line() {
    let plan = plan();
    let why = |via, called| {
        plan.route(&Arrival {
            via,
            called,
            caller: "",
            id: "",
            attested: tandem_types::Attested::Unsigned,
            now: Moment::default(),
        })
        .map_or_else(|e| e.reason, |r| r.why)
    };
    assert_eq!(
        why(Via::Trunk("carrier"), "2001"),
        "called number 2001 is \"_20XX\" in [routes] (dialplans/head.toml:9)"
    );
    assert_eq!(
        why(Via::Trunk("carrier"), "442079460100"),
        "called number 442079460100 is \"+442079460100\" in numbers (dialplans/head.toml:2); start = \"agent:triage\" (dialplans/head.toml:5)"
    );
    assert_eq!(
        why(Via::Phone("200"), "211"),
        "211 is extension \"_21X\" (phones.toml:6)"
    );
    assert_eq!(
        why(Via::Phone("200"), "+441632960555"),
        "phones may dial +441632960555, and so may trunk `carrier` (trunks/carrier.toml:10)"
    );
    assert_eq!(
        why(Via::Trunk("zeta"), "1"),
        "trunk `zeta` has direction = \"out\""
    );
    assert_eq!(
        why(Via::Phone("200"), "118"),
        "nothing in may_dial of phones.toml allows 118 (phones.toml:17)"
    );
    assert_eq!(
        why(Via::Phone("200"), "999"),
        "phones of the office call for help by 999 (phones.toml:10)"
    );
}

#[test]
fn never_beats_may_and_each_list_counts() {
    let plan = plan();
    let rule = |dialplan, target| {
        plan.may_dial(dialplan, target)
            .map_or_else(|f| f.rule, |()| "yes".to_owned())
    };
    let carrier = |number| DialTarget::Trunk {
        trunk: "carrier",
        number,
    };
    let head = Some("head");
    for (dialplan, target, want) in [
        (head, DialTarget::Ext("200"), "yes"),
        (head, DialTarget::Ext("219"), "yes"),
        (head, DialTarget::Ext("220"), "there is no extension 220"),
        (head, carrier("+441632960555"), "yes"),
        (
            head,
            carrier("+441632960556"),
            "nothing in may_dial of dialplan `head` allows +441632960556 (dialplans/head.toml:55)",
        ),
        // Without its +, it is another number.
        (
            head,
            carrier("441632960555"),
            "nothing in may_dial of dialplan `head` allows 441632960555 (dialplans/head.toml:55)",
        ),
        // ... but what must never be dialled is not dialled without its + either.
        (
            None,
            carrier("+449091234"),
            "\"_+44909X.\" in never_dial of trunk `carrier` forbids +449091234 (trunks/carrier.toml:11)",
        ),
        (
            None,
            carrier("449091234"),
            "\"_+44909X.\" in never_dial of trunk `carrier` forbids 449091234 (trunks/carrier.toml:11)",
        ),
        (
            head,
            carrier("0012"),
            "\"_00X.\" in never_dial of dialplan `head` forbids 0012 (dialplans/head.toml:56)",
        ),
        (
            None,
            carrier("+353123"),
            "nothing in may_dial of trunk `carrier` allows +353123 (trunks/carrier.toml:10)",
        ),
        (
            None,
            DialTarget::Trunk {
                trunk: "pbx",
                number: "+4412",
            },
            "trunk `pbx` has direction = \"in\"",
        ),
        (
            None,
            DialTarget::Trunk {
                trunk: "none",
                number: "+4412",
            },
            "there is no trunk `none`",
        ),
        (
            Some("none"),
            DialTarget::Ext("200"),
            "there is no dialplan `none`",
        ),
        (
            head,
            DialTarget::Sip("sip:200@192.0.2.1"),
            "nothing in may_dial of dialplan `head` allows sip:200@192.0.2.1 (dialplans/head.toml:55)",
        ),
    ] {
        assert_eq!(rule(dialplan, target), want, "{target:?}");
    }
}

#[test]
fn an_empty_list_allows_nothing() {
    assert!(
        Plan::default()
            .may_dial(None, DialTarget::Sip("sip:a@b"))
            .is_err()
    );
    let change = Swap("trunks/carrier.toml", "may_dial = [\"_+44X.\"]", "");
    let found = changed(&[change]).expect_err("the plumber cannot be called");
    assert!(found.iter().any(|d| {
        d.message
            .contains("nothing in may_dial of trunk `carrier` allows +441632960555")
    }));
}

#[test]
fn sip_entries_match_user_host_and_port() {
    for (entry, uri, want) in [
        ("sip:oncall@pbx.example", "sip:oncall@PBX.example", true),
        (
            "sip:oncall@pbx.example",
            "sip:oncall@pbx.example;transport=tcp",
            true,
        ),
        (
            "sip:oncall@pbx.example",
            "sip:oncall@pbx.example:5070",
            false,
        ),
        ("sip:oncall@pbx.example", "sip:oncall2@pbx.example", false),
        ("sip:oncall@pbx.example", "sip:oncall@evil.example", false),
        (
            "sip:_4XX@pbx.example:5070",
            "sip:412@pbx.example:5070",
            true,
        ),
        (
            "sip:_4XX@pbx.example:5070",
            "sip:4123@pbx.example:5070",
            false,
        ),
        ("_4XX", "sip:412@pbx.example", false),
        ("sip:_4XX@pbx.example", "412", false),
    ] {
        let entry = Pattern::parse(entry).expect("an entry");
        assert_eq!(entry.matches_uri(uri), want, "{entry} {uri}");
        assert!(!entry.matches("sip:412@pbx.example"));
    }
}

#[test]
fn trunks_are_found_by_their_source() {
    let plan = plan();
    let names = |ip: &str| {
        plan.trunk_by_source(ip.parse().expect("an address"))
            .iter()
            .map(|t| t.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("203.0.113.3"), ["carrier", "pbx"]);
    assert_eq!(names("203.0.113.77"), ["pbx"]);
    assert_eq!(names("::ffff:10.0.0.5"), ["pbx"]);
    assert_eq!(names("2001:db8::1"), ["pbx"]);
    assert_eq!(names("198.51.100.1"), [""; 0]);
}

#[test]
fn what_a_file_says_is_what_the_plan_holds() {
    let plan = plan();
    assert_eq!(plan.trunks["pbx"].called_from, CalledFrom::To);
    assert!(
        !plan.trunks["pbx"].outbound
            && plan.trunks["zeta"].outbound
            && !plan.trunks["zeta"].inbound
    );
    assert_eq!(plan.trunks["zeta"].codecs, [Codec::G722, Codec::Pcmu]);
    assert_eq!(plan.trunks["carrier"].codecs, [Codec::Pcma, Codec::Pcmu]);
    assert_eq!(plan.phones.codecs, [Codec::G722, Codec::Pcma]);
    let srtp = [&plan.trunks["zeta"], &plan.trunks["carrier"]].map(|t| t.srtp);
    assert_eq!(srtp, [SrtpPolicy::Required, SrtpPolicy::Off]);
    assert_eq!(plan.phones.srtp, SrtpPolicy::Preferred);
    assert_eq!(
        plan.trunks["carrier"]
            .password
            .as_ref()
            .map(|p| p.0.as_str()),
        Some("s3cr3t-value")
    );
    assert_eq!(
        plan.extension("215").map(|e| e.name.as_str()),
        Some("Lettings")
    );
    assert_eq!(plan.extension("300"), None);
    let head = &plan.dialplans["head"];
    assert_eq!(head.queues["repairs"].ring.as_secs(), 20);
    assert_eq!(
        head.rules.agents["triage"].instructions,
        "You are the front desk."
    );
    let says = &head.rules.agents["triage"].says;
    assert_eq!(says["goodbye"], "Thank you for calling. Goodbye.");
    assert!(
        !says.contains_key("greeting_after_handoff"),
        "the conversation says what it knows"
    );
    let route = plan.route(&Arrival {
        via: Via::Trunk("none"),
        called: "1",
        caller: "",
        id: "",
        attested: tandem_types::Attested::Unsigned,
        now: Moment::default(),
    });
    assert_eq!(route.map_err(|e| e.kind), Err(NoRouteKind::NotAccepted));
}

#[test]
fn numbers_lose_what_people_put_between_digits() {
    for (text, want) in [
        ("+44 (0)20-7946.0100", Some("+4402079460100")),
        (" 200 ", Some("200")),
        ("*9", Some("*9")),
        ("alice.b", Some("alice.b")),
        ("alice b", None),
        ("", None),
        ("-", Some("-")),
        ("sip:a@b", None),
        ("1+2", Some("1+2")),
    ] {
        assert_eq!(normalise(text).as_deref(), want, "{text}");
    }
}
