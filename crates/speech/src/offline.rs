//! What speaks and listens on this machine alone.

pub mod grammar;
mod pocketsphinx;
mod programs;

pub use pocketsphinx::{OfflineStt, PocketsphinxSettings};
pub use programs::OfflineTts;
