//! Callers who are to be called back: when a person is to be rung for each, and when it is done, or given up.
//!
//! ```text
//!   asked, loaded --> Waiting --the hours are open, minutes are left, `every` since the last try--> InLine
//!                      ^   ^                                                                        |   |
//!                      |   '--- closed, the minutes are spent, they call us themselves -------------'   | a person is rung
//!                      |                                                              Nobody <------'   v
//!                      '--- the caller did not answer; everybody said no -------------------------- Trying
//!                                                        InLine <--no person took it-----------------'
//!   Nobody (is there, or the queue is full): as Waiting, and looked at again whenever a person comes or goes
//!   they spoke: Done; rung `attempts` times: GivenUp; after `keep`: Expired; by an admin, or served in a call of their own: Cancelled
//! ```
//!
//! After a person's "no" the next one is asked while the first hears the last word: of two calls for the same caller only the one that
//! was begun last is heeded.
//!
//! Who is rung, and when, is the queue's affair ([`crate::queues`]), where the caller keeps the place of somebody who waits there. The
//! rows in the database say the same as this, from the journal. A try that dies with the process is tried again.

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tandem_types::{
    CallId, Mono, Now, Wall,
    journal::{CallbackEnd, CallbackTry, CallbackWish},
};

/// Hours and minutes are looked at this often.
const LOOK: Duration = Duration::from_secs(15);
/// Where nobody is there who takes calls, it is seen again after so long.
const NOBODY: Duration = Duration::from_secs(60);
/// Who has hung up just now, in a call of their own, is not called before that: a phone that rang for them is free then, too.
const SETTLES: Duration = Duration::from_secs(5);
/// People who have all said no are not asked again before that.
const REST: Duration = Duration::from_secs(300);

/// A caller who is to be called back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// The call in which they asked.
    pub callback: CallId,
    /// What they asked for.
    pub wish: CallbackWish,
    /// When.
    pub asked: Wall,
    /// How often their phone was rung.
    pub tries: u32,
    /// When it was rung last.
    pub dialled: Option<Wall>,
}

/// What earlier runs left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedBefore {
    /// Who is still to be called back.
    pub owed: Vec<Owed>,
    /// Speech with those who were, by callback: when, and milliseconds.
    pub spoken: Vec<(String, Wall, u64)>,
}

/// A callback of the plan at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The hours are open, and the plan allows that the number is called.
    pub(crate) open: bool,
    pub(crate) attempts: u32,
    pub(crate) every: Duration,
    pub(crate) keep: Duration,
    /// Of speech a day.
    pub(crate) most: Option<Duration>,
    /// Since then.
    pub(crate) midnight: Wall,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// They wait in the queue from now on.
    Join(CallId),
    /// They do not, for now.
    Leave(CallId),
    /// It is over.
    End(CallId, CallbackEnd),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Waiting {
        not_before: Wall,
    },
    /// The queue did not take them.
    Nobody {
        not_before: Wall,
    },
    InLine,
    Trying(CallId),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Due {
    owed: Owed,
    state: State,
    /// Tries in a row that no person took.
    in_vain: usize,
}

/// What a try has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// Others are asked, or it is another time's.
    Owed,
    /// Everybody was asked: they do not wait in the queue for a while.
    Rests,
    /// All that was owed is done.
    Done,
}

/// The machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Callbacks {
    /// By the calls in which they asked, whose ids are in the order of time.
    due: BTreeMap<CallId, Due>,
    /// What was spoken: which callback, when, how long.
    spoken: Vec<(String, Wall, u64)>,
    /// Calls of their own of those who are to be called back: the number, and when it was over.
    calling: BTreeMap<CallId, (String, Option<Mono>)>,
    /// Somebody may be there now.
    stirred: bool,
    /// Ended before those of earlier runs were there.
    gone: BTreeSet<CallId>,
    loaded: bool,
    look_at: Option<Mono>,
}

impl Callbacks {
    /// A caller has asked.
    pub(crate) fn put(&mut self, now: Mono, owed: Owed) {
        let state = State::Waiting {
            not_before: owed.asked,
        };
        let due = Due {
            state,
            in_vain: 0,
            owed,
        };
        self.due.insert(due.owed.callback, due);
        self.look_at = Some(now);
    }

    /// What earlier runs left; what is known of one already is newer.
    pub(crate) fn load(&mut self, now: Mono, before: OwedBefore) {
        for owed in before.owed {
            if !self.gone.contains(&owed.callback) && !self.due.contains_key(&owed.callback) {
                self.put(now, owed);
            }
        }
        self.spoken.extend(before.spoken);
        self.loaded = true;
        self.gone.clear();
    }

