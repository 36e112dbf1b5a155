use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn at(seconds: u64) -> Now {
    Now {
        mono: Mono(seconds * 1_000_000_000),
        wall: Wall(1_000_000_000_000 + seconds as i64 * 1_000_000),
    }
}

fn owed(n: u128) -> Owed {
    Owed {
        callback: CallId(n),
        wish: CallbackWish {
            callback: "head/billing".to_owned(),
            number: format!("+4416329600{n:02}"),
            name: None,
            called: "+442079460100".to_owned(),
            via: "carrier".to_owned(),
            since: at(0).wall,
            headline: String::new(),
            detail: String::new(),
        },
        asked: at(0).wall,
        tries: 0,
        dialled: None,
    }
}

fn terms() -> Terms {
    Terms {
        open: true,
        attempts: 2,
        every: Duration::from_secs(600),
        keep: 2 * HOUR,
        most: Some(Duration::from_secs(60)),
        midnight: at(0).wall,
    }
}

fn look(c: &mut Callbacks, seconds: u64, terms: Terms) -> Vec<Step> {
    c.look(at(seconds), &|_| Some(terms), &|call| call.0 > 8)
}

const ONE: CallId = CallId(1);

#[test]
fn a_caller_who_does_not_answer_is_called_again_and_given_up_in_the_end() {
    let mut c = Callbacks::default();
    c.put(at(0).mono, owed(1));
    assert!(c.has("head/billing", "+441632960001") && !c.has("head/sales", "+441632960001"));
    for (n, seconds) in [(1, 0), (2, 620)] {
        assert_eq!(look(&mut c, seconds, terms()), [Step::Join(ONE)], "{n}");
        assert_eq!(look(&mut c, seconds + 15, terms()), []);
        assert!(c.trying(ONE, CallId(9)));
        c.dialled(at(seconds + 20).wall, ONE);
        assert_eq!(
            look(&mut c, seconds + 30, terms()),
            [],
            "they are being called"
        );
        let tried = c.tried(
            at(seconds + 40),
            (ONE, CallId(9)),
            (CallbackTry::NotReached, 0),
            2,
        );
        assert_eq!(tried, Tried::Owed);
        let next = look(&mut c, seconds + 41, terms());
        let over = [Step::End(ONE, CallbackEnd::GivenUp)];
        assert_eq!(next, if n == 2 { &over[..] } else { &[] });
    }
    assert_eq!(c.end(ONE).map(|o| o.tries), Some(2));
    assert_eq!(look(&mut c, 2000, terms()), []);
    assert_eq!(c.poll_timeout(), None);
}

#[test]
fn nobody_is_rung_when_it_is_closed_or_the_minutes_are_spent_or_nobody_is_there() {
    let mut c = Callbacks::default();
    c.put(at(0).mono, owed(1));
    let closed = Terms {
        open: false,
        ..terms()
    };
    assert_eq!(look(&mut c, 0, closed), []);
    assert_eq!(look(&mut c, 15, terms()), [Step::Join(ONE)]);
    assert_eq!(look(&mut c, 30, closed), [Step::Leave(ONE)]);
    assert_eq!(look(&mut c, 45, terms()), [Step::Join(ONE)]);
    c.turned_away(at(50).wall, ONE);
    assert_eq!(look(&mut c, 60, terms()), []);
    assert_eq!(look(&mut c, 110, terms()), [Step::Join(ONE)]);
    // Another of the same was spoken to for a minute.
    c.put(at(110).mono, owed(2));
    assert_eq!(look(&mut c, 111, terms()), [Step::Join(CallId(2))]);
    assert!(c.trying(CallId(2), CallId(9)));
    let tried = c.tried(
        at(180),
        (CallId(2), CallId(9)),
        (CallbackTry::Spoke, 60_000),
        2,
    );
    assert_eq!(tried, Tried::Done);
    assert_eq!(c.get(CallId(2)), None);
    assert_eq!(look(&mut c, 181, terms()), [Step::Leave(ONE)]);
    let tomorrow = Terms {
        midnight: at(200).wall,
        ..terms()
    };
    assert_eq!(look(&mut c, 200, tomorrow), [Step::Join(ONE)]);
    assert_eq!(
        look(&mut c, 7300, tomorrow),
        [Step::End(ONE, CallbackEnd::Expired)]
    );
}

#[test]
fn a_try_that_nobody_took_or_whose_call_is_lost_is_tried_again() {
    let mut c = Callbacks::default();
    c.put(at(0).mono, owed(1));
    look(&mut c, 0, terms());
    assert!(c.trying(ONE, CallId(9)));
    let nobody = (CallbackTry::NobodyTook, 0);
    assert_eq!(c.tried(at(30), (ONE, CallId(9)), nobody, 2), Tried::Owed);
    assert_eq!(
        look(&mut c, 31, terms()),
        [],
        "they wait in the queue still"
    );
    assert!(c.trying(ONE, CallId(10)));
    assert_eq!(c.tried(at(60), (ONE, CallId(10)), nobody, 2), Tried::Rests);
    assert_eq!(look(&mut c, 359, terms()), []);
    assert_eq!(look(&mut c, 360, terms()), [Step::Join(ONE)]);
    assert!(c.trying(ONE, CallId(11)));
    let lost = c.look(at(400), &|_| Some(terms()), &|_| false);
    assert_eq!(lost, [Step::Join(ONE)]);
}

