//! What is known of a caller's number (STIR/SHAKEN).

use serde::{Deserialize, Serialize};
use std::fmt;

/// What the carrier that a call came from in the first place has signed of its caller (RFC 8224, RFC 8588), and what that is worth.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Attested {
    /// It knows the caller, who may use the number.
    #[serde(rename = "A")]
    Full,
    /// It knows the caller, and not whose the number is.
    #[serde(rename = "B")]
    Partial,
    /// It knows by which way the call came, and no more.
    #[serde(rename = "C")]
    Gateway,
    /// Signed, without any of these.
    #[serde(rename = "passed")]
    Passed,
    /// Signed, and not to be believed.
    #[serde(rename = "failed")]
    Failed,
    /// Nothing was signed, or nobody verified it.
    #[default]
    #[serde(rename = "none")]
    Unsigned,
}

impl Attested {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Full,
        Self::Partial,
        Self::Gateway,
        Self::Passed,
        Self::Failed,
        Self::Unsigned,
    ];

    /// `A`, `B`, `C`, `passed`, `failed`, `none`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "A",
            Self::Partial => "B",
            Self::Gateway => "C",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unsigned => "none",
        }
    }

    /// The level of attestation by its letter.
    pub fn of_level(letter: &str) -> Option<Self> {
        [Self::Full, Self::Partial, Self::Gateway]
            .into_iter()
            .find(|level| level.as_str() == letter)
    }

    /// The value of `verstat` (3GPP TS 24.229 section 7.2A.20).
    pub fn verstat(self) -> &'static str {
        match self {
            Self::Full | Self::Partial | Self::Gateway | Self::Passed => "TN-Validation-Passed",
            Self::Failed => "TN-Validation-Failed",
            Self::Unsigned => "No-TN-Validation",
        }
    }
}

/// It is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchLevel;

impl fmt::Display for NoSuchLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is none of A, B, C, passed, failed and none")
    }
}

impl std::error::Error for NoSuchLevel {}

impl std::str::FromStr for Attested {
    type Err = NoSuchLevel;
    fn from_str(text: &str) -> Result<Self, NoSuchLevel> {
        let named = |level: &Self| level.as_str() == text;
        Self::ALL.into_iter().find(named).ok_or(NoSuchLevel)
    }
}

impl fmt::Display for Attested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
