//! The table of the machine, cell by cell; then what several legs and rounds do.

use super::*;

fn at(ms: u64) -> Mono {
    Mono(ms * 1_000_000)
}

fn leg(index: u32) -> LegId {
    LegId {
        call: tandem_types::CallId(7),
        index,
    }
}

fn ext(number: &str) -> Destination {
    format!("ext:{number}").parse().expect("a destination")
}

fn rules() -> Rules {
    Rules {
        ring: Duration::from_secs(10),
        answer_wait: Duration::from_secs(5),
        attempts: 2,
        total: Duration::from_secs(60),
        accept_key: '1',
        decline_key: '2',
        more_key: '3',
        briefed: true,
        queue_key: None,
        queue_is_this: false,
        stands: false,
    }
}

fn said(output: &Output) -> String {
    match output {
        Output::Dial { target, attempt } => format!("dial {target} {attempt}"),
        Output::Ringing => "ringing".into(),
        Output::Answered { leg } => format!("answered {}", leg.index),
        Output::Tell { leg, part } => format!("tell {} {part:?}", leg.index),
        Output::Hush { leg } => format!("hush {}", leg.index),
        Output::Hang { leg, reason } => format!("hang {} {reason:?}", leg.index),
        Output::AttemptFailed { end, .. } => format!("failed {:?}", end.reason),
        Output::Join { leg, by } => format!("join {} {by}", leg.index),
        Output::SendOn => "send on".into(),
        Output::GaveUp { end } => format!("gave up {:?}", end.reason),
        Output::Dismiss { leg, part, reason } => {
            format!("dismiss {} {part:?} {reason:?}", leg.index)
        }
    }
}

/// The machine, and what it said.
#[derive(Clone)]
struct Bench {
    reach: Reach,
    now: Mono,
}

impl Bench {
    fn start(rules: Rules, rounds: &[&[&str]]) -> Self {
        Self::start_when(true, rules, rounds)
    }

    fn start_when(ready: bool, rules: Rules, rounds: &[&[&str]]) -> Self {
        let rounds = rounds.iter().map(|r| r.iter().map(|n| ext(n)).collect());
        Self {
            reach: Reach::start(at(0), rules, rounds.collect(), ready),
            now: at(0),
        }
    }

    fn all(&mut self) -> String {
        let said: Vec<String> = std::iter::from_fn(|| self.reach.poll_output())
            .map(|o| said(&o))
            .collect();
        said.join(", ")
    }

    fn takes(&mut self, input: Input) -> String {
        self.reach.handle_input(self.now, input);
        self.all()
    }

    fn dialled(&mut self, legs: &[u32]) -> String {
        let legs = legs.iter().map(|i| leg(*i)).collect();
        self.reach.dialled(self.now, Ok(legs));
        self.all()
    }

    fn no_way(&mut self, reason: Reason) -> String {
        let end = Termination::new(Party::Gateway, reason);
        self.reach.dialled(self.now, Err(end));
        self.all()
    }

    fn after(&mut self, ms: u64) -> String {
        self.now = self.now + Duration::from_millis(ms);
        self.reach.handle_timeout(self.now);
        self.all()
    }

    fn due_in(&self) -> Option<u64> {
        let (due, _) = self.reach.poll_timeout()?;
        Some(due.since(self.now).as_millis() as u64)
    }

    fn step(&self) -> &'static str {
        self.reach.legs.first().map_or("-", |c| c.step.name())
    }
}

fn gone(index: u32) -> Input {
    Input::Gone(leg(index), Termination::new(Party::Callee, Reason::Busy))
}

