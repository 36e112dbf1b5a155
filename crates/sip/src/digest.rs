//! Digest authentication (RFC 3261 section 22, RFC 7616, RFC 8760; RFC 2617 where a peer is that old).
//!
//! As client: read the challenges of a 401 or 407 ([`Challenge::choose`]) and [`answer`] the strongest. As server: a
//! [`Verifier`] makes challenges and judges answers. Both are pure: time, secret and cnonce are handed in.
//!
//! ```
//! use tandem_sip::{api::Credentials, digest::{answer, Challenge, Verdict, Verifier}};
//! # let now = tandem_types::Now::default();
//! let mut server = Verifier::new([7; 32]);
//! let offers = server.challenge(now, "office", false);
//! let challenge = Challenge::choose(offers.iter().map(String::as_str), None).unwrap();
//! let who = Credentials { username: "200".into(), password: "x".to_owned().into(), realm: None, hosts: Vec::new() };
//! let header = answer(&challenge, &who, "REGISTER", "sip:office", b"", "0a4f113b", 1);
//! let verdict = server.verify(now, &header, "office", "REGISTER", "sip:office", b"", |_| Some("x".to_owned()));
//! assert_eq!(verdict, Verdict::Ok { username: "200".into() });
//! ```

mod algorithm;
mod authorization;
mod challenge;
mod client;
mod pairs;
mod verifier;

pub use algorithm::{Algorithm, Qop};
pub use authorization::Authorization;
pub use challenge::Challenge;
pub use client::answer;
pub use verifier::{Verdict, Verifier};

use serde::{Deserialize, Serialize};

/// Why a challenge or an answer cannot be read. Always the peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum DigestError {
    /// Another scheme (Basic, NTLM, ...).
    #[error("not Digest")]
    Scheme,
    /// No `name=value` list.
    #[error("digest parameters")]
    Syntax,
    /// A parameter that must be there is not.
    #[error("digest parameter missing")]
    Incomplete,
    /// An algorithm that is not known.
    #[error("digest algorithm")]
    Algorithm,
    /// No quality of protection that is known.
    #[error("digest qop")]
    Qop,
}
