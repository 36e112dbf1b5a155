//! `[limits]`, `[transfers.*]` and `[[escalate]]`.

use super::{
    Load,
    destinations::Scope,
    node::set,
    read::{Section, Text},
    spot::did_you_mean,
    values::one_key,
};
use crate::{AfterPerson, ColdMethod, Destination, Dialplan};
use std::time::Duration;
use tandem_types::agent::{AgentRules, Target};

const SECOND: Duration = Duration::from_secs(1);
/// Of an agent's handoffs before the operator.
const MAX_HANDOFFS: u32 = 4;
const MAX_AI_TIME: Duration = Duration::from_secs(45 * 60);

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `may_dial`, `never_dial` | nothing |
    /// | `max_call` | no limit |
    /// | `max_handoffs` | 4 |
    /// | `max_ai_time` | `45m`; `0s` for no limit |
    /// | `operator` | where `asked-for-human` leads |
    pub(super) fn limits(
        &mut self,
        root: &Section<'a>,
        plan: &mut Dialplan,
        rules: &mut AgentRules,
        scope: &Scope,
    ) {
        rules.max_handoffs = MAX_HANDOFFS;
        rules.max_ai_time = MAX_AI_TIME;
        let Some(s) = root.section("limits") else {
            return;
        };
        s.later(&[("max_calls_per_caller", "limits.max_calls_per_caller")]);
        let key = format!("dialplans.{}", plan.name);
        plan.limits.may_dial = self.dial_list(&s, "may_dial", &key);
        plan.limits.never_dial = self.dial_list(&s, "never_dial", &key);
        set(
            &mut plan.limits.max_call,
            s.opt("max_call").and_then(|v| v.duration(Duration::ZERO)),
        );
        set(
            &mut rules.max_handoffs,
            s.opt("max_handoffs").and_then(|v| v.whole(1..=50)),
        );
        set(
            &mut rules.max_ai_time,
            s.opt("max_ai_time")
                .and_then(|v| v.duration(Duration::ZERO)),
        );
        let operator = s.opt("operator");
        self.lines(scope, &operator);
        let operator = operator.and_then(|v| v.words());
        if let Some(text) = operator
            && let Some(to) = self.destination(scope, &text)
        {
            if matches!(to, Destination::Agent(_)) {
                text.spot
                    .error(
                        "the operator takes the callers whom no agent can help, so it is no agent",
                    )
                    .help("name a queue, an extension, a menu or an announcement");
            }
            rules.operator = Some(Target(to.to_string()));
        }
    }

    /// The queue that a person may send a caller to.
    fn send_to(&mut self, w: &Section<'a>, plan: &Dialplan, scope: &Scope) -> Option<String> {
        let Some(v) = w.opt("send_to") else {
            if let Some(key) = w.opt("queue_key") {
                key.spot
                    .error("this key leads nowhere")
                    .help("add: send_to = \"queue:NAME\", a queue in which callers wait");
            }
            return None;
        };
        let text = v.words()?;
        let to = self.destination(scope, &text)?;
        let waits = |q: &crate::Queue| q.line.is_some();
        match to {
            Destination::Queue(name) if plan.queues.get(&name).is_some_and(waits) => Some(name),
            _ => {
                text.spot
                    .error(format!("callers do not wait at {:?}", text.value))
                    .help("name a queue that has max_wait");
                None
            }
        }
    }

    pub(super) fn transfers(&mut self, root: &Section<'a>, plan: &mut Dialplan, scope: &Scope) {
        let Some(s) = root.section("transfers") else {
            return;
        };
        if let Some(w) = s.section("warm") {
            plan.warm.send_to = self.send_to(&w, plan, scope);
            warm(&w, plan);
        }
        if let Some(c) = s.section("cold") {
            c.later(&[("context", "context sent along with REFER")]);
            let methods = [
                ("refer", ColdMethod::Refer),
                ("bridge", ColdMethod::Bridge),
                ("refer-then-bridge", ColdMethod::ReferThenBridge),
            ];
            set(
                &mut plan.cold.method,
                c.opt("method").and_then(|v| v.choice(&methods, &[])),
            );
            set(
                &mut plan.cold.ring,
                c.opt("ring").and_then(|v| v.duration(SECOND)),
            );
            set(
                &mut plan.cold.refer_wait,
                c.opt("refer_wait").and_then(|v| v.duration(SECOND)),
            );
        }
    }

    /// What moves a call to a person whatever an agent thinks.
    pub(super) fn escalations(
        &mut self,
        root: &Section<'a>,
        scope: &Scope,
        rules: &mut AgentRules,
    ) {
        let list = root.opt("escalate");
        for s in list.iter().flat_map(|v| v.sections()) {
            let on = s.need("on", "\"asked-for-human\"").and_then(|v| v.words());
            let later = ["sentiment", "language", "vip"];
            let phrases = match on.as_ref().map(|t| t.value.as_str()) {
                Some("phrase") => s
                    .need("any", "[\"gas leak\"]")
                    .map(|v| v.texts())
                    .unwrap_or_default(),
                Some(on) if later.contains(&on) => {
                    let _ = s.all();
                    Vec::new()
                }
                _ => Vec::new(),
            };
            let to = s.need("to", "\"queue:reception\"").and_then(|v| v.words());
            let to = to
                .and_then(|t| self.destination(scope, &t))
                .map(|d| Target(d.to_string()));
            let Some(on) = on else { continue };
            let key = format!("dialplans.{}.escalate.{}", scope.plan, on.value);
            self.place(key, on.spot);
            match (on.value.as_str(), on.value.strip_prefix("key:")) {
                ("asked-for-human", _) => once(&on, &mut rules.on_human, to),
                ("provider-down", _) => once(&on, &mut rules.on_provider_down, to),
                ("phrase", _) => {
                    let words: Vec<String> =
                        phrases.iter().map(|t| plain_words(&t.value)).collect();
                    rules.phrases.extend(to.map(|t| (words, t)));
                }
                (_, Some(key)) => {
                    let key = one_key(&Text {
                        value: key.to_owned(),
                        spot: on.spot,
                    });
                    if let Some((key, to)) = key.zip(to)
                        && rules.keys.insert(key, to).is_some()
                    {
                        on.spot.error(format!("key {key} leads somewhere already"));
                    }
                }
                (other, _) if later.contains(&other) => {
                    on.spot
                        .error(format!("this version does not have on = {other:?} yet"))
                        .label("not yet")
                        .help("take this [[escalate]] out");
                }
                (other, _) => {
                    let known = ["asked-for-human", "key:0", "phrase", "provider-down"];
                    on.spot
                        .error(format!("nothing escalates on {other:?}"))
                        .help(did_you_mean(other, known).unwrap_or_else(|| "known are \"asked-for-human\", \"key:0\", \"phrase\" and \"provider-down\"".to_owned()));
                }
            }
        }
        self.fill_last_resorts(root, scope, rules);
    }

    /// What one rule names serves where another is silent, and what nobody named is told.
    fn fill_last_resorts(&self, root: &Section<'a>, scope: &Scope, rules: &mut AgentRules) {
        if rules.operator.is_none() {
            rules.operator.clone_from(&rules.on_human);
        }
        if rules.on_human.is_none() {
            rules.on_human.clone_from(&rules.operator);
        }
        if rules.on_provider_down.is_none() {
            rules.on_provider_down.clone_from(&rules.operator);
        }
        if !scope.has_agents() || self.has_errors(root) {
            return; // what is missing may be what could not be read
        }
        if rules.operator.is_none() {
            root.spot
                .warning(format!(
                    "dialplan {:?} has no operator: a caller whom no agent understands is lost",
                    scope.plan
                ))
                .help("add: [limits] and operator = \"queue:reception\"");
        }
        if !rules.keys.contains_key(&'0') {
            root.spot
                .warning(format!("key 0 leads nowhere while an agent of {:?} speaks: callers expect a person there", scope.plan))
                .help("add: [[escalate]] with on = \"key:0\" and to = \"queue:reception\"");
        }
    }
}

