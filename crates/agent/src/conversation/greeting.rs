//! The first words, and whether they wait for somebody to say who calls: only where they would say it, and never for longer than
//! was promised. That this is an AI is said meanwhile.

use super::{Conversation, playout::Kind};
use crate::tool::Fact;
use serde::{Deserialize, Serialize};
use tandem_types::{Mono, Now};

/// A greeting that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Greeting {
    template: String,
    agent: String,
    reply: u32,
    pub(super) by: Mono,
}

/// What is known without asking anybody.
const KNOWN: &[&str] = &["me", "daypart", "keys"];

impl Conversation {
    /// Greets the caller, as soon as what is to be said of them is known.
    pub(super) fn greet(&mut self, now: Now, template: String) {
        let by = self.looked_up_by.filter(|by| *by > now.mono);
        let Some(by) = by.filter(|_| says_who_calls(&template)) else {
            let text = self.fill(now, &template, &[]);
            self.reply(now, &text);
            return;
        };
        let reply = self.open_reply();
        self.disclose_once(now, reply);
        self.greeting = Some(Greeting {
            template,
            agent: self.agent.clone(),
            reply,
            by,
        });
    }

    pub(super) fn on_looked_up(&mut self, now: Now, facts: Vec<Fact>) {
        self.looked_up_by = None;
        self.learn_facts(facts);
        self.greet_now(now);
    }

    /// What waits is said with what is known.
    pub(super) fn greet_now(&mut self, now: Now) {
        self.looked_up_by = None;
        let Some(g) = self.greeting.take() else {
            return;
        };
        if self.is_talking() && self.agent == g.agent {
            let text = self.fill(now, &g.template, &[]);
            self.say(now, g.reply, &text, Kind::Words, true);
        }
        self.close_reply(now, g.reply);
    }

    /// The caller is led on before it was said.
    pub(super) fn settle_greeting(&mut self, now: Now) {
        let stale = |g: &Greeting| !self.is_talking() || self.agent != g.agent;
        if self.greeting.as_ref().is_some_and(stale) {
            self.greet_now(now);
        }
    }
}

fn says_who_calls(template: &str) -> bool {
    let gaps = template
        .split('{')
        .skip(1)
        .filter_map(|t| t.split('}').next());
    gaps.into_iter().any(|gap| !KNOWN.contains(&gap))
}
