//! `[tools.NAME]` and `[caller_lookup]`: what agents may ask of other systems over HTTP, and who may go how far.

mod args;
mod template;

use super::{
    Load,
    node::set,
    people::named,
    read::{Section, Val},
    spot::{did_you_mean, listed},
    templates::FACTS,
};
use crate::{Dialplan, Endpoint, Secret};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tandem_types::{
    agent::{AgentRules, AgentSpec},
    tool::{Bounds, Confirm, Effect, HttpLookup, HttpMethod, Keep, Piece, Tool, UrlTemplate},
};
use template::{loopback, url};

/// A caller who waits for it is told so after 1.5 s, and four times at the most.
const TIMEOUT: Duration = Duration::from_secs(3);
const LONGEST: Duration = Duration::from_secs(8);
/// Of a look-up: callers hear nothing meanwhile but that they speak with a machine.
const LOOKUP: Duration = Duration::from_millis(800);
const LONGEST_LOOKUP: Duration = Duration::from_secs(2);
const SHORTEST: Duration = Duration::from_millis(50);

/// What is known of every call.
const OF_CALL: [&str; 5] = ["from_e164", "call", "agent", "language", "caller_name"];

/// Tools that agents have anyway.
const BUILT_IN: [&str; 2] = ["transfer_to", "end_call"];

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `method` | `GET` |
    /// | `effect` | `read` for GET, else `write` |
    /// | `timeout` | 3s; of `[caller_lookup]` 800ms |
    /// | `confirm_with_caller` | false |
    pub(super) fn tools(
        &mut self,
        root: &Section<'a>,
        plan: &mut Dialplan,
        rules: &mut AgentRules,
    ) {
        let sections = root.each("tools");
        // What one keeps, all may name.
        let mut keeps: Vec<Vec<Keep>> = sections.iter().map(|(_, s)| keep(s)).collect();
        let of_tools = keeps.iter().flatten().map(|k| k.name.as_str());
        let all = of_tools.chain(kept(rules));
        let facts: Vec<String> = all.map(str::to_owned).collect();
        for ((v, s), keep) in sections.iter().zip(keeps.drain(..)) {
            named(v);
            let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if v.key.len() > 64 || !v.key.chars().all(good) {
                v.key_spot
                    .error(format!("{:?} is no name of a tool", v.key))
                    .help("at most 64 letters, digits, _ and -: language models know no others");
            }
            if BUILT_IN.contains(&v.key.as_str()) {
                v.key_spot
                    .error(format!("every agent has a tool {:?} already", v.key))
                    .help("call it something else");
            }
            let at = format!("dialplans.{}.tools.{}", plan.name, v.key);
            self.place(at, v.key_spot);
            if let Some(tool) = self.tool(v, s, plan, keep, &facts) {
                rules.tools.insert(v.key.clone(), Arc::new(tool));
            }
        }
    }

    /// `[caller_lookup]`.
    pub(super) fn caller_lookup(
        &mut self,
        root: &Section<'a>,
        plan: &mut Dialplan,
        rules: &mut AgentRules,
    ) {
        let Some(s) = root.section("caller_lookup") else {
            return;
        };
        self.place(format!("dialplans.{}.caller_lookup", plan.name), s.spot);
        let timeout = timeout(&s, LOOKUP, LONGEST_LOOKUP);
        let by = "from_e164";
        rules.caller_lookup = self.lookup(&s, plan, "caller_lookup", by, &[by], timeout);
        let nothing = rules.caller_lookup.as_ref();
        if nothing.is_some_and(|l| l.keep.is_empty()) && s.opt("keep").is_none() {
            s.spot
                .warning("callers are looked up, and nothing of it is kept")
                .help("add: keep = [\"name\"]");
        }
    }

    /// Another system is asked what it knows; `by` must be in the address.
    pub(super) fn lookup(
        &self,
        s: &Section<'a>,
        plan: &mut Dialplan,
        name: &str,
        by: &str,
        known: &[&str],
        timeout: Duration,
    ) -> Option<Arc<HttpLookup>> {
        let v = s.need("url", &format!("\"https://crm.example/callers/{{{by}}}\""));
        let found = v.as_ref().and_then(|v| url(v, known));
        let endpoint = format!("{}/{name}", plan.name);
        self.endpoint(s, &endpoint, found.as_ref(), plan);
        let keep = keep(s);
        let (v, url) = (v?, found?);
        let mut pieces = url.path.iter().chain(&url.query);
        if !pieces.any(|p| matches!(p, Piece::Fill(name) if name == by)) {
            v.spot
                .error("every caller would be looked up by the same address")
                .help(format!("write {{{by}}} where it belongs"));
        }
        Some(Arc::new(HttpLookup {
            endpoint,
            url,
            timeout,
            keep,
        }))
    }

    /// `timeout` of a look-up for which the caller waits.
    pub(super) fn lookup_timeout(s: &Section<'_>) -> Duration {
        timeout(s, TIMEOUT, LONGEST)
    }

    fn tool(
        &mut self,
        v: &Val<'a>,
        s: &Section<'a>,
        plan: &mut Dialplan,
        keep: Vec<Keep>,
        facts: &[String],
    ) -> Option<Tool> {
        let description = s.need("description", "\"What it does, for the language model\"");
        let at = s.need("url", "\"https://crm.example/api\"");
        let methods = [
            ("GET", HttpMethod::Get),
            ("POST", HttpMethod::Post),
            ("PUT", HttpMethod::Put),
            ("PATCH", HttpMethod::Patch),
            ("DELETE", HttpMethod::Delete),
        ];
        let method = s.opt("method").and_then(|v| v.choice(&methods, &[]));
        let method = method.unwrap_or_default();
        let effects = [
            ("read", Effect::Read),
            ("write", Effect::Write),
            ("final", Effect::Final),
        ];
        let effect = s.opt("effect").and_then(|v| v.choice(&effects, &[]));
        let effect = effect.unwrap_or(match method {
            HttpMethod::Get => Effect::Read,
            _ => Effect::Write,
        });
        let args = args::args(s);
        let names: Vec<&str> = args.keys().map(String::as_str).collect();
        let known: Vec<&str> = names
            .iter()
            .copied()
            .chain(OF_CALL)
            .chain(FACTS)
            .chain(facts.iter().map(String::as_str))
            .collect();
        let found = at.as_ref().and_then(|v| url(v, &known));
        if let (Some(v), Some(url)) = (&at, &found) {
            args::needed(v, url, &args);
        }
        let endpoint = format!("{}/{}", plan.name, v.key);
        self.endpoint(s, &endpoint, found.as_ref(), plan);
        let body = s
            .opt("body")
            .and_then(|v| template::body(&v, method, &known));
        let timeout = timeout(s, TIMEOUT, LONGEST);
        let confirm = s
            .opt("confirm_with_caller")
            .map(|v| confirm(&v, &names))
            .unwrap_or_default();
        Some(Tool {
            name: v.key.clone(),
            description: description?.spoken()?.value,
            endpoint,
            method,
            url: found?,
            body,
            timeout,
            args,
            keep,
            effect,
            confirm,
        })
    }

    /// `bearer` and `headers`, for the driver alone.
    fn endpoint(
        &self,
        s: &Section<'a>,
        name: &str,
        url: Option<&UrlTemplate>,
        plan: &mut Dialplan,
    ) {
        let bearer = s.opt("bearer");
        let secret = bearer.as_ref().and_then(|v| v.secret(self.secrets));
        let headers = template::headers(s, self.secrets);
        let Some(url) = url else { return };
        if let Some(v) = bearer.filter(|_| url.origin.starts_with("http:") && !loopback(url)) {
            v.spot
                .warning(format!("this secret goes to {} unencrypted", url.origin))
                .help("write https://");
        }
        plan.endpoints.push(Endpoint {
            name: name.to_owned(),
            origin: url.origin.clone(),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name, Secret(value)))
                .collect(),
            bearer: secret,
        });
    }

    /// `tools` and `authority` of an agent.
    pub(super) fn tools_of(&self, s: &Section<'a>, rules: &AgentRules, spec: &mut AgentSpec) {
        let known: Vec<&String> = rules.tools.keys().collect();
        let listing = s.opt("tools");
        for text in listing.iter().flat_map(Val::texts) {
            if spec.tools.contains(&text.value) {
                text.spot
                    .error(format!("{:?} stands here twice", text.value));
            } else if rules.tools.contains_key(&text.value) {
                spec.tools.push(text.value);
            } else if BUILT_IN.contains(&text.value.as_str()) {
                text.spot
                    .error(format!("every agent has {:?} anyway", text.value))
                    .help("take it out");
            } else {
                let all = match known.is_empty() {
                    true => format!("add [tools.{}]", text.value),
                    false => format!("known are {}", listed(&known)),
                };
                text.spot
                    .error(format!("there is no tool {:?}", text.value))
                    .label("not in [tools]")
                    .help(did_you_mean(&text.value, &known).unwrap_or(all));
            }
        }
        if let Some(v) = listing.filter(|_| !spec.has_model && !spec.tools.is_empty()) {
            v.spot
                .warning(format!(
                    "agent {:?} has no language model, and nobody else calls its tools",
                    spec.name
                ))
                .help("give it `providers` with an llm, or take the tools out");
        }
        for v in s.section("authority").iter().flat_map(Section::all) {
            let Some(of) = v.section() else { continue };
            let Some(tool) = rules
                .tools
                .get(&v.key)
                .filter(|_| spec.tools.contains(&v.key))
            else {
                let _ = of.all();
                v.key_spot
                    .error(format!("agent {:?} has no tool {:?}", spec.name, v.key))
                    .help(
                        did_you_mean(&v.key, &spec.tools)
                            .unwrap_or_else(|| format!("tools = [{:?}]", v.key)),
                    );
                continue;
            };
            let mut authority = BTreeMap::<String, Bounds>::new();
            for a in of.all() {
                let Some(bounds) = a.section() else { continue };
                match tool.args.get(&a.key) {
                    Some(arg) => {
                        authority.insert(a.key.clone(), args::bounds(&bounds, arg.kind));
                    }
                    None => {
                        let _ = bounds.all();
                        let names: Vec<&String> = tool.args.keys().collect();
                        a.key_spot
                            .error(format!("tool {:?} has no argument {:?}", tool.name, a.key))
                            .help(
                                did_you_mean(&a.key, &names)
                                    .unwrap_or_else(|| format!("it has {}", listed(&names))),
                            );
                    }
                }
            }
            spec.authority.insert(v.key.clone(), authority);
        }
    }
}

