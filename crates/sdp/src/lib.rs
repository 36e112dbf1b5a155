//! Offer/answer (RFC 3264) over an audio model, as pure functions on text. Grammar of RFC 8866, read
//! leniently (`read`), written strictly (`write`).
//!
//! A [`Session`] is our side of one leg: it makes offers, answers offers and takes answers, and says
//! what was [`Agreed`]. Only `RTP/AVP` audio with G.711 and telephone-event is spoken; every other
//! `m=` line is refused with port 0 and keeps its place (RFC 3264 section 6).
//!
//! | module | what |
//! |---|---|
//! | [`model`] | [`Direction`], [`Agreed`], [`Unusable`] |
//! | [`session`] | [`Session`] |

pub mod model;
mod read;
pub mod session;
mod write;

pub use model::{Agreed, Direction, Unusable};
pub use session::Session;
