use super::{
    office,
    stage::{
        Model::{self, *},
        Stage, play, play_with,
    },
};
use tandem_types::{
    context::{HandoffReason, Holder},
    journal::What,
    provider::{ProviderFault, Role},
};

/// At the specialist with a model, who has said its first words.
fn at_repairs(s: &mut Stage, answers: &[&[Model]]) {
    s.models = std::iter::once(vec![Text("Which room is it in?"), Done])
        .chain(answers.iter().map(|a| a.to_vec()))
        .collect();
    s.begin();
    s.says("there is a leak in the kitchen, my postcode is SW1A 1AA");
    assert_eq!(s.c.agent(), Some("repairs"));
    assert_eq!(s.last(), "Which room is it in?");
}

#[test]
fn a_model_is_given_the_package_and_the_callers_last_words() {
    play(|s| {
        at_repairs(s, &[]);
        let n = s.said.len();
        assert_eq!(
            s.said[n - 2],
            "Hello, this is repairs. I have your postcode SW1A 1AA."
        );
        let asked = &s.asked[0].messages;
        let system = &asked[0].content;
        assert_eq!(asked[0].role, Role::System);
        for part in [
            "You book repairs",
            "SW1A 1AA",
            "Do not ask again for: postcode",
            "there is a leak in the kitchen",
            "You have just said",
        ] {
            assert!(system.contains(part), "{part} in {system}");
        }
        let last = asked.last().unwrap();
        assert_eq!(last.role, Role::User);
        assert_eq!(
            last.content,
            "there is a leak in the kitchen, my postcode is SW1A 1AA"
        );
        let tools: Vec<&str> = s.asked[0].tools.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(tools, ["transfer_to", "end_call"]);
        assert!(s.asked[0].tools[0].parameters.contains(
            r#""enum":["queue:repairs","agent:triage","agent:billing","queue:reception","queue:operator"]"#
        ));
    });
}

#[test]
fn a_model_answers_sentence_by_sentence() {
    play(|s| {
        at_repairs(
            s,
            &[&[
                Text("I have noted that down. An engineer can come on Tuesday.\n**Is that fine?**"),
                Done,
            ]],
        );
        s.says("it is under the sink");
        let n = s.said.len();
        assert_eq!(
            s.said[n - 3..],
            [
                "I have noted that down.",
                "An engineer can come on Tuesday.",
                "Is that fine?"
            ]
        );
        assert_eq!(
            s.turns().last().map(String::as_str),
            Some("I have noted that down. An engineer can come on Tuesday. Is that fine?"),
            "one turn"
        );
        let history = &s.asked[1].messages;
        assert!(
            history
                .iter()
                .any(|m| m.role == Role::Assistant && m.content.contains("Which room is it in?"))
        );
        assert_eq!(history.last().unwrap().content, "it is under the sink");
    });
}

#[test]
fn a_tool_leads_to_an_allowed_target() {
    play(|s| {
        let call = Tool(
            "transfer_to",
            r#"{"target":"queue:repairs","reason":"leak under the sink"}"#,
        );
        at_repairs(
            s,
            &[&[
                Text("I'll put you through to our repairs team."),
                call,
                Done,
            ]],
        );
        s.says("it is getting worse");
        assert_eq!(s.sent_to(), "queue:repairs");
        let p = &s.transfers[0].0;
        assert_eq!(
            (p.reason, p.trigger.as_str()),
            (HandoffReason::Model, "leak under the sink")
        );
        assert_eq!(
            s.last(),
            "I'll put you through to our repairs team.",
            "said once"
        );
        assert_eq!(p.from, Holder::Agent("repairs".into()));
        assert_eq!(s.understood().last().map(|u| u.1.as_str()), Some("model"));
    });
}

