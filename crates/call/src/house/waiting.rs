//! Callers who wait in queues, and who may be rung for them: what the machine ([`crate::queues`]) is told of phones and calls.

use super::House;
use crate::{
    call::Call,
    queues::{Order, Ticket},
};
use tandem_dialplan::Plan;
use tandem_types::{CallId, Mono, journal::QueueEnd};

/// Whether callers wait anywhere.
pub(super) fn has_lines(plan: &Plan) -> bool {
    let mut queues = plan.dialplans.values().flat_map(|d| d.queues.values());
    queues.any(|q| q.line.is_some())
}

impl House {
    /// A caller wants to wait from now on, in the place of one who waits since then: the place, or why not.
    pub(crate) fn join_line(
        &mut self,
        (now, since): (Mono, Mono),
        call: CallId,
        ticket: Ticket,
    ) -> Result<u32, QueueEnd> {
        let registrar = &self.registrar;
        let present = |user: &str| registrar.is_registered(user);
        self.queues.join((now, since), call, ticket, &present)
    }

    /// The next thing that a call is to do for somebody who waits.
    pub(crate) fn poll_order(&mut self, now: Mono) -> Option<Order> {
        while self.registrar.poll_output().is_some() {
            self.queues.stir();
        }
        if self.queues.is_stirred() {
            self.callbacks.stir(now);
        }
        let registrar = &self.registrar;
        let present = |user: &str| registrar.is_registered(user);
        self.queues.poll_order(now, &present)
    }

    /// Who is in a call now.
    pub(crate) fn note_people(&mut self, now: Mono, call: &Call) {
        if !self.has_lines {
            return;
        }
        let legs = call.legs.values().filter(|l| l.alive());
        let people = legs.map(|l| (l.phone.as_deref().unwrap_or(&l.peer), l.answered.is_some()));
        self.queues.in_call(now, call.id, people);
    }
}
