//! What one leg does: rings, answers, presses a key, hangs up.

use super::{Input, Output, Part, Reach, State, Step};
use crate::cells;
use tandem_types::{LegId, Mono, Party, Reason, Termination};

impl Reach {
    pub(super) fn leg_input(&mut self, now: Mono, at: usize, input: Input) {
        let leg = self.legs[at].leg;
        let step = self.legs[at].step.clone();
        cells::entered("reach", step.name(), input.name(&self.rules));
        match (step, input) {
            (Step::Dialling { .. }, Input::Rang(_)) => {
                self.legs[at].step = Step::Ringing {
                    until: now + self.rules.ring,
                };
                if !std::mem::replace(&mut self.rang, true) {
                    self.out.push_back(Output::Ringing);
                }
            }
            (Step::Dialling { .. } | Step::Ringing { .. }, Input::Answered(_)) => {
                self.out.push_back(Output::Answered { leg });
                if !self.rules.briefed {
                    self.join(leg, "answer");
                } else if self.ready {
                    self.legs[at].step = Step::Telling { asked: false };
                    self.out.push_back(Output::Tell {
                        leg,
                        part: Part::Brief,
                    });
                } else {
                    self.legs[at].step = Step::Answered { accepted: false };
                }
            }
            (Step::Answered { .. }, Input::Key(_, key)) if key == self.rules.accept_key => {
                self.legs[at].step = Step::Answered { accepted: true };
            }
            (Step::Answered { .. }, Input::Key(_, key)) if key == self.rules.decline_key => {
                self.key(at, leg, key);
            }
            (_, Input::Gone(_, end)) => {
                self.legs.remove(at);
                self.attempt_failed(end, Some(leg));
                self.if_empty_next();
            }
            (Step::Telling { asked }, Input::Told(_)) => {
                self.legs[at].step = Step::Waiting {
                    until: now + self.rules.answer_wait,
                    asked,
                };
            }
            (Step::Telling { .. } | Step::Waiting { .. }, Input::Key(_, key)) => {
                self.key(at, leg, key)
            }
            // Said and done already, or not yet possible: a second 18x, a key while it rings (early media), a late answer.
            (Step::Ringing { .. }, Input::Rang(_))
            | (
                Step::Answered { .. } | Step::Telling { .. } | Step::Waiting { .. },
                Input::Rang(_) | Input::Answered(_),
            )
            | (
                Step::Dialling { .. } | Step::Ringing { .. } | Step::Answered { .. },
                Input::Key(..),
            )
            | (
                Step::Dialling { .. }
                | Step::Ringing { .. }
                | Step::Answered { .. }
                | Step::Waiting { .. },
                Input::Told(_),
            )
            // Of the whole reaching, and seen to there.
            | (_, Input::Ready | Input::CallerGone | Input::Abandon) => {}
        }
    }

    fn key(&mut self, at: usize, leg: LegId, key: char) {
        let r = &self.rules;
        if key == r.accept_key {
            let by = format!("key {key}");
            self.out.push_back(Output::Hush { leg });
            self.join(leg, &by);
        } else if key == r.decline_key || r.queue_key == Some(key) {
            let sends_on = key != r.decline_key && !r.queue_is_this;
            self.legs.remove(at);
            self.out.push_back(Output::Hush { leg });
            self.out.push_back(Output::Hang {
                leg,
                reason: Reason::Declined,
            });
            let end = Termination::new(Party::Callee, Reason::Declined);
            self.attempt_failed(end, Some(leg));
            if sends_on {
                self.let_go(Part::TakenElsewhere, Reason::ElsewhereAnswered);
                self.state = State::Over;
                self.out.push_back(Output::SendOn);
            } else {
                self.if_empty_next();
            }
        } else if key == r.more_key {
            self.legs[at].step = Step::Telling { asked: false };
            self.out.push_back(Output::Hush { leg });
            self.out.push_back(Output::Tell {
                leg,
                part: Part::More,
            });
        }
    }
}
