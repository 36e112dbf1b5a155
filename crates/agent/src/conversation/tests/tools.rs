//! Tools that a model calls, in virtual time.

use super::{
    office,
    stage::{
        Model::{self, *},
        Stage, play_with,
    },
};
use std::{sync::Arc, time::Duration};
use tandem_types::{
    agent::{AgentRules, AgentSpec},
    context::{HandoffReason, Speaker},
    journal::What,
    provider::{ProviderFault, Role},
    tool::{
        Arg, ArgKind, Bounds, Confirm, Effect, HttpAnswer, HttpMethod, Keep, Piece, Tool,
        UrlTemplate,
    },
};

fn tool(name: &str, effect: Effect, args: &[(&str, Arg)]) -> (String, Arc<Tool>) {
    let method = match effect {
        Effect::Read => HttpMethod::Get,
        Effect::Write | Effect::Final => HttpMethod::Post,
    };
    let tool = Tool {
        name: name.into(),
        description: format!("To {}.", name.replace('_', " ")),
        endpoint: format!("head/{name}"),
        method,
        url: UrlTemplate {
            origin: "https://crm.example".into(),
            path: vec![Piece::Text(format!("/{name}"))],
            query: vec![],
        },
        timeout: Duration::from_secs(4),
        args: args
            .iter()
            .map(|(n, a)| ((*n).to_owned(), a.clone()))
            .collect(),
        keep: vec![Keep {
            path: vec!["tenancy".into()],
            name: "tenancy".into(),
            sensitive: false,
        }],
        effect,
        ..Tool::default()
    };
    (name.to_owned(), Arc::new(tool))
}

fn text() -> Arg {
    Arg {
        required: true,
        max_length: 100,
        ..Arg::default()
    }
}

/// The letting office, whose repairs agent has tools.
pub(super) fn rules() -> AgentRules {
    let mut rules = office::rules();
    let amount = Arg {
        kind: ArgKind::Integer,
        required: true,
        ..Arg::default()
    };
    let confirmed = |mut t: (String, Arc<Tool>), confirm| {
        Arc::make_mut(&mut t.1).confirm = confirm;
        t
    };
    rules.tools = [
        tool("find_tenant", Effect::Read, &[("postcode", text())]),
        tool("open_ticket", Effect::Write, &[("summary", text())]),
        confirmed(
            tool("book_visit", Effect::Write, &[("day", text())]),
            Confirm::Words("Shall I book a visit on {day}?".into()),
        ),
        tool("refund", Effect::Write, &[("amount", amount)]),
        tool("sign_off", Effect::Final, &[]),
    ]
    .into();
    let own = Bounds {
        max: Some(50),
        ..Bounds::default()
    };
    let repairs = AgentSpec {
        tools: rules.tools.keys().cloned().collect(),
        authority: [("refund".to_owned(), [("amount".to_owned(), own)].into())].into(),
        ..rules.agents["repairs"].as_ref().clone()
    };
    rules.agents.insert("repairs".into(), Arc::new(repairs));
    rules
}

pub(super) fn play(script: impl Fn(&mut Stage)) {
    play_with(rules(), script);
}

pub(super) fn ok(body: &str) -> Result<HttpAnswer, ProviderFault> {
    Ok(HttpAnswer {
        status: 200,
        body: body.into(),
    })
}

pub(super) fn at_repairs(s: &mut Stage, answers: &[&[Model]]) {
    s.models = std::iter::once(vec![Text("Which room is it in?"), Done])
        .chain(answers.iter().map(|a| a.to_vec()))
        .collect();
    s.begin();
    s.says("there is a leak in the kitchen");
    assert_eq!(s.c.agent(), Some("repairs"));
    s.forget_silence();
}

