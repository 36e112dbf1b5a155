//! Voicemail: what voicemail.conf says of the boxes, and VoiceMail() with its options.

use super::{
    draft::Mailbox,
    read::{Left, Step, sections, split},
    walk::{Next, Walker, Way},
};
use std::collections::BTreeMap;

/// The context of a mailbox that names none.
const CONTEXT: &str = "default";
/// The longest message, in seconds, where nothing is said.
const LONGEST: u32 = 180;
/// The longest that it may be.
const MOST: u32 = 600;
/// What a PIN of ours has at least and at most.
const PIN: std::ops::RangeInclusive<usize> = 3..=12;

/// All boxes of voicemail.conf.
#[derive(Clone, Debug, Default)]
pub(super) struct OldVoicemail {
    /// By context and number.
    boxes: BTreeMap<(String, String), OldMailbox>,
    /// Who mails are from.
    pub(super) from: Option<String>,
}

/// A line of voicemail.conf.
#[derive(Clone, Debug, Default)]
struct OldMailbox {
    pin: Option<String>,
    name: String,
    mail: Vec<String>,
    limits: Limits,
}

/// What may be said for all boxes and for one, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// Without the sound.
    pub(super) bare: bool,
    pub(super) longest: Option<u32>,
    pub(super) shortest: Option<u32>,
    pub(super) silence: Option<u32>,
}

impl Limits {
    /// `Err`: why it could not be carried over.
    fn set(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        // 0 is no limit.
        let seconds = value.parse::<u32>().ok().filter(|s| *s > 0);
        match key {
            "attach" => self.bare = matches!(value, "no" | "false" | "0"),
            "maxsecs" | "maxmessage" => {
                self.longest = seconds.map(|s| s.min(MOST));
                if seconds.is_some_and(|s| s > MOST) {
                    return Err("no message is longer than ten minutes");
                }
            }
            "minsecs" | "minmessage" => self.shortest = seconds,
            "maxsilence" => self.silence = seconds.map(|s| s.max(2)),
            "delete" if matches!(value, "yes" | "true" | "1") => {
                return Err(
                    "messages stay until somebody deletes them, also those that were mailed",
                );
            }
            "emailsubject" | "emailbody" | "mailcmd" | "externnotify" => {
                return Err("mails about messages have words of their own, and no program is run");
            }
            _ => {}
        }
        Ok(())
    }
}

impl OldVoicemail {
    pub(super) fn read(&mut self, file: &str, text: &str, left: &mut Vec<Left>) {
        let mut general = Limits::default();
        for section in sections(file, text) {
            if section.name == "zonemessages" {
                continue;
            }
            for (key, value, at) in section.lines {
                let why: Vec<&str> = match section.name.as_str() {
                    "general" if key == "serveremail" => {
                        self.from = Some(value).filter(|v| is_address(v));
                        Vec::new()
                    }
                    "general" => general.set(&key, &value).err().into_iter().collect(),
                    context => {
                        let known = self.boxes.entry((context.to_owned(), key));
                        mailbox(known.or_default(), &value, general)
                    }
                };
                left.extend(why.into_iter().map(|why| Left {
                    at: at.clone(),
                    why: why.to_owned(),
                }));
            }
        }
    }
}

/// `PIN,NAME,MAIL,PAGER,OPTIONS`; a line whose PIN is `d` is another name of a box that is known.
fn mailbox(known: &mut OldMailbox, value: &str, general: Limits) -> Vec<&'static str> {
    let mut fields = split(value, ',').into_iter();
    let mut next = || fields.next().unwrap_or_default();
    let pin = next();
    if pin == "d" {
        return vec!["another name for the directory"];
    }
    // By `-` its owner may not change it.
    let pin = pin.trim_start_matches('-').to_owned();
    let digits = PIN.contains(&pin.len()) && pin.chars().all(|c| c.is_ascii_digit());
    let mut why = Vec::new();
    if !pin.is_empty() && !digits {
        why.push("a PIN of three to twelve digits is none here");
    }
    known.pin = Some(pin).filter(|_| digits);
    known.name = next().chars().filter(|c| !"{}\"\\".contains(*c)).collect();
    let (mail, pager) = (next(), next());
    let addresses = [split(&mail, '|'), split(&pager, '|')].concat();
    let (good, bad): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .filter(|a| !a.is_empty())
        .partition(|a| is_address(a));
    known.mail = good;
    if !bad.is_empty() {
        why.push("no mail address");
    }
    known.limits = general;
    for option in split(&next(), '|') {
        let (key, value) = option.split_once('=').unwrap_or((&option, ""));
        why.extend(known.limits.set(key.trim(), value.trim()).err());
    }
    let longest = known.limits.longest.unwrap_or(LONGEST);
    if known.limits.shortest.is_some_and(|s| s >= longest) {
        known.limits.shortest = None;
        why.push("every message would be too short to be kept: the usual 2 s instead");
    }
    why
}

/// `USER@HOST`, and nothing that a mail server could take for more.
fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| {
        let plain = |c: char| c.is_ascii_graphic() && !"<>()[],;:|\\\"@".contains(c);
        let of_host = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
        let whole = !user.is_empty() && host.starts_with(|c: char| c.is_ascii_alphanumeric());
        whole && user.chars().all(plain) && host.chars().all(of_host)
    })
}

