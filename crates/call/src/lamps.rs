//! What the lamps of desk phones show: who has subscribed to which extension, and what was told of each call.
//!
//! ```text
//!   a verb of a call --> its legs of phones, and how far each is --changed?--> Notifier --NOTIFY--> phones that watch them
//! ```

use crate::{call::Call, leg::LegState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tandem_sip::notifier::{LineState, Notifier, NotifierConfig};
use tandem_types::{CallId, Now, journal::LegRole};

/// A key module has some 120 keys, each a subscription; and a phone that was switched off without a word subscribes anew.
const NOTIFIER: NotifierConfig = NotifierConfig {
    min_expires: 60,
    max_expires: 7200,
    default_expires: 3600,
    per_user: 300,
    total: 20_000,
};

/// See above.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Lamps {
    pub(crate) notifier: Notifier,
    /// Of calls that phones are in: their legs, and how far each is.
    shown: BTreeMap<CallId, Vec<(u32, LineState)>>,
}

impl Default for Lamps {
    fn default() -> Self {
        Self {
            notifier: Notifier::new(NOTIFIER),
            shown: BTreeMap::new(),
        }
    }
}

impl Lamps {
    /// Whether lamps show something else of this call than they did. Most of what happens to a call changes nothing here.
    pub(crate) fn changes(&mut self, call: &Call) -> bool {
        let known = self.shown.get(&call.id).map_or(&[][..], Vec::as_slice);
        if of(call).eq(known.iter().copied()) {
            return false;
        }
        let all: Vec<_> = of(call).collect();
        match all.is_empty() {
            true => self.shown.remove(&call.id),
            false => self.shown.insert(call.id, all),
        };
        true
    }

    /// Nothing is left of a call.
    pub(crate) fn put_out(&mut self, now: Now, call: CallId) {
        if self.shown.remove(&call).is_some() {
            self.notifier.handle_lines(now, call, Vec::new());
        }
    }
}

/// The legs of a call that are phones', and how far each is.
pub(crate) fn of(call: &Call) -> impl Iterator<Item = (u32, LineState)> {
    call.legs.values().filter_map(|leg| {
        let state = leg.phone.as_ref().and(match leg.state {
            LegState::Incoming => Some(LineState::Early),
            LegState::Inviting if leg.rang => Some(LineState::Early),
            LegState::Accepted | LegState::Up => Some(LineState::Confirmed),
            LegState::Opening | LegState::Inviting | LegState::Closing | LegState::Gone => None,
        })?;
        Some((leg.id.index, state))
    })
}

/// The phone has called.
pub(crate) fn is_initiator(role: LegRole) -> bool {
    match role {
        LegRole::Caller => true,
        LegRole::Callee | LegRole::Consult => false,
    }
}
