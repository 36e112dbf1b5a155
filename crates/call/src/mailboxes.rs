//! The messages that wait in mailboxes: what the lamps of phones show of them, and what there is to be heard.
//!
//! ```text
//!   loaded, left --> new --heard--> saved --deleted--> gone, and its file is erased
//!                     '------------deleted------------^
//! ```
//!
//! The rows in the database say the same, from the journal; this is what calls and phones go by meanwhile.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tandem_types::{MessageId, Wall};

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub message: MessageId,
    /// The dialplan and the name of the mailbox.
    pub mailbox: String,
    /// In the directory for recordings.
    pub file: String,
    /// When it was left.
    pub at: Wall,
    /// Who called; empty when withheld.
    pub from: String,
    /// What the caller is called.
    pub from_name: Option<String>,
    /// Somebody has heard it.
    pub heard: bool,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mailboxes {
    held: BTreeMap<MessageId, Held>,
    /// Deleted before those of earlier runs were there.
    gone: BTreeSet<MessageId>,
    loaded: bool,
    /// Mailboxes in which something is new.
    changed: BTreeSet<String>,
}

impl Mailboxes {
    /// Those of earlier runs; what is known of one already is newer.
    pub(crate) fn load(&mut self, all: Vec<Held>) {
        for held in all {
            if !self.gone.contains(&held.message) && !self.held.contains_key(&held.message) {
                self.put(held);
            }
        }
        self.loaded = true;
        self.gone.clear();
    }

    /// A message was left.
    pub(crate) fn put(&mut self, held: Held) {
        self.changed.insert(held.mailbox.clone());
        self.held.insert(held.message, held);
    }

    /// Somebody has heard it. `false`: that was so, or it is not there.
    pub(crate) fn hear(&mut self, message: MessageId) -> bool {
        let Some(held) = self.held.get_mut(&message) else {
            return false;
        };
        let news = !std::mem::replace(&mut held.heard, true);
        if news {
            self.changed.insert(held.mailbox.clone());
        }
        news
    }

    /// It is gone from here on: what it was, if it was there.
    pub(crate) fn delete(&mut self, message: MessageId) -> Option<Held> {
        if !self.loaded {
            self.gone.insert(message);
        }
        let held = self.held.remove(&message)?;
        self.changed.insert(held.mailbox.clone());
        Some(held)
    }

    pub(crate) fn get(&self, message: MessageId) -> Option<&Held> {
        self.held.get(&message)
    }

    /// What waits in these: new ones first, each kind in the order in which they were left.
    pub(crate) fn waiting_in(&self, mailboxes: &[String]) -> Vec<&Held> {
        let all = self.held.values();
        let mut found: Vec<&Held> = all.filter(|h| mailboxes.contains(&h.mailbox)).collect();
        found.sort_by_key(|h| h.heard);
        found
    }

    /// The next mailbox in which something has changed.
    pub(crate) fn poll_changed(&mut self) -> Option<String> {
        self.changed.pop_first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::CallId;

    fn held(n: u128, mailbox: &str, heard: bool) -> Held {
        let call = CallId(n);
        Held {
            message: MessageId { call, index: 1 },
            mailbox: mailbox.to_owned(),
            file: format!("{n}.wav"),
            at: Wall(n as i64),
            from: String::new(),
            from_name: None,
            heard,
        }
    }

    fn changes(boxes: &mut Mailboxes) -> Vec<String> {
        std::iter::from_fn(|| boxes.poll_changed()).collect()
    }

    #[test]
    fn new_ones_come_first_and_what_changes_is_told() {
        let mut boxes = Mailboxes::default();
        let (one, two) = (held(1, "a", false), held(2, "a", false));
        boxes.put(one.clone());
        boxes.put(two.clone());
        boxes.put(held(3, "b", false));
        assert_eq!(changes(&mut boxes), ["a", "b"]);
        assert!(boxes.hear(one.message) && !boxes.hear(one.message));
        assert_eq!(changes(&mut boxes), ["a"]);
        let ids = |b: &Mailboxes, of: &[&str]| -> Vec<u128> {
            let of: Vec<String> = of.iter().map(|s| (*s).to_owned()).collect();
            let found = b.waiting_in(&of);
            found.iter().map(|h| h.message.call.0).collect()
        };
        assert_eq!(ids(&boxes, &["a"]), [2, 1]);
        assert_eq!(ids(&boxes, &["a", "b"]), [2, 3, 1]);
        assert_eq!(boxes.delete(two.message), Some(two.clone()));
        assert_eq!(boxes.delete(two.message), None);
        assert_eq!(ids(&boxes, &["a"]), [1]);
    }

    #[test]
    fn what_was_read_from_the_database_late_is_no_news() {
        let mut boxes = Mailboxes::default();
        let (one, two, three) = (
            held(1, "a", false),
            held(2, "a", false),
            held(3, "a", false),
        );
        boxes.put(one.clone());
        boxes.hear(one.message);
        assert_eq!(boxes.delete(two.message), None, "not known yet");
        boxes.load(vec![one.clone(), two.clone(), three.clone()]);
        assert!(boxes.get(one.message).is_some_and(|h| h.heard));
        assert_eq!(boxes.get(two.message), None);
        assert_eq!(boxes.get(three.message), Some(&three));
    }
}
