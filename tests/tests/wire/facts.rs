//! Every fact that the caller gives reaches the next agent's model and the person, and nobody asks for it again.

use super::{
    baresip::Like,
    office::FRONT_DESK,
    stage::{Caller, Stage},
};
use serde_json::{Value, json};
use tandem_standin::{ChatRule, Door, Script};
use tandem_store::CallDetail;
use tandem_types::journal::What;

/// What the caller says at first.
const STORY: &str = "my name is mary jones and you charged me forty five pounds twice on the third of march \
my account number is four two seven one three and my postcode is s w one a one a a";

/// What is in it, as a model reads it, and as a person is told it: numbers digit by digit.
const FACTS: [(&str, &str, &str); 5] = [
    ("name", "Mary Jones", "Mary Jones"),
    ("amount", "45 pounds", "45 pounds"),
    ("date", "third of march", "third of march"),
    ("account_number", "42713", "4 2 7 1 3"),
    ("postcode", "SW1A 1AA", "SW1A 1AA"),
];

/// What nobody may ask who was told.
const ASKED_AGAIN: [&str; 7] = [
    "how can i help",
    "what is it about",
    "is it about",
    "your name",
    "could you tell me",
    "what is your",
    "which account",
];

/// The front desk's model hands over; billing's goes on from there, and puts through when it is asked to.
fn script() -> Script {
    let to = |target: &str| json!({ "target": target, "reason": "charged twice" });
    let desk = |name: &str| format!("You are the {name} desk");
    Script::default()
        .rule(
            ChatRule::on("charged me")
                .when_system_contains("You answer the telephone")
                .calls("transfer_to", &to("agent:billing")),
        )
        .rule(
            ChatRule::on("charged me")
                .when_system_contains(&desk("billing"))
                .says("I am sorry about that. The billing team can look into it."),
        )
        .rule(
            ChatRule::always()
                .when_system_contains(&desk("billing"))
                .calls("transfer_to", &to("queue:billing")),
        )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fact_reaches_the_next_agents_model_and_the_person_and_none_is_asked_for_again() {
    let mut stage = Stage::thinking(41, true, script(), |_, office| office).await;
    let mut phone = stage.phone(1, "201", Like::default()).await;
    let mut caller = stage.ring_in(FRONT_DESK).await;
    stage.running.agent_said("triage", "help").await;
    stage.says(&caller, STORY).await;
    stage.running.agent_said("billing", "look into it").await;
    stage.says(&caller, "yes please do that").await;
    let brief = taken(&mut stage, &mut phone, &mut caller).await;
    let record = stage.running.record(caller.call).await;

    // What the model of the agent who received the caller was told, each time that it was asked.
    let asked = stage.standin.log_of(Door::Chat);
    let told = |body: &Value| body["messages"][0]["content"].as_str().map(str::to_owned);
    let told: Vec<String> = asked.iter().filter_map(|l| told(&l.body)).collect();
    let told: Vec<_> = told
        .iter()
        .filter(|t| t.contains("You are the billing desk"))
        .collect();
    assert!(
        told.len() >= 2,
        "billing's model was asked {} times",
        told.len()
    );
    for (name, as_read, as_spoken) in FACTS {
        for told in &told {
            assert!(
                told.contains(as_read),
                "the model was not told {name}:\n{told}"
            );
        }
        assert!(
            brief.contains(as_spoken),
            "the person was not told {name}: {brief}"
        );
    }
    let not_again = told[0].lines().find(|l| l.starts_with("Do not ask again"));
    let not_again = not_again.expect("what must not be asked again");
    for (name, ..) in FACTS {
        let spoken = name.replace('_', " ");
        assert!(not_again.contains(&spoken), "{not_again}");
    }
    nothing_is_asked_again(&record);
    let _ = stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_a_model_says_what_it_knows_and_the_person_is_told() {
    let mut stage = Stage::set(48).await;
    let mut phone = stage.phone(1, "201", Like::default()).await;
    let mut caller = stage.ring_in(FRONT_DESK).await;
    stage.running.agent_said("triage", "help").await;
    stage.says(&caller, "i was charged twice this month").await;
    stage.running.agent_said("billing", "charged twice").await;
    stage.says(&caller, STORY).await;
    // It was offered before, and is offered again to whoever told more instead of an answer.
    stage.running.agent_said("billing", "noted").await;
    stage.says(&caller, "yes please do that").await;
    let brief = taken(&mut stage, &mut phone, &mut caller).await;
    for (name, _, as_spoken) in FACTS {
        assert!(
            brief.contains(as_spoken),
            "the person was not told {name}: {brief}"
        );
    }
    let record = stage.running.record(caller.call).await;
    nothing_is_asked_again(&record);
    let _ = stage.strike().await;
}

/// Billing's phone takes the caller, who hangs up then. Gives the brief.
async fn taken(
    stage: &mut Stage,
    phone: &mut super::baresip::Baresip,
    caller: &mut Caller,
) -> String {
    let started = |w: &What| matches!(w, What::TransferStarted { .. });
    stage.running.until("the transfer", started).await;
    phone.until("CALL_INCOMING").await;
    phone.command("accept", "").await;
    let briefed = |w: &What| matches!(w, What::TransferBriefed { .. });
    let briefed = stage.running.until("the brief", briefed).await;
    phone.press("1").await;
    let bridged = |w: &What| matches!(w, What::TransferBridged { .. });
    stage.running.until("the bridge", bridged).await;
    caller.hangs_up().await;
    phone.until("CALL_CLOSED").await;
    stage.running.ended().await;
    match briefed.what {
        What::TransferBriefed { text, .. } => text,
        _ => unreachable!("asked for it"),
    }
}

/// Whatever was said after the first words of the caller's asks for nothing that they gave.
fn nothing_is_asked_again(record: &CallDetail) {
    let mut turns = record.turns.iter();
    assert!(turns.any(|t| t.speaker == "caller"), "the caller spoke");
    for turn in turns.filter(|t| t.speaker != "caller") {
        let text = turn.text.to_lowercase();
        for question in ASKED_AGAIN {
            assert!(!text.contains(question), "{}: {}", turn.speaker, turn.text);
        }
    }
}