fn once(on: &Text<'_>, field: &mut Option<Target>, to: Option<Target>) {
    if field.is_some() {
        on.spot.error(format!(
            "there is an [[escalate]] on {:?} already",
            on.value
        ));
    }
    set(field, to.map(Some));
}

/// Lower case, words apart by one space, no punctuation: as what was heard is compared.
pub(super) fn plain_words(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '\'' {
                c
            } else {
                ' '
            }
        })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn warm(w: &Section<'_>, plan: &mut Dialplan) {
    w.later(&[("detect_answering_machine", "detecting answering machines")]);
    if let Some(v) = w.opt("brief") {
        v.choice(&[("spoken", ())], &["screen-only"]);
    }
    if let Some(v) = w.opt("caller_hears") {
        v.choice(&[("hold-music", ())], &["ringback", "silence"]);
    }
    let rules = &mut plan.warm;
    if let Some(v) = w.opt("accept") {
        if v.is_text() {
            v.choice::<()>(&[("{ key = \"1\" }", ())], &["answer"]);
        } else if let Some(s) = v.section() {
            set(
                &mut rules.accept_key,
                s.opt("key").and_then(|k| k.phone_key()),
            );
            if let Some(voice) = s.opt("voice")
                && voice.yes_no() == Some(true)
            {
                voice.not_yet("accepting by voice");
            }
        }
    }
    set(
        &mut rules.decline_key,
        w.opt("decline_key").and_then(|v| v.phone_key()),
    );
    set(
        &mut rules.more_key,
        w.opt("more_key").and_then(|v| v.phone_key()),
    );
    set(
        &mut rules.queue_key,
        w.opt("queue_key").and_then(|v| v.phone_key()),
    );
    let keys = [rules.accept_key, rules.decline_key, rules.more_key];
    if keys[0] == keys[1] || keys[1] == keys[2] || keys[0] == keys[2] {
        w.spot.error(format!(
            "accept, decline_key and more_key must be three keys, and they are {}, {} and {}",
            keys[0], keys[1], keys[2]
        ));
    }
    if rules.send_to.is_some() && keys.contains(&rules.queue_key) {
        w.spot
            .error(format!(
                "key {} has another meaning in the brief",
                rules.queue_key
            ))
            .help("write another queue_key");
    }
    set(
        &mut rules.cancel_key,
        w.opt("cancel_key").and_then(|v| v.phone_key()),
    );
    if let Some(t) = w.opt("back_to_ai_key").and_then(|v| v.words()) {
        set(&mut rules.back_to_ai, t.code());
    }
    set(
        &mut rules.after_person,
        w.opt("after_person").and_then(|v| {
            v.choice(
                &[("ai", AfterPerson::Ai), ("hangup", AfterPerson::Hangup)],
                &[],
            )
        }),
    );
    set(
        &mut rules.brief_max,
        w.opt("brief_max").and_then(|v| v.duration(2 * SECOND)),
    );
    set(
        &mut rules.answer_wait,
        w.opt("answer_wait").and_then(|v| v.duration(SECOND)),
    );
    set(
        &mut rules.attempts,
        w.opt("attempts").and_then(|v| v.whole(1..=20)),
    );
    set(
        &mut rules.total,
        w.opt("total").and_then(|v| v.duration(10 * SECOND)),
    );
    if let Some(t) = w.opt("show_on_phone").and_then(|v| v.words()) {
        t.placeholders(&[
            "intent",
            "caller_name",
            "caller_number",
            "goal",
            "from",
            "to",
            "reason",
        ]);
        rules.show_on_phone = t.value;
    }
    if let Some(t) = w.opt("alert_info").and_then(|v| v.words()) {
        if t.value.chars().any(char::is_control) {
            t.spot.error("a header's value is one line");
        }
        rules.alert_info = Some(t.value);
    }
}
