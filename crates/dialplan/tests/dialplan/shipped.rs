//! The office in `dialplans/` loads without an error or a warning, and leads where its README says.

use crate::office::{exists, office, office_files, secret};
use std::collections::BTreeSet;
use tandem_dialplan::{Arrival, Destination, DialTarget, Look, Moment, Via, load, render_as};

#[test]
fn without_error_or_warning() {
    match load(&office_files(), &secret, &exists) {
        Ok((_, warnings)) => assert!(
            warnings.is_empty(),
            "{}",
            render_as(&warnings, Look::Unicode)
        ),
        Err(found) => panic!("{}", render_as(&found, Look::Unicode)),
    }
}

#[test]
fn its_numbers_lead_where_the_readme_says() {
    let plan = office();
    let to = |called: &str| {
        plan.route(&Arrival {
            via: Via::Trunk("carrier"),
            called,
            caller: "+441632960001",
            id: "",
            attested: tandem_types::Attested::Unsigned,
            now: Moment::default(),
        })
        .map(|r| r.destination.to_string())
        .unwrap_or_else(|e| e.reason)
    };
    assert_eq!(to("+442079460100"), "agent:triage");
    assert_eq!(to("442079460100"), "agent:triage");
    assert_eq!(to("02079460100"), "agent:triage");
    assert_eq!(to("2000"), "echo");
    assert_eq!(to("2001"), "announce:notice");
    assert_eq!(to("2002"), "menu:main");
    assert_eq!(to("2003"), "ask:tenancy");
    assert_eq!(to("2004"), "voicemail:office");
    assert_eq!(to("2005"), "menu:closed");
    assert_eq!(to("203"), "ext:203");
    assert_eq!(to("3456"), "conference:3456");
    assert_eq!(to("412345"), "sip:412345@127.0.0.1:5090");
    assert_eq!(
        to("2006"),
        "no dialplan that takes calls of trunk `carrier` has 2006"
    );
}

#[test]
fn its_phones_reach_each_other_and_the_front_desk() {
    let plan = office();
    let to = |called: &str| {
        plan.route(&Arrival {
            via: Via::Phone("200"),
            called,
            caller: "200",
            id: "",
            attested: tandem_types::Attested::Unsigned,
            now: Moment::default(),
        })
        .map(|r| (r.dialplan, r.destination.to_string()))
        .unwrap_or_else(|e| (format!("{:?}", e.kind), String::new()))
    };
    assert_eq!(to("201"), (String::new(), "ext:201".to_owned()));
    assert_eq!(
        to("02079460100"),
        ("reception".to_owned(), "agent:triage".to_owned())
    );
    assert_eq!(
        to("+441632960123"),
        (String::new(), "trunk:carrier/+441632960123".to_owned())
    );
    assert_eq!(to("+447700900123"), ("Forbidden".to_owned(), String::new()));
    for number in ["999", "*999"] {
        assert_eq!(to(number), (String::new(), format!("emergency:{number}")));
    }
}

#[test]
fn what_it_may_dial_is_what_it_lists() {
    let plan = office();
    let may = |t| plan.may_dial(Some("reception"), t).is_ok();
    assert!(may(DialTarget::Ext("201")));
    assert!(!may(DialTarget::Ext("209")), "no such extension");
    assert!(may(DialTarget::Trunk {
        trunk: "carrier",
        number: "+441632960555"
    }));
    assert!(
        !may(DialTarget::Trunk {
            trunk: "carrier",
            number: "+441632960556"
        }),
        "the trunk may, the dialplan not"
    );
    assert!(may(DialTarget::Sip("sip:412345@127.0.0.1:5090")));
    assert!(!may(DialTarget::Sip("sip:412345@127.0.0.1:5091")));
    assert!(!may(DialTarget::Sip("sip:412345@192.0.2.1:5090")));
}

#[test]
fn its_agents_are_whole() {
    let plan = office();
    let rules = &plan.dialplans["reception"].rules;
    assert_eq!(
        rules.agents.keys().collect::<Vec<_>>(),
        ["billing", "lettings", "repairs", "triage"]
    );
    assert_eq!(rules.keys[&'0'].0, "queue:reception");
    assert_eq!(
        rules.operator.as_ref().map(|t| t.0.as_str()),
        Some("queue:reception")
    );
    assert_eq!(
        rules.on_provider_down.as_ref().map(|t| t.0.as_str()),
        Some("menu:main")
    );
    for agent in rules.agents.values() {
        assert!(!agent.instructions.is_empty(), "{}", agent.name);
        for says in [
            "handing_over",
            "not_understood",
            "anything_else",
            "greeting_after_handoff",
            "back",
            "goodbye",
            "transferring",
        ] {
            assert!(agent.says.contains_key(says), "{} {says}", agent.name);
        }
        for (intent, examples) in &agent.intents {
            assert!(examples.len() >= 3, "{} {intent}", agent.name);
            assert!(agent.routes.contains_key(intent) || agent.answers.contains_key(intent));
        }
    }
    assert_eq!(
        rules
            .spoken
            .get(&tandem_types::agent::Target("queue:billing".into()))
            .map(String::as_str),
        Some("the billing team")
    );
}

