//! Configuration: parsed, checked and explained. Pure: texts in, a [`Plan`] or diagnostics out.
mod defaults;
mod destination;
mod diagnostic;
mod dial;
mod load;
mod pattern;
pub mod plan;
mod route;

pub use defaults::{DEFAULT_COUNTRY, DEFAULT_LANGUAGE, DEFAULT_VOICE, OFFLINE};
pub use destination::BadDestination;
pub use diagnostic::{Diagnostic, Look, Severity, WIDTH, render, render_as, to_json};
pub use dial::{DialTarget, Forbidden};
pub use load::{Host, Loaded, SourceFile, load, load_on, wanted};
pub use pattern::{BadPattern, normalise};
pub use plan::*;
pub use route::{Arrival, NoRoute, NoRouteKind, Route, Via};
