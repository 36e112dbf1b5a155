//! Configuration: parsed, checked and explained. Pure: texts in, a [`Plan`] or diagnostics out.
mod api_at;
mod calendar;
mod defaults;
mod destination;
mod diagnostic;
mod dial;
mod dialplans;
mod emergency;
mod extensions;
mod hours;
mod load;
mod numbering;
mod pattern;
mod patterns;
pub mod plan;
mod restart;
mod route;
mod schema;
mod trie;
mod when;

pub use api_at::api_at;
pub use defaults::{DEFAULT_COUNTRY, DEFAULT_LANGUAGE, DEFAULT_VOICE, OFFLINE};
pub use destination::BadDestination;
pub use diagnostic::{Diagnostic, Look, Severity, WIDTH, render, render_as, to_json};
pub use dial::{DialTarget, Forbidden};
pub use dialplans::Dialplans;
pub use emergency::Emergency;
pub use extensions::Extensions;
pub use hours::{Hours, NoZone, Opening, Zone, hours_complaint};
pub use load::{
    Host, Inspect, Inspector, Loaded, MAX_HOPS, SourceFile, TlsComplaint, TlsPart, load, load_on,
    wanted,
};
pub use numbering::{NumberFormat, country_of};
pub use pattern::{BadPattern, Pattern, normalise};
pub use patterns::Patterns;
pub use plan::*;
pub use restart::needs_restart;
pub use route::{Arrival, NoRoute, NoRouteKind, Route, Via};
pub use schema::schemas;
pub use when::{Matched, Moment, When, Who, lot};
