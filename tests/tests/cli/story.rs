//! Three calls as the journal has them: a warm transfer by way of a specialist, a desk phone that does not answer, and
//! a call that still runs.

use tandem_types::{
    CallId, HandoffId, LegId, Party, Reason, Termination, TransferId, Wall,
    context::{CONTEXT_VERSION, ContextPackage, HandoffReason, Holder, Speaker},
    journal::{Event, HandoffEnd, LegRole, TransferKind, What},
    media::{Codec, LegStats, Proof},
    recording::{RecordingEnd, RecordingSum},
};

/// When the first call comes in: 2026-11-02, 09:15 UTC.
const T0: i64 = 1_793_610_900_000_000;

pub(crate) fn call(n: u128) -> CallId {
    CallId(((T0 / 1000) as u128) << 80 | n << 76 | 7)
}

fn leg(n: u128, index: u32) -> LegId {
    LegId {
        call: call(n),
        index,
    }
}

fn handoff(n: u128) -> HandoffId {
    HandoffId(call(1).0 + 16 * n)
}

const TRANSFER: TransferId = TransferId(99);

fn agent(name: &str) -> Holder {
    Holder::Agent(name.into())
}

fn said(turn: &str, speaker: Speaker, text: &str) -> What {
    What::TurnEnded {
        turn: turn.into(),
        speaker,
        text: text.into(),
        generated: None,
        interrupted: false,
        confidence: 900,
    }
}

fn package(n: u128, from: Holder, to: Holder, reason: HandoffReason) -> ContextPackage {
    ContextPackage {
        version: CONTEXT_VERSION.into(),
        handoff: handoff(n),
        call: call(1),
        from,
        to,
        reason,
        trigger: "i was charged twice".into(),
        caller_number: "+441632960001".into(),
        caller_name: Some("Anna Lee".into()),
        goal: Some("i was charged twice".into()),
        goal_turn: Some("t2".into()),
        intent: Some("billing".into()),
        intent_confidence: 870,
        entities: Vec::new(),
        sentiment: vec![-120],
        summary: "Charged twice.".into(),
        last_turns: Vec::new(),
        turns: 2,
        actions: Vec::new(),
        promises: Vec::new(),
        do_not_ask: Vec::new(),
        verified: "none".into(),
        language: "en-GB".into(),
        hops: Vec::new(),
        redacted: Vec::new(),
        disclosed_at: None,
        created_at: Wall(T0),
    }
}

fn begins(n: u128, from: &str, to: &str, start: &str) -> Vec<What> {
    let sip_call_id = format!("{n}@carrier");
    vec![
        What::CallStarted {
            from: from.into(),
            to: to.into(),
            via: "carrier".into(),
            dialplan: Some("reception".into()),
            start: start.into(),
            sip_call_id: sip_call_id.clone(),
        },
        What::LegCreated {
            leg: leg(n, 1),
            role: LegRole::Caller,
            peer: from.into(),
            sip_call_id,
        },
    ]
}

fn answered(n: u128) -> Vec<What> {
    vec![
        What::LegAnswered {
            leg: leg(n, 1),
            codec: Codec::Pcma,
            srtp: None,
        },
        What::CallAnswered,
        What::RecordingStarted {
            path: format!("2026-11-02/{}.wav", call(n)),
            key: None,
        },
        What::LegProved {
            leg: leg(n, 1),
            by: Proof::Rtp,
        },
        What::AgentEntered {
            agent: "triage".into(),
            handoff: None,
        },
        said(
            "t1",
            Speaker::Agent("triage".into()),
            "Good morning, this is Northgate. How can I help you?",
        ),
    ]
}

fn handed_over() -> Vec<What> {
    let package = package(
        1,
        agent("triage"),
        agent("billing"),
        HandoffReason::IntentMatch,
    );
    let sha256 = package.sha256();
    vec![
        What::Understood {
            turn: "t2".into(),
            intent: Some("billing".into()),
            confidence: 870,
            by: "classifier".into(),
        },
        said("t2", Speaker::Caller, "i was charged twice"),
        What::HandoffOffered {
            package: Box::new(package),
            sha256: sha256.clone(),
        },
        What::HandoffAcknowledged {
            handoff: handoff(1),
            sha256,
            delivered: None,
        },
        What::AgentEntered {
            agent: "billing".into(),
            handoff: Some(handoff(1)),
        },
        What::HandoffEnded {
            handoff: handoff(1),
            end: HandoffEnd::Completed,
            reason: None,
        },
    ]
}

