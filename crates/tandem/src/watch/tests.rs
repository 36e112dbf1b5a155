//! Frames as golden files of what stands in the terminal, and what keys do.

use super::{
    asked::{Ready, Told, Wanted},
    frame,
    state::{Link, State},
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
};
use std::{fs, path::Path};
use tandem_server::{ContactRow, MemberRow, PhoneRow, QueueRow, WaitingRow};
use tandem_store::{CallDetail, CallRow, HandoffRow, TransferRow, TurnRow};
use tandem_types::{CallId, HandoffId, TransferId, Wall};

/// 2026-11-02T09:15:00Z.
const NOON: i64 = 1_793_610_900_000_000;

fn at(seconds: i64) -> Wall {
    Wall(NOON + seconds * 1_000_000)
}

fn call(n: u128, started: i64, from: &str) -> CallRow {
    CallRow {
        uniqueid: CallId(n),
        linkedid: CallId(n),
        started: at(started),
        answered: Some(at(started + 2)),
        ended: None,
        duration_ms: None,
        billed_ms: None,
        billsec: None,
        disposition: None,
        from: from.to_owned(),
        to: "+442079460100".to_owned(),
        via: "carrier".to_owned(),
        dialplan: Some("reception".to_owned()),
        start: "agent:triage".to_owned(),
        sip_call_id: "a@b".to_owned(),
        attested: None,
        agent: Some("billing".to_owned()),
        disclosed: None,
        queue: None,
        queue_end: None,
        queue_ms: None,
        ended_by: None,
        reason: None,
        sip: None,
        q850: None,
    }
}

fn turn(n: u32, seconds: i64, speaker: &str, text: &str, intent: Option<&str>) -> TurnRow {
    TurnRow {
        turn: format!("t{n}"),
        at: at(seconds),
        speaker: speaker.to_owned(),
        text: text.to_owned(),
        generated: None,
        interrupted: n == 1,
        confidence: 900,
        intent: intent.map(str::to_owned),
        intent_confidence: None,
        understood_by: None,
    }
}

fn detail(row: &CallRow) -> CallDetail {
    CallDetail {
        call: row.clone(),
        legs: Vec::new(),
        turns: vec![
            turn(
                1,
                33,
                "agent:triage",
                "Good morning, this is Northgate. How can I help you?",
                None,
            ),
            turn(
                2,
                36,
                "caller",
                "i was charged twice this month and i would like to have the money back please",
                Some("billing"),
            ),
            turn(3, 41, "caller_keys", "0", None),
        ],
        handoffs: vec![HandoffRow {
            handoff: HandoffId(1),
            call: row.uniqueid,
            from: "agent:triage".to_owned(),
            to: "agent:billing".to_owned(),
            reason: "intent_match".to_owned(),
            trigger: String::new(),
            state: "completed".to_owned(),
            failed_reason: None,
            package: serde_json::Value::Null,
            sha256: String::new(),
            intact: true,
            delivered_sha256: None,
            delivered: None,
            delivered_equals_recorded: None,
            offered: at(37),
            acknowledged: None,
            entered: None,
            ended: None,
        }],
        transfers: vec![TransferRow {
            transfer: TransferId(1),
            handoff: HandoffId(2),
            kind: "warm".to_owned(),
            to: "queue:reception".to_owned(),
            outcome: None,
            failed_reason: None,
            started: at(42),
            rang: Some(at(43)),
            answered: None,
            briefed: None,
            brief: None,
            accepted: None,
            accepted_by: None,
            bridged: None,
            ended: None,
            attempts: Vec::new(),
        }],
        tools: Vec::new(),
        recording: None,
    }
}

/// A call that goes on, one that waits, and one that is over.
fn told() -> Told {
    let (mut waits, mut over) = (call(3, 50, ""), call(1, 0, "+441632960001"));
    waits.queue = Some("repairs".to_owned());
    over.ended = Some(at(21));
    over.billsec = Some(19);
    over.disposition = Some("ANSWERED".to_owned());
    over.ended_by = Some("caller".to_owned());
    let running = call(2, 30, "+441632960002");
    Told {
        ready: Ready {
            draining: false,
            store: "ok".to_owned(),
            calls: 2,
            capacity: 200,
        },
        call: Some(detail(&running)),
        calls: vec![waits, running, over],
        ..Told::default()
    }
}

fn state(told: Told) -> State {
    let mut state = State::new("northgate", "127.0.0.1:8088");
    state.sized(100, 24);
    state.hear(at(60), Ok(told));
    state
}

fn key(state: &mut State, code: KeyCode) -> bool {
    state.key(KeyEvent::new(code, KeyModifiers::NONE))
}

/// What stands in a terminal of this size.
fn seen(state: &mut State, width: u16, height: u16) -> String {
    state.sized(width, height);
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    let drawn = terminal.draw(|f| frame::draw(f, state, at(60)));
    drawn.expect("a frame");
    terminal.backend().to_string()
}

fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/watch/{name}.txt"));
    if std::env::var_os("TANDEM_BLESS").is_some() {
        fs::write(&path, found).expect("tests/golden/watch can be written");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == found,
        "{name} differs (TANDEM_BLESS=1 writes it anew)\n--- expected\n{expected}\n--- found\n{found}"
    );
}

