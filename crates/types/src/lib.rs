//! The vocabulary between Tandem's crates: ids, time, numbers, and the commands and events that
//! cross a crate boundary. Nothing here does anything; no socket, no clock, no randomness that is
//! not handed in.
//!
//! | module | what |
//! |---|---|
//! | [`time`] | [`Now`], [`Mono`], [`Wall`]: time as an argument |
//! | [`id`] | [`CallId`], [`LegId`], [`HandoffId`] and the smaller ids |
//! | [`rng`] | the seeded generator that is handed in |
//! | [`pii`] | [`Pii`]: prints redacted |
//! | [`srtp`] | what encrypts a leg |
//! | [`termination`] | who ended a call, and why |
//! | [`dns`] | what is asked of the name service, and its answers |
//! | [`media`] | what the call tells the media graph, and what it hears back |
//! | [`recording`] | what a recording of a call comes to |
//! | [`provider`] | what the call asks of speech and language providers |
//! | [`agent`] | an agent as the dialplan describes it |
//! | [`number`] | telephone numbers |
//! | [`tool`] | a tool over HTTP as the dialplan describes it |
//! | [`phrases`] | what an agent says where its dialplan is silent |
//! | [`context`] | the context package of a handoff |
//! | [`journal`] | the spine: every decision of a call |
//! | [`attested`] | what is known of a caller's number |
//! | [`canonical`] | JSON in one spelling, and its hash |

pub mod agent;
pub mod attested;
pub mod canonical;
pub mod context;
pub mod dns;
pub mod id;
pub mod journal;
pub mod media;
pub mod number;
pub mod phrases;
pub mod pii;
pub mod provider;
pub mod recording;
pub mod rng;
pub mod srtp;
pub mod termination;
pub mod time;
pub mod tool;

pub use attested::Attested;
pub use id::{CallId, HandoffId, LegId, MessageId, PlayerId, RequestId, SegmentId, TransferId};
pub use number::is_e164;
pub use pii::Pii;
pub use rng::Rng;
pub use srtp::{SrtpKey, SrtpKeys, SrtpPolicy, SrtpSuite};
pub use termination::{Party, Reason, Termination};
pub use time::{Mono, NoTime, Now, Wall};
