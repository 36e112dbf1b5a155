//! One call's verb is run, and what is kept of the call outside of it follows.

use super::{Head, Switch};
use crate::{
    api::Output,
    call::{Call, Ctx},
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tandem_sip::{
    api::{Command, SessionId},
    message::Headers,
};
use tandem_types::{
    CallId, LegId, Now, Party, Reason, Termination,
    journal::{Event as JournalEvent, What},
    media::MediaCommand,
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
        let Some(mut call) = self.calls.remove(&id) else {
            return;
        };
        let mut cx = Ctx {
            now,
            plan: &self.plan,
            brains: &self.brains,
            endpoint: &mut self.endpoint,
            house: &mut self.house,
            rng: &mut self.rng,
            out: &mut self.out,
            sessions: &mut self.sessions,
            requests: &mut self.requests,
        };
        let whole = catch_unwind(AssertUnwindSafe(|| {
            verb(&mut call, &mut cx);
            call
        }));
        match whole {
            Ok(call) => self.keep(call),
            Err(_) => self.bury(now, id),
        }
    }

    /// Puts a call back, or lets go of it when nothing of it is left.
    fn keep(&mut self, call: Box<Call>) {
        let id = call.id;
        if call.over() {
            self.forget(id);
            return;
        }
        let deadline = call.poll_timeout().map(|(at, _)| at);
        let head = self.heads.entry(id).or_default();
        head.seq = call.seq;
        head.started = call.started;
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
        self.calls.insert(id, call);
    }

    fn forget(&mut self, id: CallId) {
        if let Some(Head {
            deadline: Some(at), ..
        }) = self.heads.remove(&id)
        {
            self.deadlines.remove(&(at, id));
        }
        self.requests.retain(|_, leg| leg.call != id);
        self.house.forget(id);
    }

    /// A call whose own state cannot be trusted any more: both legs get their BYE, the journal says so.
    fn bury(&mut self, now: Now, id: CallId) {
        let sessions: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, leg)| leg.call == id)
            .map(|(session, _)| *session)
            .collect();
        let head = self.heads.get(&id).copied().unwrap_or_default();
        let end = Termination::new(Party::Gateway, Reason::Internal);
        let duration_ms = now.mono.since(head.started.mono).as_millis() as u64;
        let rows = [
            What::Alarm {
                text: "this call ran into a fault of the gateway and was ended".into(),
            },
            What::CallEnded {
                end,
                duration_ms,
                billed_ms: duration_ms,
            },
        ];
        // Rows that the verb had already queued keep their numbers: ours come after the highest.
        let seq = self
            .out
            .iter()
            .filter_map(|o| match o {
                Output::Journal(e) if e.call == id => Some(e.seq),
                _ => None,
            })
            .max()
            .unwrap_or(head.seq);
        for (n, what) in rows.into_iter().enumerate() {
            let event = JournalEvent {
                call: id,
                seq: seq + 1 + n as u32,
                at: now.wall,
                what,
            };
            self.out.push_back(Output::Journal(event));
        }
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
        self.forget(id);
    }
}
