//! Who is believed: the authorities of carriers' certificates, and these certificates.

use super::{
    covers::Covers,
    passport::{Party, Passport},
};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use std::{collections::BTreeMap, fmt, time::Duration};
use webpki::{
    EndEntityCert, KeyUsage, anchor_from_trusted_cert,
    aws_lc_rs::{ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384},
};
use x509_parser::prelude::{FromDer, X509Certificate};

/// What certificates may be signed by.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    ECDSA_P256_SHA256,
    ECDSA_P256_SHA384,
    ECDSA_P384_SHA256,
    ECDSA_P384_SHA384,
];

/// Why a certificate is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It cannot be read, or there is none.
    Unreadable,
    /// It and those that it comes with are never valid at the same time.
    NeverValid,
    /// It does not come from one of the authorities.
    Untrusted,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "it cannot be read",
            Self::NeverValid => "it and its issuers are never valid at the same time",
            Self::Untrusted => "it does not come from one of the authorities",
        })
    }
}

/// A carrier's certificate, which one of the authorities stands for.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    der: CertificateDer<'static>,
    /// It and its issuers are valid from here to there, in seconds since 1970.
    valid: (u64, u64),
    covers: Covers,
}

/// All that are believed, by the address that carriers write for them, without its `https://`.
#[derive(Clone, Debug, Default)]
pub struct Authorities(BTreeMap<String, Certificate>);

impl Authorities {
    /// Reads certificates: of the authorities, and of each carrier its own first and then its issuers'. Whatever is not believed is given
    /// back with the reason.
    pub fn new(
        roots: &[Vec<u8>],
        carriers: impl IntoIterator<Item = (String, Vec<Vec<u8>>)>,
    ) -> (Self, Vec<(String, Unusable)>) {
        let mut all = BTreeMap::new();
        let mut left_out = Vec::new();
        for (address, chain) in carriers {
            match believed(roots, chain) {
                Ok(certificate) => drop(all.insert(address, certificate)),
                Err(why) => left_out.push((address, why)),
            }
        }
        (Self(all), left_out)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Nobody is believed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn find(&self, x5u: &str) -> Option<&Certificate> {
        self.0.get(x5u.strip_prefix("https://")?)
    }
}

/// The chain is tried at a time when all of it is valid: whether that is now is asked with each call.
fn believed(roots: &[Vec<u8>], chain: Vec<Vec<u8>>) -> Result<Certificate, Unusable> {
    let mut valid = (0, u64::MAX);
    for der in &chain {
        let (_, read) = X509Certificate::from_der(der).map_err(|_| Unusable::Unreadable)?;
        let seconds = |t: i64| u64::try_from(t).unwrap_or_default();
        let validity = read.validity();
        valid.0 = valid.0.max(seconds(validity.not_before.timestamp()));
        valid.1 = valid.1.min(seconds(validity.not_after.timestamp()));
    }
    let mut chain = chain.into_iter().map(CertificateDer::from);
    let own = chain.next().ok_or(Unusable::Unreadable)?;
    if valid.0 > valid.1 {
        return Err(Unusable::NeverValid);
    }
    let (_, read) = X509Certificate::from_der(&own).map_err(|_| Unusable::Unreadable)?;
    let covers = Covers::of(&read).ok_or(Unusable::Unreadable)?;
    let issuers: Vec<CertificateDer<'static>> = chain.collect();
    let roots: Vec<CertificateDer<'_>> = roots.iter().map(|r| r.as_slice().into()).collect();
    let anchors: Vec<_> = roots
        .iter()
        .filter_map(|root| anchor_from_trusted_cert(root).ok())
        .collect();
    let at = UnixTime::since_unix_epoch(Duration::from_secs(valid.0));
    let end = EndEntityCert::try_from(&own).map_err(|_| Unusable::Unreadable)?;
    end.verify_for_usage(
        ALGORITHMS,
        &anchors,
        &issuers,
        at,
        // Carriers' certificates have no extended key usage; one that has is to say who it is.
        KeyUsage::client_auth(),
        None,
        None,
    )
    .map_err(|_| Unusable::Untrusted)?;
    Ok(Certificate {
        der: own.clone(),
        valid,
        covers,
    })
}

impl Certificate {
    pub(super) fn is_valid_at(&self, seconds: u64) -> bool {
        (self.valid.0..=self.valid.1).contains(&seconds)
    }

    pub(super) fn covers(&self, caller: &Party) -> bool {
        match caller {
            Party::Number(number) => self.covers.has(number),
            Party::Uri(_) => self.covers == Covers::All,
        }
    }

    pub(super) fn has_signed(&self, passport: &Passport) -> bool {
        let Ok(end) = EndEntityCert::try_from(&self.der) else {
            return false;
        };
        let signature = der_of(&passport.signature);
        end.verify_signature(ECDSA_P256_SHA256, passport.signed.as_bytes(), &signature)
            .is_ok()
    }
}

/// r and s as certificates have them (RFC 3279 section 2.2.3), of what JSON Web Signatures have (RFC 7518 section 3.4).
fn der_of(signature: &[u8; 64]) -> Vec<u8> {
    let mut numbers = Vec::with_capacity(72);
    for number in signature.chunks(32) {
        let zeros = number.iter().take_while(|b| **b == 0).count().min(31);
        let number = &number[zeros..];
        // A first bit would make it negative.
        let sign = number.first().is_some_and(|b| b & 0x80 != 0);
        numbers.push(2);
        numbers.push(number.len() as u8 + u8::from(sign));
        numbers.extend(sign.then_some(0));
        numbers.extend_from_slice(number);
    }
    let mut out = vec![0x30, numbers.len() as u8];
    out.extend(numbers);
    out
}
