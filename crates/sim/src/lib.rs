//! A world in virtual time: one gateway (the real switch and the real media engine), a carrier, desk phones, a seeded
//! network and scripted speech. Nothing in it reads a clock; the same seed is the same run.
//!
//! | module | what |
//! |---|---|
//! | [`world`] | [`World`]: time, people, what they do and hear, what must hold at the end |
//! | [`network`] | links with faults, and rules that drop or delay what a scenario names |
//! | [`script`] | speech and language: transcripts, replies, faults |
//! | [`ladder`] | the run as text |
//! | [`check`] | the invariants, from the journal |
//! | [`hear`], [`sound`] | tones instead of words, and how they are told apart |
//! | [`wire`] | a glance at a SIP message |

pub mod check;
mod graph;
pub mod hear;
pub mod ladder;
pub mod network;
mod notes;
pub mod plan;
pub mod script;
pub mod sound;
pub mod wire;
pub mod world;

pub use network::{Kind, Packet};
pub use script::Reply;
pub use world::{CARRIER, GATEWAY, GATEWAY6, Hears, PhoneId, Restart, Who, World};
