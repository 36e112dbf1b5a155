//! People: ringing them, briefing them, joining them with the caller, and what comes when nobody
//! takes it.

use super::{Call, Ctx, Purpose, Reaching, Stage, Transfer, legs::SDP};
use crate::{
    cause,
    reach::{self, Part, Reach, Rules},
    ways::{self, Identity},
};
use std::collections::VecDeque;
use tandem_dialplan::{Destination, Queue, Strategy, TransferMode, WarmRules};
use tandem_sip::{
    api::Command,
    message::{HeaderName, Headers},
};
use tandem_types::{
    HandoffId, LegId, Party, Reason, Termination, TransferId,
    agent::Target,
    context::ContextPackage,
    journal::{HandoffEnd, LegRole, TransferKind, What},
    media::{Lane, MediaCommand, Sound},
};

/// Spoken words in a second, for fitting a brief into its time (flite and espeak-ng at their normal
/// speed speak 160 to 175 words a minute).
const WORDS_PER_SECOND: f64 = 2.7;

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
        match destination {
            Destination::Queue(_)
            | Destination::Ext(_)
            | Destination::Outside(_)
            | Destination::Sip(_)
            | Destination::Trunk(..) => {
                self.transfer_to_people(cx, package, sha256, destination);
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
                self.enter(cx, other);
            }
        }
    }

    fn transfer_to_people(
        &mut self,
        cx: &mut Ctx<'_>,
        package: Box<ContextPackage>,
        sha256: String,
        to: Destination,
    ) {
        let kind = match self.mode_of(cx, &to) {
            TransferMode::Warm => TransferKind::Warm,
            TransferMode::Cold => TransferKind::Cold,
        };
        let id = TransferId::generate(cx.now.wall, cx.rng);
        let transfer = Transfer {
            id,
            handoff: package.handoff,
            sha256,
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
        let rounds = self.rounds(cx, &to);
        let music = self.queue(cx, &to).and_then(|q| q.hold.clone());
        if kind == TransferKind::Cold && self.refer(cx, &transfer, &to, &rounds) {
            return self.play_background(cx, self.caller, music);
        }
        self.reach(cx, &to, rounds, Some(transfer), VecDeque::new(), music);
    }

    pub(crate) fn queue<'p>(&self, cx: &Ctx<'p>, to: &Destination) -> Option<&'p Queue> {
        match to {
            Destination::Queue(name) => self.dialplan(cx.plan)?.queues.get(name),
            _ => None,
        }
    }

    fn mode_of(&self, cx: &Ctx<'_>, to: &Destination) -> TransferMode {
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
            Some(q) => match q.strategy {
                Strategy::RingAll => vec![q.members.clone()],
                Strategy::InOrder => q.members.iter().map(|m| vec![m.clone()]).collect(),
            },
            None => vec![vec![to.clone()]],
        }
    }

    fn rules(&self, cx: &Ctx<'_>, to: &Destination, briefed: bool) -> Rules {
        let d = self.dialplan(cx.plan);
        let warm = d.map_or_else(WarmRules::default, |d| d.warm.clone());
        let ring = match to {
            Destination::Queue(_) => self.queue(cx, to).map(|q| q.ring),
            Destination::Outside(name) => d.and_then(|d| d.outside.get(name)).map(|o| o.ring),
            _ => d.map(|d| d.cold.ring),
        };
        Rules {
            ring: ring.unwrap_or(std::time::Duration::from_secs(30)),
            answer_wait: warm.answer_wait,
            attempts: warm.attempts,
            total: warm.total,
            accept_key: warm.accept_key,
            decline_key: warm.decline_key,
            more_key: warm.more_key,
            briefed,
        }
    }

    /// Rings people. With a transfer that is warm they are briefed; else answering is taking.
    pub(crate) fn reach(
        &mut self,
        cx: &mut Ctx<'_>,
        to: &Destination,
        rounds: Vec<Vec<Destination>>,
        transfer: Option<Transfer>,
        otherwise: VecDeque<Destination>,
        music: Option<String>,
    ) {
        let briefed = transfer
            .as_ref()
            .is_some_and(|t| t.kind == TransferKind::Warm);
        let brief = transfer.as_ref().filter(|_| briefed).map(|t| {
            let b = tandem_agent::package::brief(&t.package);
            (b.headline, b.detail)
        });
        let reach = Reach::start(cx.now.mono, self.rules(cx, to, briefed), rounds);
        let answered = self.answered.is_some();
        let for_queue = transfer.is_some() || matches!(to, Destination::Queue(_));
        self.stage = Stage::Reaching(Box::new(Reaching {
            reach,
            transfer,
            brief,
            otherwise,
            music: music.clone(),
            targets: Vec::new(),
        }));
        self.connect_all(cx);
        if answered && for_queue {
            self.play_background(cx, self.caller, music);
        } else if answered {
            self.ringback(cx);
        }
        self.drain_reach(cx);
    }

    /// Looped music for a leg, replacing what was there.
    pub(crate) fn play_background(&mut self, cx: &mut Ctx<'_>, to: LegId, file: Option<String>) {
        self.quiet_background_of(cx, to);
        self.play(
            cx,
            to,
            Sound::Music { file },
            Lane::Background,
            Purpose::Background(to),
        );
    }

    fn ringback(&mut self, cx: &mut Ctx<'_>) {
        self.quiet_background(cx);
        let country = self
            .dialplan(cx.plan)
            .map_or_else(|| "GB".to_owned(), |d| d.country.clone());
        self.play(
            cx,
            self.caller,
            Sound::Ringback { country },
            Lane::Background,
            Purpose::Background(self.caller),
        );
    }

    pub(crate) fn quiet_background(&mut self, cx: &mut Ctx<'_>) {
        self.stop(cx, |p| matches!(p, Purpose::Background(_)));
    }

    /// Of one leg alone: two can be on hold at a time.
    pub(crate) fn quiet_background_of(&mut self, cx: &mut Ctx<'_>, leg: LegId) {
        self.stop(cx, |p| *p == Purpose::Background(leg));
    }

    pub(crate) fn drain_reach(&mut self, cx: &mut Ctx<'_>) {
        loop {
            let (Stage::Reaching(r) | Stage::Leaving(r)) = &mut self.stage else {
                return;
            };
            let Some(output) = r.reach.poll_output() else {
                return;
            };
            self.reach_output(cx, output);
        }
    }

    fn reach_output(&mut self, cx: &mut Ctx<'_>, output: reach::Output) {
        let transfer = self
            .reaching()
            .and_then(|r| r.transfer.as_ref())
            .map(|t| t.id);
        match output {
            reach::Output::Dial { target, .. } => self.dial_target(cx, &target),
            reach::Output::Ringing => {
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
                }
            }
            reach::Output::Tell { leg, part } => self.tell(cx, leg, part),
            reach::Output::Hush { leg } => {
                self.stop(cx, |p| matches!(p, Purpose::Tell(l, _) if *l == leg))
            }
            reach::Output::Hang { leg, reason } => self.hang(cx, leg, reason),
            reach::Output::AttemptFailed { end } => {
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
            reach::Output::GaveUp { end } => self.gave_up(cx, end),
            reach::Output::Released => self.finish(cx),
        }
    }

    fn reaching(&self) -> Option<&Reaching> {
        match &self.stage {
            Stage::Reaching(r) | Stage::Leaving(r) => Some(r),
            _ => None,
        }
    }

    /// 18x of the far end becomes ours, while the caller is not answered yet.
    fn pass_ringing(&mut self, cx: &mut Ctx<'_>) {
        if let Some(session) = self.leg(self.caller).and_then(|l| l.session) {
            cx.sip(Command::Progress {
                session,
                status: 180,
                headers: Headers::new(),
                body: None,
            });
        }
    }

    /// One more attempt of the transfer that is under way.
    fn tried(
        &mut self,
        cx: &mut Ctx<'_>,
        transfer: TransferId,
        leg: Option<LegId>,
        to: &Destination,
    ) {
        let Stage::Reaching(r) = &mut self.stage else {
            return;
        };
        let Some(t) = &mut r.transfer else { return };
        t.dialled += 1;
        let what = What::TransferDialled {
            transfer,
            leg,
            target: to.to_string(),
            attempt: t.dialled,
        };
        self.journal(cx, what);
    }

    fn dial_target(&mut self, cx: &mut Ctx<'_>, target: &Destination) {
        let (transfer, briefed) = self
            .reaching()
            .map_or((None, false), |r| (r.transfer.clone(), r.brief.is_some()));
        let identity = self.identity(cx, transfer.as_ref());
        let result = match ways::to(
            cx.plan,
            cx.house,
            self.dialplan.as_deref(),
            &self.to,
            target,
            &identity,
        ) {
            Ok(legs) => {
                let role = if briefed {
                    LegRole::Consult
                } else {
                    LegRole::Callee
                };
                let mut ids = Vec::new();
                for leg in legs {
                    let id = self.dial_leg(cx, role, leg.peer, leg.shape, leg.ways);
                    if let Some(t) = &transfer {
                        self.tried(cx, t.id, Some(id), target);
                    }
                    ids.push(id);
                }
                Ok(ids)
            }
            Err(refused) => {
                match (refused.rule, &transfer) {
                    (Some(rule), _) => self.journal(
                        cx,
                        What::Refused {
                            wanted: target.to_string(),
                            rule,
                        },
                    ),
                    // Tried, though no INVITE could be sent (its phone is not registered, say).
                    (None, Some(t)) => self.tried(cx, t.id, None, target),
                    (None, None) => {}
                }
                Err(refused.end)
            }
        };
        if let Stage::Reaching(r) = &mut self.stage {
            if let Ok(ids) = &result {
                r.targets.extend(ids.iter().map(|id| (*id, target.clone())));
            }
            r.reach.dialled(cx.now.mono, result);
        }
    }

    /// Who calls, as the person's phone shows it.
    pub(crate) fn identity(&self, cx: &Ctx<'_>, transfer: Option<&Transfer>) -> Identity {
        let mut headers = Headers::new();
        let mut name = self.from_name.clone();
        if let (Some(t), Some(d)) = (transfer, self.dialplan(cx.plan)) {
            name = Some(tandem_agent::package::show_on_phone(
                &d.warm.show_on_phone,
                &t.package,
            ));
            if let Some(alert) = &d.warm.alert_info {
                headers.push(HeaderName::AlertInfo, format!("<http://127.0.0.1>;{alert}"));
            }
            let uui = tandem_agent::package::user_to_user(&t.package);
            headers.push(HeaderName::UserToUser, format!("{uui};encoding=hex"));
        }
        Identity {
            number: self.from.clone(),
            name,
            headers,
        }
    }

    /// What a consult leg is told.
    fn tell(&mut self, cx: &mut Ctx<'_>, leg: LegId, part: Part) {
        let warm = self
            .dialplan(cx.plan)
            .map_or_else(WarmRules::default, |d| d.warm.clone());
        let (headline, detail) = self
            .reaching()
            .and_then(|r| r.brief.clone())
            .unwrap_or_default();
        let keys = |more: bool| {
            let more = if more {
                format!(", {} to hear more", warm.more_key)
            } else {
                String::new()
            };
            format!(
                "Press {} to take the call, {} if you cannot{more}.",
                warm.accept_key, warm.decline_key
            )
        };
        let text = match part {
            Part::Brief => {
                let room = (warm.brief_max.as_secs_f64() * WORDS_PER_SECOND) as usize;
                let used =
                    headline.split_whitespace().count() + keys(false).split_whitespace().count();
                let fitting = fit(&detail, room.saturating_sub(used));
                let keys = keys(fitting.len() < detail.len());
                [headline.as_str(), &keys, &fitting]
                    .join(" ")
                    .trim()
                    .to_owned()
            }
            Part::More => [headline.as_str(), &detail, &keys(false)]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
            Part::AskAgain => keys(false),
            Part::CallerLeft => "The caller has hung up. Goodbye.".to_owned(),
        };
        if let (Part::Brief | Part::More, Stage::Reaching(r)) = (part, &mut self.stage)
            && let Some(t) = &mut r.transfer
        {
            t.told.push((leg, text.clone()));
            let what = What::TransferBriefed {
                transfer: t.id,
                text: text.clone(),
            };
            self.journal(cx, what);
        }
        let sound = self.speech(cx.plan, text);
        self.play(cx, leg, sound, Lane::Voice, Purpose::Tell(leg, part));
    }

    pub(crate) fn told(&mut self, cx: &mut Ctx<'_>, leg: LegId) {
        if let Stage::Reaching(r) | Stage::Leaving(r) = &mut self.stage {
            r.reach.handle_input(cx.now.mono, reach::Input::Told(leg));
            self.drain_reach(cx);
        }
    }

    /// Words for a consult leg could not be spoken: nothing was delivered, and the keys work all the same.
    pub(crate) fn untold(&mut self, cx: &mut Ctx<'_>, leg: LegId, part: Part) {
        if let (Part::Brief | Part::More, Stage::Reaching(r)) = (part, &mut self.stage) {
            let told = r.transfer.as_mut().map(|t| &mut t.told);
            if let Some(told) = told
                && let Some(at) = told.iter().rposition(|(to, _)| *to == leg)
            {
                told.remove(at);
            }
            let text = format!("the brief for leg {} could not be spoken", leg.index);
            self.journal(cx, What::Alarm { text });
        }
        self.told(cx, leg);
    }

    /// Somebody took the caller: both hear each other from here on.
    fn join(&mut self, cx: &mut Ctx<'_>, leg: LegId, by: String) {
        let Stage::Reaching(r) = std::mem::replace(&mut self.stage, Stage::Bridged { peer: leg })
        else {
            return;
        };
        self.quiet_background(cx);
        if !self.answer_caller(cx) {
            return;
        }
        if let Some(t) = &r.transfer {
            self.journal(cx, What::TransferAccepted { transfer: t.id, by });
        }
        self.connect_all(cx);
        match r.transfer {
            None => self.journal(
                cx,
                What::Bridged {
                    a: self.caller,
                    b: leg,
                },
            ),
            Some(t) => {
                self.journal(cx, What::TransferBridged { transfer: t.id });
                let told = t.told.iter().filter(|(to, _)| *to == leg);
                let told: Vec<&str> = told.map(|(_, text)| text.as_str()).collect();
                let delivered = (!told.is_empty()).then(|| told.join(" "));
                self.journal(
                    cx,
                    What::HandoffAcknowledged {
                        handoff: t.handoff,
                        sha256: t.package.sha256(),
                        delivered,
                    },
                );
                self.journal(
                    cx,
                    What::TransferEnded {
                        transfer: t.id,
                        failed: None,
                    },
                );
                self.journal(
                    cx,
                    What::HandoffEnded {
                        handoff: t.handoff,
                        end: HandoffEnd::Completed,
                        reason: None,
                    },
                );
                self.talk_input(cx, tandem_agent::Input::TransferDone { handoff: t.handoff });
            }
        }
        // Whoever was on hold before the join still is.
        let held: Vec<LegId> = self
            .legs
            .values()
            .filter(|l| l.up() && l.held)
            .map(|l| l.id)
            .collect();
        for id in held {
            let other = if id == self.caller { leg } else { self.caller };
            self.play_background(cx, other, None);
        }
    }

    /// Nobody took the caller.
    fn gave_up(&mut self, cx: &mut Ctx<'_>, end: Termination) {
        let Stage::Reaching(mut r) = std::mem::replace(&mut self.stage, Stage::Talking) else {
            return;
        };
        if let Some(t) = r.transfer.take() {
            self.journal(
                cx,
                What::TransferEnded {
                    transfer: t.id,
                    failed: Some(end.reason),
                },
            );
            return self.transfer_failed(cx, t.handoff, end);
        }
        if let Some(next) = r.otherwise.pop_front() {
            return self.enter_with(cx, next, r.otherwise);
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
        self.journal(
            cx,
            What::HandoffEnded {
                handoff,
                end: HandoffEnd::Failed,
                reason: Some(end.reason),
            },
        );
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

    /// 2xx to an INVITE of ours.
    pub(crate) fn callee_answered(
        &mut self,
        cx: &mut Ctx<'_>,
        id: LegId,
        response: &tandem_sip::message::Response,
    ) {
        let Some(leg) = self.legs.get_mut(&id.index) else {
            return;
        };
        let (Some(session), Some(sdp)) = (leg.session, leg.sdp.as_mut()) else {
            return;
        };
        let answer = response.body_of_type(SDP).map(|b| sdp.accept(&b));
        cx.sip(Command::Ack {
            session,
            body: None,
        });
        match answer {
            Some(Ok(agreed)) if leg.alive() => {
                leg.state = crate::leg::LegState::Up;
                leg.answered = Some(cx.now.mono);
                self.agreed(cx, id, agreed);
                if let Stage::Reaching(r) = &mut self.stage {
                    r.reach
                        .handle_input(cx.now.mono, reach::Input::Answered(id));
                    self.drain_reach(cx);
                }
            }
            _ => {
                let end = Termination {
                    by: Party::Callee,
                    reason: Reason::NoCodec,
                    sip: 488,
                    q850: 88,
                };
                self.hang(cx, id, Reason::NoCodec);
                self.leg_is_over(cx, id, end);
            }
        }
    }

    /// The person gives the caller back to the AI, or leaves them to it.
    pub(crate) fn give_back(&mut self, cx: &mut Ctx<'_>, person: LegId) {
        self.hang(cx, person, Reason::Normal);
        self.back_to_agent(cx, None);
        cx.media(MediaCommand::Connect {
            call: self.id,
            hears: Vec::new(),
        });
    }
}

/// As many whole sentences of `text` as fit into `words`.
fn fit(text: &str, words: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for sentence in text.split_inclusive(['.', '!', '?']) {
        used += sentence.split_whitespace().count();
        if used > words {
            break;
        }
        out.push_str(sentence);
    }
    out.trim().to_owned()
}
