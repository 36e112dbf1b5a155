//! Who calls, as the carrier says in writing that let them into the network (STIR/SHAKEN: RFC 8224, RFC 8225, RFC 8226, RFC 8588).
//!
//! ```text
//!   Identity --> PASSporT --> this call's? --> fresh? --> certificate known? --> signature --> its attestation
//!      | none        | unreadable  | another     | 60 s      | not here,           | wrong
//!      v             |             |             |           | not trusted         |
//!   Unsigned         +-------------+-------------+-----------+---------------------+--> Failed, and why
//! ```
//! Nothing is fetched: certificates are in [`Authorities`] beforehand, by the address that a carrier writes for them (`x5u`).

mod authorities;
mod covers;
mod passport;

pub use authorities::{Authorities, Unusable};

use passport::{Party, Passport};
use std::fmt;
use tandem_types::{Attested, Now};

/// So long a signature is good, and so much clocks may differ (RFC 8224 section 6.2.3).
const FRESH_SECONDS: u64 = 60;

/// Between whom the call is, as the INVITE says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Numbers in E.164 and `sip:` URIs of the caller: any of them may be the one that was signed.
    pub caller: Vec<String>,
    /// Those of the called party.
    pub called: Vec<String>,
}

/// Why a signature is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no PASSporT.
    Unreadable,
    /// Signed by something else than ES256, or in the short form.
    Unsupported,
    /// Its certificate's address is not that of the header's `info`.
    Info,
    /// It is older than a minute, or not valid yet.
    Stale,
    /// Another caller was signed for.
    Caller,
    /// A call to somebody else was signed for.
    Called,
    /// The certificate of this address is not here.
    NoCertificate(String),
    /// The certificate has run out, or is not valid yet.
    Expired,
    /// The certificate is for other numbers (RFC 8226 section 9).
    NotTheirs,
    /// The signature is wrong.
    Signature,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("the signature cannot be read"),
            Self::Unsupported => f.write_str("the signature is of a kind that is not known here"),
            Self::Info => f.write_str("the signature names two certificates"),
            Self::Stale => f.write_str("the signature is not of the last minute"),
            Self::Caller => f.write_str("another caller was signed for"),
            Self::Called => f.write_str("a call to another number was signed for"),
            Self::NoCertificate(x5u) => {
                write!(f, "the certificate {x5u} is not here, or not trusted")
            }
            Self::Expired => f.write_str("the certificate is not valid now"),
            Self::NotTheirs => f.write_str("the certificate is for other numbers"),
            Self::Signature => f.write_str("the signature is wrong"),
        }
    }
}

/// What the Identity headers of an INVITE are worth. Those about something else than who calls (`div`, `rph`) are nobody's matter here; of
/// several the best counts.
pub fn verify<'h>(
    authorities: &Authorities,
    now: Now,
    identities: impl IntoIterator<Item = &'h str>,
    claim: &Claim,
) -> Result<Attested, Fault> {
    let mut fault = None;
    for value in identities {
        let outcome = match Passport::parse(value) {
            Ok(Some(passport)) => judge(authorities, now, &passport, claim),
            Ok(None) => continue,
            Err(fault) => Err(fault),
        };
        match outcome {
            Ok(attested) => return Ok(attested),
            Err(why) => fault = fault.or(Some(why)),
        }
    }
    fault.map_or(Ok(Attested::Unsigned), Err)
}

fn judge(
    authorities: &Authorities,
    now: Now,
    passport: &Passport,
    claim: &Claim,
) -> Result<Attested, Fault> {
    let seconds = u64::try_from(now.wall.0.div_euclid(1_000_000)).unwrap_or_default();
    if seconds.abs_diff(passport.iat) > FRESH_SECONDS {
        return Err(Fault::Stale);
    }
    if !claim.caller.iter().any(|c| Party::of(c) == passport.orig) {
        return Err(Fault::Caller);
    }
    if !claim
        .called
        .iter()
        .any(|c| passport.dest.contains(&Party::of(c)))
    {
        return Err(Fault::Called);
    }
    let certificate = authorities
        .find(&passport.x5u)
        .ok_or_else(|| Fault::NoCertificate(passport.x5u.clone()))?;
    if !certificate.is_valid_at(seconds) {
        return Err(Fault::Expired);
    }
    if !certificate.covers(&passport.orig) {
        return Err(Fault::NotTheirs);
    }
    if !certificate.has_signed(passport) {
        return Err(Fault::Signature);
    }
    Ok(passport.attested)
}
