//! From where a call starts to where it ends or waits for people.

mod ask;

use std::{collections::VecDeque, sync::Arc};
use tandem_agent::{
    Brain,
    typed::{Caller as Speaker, Happened, Typed},
};
use tandem_dialplan::{Destination, Dialplan, Keyed, LineRules, Menu, Plan, Queue, Route};
use tandem_types::{Mono, Now, Wall, context::HandoffReason, journal::What};

/// More steps than any sane call has.
const STEPS: usize = 60;

/// What the caller does.
#[derive(Clone, Debug, Default)]
pub(super) struct Caller {
    pub(super) number: String,
    pub(super) called: String,
    pub(super) says: VecDeque<String>,
    pub(super) keys: VecDeque<char>,
}

/// One thing that happens, and the line that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) what: String,
    pub(super) line: Option<String>,
}

/// The way of one call.
pub(super) struct Walk<'p> {
    plan: &'p Plan,
    name: String,
    dialplan: Option<&'p Dialplan>,
    caller: Caller,
    at: Wall,
    steps: Vec<Step>,
}

impl<'p> Walk<'p> {
    pub(super) fn new(plan: &'p Plan, route: &Route, caller: Caller, at: Wall) -> Self {
        Self {
            plan,
            name: route.dialplan.clone(),
            dialplan: plan.dialplans.get(&route.dialplan),
            caller,
            at,
            steps: Vec::new(),
        }
    }

