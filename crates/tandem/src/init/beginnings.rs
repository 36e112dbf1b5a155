//! The shipped beginnings (`dialplans/start`), filled in.

use super::{answers::Answers, kind::Kind, server::Server};
use std::fmt::Write as _;

const TANDEM: &str = include_str!("../../../../dialplans/start/tandem.toml");
const PHONES: &str = include_str!("../../../../dialplans/start/phones.toml");
const CARRIER: &str = include_str!("../../../../dialplans/start/trunks/carrier.toml");
const PBX_TRUNK: &str = include_str!("../../../../dialplans/start/trunks/pbx.toml");
const PBX: &str = include_str!("../../../../dialplans/start/dialplans/pbx.toml");
const CLINIC: &str = include_str!("../../../../dialplans/start/dialplans/clinic.toml");
const SHOP: &str = include_str!("../../../../dialplans/start/dialplans/shop.toml");
const ANSWERING: &str =
    include_str!("../../../../dialplans/start/dialplans/answering-service.toml");

/// Every file by its path, but the secrets and schemas.
///
/// # Errors
/// A place of a beginning that nothing was filled in for: a fault of ours.
pub(super) fn files(a: &Answers) -> anyhow::Result<Vec<(String, String)>> {
    let dialplan = match a.kind {
        Kind::Pbx => PBX,
        Kind::Clinic => CLINIC,
        Kind::Shop => SHOP,
        Kind::AnsweringService => ANSWERING,
    };
    let word = a.kind.word();
    let mut all = vec![
        ("tandem.toml".to_owned(), TANDEM.to_owned()),
        ("phones.toml".to_owned(), phones(a)),
        ("trunks/carrier.toml".to_owned(), carrier(a)),
        (format!("dialplans/{word}.toml"), dialplan.to_owned()),
    ];
    if let Some(pbx) = &a.pbx {
        let text = PBX_TRUNK
            .replace("@pbx@", &pbx.at)
            .replace("@pbx_allow_from@", &pbx.allow_from());
        all.push(("trunks/pbx.toml".to_owned(), text));
    }
    for (path, text) in &mut all {
        *text = filled(a, text);
        if let Some(line) = text.lines().find(|l| l.split('@').count() > 2) {
            anyhow::bail!("{path}: nothing was filled in for {line:?}");
        }
    }
    Ok(all)
}

fn filled(a: &Answers, text: &str) -> String {
    let language = if a.country == "US" { "en-US" } else { "en-GB" };
    let values = [
        ("@name@", a.name.as_str()),
        ("@number@", &a.number),
        ("@country@", a.country),
        ("@timezone@", &a.timezone),
        ("@language@", language),
        ("@open@", &a.open),
        ("@help@", help(a.country)),
        ("@domain@", &a.domain()),
        ("@mobile@", a.mobile.as_deref().unwrap_or_default()),
        ("@open_spoken@", &spoken(&a.open)),
    ];
    values.iter().fold(text.to_owned(), |text, (place, value)| {
        text.replace(place, value)
    })
}

fn phones(a: &Answers) -> String {
    let mut extensions = String::new();
    for (number, name) in a.kind.phones() {
        let _ = writeln!(
            extensions,
            "[extensions.{number}]\nname = \"{name}\"\nregisters = {{ username = \"{number}\", password = \"file:secrets/{number}\" }}"
        );
    }
    if a.pbx.is_none() {
        return PHONES.replace("@extensions@", &extensions);
    }
    // The PBX's extensions register there.
    "#:schema schema/phones.json\n# Extensions of the PBX: it rings them.\n[extensions.\"_2XX\"]\nname = \"Extension\"\nvia = \"pbx\"\n".to_owned()
}

