//! Any plan that passes the check brings every call to an end within the limits: random plans of menus,
//! announcements and queues, walked as the switch walks them by callers who press anything or nothing, and people
//! who answer or do not.

use crate::base::{
    Change::{Drop, Write},
    changed,
};
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};
use tandem_dialplan::{Arrival, Destination, Dialplan, MAX_HOPS, Moment, Plan, Via, render};

/// What leads where, by number: menus first, then announcements, then queues, then ends.
#[derive(Clone, Debug)]
struct Drawn {
    menus: Vec<(Vec<usize>, usize)>,
    announcements: Vec<usize>,
    queues: Vec<Vec<usize>>,
    start: usize,
    rules: Vec<(u32, usize)>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let to = 0usize..100;
    (
        prop::collection::vec((prop::collection::vec(to.clone(), 1..4), to.clone()), 0..4),
        prop::collection::vec(to.clone(), 0..4),
        prop::collection::vec(prop::collection::vec(to.clone(), 0..3), 0..3),
        to.clone(),
        prop::collection::vec((1u32..100, to), 0..3),
    )
        .prop_map(|(menus, announcements, queues, start, rules)| Drawn {
            menus,
            announcements,
            queues,
            start,
            rules,
        })
}

impl Drawn {
    fn name(&self, n: usize) -> String {
        let all: Vec<String> = (0..self.menus.len())
            .map(|i| format!("menu:m{i}"))
            .chain((0..self.announcements.len()).map(|i| format!("announce:a{i}")))
            .chain((0..self.queues.len()).map(|i| format!("queue:q{i}")))
            .chain([
                "hangup".to_owned(),
                "echo".to_owned(),
                "conference:3000".to_owned(),
            ])
            .collect();
        all[n % all.len()].clone()
    }

    fn text(&self) -> String {
        let mut out = format!(
            "numbers = [\"+442079460100\"]\nstart = {:?}\n[limits]\nmay_dial = [\"_2XX\"]\n",
            self.name(self.start)
        );
        for (share, to) in &self.rules {
            out += &format!("[[when]]\nshare = {share}\nstart = {:?}\n", self.name(*to));
        }
        for (i, (keys, otherwise)) in self.menus.iter().enumerate() {
            let keys: Vec<String> = keys
                .iter()
                .enumerate()
                .map(|(key, to)| format!("{key} = {:?}", self.name(*to)))
                .collect();
            out += &format!(
                "[menus.m{i}]\nprompt = \"Press a key.\"\nkeys = {{ {} }}\notherwise = {:?}\n",
                keys.join(", "),
                self.name(*otherwise)
            );
        }
        for (i, then) in self.announcements.iter().enumerate() {
            out += &format!(
                "[announcements.a{i}]\ntext = \"Hello.\"\nthen = {:?}\n",
                self.name(*then)
            );
        }
        for (i, otherwise) in self.queues.iter().enumerate() {
            let names: Vec<String> = otherwise.iter().map(|to| self.name(*to)).collect();
            out += &format!("[queues.q{i}]\nmembers = [\"ext:200\"]\notherwise = {names:?}\n");
        }
        out
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// A person, an echo, or goodbye.
    Well,
    /// Nobody took it, an apology.
    Sorry,
    /// More than [`MAX_HOPS`] destinations in a row that nobody chose.
    Limit,
    /// Still going on after all that the caller does.
    Never,
}

/// The switch's walk: `presses` are keys (9: none), `answers` whether people pick up, each used in turn.
fn walk(plan: &Dialplan, from: Destination, presses: &[u8], answers: &[bool]) -> End {
    let (mut presses, mut answers) = (presses.iter(), answers.iter());
    let mut at = (from, VecDeque::<Destination>::new());
    let mut hops = 0;
    for _ in 0..10_000 {
        hops += 1;
        if hops > MAX_HOPS {
            return End::Limit;
        }
        at = match at.0 {
            Destination::Menu(n) => {
                let menu = &plan.menus[&n];
                // Silence and wrong keys, as often as the menu bears them.
                let key = (0..=menu.retries).find_map(|_| {
                    let key = presses.next().copied().unwrap_or(9);
                    menu.keys.get(&char::from(b'0' + key))
                });
                hops = if key.is_some() { 0 } else { hops };
                (key.unwrap_or(&menu.otherwise).clone(), VecDeque::new())
            }
            Destination::Announce(n) => (plan.announcements[&n].then.clone(), VecDeque::new()),
            Destination::Queue(_) if answers.next() == Some(&true) => {
                return End::Well;
            }
            Destination::Queue(n) => {
                let mut then: VecDeque<Destination> = plan.queues[&n].otherwise.clone().into();
                then.extend(at.1);
                match then.pop_front() {
                    Some(next) => (next, then),
                    None => return End::Sorry,
                }
            }
            _ => return End::Well,
        };
    }
    End::Never
}

/// Whether somebody who presses the right keys gets out of there.
fn way_out(plan: &Dialplan, from: &Destination) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![from.clone()];
    while let Some(at) = next.pop() {
        if !seen.insert(at.clone()) {
            continue;
        }
        match &at {
            Destination::Menu(n) => {
                next.extend(plan.menus[n].keys.values().cloned());
                next.push(plan.menus[n].otherwise.clone());
            }
            Destination::Announce(n) => next.push(plan.announcements[n].then.clone()),
            _ => return true,
        }
    }
    false
}

/// Where calls to its number start, by caller.
fn starts(plan: &Plan) -> BTreeSet<Destination> {
    (0..60)
        .map(|n| {
            let caller = format!("+4420718387{n:02}");
            let arrival = Arrival {
                via: Via::Trunk("carrier"),
                called: "+442079460100",
                caller: &caller,
                id: "",
                attested: tandem_types::Attested::Unsigned,
                now: Moment::default(),
            };
            plan.route(&arrival).expect("a way").destination
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_call_ends_within_the_limits(
        drawn in drawn(),
        presses in prop::collection::vec(0u8..10, 0..30),
        answers in prop::collection::vec(any::<bool>(), 0..10),
    ) {
        let loaded = changed(&[Drop("dialplans/head.toml"), Write("dialplans/head.toml", drawn.text())]);
        let Ok((plan, warnings)) = loaded else {
            return Ok(()); // refused: no call is taken by it
        };
        let head = &plan.dialplans["head"];
        for start in starts(&plan) {
            // Whatever the caller and the people do, it ends.
            prop_assert_ne!(walk(head, start.clone(), &presses, &answers), End::Never);
            prop_assert!(way_out(head, &start), "no way out of {start}\n{}", drawn.text());
            if warnings.is_empty() {
                // What nobody was warned of also goes well for a caller who does nothing, with nobody there.
                let end = walk(head, start.clone(), &[], &[]);
                prop_assert!(end == End::Well, "{end:?} from {start}\n{}", drawn.text());
            } else {
                prop_assert!(!render(&warnings).is_empty());
            }
        }
    }
}

/// The random plans are worth something: many pass, many are warned of, many are refused.
#[test]
fn plans_of_each_kind_are_drawn() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut clean, mut warned, mut refused) = (0, 0, 0);
    for _ in 0..600 {
        let drawn = drawn().new_tree(&mut runner).expect("a plan").current();
        match changed(&[
            Drop("dialplans/head.toml"),
            Write("dialplans/head.toml", drawn.text()),
        ]) {
            Ok((_, warnings)) if warnings.is_empty() => clean += 1,
            Ok(_) => warned += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(
        clean > 20 && warned > 100 && refused > 20,
        "{clean} {warned} {refused}"
    );
}
