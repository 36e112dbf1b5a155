//! A call as the journal tells it: answered, triaged, handed to a specialist, a warm transfer with
//! a person who is busy and one who takes it, the end, and the measures.

use tandem_types::{
    CallId, HandoffId, LegId, Party, Reason, Termination, TransferId, Wall,
    context::{CONTEXT_VERSION, ContextPackage, HandoffReason, Holder, Speaker},
    journal::{Event, HandoffEnd, LegRole, QueueEnd, TransferKind, What},
    media::{Codec, LegStats, Proof},
    provider::ProviderFault,
};

/// When the call comes in.
pub(crate) const T0: Wall = Wall(1_790_000_000_000_000);

pub(crate) fn call(n: u128) -> CallId {
    CallId((1 << 80) + n)
}

fn leg(n: u128, index: u32) -> LegId {
    LegId {
        call: call(n),
        index,
    }
}

pub(crate) fn handoff(n: u128, index: u128) -> HandoffId {
    HandoffId((2 << 80) + n * 16 + index)
}

pub(crate) fn transfer(n: u128) -> TransferId {
    TransferId((3 << 80) + n)
}

fn text(s: &str) -> String {
    s.to_owned()
}

fn package(n: u128, index: u128, from: Holder, to: Holder) -> ContextPackage {
    ContextPackage {
        version: text(CONTEXT_VERSION),
        handoff: handoff(n, index),
        call: call(n),
        from,
        to,
        reason: HandoffReason::IntentMatch,
        trigger: text("my bill is wrong"),
        caller_number: text("+442079460000"),
        caller_name: None,
        goal: Some(text("my bill is wrong \u{2014} caf\u{e9}, \"twice\"")),
        goal_turn: Some(text("t2")),
        intent: Some(text("billing")),
        intent_confidence: 870,
        entities: Vec::new(),
        sentiment: vec![-120],
        summary: text("The bill is wrong."),
        last_turns: Vec::new(),
        turns: 2,
        actions: Vec::new(),
        promises: Vec::new(),
        do_not_ask: Vec::new(),
        verified: text("none"),
        language: text("en-GB"),
        hops: Vec::new(),
        redacted: Vec::new(),
        disclosed_at: Some(T0),
        created_at: T0,
    }
}

/// The beginning of a call, up to the first words.
pub(crate) fn opening(n: u128) -> Vec<What> {
    vec![
        What::CallStarted {
            from: text("+442079460000"),
            to: text("+442079461000"),
            via: text("carrier-a"),
            dialplan: Some(text("head-office")),
            start: text("agent:front-desk"),
            sip_call_id: text("abc@carrier"),
        },
        What::LegCreated {
            leg: leg(n, 1),
            role: LegRole::Caller,
            peer: text("+442079460000"),
            sip_call_id: text("abc@carrier"),
        },
        What::LegAnswered {
            leg: leg(n, 1),
            codec: Codec::Pcma,
            srtp: None,
        },
        What::CallAnswered,
        What::LegProved {
            leg: leg(n, 1),
            by: Proof::Rtp,
        },
        What::LegProved {
            leg: leg(n, 1),
            by: Proof::RtcpReport,
        },
        What::Disclosed {
            language: text("en-GB"),
        },
        What::AgentEntered {
            agent: text("front-desk"),
            handoff: None,
        },
    ]
}

fn talk() -> Vec<What> {
    vec![
        What::TurnEnded {
            turn: text("t1"),
            speaker: Speaker::Agent(text("front-desk")),
            text: text("Northgate, how"),
            generated: Some(text("Northgate, how may I help?")),
            interrupted: true,
            confidence: 1000,
        },
        What::Understood {
            turn: text("t2"),
            intent: Some(text("billing")),
            confidence: 870,
            by: text("classifier"),
        },
        What::TurnEnded {
            turn: text("t2"),
            speaker: Speaker::Caller,
            text: text("my bill is wrong"),
            generated: None,
            interrupted: false,
            confidence: 640,
        },
        What::KeyPressed {
            leg: leg(1, 1),
            digit: '*',
            did: text("nothing"),
        },
        What::ProviderFailed {
            door: text("llm"),
            fault: ProviderFault::Status(503),
            instead: text("templates"),
        },
    ]
}

