//! A conversation in writing, for trying a dialplan without a phone: what the caller types is heard as said, what
//! the agent says is heard out at once, in virtual time. A language model is asked by whoever drives it, or
//! by nobody: then the classifier and the templates answer, as they do when a model is down.

use crate::{Brain, Conversation, ConversationStart, Input, Output};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tandem_types::{
    CallId, HandoffId, Now, Reason, Rng, SegmentId,
    agent::Target,
    journal::What,
    provider::{ProviderCommand, ProviderEvent, ProviderFault, Transcript},
};

/// How long a letter takes to say.
const LETTER: Duration = Duration::from_millis(60);

/// After the last key the machine waits this long for another one; the ladder of silence begins later.
const PATIENCE: Duration = Duration::from_millis(3500);

/// Something that an onlooker would see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// The agent said this.
    Said(String),
    /// A decision, as it is journaled.
    Decided(What),
    /// The caller is to be put through to somebody who is no agent.
    Leaves(Target),
    /// The agent hung up.
    HungUp,
}

/// What the conversation is about to begin with.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The number; empty when withheld.
    pub number: String,
    /// BCP 47.
    pub language: String,
    /// Minutes east of UTC of the dialplan's clock.
    pub utc_offset: i16,
    /// What is known of them already.
    pub facts: Vec<crate::tool::Fact>,
}

/// The conversation.
#[derive(Debug)]
pub struct Typed {
    conversation: Conversation,
    now: Now,
    call: CallId,
    segments: u32,
    /// What the caller says, until it is asked for.
    words: String,
    /// Utterances that are to be heard: which, and how long.
    saying: VecDeque<(u32, Duration)>,
    events: VecDeque<Input>,
    leaving: Option<HandoffId>,
    /// Somebody asks the models.
    models: bool,
    chats: VecDeque<ProviderCommand>,
    /// One was taken by [`Self::asked`], and its answer is not complete: time stands still.
    thinking: bool,
    happened: Vec<Happened>,
}

impl Typed {
    /// The caller comes to this agent.
    /// With `models`, what is to be asked of them and of tools comes out of [`Self::asked`].
    pub fn begin(
        brain: Arc<Brain>,
        agent: &str,
        caller: Caller,
        now: Now,
        models: bool,
    ) -> (Self, Vec<Happened>) {
        let mut rng = Rng::seeded(1);
        let call = CallId::generate(now.wall, &mut rng);
        let start = ConversationStart {
            call,
            caller_number: caller.number,
            caller_name: None,
            language: caller.language,
            brain,
            rng,
            facts: caller.facts,
            looked_up_by: None,
            requests: 0,
        };
        let mut conversation = Conversation::new(start, now);
        conversation.set_utc_offset(caller.utc_offset);
        let mut this = Self {
            conversation,
            now,
            call,
            segments: 0,
            words: String::new(),
            saying: VecDeque::new(),
            events: VecDeque::new(),
            leaving: None,
            models,
            chats: VecDeque::new(),
            thinking: false,
            happened: Vec::new(),
        };
        let agent = agent.to_owned();
        let happened = this.act(Input::Begin { agent });
        (this, happened)
    }

    /// The agent who has the caller.
    pub fn agent(&self) -> Option<&str> {
        self.conversation.agent()
    }

    /// The caller says this.
    pub fn says(&mut self, words: &str) -> Vec<Happened> {
        self.segments += 1;
        let segment = SegmentId {
            call: self.call,
            index: self.segments,
        };
        words.clone_into(&mut self.words);
        let length = length(words);
        self.conversation
            .handle_input(self.now, Input::SpeechStarted { segment });
        self.drain();
        self.now = self.now + length;
        let ms = u32::try_from(length.as_millis()).unwrap_or(u32::MAX);
        self.act(Input::SpeechEnded { segment, ms })
    }

    /// The caller presses this key.
    pub fn presses(&mut self, key: char) -> Vec<Happened> {
        self.act(Input::Digit(key))
    }

    /// What a model or a tool is to be asked now; all of its answer goes to [`Self::answered`].
    pub fn asked(&mut self) -> Option<ProviderCommand> {
        let chat = self.chats.pop_front();
        self.thinking |= chat.is_some();
        chat
    }

    /// An answer, or a part of it.
    pub fn answered(&mut self, event: ProviderEvent) -> Vec<Happened> {
        let last = matches!(
            event,
            ProviderEvent::ChatDone { .. }
                | ProviderEvent::ChatFailed { .. }
                | ProviderEvent::Fetched { .. }
        );
        self.thinking &= !last;
        self.act(Input::Provider(event))
    }

