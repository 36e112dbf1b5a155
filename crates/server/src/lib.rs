//! The drivers: everything that touches the world around the pure machines.
//!
//! ```text
//!   threads                                      tokio tasks
//!                                                +-- TCP connections
//!                                                v
//!        UDP sockets <-> shard: Switch + Journal <---- HTTP (admin, snapshots)
//!                         |  ^        |
//!            MediaCommand |  |        | Provider, NeedSpeech
//!                         v  |        v
//!                  media workers <-- speech desk (STT, LLM, TTS)       projector: journal -> database
//!                   sockets, Engine   PCM, segments
//! ```
//!
//! Every queue is bounded; what happens when one is full, and how it is counted, stands in `places`.

mod admission;
mod bell;
mod clock;
pub mod config;
pub mod doctor;
mod door;
mod hep;
mod hours;
mod http;
mod intake;
mod mailroom;
mod media_worker;
mod places;
mod recorder;
mod reload;
mod run;
mod shard;
mod speech_desk;
pub mod trace;

pub use clock::Clock;
pub use recorder::sealed as recording;
pub use reload::{InForce, NotReloaded, Reloaded};
pub use run::{Gateway, StartError, endpoints, profiles, start};
pub use shard::Snapshot;
pub use tandem_call::{
    Answered, ContactRow, Failed, MemberRow, PeerRow, PhoneRow, QueueRow, RegistrationRow,
    TrunkRow, WaitingRow,
};
/// For the threads of the runtime: they write rows and wait for providers.
pub use tandem_net::step_back;
