//! Who has called for help: whoever is to be told of it, and which phone a call back is for.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use tandem_dialplan::Plan;
use tandem_types::Mono;

/// Somebody has called for help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cry {
    /// The extension.
    pub(crate) phone: String,
    /// What it dialled.
    pub(crate) number: String,
}

/// Calls for help of late.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cries {
    untold: VecDeque<Cry>,
    /// By the number that was shown: the phone, and until when.
    call_backs: BTreeMap<String, (String, Mono)>,
}

impl Cries {
    /// A phone calls for help.
    pub(crate) fn heard(&mut self, plan: &Plan, now: Mono, phone: &str, number: &str) {
        self.call_backs.retain(|_, (_, until)| *until > now);
        if let Some(site) = plan.site_of(phone) {
            let until = now + site.call_back;
            let back = (phone.to_owned(), until);
            self.call_backs.insert(bare(&site.caller_id), back);
        }
        self.untold.push_back(Cry {
            phone: phone.to_owned(),
            number: number.to_owned(),
        });
    }

    /// The next of which people are to be told.
    pub(crate) fn poll(&mut self) -> Option<Cry> {
        self.untold.pop_front()
    }

    /// No call back is waited for.
    pub(crate) fn is_quiet(&self) -> bool {
        self.call_backs.is_empty()
    }

    /// The phone that a call to this number is for.
    pub(crate) fn call_back(&self, now: Mono, called: &str) -> Option<&str> {
        let (phone, until) = self.call_backs.get(&bare(called))?;
        (*until > now).then_some(phone.as_str())
    }
}

/// Carriers deliver `442079460100` for `+442079460100`.
fn bare(number: &str) -> String {
    let number = tandem_dialplan::normalise(number).unwrap_or_default();
    number.strip_prefix('+').unwrap_or(&number).to_owned()
}
