//! Speech and language providers behind three doors: [`Stt`] (sound to words), [`Llm`] (a streamed
//! chat with tools) and [`Tts`] (words to sound). All sound is mono PCM, 16 bit, 8 kHz.
//!
//! | module | what |
//! |---|---|
//! | [`door`] | the three traits, and what goes through them |
//! | [`profile`] | what the administrator configured: a [`ProfileSpec`] has one door of each kind |
//! | [`providers`] | [`Providers`]: profiles by name, with fallback, breaker and cache in place |
//! | [`offline`] | pocketsphinx, flite and espeak-ng: no key, no network |
//! | [`openai`] | every server that speaks OpenAI's HTTP shapes, however loosely |
//! | [`fetch`] | tools of the dialplan over HTTP |
//! | [`wrap`] | fallback to the next profile, and the circuit breaker |
//! | [`cache`] | sound that was made once is not made twice |
//! | [`probe`] | what is installed and answers, for the administrator |
//!
//! Dropping a returned future or stream ends the request: the connection is closed, the process is
//! killed. Nothing here ever retries: in a telephone call a late answer is worse than the fallback.
//! No log line holds what a caller said or what is said to a caller.

pub mod cache;
pub mod door;
pub mod fetch;
pub mod offline;
pub mod openai;
pub mod probe;
pub mod profile;
pub mod providers;
pub mod wrap;

mod produce;
mod wav;

pub use cache::Rendered;
pub use door::{
    Answer, ChatPart, ChatRequest, ChatStream, Line, Llm, PcmStream, SAMPLE_RATE, Stt, Tts,
};
pub use fetch::EndpointSpec;
pub use openai::Limits;
pub use probe::ProbeLine;
pub use profile::{DoorSpec, ProfileSpec, SetupError};
pub use providers::{Prompt, Providers, Settings};
