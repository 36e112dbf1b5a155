//! What happens next is drawn, at times, from where the transfers stand, so that the rare cells of their tables are entered as well;
//! and what takes several events to come about is begun as a plot.

use super::{
    cast::CAST,
    draw::Dice,
    event::{Deed, Event, Manner, Refer, Whose},
    play::Stage,
};
use std::time::Duration;
use tandem_call::cells::UnderWay;
use tandem_phone::State;
use tandem_types::Mono;

/// What is said for a transfer that is tried by REFER.
const VIEWING: &str = "i would like to book a viewing";
/// What is said for a warm one, and who is rung for it: places in the cast.
const WARM: &[(&str, &[Whose])] = &[
    ("my heating is broken", &[7, 8]),
    ("can I speak to a person", &[3, 4]),
    ("there is a gas leak", &[10]),
];
/// Long enough for people to answer, and press keys, before it is over.
const LONG: &str = "please put me through to the billing team";
/// Silence that ends a turn, and what the decision takes after it.
const DECIDED: u64 = 640;
/// Ends of a REFER that come with the first NOTIFY.
const AT_ONCE: &[&[(u32, u16)]] = &[
    &[(50, 200)],
    &[(200, 200)],
    &[(20, 486)],
    &[(300, 503)],
    &[(30, 1)],
    &[(200, 1)],
    &[(10, 100)],
    &[(10, 100), (900, 200)],
    &[(10, 180), (900, 1)],
];
/// How long before the total time somebody answers, in milliseconds: the brief, the wait for a key, the second question, and the wait
/// after that each have their turn of being cut short.
const BEFORE_THE_END: &[(u64, (u64, u64))] = &[
    (4, (100, 1400)),
    (2, (1500, 4000)),
    (9, (4000, 5800)),
    (2, (5800, 9000)),
];

/// Milliseconds from key 3 in the wait for a key to the middle of the second question: about 18 words, 3 s, and half of that.
const MORE: u64 = 4400;

/// In how many of ten events somebody acts on this row.
fn interest(row: &UnderWay) -> u64 {
    match row.state {
        "answered" | "answered, accepted" | "asking again" | "lost, not ready" => 9,
        "waiting, asked again" => 8,
        "telling" => 2,
        "waiting" => 6,
        "dialling" | "ringing" if !row.ready => 4,
        "talking" => 7,
        _ => 3,
    }
}

/// Milliseconds that a state lasts, roughly, if nothing happens: a total time that ends within them ends in it.
fn lasts(state: &str) -> u64 {
    match state {
        "telling" => 1500,
        "asking again" => 600,
        "waiting" | "waiting, asked again" | "ringing" => 3000,
        _ => 0,
    }
}

impl Dice {
    /// An event for a transfer that is under way.
    pub(super) fn steered(&mut self, stage: &Stage) -> Option<Event> {
        let rows = stage.w.under_way();
        // Who is not answered yet calls somebody straight, and nobody is briefed.
        let drawn = rows.iter().filter_map(|(caller, row)| {
            let caller = stage.phones.iter().position(|p| Some(*p) == *caller)?;
            Some((interest(row), (caller, row)))
        });
        let drawn: Vec<_> = drawn.collect();
        if drawn.is_empty() {
            return None;
        }
        let (caller, row) = self.weighted(drawn);
        if !self.chance(interest(row), 10) {
            return None;
        }
        if row.state == "talking" {
            self.plot = self.plotted(caller, stage).into();
            return self.plot.pop_front();
        }
        let callee = row.peer.as_ref().and_then(|user| {
            let is_theirs = |i: &Whose| CAST[*i].1 == user;
            let busy = |i: &Whose| stage.w.phone(stage.phones[*i]).state() != State::Idle;
            let all = || (0..CAST.len()).filter(is_theirs);
            all().find(busy).or_else(|| all().next())
        });
        let timed = self.timed(stage.w.now().mono, row, caller, callee);
        timed.or_else(|| {
            let deed = self.meets(row.state, row.ready, caller, callee)?;
            // A key takes its time to be sent, and is not cut short by what comes next.
            let after = Duration::from_millis(100 + self.up_to(150));
            Some(Event { after, deed })
        })
    }

    /// Something at, or with regard to, the end of a step or of it all.
    fn timed(
        &mut self,
        now: Mono,
        row: &UnderWay,
        caller: Whose,
        callee: Option<Whose>,
    ) -> Option<Event> {
        let ms = |at: Option<Mono>| at.map(|at| at.since(now).as_millis() as u64);
        if matches!(row.state, "sent" | "accepted") && self.chance(1, 2) {
            let (after, deed) = (2000 + self.up_to(9000), Deed::Nothing);
            let after = Duration::from_millis(after);
            return Some(Event { after, deed });
        }
        let (ends, left) = (ms(row.until), ms(row.over_at)?);
        match row.state {
            "ringing" if row.ready && self.chance(1, 2) => {
                let (from, to) = self.weighted(BEFORE_THE_END.to_vec());
                let before = from + self.up_to(to - from);
                let deed = Deed::Answers(callee?);
                let after = Duration::from_millis(left.checked_sub(before)?);
                if self.chance(1, 2) {
                    // Nobody does anything before that end.
                    self.plot.push_back(Event {
                        after: Duration::from_millis(before + 100),
                        deed: Deed::Nothing,
                    });
                }
                Some(Event { after, deed })
            }
            // It will end while they are asked again.
            "waiting" if (ends?..ends? + lasts("asking again")).contains(&left) => {
                let (after, deed) = (Duration::from_millis(left + 5), Deed::Nothing);
                Some(Event { after, deed })
            }
            "waiting" if (MORE..MORE + ends?).contains(&left) && self.chance(2, 3) => {
                self.plot.push_back(Event {
                    after: Duration::from_millis(MORE + 100),
                    deed: Deed::Nothing,
                });
                let (after, deed) = (left - MORE, Deed::Presses(callee?, "3"));
                let after = Duration::from_millis(after);
                Some(Event { after, deed })
            }
            state if left < lasts(state) && self.chance(2, 3) => {
                let (after, deed) = (Duration::from_millis(left + 5), Deed::Nothing);
                Some(Event { after, deed })
            }
            "waiting" if self.chance(3, 4) => {
                // Asked again, or waiting after that.
                let (state, later) = match self.chance(2, 5) {
                    true => ("waiting, asked again", lasts("asking again") + 100),
                    false => ("asking again", 0),
                };
                let deed = self.meets(state, true, caller, callee)?;
                let after = Duration::from_millis(ends? + 5 + later + self.up_to(250));
                Some(Event { after, deed })
            }
            _ => None,
        }
    }

