//! Keys in a menu, in both ways that phones send them: RFC 4733 events in the sound, and SIP INFO.

use super::{
    baresip::Like,
    lab::{SOON, eventually},
    raw,
    sipp::Plays,
    stage::Stage,
};
use tandem_codec::DtmfTone;
use tandem_types::{LegId, journal::What};

/// The menu of the office.
const MENU: &str = "2002";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_by_rfc_4733_lead_through_a_menu() {
    let plays = Plays {
        and: Some("keys-by-rfc4733"),
        muted: true,
        ..Plays::caller(MENU)
    };
    assert_eq!(
        lead_to_repairs(45, plays).await,
        2,
        "as the caller's leg counted them"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_by_info_lead_through_a_menu() {
    let plays = Plays {
        and: Some("keys-by-info"),
        ..Plays::caller(MENU)
    };
    assert_eq!(lead_to_repairs(46, plays).await, 0, "none was in the sound");
}

/// A carrier without telephone-events: the caller's keys are tones in the sound.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_in_the_sound_lead_through_a_menu() {
    let mut stage = Stage::with(125, |_, office| {
        office.with(
            "trunks/carrier.toml",
            "[media]\n",
            "[media]\ndtmf = \"inband\"\n",
        )
    })
    .await;
    let mut repairs = stage.phone(1, "203", Like::default()).await;
    let mut tones = vec![0; 300 * tandem_codec::PER_MS];
    DtmfTone::new("2", 100, 100).fill(&mut tones);
    let mut caller = stage.ring_in_saying(Plays::caller(MENU), tones).await;
    caller.sipp.hears_cues().await;
    caller.cue("talk").await;
    let acted_on = |w: &What| matches!(w, What::KeyPressed { digit: '2', .. });
    stage.running.until("2", acted_on).await;
    repairs.until("CALL_INCOMING").await;
    repairs.command("accept", "").await;
    let bridged = |w: &What| matches!(w, What::Bridged { .. });
    stage.running.until("the bridge", bridged).await;
    // Ours would say 0-16.
    assert!(!caller.sipp.messages().contains("0-16"), "none was agreed");
    caller.hangs_up().await;
    repairs.until("CALL_CLOSED").await;
    stage.running.ended().await;
    let _ = stage.strike().await;
}

/// Star says the menu again, 2 rings the repairs team, who take the call. Gives the keys that were in the caller's sound.
async fn lead_to_repairs(test: u8, plays: Plays<'_>) -> u32 {
    let mut stage = Stage::set(test).await;
    let mut repairs = stage.phone(1, "203", Like::default()).await;
    let mut caller = stage.ring_in_as(plays).await;
    caller.sipp.hears_cues().await;
    let mut pressed = Vec::new();
    for key in ["*", "2"] {
        raw::cue_by("OPTIONS", caller.ip(), caller.id(), key).await;
        let acted_on = |w: &What| matches!(w, What::KeyPressed { .. });
        let event = stage.running.until(key, acted_on).await;
        if let What::KeyPressed { leg, digit, did } = event.what {
            pressed.push((leg, digit, did));
        }
        // A key by INFO is over with its answer: before that the scenario takes no further cue.
        eventually("every INFO has its answer", SOON, async || {
            let messages = caller.sipp.messages();
            let infos = messages
                .lines()
                .filter(|l| l.starts_with("CSeq:") && l.ends_with("INFO"));
            infos.count() == messages.matches("\nINFO sip:").count() * 2
        })
        .await;
    }
    repairs.until("CALL_INCOMING").await;
    repairs.command("accept", "").await;
    let bridged = |w: &What| matches!(w, What::Bridged { .. });
    stage.running.until("the bridge", bridged).await;
    caller.hangs_up().await;
    repairs.until("CALL_CLOSED").await;
    stage.running.ended().await;

    let leg = LegId {
        call: caller.call,
        index: 1,
    };
    let keys: Vec<_> = pressed
        .iter()
        .map(|(l, d, did)| (*l, *d, did.as_str()))
        .collect();
    assert_eq!(keys, [(leg, '*', "menu:main"), (leg, '2', "queue:repairs")]);
    // A leg's figures are written when its port is given back, after the end of the call.
    let measured = |w: &What| matches!(w, What::LegMeasured { leg: l, .. } if *l == leg);
    stage
        .running
        .until("the figures of the caller's leg", measured)
        .await;
    let record = stage.running.record(caller.call).await;
    let digits = record.legs[0].stats.as_ref().map(|s| s.digits);
    let _ = stage.strike().await;
    digits.expect("figures")
}