/// One leg in each of its steps, and the time that the step has. All but those of the first two that wait for `Ready` are ready.
fn steps() -> Vec<(Bench, Option<u64>)> {
    let begin = |ready| {
        let mut b = Bench::start_when(ready, rules(), &[&["201"], &["202"]]);
        assert_eq!(b.all(), "dial ext:201 1");
        assert_eq!(b.dialled(&[1]), "");
        b
    };
    let dialling = begin(true);
    let mut ringing = dialling.clone();
    ringing.takes(Input::Rang(leg(1)));
    let mut answered = begin(false);
    assert_eq!(answered.takes(Input::Answered(leg(1))), "answered 1");
    let mut accepted = answered.clone();
    accepted.takes(Input::Key(leg(1), '1'));
    let mut telling = ringing.clone();
    telling.takes(Input::Answered(leg(1)));
    let mut waiting = telling.clone();
    waiting.takes(Input::Told(leg(1)));
    let mut asking = waiting.clone();
    asking.after(5000);
    let mut waiting_again = asking.clone();
    waiting_again.takes(Input::Told(leg(1)));
    vec![
        (dialling, Some(12_000)),
        (ringing, Some(10_000)),
        (answered, None),
        (accepted, None),
        (telling, None),
        (waiting, Some(5000)),
        (asking, None),
        (waiting_again, Some(5000)),
    ]
}

const NEXT: &str = "dial ext:202 2";

/// What an input makes a leg do, and the step it is in then.
type Cell = (String, &'static str);

/// The columns: 18x, 2xx, gone, key to take, not now, more, another key, told, ready, caller gone, abandoned, its time.
fn table() -> Vec<(&'static str, [Cell; 12])> {
    let s = |text: &str, step| (text.replace("NEXT", NEXT), step);
    let lost = || s("failed Busy, NEXT", "-");
    let before = |name: &'static str, rang| {
        let no = || s("", name);
        let answered = s("answered 1, tell 1 Brief", "telling");
        let dropped = s("hang 1 Cancelled", "-");
        let abandoned = s("hang 1 Cancelled, gave up Cancelled", "-");
        let rang_out = s("hang 1 NoAnswer, failed NoAnswer, NEXT", "-");
        [
            rang,
            answered,
            lost(),
            no(),
            no(),
            no(),
            no(),
            no(),
            no(),
            dropped,
            abandoned,
            rang_out,
        ]
    };
    let after = |name: &'static str, keys: [Cell; 3], told, ready, time| {
        let no = || s("", name);
        let [take, not_now, more] = keys;
        let left = s("hush 1, dismiss 1 CallerLeft Cancelled", "-");
        let stays = s(
            "hush 1, dismiss 1 CallerStays Cancelled, gave up Cancelled",
            "-",
        );
        [
            no(),
            no(),
            lost(),
            take,
            not_now,
            more,
            no(),
            told,
            ready,
            left,
            stays,
            time,
        ]
    };
    let declined = || s("hush 1, hang 1 Declined, failed Declined, NEXT", "-");
    let unready = |name: &'static str, ready| {
        let no = || s("", name);
        let keys = [s("", "answered, accepted"), declined(), no()];
        after(name, keys, no(), ready, no())
    };
    let briefed = |name: &'static str, told, time| {
        let taken = s("hush 1, join 1 key 1", "-");
        let more = s("hush 1, tell 1 More", "telling");
        after(
            name,
            [taken, declined(), more],
            s("", told),
            s("", name),
            time,
        )
    };
    let silent = s("hang 1 Silent, failed Silent, NEXT", "-");
    vec![
        ("dialling", before("dialling", s("ringing", "ringing"))),
        ("ringing", before("ringing", s("", "ringing"))),
        (
            "answered",
            unready("answered", s("tell 1 Brief", "telling")),
        ),
        (
            "answered, accepted",
            unready("answered, accepted", s("join 1 key 1", "-")),
        ),
        ("telling", briefed("telling", "waiting", s("", "telling"))),
        (
            "waiting",
            briefed("waiting", "waiting", s("tell 1 AskAgain", "asking again")),
        ),
        (
            "asking again",
            briefed("asking again", "waiting, asked again", s("", "")),
        ),
        (
            "waiting, asked again",
            briefed("waiting, asked again", "waiting, asked again", silent),
        ),
    ]
}

