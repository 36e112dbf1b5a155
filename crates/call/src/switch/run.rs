//! One call's verb is run, and what is kept of the call outside of it follows.

use super::Switch;
use crate::{
    api::Output,
    call::{Call, Ctx, lend::Between},
    mailboxes::Held,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tandem_sip::{
    api::{Command, SessionId},
    message::Headers,
};
use tandem_types::{
    CallId, LegId, Now, Party, Reason, Termination,
    journal::{MessageEnd, Open, What},
    media::{LegStats, MediaCommand, MediaEvent},
    provider::ProviderCommand,
};

impl Switch {
    /// Runs a verb of one call, and keeps what is outside of it up to date. A panic inside ends that call alone.
    pub(super) fn with_call(
        &mut self,
        now: Now,
        id: CallId,
        verb: impl FnOnce(&mut Call, &mut Ctx<'_>),
    ) {
        let Some(mut call) = self.calls.take(&id) else {
            return;
        };
        let (plan, brains) = match self.older.get(&call.edition) {
            Some(older) => (&*older.plan, &older.brains),
            None => (&*self.plan, &self.brains),
        };
        let mut cx = Ctx {
            now,
            plan,
            brains,
            endpoint: &mut self.endpoint,
            house: &mut self.house,
            rng: &mut self.rng,
            out: &mut self.out,
            sessions: &mut self.sessions,
            requests: &mut self.requests,
            others: &self.calls,
            between: &mut self.between,
        };
        let from = cx.out.len();
        let whole = catch_unwind(AssertUnwindSafe(|| {
            verb(&mut call, &mut cx);
            call
        }));
        self.note_rows(id, from);
        match whole {
            Ok(call) => self.keep(now, call),
            Err(_) => self.bury(now, id),
        }
    }

    /// Tells a call what another says. One that is over lends nothing, and what it was lent ends.
    pub(super) fn say(&mut self, now: Now, said: Between) {
        let call = said.call();
        if self.calls.get(&call).is_some() {
            return self.with_call(now, call, |c, cx| c.handle_between(cx, said));
        }
        match said {
            Between::Lend { to, .. } => {
                let end = Termination {
                    sip: 481,
                    ..Termination::new(Party::Callee, Reason::Unreachable)
                };
                self.between.push_back(Between::Kept { to, end });
            }
            Between::Lent { leg, .. } => {
                if let Some(session) = leg.session {
                    let headers = Headers::new();
                    let command = Command::Hangup { session, headers };
                    self.endpoint
                        .handle_input(now, tandem_sip::api::Input::Command(command));
                }
            }
            Between::Keep { .. } | Between::Kept { .. } => {}
        }
    }

    /// Puts a call back, or lets go of it when nothing of it is left.
    fn keep(&mut self, now: Now, call: Box<Call>) {
        let id = call.id;
        self.light(now, &call);
        if call.over() {
            self.forget(now, id);
            return;
        }
        let deadline = call.poll_timeout().map(|(at, _)| at);
        let head = self.heads.entry(id).or_default();
        if head.deadline != deadline {
            if let Some(old) = head.deadline {
                self.deadlines.remove(&(old, id));
            }
            if let Some(new) = deadline {
                self.deadlines.insert((new, id));
            }
            head.deadline = deadline;
        }
        self.house.count(&call);
        self.house.note_people(now.mono, &call);
        self.calls.put(call);
    }

    fn forget(&mut self, now: Now, id: CallId) -> Open {
        self.calls.remove(&id);
        let head = self.heads.remove(&id).unwrap_or_default();
        if let Some(at) = head.deadline {
            self.deadlines.remove(&(at, id));
        }
        self.requests.retain(|_, leg| leg.call != id);
        self.house.forget(now.mono, id);
        if !self.older.is_empty() {
            self.forget_editions();
        }
        head.open
    }

    /// A call whose own state cannot be trusted any more: both legs get their BYE, the journal says so.
    fn bury(&mut self, now: Now, id: CallId) {
        let sessions: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, leg)| leg.call == id)
            .map(|(session, _)| *session)
            .collect();
        let head = self.heads.get(&id).cloned().unwrap_or_default();
        let text = "this call ran into a fault of the gateway and was ended".to_owned();
        let mut rows = head.open.closing(now.wall);
        if !rows.is_empty() {
            rows.insert(0, What::Alarm { text });
        }
        let from = self.out.len();
        let rows = head.open.numbered(id, now.wall, rows);
        self.out
            .extend(rows.into_iter().map(Box::new).map(Output::Journal));
        for session in sessions {
            self.sessions.remove(&session);
            let command = Command::Hangup {
                session,
                headers: Headers::new(),
            };
            self.endpoint
                .handle_input(now, tandem_sip::api::Input::Command(command));
        }
        self.out
            .push_back(Output::Media(MediaCommand::CloseCall { call: id }));
        let leg = LegId { call: id, index: 1 };
        self.out
            .push_back(Output::Provider(ProviderCommand::Forget { leg }));
        self.note_rows(id, from);
        self.lamps.put_out(now, id);
        let open = self.forget(now, id);
        if !open.is_complete() {
            self.buried.insert(id, open);
        }
    }

    /// A leg of a buried call has given its port back, or its recording is closed: the last things that are heard of it.
    pub(super) fn measured(&mut self, now: Now, event: &MediaEvent) {
        let (call, what) = match event {
            MediaEvent::LegClosed { leg, stats } => (leg.call, measure(*leg, *stats)),
            // It never had one.
            MediaEvent::LegRefused { leg } => (leg.call, measure(*leg, LegStats::default())),
            MediaEvent::RecordingEnded { call, sum } => {
                let sum = sum.clone();
                (*call, What::RecordingEnded { sum })
            }
            MediaEvent::MessageRecorded { message, sum } => {
                let (by, kept) = (MessageEnd::Ended, true);
                let (message, sum) = (*message, sum.clone());
                let what = What::MessageEnded {
                    message,
                    by,
                    kept,
                    sum,
                };
                (message.call, what)
            }
            _ => return,
        };
        let Some(open) = self.buried.get_mut(&call) else {
            return;
        };
        let wanted = match &what {
            What::LegMeasured { leg, .. } => open.unmeasured.contains(leg),
            What::MessageEnded { message, .. } => open.messages.contains_key(message),
            _ => open.recording,
        };
        if !wanted {
            return;
        }
        if let What::MessageEnded { message, .. } = &what
            && let Some((mailbox, file)) = open.messages.get(message).cloned()
        {
            // Who called is in the record of the call.
            self.house.mailboxes.put(Held {
                message: *message,
                mailbox,
                file,
                at: now.wall,
                from: String::new(),
                from_name: None,
                heard: false,
            });
        }
        for row in open.numbered(call, now.wall, vec![what]) {
            open.apply(&row);
            self.out.push_back(Output::Journal(Box::new(row)));
        }
        if open.is_complete() {
            self.buried.remove(&call);
        }
    }

    /// What a call journaled since `from`, which is where the outputs ended then.
    fn note_rows(&mut self, id: CallId, from: usize) {
        let head = self.heads.entry(id).or_default();
        for output in self.out.range(from..) {
            if let Output::Journal(event) = output {
                head.open.apply(event);
            }
        }
    }
}

fn measure(leg: LegId, stats: LegStats) -> What {
    What::LegMeasured { leg, stats }
}