/// Facts that tools and look-ups keep and callers are asked for, for templates.
pub(super) fn kept(rules: &AgentRules) -> Vec<&str> {
    let tools = rules.tools.values().flat_map(|t| &t.keep);
    let lookup = rules.caller_lookup.iter().flat_map(|l| &l.keep);
    let kept = tools.chain(lookup).map(|k| k.name.as_str());
    kept.chain(rules.asked.iter().map(String::as_str)).collect()
}

fn timeout(s: &Section<'_>, usual: Duration, longest: Duration) -> Duration {
    let mut timeout = usual;
    if let Some(v) = s.opt("timeout") {
        set(&mut timeout, v.duration(SHORTEST));
        if timeout > longest {
            v.spot
                .error(format!(
                    "`timeout` is {timeout:?}, and callers wait for {longest:?} at the most"
                ))
                .help(format!("timeout = \"{}ms\"", usual.as_millis()));
            timeout = usual;
        }
    }
    timeout
}

/// `keep = ["name", "tenancy.id as tenancy_id"]`, and which of them are `sensitive`.
fn keep(s: &Section<'_>) -> Vec<Keep> {
    let mut all: Vec<Keep> = Vec::new();
    for text in s.opt("keep").iter().flat_map(Val::texts) {
        let (path, name) = match text.value.split_once(" as ") {
            Some((path, name)) => (path.trim(), name.trim()),
            None => (
                text.value.as_str(),
                text.value.rsplit('.').next().unwrap_or_default(),
            ),
        };
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
        if path.iter().any(String::is_empty) || !begins || !name.chars().all(good) {
            text.spot
                .error(format!("{:?} is no field that can be kept", text.value))
                .help("write \"name\", \"tenancy.id\" or \"tenancy.0.ID as tenancy_id\"; facts are called by small letters, digits and _");
            continue;
        }
        if all.iter().any(|k| k.name == name) {
            text.spot.error(format!("{name:?} is kept twice"));
            continue;
        }
        all.push(Keep {
            path,
            name: name.to_owned(),
            sensitive: false,
        });
    }
    for text in s.opt("sensitive").iter().flat_map(Val::texts) {
        match all.iter_mut().find(|k| k.name == text.value) {
            Some(k) => k.sensitive = true,
            None => {
                let names: Vec<&String> = all.iter().map(|k| &k.name).collect();
                text.spot
                    .error(format!("{:?} is not kept", text.value))
                    .help(
                        did_you_mean(&text.value, &names)
                            .unwrap_or_else(|| "it must stand in `keep`".to_owned()),
                    );
            }
        }
    }
    all
}

/// `true`, `false`, or the question itself.
fn confirm(v: &Val<'_>, args: &[&str]) -> Confirm {
    if !v.is_text() {
        return match v.yes_no() {
            Some(true) => Confirm::Usual,
            Some(false) | None => Confirm::No,
        };
    }
    match v.spoken() {
        Some(text) => {
            text.placeholders(args);
            Confirm::Words(text.value)
        }
        None => Confirm::Usual,
    }
}