#[test]
fn every_cell_is_as_the_table_says() {
    let inputs = [
        Input::Rang(leg(1)),
        Input::Answered(leg(1)),
        gone(1),
        Input::Key(leg(1), '1'),
        Input::Key(leg(1), '2'),
        Input::Key(leg(1), '3'),
        Input::Key(leg(1), '5'),
        Input::Told(leg(1)),
        Input::Ready,
        Input::CallerGone,
        Input::Abandon,
    ];
    for ((bench, time), (name, row)) in steps().into_iter().zip(table()) {
        assert_eq!(bench.step(), name);
        for (n, (expected, then)) in row.iter().enumerate() {
            let mut b = bench.clone();
            let found = match (inputs.get(n), time) {
                (Some(input), _) => b.takes(*input),
                (None, Some(time)) => {
                    assert_eq!(b.due_in(), Some(time), "{name}");
                    assert_eq!(b.after(time - 1), "", "{name}: early");
                    b.after(1)
                }
                (None, None) => continue,
            };
            assert_eq!(
                (found.as_str(), b.step()),
                (expected.as_str(), *then),
                "{name}, {n}"
            );
        }
    }
}

#[test]
fn the_total_time_ends_each_step() {
    for (bench, _) in steps() {
        let mut b = bench.clone();
        let rest = at(60_000).since(b.now).as_millis() as u64;
        let ends = match bench.step() {
            "dialling" | "ringing" => "hang 1 NoAnswer, failed NoAnswer, gave up NoAnswer",
            "answered" | "answered, accepted" => {
                "hush 1, dismiss 1 TooLate NoAnswer, failed NoAnswer"
            }
            _ => "hush 1, dismiss 1 TooLate NoAnswer, failed NoAnswer, gave up NoAnswer",
        };
        assert_eq!(b.after(rest), ends, "{}", bench.step());
        assert_eq!(b.reach.poll_timeout(), None);
    }
    let telling = &steps()[4].0;
    assert_eq!(
        telling.due_in(),
        Some(60_000),
        "a brief has no time of its own"
    );
}

#[test]
fn what_nobody_takes_before_it_is_announced_is_said_after_that() {
    let mut b = Bench::start_when(false, rules(), &[&["201"]]);
    b.all();
    assert_eq!(b.no_way(Reason::Unreachable), "failed Unreachable");
    assert_eq!(b.reach.poll_timeout(), None);
    assert_eq!(b.takes(gone(1)), "");
    let lost = b.clone();
    assert_eq!(b.takes(Input::Ready), "gave up Unreachable");
    assert_eq!(b.takes(Input::Ready), "", "once");
    let mut b = lost.clone();
    assert_eq!(b.takes(Input::Abandon), "gave up Cancelled");
    let mut b = lost.clone();
    assert_eq!(b.takes(Input::CallerGone), "");
    assert_eq!(b.takes(Input::Ready), "", "nobody is left to be told");
}

#[test]
fn once_ready_whoever_accepted_is_joined_and_the_others_are_told_so() {
    let mut b = Bench::start_when(false, rules(), &[&["201", "202"]]);
    b.all();
    b.dialled(&[1, 2, 3]);
    b.dialled(&[]);
    b.takes(Input::Answered(leg(1)));
    b.takes(Input::Answered(leg(2)));
    b.takes(Input::Key(leg(2), '1'));
    assert_eq!(
        b.takes(Input::Ready),
        "hush 1, dismiss 1 TakenElsewhere ElsewhereAnswered, hang 3 ElsewhereAnswered, join 2 key 1"
    );
}

#[test]
fn where_there_is_no_brief_the_answer_takes_the_caller() {
    let plain = Rules {
        briefed: false,
        ..rules()
    };
    let mut b = Bench::start(plain, &[&["201"]]);
    b.dialled(&[1]);
    assert!(b.reach.has(leg(1)) && !b.reach.has(leg(2)));
    assert_eq!(b.takes(Input::Rang(leg(1))), "ringing");
    assert_eq!(
        b.takes(Input::Answered(leg(1))),
        "answered 1, join 1 answer"
    );
    assert_eq!(b.takes(gone(1)), "");
    assert!(!b.reach.has(leg(1)));
}

