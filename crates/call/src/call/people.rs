//! People: who is rung for a transfer or a destination, what the reaching wants done, and what comes when nobody
//! takes the caller. Beside it: [`early`] (rung while the agent speaks), [`dial`] (the legs),
//! [`brief`] (what people are told), [`join`], [`early_media`] (what far ends say before they answer).

mod brief;
mod dial;
mod early;
mod early_media;
mod join;

use super::{Call, Ctx, Purpose, Reaching, Stage, Transfer};
use crate::{
    cause,
    reach::{self, Reach, Rules},
};
use std::{collections::VecDeque, time::Duration};
use tandem_dialplan::{Destination, Queue, Strategy, TransferMode, WarmRules};
use tandem_types::{
    HandoffId, Party, Reason, Termination, TransferId,
    agent::Target,
    context::{ContextPackage, HandoffReason},
    journal::{HandoffEnd, TransferKind, What},
};

/// Services that are called for help are given time to answer, and are called again.
const HELP_RINGS: Duration = Duration::from_secs(180);
const HELP_TOTAL: Duration = Duration::from_secs(600);
const HELP_ATTEMPTS: u32 = 3;

/// Whom a reaching rings, and what comes beside and after it.
pub(crate) struct Rounds {
    pub(crate) rounds: Vec<Vec<Destination>>,
    /// Where the caller goes when nobody takes them; else an agent that has them does.
    pub(crate) otherwise: VecDeque<Destination>,
    /// Of the queue.
    pub(crate) music: Option<String>,
    /// What people are told is known.
    pub(crate) ready: bool,
}

impl Call {
    /// The conversation wants the caller moved to something that is no agent.
    pub(crate) fn transfer(
        &mut self,
        cx: &mut Ctx<'_>,
        package: Box<ContextPackage>,
        sha256: String,
        target: &Target,
    ) {
        let handoff = package.handoff;
        let Ok(destination) = target.0.parse::<Destination>() else {
            self.journal(
                cx,
                What::Refused {
                    wanted: target.0.clone(),
                    rule: "no destination of the dialplan".into(),
                },
            );
            return self.transfer_failed(
                cx,
                handoff,
                Termination::new(Party::Gateway, Reason::NoRoute),
            );
        };
        if self.rings_for(handoff) {
            return self.told_what(cx, package);
        }
        match destination {
            Destination::Queue(_)
            | Destination::Ext(_)
            | Destination::Outside(_)
            | Destination::Sip(_)
            | Destination::Trunk(..) => {
                self.transfer_to_people(cx, package, destination, VecDeque::new(), true);
            }
            other => {
                // Nobody there has to be told anything: it is done as soon as it is begun.
                self.journal(
                    cx,
                    What::HandoffAcknowledged {
                        handoff,
                        sha256,
                        delivered: None,
                    },
                );
                self.journal(
                    cx,
                    What::HandoffEnded {
                        handoff,
                        end: HandoffEnd::Completed,
                        reason: None,
                    },
                );
                self.talk_input(cx, tandem_agent::Input::TransferDone { handoff });
                self.backs.brief = Some(brief_of(&package));
                self.enter(cx, other);
            }
        }
    }

    pub(super) fn transfer_to_people(
        &mut self,
        cx: &mut Ctx<'_>,
        package: Box<ContextPackage>,
        to: Destination,
        otherwise: VecDeque<Destination>,
        ready: bool,
    ) {
        let kind = match self.mode_of(cx, &to) {
            TransferMode::Warm => TransferKind::Warm,
            TransferMode::Cold => TransferKind::Cold,
        };
        let transfer = self.begin_transfer(cx, package, kind);
        let rounds = self.rounds(cx, &to);
        let music = self.queue(cx, &to).and_then(|q| q.hold.clone());
        let waits = self.line_rules(cx, &to).is_some();
        if kind == TransferKind::Cold && !waits && self.refer(cx, &transfer, &to, &rounds) {
            return self.play_background(cx, self.caller, music);
        }
        let plan = Rounds {
            rounds,
            otherwise,
            music,
            ready,
        };
        self.reach(cx, &to, Some(transfer), plan);
    }