#[test]
fn the_chosen_call_is_told_in_its_order() {
    let mut state = state(told());
    key(&mut state, KeyCode::Down);
    golden("call", &seen(&mut state, 100, 24));
    // Long words are wrapped, and the end of what goes on is what is seen.
    golden("narrow", &seen(&mut state, 72, 11));
    key(&mut state, KeyCode::PageUp);
    golden("scrolled", &seen(&mut state, 72, 11));
}

#[test]
fn the_ladder_of_the_chosen_call() {
    let mut told = told();
    told.ladder = Some(
        "caller                tandem\n  |-- INVITE -------->|\n  |<-- 200 OK --------|\n"
            .to_owned(),
    );
    let mut state = state(told);
    key(&mut state, KeyCode::Down);
    key(&mut state, KeyCode::Tab);
    golden("ladder", &seen(&mut state, 100, 24));
    state.told.ladder = Some(String::new());
    assert!(seen(&mut state, 100, 24).contains("no messages of this call are kept"));
}

#[test]
fn people_and_queues() {
    let mut told = told();
    told.queues = vec![QueueRow {
        dialplan: "reception".into(),
        queue: "repairs".into(),
        waiting: vec![WaitingRow {
            call: CallId(3),
            position: 1,
            waited_s: 8,
            rung: vec!["ext:203".into()],
        }],
        members: vec![MemberRow {
            member: "ext:203".into(),
            person: "203".into(),
            state: "rung".into(),
            for_s: None,
            unanswered: 0,
        }],
        usual_wait_s: None,
    }];
    told.phones = vec![PhoneRow {
        extension: "203".into(),
        name: "Repairs".into(),
        user: Some("203".into()),
        via: None,
        contacts: vec![ContactRow {
            uri: "sip:203@192.0.2.7".into(),
            transport: "udp".into(),
            address: "192.0.2.7:5060".parse().expect("an address"),
            proxied: false,
            user_agent: "snomD785/10.1".into(),
            expires_s: 290,
            seen: at(0),
        }],
        seen: Some(at(0)),
        calls: 0,
    }];
    let mut state = state(told.clone());
    key(&mut state, KeyCode::Char('3'));
    state.hear(at(61), Ok(told));
    golden("people", &seen(&mut state, 100, 24));
}

#[test]
fn a_gateway_that_is_away_is_said_to_be_until_it_is_back() {
    let mut new = State::new("northgate", "127.0.0.1:8088");
    new.sized(80, 12);
    golden("asking", &seen(&mut new, 80, 12));
    let mut nothing = Told::default();
    (nothing.ready.store, nothing.ready.capacity) = ("ok".to_owned(), 200);
    new.hear(at(1), Ok(nothing));
    golden("no_calls", &seen(&mut new, 80, 12));

    let mut state = state(told());
    let why = "no gateway answers at http://127.0.0.1:8088".to_owned();
    state.hear(at(58), Err(why.clone()));
    state.hear(at(59), Err(why));
    golden("away", &seen(&mut state, 100, 24));
    assert!(matches!(&state.link, Link::Away { since, .. } if *since == at(58)));
    state.hear(at(62), Ok(told()));
    assert_eq!(state.link, Link::Up);
    let mut told = told();
    (told.ready.draining, told.ready.store) =
        (true, "away, the journal keeps everything".to_owned());
    state.hear(at(63), Ok(told));
    let head = seen(&mut state, 140, 24);
    assert!(
        head.contains("draining  store: away, the journal keeps everything"),
        "{head}"
    );
}

#[test]
fn keys_choose_and_a_chosen_call_stays_chosen() {
    let mut state = state(told());
    assert_eq!(state.call(), Some(CallId(3)), "the newest");
    key(&mut state, KeyCode::Char('j'));
    assert_eq!(state.call(), Some(CallId(2)));
    // A call that comes later is above it.
    let mut later = told();
    later.calls.insert(0, call(4, 59, "+441632960004"));
    state.hear(at(60), Ok(later));
    assert_eq!(state.call(), Some(CallId(2)));
    let wants = Wanted {
        call: Some(CallId(2)),
        ladder: false,
        people: false,
    };
    assert_eq!(state.wants(), wants);
    for _ in 0..9 {
        key(&mut state, KeyCode::Down);
    }
    assert_eq!(state.call(), Some(CallId(1)), "the last");
    key(&mut state, KeyCode::Char('n'));
    assert_eq!(state.call(), Some(CallId(4)), "the newest again");
    key(&mut state, KeyCode::Char('r'));
    assert!(state.calls().iter().all(|c| c.ended.is_none()));
    for pane in ['2', '3', '1'] {
        assert!(key(&mut state, KeyCode::Char(pane)));
    }
}

#[test]
fn it_is_left_by_q_escape_and_ctrl_c() {
    let mut state = state(told());
    assert!(!key(&mut state, KeyCode::Char('q')));
    assert!(!key(&mut state, KeyCode::Esc));
    assert!(!state.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    assert!(key(&mut state, KeyCode::Char('c')));
}

#[test]
fn no_terminal_is_too_small() {
    let mut state = state(told());
    for (width, height) in [(1, 1), (20, 3), (10, 40), (300, 6)] {
        for pane in ['1', '2', '3'] {
            key(&mut state, KeyCode::Char(pane));
            key(&mut state, KeyCode::PageUp);
            let _ = seen(&mut state, width, height);
        }
    }
}
