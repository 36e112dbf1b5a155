//! Triage hands the caller to a specialist, who knows what was said: goal and account number are in the package, its hash is the
//! one that the specialist got, and the caller is asked for nothing again.

use super::common::*;

#[test]
fn triage_hands_to_a_specialist_who_knows_what_was_said() {
    scenario(
        "triage_hands_to_a_specialist_who_knows_what_was_said",
        |o| {
            let caller = o.caller;
            o.calls_the_office();
            o.caller_says("you charged me twice and my account number is 42713");
            let says = o.ai_says("Hello, this is billing");
            assert!(says.contains("you charged me twice"), "{says}");
            // What it asks is not what it is about.
            let offers = "I have your account number 4 2 7 1 3. Shall I put you through to the billing team?";
            assert!(says.ends_with(offers), "{says}");
            o.heard_from_the_ai("Hello, this is billing");

            let [package] = o.packages()[..] else {
                panic!("one handoff\n{}", o.ladder())
            };
            assert_eq!(
                package.reason,
                tandem_types::context::HandoffReason::IntentMatch
            );
            assert_eq!(package.intent.as_deref(), Some("billing"));
            assert!(
                package
                    .goal
                    .as_deref()
                    .is_some_and(|g| g.contains("you charged me twice"))
            );
            let account = package.entities.iter().find(|e| e.name == "account_number");
            assert_eq!(account.map(|e| e.value.as_str()), Some("42713"));
            assert!(package.do_not_ask.contains(&"account_number".to_owned()));
            assert!(
                package
                    .last_turns
                    .iter()
                    .any(|t| t.speaker == Speaker::Caller)
            );
            let entered = |w: &What| matches!(w, What::AgentEntered { agent, handoff: Some(h) } if agent == "billing" && *h == package.handoff);
            assert_eq!(o.count(entered), 1);
            assert_eq!(o.handoff_ends(), [(HandoffEnd::Completed, None)]);

            o.caller_says("when is my rent due");
            o.ai_says("Rent is due on the first day of each month.");
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
