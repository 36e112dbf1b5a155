//! SIP without IO: messages, transactions, dialogs, digest, registration. Bodies are opaque bytes.
//!
//! ```text
//!  datagram -> message::parse -> Endpoint::handle_input -> transaction -> dialog -> Event
//!  Command -> Endpoint::handle_input -> dialog -> transaction -> Output::Transmit -> datagram
//! ```

pub mod api;
pub mod dialog;
pub mod digest;
pub mod endpoint;
pub mod locate;
pub mod message;
pub mod notifier;
pub mod registrar;
pub mod registration;
pub mod stir;
pub mod stun;
mod transaction;
mod transport;
pub mod xml;

pub use api::{Command, Event, Failure, Flow, Input, Output, SessionId, Transport};
