//! The conversation: turn-taking, barge-in, triage, the handoff package, escalation and guards.
//! Pure: no socket, no clock, no task. Media and providers are reached by outputs alone.
//!
//! | module | what |
//! |---|---|
//! | [`intent`] | a local classifier, trained at load from the dialplan's examples |
//! | [`understand`] | words to facts: numbers, names, dates, wishes, mood |
//! | [`package`] | the context package of a handoff, and its views for people |
//! | [`tool`] | calls of tools over HTTP: checked, filled in, and what of their answers is kept |
//! | [`conversation`] | the machine |
//! | [`typed`] | the machine in writing, for trying a dialplan without a phone |

pub mod conversation;
pub mod intent;
pub mod package;
pub mod tool;
pub mod typed;
pub mod understand;

pub use conversation::{Brain, Conversation, ConversationStart, Input, Output, Return};
