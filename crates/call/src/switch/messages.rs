//! Mailboxes: which phones may hear them, what their lamps show, and what is done with messages from outside of calls.

use super::Switch;
use crate::{
    api::{MessageAct, Output},
    call::leave::mailbox,
};
use tandem_dialplan::Plan;
use tandem_sip::notifier::Messages;
use tandem_types::{
    CallId, MessageId, Now,
    journal::{Event, What},
};

impl Switch {
    /// Something is new in this mailbox: its phones are told.
    pub(super) fn messages_wait(&mut self, now: Now, id: &str) {
        let plan = self.plan.clone();
        let Some(m) = mailbox(&plan, id) else { return };
        for phone in &m.phones {
            let user = plan.extension(phone).and_then(|e| e.registers.as_ref());
            if let Some((user, _)) = user {
                self.tell_messages(now, user);
            }
        }
    }

    /// How many messages wait may be other than it was, for every phone.
    pub(super) fn all_messages_wait(&mut self, now: Now) {
        let plan = self.plan.clone();
        for e in plan.phones.extensions.iter() {
            if let Some((user, _)) = &e.registers {
                self.tell_messages(now, user);
            }
        }
    }

    fn tell_messages(&mut self, now: Now, user: &str) {
        let mailboxes = mailboxes_of(&self.plan, user);
        let waiting = self.house.mailboxes.waiting_in(&mailboxes);
        let old = waiting.iter().filter(|h| h.heard).count();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let messages = Messages {
            new: count(waiting.len() - old),
            old: count(old),
        };
        self.lamps.notifier.handle_messages(now, user, messages);
    }

    /// On record, by itself: it is no call's.
    pub(super) fn message(&mut self, now: Now, message: MessageId, act: MessageAct) {
        let by = "command".to_owned();
        let what = match act {
            MessageAct::Heard => match self.house.mailboxes.hear(message) {
                true => What::MessageHeard { message, by },
                false => return,
            },
            MessageAct::Delete => match self.house.mailboxes.delete(message) {
                Some(held) => {
                    let file = held.file;
                    self.out.push_back(Output::Erase { file });
                    What::MessageDeleted { message, by }
                }
                None => return,
            },
            MessageAct::Transcribed(text) => What::MessageTranscribed { message, text },
            MessageAct::Mailed(to) => What::MessageMailed { message, to },
            MessageAct::Unmailed { why, given_up } => What::MailFailed {
                message,
                why,
                given_up,
            },
        };
        self.out.push_back(Output::Journal(Box::new(Event {
            call: CallId::generate(now.wall, &mut self.rng),
            seq: 1,
            at: now.wall,
            what,
        })));
    }
}

/// The mailboxes of a phone, by what it registers as: dialplan and name of each.
pub(crate) fn mailboxes_of(plan: &Plan, user: &str) -> Vec<String> {
    let is_theirs = |phone: &String| {
        let registers = plan.extension(phone).and_then(|e| e.registers.as_ref());
        registers.is_some_and(|(name, _)| name == user)
    };
    let mut found = Vec::new();
    for (dialplan, d) in plan.dialplans.iter() {
        let theirs = d
            .voicemail
            .iter()
            .filter(|(_, m)| m.phones.iter().any(is_theirs));
        found.extend(theirs.map(|(name, _)| format!("{dialplan}/{name}")));
    }
    found
}
