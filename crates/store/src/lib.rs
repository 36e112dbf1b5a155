//! The journal on disk, and its views in a database.
//!
//! ```text
//!  switch shard --append--> Journal (files) --read--> Projector --one transaction--> Store (rows)
//!                                                        ^                             |
//!                                                        +--- where it stopped <-------+
//! ```
//!
//! [`Journal`] is synchronous and owned by its shard's thread: one `write` per step, and never an
//! error that could end a call. [`Projector`] is a task that follows the files and writes rows; a
//! database that is away only makes it wait. [`Store`] is the database, SQLite or PostgreSQL, with
//! the queries that the command line asks. One file per noun: [`calls`], [`legs`], [`turns`],
//! [`handoffs`], [`transfers`], [`recordings`], [`messages`], [`callbacks`], [`people`], [`tools`], [`events`]; [`reports`] count over them.

pub mod callbacks;
pub mod calls;
mod db;
mod error;
pub mod events;
pub mod handoffs;
pub mod journal;
pub mod legs;
pub mod messages;
mod migrations;
pub mod people;
pub mod projector;
pub mod recordings;
pub mod reports;
mod sql;
pub mod tools;
pub mod transfers;
pub mod turns;
mod words;
mod writer;

pub use callbacks::CallbackRow;
pub use calls::{CallDetail, CallFilter, CallRow};
pub use db::Store;
pub use error::StoreError;
pub use events::{ChainFault, EventRow, Verdict};
pub use handoffs::{HandoffFilter, HandoffRow};
pub use journal::{Alarm, Follower, Fsync, Head, Journal, JournalError, Outcome, Recovered};
pub use legs::LegRow;
pub use messages::{MessageFilter, MessageRow};
pub use projector::{Projector, Rows, Status};
pub use recordings::RecordingRow;
pub use reports::{Funnel, IntentReport, NumberReport, Span};
pub use tools::ToolRow;
pub use transfers::{AttemptRow, TransferRow};
pub use turns::TurnRow;
