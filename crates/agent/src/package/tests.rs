use super::*;
use tandem_types::{
    Rng,
    context::{ActionTaken, Speaker, Turn},
};

fn memory() -> Memory {
    let fact = |name: &str, value: &str, turn: &str, sensitive| Entity {
        name: name.into(),
        value: value.into(),
        confidence: 900,
        turn: turn.into(),
        sensitive,
    };
    let turn = |id: u32, text: &str| Turn {
        id: format!("t{id}"),
        speaker: Speaker::Caller,
        text: text.into(),
        at: Wall(0),
        interrupted: false,
    };
    Memory {
        caller_number: "+442079460100".into(),
        language: "en-GB".into(),
        turns: (1..=20).map(|n| turn(n, &format!("words {n}"))).collect(),
        turn_count: 20,
        entities: vec![
            fact("account_number", "4271", "t3", false),
            fact("card_number", "4111111111111111", "t19", true),
            fact("name", "Mary Jones", "t2", false),
        ],
        sentiment: vec![0, -400, -500],
        goal: Some(
            "you charged me twice in november and nobody has called me back since then".into(),
        ),
        goal_turn: Some("t3".into()),
        intent: Some("double_charge".into()),
        intent_confidence: 880,
        actions: vec![ActionTaken {
            what: "transfer queue:billing".into(),
            result: "nobody answered".into(),
            at: Wall(5),
        }],
        ..Memory::default()
    }
}

fn offer(to: &str) -> Offer {
    Offer {
        handoff: HandoffId::generate(Wall(1_700_000_000_000_000), &mut Rng::seeded(1)),
        call: CallId(1),
        from: Holder::Agent("triage".into()),
        to: holder_of(&Target(to.into())),
        reason: HandoffReason::IntentMatch,
        trigger: "t20".into(),
        at: Wall(1_700_000_000_000_000),
    }
}

#[test]
fn a_package_holds_every_fact_and_the_last_turns() {
    let p = build(&memory(), offer("queue:billing"));
    for fact in ["4271", "4111111111111111", "Mary Jones"] {
        assert!(p.entities.iter().any(|e| e.value == fact), "{fact}");
    }
    assert_eq!(p.do_not_ask, ["account_number", "card_number", "name"]);
    assert_eq!(p.last_turns.len(), LAST_TURNS);
    assert_eq!(p.last_turns.last().map(|t| t.id.as_str()), Some("t20"));
    assert_eq!(p.turns, 20);
    assert_eq!(p.caller_name.as_deref(), Some("Mary Jones"));
    assert!(p.summary.contains("you charged me twice") && p.summary.contains("4271"));
    assert!(p.summary.contains("nobody answered") && p.summary.contains("upset"));
    assert_eq!(
        p.sha256(),
        build(&memory(), offer("queue:billing")).sha256()
    );
    assert_ne!(p.sha256(), build(&memory(), offer("queue:other")).sha256());
}

#[test]
fn outside_the_house_secrets_are_withheld_everywhere() {
    let p = build(&memory(), offer("outside:plumber"));
    let all = tandem_types::canonical::canonical_json(&p);
    assert!(!all.contains("4111111111111111"), "{all}");
    assert!(all.contains("****1111") && all.contains("4271"));
    assert_eq!(p.redacted, ["card_number"]);
    assert!(
        p.last_turns
            .iter()
            .any(|t| t.id == "t19" && t.text == "[withheld]")
    );
}

#[test]
fn the_brief_is_short_and_complete() {
    let b = brief(&build(&memory(), offer("queue:billing")));
    assert!(
        b.headline
            .starts_with("Mary Jones says: you charged me twice"),
        "{b:?}"
    );
    assert!(
        b.headline.split_whitespace().count() <= 16,
        "five seconds: {b:?}"
    );
    assert!(
        b.detail.starts_with("They gave account number 4 2 7 1"),
        "the facts first: {b:?}"
    );
    assert!(
        b.detail.contains("ending 1 1 1 1") && !b.detail.contains("4111"),
        "{b:?}"
    );
    assert!(b.detail.contains("nobody answered"));
    let nothing = Memory::default();
    let mut o = offer("queue:billing");
    o.reason = HandoffReason::CallerRequest;
    let b = brief(&build(&nothing, o));
    assert_eq!(b.headline, "A caller with no number asked for a person.");
    assert_eq!(b.detail, "");
}

#[test]
fn a_display_takes_what_it_can_show() {
    let p = build(&memory(), offer("queue:billing"));
    assert_eq!(
        show_on_phone("{intent}: {caller_name}", &p),
        "double charge: Mary Jones"
    );
    let mut p = p;
    p.caller_name = Some("Evil\r\nVia: x\u{202e}name that is much too long to show".into());
    let shown = show_on_phone("{intent}: {caller_name}", &p);
    assert!(
        shown.chars().count() <= 32 && !shown.chars().any(|c| c.is_control() || is_bad(c)),
        "{shown:?}"
    );
    p.intent = None;
    p.caller_name = None;
    assert_eq!(
        show_on_phone("{intent}: {caller_name}", &p),
        "+442079460100"
    );
    assert_eq!(show_on_phone("{goal}", &p).chars().count(), 32);
}

fn is_bad(c: char) -> bool {
    c == '\u{202e}'
}

#[test]
fn the_header_names_the_handoff_and_says_nothing_of_the_caller() {
    let mut p = build(&memory(), offer("outside:plumber"));
    p.intent = Some("ein sehr langer Vorgang, den niemand so nennen würde, aber doch".into());
    let hex = user_to_user(&p);
    assert!(hex.len() <= 128 && hex.len().is_multiple_of(2));
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
        .collect();
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.starts_with(&format!("{};intent_match;ein_sehr", p.handoff)),
        "{text}"
    );
}

#[test]
fn what_was_done_is_told_as_it_went() {
    let told = |what: &str, result: &str| {
        super::so_far(&ActionTaken {
            what: what.into(),
            result: result.into(),
            at: Wall(0),
        })
    };
    for (what, result, sentence) in [
        ("book visit", "done", "Done: book visit."),
        (
            "book visit",
            "it did not work",
            "Tried: book visit, it did not work.",
        ),
        (
            "transfer queue:repairs",
            "connected",
            "They were put through to queue repairs.",
        ),
        (
            "transfer queue:repairs",
            "nobody answered",
            "Tried: transfer queue repairs, nobody answered.",
        ),
        ("back from queue:repairs", "no note", "They came back."),
        (
            "back from queue:repairs",
            "they hung up",
            "They came back: they hung up.",
        ),
    ] {
        assert_eq!(told(what, result).as_deref(), Some(sentence));
    }
    assert_eq!(told("transfer menu:main", "connected"), None);
}
