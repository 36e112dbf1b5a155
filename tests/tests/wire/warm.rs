//! A warm transfer from end to end: what each party hears before, during and after it, and what the database has of it.

use super::{
    audio::Streams,
    baresip::Like,
    lab::{Place, listen, now},
    office::FRONT_DESK,
    sound::{AI, BRIEF, CALLER, PERSON},
    stage::Stage,
};
use std::net::Ipv4Addr;
use tandem_standin::Door;
use tandem_store::{CallDetail, CallFilter};
use tandem_types::journal::What;

/// When what was, in microseconds since 1970.
struct Times {
    /// The AI greets.
    greeting: (i64, i64),
    /// The person's phone rings.
    ringing: (i64, i64),
    /// The person is briefed, and the caller talks into their music.
    brief: (i64, i64),
    bridged: i64,
    after: (i64, i64),
    over: i64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_takes_the_caller_and_each_hears_what_is_theirs_alone() {
    let mut stage = Stage::set(40).await;
    let mut phone = stage.phone(1, "201", Like::default()).await;
    let mut caller = stage.ring_in(FRONT_DESK).await;
    let begun = now();
    stage.running.agent_said("triage", "help").await;
    let greeting = (begun + 500_000, now());
    stage.says(&caller, "i was charged twice this month").await;
    stage.running.agent_said("billing", "charged twice").await;
    stage
        .says(&caller, "please put me through to billing")
        .await;
    phone.until("CALL_INCOMING").await;
    let rang = |w: &What| matches!(w, What::TransferRang { .. });
    stage.running.until("ringing", rang).await;
    // It rings while the AI is still saying so.
    stage
        .running
        .agent_said("billing", "putting you through")
        .await;
    let _ = listen(300).await;
    let ringing = listen(1500).await;

    // What is spoken anew from here on is the brief.
    stage.speaks(BRIEF);
    // Whoever waits may say so; it brings nobody back.
    stage.hears("is anybody there");
    caller.cue("tone").await;
    phone.command("accept", "").await;
    let briefed = stage
        .running
        .until("the brief", |w| matches!(w, What::TransferBriefed { .. }))
        .await;
    let _ = listen(300).await;
    let brief = listen(1200).await;
    phone.press("1").await;
    let bridged = stage
        .running
        .until("the bridge", |w| matches!(w, What::TransferBridged { .. }))
        .await;
    let _ = listen(600).await;
    let after = listen(2500).await;
    caller.hangs_up().await;
    phone.until("CALL_CLOSED").await;
    stage.running.ended().await;
    let times = Times {
        greeting,
        ringing,
        brief,
        bridged: bridged.at.0,
        after,
        over: now(),
    };

    let What::TransferBriefed { text, .. } = &briefed.what else {
        unreachable!("asked for it")
    };
    let record = stage.running.record(caller.call).await;
    is_on_record(&record, text);
    let all = stage.running.gateway().store();
    let all = all.calls(&CallFilter::default(), 10).await;
    assert_eq!(all.expect("the database answers").len(), 1, "one CDR");
    // The AI heard the caller: both recordings were mostly the caller's tone.
    let heard = stage.standin.log_of(Door::Transcription);
    let tones: Vec<_> = heard
        .iter()
        .map(|h| h.body["file"]["tone"].as_f64())
        .collect();
    assert!(
        tones.len() >= 2 && tones.iter().all(|t| *t == Some(CALLER)),
        "{tones:?}"
    );

    let (anna, desk) = (caller.ip(), stage.lab.phone(1));
    let streams = stage.strike().await;
    the_caller_hears(&streams, anna, &times);
    the_person_hears(&streams, desk, &times);
}

fn the_caller_hears(streams: &Streams, anna: Ipv4Addr, times: &Times) {
    let caller = |stretch| streams.to(anna, stretch);
    caller(times.greeting).is("the caller, greeted", AI);
    let nobody = [AI, BRIEF, PERSON, CALLER];
    caller(times.ringing).is_music("the caller, while it rings", &nobody);
    caller(times.brief).is_music("the caller, while the person is briefed", &nobody);
    caller(times.after).is("the caller, bridged", PERSON);
    caller(times.after).never_holds("the caller, bridged, themselves", CALLER);
    let begin = times.greeting.0;
    caller((begin, times.over)).never_holds("the caller, at any moment: the brief", BRIEF);
    caller((begin, times.bridged)).never_holds("the caller, before the bridge: the person", PERSON);
}

fn the_person_hears(streams: &Streams, desk: Place, times: &Times) {
    let person = |stretch| streams.to(desk, stretch);
    person(times.brief).is("the person, briefed", BRIEF);
    let before = (times.ringing.0, times.bridged);
    person(before).never_holds("the person, before the bridge: the caller", CALLER);
    person(before).never_holds("the person, before the bridge: the AI to the caller", AI);
    person(times.after).is("the person, bridged", CALLER);
    person(times.after).never_holds("the person, bridged: the brief, which was cut", BRIEF);
    person(times.after).never_holds("the person, bridged, themselves", PERSON);
}

/// The rows of the call.
fn is_on_record(record: &CallDetail, brief: &str) {
    let call = &record.call;
    assert_eq!(
        (
            call.disposition.as_deref(),
            call.ended_by.as_deref(),
            call.reason.as_deref()
        ),
        (Some("ANSWERED"), Some("caller"), Some("normal"))
    );
    assert!(call.disclosed.is_some(), "told that it is an AI");
    let said: Vec<_> = record
        .turns
        .iter()
        .filter(|t| t.speaker == "caller")
        .map(|t| t.text.as_str())
        .filter(|text| *text != "is anybody there")
        .collect();
    assert_eq!(
        said,
        [
            "i was charged twice this month",
            "please put me through to billing"
        ]
    );
    let handoffs: Vec<_> = record
        .handoffs
        .iter()
        .map(|h| (h.from.as_str(), h.to.as_str(), h.state.as_str()))
        .collect();
    assert_eq!(
        handoffs,
        [
            ("agent:triage", "agent:billing", "completed"),
            ("agent:billing", "queue:billing", "completed")
        ]
    );
    for handoff in &record.handoffs {
        assert!(handoff.intact, "{handoff:?}");
        assert_eq!(handoff.sha256.len(), 64, "{handoff:?}");
        assert_eq!(handoff.delivered_sha256.as_ref(), Some(&handoff.sha256));
        assert_eq!(handoff.delivered_equals_recorded, Some(true));
    }
    assert_eq!(record.handoffs[1].delivered.as_deref(), Some(brief));
    let [transfer] = &record.transfers[..] else {
        panic!("one transfer: {:#?}", record.transfers)
    };
    assert_eq!(
        (
            transfer.handoff,
            transfer.kind.as_str(),
            transfer.to.as_str(),
            transfer.outcome.as_deref(),
            transfer.accepted_by.as_deref(),
            transfer.brief.as_deref(),
        ),
        (
            record.handoffs[1].handoff,
            "warm",
            "queue:billing",
            Some("completed"),
            Some("key 1"),
            Some(brief),
        )
    );
    let [attempt] = &transfer.attempts[..] else {
        panic!("one attempt: {transfer:#?}")
    };
    assert_eq!(
        (attempt.target.as_str(), attempt.reason.as_deref()),
        ("ext:201", None)
    );
    let times = [
        Some(call.started),
        call.answered,
        Some(transfer.started),
        Some(attempt.dialled),
        transfer.rang,
        transfer.answered,
        transfer.briefed,
        transfer.accepted,
        transfer.bridged,
        transfer.ended,
        call.ended,
    ];
    assert!(
        times.iter().all(Option::is_some) && times.is_sorted(),
        "{times:?}"
    );
    let rang = transfer.rang.map_or(0, |r| r.0 - transfer.started.0);
    eprintln!("the phone rang {} ms after the decision", rang / 1000);
    let legs: Vec<_> = record
        .legs
        .iter()
        .map(|l| (l.role.as_str(), l.proved.is_some(), l.stats.is_some()))
        .collect();
    assert_eq!(legs, [("caller", true, true), ("consult", true, true)]);
}