fn hand_over(n: u128) -> Vec<What> {
    let to_agent = package(
        n,
        1,
        Holder::Agent(text("front-desk")),
        Holder::Agent(text("billing")),
    );
    let to_people = package(
        n,
        2,
        Holder::Agent(text("billing")),
        Holder::Queue(text("billing")),
    );
    let (first, second) = (to_agent.sha256(), to_people.sha256());
    vec![
        What::HandoffOffered {
            package: Box::new(to_agent),
            sha256: first.clone(),
        },
        What::HandoffAcknowledged {
            handoff: handoff(n, 1),
            sha256: first,
            delivered: None,
        },
        What::AgentEntered {
            agent: text("billing"),
            handoff: Some(handoff(n, 1)),
        },
        What::HandoffEnded {
            handoff: handoff(n, 1),
            end: HandoffEnd::Completed,
            reason: None,
        },
        What::HandoffOffered {
            package: Box::new(to_people),
            sha256: second.clone(),
        },
        What::TransferStarted {
            transfer: transfer(n),
            handoff: handoff(n, 2),
            kind: TransferKind::Warm,
            to: Holder::Queue(text("billing")),
        },
        What::TransferDialled {
            transfer: transfer(n),
            leg: Some(leg(n, 2)),
            target: text("ext:201"),
            attempt: 1,
        },
        What::TransferAttemptFailed {
            transfer: transfer(n),
            reason: Reason::Busy,
            sip: 486,
        },
        What::TransferDialled {
            transfer: transfer(n),
            leg: Some(leg(n, 3)),
            target: text("ext:202"),
            attempt: 2,
        },
        What::LegCreated {
            leg: leg(n, 3),
            role: LegRole::Consult,
            peer: text("202"),
            sip_call_id: text("c3@tandem"),
        },
        What::LegRinging { leg: leg(n, 3) },
        What::TransferRang {
            transfer: transfer(n),
        },
        What::LegAnswered {
            leg: leg(n, 3),
            codec: Codec::Pcmu,
            srtp: None,
        },
        What::TransferAnswered {
            transfer: transfer(n),
        },
        What::TransferBriefed {
            transfer: transfer(n),
            text: text("A caller, the bill."),
        },
        What::HandoffAcknowledged {
            handoff: handoff(n, 2),
            sha256: second,
            delivered: Some(text("A caller, the bill.")),
        },
        What::TransferAccepted {
            transfer: transfer(n),
            by: text("key 1"),
        },
        What::TransferBridged {
            transfer: transfer(n),
        },
        What::TransferEnded {
            transfer: transfer(n),
            failed: None,
        },
        What::HandoffEnded {
            handoff: handoff(n, 2),
            end: HandoffEnd::Completed,
            reason: None,
        },
        What::QueueEntered {
            queue: text("billing"),
            position: 2,
        },
        What::QueueLeft {
            queue: text("billing"),
            end: QueueEnd::Taken,
            waited_ms: 61_500,
        },
        What::Bridged {
            a: leg(n, 1),
            b: leg(n, 3),
        },
        What::LegHeld {
            leg: leg(n, 3),
            held: true,
        },
    ]
}

fn ending(n: u128) -> Vec<What> {
    let end = Termination {
        by: Party::Callee,
        reason: Reason::Normal,
        sip: 0,
        q850: 16,
    };
    vec![
        What::Refused {
            wanted: text("+1900"),
            rule: text("not in hands_off_to"),
        },
        What::Alarm {
            text: text("\u{0} is no text"),
        },
        What::LegEnded {
            leg: leg(n, 3),
            end,
        },
        What::LegEnded {
            leg: leg(n, 1),
            end: Termination::new(Party::Gateway, Reason::Normal),
        },
        What::CallEnded {
            end,
            duration_ms: 61_500,
            billed_ms: 59_999,
        },
        What::LegMeasured {
            leg: leg(n, 1),
            stats: LegStats {
                sent: 3000,
                received: u64::MAX,
                lost: 1,
                refused: 2,
                jitter_us: 450,
                digits: 1,
                concealed: 3,
            },
        },
        What::LegMeasured {
            leg: leg(n, 3),
            stats: LegStats::default(),
        },
    ]
}

/// The whole call.
pub(crate) fn whole(n: u128) -> Vec<Event> {
    let what = [opening(n), talk(), hand_over(n), ending(n)].concat();
    number(n, what)
}

/// Events of a call from its first on, a second apart.
pub(crate) fn number(n: u128, what: Vec<What>) -> Vec<Event> {
    what.into_iter()
        .zip(1u32..)
        .map(|(what, seq)| Event {
            call: call(n),
            seq,
            at: Wall(T0.0 + (i64::from(seq) - 1 + i64::try_from(n).unwrap() * 3600) * 1_000_000),
            what,
        })
        .collect()
}
