//! A menu, and what becomes of the keys that are pressed in it.
//!
//! ```text
//!   key --an extension may begin so--> more keys? --`digit_timeout` without one--> what was keyed so far
//!    |                                    | it is one, and no longer one begins so
//!    | it has a destination               v
//!    +--------------------------------> that destination;  neither: a wrong key
//! ```

use super::{Destination, Plan};
use crate::Pattern;
use std::{collections::BTreeMap, time::Duration};

/// A menu by key.
#[derive(Clone, Debug, PartialEq)]
pub struct Menu {
    /// What is said.
    pub prompt: String,
    /// Where each key leads.
    pub keys: BTreeMap<char, Destination>,
    /// What callers may say instead of a key.
    pub words: BTreeMap<char, Vec<String>>,
    /// Extensions that callers may key, each of a fixed number of digits.
    pub direct_dial: Vec<Pattern>,
    /// So long after a digit the next one of an extension may come.
    pub digit_timeout: Duration,
    /// Silence after the prompt.
    pub timeout: Duration,
    /// How often it is said again.
    pub retries: u32,
    /// And then.
    pub otherwise: Destination,
}

/// What was keyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keyed {
    /// This is meant.
    Leads(Destination),
    /// An extension may begin so.
    More,
    /// Nothing in this menu.
    Nothing,
}

impl Menu {
    fn keyed(&self, typed: &str) -> Keyed {
        match self.direct_dial.iter().any(|p| p.may_begin_with(typed)) {
            true => Keyed::More,
            false => self.settled(typed).map_or(Keyed::Nothing, Keyed::Leads),
        }
    }

    fn settled(&self, typed: &str) -> Option<Destination> {
        if self.direct_dial.iter().any(|p| p.matches(typed)) {
            return Some(Destination::Ext(typed.to_owned()));
        }
        let mut keys = typed.chars();
        match (keys.next(), keys.next()) {
            (Some(key), None) => self.keys.get(&key).cloned(),
            _ => None,
        }
    }
}

/// A pattern of a menu may have more numbers than there are extensions: those are no numbers at all.
impl Plan {
    /// What `typed` means in a menu while another key may follow.
    pub fn keyed(&self, menu: &Menu, typed: &str) -> Keyed {
        match menu.keyed(typed) {
            Keyed::Leads(to) if !self.is_there(&to) => Keyed::Nothing,
            means => means,
        }
    }

    /// What `typed` means when no other key follows: an extension that is complete, or one key.
    pub fn settled(&self, menu: &Menu, typed: &str) -> Option<Destination> {
        menu.settled(typed).filter(|to| self.is_there(to))
    }

    fn is_there(&self, to: &Destination) -> bool {
        match to {
            Destination::Ext(number) => self.extension(number).is_some(),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Keyed::*, *};

    fn menu(direct: &[&str]) -> Menu {
        Menu {
            prompt: String::new(),
            keys: [('2', Destination::Echo), ('9', Destination::Hangup)].into(),
            words: BTreeMap::new(),
            direct_dial: direct
                .iter()
                .map(|p| Pattern::parse(p).expect("a pattern"))
                .collect(),
            digit_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(6),
            retries: 2,
            otherwise: Destination::Hangup,
        }
    }

    #[test]
    fn a_key_that_begins_an_extension_waits_for_the_next() {
        let m = menu(&["_2XX", "_20XX"]);
        assert_eq!(m.keyed("2"), More);
        assert_eq!(m.settled("2"), Some(Destination::Echo));
        assert_eq!(m.keyed("21"), More);
        assert_eq!(m.settled("21"), None);
        assert_eq!(m.keyed("213"), Leads(Destination::Ext("213".into())));
        // 201 is one, and 2015 might be.
        assert_eq!(m.keyed("201"), More);
        assert_eq!(m.settled("201"), Some(Destination::Ext("201".into())));
        assert_eq!(m.keyed("2015"), Leads(Destination::Ext("2015".into())));
    }

    #[test]
    fn other_keys_count_at_once() {
        let m = menu(&["_2XX"]);
        assert_eq!(m.keyed("9"), Leads(Destination::Hangup));
        assert_eq!(m.keyed("5"), Nothing);
        assert_eq!(m.keyed("2*"), Nothing);
        assert_eq!(menu(&[]).keyed("2"), Leads(Destination::Echo));
    }
}
