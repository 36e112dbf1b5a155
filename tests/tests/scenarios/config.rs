//! The office of the scenarios: Northgate on the simulator's addresses.

#![allow(dead_code, reason = "each scenario changes its part")]

use tandem_dialplan::Plan;

const TANDEM: &str = r#"
[node]
name = "gw-1"
[sip]
listen = ["udp://10.0.0.1:5060", "tcp://10.0.0.1:5060"]
[rtp]
ports = "30000-30999"
"#;

const CARRIER: &str = r#"
direction = "both"
peers = ["sip:203.0.113.5"]
[auth]
allow_from = ["203.0.113.0/28"]
[media]
refer = "on"
[numbers]
country = "GB"
caller_id = "+442079460100"
[limits]
may_dial = ["_+441632960XXX"]
"#;

const PHONES: &str = r#"
[extensions.200]
name = "Reception"
registers = { username = "200", password = "file:secrets/200" }
[extensions.201]
name = "Billing one"
registers = { username = "201", password = "file:secrets/201" }
[extensions.202]
name = "Billing two"
registers = { username = "202", password = "file:secrets/202" }
[extensions.203]
name = "Repairs one"
registers = { username = "203", password = "file:secrets/203" }
[extensions.204]
name = "Repairs two"
registers = { username = "204", password = "file:secrets/204" }
[[emergency]]
site = "Northgate House"
numbers = ["999", "112"]
caller_id = "+442079460100"
tell = ["ext:200", "ext:201"]
test = { number = "*999", dials = "+441632960999" }
[phones]
domain = "phones.example"
may_dial = ["_20X", "_3XXX", "2000", "_+441632960XXX"]
"#;

const HEAD: &str = r#"
numbers = ["+442079460100"]
trunks = ["carrier"]
languages = ["en-GB"]
start = "agent:triage"

[routes]
"2000" = "echo"
"2001" = "announce:notice"
"2002" = "menu:main"
"2003" = "queue:billing"
"2005" = "outside:viewings"
"_20X" = "ext:{to}"
"_3XXX" = "conference:{to}"

[notice.disclosure]
en-GB = "You are speaking with our automated assistant. Press zero at any time for a person."

[agents.triage]
spoken = "the front desk"
greeting = "Good {daypart}, this is Northgate. How can I help you?"
hands_off_to = ["agent:billing", "agent:repairs", "queue:billing", "queue:repairs", "queue:reception", "outside:viewings", "outside:engineer"]
min_confidence = 0.5
[agents.triage.intents]
billing = ["i have a question about my bill", "there is a mistake on my bill", "you charged me twice", "when is my rent due", "i want a refund", "my payment did not go through"]
repairs = ["my heating is broken", "there is a leak in the kitchen", "there is water on the floor", "the front door does not lock", "i have no hot water", "something is broken in my flat"]
viewing = ["i would like to book a viewing", "can i come and see the flat", "when can i look at the flat", "i want to see the house", "book a viewing for tomorrow"]
hours = ["what are your opening hours", "when are you open", "what time do you close", "are you open on saturday"]
[agents.triage.routes]
billing = "agent:billing"
repairs = "queue:repairs"
viewing = "outside:viewings"
[agents.triage.answers]
hours = "We are open from Monday to Friday, nine to five."
[agents.triage.says]
handing_over = "I'm connecting you with {to}. I'll share what you've told me."
not_understood = "Sorry, I didn't catch that. Is it about a bill, a repair, or a viewing?"
back = "I'm sorry, {reason}. I still have what you told me. Shall I try again, or can I help in another way?"
transferring = "I'm putting you through to {to} now."

[agents.billing]
spoken = "billing"
hands_off_to = ["queue:billing", "agent:triage"]
min_confidence = 0.5
[agents.billing.intents]
team = ["i was charged twice", "you charged me twice this month", "i want my money back", "please put me through to the billing team", "can somebody look at my bill"]
due = ["when is my rent due", "when do i have to pay", "what day is the rent due", "when do i pay my rent"]
[agents.billing.routes]
team = "queue:billing"
[agents.billing.answers]
due = "Rent is due on the first day of each month."
[agents.billing.says]
greeting_after_handoff = "Hello, this is billing. I understand: {goal}."
transferring = "I'm putting you through to {to} now."
back = "This is billing again. I'm sorry, {reason}. Shall I try again, or can I help you myself?"

