//! A caller who waits until somebody is free, and one who is sent there.

use super::*;

fn standing() -> Bench {
    let rules = Rules {
        stands: true,
        attempts: 1,
        ..rules()
    };
    Bench::start(rules, &[])
}

impl Bench {
    fn rings(&mut self, numbers: &[&str]) -> String {
        self.reach.ring(numbers.iter().map(|n| ext(n)).collect());
        self.all()
    }
}

#[test]
fn whoever_waits_stands_until_somebody_is_free_however_often_nobody_takes_them() {
    let mut b = standing();
    assert_eq!((b.all(), b.due_in()), (String::new(), Some(60_000)));
    for n in 1..4 {
        assert_eq!(b.rings(&["201"]), format!("dial ext:201 {n}"));
        assert_eq!(b.dialled(&[n]), "");
        assert_eq!(b.takes(gone(n)), "failed Busy");
        assert_eq!(
            b.reach.steps().map(|s| s.1).collect::<Vec<_>>(),
            ["standing"]
        );
    }
    assert_eq!(b.rings(&["202"]), "dial ext:202 4");
    assert_eq!(b.no_way(Reason::Unreachable), "failed Unreachable");
    assert_eq!(b.after(59_999), "");
    assert_eq!(b.after(1), "gave up NoAnswer");
    assert_eq!(b.rings(&["201"]), "", "too late");
}

#[test]
fn the_end_of_the_wait_does_not_cut_off_who_is_being_told() {
    let mut b = standing();
    b.rings(&["201"]);
    b.dialled(&[1]);
    assert_eq!(b.after(11_000), "");
    assert_eq!(b.takes(Input::Answered(leg(1))), "answered 1, tell 1 Brief");
    assert_eq!((b.after(60_000), b.due_in()), (String::new(), None));
    let mut declined = b.clone();
    assert_eq!(
        declined.takes(Input::Key(leg(1), '2')),
        "hush 1, hang 1 Declined, failed Declined"
    );
    assert_eq!(declined.due_in(), Some(0));
    assert_eq!(declined.after(0), "gave up NoAnswer");
    assert_eq!(b.takes(Input::Key(leg(1), '1')), "hush 1, join 1 key 1");
}

#[test]
fn who_is_turned_away_lets_go_of_those_who_are_rung() {
    let end = Termination::new(Party::Gateway, Reason::Draining);
    let mut b = standing();
    b.reach.turn_away(end);
    assert_eq!(b.all(), "gave up Draining");
    let mut b = standing();
    b.rings(&["201", "202"]);
    b.dialled(&[1]);
    b.dialled(&[2]);
    b.takes(Input::Answered(leg(2)));
    b.reach.turn_away(end);
    assert_eq!(
        b.all(),
        "hang 1 NoAnswer, hush 2, dismiss 2 TooLate NoAnswer, gave up Draining"
    );
    for input in [Input::CallerGone, Input::Abandon] {
        let mut b = standing();
        let said = if input == Input::Abandon {
            "gave up Cancelled"
        } else {
            ""
        };
        assert_eq!((b.takes(input), b.due_in()), (said.to_owned(), None));
    }
}

#[test]
fn key_4_sends_the_caller_to_the_queue_or_declines_where_they_are_there() {
    let begin = |queue_is_this| {
        let rules = Rules {
            queue_key: Some('4'),
            queue_is_this,
            ..rules()
        };
        let mut b = Bench::start(rules, &[&["201", "202"]]);
        b.all();
        b.dialled(&[1]);
        b.dialled(&[2]);
        b.takes(Input::Rang(leg(1)));
        b
    };
    let mut b = begin(false);
    assert_eq!(b.takes(Input::Key(leg(1), '4')), "", "it only rings");
    b.takes(Input::Answered(leg(1)));
    let sent = "hush 1, hang 1 Declined, failed Declined, hang 2 ElsewhereAnswered, send on";
    let mut told = b.clone();
    told.takes(Input::Told(leg(1)));
    for b in [&mut b, &mut told] {
        assert_eq!(b.takes(Input::Key(leg(1), '4')), sent);
        assert_eq!(
            (b.due_in(), b.takes(Input::CallerGone)),
            (None, String::new())
        );
    }
    let mut b = begin(true);
    b.takes(Input::Answered(leg(1)));
    assert_eq!(
        b.takes(Input::Key(leg(1), '4')),
        "hush 1, hang 1 Declined, failed Declined"
    );
}
