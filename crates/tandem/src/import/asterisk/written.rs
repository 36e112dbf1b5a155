//! The new files, and the report of what was carried over and what was not.

use super::{
    New, Old, Wishes,
    draft::{Draft, Mailbox, pin_of},
    is_number,
    read::{Dialplan, Left},
    walk::Walker,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// The trunk of plans that name none.
const CARRIER: &str = "carrier";

/// Everything, once all numbers are walked.
pub(super) fn written(
    old: &Old,
    walker: Walker<'_>,
    all: Vec<(String, Draft)>,
    wishes: &Wishes,
    contexts: &[String],
) -> New {
    let Walker {
        mut phones,
        trunks,
        mut left,
        seen,
        ..
    } = walker;
    let mut trunks: Vec<String> = trunks.into_iter().collect();
    if trunks.is_empty() {
        trunks.push(CARRIER.to_owned());
    }
    let names: Vec<&str> = trunks.iter().map(String::as_str).collect();
    let mut files = Vec::new();
    let (mut boxes, mut pins) = (Boxes::default(), Vec::new());
    let mut outside: BTreeSet<String> = BTreeSet::new();
    let (mut ways, mut first, mut led) = (0, String::new(), String::new());
    let used = all
        .into_iter()
        .filter(|(_, d)| !d.routes.is_empty() || !d.numbers.is_empty());
    for (n, (name, mut draft)) in used.enumerate() {
        boxes.endless.extend(draft.prune());
        for (mailbox, new) in &draft.voicemail {
            let known = new
                .watched_by
                .iter()
                .filter(|e| old.peers.endpoints.contains(*e));
            for number in known.filter(|e| is_number(e) && e.len() > 1) {
                if !phones.values().any(|user| user == number) {
                    phones.insert(number.clone(), number.clone());
                }
            }
            boxes.add(mailbox, new, &phones);
            pins.extend(new.pin.clone().map(|pin| (pin_of(&name, mailbox), pin)));
        }
        outside.extend(draft.outside.values().map(|(_, number)| number.clone()));
        ways += draft.routes.len() + draft.numbers.len();
        let starts = draft
            .numbers
            .iter()
            .map(|n| (n.clone(), "by the hours".to_owned()));
        for (number, to) in draft.routes.iter().cloned().chain(starts) {
            let _ = writeln!(led, "| `{number}` | {to} | dialplans/{name}.toml |");
            if first.is_empty() && !number.starts_with('_') {
                first = number;
            }
        }
        let head = format!("# Made from {}.\n", contexts.join(", "));
        files.push((
            format!("dialplans/{name}.toml"),
            draft.toml(&name, &head, &names, &wishes.timezone, &phones, n == 0),
        ));
    }
    for trunk in &trunks {
        let may: Vec<String> = outside.iter().map(|n| format!("{n:?}")).collect();
        files.push((
            format!("trunks/{trunk}.toml"),
            format!("{TRUNK}\n[limits]\nmay_dial = [{}]\n", may.join(", ")),
        ));
    }
    let code = boxes.shown.then(|| code(&old.plan));
    if !phones.is_empty() {
        files.push((
            "phones.toml".to_owned(),
            phones_toml(&phones, code.as_deref()),
        ));
    }
    let from = old.peers.voicemail.from.as_deref();
    let mail = boxes
        .mailed
        .then(|| mail(from.unwrap_or("voicemail@localhost.localdomain")));
    files.push((
        "tandem.toml".to_owned(),
        format!("{TANDEM}{}", mail.unwrap_or_default()),
    ));
    for step in old
        .plan
        .steps()
        .filter(|s| !seen.contains(&(s.at.file.clone(), s.at.line)))
    {
        let why = match (step.app.as_str(), &code) {
            ("voicemailmain", Some(code)) => format!("phones hear their messages by {code}"),
            _ => "callers from outside never come here".to_owned(),
        };
        left.push(Left {
            at: step.at.clone(),
            why,
        });
    }
    left.extend(old.plan.left.iter().chain(&old.peers.left).cloned());
    left.sort_by(|a, b| (&a.at.file, a.at.line, &a.why).cmp(&(&b.at.file, b.at.line, &b.why)));
    left.dedup();
    for (name, schema) in tandem_dialplan::schemas() {
        let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        files.push((format!("schema/{name}"), text + "\n"));
    }
    files.push((
        "import-report.md".to_owned(),
        report(
            &led,
            &left,
            &trunks,
            &phones,
            &wishes.timezone,
            &boxes.to_do(code.as_deref()),
        ),
    ));
    New {
        secrets: phones
            .into_values()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        files,
        pins,
        ways,
        left: left.len(),
        first: if first.is_empty() {
            "NUMBER".to_owned()
        } else {
            first
        },
    }
}

const TANDEM: &str = "#:schema schema/tandem.json\n[node]\nname = \"gateway\"\n\n[sip]\nlisten = [\"udp://127.0.0.1:5060\", \"tcp://127.0.0.1:5060\"]    # udp://0.0.0.0:5060 lets others in\n\n[rtp]\naddress = \"127.0.0.1\"\nports = \"20000-20998\"\n";

const TRUNK: &str = "#:schema ../schema/trunk.json\n# The carrier's addresses stand here as examples (RFC 5737): put its own in.\ndirection = \"both\"\npeers = [\"sip:198.51.100.1\"]\n\n[auth]\nallow_from = [\"198.51.100.1/32\"]\n";

/// Mail about messages, as Asterisk sent it: by the machine's own mail server.
fn mail(from: &str) -> String {
    format!(
        "\n[mail]\nserver = \"127.0.0.1\"                                # the mail server of this machine, as sendmail was\ntls = \"off\"\nfrom = {from:?}\n"
    )
}

/// What phones dial to hear their messages: as it was where it began with a star.
fn code(plan: &Dialplan) -> String {
    let all = plan.contexts.values().flat_map(|c| &c.extens);
    let mut mains = all.filter(|e| e.steps.iter().any(|s| s.app == "voicemailmain"));
    let star = |name: &str| {
        let digits = name.strip_prefix('*').unwrap_or_default();
        (1..=4).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit())
    };
    let known = mains.find(|e| star(&e.name));
    known.map_or("*97", |e| e.name.as_str()).to_owned()
}

