//! No order of events strands a caller, loses a word or breaks the machine.

use super::{
    stage::{Model, Stage},
    tools,
};
use crate::conversation::{Brain, Conversation, ConversationStart, Input, Output, Return};
use proptest::prelude::*;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tandem_types::{
    CallId, HandoffId, Mono, Now, Reason, RequestId, Rng, SegmentId, Wall,
    journal::What,
    provider::{ProviderEvent, ProviderFault, ToolCall, Transcript},
    tool::HttpAnswer,
};

fn brain() -> Arc<Brain> {
    static BRAIN: OnceLock<Arc<Brain>> = OnceLock::new();
    BRAIN
        .get_or_init(|| Arc::new(Brain::new(Arc::new(tools::rules()))))
        .clone()
}

const SAYINGS: &[&str] = &[
    "you charged me twice",
    "there is a leak in the kitchen",
    "yes",
    "no thanks",
    "mm-hmm",
    "operator",
    "I smell gas",
    "goodbye",
    "my account number is four two seven one",
    "how do I make pancakes",
    "when are you open",
    "send an engineer",
    "",
];

#[derive(Clone, Debug)]
enum Act {
    Speaks {
        saying: usize,
        ms: u32,
        fault: bool,
    },
    Key(char),
    Hold(bool),
    Fails,
    Done,
    Returned,
    Mute(bool),
    Slow(u64),
    Model(usize),
    /// A tool answers after so long, or fails.
    Answer(u64, bool),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..SAYINGS.len(), 100u32..2_500, prop::bool::weighted(0.1))
            .prop_map(|(saying, ms, fault)| Act::Speaks { saying, ms, fault }),
        2 => prop::sample::select(vec!['0', '1', '2', '7', '#', '*', 'x']).prop_map(Act::Key),
        1 => any::<bool>().prop_map(Act::Hold),
        2 => Just(Act::Fails),
        1 => Just(Act::Done),
        1 => Just(Act::Returned),
        1 => prop::bool::weighted(0.2).prop_map(Act::Mute),
        1 => (10u64..6_000).prop_map(Act::Slow),
        3 => (0usize..10).prop_map(Act::Model),
        2 => (10u64..6_000, any::<bool>()).prop_map(|(ms, ok)| Act::Answer(ms, ok)),
        6 => (1u64..9_000).prop_map(Act::Wait),
    ]
}

