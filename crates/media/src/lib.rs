//! The media graphs of one worker, without sockets: legs, who hears whom, players, ears, reports.
//!
//! ```text
//!            datagram                                       datagram
//!               |                                              ^
//!      [SRTP, where the leg has it]                            |
//!               |                                 [SRTP, where the leg has it]
//!   [latch: may this source be heard?]                         |
//!               |                                 [own SSRC, sequence, timestamp]
//!        [statistics, keys]                            ^                       ^
//!               |                                      |                       |
//!               +---- listener hears this leg alone ---' relay                 | every ptime
//!               |                                                              |
//!        [jitter buffer] --> [concealment] --> [stretch] --10 ms--> [ears]     [N-1 mix, soft edges]
//!                                                            |                 ^
//!                                                            '-----------------+---- players
//! ```
//!
//! A recording is a tap: it takes a copy of both sides in each tick.
//!
//! A leg is relayed if it hears exactly one leg and no player: packets go out in the step in which they come,
//! the law changed on the way, without allocation. Everything else is mixed by a tick of 10 ms. A leg that hears
//! nothing is sent silence, so that NAT bindings and the far end's watch stay content.
//!
//! [`Engine`] is driven like every machine of Tandem (mutate, drain, mutate), except that packets go out through a
//! callback, since they are many and must not be copied.

mod ears;
mod engine;
mod graph;
mod hearing;
mod leg;
mod mix;
mod output;
mod player;
mod recorder;
mod relay;
mod reports;
mod roles;

pub use engine::Engine;
pub use output::{Census, EngineConfig, Output, Transmit};
pub use recorder::Recorded;
