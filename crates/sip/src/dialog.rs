//! A dialog (RFC 3261 section 12): what two user agents hold of each other between requests.

mod replaces;

pub use replaces::Replaces;
