//! `[ask.NAME]`: what callers are asked by keys, without an agent.

use super::{
    Load,
    destinations::Scope,
    people::{SECOND, named, spoken_name},
    read::{Section, Val},
    spot::{did_you_mean, listed},
    tools::kept,
    values::one_key,
};
use crate::{Ask, Branch, BranchOn, Dialplan};
use tandem_types::agent::{AgentRules, Target};

/// Nobody keys more, not even the number of a bank account (ISO 13616) in digits.
const MOST: u32 = 34;

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `end_key` | `#` where an answer may be longer than its fewest digits |
    /// | `timeout` | `6s` |
    /// | `digit_timeout` | `3s` |
    /// | `retries` | 2 |
    /// | `speech` | false |
    /// | `sensitive` | false; what is called `pin`, `card_number` or `sort_code` is anyway |
    pub(super) fn asks(
        &mut self,
        root: &Section<'a>,
        plan: &mut Dialplan,
        scope: &Scope,
        rules: &mut AgentRules,
    ) {
        rules.asked = root.names("ask");
        for (v, s) in root.each("ask") {
            named(&v);
            let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if !v.key.starts_with(|c: char| c.is_ascii_lowercase()) || !v.key.chars().all(small) {
                v.key_spot
                    .error(format!("{:?} is no name of a question", v.key))
                    .help("the answer becomes a fact of this name: small letters, digits and _");
            }
            let target = format!("ask:{}", v.key);
            let spoken = spoken_name(&s, &v.key);
            rules.spoken.insert(Target(target.clone()), spoken);
            self.spots.insert(format!("{} {target}", plan.name), s.spot);
            self.line(scope, &v);
            let ask = self.ask(&v, &s, plan, scope, rules);
            let kept = ask.iter().filter_map(|a| a.lookup.as_ref());
            let kept = kept.flat_map(|l| &l.keep).map(|k| k.name.clone());
            rules.asked.extend(kept);
            plan.asks.extend(ask.map(|a| (v.key.clone(), a)));
        }
    }

    fn ask(
        &mut self,
        v: &Val<'a>,
        s: &Section<'a>,
        plan: &mut Dialplan,
        scope: &Scope,
        rules: &AgentRules,
    ) -> Option<Ask> {
        let prompt = s.need("prompt", "\"Please key your account number.\"");
        let [prompt, wrong, meanwhile] = [prompt, s.opt("wrong"), s.opt("meanwhile")].map(|v| {
            let text = v?.spoken()?;
            text.placeholders(&[]);
            Some(text)
        });
        let digits = s.need("digits", "8, or \"6-8\"").and_then(|v| digits(&v));
        let end_key = match s.opt("end_key") {
            Some(v) => end_key(&v),
            None => digits
                .is_some_and(|(least, most)| least < most)
                .then_some('#'),
        };
        let span = |key, usual: u32| {
            let v = s.opt(key);
            v.and_then(|v| v.duration(SECOND)).unwrap_or(usual * SECOND)
        };
        let (timeout, digit_timeout) = (span("timeout", 6), span("digit_timeout", 3));
        let retries = s.opt("retries").and_then(|v| v.whole(0..=20)).unwrap_or(2);
        let speech = s.opt("speech").and_then(|v| v.yes_no());
        let sensitive = s.opt("sensitive").and_then(|v| v.yes_no());
        let lookup = s.section("lookup").and_then(|of| {
            let place = format!("dialplans.{}.ask.{}.lookup", plan.name, v.key);
            self.place(place, of.spot);
            let timeout = Self::lookup_timeout(&of);
            let known = [&["from_e164", "call"][..], &kept(rules)].concat();
            let name = format!("ask/{}", v.key);
            self.lookup(&of, plan, &name, &v.key, &known, timeout)
        });
        if let Some(text) = meanwhile.as_ref().filter(|_| s.opt("lookup").is_none()) {
            text.spot
                .error("`meanwhile` is said while a look-up is under way, and there is none")
                .help(format!("add [ask.{}.lookup], or take it out", v.key));
        }
        let mut facts = kept(rules);
        facts.extend(lookup.iter().flat_map(|l| &l.keep).map(|k| k.name.as_str()));
        let mut branches = Vec::new();
        let sections = s.opt("branch").map(|v| v.sections()).unwrap_or_default();
        for (i, one) in sections.iter().enumerate() {
            self.place(
                format!("dialplans.{}.ask.{}.branch.{i}", plan.name, v.key),
                one.spot,
            );
            branches.extend(self.branch(one, scope, digits, &facts));
        }
        let mut lead = |key, like| {
            let v = s.need(key, like);
            self.lines(scope, &v);
            v.and_then(|v| v.words())
                .and_then(|t| self.destination(scope, &t))
        };
        let then = lead("then", "\"queue:reception\"");
        let otherwise = lead("otherwise", "\"queue:reception\"");
        Some(Ask {
            prompt: prompt?.value,
            wrong: wrong.map(|t| t.value),
            digits: digits?,
            speech: speech.unwrap_or(false),
            end_key,
            timeout,
            digit_timeout,
            retries,
            sensitive: sensitive.unwrap_or(false),
            lookup,
            meanwhile: meanwhile.map(|t| t.value),
            branches,
            then: then?,
            otherwise: otherwise?,
        })
    }

    fn branch(
        &mut self,
        s: &Section<'a>,
        scope: &Scope,
        digits: Option<(u32, u32)>,
        facts: &[&str],
    ) -> Option<Branch> {
        let to = s.need("to", "\"queue:NAME\"").and_then(|v| v.words());
        let to = to.and_then(|t| self.destination(scope, &t));
        let (answer, fact, is) = (s.opt("answer"), s.opt("fact"), s.opt("is"));
        let on = match (&answer, &fact) {
            (Some(v), None) => {
                let texts = v.text_or_texts().into_iter();
                let all: Vec<_> = texts.filter_map(|t| t.pattern().map(|p| (p, t))).collect();
                for (pattern, text) in &all {
                    let length = pattern.fixed_length().and_then(|n| u32::try_from(n).ok());
                    if let (Some(n), Some((least, most))) = (length, digits)
                        && !(least..=most).contains(&n)
                    {
                        text.spot
                            .error(format!(
                                "no answer is {:?}: it would have {n} digits",
                                text.value
                            ))
                            .help(match least == most {
                                true => format!("answers have {most}"),
                                false => format!("answers have {least} to {most}"),
                            });
                    }
                }
                BranchOn::Answer(all.into_iter().map(|(p, _)| p).collect())
            }
            (None, Some(v)) => {
                let name = v.words()?;
                if !facts.contains(&name.value.as_str()) {
                    let known = match facts.is_empty() {
                        true => "add `keep` to the look-up".to_owned(),
                        false => format!("known are {}", listed(facts)),
                    };
                    name.spot
                        .error(format!("nothing is known as {:?}", name.value))
                        .help(did_you_mean(&name.value, facts).unwrap_or(known));
                }
                let values = s.need("is", "\"overdue\"")?.text_or_texts();
                BranchOn::Fact(name.value, values.into_iter().map(|t| t.value).collect())
            }
            _ => {
                s.spot
                    .error("a branch goes by `answer`, or by `fact` and what it `is`")
                    .help("write one of them");
                return None;
            }
        };
        if let (Some(v), BranchOn::Answer(_)) = (is, &on) {
            v.key_spot
                .error("`is` belongs to `fact`")
                .help("take it out");
        }
        Some(Branch { on, to: to? })
    }
}

/// `8`, or `"6-8"`.
fn digits(v: &Val<'_>) -> Option<(u32, u32)> {
    if !v.is_text() {
        return v.whole(1..=MOST).map(|n| (n, n));
    }
    let text = v.words()?;
    let number = |t: &str| t.trim().parse::<u32>().ok();
    let (least, most) = text
        .value
        .split_once('-')
        .unwrap_or((&text.value, &text.value));
    match (number(least), number(most)) {
        (Some(least), Some(most)) if 1 <= least && least <= most && most <= MOST => {
            Some((least, most))
        }
        _ => {
            text.spot
                .error(format!("{:?} is no number of digits", text.value))
                .help(format!("write 8, or \"6-8\": from 1 to {MOST}"));
            None
        }
    }
}

fn end_key(v: &Val<'_>) -> Option<char> {
    let text = v.words()?;
    let key = one_key(&text)?;
    if key.is_ascii_digit() {
        text.spot
            .error(format!(
                "{key} cannot end an answer of which it may be a part"
            ))
            .help("end_key = \"#\"");
    }
    Some(key)
}
