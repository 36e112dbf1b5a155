//! Other systems that are asked over HTTP: what their drivers know and nobody else.

use super::Secret;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `DIALPLAN/TOOL`, or `DIALPLAN/caller_lookup`.
    pub name: String,
    /// Scheme, host and port: its secrets go nowhere else.
    pub origin: String,
    /// Of every request; names in small letters.
    pub headers: Vec<(String, Secret)>,
    /// `Authorization: Bearer`.
    pub bearer: Option<Secret>,
}