    pub(crate) fn get(&self, id: CallId) -> Option<&Owed> {
        self.due.get(&id).map(|d| &d.owed)
    }

    /// Whether this number is called back already.
    pub(crate) fn has(&self, callback: &str, number: &str) -> bool {
        let wishes = self.due.values().map(|d| &d.owed.wish);
        wishes
            .filter(|w| w.callback == callback)
            .any(|w| w.number == number)
    }

    /// When the hours are looked at again.
    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        Some((self.look_at?, "callbacks are looked at"))
    }

    /// Who is to be called back calls us themselves, it may be: nobody is rung for them meanwhile.
    pub(crate) fn calls_again(&mut self, now: Mono, call: CallId, number: &str) {
        if self.of(number).next().is_some() {
            self.calling.insert(call, (number.to_owned(), None));
            self.look_at = Some(now);
        }
    }

    /// Whether they are in a call of their own.
    pub(crate) fn is_calling(&self, number: &str) -> bool {
        let mut all = self.calling.values();
        all.any(|(n, over)| n == number && over.is_none())
    }

    /// Everybody, and whether something will come of it: who is in line stands in the queue (`stands`), of a try there is a call (`runs`).
    pub(crate) fn all(
        &self,
        stands: impl Fn(CallId) -> bool,
        runs: impl Fn(CallId) -> bool,
    ) -> Vec<(CallId, bool)> {
        let goes_on = |id: CallId, state: State| match state {
            State::Waiting { .. } | State::Nobody { .. } => self.look_at.is_some(),
            State::InLine => stands(id),
            State::Trying(call) => runs(call),
        };
        let all = self.due.iter();
        all.map(|(id, d)| (*id, goes_on(*id, d.state))).collect()
    }

    /// What is owed to this number.
    pub(crate) fn of(&self, number: &str) -> impl Iterator<Item = &Owed> {
        let all = self.due.values().map(|d| &d.owed);
        all.filter(move |o| o.wish.number == number)
    }

    /// A call is over: the one in which somebody asked, or another one of theirs.
    pub(crate) fn hung_up(&mut self, now: Mono, id: CallId) {
        if let Some((_, over)) = self.calling.get_mut(&id) {
            *over = Some(now);
            self.look_at = self.look_at.map(|at| at.min(now + SETTLES));
        }
        if self.due.contains_key(&id) {
            self.look_at = Some(now);
        }
    }

    /// A person came or went.
    pub(crate) fn stir(&mut self, now: Mono) {
        let waits = |d: &Due| matches!(d.state, State::Nobody { .. });
        if self.look_at.is_some() && self.due.values().any(waits) {
            self.stirred = true;
            self.look_at = Some(now);
        }
    }

    /// Nobody is called back by this process any more.
    pub(crate) fn close(&mut self) {
        self.look_at = None;
    }

    pub(crate) fn is_due(&self, now: Mono) -> bool {
        self.look_at.is_some_and(|at| now >= at)
    }

    /// What is to be done now. `terms`: of a callback, if the plan still has it; `runs`: a call that is not over.
    pub(crate) fn look(
        &mut self,
        now: Now,
        terms: &dyn Fn(&CallbackWish) -> Option<Terms>,
        runs: &dyn Fn(CallId) -> bool,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        let stirred = std::mem::take(&mut self.stirred);
        let settled = |over: &Option<Mono>| over.is_some_and(|at| now.mono >= at + SETTLES);
        self.calling.retain(|_, (_, over)| !settled(over));
        for (id, due) in &mut self.due {
            let Due { owed, state, .. } = due;
            let over = match *state {
                State::Trying(call) => !runs(call),
                State::Nobody { .. } => stirred,
                State::Waiting { .. } | State::InLine => false,
            };
            if over {
                *state = State::Waiting {
                    not_before: now.wall,
                };
            }
            // What the plan has no more may be back in the next.
            let Some(t) = terms(&owed.wish) else {
                if *state == State::InLine {
                    *state = State::Waiting {
                        not_before: now.wall,
                    };
                    steps.push(Step::Leave(*id));
                }
                continue;
            };
            let calls = self.calling.values().any(|(n, _)| *n == owed.wish.number);
            let spent = is_spent(&self.spoken, &owed.wish.callback, &t);
            let goes = t.open && !spent && !calls;
            match *state {
                State::Trying(_) => {}
                _ if owed.tries >= t.attempts => {
                    steps.push(Step::End(*id, CallbackEnd::GivenUp));
                }
                _ if now.wall > owed.asked + t.keep => {
                    steps.push(Step::End(*id, CallbackEnd::Expired));
                }
                State::InLine if !goes => {
                    *state = State::Waiting {
                        not_before: now.wall,
                    };
                    steps.push(Step::Leave(*id));
                }
                // They are still in the call in which they asked.
                State::Waiting { .. } if runs(*id) => {}
                State::Waiting { not_before } | State::Nobody { not_before } => {
                    let again = owed.dialled.map_or(not_before, |at| at + t.every);
                    if goes && now.wall >= not_before.max(again) {
                        *state = State::InLine;
                        steps.push(Step::Join(*id));
                    }
                }
                State::InLine => {}
            }
        }
        let settle = self.calling.values().filter_map(|(_, over)| *over);
        let settle = settle.map(|at| at + SETTLES).min();
        let next = now.mono + LOOK;
        let next = settle.map_or(next, |at| next.min(at));
        self.look_at = (!self.due.is_empty()).then_some(next);
        steps
    }

    /// The queue does not take them now.
    pub(crate) fn turned_away(&mut self, now: Wall, id: CallId) {
        if let Some(due) = self.due.get_mut(&id) {
            due.state = State::Nobody {
                not_before: now + NOBODY,
            };
        }
    }

    /// There is no room for one more call.
    pub(crate) fn put_off(&mut self, now: Wall, id: CallId) {
        if let Some(due) = self.due.get_mut(&id) {
            due.state = State::Waiting {
                not_before: now + NOBODY,
            };
        }
    }

    /// Nobody is asked for them any more, and nobody has said no.
    pub(crate) fn set_aside(&mut self, now: Now, id: CallId) {
        if let Some(due) = self.due.get_mut(&id) {
            due.state = State::Waiting {
                not_before: now.wall,
            };
            self.look_at = Some(now.mono);
        }
    }

    /// A person is rung for them, in this call. `false`: they do not wait.
    pub(crate) fn trying(&mut self, id: CallId, call: CallId) -> bool {
        let Some(due) = self.due.get_mut(&id) else {
            return false;
        };
        if matches!(due.state, State::Trying(_)) {
            due.in_vain += 1; // the one before hears the last word
        }
        due.state = State::Trying(call);
        true
    }

    /// Their phone is about to ring.
    pub(crate) fn dialled(&mut self, now: Wall, id: CallId) {
        if let Some(due) = self.due.get_mut(&id) {
            due.owed.tries += 1;
            due.owed.dialled = Some(now);
        }
    }

    /// A try is over, which this call was; of its queue so many people are members.
    pub(crate) fn tried(
        &mut self,
        now: Now,
        (id, call): (CallId, CallId),
        (how, ms): (CallbackTry, u64),
        members: usize,
    ) -> Tried {
        let Some(due) = self.due.get_mut(&id) else {
            return Tried::Owed;
        };
        if ms > 0 {
            let callback = due.owed.wish.callback.clone();
            self.spoken.push((callback, now.wall, ms));
        }
        if due.state != State::Trying(call) && how != CallbackTry::Spoke {
            return Tried::Owed;
        }
        match how {
            CallbackTry::Spoke => {
                self.end(id);
                Tried::Done
            }
            CallbackTry::NobodyTook if due.in_vain + 1 < members => {
                due.in_vain += 1;
                due.state = State::InLine;
                Tried::Owed
            }
            CallbackTry::NobodyTook => {
                due.in_vain = 0;
                due.state = State::Waiting {
                    not_before: now.wall + REST,
                };
                Tried::Rests
            }
            CallbackTry::NotReached => {
                due.in_vain = 0;
                due.state = State::Waiting {
                    not_before: now.wall,
                };
                self.look_at = Some(now.mono);
                Tried::Owed
            }
        }
    }

    /// They are not called back any more.
    pub(crate) fn end(&mut self, id: CallId) -> Option<Owed> {
        if !self.loaded {
            self.gone.insert(id);
        }
        self.due.remove(&id).map(|due| due.owed)
    }
}

fn is_spent(spoken: &[(String, Wall, u64)], callback: &str, terms: &Terms) -> bool {
    let Some(most) = terms.most else { return false };
    let today = spoken
        .iter()
        .filter(|(of, at, _)| of == callback && *at >= terms.midnight);
    let ms: u64 = today.map(|(_, _, ms)| ms).sum();
    Duration::from_millis(ms) >= most
}

#[cfg(test)]
mod tests;
