//! What one leg does: rings, answers, presses a key, hangs up.

use super::{Input, Output, Part, Reach, Step};
use tandem_types::{LegId, Mono, Party, Reason, Termination};

impl Reach {
    pub(super) fn leg_input(&mut self, now: Mono, at: usize, input: Input) {
        let leg = self.legs[at].leg;
        let step = self.legs[at].step.clone();
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
                if self.rules.briefed {
                    self.legs[at].step = Step::Telling { asked: false };
                    self.out.push_back(Output::Tell {
                        leg,
                        part: Part::Brief,
                    });
                } else {
                    self.join(leg, "answer");
                }
            }
            (Step::Leaving { .. }, Input::Told(_)) => {
                self.legs.remove(at);
                self.out.push_back(Output::Hang {
                    leg,
                    reason: Reason::Cancelled,
                });
                self.if_left();
            }
            (Step::Leaving { .. }, Input::Gone(..)) => {
                self.legs.remove(at);
                self.if_left();
            }
            (_, Input::Gone(_, end)) => {
                self.legs.remove(at);
                self.attempt_failed(end);
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
                Step::Telling { .. } | Step::Waiting { .. } | Step::Leaving { .. },
                Input::Rang(_) | Input::Answered(_),
            )
            | (
                Step::Dialling { .. } | Step::Ringing { .. } | Step::Leaving { .. },
                Input::Key(..),
            )
            | (
                Step::Dialling { .. } | Step::Ringing { .. } | Step::Waiting { .. },
                Input::Told(_),
            )
            | (_, Input::CallerGone | Input::Abandon) => {}
        }
    }

    fn key(&mut self, at: usize, leg: LegId, key: char) {
        let r = &self.rules;
        if key == r.accept_key {
            let by = format!("key {key}");
            self.out.push_back(Output::Hush { leg });
            self.join(leg, &by);
        } else if key == r.decline_key {
            self.legs.remove(at);
            self.out.push_back(Output::Hush { leg });
            self.out.push_back(Output::Hang {
                leg,
                reason: Reason::Declined,
            });
            self.attempt_failed(Termination::new(Party::Callee, Reason::Declined));
            self.if_empty_next();
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