    /// The rules and the hours of a queue that is closed.
    fn shut<'q>(&self, queue: &'q Queue) -> Option<(&'q LineRules, &'q String)> {
        let line = queue.line.as_ref()?;
        let name = line.within.as_ref()?;
        let hours = self.dialplan?.hours.get(name)?;
        (!hours.is_open(self.at)).then_some((line, name))
    }

    pub(super) fn go(mut self, start: Destination) -> Vec<Step> {
        self.lookup();
        let mut next = Some(start);
        while let Some(to) = next.take() {
            if self.steps.len() > STEPS {
                self.step("this goes round and round".to_owned(), "");
                break;
            }
            next = self.enter(&to);
        }
        self.steps
    }

    fn step(&mut self, what: String, place: &str) {
        let line = self
            .plan
            .places
            .get(&format!("dialplans.{}.{place}", self.name))
            .cloned();
        self.steps.push(Step { what, line });
    }

    /// Who calls is asked before anything else; here nobody is asked.
    fn lookup(&mut self) {
        let plan = self.dialplan.and_then(|d| d.rules.caller_lookup.as_ref());
        if let Some(plan) = plan {
            let what = match tandem_agent::tool::caller_lookup(plan, &self.caller.number) {
                Some(ask) => format!(
                    "the caller is looked up: GET {}, {} ms at the most",
                    ask.url,
                    ask.timeout.as_millis()
                ),
                None => {
                    "the caller is not looked up: there is no number like +447700900123".to_owned()
                }
            };
            self.step(what, "caller_lookup");
        }
    }

    /// The tools of an agent that the caller comes to.
    fn tools(&mut self, agent: &str) {
        let Some(d) = self.dialplan else { return };
        let Some(spec) = d.rules.agents.get(agent) else {
            return;
        };
        for name in &spec.tools {
            let Some(tool) = d.rules.tools.get(name) else {
                continue;
            };
            let effect = format!("{:?}", tool.effect).to_lowercase();
            let asks = match tool.confirm {
                tandem_types::tool::Confirm::No => "",
                _ => ", once the caller has said yes",
            };
            self.step(
                format!(
                    "its model may call {name} ({effect}{asks}): {} {}",
                    tool.method.as_str(),
                    tool.url.origin
                ),
                &format!("tools.{name}"),
            );
        }
    }

    /// What happens there, and where it leads on.
    fn enter(&mut self, to: &Destination) -> Option<Destination> {
        match to {
            Destination::Menu(name) => self.menu(name),
            Destination::Ask(name) => self.ask(name),
            Destination::Announce(name) => {
                let a = self.dialplan?.announcements.get(name)?;
                self.step(
                    format!("{to} says: {}", a.text),
                    &format!("announcements.{name}"),
                );
                self.step(
                    format!("then = {:?}", a.then.to_string()),
                    &format!("announcements.{name}.then"),
                );
                Some(a.then.clone())
            }
            Destination::Voicemail(name) => {
                let m = self.dialplan?.voicemail.get(name)?;
                let longest = m.max_length.as_secs();
                self.step(
                    format!("{to} takes a message of up to {longest} s"),
                    &format!("voicemail.{name}"),
                );
                self.step(
                    format!("then = {:?}", m.then.to_string()),
                    &format!("voicemail.{name}.then"),
                );
                Some(m.then.clone())
            }
            Destination::Callback(name) => {
                let c = self.dialplan?.callbacks.get(name)?;
                let when = c.within.as_ref().map(|w| format!(" in the hours {w:?}"));
                self.step(
                    format!(
                        "{to}: people of queue:{} call back{}, up to {} times",
                        c.queue,
                        when.unwrap_or_default(),
                        c.attempts
                    ),
                    &format!("callbacks.{name}"),
                );
                let number = self.caller.number.clone();
                if c.may_call.iter().any(|p| p.matches(&number)) {
                    self.step(
                        format!("{number} may be called back"),
                        &format!("callbacks.{name}.may_call"),
                    );
                    return None;
                }
                self.step(
                    format!("{number:?} may not be called back: {}", c.otherwise),
                    &format!("callbacks.{name}.otherwise"),
                );
                Some(c.otherwise.clone())
            }
            Destination::Agent(name) => self.agent(name),
            Destination::Queue(name) => {
                let q = self.dialplan?.queues.get(name)?;
                let members: Vec<String> = q.members.iter().map(ToString::to_string).collect();
                let otherwise: Vec<String> = q.ways_out().map(ToString::to_string).collect();
                if let Some((line, hours)) = self.shut(q) {
                    let to = line.closed.as_ref().or(q.ways_out().next()).cloned();
                    let then = match &to {
                        Some(to) => to.to_string(),
                        None => "the agent that has them, or the call ends".to_owned(),
                    };
                    self.step(
                        format!("queue:{name} is closed then (hours {hours:?}): {then}"),
                        &format!("queues.{name}.within"),
                    );
                    return to;
                }
                self.step(
                    format!(
                        "{to} rings {} for {} s each, {:?}",
                        members.join(", "),
                        q.ring.as_secs(),
                        q.strategy
                    ),
                    &format!("queues.{name}"),
                );
                if let Some(line) = &q.line {
                    let most = line
                        .max_waiting
                        .map_or_else(String::new, |n| format!(", at most {n} at a time"));
                    self.step(
                        format!("callers wait for up to {} s{most}", line.max_wait.as_secs()),
                        &format!("queues.{name}.max_wait"),
                    );
                }
                let last = match otherwise.is_empty() {
                    true => "nobody there: the call ends".to_owned(),
                    false => format!("nobody there: {}", otherwise.join(", then ")),
                };
                let key = match q.line.as_ref().is_some_and(|l| l.overflow.is_some()) {
                    true => "overflow",
                    false => "otherwise",
                };
                self.step(last, &format!("queues.{name}.{key}"));
                None
            }
            Destination::Outside(name) => {
                let o = self.dialplan?.outside.get(name)?;
                self.step(
                    format!("{to} dials {} by {}", o.dial, o.via.join(", then ")),
                    &format!("outside.{name}"),
                );
                None
            }
            Destination::Trunk(trunk, number) => {
                let number = number.as_deref().unwrap_or(&self.caller.called).to_owned();
                self.step(format!("{number} is dialled by trunk {trunk}"), "");
                None
            }
            Destination::Emergency { phone, number } => {
                self.help(phone, number);
                None
            }
            Destination::Ext(number) => {
                self.step(format!("{to} rings"), "");
                let (_, mailbox) = self.plan.mailbox_of(Some(&self.name), number)?;
                self.step(
                    format!("nobody there: voicemail:{mailbox}"),
                    &format!("voicemail.{mailbox}.answers_for"),
                );
                None
            }
            Destination::Phone(_) | Destination::Sip(_) => {
                self.step(format!("{to} rings"), "");
                None
            }
            Destination::Conference(_) | Destination::Echo => {
                self.step(format!("{to} takes the call"), "");
                None
            }
            Destination::Pause(paused) => {
                let what = if *paused { "do not ring" } else { "ring" };
                self.step(format!("{to}: queues {what} the phone that calls"), "");
                None
            }
            Destination::Messages => {
                self.step(
                    "the messages of the phone that calls are heard".to_owned(),
                    "",
                );
                None
            }
            Destination::Hangup => {
                self.step("the call ends".to_owned(), "");
                None
            }
        }
    }

    /// A call for help.
    fn help(&mut self, phone: &str, number: &str) {
        let Some(site) = self.plan.site_of(phone) else {
            return;
        };
        let dials = site.dials(number).unwrap_or(number);
        let mut trunks: Vec<&str> = site.via.iter().map(String::as_str).collect();
        let out = self.plan.trunks.values().filter(|t| t.outbound);
        trunks.extend(
            out.map(|t| t.name.as_str())
                .filter(|t| !site.via.iter().any(|v| v == t)),
        );
        let shown = &site.caller_id;
        self.step(
            format!(
                "{dials} is dialled by the first of {} that is up, as {shown}, past all limits",
                trunks.join(", ")
            ),
            "",
        );
        for person in &site.tell {
            self.step(format!("ext:{person} rings, and is told"), "");
        }
    }

    fn menu(&mut self, name: &str) -> Option<Destination> {
        let menu = self.dialplan?.menus.get(name)?;
        self.step(
            format!("menu:{name} says: {}", menu.prompt),
            &format!("menus.{name}"),
        );
        for _ in 0..=menu.retries {
            let Some((typed, to)) = self.keyed(menu) else {
                match self.said(name, menu) {
                    Some(Some(to)) => return Some(to),
                    Some(None) => continue,
                    None => break,
                }
            };
            let what = if typed.len() > 1 { "keys" } else { "key" };
            if let Some(to) = to {
                let place = match typed.len() {
                    1 => format!("menus.{name}.keys.{typed}"),
                    _ => format!("menus.{name}.direct_dial"),
                };
                self.step(format!("{what} {typed} leads to {to}"), &place);
                return Some(to);
            }
            self.step(
                format!("{what} {typed} means nothing here; the prompt again"),
                &format!("menus.{name}.keys"),
            );
        }
        self.step(
            format!(
                "no key within {} s, {} times: otherwise = {:?}",
                menu.timeout.as_secs(),
                menu.retries + 1,
                menu.otherwise.to_string()
            ),
            &format!("menus.{name}.otherwise"),
        );
        Some(menu.otherwise.clone())
    }

    /// The next words of the caller, in a menu that has some; `Some(None)`: they mean nothing there.
    fn said(&mut self, name: &str, menu: &Menu) -> Option<Option<Destination>> {
        if menu.words.is_empty() {
            return None;
        }
        let said = self.caller.says.pop_front()?;
        let choices = menu.words.iter().map(|(key, w)| (*key, w.as_slice()));
        let key = tandem_agent::understand::choice(choices, &said);
        let to = key.and_then(|key| Some((key, menu.keys.get(&key)?)));
        let (what, place) = match to {
            Some((key, to)) => (
                format!("the caller says {said:?}, which leads to {to} as key {key}"),
                format!("menus.{name}.keys.{key}"),
            ),
            None => (
                format!("the caller says {said:?}, which means nothing here; the prompt again"),
                format!("menus.{name}"),
            ),
        };
        self.step(what, &place);
        Some(to.map(|(_, to)| to.clone()))
    }

    /// The next keys of the caller that belong together, and where they lead; `None`: no key comes.
    fn keyed(&mut self, menu: &Menu) -> Option<(String, Option<Destination>)> {
        let mut typed = self.caller.keys.pop_front()?.to_string();
        loop {
            let to = match self.plan.keyed(menu, &typed) {
                Keyed::Leads(to) => Some(to),
                Keyed::Nothing => None,
                Keyed::More => match self.caller.keys.pop_front() {
                    Some(next) => {
                        typed.push(next);
                        continue;
                    }
                    None => self.plan.settled(menu, &typed),
                },
            };
            return Some((typed, to));
        }
    }

    fn agent(&mut self, name: &str) -> Option<Destination> {
        let dialplan = self.dialplan?;
        let speaker = Speaker {
            number: self.caller.number.clone(),
            language: dialplan.languages.first().cloned().unwrap_or_default(),
            utc_offset: dialplan.timezone.offset_minutes(self.at),
            facts: Vec::new(),
        };
        let now = Now {
            mono: Mono::default(),
            wall: self.at,
        };
        let brain = Arc::new(Brain::new(dialplan.rules.clone()));
        let (mut typed, mut happened) = Typed::begin(brain, name, speaker, now, false);
        loop {
            if let Some(next) = self.tell(happened) {
                return next;
            }
            happened = if let Some(words) = self.caller.says.pop_front() {
                self.step(format!("the caller says: {words}"), "");
                typed.says(&words)
            } else if let Some(key) = self.caller.keys.pop_front() {
                self.step(format!("the caller presses {key}"), "");
                typed.presses(key)
            } else {
                let agent = typed.agent().unwrap_or(name).to_owned();
                self.step(
                    format!("agent:{agent} waits for the caller"),
                    &format!("agents.{agent}"),
                );
                return None;
            };
        }
    }

    /// `Some`: the caller leaves the agents, for there or for nowhere.
    fn tell(&mut self, happened: Vec<Happened>) -> Option<Option<Destination>> {
        let mut left = None;
        for one in happened {
            match one {
                Happened::Said(text) => self.step(format!("it says: {text}"), ""),
                Happened::Decided(What::AgentEntered { agent, .. }) => {
                    self.step(
                        format!("agent:{agent} has the caller"),
                        &format!("agents.{agent}"),
                    );
                    self.tools(&agent);
                }
                Happened::Decided(What::Understood {
                    intent,
                    confidence,
                    by,
                    ..
                }) => {
                    self.step(understood(intent.as_deref(), confidence, &by), "");
                }
                Happened::Decided(What::HandoffOffered { package, .. }) => {
                    let to = &package.to;
                    let (why, place) = self.why(&package);
                    self.step(format!("handed to {to}: {why}"), &place);
                }
                Happened::Decided(What::Refused { wanted, rule, .. }) => {
                    self.step(format!("refused: {wanted}: {rule}"), "");
                }
                Happened::Decided(_) => {}
                Happened::Leaves(target) => left = Some(target.0.parse().ok()),
                Happened::HungUp => left = Some(Some(Destination::Hangup)),
            }
        }
        left
    }

    /// Why somebody was handed on, and the line of the dialplan.
    fn why(&self, package: &tandem_types::context::ContextPackage) -> (String, String) {
        let from = package.from.to_string();
        let agent = from.strip_prefix("agent:").unwrap_or_default();
        let trigger = &package.trigger;
        match package.reason {
            HandoffReason::IntentMatch => {
                let intent = package.intent.clone().unwrap_or_default();
                (
                    format!("the intent is {intent}"),
                    format!("agents.{agent}.routes.{intent}"),
                )
            }
            HandoffReason::Key => {
                let key: String = trigger.chars().rev().take(1).collect();
                (trigger.clone(), format!("escalate.key:{key}"))
            }
            HandoffReason::Policy => (trigger.clone(), "escalate.phrase".to_owned()),
            HandoffReason::CallerRequest => (
                format!("a person was asked for: {trigger}"),
                "escalate.asked-for-human".to_owned(),
            ),
            HandoffReason::ProviderOutage => (trigger.clone(), "escalate.provider-down".to_owned()),
            HandoffReason::LowConfidence | HandoffReason::LoopGuard | HandoffReason::Timeout => {
                (trigger.clone(), "limits.operator".to_owned())
            }
            HandoffReason::Model
            | HandoffReason::TransferFailed
            | HandoffReason::PersonReturned
            | HandoffReason::PersonPassedOn => (trigger.clone(), String::new()),
        }
    }
}

/// What words were taken for, and how surely (in thousandths).
pub(crate) fn understood(intent: Option<&str>, confidence: u16, by: &str) -> String {
    let intent = intent.unwrap_or("nothing that it knows");
    format!(
        "understood: {intent} ({}.{} %, {by})",
        confidence / 10,
        confidence % 10
    )
}