fn model(kind: usize) -> Vec<Model> {
    use Model::*;
    match kind {
        0 => vec![
            Text("Which room is it in? I can come on Tuesday, or on another day."),
            Done,
        ],
        1 => vec![Text("I'm transferring you now."), Done],
        2 => vec![
            Tool(
                "transfer_to",
                r#"{"target":"queue:repairs","reason":"leak"}"#,
            ),
            Done,
        ],
        3 => vec![Tool("transfer_to", r#"{"target":"queue:moon"}"#), Done],
        4 => vec![Fails(ProviderFault::Open)],
        5 => vec![
            Text("Let me look."),
            Tool("find_tenant", r#"{"postcode":"SW1A 1AA"}"#),
            Done,
        ],
        6 => vec![
            Tool("open_ticket", r#"{"summary":"leak"}"#),
            Tool("find_tenant", r#"{"postcode":"N1"}"#),
            Done,
        ],
        7 => vec![Tool("book_visit", r#"{"day":"Tuesday"}"#), Done],
        8 => vec![Tool("refund", r#"{"amount":7000}"#), Done],
        _ => vec![Text("Goodbye then."), Tool("end_call", ""), Done],
    }
}

fn perform(s: &mut Stage, act: &Act) {
    match act {
        Act::Speaks { saying, ms, fault } if s.with_agent() => {
            let words = match fault {
                true => Err(ProviderFault::Unreachable),
                false => Stage::heard(SAYINGS[*saying]),
            };
            s.speaks(*ms, words);
            s.run(u64::from(*ms) + 700);
        }
        Act::Speaks { .. } => {}
        Act::Key(k) => {
            s.forget_silence();
            s.input(Input::Digit(*k));
        }
        Act::Hold(on) => s.input(Input::Held(*on)),
        Act::Fails | Act::Done if s.transfers.is_empty() => {}
        Act::Fails => {
            let handoff = s.handoff();
            s.input(Input::TransferFailed {
                handoff,
                reason: Reason::NoAnswer,
                more: None,
            });
        }
        Act::Done => {
            let handoff = s.handoff();
            s.input(Input::TransferDone { handoff });
        }
        Act::Returned => s.input(Input::Returned {
            note: None,
            how: Return::HungUp,
        }),
        Act::Mute(mute) => s.mute = *mute,
        Act::Slow(ms) => s.stt_ms = *ms,
        Act::Model(kind) => s.models.push_back(model(*kind)),
        Act::Answer(ms, ok) => {
            let answer = HttpAnswer {
                status: 200,
                body: r#"{"tenancy":"T-1"}"#.into(),
            };
            let result = ok.then_some(answer).ok_or(ProviderFault::Status(500));
            s.fetches.push_back((*ms, result));
        }
        Act::Wait(ms) => s.run(*ms),
    }
}

/// What must hold at every moment: somebody has the caller.
fn check(s: &Stage) -> Result<(), TestCaseError> {
    if s.c.is_over() {
        prop_assert!(s.hung_up);
        let told = |t: &String| t.contains("oodbye") || t.contains("nice day");
        prop_assert!(
            s.said.iter().any(told),
            "hung up without a goodbye: {:?}",
            s.said
        );
        return Ok(());
    }
    if s.with_agent() {
        prop_assert!(s.c.poll_timeout().is_some(), "listening without a deadline");
        prop_assert!(
            s.longest_silence <= 9_000,
            "silent for {}",
            s.longest_silence
        );
    }
    Ok(())
}

/// Every handoff between agents ends once, with the hash that was offered; every turn has the next id.
fn check_ledger(s: &Stage) -> Result<(), TestCaseError> {
    let mut turns = 0;
    for (n, what) in s.journal.iter().enumerate() {
        match what {
            What::TurnEnded { turn, text, .. } => {
                turns += 1;
                prop_assert_eq!(turn, &format!("t{turns}"));
                prop_assert!(!text.is_empty());
            }
            What::HandoffOffered { package, sha256 } => {
                prop_assert_eq!(&package.sha256(), sha256);
                let same = |w: &&What| {
                    matches!(w, What::HandoffAcknowledged { handoff, sha256: got, .. }
                    if *handoff == package.handoff && got == sha256)
                };
                let acknowledged = s.journal[n..].iter().filter(same).count();
                let ended = s
                    .journal
                    .iter()
                    .filter(|w| {
                        matches!(w,
                    What::HandoffEnded { handoff, .. } if *handoff == package.handoff)
                    })
                    .count();
                let to_agent = matches!(package.to, tandem_types::context::Holder::Agent(_));
                prop_assert_eq!(
                    (acknowledged, ended),
                    if to_agent { (1, 1) } else { (0, 0) }
                );
            }
            What::ToolCalled { request, key, .. } => {
                let of = |r: &u32| r == request;
                let ends: Vec<&str> = s.journal[n..]
                    .iter()
                    .filter_map(|w| match w {
                        What::ToolEnded {
                            request, outcome, ..
                        } if of(request) => Some(outcome.as_str()),
                        _ => None,
                    })
                    .collect();
                prop_assert_eq!(ends.len(), 1, "a request ends once");
                let again = s.journal[n + 1..].iter().any(|w| {
                    matches!(w,
                    What::ToolCalled { key: other, .. } if key.is_some() && other == key)
                });
                prop_assert!(!(again && ends[0] == "ok"), "an act was done twice");
            }
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_order_of_events_strands_a_caller(acts in prop::collection::vec(act(), 1..40), restore in any::<bool>()) {
        let mut s = Stage::new(brain(), restore);
        s.input(Input::Begin { agent: "triage".into() });
        for act in &acts {
            let muted = s.mute;
            perform(&mut s, act);
            // What cannot be made is not heard: that silence is the voice's.
            if !s.with_agent() || muted || s.mute {
                s.forget_silence();
            }
            check(&s)?;
        }
        s.mute = false;
        s.input(Input::Held(false));
        s.run(30_000);
        check_ledger(&s)?;
        // Left alone, every call comes to an end or to somebody else.
        for _ in 0..6 {
            s.run(120_000);
            if !s.transfers.is_empty() && !s.with_agent() && !s.hung_up {
                s.fails(Reason::NoAnswer);
            }
        }
        prop_assert!(s.hung_up || !s.with_agent(), "still listening to nobody");
    }

    #[test]
    fn any_input_at_any_time_is_survived(inputs in prop::collection::vec((raw(), 0u64..5_000), 1..80)) {
        let mut now = Now { mono: Mono(1), wall: Wall(1_795_168_800_000_000) };
        let start = ConversationStart {
            call: CallId(7),
            caller_number: String::new(),
            caller_name: Some("  ".into()),
            language: "xx".into(),
            brain: brain(),
            rng: Rng::seeded(3),
            facts: Vec::new(),
            looked_up_by: None,
            requests: 0,
        };
        let mut c = Conversation::new(start, now);
        for (input, wait) in inputs {
            c.handle_input(now, input);
            let mut outputs = 0;
            while let Some(out) = c.poll_output() {
                outputs += 1;
                prop_assert!(outputs < 200, "endless output");
                if let Output::Transfer { package, sha256, .. } = out {
                    prop_assert_eq!(package.sha256(), sha256);
                }
            }
            now = now + Duration::from_millis(wait);
            c.handle_timeout(now);
            let due = c.poll_timeout();
            prop_assert!(due.is_none_or(|d| d.0 > now.mono), "a deadline was not dealt with: {due:?}");
        }
    }
}

fn raw() -> impl Strategy<Value = Input> {
    let segment = (1u32..6).prop_map(|index| SegmentId {
        call: CallId(7),
        index,
    });
    let request = || {
        (1u32..6).prop_map(|index| RequestId {
            call: CallId(7),
            index,
        })
    };
    let words = prop_oneof![
        prop::sample::select(SAYINGS).prop_map(str::to_owned),
        ".{0,60}"
    ];
    let spoken = words.clone();
    prop_oneof![
        prop::sample::select(vec!["triage", "billing", "repairs", "ghost", ""])
            .prop_map(|a| Input::Begin { agent: a.into() }),
        segment
            .clone()
            .prop_map(|segment| Input::SpeechStarted { segment }),
        (segment.clone(), any::<u32>())
            .prop_map(|(segment, ms)| Input::SpeechGoesOn { segment, ms }),
        (segment.clone(), any::<u32>())
            .prop_map(|(segment, ms)| Input::SpeechEnded { segment, ms }),
        (segment, spoken, any::<u16>(), any::<bool>()).prop_map(
            |(segment, text, confidence, rejected)| {
                let result = Ok(Transcript {
                    text,
                    confidence,
                    rejected,
                });
                Input::Provider(ProviderEvent::Transcribed { segment, result })
            }
        ),
        (request(), words.clone())
            .prop_map(|(request, text)| Input::Provider(ProviderEvent::ChatText { request, text })),
        (request(), words.clone(), words).prop_map(|(request, name, arguments)| {
            let call = ToolCall {
                id: String::new(),
                name,
                arguments,
            };
            Input::Provider(ProviderEvent::ChatTool { request, call })
        }),
        request().prop_map(|request| Input::Provider(ProviderEvent::ChatDone { request })),
        request().prop_map(|request| {
            Input::Provider(ProviderEvent::ChatFailed {
                request,
                fault: ProviderFault::Malformed,
            })
        }),
        any::<char>().prop_map(Input::Digit),
        prop::sample::select(vec!['0', '1', '2', '#']).prop_map(Input::Digit),
        (1u32..12).prop_map(|utterance| Input::SayStarted { utterance }),
        (1u32..12, any::<u32>(), any::<u32>(), any::<bool>()).prop_map(
            |(utterance, played_ms, total_ms, whole)| Input::Said {
                utterance,
                played_ms,
                total_ms,
                whole
            }
        ),
        (1u32..12).prop_map(|utterance| Input::SaidFailed { utterance }),
        any::<bool>().prop_map(Input::Held),
        Just(Input::TransferRang),
        Just(Input::TransferFailed {
            handoff: HandoffId(1),
            reason: Reason::Busy,
            more: None
        }),
        Just(Input::Returned {
            note: Some("x".into()),
            how: Return::Lost,
        }),
        Just(Input::CallerGone),
        (
            request(),
            prop::sample::select(vec!["find_tenant", "open_ticket", "book_visit", "sign_off"])
        )
            .prop_map(|(request, name)| {
                let arguments = r#"{"postcode":"N1","summary":"leak","day":"Tuesday"}"#;
                let call = ToolCall {
                    id: String::new(),
                    name: name.into(),
                    arguments: arguments.into(),
                };
                Input::Provider(ProviderEvent::ChatTool { request, call })
            }),
        (request(), ".{0,40}").prop_map(|(request, body)| {
            let result = Ok(HttpAnswer { status: 200, body });
            Input::Provider(ProviderEvent::Fetched { request, result })
        }),
        Just(Input::LookedUp { facts: Vec::new() }),
        Just(Input::Told { facts: Vec::new() }),
    ]
}