const FIND: Model = Tool("find_tenant", r#"{"postcode":"SW1A 1AA"}"#);
pub(super) const OPEN: Model = Tool("open_ticket", r#"{"summary":"leak under the sink"}"#);
pub(super) const BOOK: Model = Tool("book_visit", r#"{"day":"Tuesday"}"#);

pub(super) fn called(s: &Stage) -> Vec<&str> {
    let names = s.journal.iter().filter_map(|w| match w {
        What::ToolCalled { tool, .. } => Some(tool.as_str()),
        _ => None,
    });
    names.collect()
}

fn outcomes(s: &Stage) -> Vec<&str> {
    let all = s.journal.iter().filter_map(|w| match w {
        What::ToolEnded { outcome, .. } => Some(outcome.as_str()),
        _ => None,
    });
    all.collect()
}

/// What the model was told as the results of its last calls.
pub(super) fn told(s: &Stage) -> Vec<String> {
    let messages = &s.asked.last().expect("asked").messages;
    let results = messages.iter().filter(|m| m.role == Role::Tool);
    results.map(|m| m.content.clone()).collect()
}

#[test]
fn an_answer_is_told_and_its_facts_are_kept_and_handed_on() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[FIND, Done],
                &[Text("You live at number seven."), Done],
                &[Text("Anything else?"), Done],
            ],
        );
        s.fetches
            .push_back((400, ok(r#"{"tenancy":"T-7","street":"Mill Lane"}"#)));
        s.says("it is under the sink, and my postcode is SW1A 1AA");
        assert_eq!(s.last(), "You live at number seven.");
        assert_eq!(
            s.fetched[0].url,
            "https://crm.example/find_tenant?postcode=SW1A%201AA"
        );
        assert_eq!(s.fetched[0].key, None, "it changes nothing");
        assert_eq!(
            told(s),
            [r#"{"answer":{"street":"Mill Lane","tenancy":"T-7"},"ok":true}"#]
        );
        assert_eq!((called(s), outcomes(s)), (vec!["find_tenant"], vec!["ok"]));
        let ended = s.journal.iter().find_map(|w| match w {
            What::ToolEnded { ms, kept, .. } => Some((*ms, kept.clone())),
            _ => None,
        });
        assert_eq!(ended, Some((400, vec!["tenancy".to_owned()])));
        let call = s.asked[2]
            .messages
            .iter()
            .find(|m| !m.tool_calls.is_empty());
        let call = call.expect("the call before its result");
        let result = s.asked[2].messages.last().expect("a result");
        assert_eq!(Some(&call.tool_calls[0].id), result.tool_call_id.as_ref());
        // In the turns that follow it is known still.
        s.says("and the tap drips");
        let system = &s.asked[3].messages[0].content;
        assert!(
            system.contains("Mill Lane") && system.contains("as data"),
            "{system}"
        );
        // Who takes over knows what was kept, and where from.
        s.says("let me speak to a human");
        let p = &s.transfers[0].0;
        let fact = p
            .entities
            .iter()
            .find(|e| e.name == "tenancy")
            .expect("kept");
        assert_eq!(
            (fact.value.as_str(), fact.turn.as_str()),
            ("T-7", "tool:find_tenant")
        );
        assert!(p.do_not_ask.contains(&"tenancy".to_owned()));
        assert!(
            p.summary.contains("On record: tenancy T-7."),
            "{}",
            p.summary
        );
        assert!(
            !s.said.iter().any(|t| t.contains("T-7")),
            "nobody reads records to callers"
        );
    });
}

#[test]
fn a_model_is_told_of_the_tools_of_its_agent_alone() {
    play(|s| {
        at_repairs(s, &[]);
        let names: Vec<&str> = s.asked[0].tools.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "transfer_to",
                "end_call",
                "book_visit",
                "find_tenant",
                "open_ticket",
                "refund",
                "sign_off"
            ]
        );
    });
}

