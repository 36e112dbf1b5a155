//! A phone sets by a code whether queues ring it: said, and the call is over.

use super::{Call, Ctx};
use crate::switch::person_of;
use tandem_types::{Party, Reason, Termination, journal::What};

impl Call {
    pub(super) fn pause_by_phone(&mut self, cx: &mut Ctx<'_>, paused: bool) {
        let phone = self.leg(self.caller).and_then(|l| l.phone.clone());
        let Some(person) = phone.and_then(|user| person_of(cx.plan, &user)) else {
            let end = Termination::new(Party::Gateway, Reason::NotAllowed);
            return self.farewell(cx, "This phone is in no queue.", end);
        };
        cx.house.queues.pause(&person, paused);
        let by = "phone".to_owned();
        self.journal(cx, What::PersonPaused { person, paused, by });
        let words = match paused {
            true => "You are paused. Queues do not ring this phone.",
            false => "You are back. Queues ring this phone.",
        };
        self.farewell(cx, words, Termination::new(Party::Gateway, Reason::Normal));
    }
}
