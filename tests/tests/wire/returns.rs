//! A person gives the caller back with `*9`: the AI, which remembers, has them again and says that it is one.

use super::{
    baresip::Like,
    lab::{listen, now},
    sound::{AI, CALLER, PERSON},
    stage::Stage,
};
use tandem_types::journal::What;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn star_9_in_the_call_gives_the_caller_back_to_the_ai() {
    let mut stage = Stage::set(49).await;
    let mut phone = stage.phone(1, "201", Like::default()).await;
    let mut caller = stage.put_through().await;
    phone.until("CALL_INCOMING").await;
    phone.command("accept", "").await;
    let briefed = |w: &What| matches!(w, What::TransferBriefed { .. });
    stage.running.until("the brief", briefed).await;
    phone.press("1").await;
    let bridged = |w: &What| matches!(w, What::TransferBridged { .. });
    stage.running.until("the bridge", bridged).await;
    caller.cue("tone").await;
    let _ = listen(600).await;
    let joined = listen(1200).await;
    // Silent again, so that the agent hears nothing that it would have to answer.
    caller.cue("silence").await;
    phone.press("*9").await;
    let key = |w: &What| matches!(w, What::KeyPressed { digit: '9', .. });
    let pressed = stage.running.until("*9", key).await;
    phone.until("CALL_CLOSED").await;
    let back = now();
    stage
        .running
        .agent_said("billing", "automated assistant")
        .await;
    let back = (back + 300_000, now());
    stage.says(&caller, "when is my rent due").await;
    stage.running.agent_said("billing", "first day").await;
    let over = now();
    caller.hangs_up().await;
    stage.running.ended().await;

    let record = stage.running.record(caller.call).await;
    let states: Vec<_> = record.handoffs.iter().map(|h| h.state.as_str()).collect();
    assert_eq!(states, ["completed", "completed"]);
    assert_eq!(
        (
            record.call.agent.as_deref(),
            record.call.ended_by.as_deref()
        ),
        (Some("billing"), Some("caller"))
    );
    assert_eq!(record.transfers[0].outcome.as_deref(), Some("completed"));

    let (anna, desk) = (caller.ip(), stage.lab.phone(1));
    let streams = stage.strike().await;
    streams
        .to(anna, joined)
        .is("the caller, with the person", PERSON);
    streams.to(desk, joined).is("the person", CALLER);
    streams
        .to(anna, back)
        .is("the caller, back with the AI", AI);
    let since = (pressed.at.0 + 300_000, over);
    streams
        .to(anna, since)
        .never_holds("the caller, since *9: the person", PERSON);
}