/// What is to be said of all mailboxes, and of menus without an end.
#[derive(Default)]
struct Boxes {
    count: usize,
    /// Some phone shows messages.
    shown: bool,
    /// Some messages are mailed.
    mailed: bool,
    /// Whose messages nobody is told of.
    unheard: Vec<String>,
    /// Menus that led to nobody and to no end.
    endless: Vec<String>,
}

impl Boxes {
    fn add(&mut self, name: &str, mailbox: &Mailbox, phones: &BTreeMap<String, String>) {
        let (shown, mailed) = (
            !mailbox.phones(phones).is_empty(),
            !mailbox.mail_to.is_empty(),
        );
        self.count += 1;
        self.shown |= shown;
        self.mailed |= mailed;
        if !shown && !mailed {
            self.unheard.push(format!("voicemail:{name}"));
        }
    }

    fn to_do(&self, code: Option<&str>) -> String {
        let mut text = String::new();
        for name in &self.endless {
            let _ = writeln!(
                text,
                "- menu:{name} led to nobody and to no end: whoever does nothing is hung up on now."
            );
        }
        if self.count > 0 {
            text.push_str("- Mailboxes are empty: old messages stay where they are. Greetings are spoken; `greeting_file` plays one that was recorded.\n");
        }
        if let Some(code) = code {
            let _ = writeln!(
                text,
                "- Phones hear their messages by `{code}`, and so does `tandem voicemail list`."
            );
        }
        if self.mailed {
            text.push_str("- Mails about messages go by the mail server of this machine: `[mail]` in tandem.toml.\n");
        }
        if !self.unheard.is_empty() {
            let _ = writeln!(
                text,
                "- Nobody is told of messages in {}: `phones` or `mail_to` say who is.",
                self.unheard.join(", ")
            );
        }
        text
    }
}

fn phones_toml(phones: &BTreeMap<String, String>, voicemail: Option<&str>) -> String {
    let mut text =
        "#:schema schema/phones.json\n# Each phone's new password is in secrets/.\n".to_owned();
    for (number, user) in phones {
        let _ = write!(
            text,
            "[extensions.{number}]\nregisters = {{ username = {user:?}, password = \"file:secrets/{user}\" }}\n"
        );
    }
    if let Some(code) = voicemail {
        let _ = writeln!(
            text,
            "\n[features]\nvoicemail = {code:?}                                 # hears the messages that wait"
        );
    }
    text.push_str("\n[phones]\ndomain = \"phones.example\"                             # what the phones have as their SIP domain\n");
    text
}

fn report(
    led: &str,
    left: &[Left],
    trunks: &[String],
    phones: &BTreeMap<String, String>,
    timezone: &str,
    mailboxes: &str,
) -> String {
    let mut text = format!(
        "# What was carried over, and what was not\n\n| number | leads to | in |\n|---|---|---|\n{led}\n## To do\n\n"
    );
    let _ = writeln!(
        text,
        "- `trunks/`: the addresses of {} are examples.",
        trunks.join(", ")
    );
    let _ = writeln!(
        text,
        "- The hours go by the clock of {timezone}: `timezone` in each dialplan."
    );
    text.push_str("- Sounds are spoken: each text was made from the name of its file. Write what your callers are used to hear.\n");
    if !phones.is_empty() {
        let _ = writeln!(
            text,
            "- {} phones register with new passwords, in `secrets/`; `[phones] domain` is theirs to know.",
            phones.len()
        );
        text.push_str("- What phones may dial outside: `may_dial` under `[phones]`. Nothing of the old plan was carried over.\n");
        text.push_str("- Calls for help: `[[emergency]]` in phones.toml.\n");
    }
    text.push_str(mailboxes);
    text.push_str("- An assistant stands ready in comments at the end of the first dialplan.\n\n## Not carried over\n\n");
    if left.is_empty() {
        text.push_str("Nothing: every line has its place.\n");
    }
    for Left { at, why } in left {
        let _ = writeln!(
            text,
            "- `{}:{}` `{}`\n  {why}",
            at.file,
            at.line,
            at.text.replace('`', "'")
        );
    }
    text
}
