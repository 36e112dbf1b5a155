//! What a caller's words lead to: rules of the dialplan first, then the wish for a person, then the
//! answer to what we asked, then the classifier, then the model, then the templates.

mod template;

use super::{
    Conversation, State,
    turns::{Unanswered, Unclear},
};
use crate::intent::Classified;
use crate::understand::{
    YesNo, is_backchannel, is_farewell, only_answers, phrase_rule, wants_person, words, yes_or_no,
};
use serde::{Deserialize, Serialize};
use tandem_types::{Now, agent::Target, context::HandoffReason, journal::What, provider::ToolCall};

/// A question of ours that a short answer settles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Asked {
    /// Anything else?
    AnythingElse,
    /// Is it about this intent?
    Confirm {
        intent: String,
        confidence: u16,
        said: String,
        turn: String,
    },
    /// Shall I try them again?
    Retry {
        target: Target,
        reason: HandoffReason,
    },
    /// Shall I put you through? Understood where the specialist's greeting asks so.
    Offer {
        target: Target,
        intent: Option<String>,
    },
    /// What is your ...?
    Need { intent: String, entity: String },
    /// Shall I do this? Nothing but a yes to the question as it was heard does it.
    Act {
        call: ToolCall,
        question: String,
        utterance: u32,
        heard: bool,
    },
}

impl Conversation {
    /// Acts on what the caller said, once they have finished and nothing is in the way.
    pub(super) fn settle_words(&mut self, now: Now) {
        let greets = self.greeting.is_some();
        if !self.is_talking() || self.held || self.key_choice.is_some() || greets {
            return;
        }
        if self.ears.unanswered.is_empty() {
            return self.settle_unclear(now);
        }
        self.ears.unclear = None;
        if self.playout.must_finish() {
            return;
        }
        if self.playout.can_interrupt() {
            self.stop_saying(now);
        }
        if self.playout.waits_for_stop() {
            return;
        }
        let since = *self.ears.waiting_since.get_or_insert(now.mono);
        let waited = now.mono.since(since) >= super::guards::NO_SILENCE;
        if self.ears.busy() && !waited {
            return;
        }
        self.drop_chat();
        let said = std::mem::take(&mut self.ears.unanswered);
        self.decide(now, said);
        if self.chat.is_none() {
            self.ears.waiting_since = None;
        }
    }

    fn settle_unclear(&mut self, now: Now) {
        if self.ears.unclear.is_none() {
            if !self.ears.busy() && self.chat.is_none() {
                self.ears.waiting_since = None;
            }
            return;
        }
        let in_the_way = self.ears.busy()
            || self.playout.must_finish()
            || self.playout.waits_for_stop()
            || self.chat.is_some();
        if in_the_way {
            return;
        }
        let unclear = self.ears.unclear.take();
        self.ears.waiting_since = None;
        if self.playout.can_interrupt() {
            return;
        }
        match unclear {
            Some(Unclear::Fault) => {
                let text = self.phrase(now, "trouble", &[]);
                self.reply(now, &text);
            }
            _ => self.no_match(now),
        }
    }