    /// The ledger's row of a transfer that begins.
    pub(super) fn begin_transfer(
        &mut self,
        cx: &mut Ctx<'_>,
        package: Box<ContextPackage>,
        kind: TransferKind,
    ) -> Transfer {
        let id = TransferId::generate(cx.now.wall, cx.rng);
        let transfer = Transfer {
            id,
            handoff: package.handoff,
            package,
            kind,
            dialled: 0,
            told: Vec::new(),
        };
        let what = What::TransferStarted {
            transfer: id,
            handoff: transfer.handoff,
            kind,
            to: transfer.package.to.clone(),
        };
        self.journal(cx, what);
        transfer
    }

    /// Offers the caller, with all that an agent knows of them, to whoever is next; nothing where none has had them.
    pub(super) fn offer_on(
        &mut self,
        cx: &mut Ctx<'_>,
        to: &Destination,
        reason: HandoffReason,
        trigger: &str,
    ) -> Option<Box<ContextPackage>> {
        let talk = self.talk.as_mut()?;
        let package = Box::new(talk.pass_on(cx.now, &Target(to.to_string()), reason, trigger));
        self.drain_talk(cx);
        let what = What::HandoffOffered {
            sha256: package.sha256(),
            package: package.clone(),
        };
        self.journal(cx, what);
        Some(package)
    }

