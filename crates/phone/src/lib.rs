//! A softphone as a pure machine: the caller and the desk phones of the simulator (in virtual time) and
//! of `tandem demo` (on real sockets). It is made of the crates that it is meant to try, so it follows
//! the standards as they do; what it adds is wilfulness: it can be told to be busy, to ring for ever,
//! to refuse a REFER in each of the ways that trunks do, to fall silent, or to go dead.
//!
//! Not serialisable, unlike the machines of the gateway: a phone is never handed to another process.
//!
//! | module | what |
//! |---|---|
//! | [`api`] | [`Input`], [`Output`], [`Act`], [`PhoneEvent`] |
//! | [`config`] | [`PhoneConfig`], [`Voice`], [`Incoming`], [`ReferPolicy`] |
//! | [`phone`] | [`Phone`] |
//! | [`recording`] | what was heard, on the clock |

pub mod api;
pub mod config;
pub mod phone;
pub mod recording;
mod speaker;

pub use api::{Act, Input, Output, PhoneEvent};
pub use config::{Incoming, PhoneConfig, ReferPolicy, Voice};
pub use phone::{Counters, Phone, State};
pub use recording::Recording;
