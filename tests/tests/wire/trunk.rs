//! Trunks on the wire: a far end that hangs up, a carrier that asks who calls, an account that is registered there.

use super::{
    audio::Streams,
    kamailio::{Kamailio, Role},
    lab::{Lab, SOON, eventually, listen, now},
    office::Office,
    raw,
    sipp::{Plays, Sipp},
    sound::{CALLER, OTHER},
    stage::{Caller, Stage},
};
use std::net::Ipv4Addr;
use tandem_server::trace::Traced;
use tandem_standin::Script;
use tandem_types::journal::{LegRole, What};

/// The office with an account at the carrier, and a number that leads out by it.
pub(super) fn with_account(office: Office) -> Office {
    office
        .and("secrets/carrier", "open sesame")
        .with(
            "trunks/carrier.toml",
            "called_from = \"request-uri\"",
            "called_from = \"request-uri\"\nusername = \"northgate\"\npassword = \"file:secrets/carrier\"",
        )
        .with(
            "dialplans/reception.toml",
            "\"2000\" = \"echo\"",
            "\"2000\" = \"echo\"\n\"2011\" = \"outside:viewings\"",
        )
}

/// The Call-ID of the leg to the far end.
fn far_call_id(stage: &Stage) -> String {
    let of = |what: &What| match what {
        What::LegCreated {
            role: LegRole::Callee,
            sip_call_id,
            ..
        } => Some(sip_call_id.clone()),
        _ => None,
    };
    let journal = stage.running.journal();
    journal
        .iter()
        .find_map(|e| of(&e.what))
        .expect("a leg to the far end")
}

/// Waits until both are connected and asserts that each hears the other, from the capture at the end.
pub(super) struct Talked {
    caller: Ipv4Addr,
    far: Ipv4Addr,
    time: (i64, i64),
}

pub(super) async fn talk(stage: &mut Stage, caller: &Caller, far: Ipv4Addr) -> Talked {
    stage
        .running
        .until("the bridge", |w| matches!(w, What::Bridged { .. }))
        .await;
    caller.cue("tone").await;
    let _ = listen(600).await;
    Talked {
        caller: caller.ip(),
        far,
        time: listen(1500).await,
    }
}

