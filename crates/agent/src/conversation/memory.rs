//! What is known of the caller. Kept until the call ends, whoever has them.

use crate::understand::{Found, asks_to_be_moved, words, yes_or_no};
use serde::{Deserialize, Serialize};
use tandem_types::{
    Now, Wall,
    context::{ActionTaken, Entity, Hop, Speaker, Turn},
};

/// Turns kept here; older ones are in the store.
const KEPT_TURNS: usize = 400;

/// Words of an utterance that can be a wish; shorter ones are answers.
const WISH_WORDS: usize = 3;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) caller_number: String,
    /// As the network or a look-up gave it.
    pub(crate) given_name: Option<String>,
    pub(crate) language: String,
    pub(crate) turns: Vec<Turn>,
    /// Of all speakers, with any agent.
    pub(crate) turn_count: u32,
    /// What the caller said where no agent was.
    #[serde(default)]
    pub(crate) elsewhere: u32,
    /// Of the caller alone.
    pub(crate) caller_turns: u32,
    pub(crate) entities: Vec<Entity>,
    pub(crate) sentiment: Vec<i16>,
    pub(crate) goal: Option<String>,
    pub(crate) goal_turn: Option<String>,
    /// It was told to no agent.
    #[serde(default)]
    pub(crate) goal_is_provisional: bool,
    pub(crate) intent: Option<String>,
    pub(crate) intent_confidence: u16,
    pub(crate) actions: Vec<ActionTaken>,
    pub(crate) promises: Vec<String>,
    pub(crate) hops: Vec<Hop>,
    pub(crate) disclosed_at: Option<Wall>,
}

impl Memory {
    /// The name that the caller gave, else the one that came with the call.
    pub(crate) fn name(&self) -> Option<String> {
        let said = self.value("name").map(str::to_owned);
        said.or_else(|| self.given_name.clone())
    }

    /// The newest value of a fact.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let found = self.entities.iter().rev().find(|e| e.name == name);
        found.map(|e| e.value.as_str())
    }

    /// A turn is complete; gives its id.
    pub(crate) fn add_turn(&mut self, now: Now, speaker: Speaker, text: &str, cut: bool) -> String {
        self.turn_count += 1;
        if !matches!(speaker, Speaker::Agent(_)) {
            self.caller_turns += 1;
        }
        let id = format!("t{}", self.turn_count);
        self.keep(Turn {
            id: id.clone(),
            speaker,
            text: text.to_owned(),
            at: now.wall,
            interrupted: cut,
        });
        id
    }

    fn keep(&mut self, turn: Turn) {
        self.turns.push(turn);
        if self.turns.len() > KEPT_TURNS {
            self.turns.remove(0);
        }
    }

    /// What the caller said where no agent was. A wish among it is the goal until they tell an agent another.
    pub(crate) fn add_elsewhere(&mut self, turn: Turn) {
        self.elsewhere += 1;
        if self.goal.is_none() && is_wish(&turn.text) {
            self.set_goal(&turn.id, &turn.text);
            self.goal_is_provisional = true;
        }
        self.keep(turn);
    }

    /// Facts of a turn; gives those that are new.
    pub(crate) fn learn(&mut self, found: Vec<Found>, turn: &str, confidence: u16) -> Vec<Entity> {
        let mut new = Vec::new();
        for f in found {
            let known = self
                .entities
                .iter()
                .any(|e| e.name == f.name && e.value == f.value);
            if known {
                continue;
            }
            let entity = Entity {
                name: f.name,
                value: f.value,
                confidence: (u32::from(f.confidence) * u32::from(confidence.min(1000)) / 1000)
                    as u16,
                turn: turn.to_owned(),
                sensitive: f.sensitive,
            };
            self.entities.push(entity.clone());
            new.push(entity);
        }
        new
    }

    /// What the caller wants: a new intent replaces the goal; words without one only fill a gap. Asking to be put
    /// through says where to, not why: what was wanted before stays the goal.
    pub(crate) fn note_wish(&mut self, turn: &str, text: &str, intent: Option<(&str, u16)>) {
        let changed = intent.is_some_and(|(label, _)| self.intent.as_deref() != Some(label));
        let open = self.goal.is_none() || self.goal_is_provisional;
        let fills = open && (intent.is_some() || is_wish(text));
        let moved = self.goal.is_some() && asks_to_be_moved(text);
        if (changed || fills) && !moved {
            self.goal = Some(text.trim().to_owned());
            self.goal_turn = Some(turn.to_owned());
            self.goal_is_provisional = false;
        }
        if let Some((label, confidence)) = intent {
            if changed || confidence > self.intent_confidence {
                self.intent_confidence = confidence;
            }
            self.intent = Some(label.to_owned());
        }
    }

    /// Words that matter more than any wish before them.
    pub(crate) fn set_goal(&mut self, turn: &str, text: &str) {
        self.goal = Some(text.trim().to_owned());
        self.goal_turn = Some(turn.to_owned());
        self.goal_is_provisional = false;
    }

    /// What an agent said last, as far as it was heard.
    pub(crate) fn last_agent_text(&self) -> Option<&str> {
        let last = self
            .turns
            .iter()
            .rev()
            .find(|t| matches!(t.speaker, Speaker::Agent(_)));
        last.map(|t| t.text.as_str())
    }
}

fn is_wish(text: &str) -> bool {
    words(text).len() >= WISH_WORDS && yes_or_no(text).is_none()
}
