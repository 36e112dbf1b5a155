//! What spans calls goes by a new plan at once, and keeps what is true of both.

use super::{House, algorithms, servers};
use std::sync::Arc;
use tandem_dialplan::Plan;
use tandem_sip::digest::Verifier;
use tandem_types::Now;

impl House {
    /// Phones stay registered as long as `phones.toml` has them, accounts at carriers as long as they are the same, and peers are up
    /// or down as they were. `older` are plans that calls still go by: their servers are still to be found.
    pub(crate) fn reload(&mut self, now: Now, plan: &Plan, older: &[Arc<Plan>]) {
        self.strangers.by(&plan.node.bans);
        let verifier = std::mem::replace(&mut self.verifier, Verifier::new([0; 32]));
        self.verifier = verifier.with_algorithms(algorithms(plan));
        let extensions = &plan.phones.extensions;
        self.registrar.retain(|user| {
            let extension = extensions.of_user(user);
            extension.is_some_and(|e| e.registers.is_some())
        });
        self.has_lines |= super::waiting::has_lines(plan);
        self.queues.stir();
        let older = older.iter().map(AsRef::as_ref);
        let uris: Vec<_> = older.chain([plan]).flat_map(servers::all_of).collect();
        self.locator.want_only(now, &uris);
        self.secure = servers::secure_of(plan);
        self.to_tell = true;
        self.health.reload(plan, now);
        self.lately.retain(|trunk| plan.trunks.contains_key(trunk));
        self.renew_registrations(now, plan);
    }
}
