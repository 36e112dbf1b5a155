//! The machine alone: who is rung for whom, and who is left in peace.

use super::*;

fn at(secs: u64) -> Mono {
    Mono(secs * 1_000_000_000)
}

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn ext(number: &str) -> Destination {
    Destination::Ext(number.to_owned())
}

fn ticket(queue: &str, strategy: Strategy, members: &[&str]) -> Ticket {
    Ticket {
        queue: queue.to_owned(),
        members: members
            .iter()
            .map(|m| Member {
                person: (*m).to_owned(),
                target: ext(m),
                registers: true,
            })
            .collect(),
        strategy,
        max_waiting: None,
        after_call: Duration::ZERO,
        ring_again: secs(15),
        pause_after: 2,
    }
}

/// The machine, the phones that are registered, and the time.
struct Bench {
    queues: Queues,
    there: Vec<&'static str>,
    now: Mono,
}

impl Bench {
    fn new(there: &[&'static str]) -> Self {
        Self {
            queues: Queues::default(),
            there: there.to_vec(),
            now: at(100),
        }
    }

    fn joins(&mut self, call: u128, ticket: &Ticket) -> Result<u32, QueueEnd> {
        let there = self.there.clone();
        let present = |p: &str| there.contains(&p);
        self.queues
            .join((self.now, self.now), CallId(call), ticket.clone(), &present)
    }

    /// What calls are told to do: `1 rings 201+202`, `1 away TooLong`.
    fn orders(&mut self) -> Vec<String> {
        let there = self.there.clone();
        let present = |p: &str| there.contains(&p);
        let mut all = Vec::new();
        while let Some(order) = self.queues.poll_order(self.now, &present) {
            all.push(match order {
                Order::Ring(call, targets) => {
                    let numbers = targets.iter().map(|t| t.to_string().replace("ext:", ""));
                    format!("{} rings {}", call.0, numbers.collect::<Vec<_>>().join("+"))
                }
                Order::TurnAway(call, end) => format!("{} away {end:?}", call.0),
            });
        }
        all
    }

    fn talks(&mut self, call: u128, who: &[(&str, bool)]) {
        let who = who.iter().copied();
        self.queues.in_call(self.now, CallId(call), who);
    }

    /// They take the caller for whom they are rung, and the phone is in that call.
    fn takes(&mut self, call: u128, person: &str) {
        self.talks(call, &[(person, true)]);
        self.queues.taken(self.now, CallId(call), &ext(person));
    }

    fn over(&mut self, call: u128) {
        self.queues.forget(self.now, CallId(call));
    }

    fn later(&mut self, n: u64) {
        self.now = self.now + secs(n);
        self.queues.handle_timeout(self.now);
    }

    fn misses(&mut self, call: u128, person: &str, how: Missed) -> Option<String> {
        let person = ext(person);
        self.queues.missed(self.now, CallId(call), &person, how)
    }
}

#[test]
fn whoever_has_waited_longest_is_served_first() {
    let mut b = Bench::new(&["201"]);
    let t = ticket("d/q", Strategy::InOrder, &["201"]);
    b.talks(9, &[("201", true)]);
    assert_eq!(b.joins(1, &t), Ok(1));
    b.later(1);
    assert_eq!(b.joins(2, &t), Ok(2));
    b.later(1);
    assert_eq!(b.joins(3, &t), Ok(3));
    assert_eq!(b.orders(), [""; 0], "201 is in a call");
    b.over(9);
    assert_eq!(b.orders(), ["1 rings 201"]);
    assert_eq!(b.queues.position(CallId(2)), Some(2));
    b.takes(1, "201");
    assert_eq!(b.queues.position(CallId(2)), Some(1));
    b.over(2); // hangs up while waiting
    assert_eq!(b.queues.position(CallId(3)), Some(1));
    b.over(1);
    assert_eq!(b.orders(), ["3 rings 201"]);
}

#[test]
fn each_strategy_rings_whom_it_says() {
    let rung = |strategy, times: usize| {
        let mut b = Bench::new(&["201", "202", "203"]);
        let t = ticket("d/q", strategy, &["201", "202", "203"]);
        let mut all = Vec::new();
        for call in 1..=times as u128 {
            let _ = b.joins(call, &t);
            for order in b.orders() {
                let who = order.split(" rings ").nth(1).unwrap_or_default().to_owned();
                let first = who.split('+').next().unwrap_or_default().to_owned();
                all.push(who);
                b.takes(call, &first);
            }
            b.later(10);
            b.over(call);
            b.later(1);
        }
        all
    };
    assert_eq!(rung(Strategy::InOrder, 3), ["201", "201", "201"]);
    assert_eq!(rung(Strategy::RingAll, 2), ["201+202+203"; 2]);
    let in_turn = ["201", "202", "203", "201"];
    assert_eq!(rung(Strategy::RoundRobin, 4), in_turn);
    assert_eq!(rung(Strategy::LongestIdle, 4), in_turn);
}

#[test]
fn the_longest_idle_is_whoever_hung_up_first_and_ringing_alone_changes_nothing() {
    let mut b = Bench::new(&["201", "202"]);
    let t = ticket("d/q", Strategy::LongestIdle, &["201", "202"]);
    assert!(b.joins(1, &t).is_ok() && b.joins(2, &t).is_ok());
    assert_eq!(b.orders(), ["1 rings 201", "2 rings 202"]);
    b.takes(1, "201");
    b.takes(2, "202");
    b.over(2);
    b.later(5);
    b.over(1);
    b.later(5);
    // 202 is rung by somebody else in vain, and is still the one who has been idle longer.
    b.talks(7, &[("202", false)]);
    b.over(7);
    assert!(b.joins(3, &t).is_ok());
    assert_eq!(b.orders(), ["3 rings 202"]);
}

#[test]
fn a_person_in_two_queues_is_rung_for_one_caller_at_a_time() {
    let mut b = Bench::new(&["201"]);
    assert!(
        b.joins(1, &ticket("d/a", Strategy::InOrder, &["201"]))
            .is_ok()
    );
    b.later(1);
    assert!(
        b.joins(2, &ticket("d/b", Strategy::RingAll, &["201"]))
            .is_ok()
    );
    assert_eq!(b.orders(), ["1 rings 201"]);
    // Who waits longest has them, whichever queue that is in.
    b.takes(1, "201");
    assert_eq!(b.orders(), [""; 0]);
    b.over(1);
    assert_eq!(b.orders(), ["2 rings 201"]);
    b.queues.leave(CallId(2));
    assert_eq!(b.orders(), [""; 0]);
}

#[test]
fn who_declines_is_left_in_peace_and_the_caller_keeps_the_place() {
    let mut b = Bench::new(&["201", "202"]);
    let t = ticket("d/q", Strategy::InOrder, &["201", "202"]);
    assert!(b.joins(1, &t).is_ok());
    assert_eq!(b.orders(), ["1 rings 201"]);
    assert!(b.joins(2, &t).is_ok());
    assert_eq!(b.orders(), ["2 rings 202"]);
    assert_eq!(b.misses(2, "202", Missed::Refused), None);
    assert_eq!(b.misses(1, "201", Missed::Refused), None);
    assert_eq!(b.orders(), [""; 0]);
    assert_eq!(b.queues.poll_timeout().map(|t| t.0), Some(b.now + secs(15)));
    b.later(14);
    assert_eq!(b.orders(), [""; 0]);
    b.later(1);
    assert_eq!(b.orders(), ["1 rings 201", "2 rings 202"]);
}

#[test]
fn who_does_not_answer_twice_is_paused_and_then_nobody_is_there() {
    let mut b = Bench::new(&["201"]);
    let t = ticket("d/q", Strategy::InOrder, &["201"]);
    assert!(b.joins(1, &t).is_ok());
    assert_eq!(b.orders(), ["1 rings 201"]);
    assert_eq!(b.misses(1, "201", Missed::Unanswered), None);
    b.later(15);
    assert_eq!(b.orders(), ["1 rings 201"]);
    assert_eq!(b.misses(1, "201", Missed::Unanswered), Some("201".into()));
    assert_eq!(b.orders(), ["1 away NobodyThere"]);
    assert_eq!(b.joins(2, &t), Err(QueueEnd::NobodyThere));
    // They call somebody: they are back.
    b.talks(7, &[("201", true)]);
    assert_eq!(b.joins(3, &t), Ok(1));
    b.over(7);
    b.later(15);
    assert_eq!(b.orders(), ["3 rings 201"]);
    // Whoever said so themselves is not.
    b.queues.leave(CallId(3));
    assert!(b.queues.pause("201", true));
    b.talks(7, &[("201", true)]);
    assert_eq!(b.joins(4, &t), Err(QueueEnd::NobodyThere));
    assert!(b.queues.pause("201", false));
    assert_eq!(b.joins(4, &t), Ok(1));
}

#[test]
fn a_declined_call_between_two_unanswered_ones_pauses_nobody() {
    let mut b = Bench::new(&["201"]);
    assert!(
        b.joins(1, &ticket("d/q", Strategy::InOrder, &["201"]))
            .is_ok()
    );
    for how in [Missed::Unanswered, Missed::Refused, Missed::Unanswered] {
        assert_eq!(b.orders(), ["1 rings 201"]);
        assert_eq!(b.misses(1, "201", how), None);
        b.later(15);
    }
    assert_eq!(b.orders(), ["1 rings 201"]);
}

#[test]
fn work_after_a_call_is_not_interrupted() {
    let mut b = Bench::new(&["201"]);
    let mut t = ticket("d/q", Strategy::InOrder, &["201"]);
    t.after_call = secs(30);
    assert!(b.joins(1, &t).is_ok());
    assert_eq!(b.orders(), ["1 rings 201"]);
    b.takes(1, "201");
    assert!(b.joins(2, &t).is_ok());
    b.later(60);
    b.over(1);
    assert_eq!(b.orders(), [""; 0]);
    b.later(29);
    assert_eq!(b.orders(), [""; 0]);
    b.later(1);
    assert_eq!(b.orders(), ["2 rings 201"]);
    // A call of their own leaves no such work.
    b.queues.leave(CallId(2));
    b.talks(8, &[("201", true)]);
    b.over(8);
    assert!(b.joins(3, &t).is_ok());
    assert_eq!(b.orders(), ["3 rings 201"]);
}

#[test]
fn when_the_last_phone_is_gone_everybody_is_turned_away() {
    let mut b = Bench::new(&["201"]);
    let t = ticket("d/q", Strategy::InOrder, &["201", "202"]);
    b.talks(9, &[("201", true)]);
    assert!(b.joins(1, &t).is_ok() && b.joins(2, &t).is_ok());
    assert_eq!(b.orders(), [""; 0]);
    b.there.clear();
    b.queues.stir();
    assert_eq!(b.orders(), [""; 0], "whoever is in a call is there");
    b.over(9);
    assert_eq!(b.orders(), ["1 away NobodyThere", "2 away NobodyThere"]);
    b.there.push("202");
    b.queues.stir();
    assert_eq!(b.joins(3, &t), Ok(1));
    assert_eq!(b.orders(), ["3 rings 202"]);
}

#[test]
fn a_full_queue_and_a_closing_one_let_nobody_in() {
    let mut b = Bench::new(&["201"]);
    let mut t = ticket("d/q", Strategy::InOrder, &["201"]);
    t.max_waiting = Some(1);
    assert_eq!(b.joins(1, &t), Ok(1));
    assert_eq!(b.joins(2, &t), Err(QueueEnd::Full));
    assert_eq!(b.orders(), ["1 rings 201"]);
    b.queues.close();
    assert_eq!(
        b.orders(),
        [""; 0],
        "a last chance for whom somebody is rung"
    );
    assert_eq!(b.joins(3, &t), Err(QueueEnd::Closing));
    assert_eq!(b.misses(1, "201", Missed::Refused), None);
    assert_eq!(b.orders(), ["1 away Closing"]);
}

#[test]
fn the_usual_wait_is_told_once_it_is_known() {
    let mut b = Bench::new(&["201"]);
    let t = ticket("d/q", Strategy::InOrder, &["201"]);
    for (call, wait) in [(1, 30), (2, 60), (3, 90)] {
        assert_eq!(b.queues.usual_wait(&"d/q".to_owned()), None);
        assert!(b.joins(call, &t).is_ok());
        assert_eq!(b.orders().len(), 1);
        b.later(wait);
        b.takes(call, "201");
        b.over(call);
    }
    assert_eq!(b.queues.usual_wait(&"d/q".to_owned()), Some(secs(60)));
}