#[test]
fn of_several_that_ring_the_first_to_accept_wins() {
    let mut b = Bench::start(rules(), &[&["201", "202"], &["203"]]);
    assert_eq!(b.all(), "dial ext:201 1, dial ext:202 1");
    assert_eq!(b.dialled(&[1, 2]), "");
    assert_eq!(b.dialled(&[3]), "");
    assert_eq!(b.takes(Input::Rang(leg(2))), "ringing");
    assert_eq!(b.takes(Input::Rang(leg(1))), "", "told once");
    assert_eq!(b.takes(Input::Answered(leg(3))), "answered 3, tell 3 Brief");
    assert_eq!(b.takes(gone(1)), "failed Busy", "the others ring on");
    let won = b.takes(Input::Key(leg(3), '1'));
    assert_eq!(won, "hush 3, hang 2 ElsewhereAnswered, join 3 key 1");
}

#[test]
fn the_next_round_begins_when_nobody_is_left_of_this_one() {
    let mut b = Bench::start(rules(), &[&["201", "202"], &["203"], &["204"]]);
    b.all();
    assert_eq!(
        b.no_way(Reason::Unreachable),
        "failed Unreachable",
        "one is still to be dialled"
    );
    assert_eq!(b.dialled(&[1, 2]), "");
    assert_eq!(b.takes(gone(1)), "failed Busy");
    assert_eq!(b.takes(gone(2)), "failed Busy, dial ext:203 2");
    assert_eq!(
        b.no_way(Reason::Capacity),
        "failed Capacity, gave up Capacity",
        "two attempts, no third"
    );
}

#[test]
fn without_anybody_it_gives_up_at_once() {
    let mut b = Bench::start(rules(), &[]);
    assert_eq!(b.all(), "gave up Unreachable");
    assert_eq!(b.reach.poll_timeout(), None);
}

#[test]
fn when_the_caller_leaves_those_who_ring_are_cancelled_and_those_who_answered_are_told() {
    let mut b = Bench::start(rules(), &[&["201", "202", "203"]]);
    b.all();
    b.dialled(&[1]);
    b.dialled(&[2]);
    b.dialled(&[3]);
    b.takes(Input::Rang(leg(1)));
    b.takes(Input::Answered(leg(2)));
    b.takes(Input::Answered(leg(3)));
    b.takes(Input::Told(leg(3)));
    assert_eq!(
        b.takes(Input::CallerGone),
        "hang 1 Cancelled, hush 2, dismiss 2 CallerLeft Cancelled, hush 3, dismiss 3 CallerLeft Cancelled"
    );
    assert_eq!(b.takes(Input::CallerGone), "");
    assert_eq!(b.after(60_000), "");
}

#[test]
fn legs_have_their_times_apart() {
    let mut b = Bench::start(rules(), &[&["201", "202"], &["203"]]);
    b.all();
    b.dialled(&[1, 2]);
    b.dialled(&[]);
    b.takes(Input::Rang(leg(2)));
    assert_eq!(b.due_in(), Some(10_000), "the earliest");
    assert_eq!(b.after(10_000), "hang 2 NoAnswer, failed NoAnswer");
    assert_eq!(b.due_in(), Some(2_000));
    assert_eq!(
        b.after(2_000),
        "hang 1 NoAnswer, failed NoAnswer, dial ext:203 2"
    );
}

/// Without a 18x the ring time counts from the INVITE on, and a short one leaves a mobile its time to ring.
#[test]
fn a_far_end_that_never_rings_has_its_ring_time_all_the_same() {
    for (ring, due) in [(5, 12_000), (15, 15_000), (40, 40_000)] {
        let ring = Duration::from_secs(ring);
        let mut b = Bench::start(Rules { ring, ..rules() }, &[&["201"]]);
        b.all();
        b.dialled(&[1]);
        assert_eq!(b.due_in(), Some(due));
        b.after(4_000);
        b.takes(Input::Rang(leg(1)));
        assert_eq!(
            b.due_in(),
            Some(ring.as_millis() as u64),
            "from the first 18x"
        );
    }
}

#[test]
fn a_leg_of_another_call_is_none_of_ours() {
    let (mut b, _) = steps().remove(4);
    assert_eq!(b.takes(Input::Key(leg(9), '1')), "");
    assert_eq!(b.takes(gone(9)), "");
}

mod seen;
mod standing;
