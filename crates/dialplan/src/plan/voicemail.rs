//! Mailboxes: where callers leave messages, and who hears them.

use super::{Destination, Dialplan, Extension, LineSays, Plan, Secret};
use crate::Pattern;
use std::{collections::BTreeMap, time::Duration};

/// `[voicemail.NAME]` of a dialplan.
#[derive(Clone, Debug, PartialEq)]
pub struct Mailbox {
    /// Spoken name.
    pub spoken: String,
    /// What callers hear before the tone.
    pub greeting: Greeting,
    /// What it is spoken in; `None`: the dialplan's first language.
    pub language: Option<String>,
    /// Extensions whose phones show that messages wait, and may hear them.
    pub phones: Vec<String>,
    /// Extensions as phones.toml has them: a call to one that nobody answers is led here.
    pub answers_for: Vec<Pattern>,
    /// Who is sent a mail about each message.
    pub mail_to: Vec<String>,
    /// With its sound.
    pub attach: bool,
    /// The provider profile that writes down what is said in them; `None`: nobody does.
    pub transcript: Option<String>,
    /// What they key before they hear any.
    pub pin: Option<Secret>,
    /// The longest message.
    pub max_length: Duration,
    /// What is shorter, from the tone to the last word, is not kept.
    pub min_length: Duration,
    /// After so long without a word a message is over.
    pub silence: Duration,
    /// Where the caller goes then.
    pub then: Destination,
    /// What is said, by [`MAILBOX_SAYS`].
    pub says: BTreeMap<String, String>,
}

/// What callers hear first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// Spoken.
    Text(String),
    /// A sound file of the configuration.
    File(String),
}

impl Plan {
    /// A mailbox by the name that journals, rows and phones know it by: `DIALPLAN/NAME`.
    pub fn mailbox(&self, id: &str) -> Option<&Mailbox> {
        let (dialplan, name) = id.split_once('/')?;
        self.dialplans.get(dialplan)?.voicemail.get(name)
    }
}

impl Plan {
    /// Where a call to this extension is led that nobody answers: a dialplan, and its mailbox. A call of a dialplan finds that
    /// dialplan's, a call from a phone the first by the dialplans' names.
    pub fn mailbox_of(&self, dialplan: Option<&str>, number: &str) -> Option<(&str, &str)> {
        let extension = self.extension(number)?;
        let mut all = self.dialplans.values();
        all.find_map(|d| {
            let own = dialplan.is_none_or(|name| d.name == name);
            let mailbox = d.mailbox_of(extension).filter(|_| own)?;
            Some((d.name.as_str(), mailbox))
        })
    }
}

impl Dialplan {
    /// The mailbox to which a call to this extension is led that nobody answers.
    pub fn mailbox_of(&self, extension: &Extension) -> Option<&str> {
        let answers = |m: &Mailbox| m.answers_for.contains(&extension.pattern);
        let mut all = self.voicemail.iter();
        all.find(|(_, m)| answers(m)).map(|(name, _)| name.as_str())
    }
}

impl Mailbox {
    /// What is said then.
    pub fn says(&self, what: &str) -> &str {
        let usual = || MAILBOX_SAYS.iter().find(|s| s.name == what);
        match self.says.get(what) {
            Some(text) => text,
            None => usual().map_or("", |s| s.usual),
        }
    }
}

/// All that is said to callers who leave messages (the first three), and to people who hear them.
pub const MAILBOX_SAYS: [LineSays; 14] = [
    says("thanks", &[], "Thank you. Your message has been recorded."),
    says("nothing", &[], "Nothing was recorded."),
    says(
        "full",
        &[],
        "I'm sorry, no message can be recorded just now. Please call again later.",
    ),
    says("pin", &[], "Please enter your PIN, then press hash."),
    says("wrong", &[], "That is not right."),
    says(
        "count",
        &["new", "old"],
        "New messages: {new}. Saved messages: {old}.",
    ),
    says("none", &[], "There are no messages."),
    says(
        "new",
        &["n", "from", "when"],
        "New message {n}, from {from}, {when}.",
    ),
    says(
        "old",
        &["n", "from", "when"],
        "Saved message {n}, from {from}, {when}.",
    ),
    says(
        "keys",
        &[],
        "To hear it again press 1. To save it press 2. To delete it press 3.",
    ),
    says("saved", &[], "Saved."),
    says("deleted", &[], "Deleted."),
    says("unheard", &[], "This message cannot be played."),
    says("last", &[], "There are no more messages. Goodbye."),
];

const fn says(name: &'static str, fills: &'static [&'static str], usual: &'static str) -> LineSays {
    LineSays { name, fills, usual }
}