#[test]
fn a_tool_without_words_is_announced() {
    play(|s| {
        at_repairs(
            s,
            &[&[
                Tool("transfer_to", r#"{"target":"queue:repairs","reason":"x"}"#),
                Done,
            ]],
        );
        s.says("it is getting worse");
        assert!(
            s.last().starts_with("I'm putting you through to repairs."),
            "{}",
            s.last()
        );
    });
}

#[test]
fn an_invented_target_is_refused_and_the_model_is_told() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[
                    Tool("transfer_to", r#"{"target":"+4490912345","reason":"x"}"#),
                    Done,
                ],
                &[
                    Tool("launch_rockets", "{}"),
                    Tool("transfer_to", "{not json"),
                    Done,
                ],
                &[Text("I can help you with that myself."), Done],
            ],
        );
        s.says("call my friend");
        assert!(s.transfers.is_empty());
        assert_eq!(s.refusals(), ["+4490912345", "launch_rockets", "{not json"]);
        let told = s.asked[2].messages.last().unwrap();
        assert_eq!(told.role, Role::Tool);
        assert_eq!(told.tool_call_id.as_deref(), Some("c0"));
        assert!(
            told.content
                .starts_with("refused: target must be one of queue:repairs, "),
            "{told:?}"
        );
        assert_eq!(s.last(), "I can help you with that myself.");
    });
}

#[test]
fn a_model_that_insists_on_an_invented_target_is_not_asked_for_ever() {
    play(|s| {
        let wrong: &[Model] = &[Tool("transfer_to", r#"{"target":"queue:moon"}"#), Done];
        at_repairs(s, &[wrong, wrong, wrong, wrong, wrong]);
        s.says("call my friend");
        assert_eq!(s.asked.len(), 4, "the greeting, and three steps");
        assert!(
            s.last().starts_with("Sorry, I didn't catch that"),
            "{}",
            s.last()
        );
    });
}

#[test]
fn a_transfer_that_was_only_announced_is_made_after_a_nudge() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[
                    Text("Certainly. I'm transferring you to our repairs team now."),
                    Done,
                ],
                &[
                    Text("Sure!"),
                    Tool(
                        "transfer_to",
                        r#"{"target":"queue:repairs","reason":"asked"}"#,
                    ),
                    Done,
                ],
            ],
        );
        s.says("please do something");
        assert_eq!(s.sent_to(), "queue:repairs");
        let nudge = s.asked[2].messages.last().unwrap();
        assert!(nudge.role == Role::System && nudge.content.contains("did not call transfer_to"));
        assert!(
            !s.said.contains(&"Sure!".to_owned()),
            "the nudge is between us"
        );
    });
}

#[test]
fn a_transfer_that_is_never_made_goes_to_the_operator() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[Text("I'm transferring you to our repairs team now."), Done],
                &[Text("I have transferred them."), Done],
            ],
        );
        s.says("please do something");
        assert_eq!(s.sent_to(), "queue:operator");
        assert_eq!(s.refusals().len(), 1);
    });
}

#[test]
fn a_nudge_that_fails_goes_to_the_operator_too() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[Text("I'm transferring you to our repairs team now."), Done],
                &[Fails(ProviderFault::Status(500))],
            ],
        );
        s.says("please do something");
        assert_eq!(s.sent_to(), "queue:operator");
    });
}

#[test]
fn the_model_may_end_the_call() {
    play(|s| {
        at_repairs(
            s,
            &[&[
                Text("You're welcome, have a nice day."),
                Tool("end_call", "{}"),
                Done,
            ]],
        );
        s.says("great you have been most helpful");
        assert!(s.hung_up);
        assert_eq!(s.last(), "You're welcome, have a nice day.");
    });
}

#[test]
fn a_fault_is_answered_by_the_templates_in_the_same_step() {
    play(|s| {
        at_repairs(s, &[&[Fails(ProviderFault::RateLimited)]]);
        s.says("it is under the sink");
        let fault = s
            .log
            .iter()
            .position(|l| l.contains("RateLimited"))
            .unwrap();
        let at = |line: &str| line.split(' ').next().unwrap().to_owned();
        let said = s
            .log
            .iter()
            .position(|l| l.contains("Sorry, I didn't catch that"))
            .unwrap();
        assert_eq!(at(&s.log[fault]), at(&s.log[said]));
        assert_eq!(s.faults(), [("llm".to_owned(), "templates".to_owned())]);
    });
}

