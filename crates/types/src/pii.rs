//! Caller data as a type: it prints redacted, so it cannot reach a log line by accident.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A value about a person (a number, a name, what was said). `Debug` and `Display` show only that
/// it is there; [`Pii::reveal`] is greppable.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Marks a value as a person's.
    pub fn new(value: T) -> Self {
        Self(value)
    }
    /// The value itself, for the wire, the store and the model. Never for a log or a metric.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
