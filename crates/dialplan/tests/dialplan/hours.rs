//! Where calls start, by hours, holidays, what was set by hand, who calls, and by lot.

use crate::base::{
    Change::{Add, Swap},
    changed,
};
use tandem_dialplan::{Arrival, Moment, Plan, Via, Zone, render};

const RULES: &str = r#"
[hours.office]
open = "Mo-Fr 08:30-17:30; Sa 09:00-12:30; PH off; 2026 Dec 24-2027 Jan 01 off"
holidays = ["country:GB", "holidays/wales.ics"]

[[when]]
name = "by hand"
override = "night"
start = "announce:closed"

[[when]]
name = "engineers"
callers = ["+447700900123", "_+4477009002XX"]
start = "queue:repairs"

[[when]]
name = "shut"
outside = "office"
start = "announce:closed"

[[when]]
name = "a careful start"
within = "office"
share = 30
start = "menu:main"
"#;

const WALES: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260301\r\n\
SUMMARY:St David's Day\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn plan() -> Plan {
    let top = "languages = [\"en-GB\"]\n";
    let changes = [
        Swap(
            "dialplans/head.toml",
            top,
            "languages = [\"en-GB\"]\ntimezone = \"Europe/London\"\n",
        ),
        Add("dialplans/head.toml", RULES),
        Add("holidays/wales.ics", WALES),
    ];
    match changed(&changes) {
        Ok((plan, warnings)) => {
            assert_eq!(render(&warnings), "");
            plan
        }
        Err(found) => panic!("{}", render(&found)),
    }
}

/// Where a call starts, and why. The time is London's.
fn route(plan: &Plan, at: &str, caller: &str, manual: Option<&str>) -> (String, String) {
    let london: Zone = "Europe/London".parse().expect("a zone");
    let arrival = Arrival {
        via: Via::Trunk("carrier"),
        called: "+442079460100",
        caller,
        id: "a1@carrier.example",
        attested: tandem_types::Attested::Unsigned,
        now: Moment {
            at: london.read(at).expect("a time"),
            manual,
        },
    };
    let route = plan.route(&arrival).expect("a way");
    (route.destination.to_string(), route.why)
}

/// Of a caller whose lot is not among the thirty.
fn start(at: &str) -> String {
    route(&plan(), at, "+442071838752", None).0
}

#[test]
fn by_the_hours() {
    assert!(tandem_dialplan::lot("+442071838752") >= 30);
    for (at, to) in [
        ("2026-11-20 08:29", "announce:closed"),
        ("2026-11-20 08:30", "agent:triage"),
        ("2026-11-20 17:29", "agent:triage"),
        ("2026-11-20 17:30", "announce:closed"),
        ("2026-11-21 12:29", "agent:triage"),
        ("2026-11-21 12:30", "announce:closed"),
        ("2026-11-22 10:00", "announce:closed"),
        // In summer the office opens an hour earlier by the sun.
        ("2026-07-01 08:30", "agent:triage"),
        ("2026-07-01 08:29", "announce:closed"),
    ] {
        assert_eq!(start(at), to, "{at}");
    }
}

#[test]
fn by_holidays_of_the_country_of_a_calendar_and_written_out() {
    for (at, to) in [
        ("2027-03-26 10:00", "announce:closed"), // Good Friday
        ("2027-03-25 10:00", "agent:triage"),
        ("2027-03-01 10:00", "announce:closed"), // St David's Day, a Monday: the calendar's
        ("2028-03-01 10:00", "announce:closed"),
        ("2027-03-02 10:00", "agent:triage"),
        ("2026-12-29 10:00", "announce:closed"), // written out
        ("2027-12-29 10:00", "agent:triage"),
        ("2028-02-29 10:00", "agent:triage"), // a Tuesday
    ] {
        assert_eq!(start(at), to, "{at}");
    }
}

#[test]
fn the_first_rule_that_holds_wins() {
    let plan = plan();
    let open = "2026-11-20 10:00";
    let night = route(&plan, open, "+447700900123", Some("night"));
    assert_eq!(night.0, "announce:closed");
    assert_eq!(
        route(&plan, open, "+447700900123", Some("strike")).0,
        "queue:repairs"
    );
    assert_eq!(
        route(&plan, "2026-11-22 10:00", "447700900299", None).0,
        "queue:repairs"
    );
    assert_eq!(
        route(&plan, "2026-11-22 10:00", "+447700900300", None).0,
        "announce:closed"
    );
    assert_eq!(
        route(&plan, "2026-11-22 10:00", "", None).0,
        "announce:closed"
    );
}

#[test]
fn a_share_is_a_share_and_a_caller_stays_in_it() {
    let plan = plan();
    let menu = |caller: &str| route(&plan, "2026-11-20 10:00", caller, None).0 == "menu:main";
    let callers: Vec<String> = (0..2000).map(|n| format!("+4420718{n:05}")).collect();
    let taken = callers.iter().filter(|c| menu(c)).count();
    assert!((540..660).contains(&taken), "{taken} of 2000");
    let first = menu(&callers[0]);
    assert!((0..10).all(|_| menu(&callers[0]) == first));
}

#[test]
fn it_says_which_line_decided() {
    let plan = plan();
    let why = |at: &str, caller: &str| route(&plan, at, caller, None).1;
    assert_eq!(
        why("2026-11-22 10:00", "+442071838752"),
        "called number +442079460100 is \"+442079460100\" in numbers (dialplans/head.toml:2); \
         [[when]] \"shut\": office is closed: start = \"announce:closed\" (dialplans/head.toml:68)"
    );
    assert_eq!(
        why("2026-11-20 10:00", "+442071838752"),
        "called number +442079460100 is \"+442079460100\" in numbers (dialplans/head.toml:2); \
         start = \"agent:triage\" (dialplans/head.toml:6)"
    );
}

#[test]
fn routes_of_their_own_go_their_own_way() {
    let plan = plan();
    let arrival = Arrival {
        via: Via::Trunk("carrier"),
        called: "2000",
        caller: "",
        id: "",
        attested: tandem_types::Attested::Unsigned,
        now: Moment {
            manual: Some("night"),
            ..Moment::default()
        },
    };
    let route = plan.route(&arrival).expect("a way");
    assert_eq!(route.destination.to_string(), "echo");
}
