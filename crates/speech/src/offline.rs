//! What speaks and listens on this machine alone.

mod fold;
mod grammar;
mod pocketsphinx;
mod programs;

pub(crate) use pocketsphinx::try_load;
pub use pocketsphinx::{OfflineStt, PocketsphinxSettings};
pub use programs::{OfflineTts, Programs};
pub(crate) use programs::{Program, is_english, is_offline_voice};
