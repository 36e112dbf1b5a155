//! Answers without a model: what the dialplan says, and questions back.

use super::Asked;
use crate::conversation::{Conversation, turns::Unanswered};
use crate::intent::Classified;
use crate::package;
use crate::understand::spoken_label;
use tandem_types::{Now, context::HandoffReason};

/// A best guess that is asked back has at least this confidence, and twice the next one's.
const WORTH_ASKING: u16 = 300;

impl Conversation {
    /// Words by the templates alone; `said` has not been decided by anything better.
    pub(in crate::conversation) fn by_template(
        &mut self,
        now: Now,
        said: &[Unanswered],
        guess: Classified,
    ) {
        let text = said
            .iter()
            .map(|u| u.text.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        let turn = said.last().map(|u| u.turn.clone()).unwrap_or_default();
        let by = match said.iter().all(|u| u.by_keys) {
            true => "key",
            false => "classifier",
        };
        if let Some(intent) = self.accepted(&guess).map(str::to_owned) {
            self.understood(&turn, Some(&intent), guess.confidence, by);
            self.memory
                .note_wish(&turn, &text, Some((&intent, guess.confidence)));
            return self.follow(now, &intent, &text);
        }
        self.understood(&turn, None, guess.confidence, by);
        self.memory.note_wish(&turn, &text, None);
        if said.iter().any(|u| u.learnt) {
            return self.thank_for_facts(now, said);
        }
        match self.worth_asking(&guess) {
            Some(intent) if self.guards.no_match == 0 => {
                self.guards.no_match = 1;
                let asked = Asked::Confirm {
                    intent: intent.clone(),
                    confidence: guess.confidence,
                    said: text,
                    turn,
                };
                let spoken = spoken_label(&intent);
                let text = self.phrase(now, "confirm", &[("intent", &spoken)]);
                self.reply(now, &text);
                self.asked = Some(asked);
            }
            _ => self.no_match(now),
        }
    }

    /// The best guess, where it stands out though it is not certain.
    fn worth_asking(&self, guess: &Classified) -> Option<String> {
        let intent = guess.intent.clone()?;
        let next = guess.alternatives.first().map_or(0, |a| a.1);
        let leads = guess.confidence >= WORTH_ASKING && guess.confidence / 2 >= next;
        let spec = self.brain.spec(&self.agent);
        let known = spec.routes.contains_key(&intent) || spec.answers.contains_key(&intent);
        (leads && known).then_some(intent)
    }

    /// An intent leads where the plan says, or is answered here.
    pub(in crate::conversation) fn follow(&mut self, now: Now, intent: &str, text: &str) {
        self.guards.no_match = 0;
        match self.brain.spec(&self.agent).routes.get(intent).cloned() {
            Some(target) => self.go(now, &target, HandoffReason::IntentMatch, text, true),
            None => self.answer(now, intent),
        }
    }

    /// The dialplan's answer; first for a fact that it needs and nobody has given yet.
    pub(in crate::conversation) fn answer(&mut self, now: Now, intent: &str) {
        let spec = self.brain.spec(&self.agent);
        let Some(template) = spec.answers.get(intent) else {
            return self.ask(now, "anything_else", Asked::AnythingElse);
        };
        if let Some(entity) = self.missing(template) {
            let spoken = spoken_label(&entity);
            let text = self.phrase(now, "need", &[("entity", &spoken)]);
            self.reply(now, &text);
            self.asked = Some(Asked::Need {
                intent: intent.to_owned(),
                entity,
            });
            return;
        }
        let answer = self.fill(now, template, &[]);
        let more = self.phrase(now, "anything_else", &[]);
        self.reply(now, &format!("{answer} {more}"));
        self.asked = Some(Asked::AnythingElse);
    }

    /// The first `{fact}` of a template that is not known.
    fn missing(&self, template: &str) -> Option<String> {
        let mut rest = template;
        while let Some((_, after)) = rest.split_once('{') {
            let (key, tail) = after.split_once('}')?;
            let ours = matches!(key, "caller_name" | "daypart" | "me" | "goal" | "keys");
            if !ours && !key.is_empty() && self.memory.value(key).is_none() {
                return Some(key.to_owned());
            }
            rest = tail;
        }
        None
    }

    /// Says a question and expects its answer.
    pub(in crate::conversation) fn ask(&mut self, now: Now, phrase: &str, asked: Asked) {
        let text = self.phrase(now, phrase, &[]);
        self.reply(now, &text);
        self.asked = Some(asked);
    }

    /// Facts without a wish: shows that they were noted, and asks on; an offer that stands is made again.
    fn thank_for_facts(&mut self, now: Now, said: &[Unanswered]) {
        let new: Vec<_> = self
            .memory
            .entities
            .iter()
            .filter(|e| said.iter().any(|u| u.turn == e.turn) && package::identifies(e))
            .cloned()
            .collect();
        let named = new
            .iter()
            .find(|e| e.name == "name")
            .map(|e| format!("name, {}", e.value));
        let facts = match package::facts(&new) {
            f if f.is_empty() => named.unwrap_or_default(),
            f => f,
        };
        let facts = package::spelt(&facts);
        let noted = self.phrase(now, "noted", &[("facts", &facts)]);
        let next = match (&self.asked, self.memory.goal.is_some()) {
            (Some(Asked::Offer { target, .. }), _) => {
                self.phrase(now, "offer", &[("to", &self.spoken(target))])
            }
            (_, true) => self.phrase(now, "anything_else", &[]),
            (_, false) => self.phrase(now, "how_help", &[]),
        };
        self.reply(now, &format!("{noted} {next}"));
    }

    /// Not understood: rephrase, then the keys, then somebody.
    pub(in crate::conversation) fn no_match(&mut self, now: Now) {
        self.guards.no_match = self.guards.no_match.saturating_add(1);
        if self.guards.no_match <= 2 && self.puts_question_again(now) {
            return;
        }
        match self.guards.no_match {
            1 => {
                let text = self.phrase(now, "not_understood", &[]);
                self.reply(now, &text);
            }
            2 => {
                let text = self.phrase(now, "menu_hint", &[]);
                self.reply(now, &text);
            }
            _ => self.escalate(now, HandoffReason::LowConfidence, "not understood"),
        }
    }
}
