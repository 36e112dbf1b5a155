//! Session timers (RFC 4028) and reliable provisional responses (RFC 3262) with SIPp, which plays either side of each.

use super::{
    lab::{eventually, listen},
    office::Office,
    sipp::{Plays, Sipp},
    sound::{CALLER, OTHER},
    stage::{Caller, Stage},
    trunk::{talk, with_account},
};
use std::time::Duration;
use tandem_types::journal::What;

/// Half of the 92 s that the far end asks for, and time for a machine that is busy.
const REFRESHED: Duration = Duration::from_secs(60);

/// The office with the shortest session timers that there are.
fn timed(office: Office) -> Office {
    office.with(
        "tandem.toml",
        "[sip]\n",
        "[sip]\nsession_timers = { expires = \"90s\", min_se = \"90s\" }\n",
    )
}

/// How many messages of the call begin so.
fn messages(stage: &Stage, caller: &Caller, sent: bool, start: &str) -> usize {
    let trace = stage.running.gateway().trace(caller.call);
    trace
        .iter()
        .filter(|m| m.sent == sent && m.text.starts_with(start))
        .count()
}

/// The far end has early media in a reliable 183, which is acknowledged, and no description in its 200. The caller demands reliable
/// responses, gets its own 183 and hears the tone before there is an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_provisional_is_acknowledged_on_both_sides() {
    let mut stage = Stage::with(76, |_, office| {
        with_account(office).with(
            "trunks/carrier.toml",
            "[media]\n",
            "[media]\nprack = \"supported\"\n",
        )
    })
    .await;
    let plays = Plays {
        scenario: "called-183-reliably-expect-prack",
        ..Plays::called(OTHER)
    };
    let mut far = Sipp::start(&stage.lab, 1, plays);
    far.listens().await;
    let plays = Plays {
        and: Some("demands-100rel"),
        ..Plays::caller("2011")
    };
    let mut caller = stage.ring_in_as(plays).await;
    let rings = |w: &What| matches!(w, What::LegRinging { .. });
    stage.running.until("early media", rings).await;
    let _ = listen(600).await;
    let early = listen(1500).await;
    let talked = talk(&mut stage, &caller, far.ip).await;
    let at = caller.ip();
    caller.hangs_up().await;
    far.finished().await;
    stage.running.ended().await;
    for sent in [true, false] {
        assert_eq!(messages(&stage, &caller, sent, "PRACK "), 1, "{sent}");
    }
    let streams = talked.heard(stage).await;
    streams
        .to(at, early)
        .is("the caller, before the answer", OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_timer_that_is_too_short_draws_422() {
    let stage = Stage::with(77, |_, office| timed(office)).await;
    let plays = Plays {
        scenario: "asks-for-60-s-expects-422",
        ..Plays::caller("2000")
    };
    let mut caller = Sipp::start(&stage.lab, 3, plays);
    caller.finished().await;
    assert!(stage.running.journal().is_empty(), "no call came of it");
    let _ = stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_refreshes_by_update_is_agreed_with() {
    let mut stage = Stage::with(78, |_, office| timed(office)).await;
    let plays = Plays {
        and: Some("refreshes"),
        ..Plays::caller("2000")
    };
    let mut caller = stage.ring_in_as(plays).await;
    let echo = caller.hears_its_echo().await;
    caller.hangs_up().await;
    stage.running.ended().await;
    assert_eq!(messages(&stage, &caller, false, "UPDATE "), 1);
    let anna = caller.ip();
    let streams = stage.strike().await;
    streams.to(anna, echo).is("the caller", CALLER);
}

/// A far end that wants a longer interval gets it, and both legs are refreshed at half of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_legs_of_a_long_call_are_refreshed_after_a_422() {
    let mut stage = Stage::with(79, |_, office| timed(with_account(office))).await;
    let plays = Plays {
        and: Some("timer-422-then-refreshed"),
        ..Plays::called(OTHER)
    };
    let mut far = Sipp::start(&stage.lab, 1, plays);
    far.listens().await;
    let plays = Plays {
        and: Some("takes-refreshes"),
        ..Plays::caller("2011")
    };
    let mut caller = stage.ring_in_as(plays).await;
    let talked = talk(&mut stage, &caller, far.ip).await;
    eventually("both legs are refreshed", REFRESHED, async || {
        messages(&stage, &caller, true, "UPDATE ") == 2
    })
    .await;
    let _ = listen(500).await;
    caller.hangs_up().await;
    far.finished().await;
    stage.running.ended().await;
    talked.heard(stage).await;
}
