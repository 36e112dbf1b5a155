//! Mailboxes.

use super::{
    Load,
    destinations::Scope,
    dialplan::language,
    mail::is_address,
    people::{SECOND, named, spoken_name},
    read::{Section, Text, Val},
    spot::did_you_mean,
};
use crate::{
    Destination, Dialplan, Door, Extension, Greeting, MAILBOX_SAYS, Mailbox, OFFLINE, Pattern,
    Secret,
};
use std::{collections::BTreeMap, time::Duration};
use tandem_types::agent::{AgentRules, Target};

/// Nobody listens to more, and no player takes more.
const LONGEST: Duration = Duration::from_secs(600);
/// A breath is no end.
const SHORTEST_SILENCE: Duration = Duration::from_secs(2);
/// What English-speaking callers hear where the plan does not say.
const GREETING: &str = "Nobody can take your call just now. Please leave a message after the tone.";

impl<'a> Load<'a> {
    pub(super) fn voicemail(
        &mut self,
        root: &Section<'a>,
        plan: &mut Dialplan,
        scope: &Scope,
        rules: &mut AgentRules,
    ) {
        for (v, s) in root.each("voicemail") {
            named(&v);
            self.spots
                .insert(format!("{} voicemail:{}", plan.name, v.key), v.key_spot);
            self.line(scope, &v);
            let spoken = s.opt("spoken").map(|_| spoken_name(&s, &v.key));
            let spoken = spoken.unwrap_or_else(|| "our voicemail".to_owned());
            rules
                .spoken
                .insert(Target(format!("voicemail:{}", v.key)), spoken.clone());
            let mailbox = self.mailbox(&v, &s, spoken, plan, scope);
            if let Some(twice) = mailbox.as_ref().and_then(|m| answered(plan, m)) {
                let (extension, other) = twice;
                let list = s.opt("answers_for");
                let text = list
                    .iter()
                    .flat_map(Val::texts)
                    .find(|t| t.value == extension);
                if let Some(text) = text {
                    text.spot
                        .error(format!("voicemail:{other} answers for {extension} already"))
                        .help("a call that nobody answers is led to one mailbox: take it out of the other");
                }
            }
            plan.voicemail.extend(mailbox.map(|m| (v.key.clone(), m)));
        }
    }

    /// | key | default |
    /// |---|---|
    /// | `greeting`, `greeting_file` | that nobody can take the call; other languages than English need one |
    /// | `language` | the dialplan's first |
    /// | `phones` | none |
    /// | `answers_for` | no extension |
    /// | `pin` | none |
    /// | `mail_to` | nobody |
    /// | `attach` | `true` |
    /// | `transcript` | `true` where the dialplan's provider profile has a recogniser that takes dictation |
    /// | `max_length` | `3m` |
    /// | `min_length` | `2s` |
    /// | `silence` | `5s` |
    /// | `then` | `hangup` |
    fn mailbox(
        &mut self,
        v: &Val<'a>,
        s: &Section<'a>,
        spoken: String,
        plan: &Dialplan,
        scope: &Scope,
    ) -> Option<Mailbox> {
        let of = s.opt("language").and_then(|v| v.words());
        let of = of.and_then(|t| language(&t));
        let greeting = self.greeting(v, s, of.as_ref().or(plan.languages.first()));
        let span = |key, least, usual: Duration| {
            let given = s.opt(key).and_then(|v| v.duration(least));
            given.unwrap_or(usual)
        };
        let max_length = span("max_length", SECOND, 180 * SECOND);
        let min_length = span("min_length", Duration::ZERO, 2 * SECOND);
        let silence = span("silence", SHORTEST_SILENCE, 5 * SECOND);
        if let Some(v) = s.opt("max_length").filter(|_| max_length > LONGEST) {
            v.spot
                .error("no message is longer than ten minutes")
                .help("max_length = \"3m\" is usual");
        }
        let short = s.opt("min_length").filter(|_| min_length >= max_length);
        if let Some(v) = short {
            v.spot
                .error("every message would be too short to be kept")
                .help("let min_length be less than max_length: \"2s\" is usual");
        }
        let then = s.opt("then");
        self.lines(scope, &then);
        let then = then.and_then(|v| v.words());
        let then = then.map(|t| self.destination(scope, &t));
        // Before anything is given up: a key that was not asked for is told to be unknown.
        let (phones, mail_to) = (self.phones_of(s), self.mail_to(s));
        let answers_for = self.extensions_of(s, "answers_for");
        let answers_for = answers_for.map(|(_, e)| e.pattern.clone()).collect();
        let attach = s.opt("attach").and_then(|v| v.yes_no());
        let transcript = self.transcript(s, plan);
        let pin = s.opt("pin").and_then(|v| self.pin(&v));
        let says = mailbox_says(s);
        Some(Mailbox {
            spoken,
            greeting: greeting?,
            language: of,
            phones,
            answers_for,
            mail_to,
            attach: attach.unwrap_or(true),
            transcript,
            pin,
            max_length,
            min_length,
            silence,
            then: then.unwrap_or(Some(Destination::Hangup))?,
            says,
        })
    }

