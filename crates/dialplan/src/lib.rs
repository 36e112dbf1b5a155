//! Configuration: parsed, checked and explained. Pure: texts in, a [`Plan`] or diagnostics out.
pub mod plan;
pub use plan::*;