    fn decide(&mut self, now: Now, said: Vec<Unanswered>) {
        let text = said
            .iter()
            .map(|u| u.text.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        let Some(turn) = said.last().map(|u| u.turn.clone()) else {
            return;
        };
        if said.iter().any(|u| !u.by_keys) && self.decided_by_rule(now, &turn, &text) {
            return;
        }
        if self.decided_by_answer(now, &turn, &text) {
            return;
        }
        if is_farewell(&text) {
            self.understood(&turn, None, 1000, "phrase");
            return self.end(now);
        }
        let keys_only = said.iter().all(|u| u.by_keys);
        let guess = match keys_only {
            true => Classified::default(),
            false => self.classify(&text),
        };
        if let Some((intent, target)) = self.routed(&guess) {
            self.understood(&turn, Some(&intent), guess.confidence, "classifier");
            self.memory
                .note_wish(&turn, &text, Some((&intent, guess.confidence)));
            return self.go(now, &target, HandoffReason::IntentMatch, &text, true);
        }
        if self.too_many_turns() {
            self.understood(&turn, None, guess.confidence, "classifier");
            self.memory.note_wish(&turn, &text, None);
            return self.escalate(now, HandoffReason::LoopGuard, "max_turns");
        }
        if self.brain.spec(&self.agent).has_model {
            self.memory.note_wish(&turn, &text, None);
            return self.ask_model(now, said);
        }
        self.by_template(now, &said, guess);
    }

    /// Phrases that force a destination, and the wish for a person: at once, whoever is in charge.
    fn decided_by_rule(&mut self, now: Now, turn: &str, text: &str) -> bool {
        let brain = self.brain.clone();
        if let Some((phrase, target)) = phrase_rule(brain.rules(), text) {
            self.understood(turn, None, 1000, "phrase");
            self.memory.set_goal(turn, text);
            self.go(now, target, HandoffReason::Policy, phrase, true);
            return true;
        }
        if !wants_person(text) {
            return false;
        }
        // "Speak to someone about my bill": a person of the right team, where the plan names one.
        let guess = self.classify(text);
        let intent = self.accepted(&guess).map(str::to_owned);
        let team = self.routed(&guess).map(|r| r.1);
        let team = team.filter(|t| !t.0.starts_with("agent:") && t.0 != "hangup");
        self.understood(turn, intent.as_deref(), guess.confidence, "phrase");
        if let Some(intent) = &intent {
            let wish = Some((intent.as_str(), guess.confidence));
            self.memory.note_wish(turn, text, wish);
        } else if text.contains(" about ") {
            // No intent fits, but they did say what it is about: the person must hear it.
            self.memory.set_goal(turn, text);
        }
        let rules = brain.rules();
        let anyone = rules.on_human.clone().or_else(|| rules.operator.clone());
        match team.or(anyone) {
            Some(target) => self.go(now, &target, HandoffReason::CallerRequest, text, true),
            None => self.nobody_there(now),
        }
        true
    }

    /// Yes, no, or the fact that was asked for.
    fn decided_by_answer(&mut self, now: Now, turn: &str, text: &str) -> bool {
        let answer = match (&self.asked, text) {
            (Some(Asked::Act { .. }), "1") => Some(YesNo::Yes),
            (Some(Asked::Act { .. }), "2") => Some(YesNo::No),
            _ => yes_or_no(text),
        };
        // "Yes, when do you close?" wants an answer of its own.
        let own = answer.is_some() && !only_answers(text);
        if own && self.accepted(&self.classify(text)).is_some() {
            self.asked = None;
            return false;
        }
        match (self.asked.take(), answer) {
            (Some(Asked::AnythingElse), Some(YesNo::No)) => {
                self.understood(turn, None, 1000, "phrase");
                self.end(now);
            }
            (
                Some(Asked::Confirm {
                    intent,
                    confidence,
                    said,
                    turn: asked_about,
                }),
                Some(YesNo::Yes),
            ) => {
                self.understood(turn, Some(&intent), confidence.max(900), "phrase");
                self.memory
                    .note_wish(&asked_about, &said, Some((&intent, confidence.max(900))));
                self.follow(now, &intent, &said);
            }
            (Some(Asked::Retry { target, reason }), Some(YesNo::Yes)) => {
                self.understood(turn, None, 1000, "phrase");
                self.go(now, &target, reason, "yes", true);
            }
            (Some(Asked::Offer { target, intent }), Some(YesNo::Yes)) => {
                self.understood(turn, intent.as_deref(), 1000, "phrase");
                self.go(now, &target, HandoffReason::IntentMatch, text, true);
            }
            (Some(Asked::Offer { .. }), Some(YesNo::No)) => {
                self.understood(turn, None, 1000, "phrase");
                let text = self.phrase(now, "go_on", &[]);
                self.reply(now, &text);
            }
            (Some(Asked::Need { intent, entity }), _) if self.memory.value(&entity).is_some() => {
                self.understood(turn, Some(&intent), 1000, "phrase");
                self.answer(now, &intent);
            }
            (Some(Asked::Retry { .. }), Some(YesNo::No)) => {
                self.understood(turn, None, 1000, "phrase");
                self.ask(now, "anything_else", Asked::AnythingElse);
            }
            (
                Some(Asked::Act {
                    call,
                    heard,
                    question,
                    ..
                }),
                Some(YesNo::Yes),
            ) => {
                self.understood(turn, None, 1000, "phrase");
                match heard {
                    true => {
                        let words = Unanswered {
                            turn: turn.to_owned(),
                            text: text.to_owned(),
                            by_keys: false,
                            learnt: false,
                        };
                        self.confirmed(now, call, words);
                    }
                    // To something else, then.
                    false => self.put_question(now, call, question),
                }
            }
            // The model hears of it, and goes on from there.
            (Some(Asked::Act { .. }), _) => return false,
            (Some(_), Some(YesNo::Yes | YesNo::No)) => {
                self.understood(turn, None, 1000, "phrase");
                let text = self.phrase(now, "how_help", &[]);
                self.reply(now, &text);
            }
            // Neither yes nor no to an offer: it stands.
            (Some(offer @ Asked::Offer { .. }), None) => {
                self.asked = Some(offer);
                return false;
            }
            (_, _) => return false,
        }
        true
    }

    fn classify(&self, text: &str) -> Classified {
        let model = self.brain.model(&self.agent);
        model.map(|m| m.classify(text)).unwrap_or_default()
    }

    /// The intent, if it is certain enough for this agent.
    fn accepted<'a>(&self, guess: &'a Classified) -> Option<&'a str> {
        let enough = guess.confidence >= self.brain.spec(&self.agent).min_confidence;
        guess.intent.as_deref().filter(|_| enough)
    }

    fn routed(&self, guess: &Classified) -> Option<(String, Target)> {
        let intent = self.accepted(guess)?;
        let target = self.brain.spec(&self.agent).routes.get(intent).cloned()?;
        Some((intent.to_owned(), target))
    }

    /// The caller takes leave; anything else brings the conversation back.
    pub(super) fn stays(&mut self, text: &str, by_keys: bool) -> bool {
        let said = words(text);
        let thanks = |w: &String| {
            matches!(
                w.as_str(),
                "thank"
                    | "thanks"
                    | "you"
                    | "very"
                    | "much"
                    | "so"
                    | "cheers"
                    | "too"
                    | "bye"
                    | "goodbye"
                    | "for"
                    | "your"
                    | "help"
                    | "and"
            )
        };
        let leaves = is_farewell(text)
            || is_backchannel(text)
            || said.iter().all(thanks)
            || yes_or_no(text) == Some(YesNo::No);
        if leaves && !by_keys {
            return false;
        }
        self.state = State::Talking;
        true
    }

    pub(super) fn understood(
        &mut self,
        turn: &str,
        intent: Option<&str>,
        confidence: u16,
        by: &str,
    ) {
        self.journal(What::Understood {
            turn: turn.to_owned(),
            intent: intent.map(str::to_owned),
            confidence,
            by: by.to_owned(),
        });
    }
}