    fn pin(&self, v: &Val<'a>) -> Option<Secret> {
        let pin = v.secret(self.secrets)?;
        let digits = pin.0.chars().all(|c| c.is_ascii_digit());
        if !digits || !(3..=12).contains(&pin.0.len()) {
            v.spot
                .error("a PIN is keyed on a phone: three to twelve digits");
        }
        Some(pin)
    }

    fn greeting(
        &self,
        v: &Val<'a>,
        s: &Section<'a>,
        language: Option<&String>,
    ) -> Option<Greeting> {
        let text = s.opt("greeting").map(|v| v.spoken());
        let file = s.opt("greeting_file");
        match (text, file) {
            (Some(_), Some(file)) => {
                file.spot
                    .error("a mailbox has one greeting: a text, or a file")
                    .help("leave one of `greeting` and `greeting_file` out");
                None
            }
            (Some(text), None) => {
                let text = text?;
                text.placeholders(&[]);
                Some(Greeting::Text(text.value))
            }
            (None, Some(file)) => {
                let path = file.words()?;
                if !(self.exists)(&path.value) {
                    path.spot
                        .error(format!("there is no file {:?}", path.value))
                        .help(
                            "a WAV file of 16 bits, by its path from the configuration's directory",
                        );
                }
                Some(Greeting::File(path.value))
            }
            (None, None) => {
                let english = language.is_none_or(|l| l == "en" || l.starts_with("en-"));
                if !english {
                    v.key_spot
                        .error("this mailbox has no greeting, and its language is not English")
                        .help("add greeting = \"...\", or greeting_file = \"sounds/greeting.wav\"");
                }
                Some(Greeting::Text(GREETING.to_owned()))
            }
        }
    }

    fn mail_to(&self, s: &Section<'a>) -> Vec<String> {
        let Some(list) = s.opt("mail_to") else {
            return Vec::new();
        };
        if self.plan.node.mail.is_none() && !self.unreadable("tandem.toml") {
            list.spot
                .error("no mail goes out: tandem.toml has no [mail], or one with errors")
                .help("[mail]\nserver = \"mail.northgate.example\"\nfrom = \"voicemail@northgate.example\"");
        }
        let all = list.texts().into_iter();
        all.filter(is_address).map(|t| t.value).collect()
    }

    /// Who writes messages down: the recogniser that works offline knows the examples of agents alone.
    fn transcript(&self, s: &Section<'a>, plan: &Dialplan) -> Option<String> {
        let profile = plan.providers.as_deref().unwrap_or(OFFLINE);
        let found = self.plan.node.providers.get(profile);
        let able = found.is_some_and(|p| matches!(p.stt, Door::OpenAi { .. }));
        let wanted = s.opt("transcript");
        let want = wanted.as_ref().and_then(Val::yes_no);
        if let (Some(v), Some(true), false) = (&wanted, want, able)
            && !self.unreadable("tandem.toml")
        {
            v.spot
                .error(format!("the provider profile {profile:?} has no recogniser that takes dictation"))
                .help("name one at the top of the file: providers = \"NAME\", whose stt is of kind \"openai\"");
        }
        (able && want != Some(false)).then(|| profile.to_owned())
    }

    /// Extensions that register here: others cannot be told that a message waits, nor known when they call.
    fn phones_of(&self, s: &Section<'a>) -> Vec<String> {
        let mut phones = Vec::new();
        for (text, e) in self.extensions_of(s, "phones") {
            match e.registers {
                Some(_) => phones.push(text.value),
                None => drop(
                    text.spot
                        .error(format!("extension {} does not register here", text.value))
                        .help("phones that hear messages have `registers` in phones.toml"),
                ),
            }
        }
        phones
    }

    /// Those of a list that phones.toml has, written as there.
    fn extensions_of<'e>(
        &'e self,
        s: &Section<'a>,
        key: &'static str,
    ) -> impl Iterator<Item = (Text<'a>, &'e Extension)> {
        let all = &self.plan.phones.extensions;
        let mut found = Vec::new();
        for text in s.opt(key).iter().flat_map(Val::texts) {
            match all.iter().find(|e| e.pattern.as_str() == text.value) {
                Some(e) => found.push((text, e)),
                None if self.unreadable("phones.toml") => {}
                None => {
                    let all: Vec<String> = all.iter().map(|e| e.pattern.to_string()).collect();
                    let near = did_you_mean(&text.value, &all);
                    text.spot
                        .error(format!("there is no extension {}", text.value))
                        .label("not in phones.toml")
                        .help(near.unwrap_or_else(|| format!("{key} = [\"200\"]")));
                }
            }
        }
        found.into_iter()
    }
}

/// What this mailbox answers for, and another does already.
fn answered<'p>(plan: &'p Dialplan, mailbox: &'p Mailbox) -> Option<(&'p str, &'p str)> {
    let others = |p: &Pattern| {
        let mut others = plan.voicemail.iter();
        others.find(|(_, m)| m.answers_for.contains(p))
    };
    let mut all = mailbox.answers_for.iter();
    all.find_map(|p| Some((p.as_str(), others(p)?.0.as_str())))
}

fn mailbox_says(s: &Section<'_>) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    let Some(says) = s.section("says") else {
        return said;
    };
    for known in MAILBOX_SAYS {
        if let Some(text) = says.opt(known.name).and_then(|v| v.spoken()) {
            text.placeholders(known.fills);
            said.insert(known.name.to_owned(), text.value);
        }
    }
    said
}