fn carrier(a: &Answers) -> String {
    let Server { user, at, .. } = &a.carrier;
    let account = user.as_ref().map_or_else(String::new, |user| {
        format!(
            "username = \"{user}\"\npassword = \"file:secrets/carrier\"\nregister = {{ registrar = \"sip:{at}\" }}\n"
        )
    });
    let may_dial = a
        .mobile
        .as_ref()
        .map_or_else(String::new, |m| format!("\"{m}\""));
    CARRIER
        .replace("#account#\n", &account)
        .replace("@carrier@", at)
        .replace("@allow_from@", &a.carrier.allow_from())
        .replace("@carrier_may_dial@", &may_dial)
}

/// What is dialled for help there (ITU's and the countries' own lists; 112 wherever there is GSM).
fn help(country: &str) -> &'static str {
    match country {
        "US" | "MX" => "911",
        "GB" | "IE" => "999",
        "AU" => "000",
        "NZ" => "111",
        "BR" => "192",
        "CN" => "120",
        "JP" => "119",
        "IL" => "101",
        _ => "112",
    }
}

/// Simple hours as they are said: `Mo-Fr 09:00-17:00` is "We are open from Monday to Friday, from 9 a.m. to 5 p.m.". What is less
/// simple than days and times is left to the admin.
fn spoken(open: &str) -> String {
    let rules = open.split(';').map(str::trim).filter(|r| !r.is_empty());
    let said: Option<Vec<String>> = rules
        .filter(|rule| !rule.starts_with("PH") && !rule.ends_with("off"))
        .map(rule)
        .collect();
    match said {
        // "5 p.m." has its full stop.
        Some(parts) if !parts.is_empty() => format!("We are open {}", parts.join(", and ")),
        _ => "Please see our web page for our opening hours.".to_owned(),
    }
}

/// `Mo-Fr 09:00-12:00,13:00-17:00`.
fn rule(text: &str) -> Option<String> {
    let (days, times) = text.split_once(' ')?;
    let days: Option<Vec<String>> = days
        .split(',')
        .map(|d| match d.split_once('-') {
            Some((from, to)) => Some(format!("from {} to {}", day(from)?, day(to)?)),
            None => Some(format!("on {}", day(d)?)),
        })
        .collect();
    let times: Option<Vec<String>> = times
        .split(',')
        .map(|t| {
            let (from, to) = t.trim().split_once('-')?;
            Some(format!("from {} to {}", clock(from)?, clock(to)?))
        })
        .collect();
    Some(format!("{}, {}", days?.join(" and "), times?.join(" and ")))
}

fn day(text: &str) -> Option<&'static str> {
    const DAYS: [(&str, &str); 7] = [
        ("Mo", "Monday"),
        ("Tu", "Tuesday"),
        ("We", "Wednesday"),
        ("Th", "Thursday"),
        ("Fr", "Friday"),
        ("Sa", "Saturday"),
        ("Su", "Sunday"),
    ];
    DAYS.iter()
        .find(|(short, _)| *short == text)
        .map(|(_, long)| *long)
}

