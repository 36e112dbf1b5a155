//! Offer/answer (RFC 3264) over an audio model, as pure functions on text. Grammar of RFC 8866, read
//! leniently (`read`), written strictly (`write`).
//!
//! A [`Session`] is our side of one leg: it makes offers, answers offers and takes answers, and says
//! what was [`Agreed`]. Only audio is spoken, by `RTP/AVP`, or by `RTP/SAVP` with keys in SDP (RFC 4568) where SRTP may
//! be; every other `m=` line is refused with port 0 and keeps its place (RFC 3264 section 6).
//!
//! | module | what |
//! |---|---|
//! | [`model`] | [`Direction`], [`Agreed`], [`Unusable`] |
//! | [`session`] | [`Session`] |

mod crypto;
pub mod model;
mod read;
pub mod session;
mod write;

pub use model::{Agreed, Direction, Unusable};
pub use read::family;
pub use session::{Secrets, Session};
