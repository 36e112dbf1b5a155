//! The drivers: everything that touches the world around the pure machines.
//!
//! ```text
//!   threads                                      tokio tasks
//!   sip-udp (one a socket) --+                   +-- TCP connections
//!                            v                   v
//!                        shard: Switch + Journal <---- HTTP (admin, snapshots)
//!                         |  ^        |
//!            MediaCommand |  |        | Provider, NeedSpeech
//!                         v  |        v
//!                  media workers <-- speech desk (STT, LLM, TTS)       projector: journal -> database
//!                   sockets, Engine   PCM, segments
//! ```
//!
//! Every queue is bounded. To the shard: a full queue drops a datagram (SIP repeats it), closes a TCP connection, and
//! makes providers wait. To a media worker: commands have 16,384 places; when even that is full the command
//! is lost and counted, and an alarm says so. To the speech desk: 1,024; a full one answers Overloaded.

mod clock;
pub mod config;
mod http;
mod media_worker;
mod run;
mod shard;
mod speech_desk;
pub mod trace;

pub use clock::Clock;
pub use run::{Gateway, StartError, start};
pub use shard::{Snapshot, ToShard};