#[test]
fn its_menus_lead_by_keys_and_by_words() {
    let plan = office();
    let menus = &plan.dialplans["reception"].menus;
    let all = |menu: &str| -> Vec<(char, String, Vec<String>)> {
        let menu = &menus[menu];
        let words = |key| menu.words.get(key).cloned().unwrap_or_default();
        let leads = |key: &char| plan.settled(menu, &key.to_string()).expect("a way");
        let keys = menu.keys.keys();
        keys.map(|k| (*k, leads(k).to_string(), words(k))).collect()
    };
    let main = [
        ('*', "menu:main", &[][..]),
        ('0', "queue:reception", &["reception", "somebody"]),
        (
            '1',
            "queue:billing",
            &["billing", "bill", "rent", "payment"],
        ),
        (
            '2',
            "queue:repairs",
            &["repairs", "repair", "leak", "heating"],
        ),
        ('3', "queue:lettings", &["flat", "house", "viewing"]),
    ];
    let closed = [
        ('*', "menu:closed", &[][..]),
        ('0', "voicemail:office", &[]),
        (
            '1',
            "outside:engineer",
            &["water", "leak", "danger", "emergency"],
        ),
        ('2', "voicemail:office", &["message"]),
    ];
    let owned = |(key, to, words): (char, &str, &[&str])| {
        let words = words.iter().map(|w| (*w).to_owned()).collect();
        (key, to.to_owned(), words)
    };
    assert_eq!(all("main"), main.map(owned));
    assert_eq!(all("closed"), closed.map(owned));
}

#[test]
fn its_question_rings_whom_the_answer_concerns() {
    let plan = office();
    let ask = &plan.dialplans["reception"].asks["tenancy"];
    for (answer, to) in [
        ("104217", "queue:repairs"),
        ("204217", "queue:repairs"),
        ("704217", "queue:lettings"),
        ("304217", "queue:reception"),
    ] {
        assert_eq!(ask.way(answer, |_| None).0.to_string(), to, "{answer}");
    }
}

#[test]
fn whoever_is_not_answered_may_leave_a_message_at_any_hour() {
    let plan = office();
    let d = &plan.dialplans["reception"];
    for (name, queue) in &d.queues {
        let last = queue.ways_out().last().map(ToString::to_string);
        let expected = match name.as_str() {
            "reception" => "voicemail:office",
            _ => "queue:reception",
        };
        assert_eq!(last.as_deref(), Some(expected), "{name}");
    }
    let night = |manual| {
        let arrival = Arrival {
            via: Via::Trunk("carrier"),
            called: "+442079460100",
            caller: "+441632960001",
            id: "",
            attested: tandem_types::Attested::Unsigned,
            now: Moment {
                manual,
                ..Moment::default()
            },
        };
        plan.route(&arrival).map(|r| r.destination.to_string())
    };
    assert_eq!(night(None).as_deref().ok(), Some("agent:triage"));
    assert_eq!(night(Some("night")).as_deref().ok(), Some("menu:closed"));
    assert_eq!(d.menus["closed"].otherwise.to_string(), "voicemail:office");
    assert_eq!(d.voicemail["office"].phones, ["200", "204"]);
}

#[test]
fn every_fixed_text_is_to_be_rendered_once() {
    let plan = office();
    let texts: BTreeSet<&str> = plan.prompts.iter().map(|p| p.0.as_str()).collect();
    for text in [
        "You are speaking with our automated assistant. Press zero at any time for a person.",
        "Good morning, this is Northgate. How can I help you?",
        "I'm putting you through to the billing team now. I'll tell them what you've told me.",
        "I'm connecting you with billing. I'll share what you've told me.",
        "For billing press one. For repairs press two. For lettings press three. For reception press zero.",
        "Please key the six digits of your tenancy number. It is on each of our letters.",
        "Nobody can take your call just now. Please leave your name, your number and what it is about after the tone.",
        "Rent is due on the first day of each month.",
    ] {
        assert!(texts.contains(text), "{text}");
    }
    assert!(texts.iter().all(|t| !t.contains('{')));
    let unique: BTreeSet<_> = plan.prompts.iter().collect();
    assert_eq!(unique.len(), plan.prompts.len());
    assert!(
        plan.prompts
            .iter()
            .all(|p| p.3 == "offline" && p.2 == "en-GB")
    );
}

#[test]
fn its_route_says_which_line_decided() {
    let plan = office();
    let route = plan
        .route(&Arrival {
            via: Via::Trunk("carrier"),
            called: "2000",
            caller: "",
            id: "",
            attested: tandem_types::Attested::Unsigned,
            now: Moment::default(),
        })
        .expect("2000 is in [routes]");
    assert_eq!(route.destination, Destination::Echo);
    assert!(
        route
            .why
            .starts_with("called number 2000 is \"2000\" in [routes] (dialplans/reception.toml:"),
        "{}",
        route.why
    );
}

#[test]
fn no_secret_is_in_what_the_plan_prints() {
    let plan = office();
    assert_eq!(
        plan.phones.extensions[1]
            .registers
            .as_ref()
            .map(|r| r.1.0.as_str()),
        Some("northgate-demo-201")
    );
    assert!(!format!("{plan:?}").contains("northgate-demo"));
}