#[test]
fn nobody_is_rung_for_a_caller_who_has_not_hung_up_yet() {
    let mut c = Callbacks::default();
    c.put(at(0).mono, owed(1));
    assert_eq!(c.look(at(0), &|_| Some(terms()), &|_| true), []);
    c.hung_up(at(3).mono, CallId(2));
    assert!(!c.is_due(at(3).mono));
    c.hung_up(at(3).mono, ONE);
    assert!(c.is_due(at(3).mono));
    assert_eq!(look(&mut c, 3, terms()), [Step::Join(ONE)]);
    c.close();
    assert_eq!(c.poll_timeout(), None);
}

#[test]
fn what_an_earlier_run_left_is_owed_still_and_what_ended_meanwhile_is_not() {
    let mut c = Callbacks::default();
    c.put(
        at(0).mono,
        Owed {
            tries: 1,
            ..owed(1)
        },
    );
    assert_eq!(c.end(CallId(2)), None, "not known yet");
    let dialled = Owed {
        tries: 1,
        dialled: Some(at(0).wall),
        ..owed(3)
    };
    let owed = vec![owed(1), owed(2), dialled];
    let spoken = vec![("head/billing".to_owned(), at(0).wall, 59_000)];
    c.load(at(1).mono, OwedBefore { owed, spoken });
    assert_eq!(c.get(ONE).map(|o| o.tries), Some(1));
    assert_eq!(c.get(CallId(2)), None);
    assert_eq!(
        look(&mut c, 10, terms()),
        [Step::Join(ONE)],
        "the other was called just now"
    );
    assert_eq!(look(&mut c, 601, terms()), [Step::Join(CallId(3))]);
}

/// The first has said no and hears the last word while the second is asked.
#[test]
fn of_two_calls_for_the_same_caller_the_end_of_the_first_is_not_heeded() {
    let nobody = (CallbackTry::NobodyTook, 0);
    let mut c = Callbacks::default();
    c.put(at(0).mono, owed(1));
    look(&mut c, 0, terms());
    assert!(c.trying(ONE, CallId(9)) && c.trying(ONE, CallId(10)));
    assert_eq!(c.tried(at(20), (ONE, CallId(9)), nobody, 2), Tried::Owed);
    let closed = Terms {
        open: false,
        ..terms()
    };
    assert_eq!(look(&mut c, 30, closed), [], "they are still being tried");
    // Both have been asked.
    assert_eq!(c.tried(at(40), (ONE, CallId(10)), nobody, 2), Tried::Rests);
    assert_eq!(look(&mut c, 339, terms()), []);
    assert_eq!(look(&mut c, 340, terms()), [Step::Join(ONE)]);
}

#[test]
fn who_comes_where_nobody_was_is_rung_at_once_and_who_was_called_just_now_is_left_in_peace() {
    let mut c = Callbacks::default();
    c.put(at(0).mono, owed(1));
    c.put(
        at(0).mono,
        Owed {
            tries: 1,
            dialled: Some(at(0).wall),
            ..owed(2)
        },
    );
    assert_eq!(look(&mut c, 0, terms()), [Step::Join(ONE)]);
    c.stir(at(1).mono);
    assert!(!c.is_due(at(1).mono), "they are in the queue");
    c.turned_away(at(1).wall, ONE);
    assert_eq!(look(&mut c, 15, terms()), []);
    c.stir(at(20).mono);
    assert!(c.is_due(at(20).mono));
    assert_eq!(look(&mut c, 20, terms()), [Step::Join(ONE)]);
    c.put_off(at(21).wall, ONE);
    c.stir(at(22).mono);
    assert_eq!(look(&mut c, 22, terms()), [], "that is no matter of people");
    assert_eq!(look(&mut c, 81, terms()), [Step::Join(ONE)]);
}

#[test]
fn nobody_is_rung_for_a_caller_who_calls_us_themselves() {
    let mut c = Callbacks::default();
    let number = owed(1).wish.number;
    c.calls_again(at(0).mono, CallId(20), &number);
    assert!(!c.is_calling(&number), "nothing is owed to them");
    c.put(at(0).mono, owed(1));
    assert_eq!(look(&mut c, 0, terms()), [Step::Join(ONE)]);
    c.calls_again(at(2).mono, CallId(21), &number);
    assert!(c.is_due(at(2).mono) && c.is_calling(&number));
    assert_eq!(look(&mut c, 2, terms()), [Step::Leave(ONE)]);
    assert_eq!(look(&mut c, 17, terms()), []);
    c.hung_up(at(18).mono, CallId(21));
    assert!(!c.is_calling(&number));
    assert_eq!(look(&mut c, 18, terms()), [], "they have a moment");
    assert!(!c.is_due(at(22).mono) && c.is_due(at(23).mono));
    assert_eq!(look(&mut c, 23, terms()), [Step::Join(ONE)]);
    // The plan has it no more, and has it again.
    assert_eq!(c.look(at(24), &|_| None, &|_| false), [Step::Leave(ONE)]);
    assert_eq!(look(&mut c, 25, terms()), [Step::Join(ONE)]);
    assert!(c.trying(ONE, CallId(9)));
    c.set_aside(at(27), ONE);
    let nobody = (CallbackTry::NobodyTook, 0);
    assert_eq!(c.tried(at(28), (ONE, CallId(9)), nobody, 1), Tried::Owed);
    assert_eq!(look(&mut c, 28, terms()), [Step::Join(ONE)]);
}
