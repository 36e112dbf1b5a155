//! Wrappers around a door that are a door themselves.

mod breaker;
mod fallback;

pub use breaker::{Breaker, Gate};
pub use fallback::Fallback;