    /// Nobody takes the caller who left.
    pub fn nobody_takes_it(&mut self, reason: Reason) -> Vec<Happened> {
        match self.leaving.take() {
            Some(handoff) => self.act(Input::TransferFailed {
                handoff,
                reason,
                more: None,
            }),
            None => Vec::new(),
        }
    }

    /// Tells the machine, and lets everything be said.
    fn act(&mut self, input: Input) -> Vec<Happened> {
        self.events.push_back(input);
        let until = |this: &Self| this.now.mono + PATIENCE;
        let mut end = until(self);
        loop {
            if let Some(input) = self.events.pop_front() {
                self.conversation.handle_input(self.now, input);
                end = until(self);
            } else if let Some((utterance, length)) = self.saying.pop_front() {
                self.heard(utterance, length);
                end = until(self);
            } else if let Some((at, _)) = self
                .conversation
                .poll_timeout()
                .filter(|t| t.0 <= end && self.chats.is_empty() && !self.thinking)
            {
                self.now = self.now + Duration::from_nanos(at.0.saturating_sub(self.now.mono.0));
                self.conversation.handle_timeout(self.now);
            } else {
                return std::mem::take(&mut self.happened);
            }
            self.drain();
        }
    }

    fn heard(&mut self, utterance: u32, length: Duration) {
        self.conversation
            .handle_input(self.now, Input::SayStarted { utterance });
        self.now = self.now + length;
        let ms = u32::try_from(length.as_millis()).unwrap_or(u32::MAX);
        self.events.push_front(Input::Said {
            utterance,
            played_ms: ms,
            total_ms: ms,
            whole: true,
        });
    }

    fn drain(&mut self) {
        while let Some(output) = self.conversation.poll_output() {
            match output {
                Output::Say {
                    utterance, text, ..
                } => {
                    self.saying.push_back((utterance, length(&text)));
                    self.happened.push(Happened::Said(text));
                }
                Output::StopSaying => {
                    for (utterance, length) in std::mem::take(&mut self.saying) {
                        self.events.push_back(Input::Said {
                            utterance,
                            played_ms: 0,
                            total_ms: u32::try_from(length.as_millis()).unwrap_or(u32::MAX),
                            whole: false,
                        });
                    }
                }
                Output::Provider(command) => self.provide(command),
                Output::Transfer {
                    package, target, ..
                } => {
                    self.leaving = Some(package.handoff);
                    self.happened.push(Happened::Leaves(target));
                }
                Output::Hangup => self.happened.push(Happened::HungUp),
                Output::Journal(what) => self.happened.push(Happened::Decided(what)),
                Output::Abandon { handoff } => self.events.push_back(Input::TransferFailed {
                    handoff,
                    reason: Reason::Cancelled,
                    more: None,
                }),
                // Phones may ring from here on; nobody is told before the transfer itself.
                Output::Ring { .. }
                | Output::PauseSaying
                | Output::ResumeSaying
                | Output::Listen { .. } => {}
            }
        }
    }

    fn provide(&mut self, command: ProviderCommand) {
        let event = match command {
            ProviderCommand::Transcribe { segment, .. } => ProviderEvent::Transcribed {
                segment,
                result: Ok(Transcript {
                    text: std::mem::take(&mut self.words),
                    confidence: 1000,
                    rejected: false,
                }),
            },
            asks @ (ProviderCommand::Chat { .. } | ProviderCommand::Fetch { .. })
                if self.models =>
            {
                return self.chats.push_back(asks);
            }
            ProviderCommand::Fetch { request, .. } => ProviderEvent::Fetched {
                request,
                result: Err(ProviderFault::NotConfigured),
            },
            ProviderCommand::CancelFetch { request: gone } => {
                self.chats.retain(
                    |c| !matches!(c, ProviderCommand::Fetch { request, .. } if *request == gone),
                );
                return;
            }
            ProviderCommand::Chat { request, .. } => ProviderEvent::ChatFailed {
                request,
                fault: ProviderFault::NotConfigured,
            },
            ProviderCommand::CancelChat { request: gone } => {
                self.chats.retain(
                    |c| !matches!(c, ProviderCommand::Chat { request, .. } if *request == gone),
                );
                return;
            }
            ProviderCommand::Discard { .. } | ProviderCommand::Forget { .. } => return,
        };
        self.events.push_back(Input::Provider(event));
    }
}

fn length(text: &str) -> Duration {
    LETTER * u32::try_from(text.chars().count().max(5)).unwrap_or(u32::MAX)
}
