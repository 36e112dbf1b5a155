//! A reload while a phone that nobody here wrote talks: its tone is there all along. Refused ones change nothing and say why.

use super::{
    baresip::Like,
    lab::{eventually, listen},
    sound::PERSON,
    stage::Stage,
};
use std::{fs, path::Path};
use tandem_server::NotReloaded;
use tandem_types::journal::What;

fn change(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).expect("a file of the office");
    assert!(text.contains(old), "{old:?} in {}", file.display());
    fs::write(file, text.replace(old, new)).expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_goes_on_through_reloads_and_the_next_one_finds_the_new_plan() {
    let mut stage = Stage::set(87).await;
    let mut phone = stage.phone(1, "201", Like::default()).await;
    let office = stage.lab.path("office");
    let plan = office.join("dialplans/reception.toml");
    let gateway = stage.gateway();
    let echo = format!("sip:2000@{gateway}");
    phone.command("dial", &echo).await;
    stage.running.call().await;
    phone.until("CALL_ESTABLISHED").await;
    let _ = listen(600).await;
    let before = stage.running.gateway().in_force();

    // Many new examples, to be learnt while the phone talks.
    let spoken = "[agents.triage]\nspoken = \"the front desk\"\n";
    change(
        &plan,
        "\"2000\" = \"echo\"",
        "\"2000\" = \"announce:notice\"",
    );
    change(
        &plan,
        spoken,
        "[agents.triage]\nspoken = \"the very front desk\"\n",
    );
    let (heard, done) = tokio::join!(listen(4000), stage.running.gateway().reload("the test"));
    let done = done.expect("the office is good");
    assert_eq!((done.calls, done.now.by.as_str()), (1, "the test"));
    assert_ne!(done.now.sha256, before.sha256);
    stage
        .running
        .until(
            "the reload",
            |w| matches!(w, What::Reloaded { sha256, .. } if *sha256 == done.now.sha256),
        )
        .await;

    // What has errors, and what a process cannot change, changes nothing.
    let in_force = stage.running.gateway().in_force();
    change(
        &plan,
        "announce:notice\"\n\"2001\"",
        "announce:nothing\"\n\"2001\"",
    );
    let refused = stage.running.gateway().reload("the test").await;
    let Err(NotReloaded::Wrong(found)) = &refused else {
        panic!("{refused:?}");
    };
    assert!(
        found.iter().any(|d| d.message.contains("nothing")),
        "{found:?}"
    );
    change(
        &plan,
        "announce:nothing\"\n\"2001\"",
        "announce:notice\"\n\"2001\"",
    );
    let toml = office.join("tandem.toml");
    let sound = fs::read_to_string(&toml).expect("a file");
    change(&toml, "drain_ports = \"5s\"", "drain_ports = \"17s\"");
    let refused = stage.running.gateway().reload("the test").await;
    assert!(
        matches!(&refused, Err(NotReloaded::NeedsRestart(keys)) if keys == &["[rtp] drain_ports"]),
        "{refused:?}"
    );
    fs::write(&toml, sound).expect("written");
    assert_eq!(stage.running.gateway().in_force(), in_force);

    phone.command("hangup", "").await;
    stage.running.ended().await;
    phone.command("dial", &echo).await;
    let event = stage
        .running
        .until("a call", |w| matches!(w, What::CallStarted { .. }))
        .await;
    assert!(
        matches!(&event.what, What::CallStarted { start, .. } if start == "announce:notice"),
        "{event:?}"
    );
    stage.running.ended().await;
    // It never had to register again.
    let snapshot = stage.running.gateway().snapshot().await;
    assert_eq!(snapshot.map(|s| s.phones.len()), Some(1));
    eventually("no call is left", super::lab::SOON, async || {
        let left = stage.running.gateway().snapshot().await;
        left.is_some_and(|s| s.calls == 0)
    })
    .await;

    let desk = stage.lab.phone(1);
    let streams = stage.strike().await;
    streams
        .to(desk, heard)
        .never_misses("the phone, its echo through the reload", PERSON);
}
