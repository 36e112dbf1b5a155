//! Which numbers a certificate is for: its list of telephone numbers (RFC 8226 section 9).
//!
//! ```text
//!   TNAuthorizationList ::= SEQUENCE SIZE (1..MAX) OF TNEntry
//!   TNEntry ::= CHOICE { spc [0] IA5String, range [1] SEQUENCE { start IA5String, count INTEGER }, one [2] IA5String }
//! ```
//! A carrier's code (spc) says nothing of numbers: which are its own is not written there.

use x509_parser::der_parser::{
    asn1_rs::{Any, FromDer, Tag},
    oid,
};
use x509_parser::prelude::X509Certificate;

/// What a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Covers {
    /// It has no list, or one of a carrier: any number.
    All,
    /// These: the first, and how many.
    Numbers(Vec<(u64, u64)>),
}

impl Covers {
    /// Of a certificate; nothing, where its list cannot be read.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Option<Self> {
        let list = oid!(1.3.6.1.5.5.7.1.26);
        let mut found = certificate.extensions().iter().filter(|e| e.oid == list);
        match found.next() {
            Some(extension) => read(extension.value),
            None => Some(Self::All),
        }
    }

    /// The number, in digits, is one of them.
    pub(super) fn has(&self, number: &str) -> bool {
        match self {
            Self::All => true,
            Self::Numbers(ranges) => number.parse::<u64>().is_ok_and(|number| {
                let within = |(first, count): &(u64, u64)| {
                    number.checked_sub(*first).is_some_and(|at| at < *count)
                };
                ranges.iter().any(within)
            }),
        }
    }
}

fn read(value: &[u8]) -> Option<Covers> {
    let (_, list) = Any::from_der(value).ok()?;
    let mut ranges = Vec::new();
    let mut rest = list.data;
    while !rest.is_empty() {
        let (after, entry) = Any::from_der(rest).ok()?;
        rest = after;
        // Each choice is wrapped: its own tag, and the value within it.
        let (more, inner) = Any::from_der(entry.data).ok()?;
        match entry.tag() {
            Tag(0) => return Some(Covers::All),
            Tag(1) => {
                // The sequence, or what is in it where its tag was replaced.
                let (start, count) = match inner.tag() {
                    Tag::Sequence => {
                        let (more, start) = Any::from_der(inner.data).ok()?;
                        (start, Any::from_der(more).ok()?.1)
                    }
                    _ => (inner, Any::from_der(more).ok()?.1),
                };
                ranges.push((digits(start.data)?, whole(count.data)?));
            }
            Tag(2) => ranges.push((digits(inner.data)?, 1)),
            _ => return None,
        }
    }
    Some(Covers::Numbers(ranges))
}

fn digits(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn whole(bytes: &[u8]) -> Option<u64> {
    let mut all = bytes.iter();
    (bytes.len() <= 8)
        .then(|| all.try_fold(0u64, |n, b| n.checked_mul(256)?.checked_add((*b).into())))?
}
