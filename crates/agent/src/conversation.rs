//! The machine.

mod io;

pub use io::{ConversationStart, Input, Output};

use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc};
use tandem_types::{CallId, Mono, Now, Rng, agent::AgentRules};

/// The rules of a dialplan and what was learnt from them. Shared by all calls of it.
#[derive(Debug, Default)]
pub struct Brain {
    rules: Arc<AgentRules>,
}

impl Brain {
    /// Trains the classifiers of all agents. The same rules give the same brain on every machine.
    pub fn new(rules: Arc<AgentRules>) -> Self {
        Self { rules }
    }

    /// The rules it was made from.
    pub fn rules(&self) -> &Arc<AgentRules> {
        &self.rules
    }
}

/// One call's conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conversation {
    #[serde(skip)]
    brain: Arc<Brain>,
    call: CallId,
    rng: Rng,
    outputs: VecDeque<Output>,
}

impl Conversation {
    /// A conversation that waits for [`Input::Begin`].
    pub fn new(start: ConversationStart, _now: Now) -> Self {
        Self {
            brain: start.brain,
            call: start.call,
            rng: start.rng,
            outputs: VecDeque::new(),
        }
    }

    /// Gives a deserialised conversation its rules and models back.
    pub fn attach(&mut self, brain: Arc<Brain>) {
        self.brain = brain;
    }

    /// Takes an input.
    pub fn handle_input(&mut self, _now: Now, _input: Input) {}

    /// The next output; drain after every input and timeout.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next deadline, and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        None
    }

    /// Acts on deadlines that have passed; early is a no-op.
    pub fn handle_timeout(&mut self, _now: Now) {}
}