    fn meets(
        &mut self,
        state: &str,
        ready: bool,
        caller: Whose,
        callee: Option<Whose>,
    ) -> Option<Deed> {
        let mut all = Vec::new();
        let mut add = |weight, deed: Option<Deed>| all.extend(deed.map(|d| (weight, d)));
        let press = |keys| callee.map(|who| Deed::Presses(who, keys));
        let star = Some(Deed::Presses(caller, "*"));
        let leaves = Some(Deed::HangsUp(caller));
        let gone = callee.map(Deed::HangsUp);
        let speaks = (!ready).then_some(Deed::Says(caller, LONG));
        match state {
            "dialling" => {
                add(2, star);
                add(1, callee.map(Deed::Answers));
                add(1, callee.map(Deed::Rings));
                add(2, speaks);
            }
            "ringing" => {
                add(2, star);
                add(4, callee.map(Deed::Answers));
                add(1, callee.map(|who| Deed::Rejects(who, 486)));
                add(6, speaks);
            }
            "answered" => {
                add(6, press("1"));
                for keys in ["2", "3", "5"] {
                    add(3, press(keys));
                }
                add(1, gone);
                add(1, leaves);
                add(1, star);
            }
            "lost, not ready" => {
                add(2, leaves);
                add(3, star);
                add(2, Some(Deed::Nothing));
            }
            "sent" | "accepted" => {
                add(1, leaves);
                add(9, Some(Deed::Nothing));
            }
            // Whoever has answered: telling, waiting, asking again, accepted before they could be told.
            _ => {
                for keys in ["1", "2", "3", "5"] {
                    add(3, press(keys));
                }
                add(1, press("4"));
                add(2, gone);
                add(2, leaves);
                add(3, star);
            }
        }
        (!all.is_empty()).then(|| self.weighted(all))
    }

    /// Several events, of which the last are met by something that the first have begun.
    pub(super) fn plotted(&mut self, who: Whose, stage: &Stage) -> Vec<Event> {
        let at_once = |deed| Event {
            after: Duration::ZERO,
            deed,
        };
        let phone = |who: Whose| stage.w.phone(stage.phones[who]);
        let mut plot = Vec::new();
        if stage.is_muted(who) {
            plot.push(at_once(Deed::Mute(who, false)));
        }
        if phone(who).on_hold() {
            plot.push(at_once(Deed::Resumes(who)));
        }
        let idle = |people: &&[Whose]| people.iter().any(|p| phone(*p).state() == State::Idle);
        let warm: Vec<_> = WARM.iter().filter(|w| idle(&w.1)).collect();
        let words = if warm.is_empty() || self.chance(1, 3) {
            plot.extend(self.refer_deeds(who).map(at_once));
            VIEWING
        } else {
            let (words, people) = *self.of(&warm);
            let time = self.up_to(1200) as u32;
            let manner = self.weighted(vec![
                (6, Manner::Answers(400 + time)),
                (2, Manner::Waits),
                (1, Manner::Busy),
            ]);
            plot.extend(people.iter().map(|p| at_once(Deed::Becomes(*p, manner))));
            words
        };
        plot.push(at_once(Deed::Says(who, words)));
        // It is decided before anything else happens. One in two goes on speaking while it is announced.
        let after = tandem_sim::sound::uttered(words)
            + stage.w.script.stt_after
            + Duration::from_millis(DECIDED + self.up_to(200));
        let deed = match words != VIEWING && self.chance(1, 2) {
            true => Deed::Says(who, LONG),
            false => Deed::Nothing,
        };
        plot.push(Event { after, deed });
        plot
    }

    /// A REFER whose end is drawn, and whose answer comes after it as often as not.
    fn refer_deeds(&mut self, who: Whose) -> [Deed; 2] {
        let (at_once, status) = (self.of(AT_ONCE), self.of(&[302, 403, 405, 503, 603]));
        let time = self.up_to(4000) as u32;
        let refer = self.weighted(vec![
            (9, Refer::Notifies(at_once)),
            (2, Refer::Refuses(status)),
            (4, Refer::Ignores),
            (1, Refer::AcceptsThenBye(time)),
        ]);
        let late = self.weighted(vec![(2, 0), (3, 3000 + time)]);
        [Deed::Follows(who, refer), Deed::LateAnswer(late)]
    }
}