#[test]
fn the_classifier_answers_where_the_model_cannot() {
    let mut rules = office::rules();
    let mut repairs = (*rules.agents["repairs"]).clone();
    repairs.intents.insert(
        "price".into(),
        vec!["how much does it cost".into(), "what is the price".into()],
    );
    repairs
        .answers
        .insert("price".into(), "It is free for tenants.".into());
    rules.agents.insert("repairs".into(), repairs.into());
    play_with(rules, |s| {
        at_repairs(s, &[&[Text(""), Done]]);
        s.says("how much does it cost");
        assert!(
            s.last().starts_with("It is free for tenants."),
            "{}",
            s.last()
        );
        assert!(s.journal.iter().any(|w| matches!(
            w,
            What::ProviderFailed {
                fault: ProviderFault::Malformed,
                ..
            }
        )));
    });
}

#[test]
fn no_first_token_in_time_is_a_fault_and_late_words_are_ignored() {
    play(|s| {
        at_repairs(s, &[&[Hangs]]);
        s.says("it is under the sink");
        s.run(1_700);
        assert_eq!(s.last(), "One moment, please.", "the wait is covered");
        s.run(1_500);
        assert!(
            s.last().starts_with("Sorry, I didn't catch that"),
            "{:?}",
            s.said
        );
        assert!(s.log.iter().any(|l| l.contains("CancelChat")));
        let said = s.said.len();
        let request = tandem_types::RequestId {
            call: tandem_types::CallId(7),
            index: 2,
        };
        s.input(crate::Input::Provider(
            tandem_types::provider::ProviderEvent::ChatText {
                request,
                text: "Hello there, this comes late. ".into(),
            },
        ));
        s.input(crate::Input::Provider(
            tandem_types::provider::ProviderEvent::ChatDone { request },
        ));
        assert_eq!(s.said.len(), said);
    });
}

#[test]
fn a_stream_that_stalls_keeps_what_was_said() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[Text("I can see your address here. And then"), Hangs],
                &[Text("Yes, we can come today."), Done],
            ],
        );
        s.says("it is under the sink");
        s.run(4_000);
        assert_eq!(s.faults(), [("llm".to_owned(), "what was said".to_owned())]);
        assert_eq!(
            s.turns().last().map(String::as_str),
            Some("I can see your address here.")
        );
        s.says("and can you come today");
        assert_eq!(s.last(), "Yes, we can come today.");
    });
}

#[test]
fn a_model_that_fails_three_times_is_down() {
    play(|s| {
        let fails: &[Model] = &[Fails(ProviderFault::Open)];
        at_repairs(s, &[fails, fails, fails]);
        s.says("it is under the sink");
        s.says("in the kitchen as I told you");
        assert!(s.transfers.is_empty());
        s.says("it drips all the time");
        assert_eq!(s.sent_to(), "menu:main");
        assert_eq!(s.transfers[0].0.reason, HandoffReason::ProviderOutage);
    });
}

#[test]
fn an_agent_without_templates_has_nothing_else() {
    let mut rules = office::rules();
    let mut repairs = (*rules.agents["repairs"]).clone();
    repairs.intents.clear();
    repairs.routes.clear();
    rules.agents.insert("repairs".into(), repairs.into());
    play_with(rules, |s| {
        at_repairs(s, &[&[Fails(ProviderFault::Unreachable)]]);
        s.says("it is under the sink");
        assert_eq!(s.sent_to(), "menu:main");
    });
}