fn put_through() -> Vec<What> {
    let package = package(
        2,
        agent("billing"),
        Holder::Queue("billing".into()),
        HandoffReason::CallerRequest,
    );
    let sha256 = package.sha256();
    let brief = "Anna Lee: charged twice. Press 1 to take the call.";
    let transfer = TRANSFER;
    vec![
        said("t3", Speaker::Caller, "please put me through"),
        What::HandoffOffered {
            package: Box::new(package),
            sha256: sha256.clone(),
        },
        What::TransferStarted {
            transfer,
            handoff: handoff(2),
            kind: TransferKind::Warm,
            to: Holder::Queue("billing".into()),
        },
        What::TransferDialled {
            transfer,
            leg: Some(leg(1, 2)),
            target: "ext:201".into(),
            attempt: 1,
        },
        What::LegCreated {
            leg: leg(1, 2),
            role: LegRole::Consult,
            peer: "201".into(),
            sip_call_id: "c2@tandem".into(),
        },
        What::LegRinging { leg: leg(1, 2) },
        What::TransferRang { transfer },
        What::LegAnswered {
            leg: leg(1, 2),
            codec: Codec::Pcmu,
            srtp: None,
        },
        What::TransferAnswered { transfer },
        What::TransferBriefed {
            transfer,
            text: brief.into(),
        },
        What::HandoffAcknowledged {
            handoff: handoff(2),
            sha256,
            delivered: Some(brief.into()),
        },
        What::TransferAccepted {
            transfer,
            by: "key 1".into(),
        },
        What::TransferBridged { transfer },
        What::TransferEnded {
            transfer,
            failed: None,
        },
        What::HandoffEnded {
            handoff: handoff(2),
            end: HandoffEnd::Completed,
            reason: None,
        },
    ]
}

fn ends(n: u128, legs: u32, end: Termination, seconds: (u64, u64)) -> Vec<What> {
    let stats = LegStats {
        sent: 50 * seconds.1,
        received: 50 * seconds.1,
        ..LegStats::default()
    };
    let ended = (1..=legs).map(|i| What::LegEnded {
        leg: leg(n, i),
        end,
    });
    let over = What::CallEnded {
        end,
        duration_ms: seconds.0 * 1000,
        billed_ms: seconds.1 * 1000,
    };
    let measured = (1..=legs).map(|i| What::LegMeasured {
        leg: leg(n, i),
        stats,
    });
    let sum = RecordingSum {
        ms: seconds.1 * 1000,
        bytes: seconds.1 * 32_000 + 44,
        sha256: Some("0123456789abcdef".repeat(4)),
        ..RecordingSum::unknown(RecordingEnd::Whole)
    };
    let recorded = (seconds.1 > 0).then_some(What::RecordingEnded { sum });
    let ended = ended.chain([over]).chain(measured);
    ended.chain(recorded).collect()
}

fn unanswered() -> Vec<What> {
    vec![
        What::LegCreated {
            leg: leg(2, 2),
            role: LegRole::Callee,
            peer: "203".into(),
            sip_call_id: "c2b@tandem".into(),
        },
        What::LegRinging { leg: leg(2, 2) },
    ]
}

/// Events of a call from its first on, a second apart; calls come ten minutes apart.
fn number(n: u128, what: Vec<What>) -> Vec<Event> {
    let start = T0 + (i64::try_from(n).expect("small") - 1) * 600_000_000;
    what.into_iter()
        .zip(1u32..)
        .map(|(what, seq)| Event {
            call: call(n),
            seq,
            at: Wall(start + (i64::from(seq) - 1) * 1_000_000),
            what,
        })
        .collect()
}

/// All three.
pub(crate) fn all() -> Vec<Event> {
    let normal = Termination {
        q850: 16,
        ..Termination::new(Party::Caller, Reason::Normal)
    };
    let nobody = Termination {
        sip: 480,
        q850: 19,
        ..Termination::new(Party::Callee, Reason::NoAnswer)
    };
    let first = [
        begins(1, "+441632960001", "+442079460100", "agent:triage"),
        answered(1),
        handed_over(),
        put_through(),
        ends(1, 2, normal, (61, 59)),
    ];
    let second = [
        begins(2, "", "203", "ext:203"),
        unanswered(),
        ends(2, 2, nobody, (25, 0)),
    ];
    let third = [
        begins(3, "+441632960003", "+442079460100", "agent:triage"),
        answered(3),
    ];
    [
        number(1, first.concat()),
        number(2, second.concat()),
        number(3, third.concat()),
    ]
    .concat()
}
