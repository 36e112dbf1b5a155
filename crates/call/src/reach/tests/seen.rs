//! What the rest of the call, the ledger of cells and an admin see of the machine.

use super::*;

type Seen = Vec<(Option<u32>, &'static str, Option<u64>)>;

fn seen(b: &Bench) -> Seen {
    let ms = |t: Mono| t.0 / 1_000_000;
    let all = b.reach.steps();
    all.map(|(leg, step, until)| (leg.map(|l| l.index), step, until.map(ms)))
        .collect()
}

fn two_at_once(rules: Rules) -> Bench {
    let mut b = Bench::start(rules, &[&["201", "202"]]);
    b.all();
    b.dialled(&[1]);
    b.dialled(&[2]);
    b
}

#[test]
fn each_leg_is_seen_with_its_step_and_its_time() {
    let mut b = two_at_once(rules());
    b.takes(Input::Rang(leg(2)));
    assert_eq!(
        seen(&b),
        [
            (Some(1), "dialling", Some(12_000)),
            (Some(2), "ringing", Some(10_000)),
        ]
    );
    b.takes(Input::Answered(leg(1)));
    assert_eq!(seen(&b)[0], (Some(1), "telling", None));
    b.takes(Input::Key(leg(1), '1'));
    assert_eq!(
        seen(&b),
        [],
        "it is over: whoever has the caller is no leg of this any more"
    );
}

#[test]
fn who_is_lost_or_stands_is_seen_without_a_leg() {
    let mut lost = Bench::start_when(false, rules(), &[&["201"]]);
    lost.all();
    assert_eq!(lost.no_way(Reason::Unreachable), "failed Unreachable");
    assert_eq!(seen(&lost), [(None, LOST, None)]);
    assert!(!lost.reach.is_ready());
    assert_eq!(lost.takes(Input::Ready), "gave up Unreachable");
    assert_eq!(seen(&lost), []);

    let waits = Rules {
        stands: true,
        ..rules()
    };
    let mut standing = Bench::start(waits, &[]);
    assert_eq!(seen(&standing), [(None, STANDING, Some(60_000))]);
    assert!(standing.reach.is_ready());
    assert_eq!(standing.reach.over_at(), at(60_000));
    standing.reach.ring(vec![ext("201")]);
    standing.all();
    standing.dialled(&[1]);
    assert_eq!(seen(&standing), [(Some(1), "dialling", Some(12_000))]);
    standing.takes(Input::CallerGone);
    assert_eq!(seen(&standing), []);
    // Nobody is rung yet, and nobody waits to be rung either.
    let mut dialling = Bench::start(rules(), &[&["201"]]);
    dialling.all();
    assert_eq!(seen(&dialling), []);
}

#[test]
fn the_end_of_the_time_fails_those_who_are_rung_for_one_who_waits() {
    let waits = Rules {
        stands: true,
        ring: Duration::from_secs(90),
        ..rules()
    };
    let mut b = Bench::start(waits, &[]);
    b.reach.ring(vec![ext("201")]);
    b.all();
    b.dialled(&[1]);
    b.takes(Input::Rang(leg(1)));
    assert_eq!(
        b.after(60_000),
        "hang 1 NoAnswer, failed NoAnswer, gave up NoAnswer"
    );
}

#[test]
fn who_answers_in_place_of_another_has_their_leg() {
    let mut b = two_at_once(rules());
    b.reach.picked_up(leg(1), leg(9));
    assert!(b.reach.has(leg(9)) && b.reach.has(leg(2)) && !b.reach.has(leg(1)));
    assert_eq!(b.takes(Input::Answered(leg(9))), "answered 9, tell 9 Brief");
    b.reach.picked_up(leg(7), leg(8));
    assert!(!b.reach.has(leg(8)), "nobody had that leg");
}

/// How often a cell was entered since the last look.
fn entered(event: &str) -> Vec<(&'static str, u64)> {
    let all = cells::taken().into_iter();
    all.filter(|((machine, _, e), _)| *machine == "reach" && *e == event)
        .map(|((_, state, _), n)| (state, n))
        .collect()
}

#[test]
fn each_cell_that_is_entered_is_counted() {
    let mut b = two_at_once(rules());
    cells::taken();
    b.after(9_999);
    assert_eq!(entered("its time"), []);
    b.after(2_001);
    assert_eq!(entered("its time"), [("dialling", 2)]);

    let event = Input::Abandon.name(&rules());
    let mut ringing = two_at_once(rules());
    ringing.takes(Input::Rang(leg(2)));
    cells::taken();
    ringing.takes(Input::Abandon);
    assert_eq!(entered(event), [("dialling", 1), ("ringing", 1)]);

    let waits = Rules {
        stands: true,
        ..rules()
    };
    let mut standing = Bench::start(waits, &[]);
    cells::taken();
    standing.takes(Input::Abandon);
    assert_eq!(entered(event), [(STANDING, 1)]);

    let mut lost = Bench::start_when(false, rules(), &[&["201"]]);
    lost.all();
    lost.no_way(Reason::Unreachable);
    cells::taken();
    lost.takes(Input::Abandon);
    assert_eq!(entered(event), [(LOST, 1)]);
}

#[test]
fn inputs_are_called_as_in_the_table() {
    let with_queue = Rules {
        queue_key: Some('4'),
        ..rules()
    };
    let key = |key| Input::Key(leg(1), key);
    for (input, name) in [
        (Input::Rang(leg(1)), "18x"),
        (Input::Answered(leg(1)), "2xx"),
        (gone(1), "gone"),
        (key('1'), "key: take"),
        (key('2'), "key: not now"),
        (key('3'), "key: more"),
        (key('4'), "key: queue"),
        (key('5'), "another key"),
        (Input::Told(leg(1)), "told"),
        (Input::Ready, "ready"),
        (Input::CallerGone, "caller gone"),
        (Input::Abandon, "abandon"),
    ] {
        assert_eq!(input.name(&with_queue), name);
    }
    assert_eq!(key('4').name(&rules()), "another key");
}
