//! Every server that speaks OpenAI's HTTP shapes.
//!
//! Requests are made of async-openai's types, which are exact; answers are read with types of our own
//! over reqwest. async-openai's client was left out: its strict answer types lose chunks of servers
//! that leave out an id or an index, it loses the status of an error whose body is not OpenAI's, its
//! retries add dead air, and nothing bounds the size of an answer.

mod chat;
mod delta;
mod http;
mod speech;
mod sse;
mod transcribe;

pub(crate) use http::{Clients, body, send};
pub use http::{Limits, OpenAi};
