//! A question without an agent: a desk phone keys its answer, another system is asked over real HTTP, and its answer decides who rings.

use super::{
    baresip::Like,
    lab::listen,
    sound::{AI, CALLER, OTHER, PERSON},
    stage::Stage,
};
use serde_json::json;
use tandem_standin::{Door, Script, ToolRule};
use tandem_types::journal::What;

const ASK: &str = r#"
[ask.account]
prompt = "Please key your account number, which is on each of our letters, and when you are done the hash key."
digits = "4-8"
wrong = "I do not know that number."
meanwhile = "One moment, please."
then = "queue:reception"
otherwise = "queue:reception"
[ask.account.lookup]
url = "TOOLS/accounts/{account}"
bearer = "file:secrets/crm"
keep = ["status"]
[[ask.account.branch]]
fact = "status"
is = "overdue"
to = "ext:203"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_by_keys_is_looked_up_and_rings_whom_it_concerns() {
    let script = Script::default()
        .tool(ToolRule::at("/accounts/42713").answers(json!({ "status": "overdue" })))
        .tool(ToolRule::at("/accounts/").status(404));
    let mut stage = Stage::thinking(190, false, script, |_, office| {
        office
            .and("secrets/crm", "crm-t0ken\n")
            .and("dialplans/reception.toml", ASK)
            .with(
                "dialplans/reception.toml",
                "\"2000\" = \"echo\"",
                "\"2000\" = \"echo\"\n\"2011\" = \"ask:account\"",
            )
    })
    .await;
    let mut caller = stage.phone(1, "201", Like::default()).await;
    let other = Like {
        hz: OTHER,
        ..Like::default()
    };
    let mut desk = stage.phone(2, "203", other).await;
    let to = format!("sip:2011@{}", stage.gateway());
    caller.command("dial", &to).await;
    let (call, _) = stage.running.call().await;
    caller.until("CALL_ESTABLISHED").await;
    let _ = listen(400).await;
    let asked = listen(900).await;
    for (keys, outcome) in [("9999", "status_404"), ("42713", "ok")] {
        for key in keys.chars().chain(['#']) {
            caller.press(&key.to_string()).await;
        }
        let given = |w: &What| matches!(w, What::AnswerGiven { answer, .. } if answer == keys);
        stage.running.until("the answer", given).await;
        let found = |w: &What| matches!(w, What::ToolEnded { outcome: o, .. } if o == outcome);
        stage.running.until(outcome, found).await;
    }
    desk.until("CALL_INCOMING").await;
    desk.command("accept", "").await;
    let bridged = |w: &What| matches!(w, What::Bridged { .. });
    stage.running.until("the bridge", bridged).await;
    let _ = listen(600).await;
    let joined = listen(1200).await;
    caller.command("hangup", "").await;
    desk.until("CALL_CLOSED").await;
    stage.running.ended().await;

    let log = stage.standin.log_of(Door::Tool);
    let paths: Vec<&str> = log.iter().filter_map(|l| l.body["path"].as_str()).collect();
    assert_eq!(paths, ["/tools/accounts/9999", "/tools/accounts/42713"]);
    for request in &log {
        assert_eq!(request.authorization.as_deref(), Some("Bearer crm-t0ken"));
    }
    let record = stage.running.record(call).await;
    let tools: Vec<_> = record
        .tools
        .iter()
        .map(|t| (t.tool.as_str(), t.outcome.as_deref()))
        .collect();
    let name = "ask:account";
    assert_eq!(tools, [(name, Some("status_404")), (name, Some("ok"))]);
    let (from, to) = (stage.lab.phone(1), stage.lab.phone(2));
    let streams = stage.strike().await;
    streams.to(from, asked).is("the caller, the question", AI);
    streams.to(from, joined).is("the caller, the desk", OTHER);
    streams.to(to, joined).is("the desk, the caller", PERSON);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_talks_over_a_menu_and_is_understood() {
    let mut stage = Stage::set(191).await;
    let other = Like {
        hz: OTHER,
        ..Like::default()
    };
    let mut desk = stage.phone(1, "203", other).await;
    let mut caller = stage.ring_in("2002").await;
    stage.says(&caller, "i have a leak in the bathroom").await;
    let chosen = |w: &What| matches!(w, What::AnswerGiven { question, answer } if question == "menu:main" && answer == "2: queue:repairs");
    stage.running.until("the choice", chosen).await;
    desk.until("CALL_INCOMING").await;
    desk.command("accept", "").await;
    let bridged = |w: &What| matches!(w, What::Bridged { .. });
    stage.running.until("the bridge", bridged).await;
    let _ = listen(600).await;
    caller.cue("tone").await;
    let _ = listen(600).await;
    let joined = listen(1200).await;
    caller.hangs_up().await;
    desk.until("CALL_CLOSED").await;
    stage.running.ended().await;
    let record = stage.running.record(caller.call).await;
    let words: Vec<_> = record.turns.iter().map(|t| t.text.as_str()).collect();
    assert_eq!(words, ["i have a leak in the bathroom"]);
    let desk = stage.lab.phone(1);
    let streams = stage.strike().await;
    streams.to(desk, joined).is("the desk, the caller", CALLER);
}