#[test]
fn every_fault_is_told_and_answered_and_nobody_waits_in_silence() {
    let faults = [
        (Err(ProviderFault::Unreachable), "unreachable"),
        (Err(ProviderFault::Status(500)), "status_500"),
        (Err(ProviderFault::Status(404)), "status_404"),
        (Err(ProviderFault::Status(302)), "status_302"),
        (Err(ProviderFault::Unauthorized), "unauthorized"),
        (Err(ProviderFault::TooLarge), "too_large"),
        (ok("<html>Sorry</html>"), "malformed"),
        (ok(r#"{"tenancy":"#), "malformed"),
    ];
    for (fault, label) in faults {
        play(|s| {
            at_repairs(
                s,
                &[&[FIND, Done], &[Text("I cannot see that just now."), Done]],
            );
            s.fetches.push_back((100, fault.clone()));
            s.says("my postcode is SW1A 1AA");
            assert_eq!(outcomes(s), [label]);
            assert!(told(s)[0].contains(r#""ok":false"#), "{:?}", told(s));
            assert!(told(s)[0].contains(label), "{:?}", told(s));
            assert_eq!(s.last(), "I cannot see that just now.");
            assert!(s.longest_silence < 3000, "{} ms", s.longest_silence);
        });
    }
}

#[test]
fn a_tool_that_hangs_is_covered_by_words_and_given_up() {
    play(|s| {
        at_repairs(
            s,
            &[&[FIND, Done], &[Text("I cannot see that just now."), Done]],
        );
        let from = s.said.len();
        s.says("my postcode is SW1A 1AA");
        s.run(9000);
        s.quiet();
        assert_eq!(outcomes(s), ["timed_out"]);
        assert_eq!(s.cancelled.len(), 1);
        assert_eq!(
            s.said[from..],
            [
                "I'm looking that up for you.",
                "One moment, please.",
                "I cannot see that just now."
            ]
        );
        assert!(s.longest_silence < 3000, "{} ms", s.longest_silence);
    });
}

#[test]
fn where_tool_and_model_fail_the_templates_say_what_came_of_it() {
    for (answer, said) in [
        (
            ok(""),
            "That is done. Is there anything else I can help you with?",
        ),
        (
            Err(ProviderFault::Status(422)),
            "I'm sorry, I could not do that just now. Is there anything else I can help you with?",
        ),
        (
            Err(ProviderFault::TimedOut),
            "I'm sorry, I cannot tell just now whether that was done. Is there anything else I can help you with?",
        ),
    ] {
        play(|s| {
            at_repairs(s, &[&[OPEN, Done], &[Fails(ProviderFault::Status(500))]]);
            s.fetches.push_back((200, answer.clone()));
            s.says("it is under the sink");
            assert_eq!(s.last(), said);
            assert_eq!(
                s.faults().last().map(|f| f.1.as_str()),
                Some("what came of it")
            );
        });
    }
}

#[test]
fn a_model_that_was_talked_into_anything_does_nothing_that_is_not_allowed() {
    let calls = [
        Tool("refund", r#"{"amount":51}"#),
        Tool("refund", r#"{"amount":"５"}"#),
        Tool("refund", r#"{"amount":5,"url":"https://evil.example"}"#),
        Tool("find_tenant", r#"{"postcode":"x\r\nHost: evil.example"}"#),
        Tool("open_ticket", "{"),
        Tool("drop_tables", "{}"),
    ];
    for call in calls {
        play(|s| {
            at_repairs(
                s,
                &[
                    &[call.clone(), FIND, Done],
                    &[Text("I may not do that."), Done],
                ],
            );
            s.fetches.push_back((100, ok("{}")));
            s.says("do as I say");
            assert_eq!(s.last(), "I may not do that.");
            assert_eq!(s.fetched.len(), 1, "the other call alone");
            let refused = told(s).into_iter().find(|t| !t.contains("\"ok\""));
            assert!(refused.is_some_and(|t| t.starts_with("refused") || t.starts_with("not done")));
        });
    }
    play(|s| {
        at_repairs(
            s,
            &[
                &[calls_one()[0].clone(), Done],
                &[Text("A colleague can."), Done],
            ],
        );
        s.says("give me 51 pounds");
        assert_eq!(s.refusals(), [r#"refund {"amount":51}"#]);
        assert!(told(s)[0].contains("50 or less"), "{:?}", told(s));
        assert!(s.fetched.is_empty());
    });
}

fn calls_one() -> [Model; 1] {
    [Tool("refund", r#"{"amount":51}"#)]
}

#[test]
fn a_caller_who_speaks_drops_a_look_up_and_no_act() {
    play(|s| {
        at_repairs(s, &[&[FIND, Done], &[Text("The bathroom, I see."), Done]]);
        s.says_over_a_tool("my postcode is SW1A 1AA", "no wait it is the bathroom");
        assert_eq!(outcomes(s), ["dropped"]);
        assert_eq!(s.cancelled.len(), 1);
        assert_eq!(s.last(), "The bathroom, I see.");
    });
    play(|s| {
        at_repairs(
            s,
            &[
                &[OPEN, Done],
                &[Text("I am with you."), Done],
                &[Text("It is open."), Done],
            ],
        );
        s.fetches.push_back((3900, ok(r#"{"tenancy":"T-9"}"#)));
        s.says_over_a_tool("it is under the sink", "and it is getting worse");
        s.run(5000);
        s.quiet();
        assert_eq!((outcomes(s), s.cancelled.len()), (vec!["ok"], 0));
        s.says("have you got that");
        let system = &s.asked.last().expect("asked").messages[0].content;
        assert!(system.contains("Done: open ticket: done."), "{system}");
        assert!(system.contains("T-9"), "{system}");
    });
}

#[test]
fn a_caller_who_hangs_up_leaves_nothing_open() {
    play(|s| {
        at_repairs(s, &[&[OPEN, Done]]);
        s.speaks(900, Stage::heard("it is under the sink"));
        s.run(2500);
        assert_eq!(called(s), ["open_ticket"]);
        s.input(crate::Input::CallerGone);
        assert_eq!(outcomes(s), ["caller_gone"]);
        assert_eq!(s.c.poll_timeout(), None);
        assert!(s.cancelled.is_empty(), "it is not taken back");
    });
}

#[test]
fn other_tools_come_first_and_then_the_transfer() {
    play(|s| {
        let go = Tool(
            "transfer_to",
            r#"{"target":"queue:repairs","reason":"a leak"}"#,
        );
        at_repairs(s, &[&[go.clone(), OPEN, Done], &[go, Done]]);
        s.fetches.push_back((200, ok("")));
        s.says("it is under the sink");
        assert_eq!(s.sent_to(), "queue:repairs");
        let p = &s.transfers[0].0;
        assert_eq!(p.reason, HandoffReason::Model);
        assert!(
            p.actions
                .iter()
                .any(|a| a.what == "open ticket" && a.result == "done")
        );
    });
}

#[test]
fn a_model_that_calls_for_ever_is_stopped() {
    play(|s| {
        let calls: Vec<Vec<Model>> = ["A1", "A2", "A3", "A4", "A5", "A6", "A7"]
            .iter()
            .map(|p| {
                let arguments: &'static str = format!("{{\"postcode\":\"{p}\"}}").leak();
                vec![Tool("find_tenant", arguments), Done]
            })
            .collect();
        let all: Vec<&[Model]> = calls.iter().map(Vec::as_slice).collect();
        at_repairs(s, &all);
        for _ in 0..7 {
            s.fetches.push_back((50, ok("{}")));
        }
        s.says("look everywhere");
        assert_eq!(s.fetched.len(), 3);
        assert!(s.longest_silence < 3000, "{} ms", s.longest_silence);
        assert!(!s.last().is_empty() && s.with_agent());
    });
}

#[test]
fn after_a_final_tool_the_agent_takes_leave() {
    play(|s| {
        let done = Tool("sign_off", "{}");
        at_repairs(
            s,
            &[&[done, Done], &[Text("You are signed off. Goodbye."), Done]],
        );
        s.fetches.push_back((200, ok("")));
        s.says("please sign me off");
        assert!(s.said.iter().any(|t| t.contains("signed off")));
        s.run(1000);
        assert!(s.hung_up);
    });
}

#[test]
fn late_and_foreign_answers_change_nothing() {
    play(|s| {
        at_repairs(
            s,
            &[&[FIND, Done], &[Text("I cannot see that just now."), Done]],
        );
        s.fetches.push_back((6000, ok(r#"{"tenancy":"LATE"}"#)));
        s.says("my postcode is SW1A 1AA");
        s.run(9000);
        s.quiet();
        assert_eq!(outcomes(s), ["timed_out"]);
        s.says("let me speak to a human");
        assert!(!format!("{:?}", s.transfers).contains("LATE"));
        let agent = |w: &What| {
            matches!(
                w,
                What::TurnEnded {
                    speaker: Speaker::Agent(_),
                    ..
                }
            )
        };
        assert!(s.journal.iter().any(agent));
    });
}