#[test]
fn talking_over_an_answer_ends_it_and_only_what_was_heard_is_remembered() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[
                    Text("We can come on Tuesday in the morning. "),
                    Text("Or we can come on Wednesday after lunch. "),
                    Hangs,
                ],
                &[Text("Very well, Friday it is."), Done],
            ],
        );
        s.speaks(1_000, Stage::heard("it is under the sink"));
        s.run(3_500);
        s.speaks(1_000, Stage::heard("what about friday"));
        s.quiet();
        let turns = s.turns();
        let cut = turns.iter().find(|t| t.ends_with('|')).unwrap();
        assert!(
            cut.starts_with("We can come on") && !cut.contains("Wednesday"),
            "{cut}"
        );
        assert!(s.log.iter().any(|l| l.contains("CancelChat")));
        let told = &s.asked.last().unwrap().messages;
        assert!(!told.iter().any(|m| m.content.contains("Wednesday")));
        assert!(
            told.iter()
                .any(|m| m.content.contains("[the caller cut in here]"))
        );
        assert_eq!(s.last(), "Very well, Friday it is.");
    });
}

#[test]
fn words_that_come_while_the_model_thinks_are_answered_together() {
    play(|s| {
        at_repairs(
            s,
            &[&[Hangs], &[Text("A plumber will be with you today."), Done]],
        );
        s.speaks(600, Stage::heard("it is under the sink"));
        s.run(1_500);
        s.speaks(600, Stage::heard("and it is quite bad"));
        s.quiet();
        let told: Vec<&str> = s
            .asked
            .last()
            .unwrap()
            .messages
            .iter()
            .rev()
            .take(2)
            .map(|m| m.content.as_str())
            .collect();
        assert_eq!(told, ["and it is quite bad", "it is under the sink"]);
        assert_eq!(s.last(), "A plumber will be with you today.");
        assert_eq!(s.asked.len(), 3);
    });
}

#[test]
fn the_classifier_answers_common_wishes_before_any_model_is_asked() {
    play(|s| {
        at_repairs(s, &[]);
        s.says("send an engineer");
        assert_eq!(s.sent_to(), "queue:repairs");
        assert_eq!(s.asked.len(), 1);
    });
}

#[test]
fn no_way_back_without_a_new_word() {
    play(|s| {
        s.models = [
            vec![
                Tool(
                    "transfer_to",
                    r#"{"target":"agent:triage","reason":"not mine"}"#,
                ),
                Done,
            ],
            vec![Text("I will see to it, then."), Done],
        ]
        .into();
        s.begin();
        s.says("there is a leak in the kitchen");
        assert_eq!(s.c.agent(), Some("repairs"));
        assert_eq!(s.refusals(), ["agent:triage"]);
        assert_eq!(s.last(), "I will see to it, then.");
    });
}

#[test]
fn keys_reach_the_model_as_keys() {
    play(|s| {
        at_repairs(s, &[&[Text("Thank you, I have it."), Done]]);
        s.keys("4411");
        assert_eq!(
            s.asked[1].messages.last().unwrap().content,
            r#"{"dtmf":"4411"}"#
        );
    });
}

#[test]
fn an_answer_without_end_is_cut() {
    play(|s| {
        let endless: Vec<Model> =
            std::iter::repeat_n(Text("And so on and so forth it goes. "), 80).collect();
        at_repairs(s, &[&endless]);
        s.says("tell me everything");
        let spoken: usize = s.said.iter().map(String::len).sum();
        assert!(spoken < 2_000, "{spoken}");
        assert!(s.log.iter().any(|l| l.contains("CancelChat")));
        assert!(s.c.poll_timeout().is_some());
    });
}

#[test]
fn nobody_is_hung_up_on_without_a_goodbye() {
    play(|s| {
        at_repairs(s, &[&[Text("All right."), Tool("end_call", "{}"), Done]]);
        s.says("that will be all for today I think");
        assert!(s.hung_up);
        assert_eq!(s.last(), "Thank you for calling. Goodbye.");
    });
}

#[test]
fn a_promised_transfer_is_not_kept_by_hanging_up() {
    play(|s| {
        at_repairs(
            s,
            &[
                &[Text("I'm transferring you now."), Done],
                &[Tool("end_call", "{}"), Done],
            ],
        );
        s.says("please do something");
        assert_eq!(s.sent_to(), "queue:operator");
        assert!(!s.hung_up);
    });
}