    pub(crate) fn queue<'p>(&self, cx: &Ctx<'p>, to: &Destination) -> Option<&'p Queue> {
        match to {
            Destination::Queue(name) => self.dialplan(cx.plan)?.queues.get(name),
            _ => None,
        }
    }

    pub(super) fn mode_of(&self, cx: &Ctx<'_>, to: &Destination) -> TransferMode {
        match to {
            Destination::Queue(_) => self.queue(cx, to).map_or(TransferMode::Warm, |q| q.mode),
            Destination::Outside(name) => self
                .dialplan(cx.plan)
                .and_then(|d| d.outside.get(name))
                .map_or(TransferMode::Warm, |o| o.mode),
            Destination::Ext(_) => TransferMode::Warm,
            _ => TransferMode::Cold,
        }
    }

    /// Who is rung together, in order.
    pub(crate) fn rounds(&self, cx: &Ctx<'_>, to: &Destination) -> Vec<Vec<Destination>> {
        match self.queue(cx, to) {
            // Who is free is known by the house.
            Some(q) if q.line.is_some() => Vec::new(),
            Some(q) => match q.strategy {
                Strategy::RingAll => vec![q.members.clone()],
                Strategy::InOrder | Strategy::RoundRobin | Strategy::LongestIdle => {
                    q.members.iter().map(|m| vec![m.clone()]).collect()
                }
            },
            // Somebody may be reached the next time.
            None if matches!(to, Destination::Emergency { .. }) => {
                vec![vec![to.clone()]; HELP_ATTEMPTS as usize]
            }
            None => vec![vec![to.clone()]],
        }
    }

    fn rules(&self, cx: &Ctx<'_>, to: &Destination, briefed: bool) -> Rules {
        let d = self.dialplan(cx.plan);
        let help = matches!(to, Destination::Emergency { .. });
        let warm = d.map_or_else(WarmRules::default, |d| d.warm.clone());
        let ring = match to {
            Destination::Queue(_) => self.queue(cx, to).map(|q| q.ring),
            Destination::Outside(name) => d.and_then(|d| d.outside.get(name)).map(|o| o.ring),
            _ => d.map(|d| d.cold.ring),
        };
        let ring = ring.unwrap_or(Duration::from_secs(30));
        let line = self.line_rules(cx, to);
        Rules {
            ring: if help { HELP_RINGS } else { ring },
            answer_wait: warm.answer_wait,
            attempts: if help { HELP_ATTEMPTS } else { warm.attempts },
            total: match line {
                Some(line) => line.max_wait,
                None if help => HELP_TOTAL,
                None => warm.total,
            },
            accept_key: warm.accept_key,
            decline_key: warm.decline_key,
            more_key: warm.more_key,
            queue_key: warm.send_to.as_ref().map(|_| warm.queue_key),
            queue_is_this: line.is_some()
                && matches!(to, Destination::Queue(n) if warm.send_to.as_ref() == Some(n)),
            briefed,
            stands: line.is_some(),
        }
    }

    /// Rings people. With a transfer that is warm they are briefed; else answering is taking.
    pub(crate) fn reach(
        &mut self,
        cx: &mut Ctx<'_>,
        to: &Destination,
        transfer: Option<Transfer>,
        plan: Rounds,
    ) {
        let Rounds {
            rounds,
            otherwise,
            music,
            ready,
        } = plan;
        let briefed = transfer
            .as_ref()
            .is_some_and(|t| t.kind == TransferKind::Warm);
        let rules = self.rules(cx, to, briefed);
        self.help = matches!(to, Destination::Phone(_) | Destination::Emergency { .. });
        if let Destination::Emergency { phone, number } = to {
            let text = format!("phone {phone} calls for help by {number}");
            self.journal(cx, What::Alarm { text });
            cx.house.cries.heard(cx.plan, cx.now.mono, phone, number);
        }
        let reach = Reach::start(cx.now.mono, rules, rounds, ready || !briefed);
        let answered = self.answered.is_some();
        let for_queue = transfer.is_some() || matches!(to, Destination::Queue(_));
        let for_queue = for_queue || self.asked().is_some();
        let brief = transfer.as_ref().filter(|_| briefed);
        let brief = brief.map(|t| brief_of(&t.package));
        self.stage = Stage::Reaching(Box::new(Reaching {
            reach,
            transfer,
            brief,
            otherwise,
            music: music.clone(),
            targets: Vec::new(),
            passes_early: !for_queue,
            early: None,
            line: None,
        }));
        self.connect_all(cx);
        if !ready {
            // The agent is still speaking; music follows its words.
        } else if answered && for_queue {
            self.play_background(cx, self.caller, music);
        } else if answered {
            self.ringback(cx);
        }
        self.enter_line(cx, to);
        self.drain_reach(cx);
    }

    pub(crate) fn drain_reach(&mut self, cx: &mut Ctx<'_>) {
        loop {
            let Stage::Reaching(r) = &mut self.stage else {
                return;
            };
            let Some(output) = r.reach.poll_output() else {
                return;
            };
            self.reach_output(cx, output);
        }
    }

    pub(super) fn reach_output(&mut self, cx: &mut Ctx<'_>, output: reach::Output) {
        let transfer = self
            .reaching()
            .and_then(|r| r.transfer.as_ref())
            .map(|t| t.id);
        match output {
            reach::Output::Dial { target, .. } => self.dial_target(cx, &target),
            reach::Output::Ringing => {
                self.passing_rings(cx);
                match transfer {
                    Some(transfer) => self.journal(cx, What::TransferRang { transfer }),
                    None if self.answered.is_none() => self.pass_ringing(cx),
                    None => {}
                }
                if transfer.is_some() {
                    self.talk_input(cx, tandem_agent::Input::TransferRang);
                }
            }
            reach::Output::Answered { leg: _ } => {
                if let Some(transfer) = transfer {
                    self.journal(cx, What::TransferAnswered { transfer });
                    self.talk_input(cx, tandem_agent::Input::TransferAnswered);
                }
            }
            reach::Output::Tell { leg, part } => self.tell(cx, leg, part),
            reach::Output::Hush { leg } => {
                self.stop(cx, |p| matches!(p, Purpose::Tell(l, _) if *l == leg))
            }
            reach::Output::Hang { leg, reason } => self.hang(cx, leg, reason),
            reach::Output::Dismiss { leg, part, reason } => self.dismiss(cx, leg, part, reason),
            reach::Output::AttemptFailed { end, leg } => {
                if let Some(leg) = leg {
                    self.line_missed(cx, leg, end);
                }
                if let Some(transfer) = transfer {
                    self.journal(
                        cx,
                        What::TransferAttemptFailed {
                            transfer,
                            reason: end.reason,
                            sip: end.sip,
                        },
                    );
                }
            }
            reach::Output::Join { leg, by } => self.join(cx, leg, by),
            reach::Output::SendOn => self.sent_to_queue(cx),
            reach::Output::GaveUp { end } => self.gave_up(cx, end),
        }
    }

    fn reaching(&self) -> Option<&Reaching> {
        match &self.stage {
            Stage::Reaching(r) => Some(r),
            _ => None,
        }
    }

    /// Nobody took the caller.
    fn gave_up(&mut self, cx: &mut Ctx<'_>, end: Termination) {
        let Stage::Reaching(mut r) = std::mem::replace(&mut self.stage, Stage::Talking) else {
            return;
        };
        let words = r.line.take().and_then(|line| {
            let (how, first) = self.out_of_line(cx, &line, end);
            if let Some(first) = first {
                r.otherwise.push_front(first);
            }
            self.words_of_line(cx, &line, how)
        });
        if let Some(t) = r.transfer.take() {
            self.backs.brief = Some(brief_of(&t.package));
            self.journal(
                cx,
                What::TransferEnded {
                    transfer: t.id,
                    failed: Some(end.reason),
                },
            );
            if self.referrer.is_some() {
                self.handoff_failed(cx, t.handoff, end);
                if !self.passing_failed(cx, end) {
                    self.caller_is_back(cx, t.handoff, end);
                }
                return;
            }
            let Some(next) = r.otherwise.pop_front() else {
                return self.transfer_failed(cx, t.handoff, end);
            };
            self.handoff_failed(cx, t.handoff, end);
            return self.sent_on(cx, next, r.otherwise, words, end);
        }
        if self.passing_failed(cx, end) {
            return;
        }
        if let Some(next) = r.otherwise.pop_front() {
            return self.sent_on(cx, next, r.otherwise, words, end);
        }
        if self.answered.is_some() && self.backs.back.is_some() {
            let sorry = format!("I'm sorry, {}. Goodbye.", cause::in_words(end.reason));
            return self.farewell(cx, &sorry, end);
        }
        if self.answered.is_some() {
            let sorry = format!(
                "I'm sorry, {}. Please call again later. Goodbye.",
                cause::in_words(end.reason)
            );
            return self.farewell(cx, &sorry, end);
        }
        self.end(cx, end);
    }

    /// The agent, which never left, has the caller again.
    pub(crate) fn transfer_failed(
        &mut self,
        cx: &mut Ctx<'_>,
        handoff: HandoffId,
        end: Termination,
    ) {
        self.handoff_failed(cx, handoff, end);
        self.caller_is_back(cx, handoff, end);
    }

    fn caller_is_back(&mut self, cx: &mut Ctx<'_>, handoff: HandoffId, end: Termination) {
        self.quiet_background(cx);
        self.stage = Stage::Talking;
        self.connect_all(cx);
        // The conversation has words of its own for a typed reason; more is what only the person can know.
        self.talk_input(
            cx,
            tandem_agent::Input::TransferFailed {
                handoff,
                reason: end.reason,
                more: None,
            },
        );
    }

    pub(super) fn handoff_failed(
        &mut self,
        cx: &mut Ctx<'_>,
        handoff: HandoffId,
        end: Termination,
    ) {
        let how = match (end.by, end.reason) {
            (Party::Caller, Reason::Cancelled) => HandoffEnd::Abandoned,
            _ => HandoffEnd::Failed,
        };
        let what = What::HandoffEnded {
            handoff,
            end: how,
            reason: Some(end.reason),
        };
        self.journal(cx, what);
    }
}

/// Headline and detail of what a person is told.
fn brief_of(package: &ContextPackage) -> (String, String) {
    let b = tandem_agent::package::brief(package);
    (b.headline, b.detail)
}
