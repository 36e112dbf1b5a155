//! What speaks and listens on this machine alone.

mod fold;
mod grammar;
mod pocketsphinx;
mod programs;

pub use pocketsphinx::{OfflineStt, PocketsphinxSettings};
pub(crate) use pocketsphinx::try_load;
pub use programs::OfflineTts;
pub(crate) use programs::{Program, is_english, is_offline_voice};