impl Talked {
    pub(super) async fn heard(self, stage: Stage) -> Streams {
        let streams = stage.strike().await;
        streams.to(self.caller, self.time).is("the caller", OTHER);
        streams.to(self.far, self.time).is("the far end", CALLER);
        streams
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_far_end_at_a_sip_address_hangs_up_and_the_caller_is_released() {
    let mut stage = Stage::set(60).await;
    let mut far = Sipp::start(&stage.lab, 2, Plays::called(OTHER));
    far.listens().await;
    let mut caller = stage.ring_in("412345").await;
    let talked = talk(&mut stage, &caller, far.ip).await;
    raw::cue(far.ip, &far_call_id(&stage), "bye").await;
    far.finished().await;
    stage.running.ended().await;
    caller.sipp.finished().await;
    let record = stage.running.record(caller.call).await;
    assert_eq!(
        (
            record.call.ended_by.as_deref(),
            record.call.reason.as_deref()
        ),
        (Some("callee"), Some("normal"))
    );
    talked.heard(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_that_asks_with_401_gets_a_digest_that_it_can_check() {
    let mut stage = Stage::with(61, |_, office| with_account(office)).await;
    let plays = Plays {
        and: Some("challenge-401-checks-the-digest"),
        ..Plays::called(OTHER)
    };
    let mut far = Sipp::start(&stage.lab, 1, plays);
    far.listens().await;
    let mut caller = stage.ring_in("2011").await;
    let talked = talk(&mut stage, &caller, far.ip).await;
    caller.hangs_up().await;
    far.finished().await;
    stage.running.ended().await;
    talked.heard(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_that_takes_no_answer_is_asked_once_and_the_caller_is_told() {
    let mut stage = Stage::with(62, |_, office| with_account(office)).await;
    let plays = Plays {
        scenario: "challenge-407-twice",
        ..Plays::called(OTHER)
    };
    let mut far = Sipp::start(&stage.lab, 1, plays);
    far.listens().await;
    let mut caller = stage.ring_in("2011").await;
    stage.running.ended().await;
    far.finished().await;
    assert_eq!(far.messages().matches("\nINVITE sip:").count(), 2);
    let _ = caller.sipp.ended(SOON).await;
    let messages = caller.sipp.messages();
    assert!(messages.contains("SIP/2.0 503"), "{messages}");
    let _ = stage.strike().await;
}

/// A carrier with a proxy of the field: registrar and digest at `.5`, whatever is behind it at `.1`.
async fn carrier(test: u8) -> (Stage, Kamailio) {
    carrier_with(test, |_, office| office).await
}

/// As `carrier`, with something changed in the office.
async fn carrier_with(test: u8, change: impl FnOnce(&Lab, Office) -> Office) -> (Stage, Kamailio) {
    let lab = Lab::new(test);
    let role = Role::Carrier {
        beyond: lab.carrier(1),
    };
    let kamailio = Kamailio::start(&lab, lab.carrier(5), role).await;
    let proxy = kamailio.ip;
    let stage = Stage::over(lab, false, Script::default(), |lab, office| {
        let register = format!(
            "called_from = \"to\"\nregister = {{ registrar = \"sip:{proxy}\", expires = \"1m\" }}"
        );
        let office = with_account(office)
            .with(
                "trunks/carrier.toml",
                "called_from = \"request-uri\"",
                &register,
            )
            .with(
                "trunks/carrier.toml",
                &format!("sip:{}:5060", lab.carrier(1)),
                &format!("sip:{proxy}:5060"),
            );
        change(lab, office)
    })
    .await;
    (stage, kamailio)
}

/// What the gateway says of its account.
pub(crate) async fn account(stage: &Stage) -> String {
    let snapshot = stage.running.gateway().snapshot().await;
    let registrations = snapshot.expect("the shard answers").registrations;
    registrations
        .first()
        .map_or_else(String::new, |(_, state)| state.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_registered_with_digest_refreshed_in_time_called_and_taken_back() {
    let (mut stage, kamailio) = carrier(63).await;
    eventually("the registration", SOON, async || {
        account(&stage).await == "registered"
    })
    .await;
    let first = now();
    assert_eq!(
        (kamailio.said("registered northgate"), kamailio.contacts()),
        (1, 1)
    );

    // The carrier's network calls the account's number: by the Contact that we registered, along its proxy.
    let plays = Plays {
        by: Some(kamailio.ip),
        ..Plays::caller("2000")
    };
    let mut caller = stage.ring_in_as(plays).await;
    let echo = caller.hears_its_echo().await;
    caller.hangs_up().await;
    stage.running.ended().await;
    for method in ["ACK", "BYE"] {
        assert_eq!(
            kamailio.said(&format!("routed {method} from {}", caller.ip())),
            1,
            "{method}"
        );
    }

    // The carrier grants six seconds.
    eventually("the refresh", SOON, async || {
        kamailio.said("registered northgate") > 1
    })
    .await;
    let after = (now() - first) / 1000;
    assert!(
        (3_000..6_000).contains(&after),
        "refreshed after {after} ms"
    );
    assert_eq!(
        (account(&stage).await.as_str(), kamailio.contacts()),
        ("registered", 1)
    );

    let anna = caller.ip();
    let streams = stage.strike().await;
    streams.to(anna, echo).is("the caller", CALLER);
    assert_eq!(
        kamailio.contacts(),
        0,
        "it was taken back when the gateway stopped\n{}",
        kamailio.log()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_out_proves_itself_with_407_and_its_dialog_follows_the_record_route() {
    let (mut stage, kamailio) = carrier(64).await;
    let mut far = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    far.listens().await;
    let mut caller = stage.ring_in("2011").await;
    let talked = talk(&mut stage, &caller, far.ip).await;
    caller.hangs_up().await;
    far.finished().await;
    stage.running.ended().await;
    let gateway = stage.gateway();
    for method in ["ACK", "BYE"] {
        assert_eq!(
            kamailio.said(&format!("routed {method} from {gateway}")),
            1,
            "{method}\n{}",
            kamailio.log()
        );
    }
    let trace = stage.running.gateway().trace(caller.call);
    let bye: Vec<&Traced> = trace
        .iter()
        .filter(|m| m.sent && m.text.starts_with("BYE "))
        .collect();
    let [bye] = bye.as_slice() else {
        panic!("one BYE: {bye:?}");
    };
    assert!(
        bye.text
            .starts_with(&format!("BYE sip:far@{}:5060", far.ip)),
        "{}",
        bye.text
    );
    assert!(
        bye.text
            .contains(&format!("Route: <sip:{};lr", kamailio.ip)),
        "{}",
        bye.text
    );
    talked.heard(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_far_end_behind_a_record_route_hangs_up_along_it() {
    let (mut stage, kamailio) = carrier(65).await;
    let mut far = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    far.listens().await;
    let mut caller = stage.ring_in("2011").await;
    let talked = talk(&mut stage, &caller, far.ip).await;
    raw::cue(far.ip, &far_call_id(&stage), "bye").await;
    far.finished().await;
    stage.running.ended().await;
    caller.sipp.finished().await;
    assert_eq!(
        kamailio.said(&format!("routed BYE from {}", far.ip)),
        1,
        "{}",
        kamailio.log()
    );
    talked.heard(stage).await;
}

/// A call whose INVITE to the far end is larger than what goes by UDP, talked over and ended by the caller.
async fn large(test: u8, far: Plays<'_>) -> (Stage, Caller, Sipp, Talked) {
    let mut stage = Stage::with(test, |_, office| with_account(office)).await;
    let mut far = Sipp::start(&stage.lab, 1, far);
    far.listens().await;
    let name = format!("\"{}\" ", "Anna of the long corridor ".repeat(20).trim());
    let plays = Plays {
        name: &name,
        ..Plays::caller("2011")
    };
    let mut caller = stage.ring_in_as(plays).await;
    let talked = talk(&mut stage, &caller, far.ip).await;
    caller.hangs_up().await;
    far.finished().await;
    stage.running.ended().await;
    (stage, caller, far, talked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_invite_goes_by_tcp_where_the_carrier_listens_there() {
    let plays = Plays {
        more: &["-t", "t1"],
        ..Plays::called(OTHER)
    };
    let (stage, _, far, talked) = large(67, plays).await;
    let messages = far.messages();
    assert!(
        messages.contains("TCP message received") && !messages.contains("UDP message"),
        "{messages}"
    );
    talked.heard(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_invite_goes_by_udp_after_all_where_the_carrier_does_not() {
    let (stage, caller, far, talked) = large(68, Plays::called(OTHER)).await;
    let messages = far.messages();
    let (_, size) = messages
        .split_once("UDP message received [")
        .expect("an INVITE");
    let size = size.split(']').next().and_then(|n| n.parse::<usize>().ok());
    assert!(size.is_some_and(|size| size > 1300), "{size:?}\n{messages}");
    let trace = stage.running.gateway().trace(caller.call);
    let invites = trace
        .iter()
        .filter(|m| m.sent && m.text.starts_with("INVITE "));
    let ways: Vec<&str> = invites.map(|m| m.transport.as_str()).collect();
    assert_eq!(ways, ["TCP", "UDP"]);
    talked.heard(stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_answers_no_options_is_not_waited_for() {
    let (mut stage, kamailio) = carrier_with(69, |lab, office| {
        let (dead, proxy) = (lab.carrier(6), lab.carrier(5));
        let health = "[health]\noptions = \"1s\"\ndown_after = 2\nup_after = 1\n";
        office
            .with(
                "trunks/carrier.toml",
                &format!("[\"sip:{proxy}:5060\"]"),
                &format!("[\"sip:{dead}:5060\", \"sip:{proxy}:5060\"]"),
            )
            .and("trunks/carrier.toml", health)
    })
    .await;
    let mut far = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    far.listens().await;
    eventually("the dead peer is known to be so", SOON, async || {
        let snapshot = stage.running.gateway().snapshot().await;
        let peers = snapshot.expect("the shard answers").peers;
        let up: Vec<bool> = peers.iter().map(|(_, _, up)| *up).collect();
        up == [true, false] // by address; Kamailio refuses OPTIONS with 405, which is an answer
    })
    .await;
    let mut caller = stage.ring_in("2011").await;
    let talked = talk(&mut stage, &caller, far.ip).await;
    caller.hangs_up().await;
    far.finished().await;
    stage.running.ended().await;
    let trace = stage.running.gateway().trace(caller.call);
    let mut invites = trace
        .iter()
        .filter(|m| m.sent && m.text.starts_with("INVITE "));
    assert!(invites.all(|m| m.remote.ip() == kamailio.ip));
    talked.heard(stage).await;
}