impl Walker<'_> {
    /// `VoiceMail(BOX[@CONTEXT][&BOX...],OPTIONS)`: the first box, whose message all of them are told of.
    pub(super) fn voicemail(&mut self, way: &mut Way, step: &Step, args: &[String]) -> Next {
        let boxes = args.first().map_or("", String::as_str);
        // Before Asterisk 1.4 the greeting stood before the number: u201.
        let old = boxes.starts_with(['u', 'b', 's'])
            && boxes[1..].starts_with(|c: char| c.is_ascii_digit());
        let (letter, boxes) = boxes.split_at(usize::from(old));
        if boxes.is_empty() || boxes.contains(['{', '$']) {
            self.by_number |= boxes.contains("{to}");
            self.leave(
                &step.at,
                "the mailbox that a variable names: callers are told to call again",
            );
            way.said
                .push("nobody-can-take-your-call-just-now".to_owned());
            way.said.push("please-call-again-later".to_owned());
            return Next::End(self.ends(way, "hangup"));
        }
        let options = format!("{letter}{}", args.get(1).map_or("", String::as_str));
        let to = self.mailbox(way, step, boxes, &options);
        Next::End(self.ends(way, &to))
    }

    fn mailbox(&mut self, way: &Way, step: &Step, boxes: &str, options: &str) -> String {
        let mut new = Mailbox::default();
        let mut name = String::new();
        let mut limits = Limits::default();
        for (n, one) in split(boxes, '&').iter().enumerate() {
            let (number, context) = one.split_once('@').unwrap_or((one, CONTEXT));
            let old = self
                .peers
                .voicemail
                .boxes
                .get(&(context.to_owned(), number.to_owned()));
            if old.is_none() {
                self.leave(&step.at, format!("mailbox {number}@{context} is in no voicemail.conf: who is mailed is not known"));
            }
            let old = old.cloned().unwrap_or_default();
            if n == 0 {
                name = number.to_owned();
                limits = old.limits;
                new.greeting = greeting(number, &old.name, options);
                new.pin = old.pin.filter(|_| self.asks_for_pins());
            }
            new.mail_to.extend(old.mail);
            let phones = self.peers.watched_by(number, context);
            new.watched_by.extend(phones);
        }
        if options.contains(['u', 'b']) {
            self.leave(
                &step.at,
                format!(
                    "a greeting that was recorded for mailbox {name}: `greeting_file` names one"
                ),
            );
        }
        new.limits = limits;
        let mut next = way.clone();
        next.said.clear();
        next.at.2 += 1;
        next.vars
            .insert("vmstatus".to_owned(), "SUCCESS".to_owned());
        new.then = self.follow(way, step, next);
        self.draft.mailbox(&name, new)
    }

    /// Whoever hears messages keys a PIN: not where each VoiceMailMain leaves it out.
    fn asks_for_pins(&self) -> bool {
        let mut mains = self
            .plan
            .steps()
            .filter(|s| s.app == "voicemailmain")
            .peekable();
        let all = mains.peek().is_none();
        all || !mains.all(|s| s.args.get(1).is_some_and(|options| options.contains('s')))
    }
}

/// u: who is not there; b: who is on the phone; s: without how it is done.
fn greeting(number: &str, name: &str, options: &str) -> String {
    let who = match name.trim() {
        "" => format!("Extension {number}"),
        name => name.to_owned(),
    };
    let mut text = match options.chars().find(|c| matches!(c, 'u' | 'b')) {
        Some('u') => vec![format!("{who} cannot take your call just now.")],
        Some(_) => vec![format!("{who} is on the phone just now.")],
        None => Vec::new(),
    };
    if text.is_empty() || !options.contains('s') {
        text.push("Please leave a message after the tone.".to_owned());
    }
    text.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (OldVoicemail, Vec<Left>) {
        let (mut all, mut left) = (OldVoicemail::default(), Vec::new());
        all.read("voicemail.conf", text, &mut left);
        (all, left)
    }

    #[test]
    fn a_line_is_a_box_with_what_holds_for_all() {
        let (all, left) = read(
            "[general]\nmaxsecs = 240\nserveremail = pbx@example.com\nattach=no\n[zonemessages]\ncentral = America/Chicago|'vm-received'\n\
             [office]\n201 => 0471,Anna Berg,anna@example.com,07700900123@sms.example,attach=yes|maxsilence=1|delete=yes\n202 => -12,B\n201 => d,Annie\n",
        );
        let find = |n: &str| all.boxes[&("office".to_owned(), n.to_owned())].clone();
        let (anna, b) = (find("201"), find("202"));
        assert_eq!(all.from.as_deref(), Some("pbx@example.com"));
        assert_eq!(
            (anna.pin.as_deref(), anna.name.as_str()),
            (Some("0471"), "Anna Berg")
        );
        assert_eq!(anna.mail, ["anna@example.com", "07700900123@sms.example"]);
        let limits = Limits {
            bare: false,
            longest: Some(240),
            shortest: None,
            silence: Some(2),
        };
        assert_eq!(anna.limits, limits);
        assert_eq!((b.pin, b.limits.bare), (None, true));
        let lines: Vec<usize> = left.iter().map(|l| l.at.line).collect();
        assert_eq!(lines, [8, 9, 10]);
        let (_, left) = read("[x]\n1 => 12,A,a@,b c@d.example,maxsecs=900|minsecs=600\n");
        assert_eq!(left.len(), 4, "{left:?}");
    }

    #[test]
    fn the_flags_say_what_is_heard_first() {
        let of = |name, options| greeting("21", name, options);
        assert_eq!(
            of("Anna", "u"),
            "Anna cannot take your call just now. Please leave a message after the tone."
        );
        assert_eq!(of("", "sb"), "Extension 21 is on the phone just now.");
        assert_eq!(of("Anna", ""), "Please leave a message after the tone.");
        assert_eq!(of("Anna", "s"), "Please leave a message after the tone.");
    }
}