[agents.repairs]
spoken = "repairs"
hands_off_to = ["queue:repairs", "agent:triage"]
[agents.repairs.intents]
team = ["my heating is broken", "please send somebody today", "please put me through to repairs", "i need somebody to fix it"]
wait = ["how long does a repair take", "when will somebody come", "how long do i have to wait", "when will it be fixed"]
[agents.repairs.routes]
team = "queue:repairs"
[agents.repairs.answers]
wait = "Most repairs are done within three days."

[menus.main]
spoken = "the menu"
prompt = "For billing press one. For repairs press two. For reception press zero."
keys = { 1 = "queue:billing", 2 = "queue:repairs", 0 = "queue:reception" }
timeout = "5s"
retries = 1
otherwise = "announce:busy"

[announcements.notice]
text = "This is a test announcement. Thank you for listening. Goodbye."
then = "hangup"
[announcements.busy]
text = "Nobody can take your call just now. Please call again later. Goodbye."
then = "hangup"

[queues.billing]
spoken = "the billing team"
members = ["ext:201", "ext:202"]
strategy = "in-order"
ring = "10s"
transfer = "warm"
otherwise = ["announce:busy"]
[queues.repairs]
spoken = "the repairs team"
members = ["ext:203", "ext:204"]
strategy = "ring-all"
ring = "10s"
transfer = "warm"
otherwise = ["announce:busy"]
[queues.reception]
spoken = "reception"
members = ["ext:200"]
ring = "10s"
transfer = "warm"
otherwise = ["announce:busy"]

[outside.viewings]
spoken = "the viewings desk"
via = ["carrier"]
dial = "+441632960700"
transfer = "cold"
ring = "15s"
[outside.engineer]
spoken = "the emergency engineer"
via = ["carrier"]
dial = "+441632960555"
transfer = "warm"
ring = "15s"

[transfers.warm]
answer_wait = "5s"
[transfers.cold]
method = "refer-then-bridge"
ring = "15s"

[[escalate]]
on = "asked-for-human"
to = "queue:reception"
[[escalate]]
on = "key:0"
to = "queue:reception"
[[escalate]]
on = "phrase"
any = ["gas leak", "smell gas"]
to = "outside:engineer"
[[escalate]]
on = "provider-down"
to = "menu:main"

[limits]
may_dial = ["_20X", "+441632960555", "+441632960700"]
operator = "queue:reception"
"#;

/// The four files, to be changed for a scenario that needs another office.
#[derive(Clone)]
pub(crate) struct Config(Vec<(&'static str, String)>);

impl Config {
    /// As most scenarios have it.
    pub(crate) fn office() -> Self {
        let files = [
            ("tandem.toml", TANDEM),
            ("trunks/carrier.toml", CARRIER),
            ("phones.toml", PHONES),
            ("dialplans/head.toml", HEAD),
        ];
        Self(files.map(|(path, text)| (path, text.to_owned())).into())
    }

    /// One text, which must occur exactly once in all files, replaced.
    pub(crate) fn with(mut self, old: &str, new: &str) -> Self {
        let n: usize = self.0.iter().map(|(_, t)| t.matches(old).count()).sum();
        assert_eq!(n, 1, "{old:?} occurs {n} times in the configuration");
        for (_, text) in &mut self.0 {
            *text = text.replace(old, new);
        }
        self
    }

    /// Further lines for a file.
    pub(crate) fn and(mut self, path: &str, lines: &str) -> Self {
        let (_, text) = self
            .0
            .iter_mut()
            .find(|(p, _)| *p == path)
            .expect("a file of the office");
        text.push_str(lines);
        self
    }

    /// A further file.
    pub(crate) fn file(mut self, path: &'static str, text: &str) -> Self {
        self.0.push((path, text.to_owned()));
        self
    }

    /// Read as an admin's files are.
    pub(crate) fn plan(&self) -> Plan {
        let files: Vec<_> = self
            .0
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        tandem_sim::plan::plan(&files)
    }
}

/// The office with a language model for the front desk.
pub(crate) fn with_model() -> Config {
    Config::office()
        .and("tandem.toml", "\n[providers.fast]\nllm = { kind = \"openai\", base_url = \"http://127.0.0.1:9/v1\", model = \"small\" }\n")
        .with("spoken = \"the front desk\"", "spoken = \"the front desk\"\nproviders = \"fast\"")
}