fn clock(text: &str) -> Option<String> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let half = if (12..24).contains(&hour) {
        "p.m."
    } else {
        "a.m."
    };
    let twelve = match hour % 12 {
        0 => 12,
        h => h,
    };
    (hour <= 24 && minute < 60).then(|| match minute {
        0 => format!("{twelve} {half}"),
        m => format!("{twelve}:{m:02} {half}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, sync::Arc};
    use tandem_agent::{
        Brain,
        typed::{Caller, Happened, Typed},
    };
    use tandem_dialplan::{
        Arrival, Destination, Diagnostic, Dialplan, Moment, Plan, SourceFile, Typed as Typing, Via,
        load, render,
    };
    use tandem_types::{Attested, Now, journal::What};

    #[test]
    fn hours_are_said_as_people_say_them() {
        assert_eq!(
            spoken("Mo-Fr 09:00-17:00; PH off"),
            "We are open from Monday to Friday, from 9 a.m. to 5 p.m."
        );
        assert_eq!(
            spoken("Mo,We 08:30-12:00,13:00-18:00; Sa 10:00-13:00"),
            "We are open on Monday and on Wednesday, from 8:30 a.m. to 12 p.m. and from 1 p.m. to 6 p.m., and on Saturday, from 10 a.m. to 1 p.m."
        );
        assert_eq!(
            spoken("24/7"),
            "Please see our web page for our opening hours."
        );
        assert_eq!(
            spoken("2026 Dec 24-2027 Jan 01 off"),
            "Please see our web page for our opening hours."
        );
    }

    fn answers(kind: Kind) -> Answers {
        let server = |at: &str| Server {
            user: None,
            at: at.to_owned(),
            addresses: vec![at.parse().expect("an address")],
        };
        Answers {
            kind,
            name: "Northgate".to_owned(),
            number: "+442079460111".to_owned(),
            country: "GB",
            carrier: server("198.51.100.7"),
            pbx: (kind == Kind::Pbx).then(|| server("192.0.2.10")),
            mobile: (kind == Kind::AnsweringService).then(|| "+447700900123".to_owned()),
            open: "Mo-Fr 09:00-17:00".to_owned(),
            timezone: "Europe/London".to_owned(),
        }
    }

    fn plan(kind: Kind) -> Plan {
        let files: Vec<SourceFile> = files(&answers(kind))
            .expect("all filled in")
            .into_iter()
            .map(|(path, text)| SourceFile { path, text })
            .collect();
        let secret = |_: &str| Ok("secret".to_owned());
        let (plan, warnings) =
            load(&files, &secret, &|_| true).unwrap_or_else(|found| panic!("{}", render(&found)));
        // Nobody but the admin knows where the phones stand.
        let known = |d: &&Diagnostic| !d.message.contains("calls for help");
        let odd: Vec<&Diagnostic> = warnings.iter().filter(known).collect();
        assert!(odd.is_empty(), "{odd:?}");
        plan
    }

    #[test]
    fn each_agent_takes_its_own_examples_for_what_they_are() {
        let mut tried = 0;
        for kind in [Kind::Clinic, Kind::Shop, Kind::AnsweringService] {
            let plan = plan(kind);
            let dialplan = plan.dialplans.get(kind.word()).expect("the dialplan");
            let brain = Arc::new(Brain::new(dialplan.rules.clone()));
            for (name, agent) in &dialplan.rules.agents {
                for (intent, examples) in &agent.intents {
                    for example in examples {
                        let caller = Caller {
                            number: "+447700900001".to_owned(),
                            language: "en-GB".to_owned(),
                            utc_offset: 0,
                            facts: Vec::new(),
                        };
                        let (mut typed, _) =
                            Typed::begin(brain.clone(), name, caller, Now::default(), false);
                        let happened = typed.says(example);
                        let meant = happened.iter().find_map(|h| match h {
                            Happened::Decided(What::Understood { intent, .. }) => intent.clone(),
                            _ => None,
                        });
                        assert_eq!(meant.as_ref(), Some(intent), "{name}: {example}");
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried > 90, "{tried}");
    }

    #[test]
    fn each_number_has_a_way_at_every_hour_and_each_key_leads_somewhere() {
        for kind in [Kind::Pbx, Kind::Clinic, Kind::Shop, Kind::AnsweringService] {
            let plan = plan(kind);
            let dialplan = plan.dialplans.get(kind.word()).expect("the dialplan");
            let mut starts = BTreeSet::new();
            for at in [
                "2026-11-24 10:00",
                "2026-11-24 20:00",
                "2026-11-28 10:00",
                "2026-12-25 10:00",
            ] {
                for manual in [None, Some("night")] {
                    let arrival = Arrival {
                        via: Via::Trunk("carrier"),
                        called: "+442079460111",
                        caller: "+447700900001",
                        id: "",
                        attested: Attested::Unsigned,
                        now: Moment {
                            at: dialplan.timezone.read(at).expect("a time"),
                            manual,
                        },
                    };
                    let route = plan.route(&arrival).unwrap_or_else(|no| panic!("{no:?}"));
                    starts.insert(route.destination.to_string());
                }
            }
            assert_eq!(starts.len(), 2, "open and closed: {starts:?}");
            for (name, menu) in &dialplan.menus {
                assert!(!menu.words.is_empty(), "menu:{name} hears no words");
                for (key, to) in &menu.keys {
                    assert_eq!(plan.settled(menu, &key.to_string()).as_ref(), Some(to));
                    ends(dialplan, to);
                }
                for (key, phrase) in menu
                    .words
                    .iter()
                    .flat_map(|(k, all)| all.iter().map(move |p| (k, p)))
                {
                    let choices = || menu.words.iter().map(|(k, w)| (*k, w.as_slice()));
                    let said = format!("well i think {phrase} please");
                    let chosen = tandem_agent::understand::choice(choices(), &said);
                    assert_eq!(chosen, Some(*key), "menu:{name}: {said}");
                }
            }
            for start in starts {
                let all = ends(dialplan, &start.parse().expect("a destination"));
                // The PBX has mailboxes of its own.
                let kept = all.iter().any(|to| to.starts_with("voicemail:"));
                assert_eq!(kept, kind != Kind::Pbx, "from {start}: {all:?}");
            }
        }
    }

    /// Where somebody may come to who begins there, whatever they choose and whoever does not answer: all of it leads to people,
    /// to a mailbox or to the end.
    fn ends(d: &Dialplan, start: &Destination) -> BTreeSet<String> {
        let (mut seen, mut ends, mut next) =
            (BTreeSet::new(), BTreeSet::new(), vec![start.clone()]);
        while let Some(to) = next.pop() {
            if !seen.insert(to.to_string()) {
                continue;
            }
            match &to {
                Destination::Menu(name) => {
                    let menu = &d.menus[name];
                    next.extend(menu.keys.values().chain([&menu.otherwise]).cloned());
                }
                Destination::Ask(name) => next.extend(d.asks[name].ways().cloned()),
                Destination::Announce(name) => next.push(d.announcements[name].then.clone()),
                Destination::Queue(name) => {
                    let queue = &d.queues[name];
                    assert!(queue.ways_out().next().is_some(), "{to} has no way out");
                    next.extend(queue.members.iter().chain(queue.ways_out()).cloned());
                }
                Destination::Agent(name) => {
                    let routes = d.rules.agents[name].routes.values();
                    let rules = d.rules.keys.values().chain(&d.rules.operator);
                    next.extend(
                        routes
                            .chain(rules)
                            .map(|t| t.0.parse().expect("a destination")),
                    );
                }
                Destination::Voicemail(name) => {
                    next.push(d.voicemail[name].then.clone());
                    ends.insert(to.to_string());
                }
                Destination::Outside(_) | Destination::Ext(_) | Destination::Hangup => {
                    ends.insert(to.to_string());
                }
                other => panic!("nobody is led to {other} in these offices"),
            }
        }
        assert!(!ends.is_empty(), "from {start} nobody comes to an end");
        ends
    }

    #[test]
    fn each_answer_leads_whom_it_concerns() {
        for (kind, ask, answer, to) in [
            (Kind::Clinic, "born", "1980", "queue:nurse"),
            (Kind::Clinic, "born", "2009", "queue:nurse"),
            (Kind::Clinic, "born", "2010", "queue:reception"),
            (Kind::Clinic, "born", "2026", "queue:reception"),
            (Kind::Shop, "order", "481516", "queue:orders"),
            (Kind::Shop, "order", "9123456", "queue:sales"),
            (Kind::Shop, "order", "98765432", "queue:sales"),
            (Kind::Shop, "order", "18765432", "queue:orders"),
        ] {
            let plan = plan(kind);
            let ask = &plan.dialplans[kind.word()].asks[ask];
            let typed =
                answer
                    .chars()
                    .fold(String::new(), |so_far, key| match ask.keyed(&so_far, key) {
                        Typing::More(typed) | Typing::Whole(typed) => typed,
                        Typing::Wrong => panic!("{answer}"),
                    });
            assert_eq!(ask.way(&typed, |_| None).0.to_string(), to, "{answer}");
        }
    }
}
