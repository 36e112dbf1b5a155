//! Callers who are called back are drawn as plots: it takes a caller who asks and is reachable, a person who answers, and the right key.

use super::{
    cast::CAST,
    draw::Dice,
    event::{Deed, Event, Manner, Whose},
    play::Stage,
};
use std::time::Duration;
use tandem_phone::State;

/// Who may be called back, and who calls: places in the cast.
const CALLERS: &[Whose] = &[0, 1];
const PEOPLE: [Whose; 2] = [5, 6];
/// What they are promised is said by then, and they are let go.
const PROMISED: u64 = 1300;

impl Dice {
    /// Somebody asks, and the person who is rung presses a key; or something comes between.
    pub(super) fn called_back(&mut self, stage: &Stage) -> Option<Vec<Event>> {
        let idle = |who: &Whose| stage.w.phone(stage.phones[*who]).state() == State::Idle;
        let callers: Vec<Whose> = CALLERS.iter().copied().filter(idle).collect();
        if callers.is_empty() {
            return None;
        }
        let who = self.of(&callers);
        debug_assert!(CAST[who].1.starts_with('+'));
        let mut plot = Vec::new();
        let mut then = |ms, deed| {
            let after = Duration::from_millis(ms);
            plot.push(Event { after, deed });
        };
        let answers = Manner::Answers(200 + self.up_to(300) as u32);
        for person in PEOPLE {
            let other = self.manner();
            let manner = self.weighted(vec![(3, answers), (1, other)]);
            then(0, Deed::Becomes(person, manner));
        }
        let other = self.manner();
        let theirs = self.weighted(vec![(3, answers), (2, other)]);
        then(0, Deed::Becomes(who, theirs));
        then(0, Deed::Calls(who, "2008"));
        let early = self.between(who);
        then(self.up_to(PROMISED), early);
        then(PROMISED + self.up_to(700), Deed::Nothing);
        for person in PEOPLE {
            let keys = self.of(&["1", "1", "1", "1", "2", "31"]);
            then(100 + self.up_to(200), Deed::Presses(person, keys));
        }
        let late = self.between(who);
        then(self.up_to(2500), late);
        then(self.up_to(2500), Deed::Nothing);
        let by = self.of(&[who, who, PEOPLE[0], PEOPLE[1]]);
        then(self.up_to(2500), Deed::HangsUp(by));
        Some(plot)
    }

    /// What comes between: mostly nothing.
    fn between(&mut self, who: Whose) -> Deed {
        let nth = self.up_to(3) as usize;
        let person = self.of(&PEOPLE);
        self.weighted(vec![
            (6, Deed::Nothing),
            (2, Deed::Restart),
            (1, Deed::HangsUp(who)),
            (1, Deed::HangsUp(person)),
            (1, Deed::Calls(who, "2003")),
            (1, Deed::CancelOne(nth)),
        ])
    }
}
