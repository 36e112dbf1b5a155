//! Mailboxes: which phones may hear them, what their lamps show, and what is done with messages from outside of calls.

use super::Switch;
use crate::api::{MessageAct, Output};
use std::collections::BTreeMap;
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
        let Some(m) = plan.mailbox(id) else { return };
        for phone in &m.phones {
            let user = plan.extension(phone).and_then(|e| e.registers.as_ref());
            if let Some((user, _)) = user {
                let mailboxes = mailboxes_of(&plan, user);
                self.tell_messages(now, user, &mailboxes);
            }
        }
    }

    /// How many messages wait may be other than it was, for every phone.
    pub(super) fn all_messages_wait(&mut self, now: Now) {
        let plan = self.plan.clone();
        let mailboxes = mailboxes_by_user(&plan);
        for e in plan.phones.extensions.iter() {
            if let Some((user, _)) = &e.registers {
                let theirs = mailboxes.get(user.as_str()).map_or(&[][..], Vec::as_slice);
                self.tell_messages(now, user, theirs);
            }
        }
    }

    fn tell_messages(&mut self, now: Now, user: &str, mailboxes: &[String]) {
        let waiting = self.house.mailboxes.waiting_in(mailboxes);
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
    mailboxes_by_user(plan).remove(user).unwrap_or_default()
}

/// The same of all phones.
fn mailboxes_by_user(plan: &Plan) -> BTreeMap<&str, Vec<String>> {
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (dialplan, d) in plan.dialplans.iter() {
        for (name, m) in &d.voicemail {
            for phone in &m.phones {
                let registers = plan.extension(phone).and_then(|e| e.registers.as_ref());
                let Some((user, _)) = registers else { continue };
                let theirs = found.entry(user).or_default();
                let id = format!("{dialplan}/{name}");
                if !theirs.contains(&id) {
                    theirs.push(id);
                }
            }
        }
    }
    found
}
