//! What is wrong with certificates before anybody calls: for `tandem check`.

use super::{
    Own, TlsError,
    files::{authorities, certificates},
    server_config,
};
use rustls::{client::verify_server_name, pki_types::ServerName, server::ParsedCertificate};
use std::path::Path;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// One that runs out within so many days draws a warning: it should have been renewed by now.
const SOON_DAYS: i64 = 14;
const DAY: i64 = 24 * 60 * 60;

/// What a complaint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Our certificate.
    Certificate,
    /// Its key.
    Key,
    /// The authorities.
    Authorities,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// With what.
    pub part: Part,
    /// TLS cannot be made; else it can, and peers will refuse it.
    pub fatal: bool,
    /// The fact, and the file.
    pub what: String,
}

/// What is wrong with our files at a time (seconds since 1970), where phones know us as `domain`.
pub fn complaints(own: &Own, domain: Option<&str>, now: i64) -> Vec<Complaint> {
    if let Err(error) = server_config(own) {
        return vec![fatal(own, &error)];
    }
    let Ok(chain) = certificates(&own.certificate) else {
        return Vec::new();
    };
    let Some(leaf) = chain.first() else {
        return Vec::new();
    };
    let file = own.certificate.display();
    let mut found: Vec<Complaint> = validity(leaf, now)
        .map(|what| complaint(Part::Certificate, format!("{file}: {what}")))
        .into_iter()
        .collect();
    if let Some(domain) = domain
        && let Ok(name) = ServerName::try_from(domain)
        && let Ok(parsed) = ParsedCertificate::try_from(leaf)
        && verify_server_name(&parsed, &name).is_err()
    {
        found.push(complaint(
            Part::Certificate,
            format!(
                "{file}: this certificate is for {}, and phones know us as {domain}: those that look will refuse it",
                names(leaf)
            ),
        ));
    }
    found
}

/// What is wrong with a file of authorities.
pub fn complaints_of_authorities(file: &Path, now: i64) -> Vec<Complaint> {
    if let Err(error) = authorities(file) {
        return vec![Complaint {
            part: Part::Authorities,
            fatal: true,
            what: error.to_string(),
        }];
    }
    let all = certificates(file).unwrap_or_default();
    let validities = all.iter().filter_map(|c| validity(c, now));
    validities
        .map(|what| complaint(Part::Authorities, format!("{}: {what}", file.display())))
        .collect()
}

fn complaint(part: Part, what: String) -> Complaint {
    Complaint {
        part,
        fatal: false,
        what,
    }
}

fn fatal(own: &Own, error: &TlsError) -> Complaint {
    let part = match error {
        TlsError::NoKey { .. } | TlsError::Mismatch { .. } => Part::Key,
        TlsError::Unreadable { file, .. } if *file == own.key => Part::Key,
        TlsError::Unreadable { file, .. }
        | TlsError::NoCertificate { file }
        | TlsError::Unusable { file, .. }
            if Some(file) == own.client_ca.as_ref() =>
        {
            Part::Authorities
        }
        _ => Part::Certificate,
    };
    Complaint {
        part,
        fatal: true,
        what: error.to_string(),
    }
}

/// What is wrong with a certificate's time.
fn validity(certificate: &[u8], now: i64) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let (from, to) = (parsed.validity().not_before, parsed.validity().not_after);
    let left = to.timestamp() - now;
    if now < from.timestamp() {
        return Some(format!("this certificate is not valid before {from}"));
    }
    if left < 0 {
        return Some(format!("this certificate has expired on {to}"));
    }
    (left < SOON_DAYS * DAY).then(|| {
        format!(
            "this certificate expires in {} days, on {to}; renew it, the new file is taken without a restart",
            left / DAY
        )
    })
}

/// Whom a certificate is for.
fn names(certificate: &[u8]) -> String {
    let parsed = X509Certificate::from_der(certificate);
    let Ok((_, parsed)) = parsed else {
        return "nobody".to_owned();
    };
    let alternative = parsed.subject_alternative_name().ok().flatten();
    let all: Vec<String> = alternative
        .iter()
        .flat_map(|names| &names.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(_) => Some("an IP address".to_owned()),
            _ => None,
        })
        .collect();
    match all.as_slice() {
        [] => "nobody by name".to_owned(),
        all => all.join(", "),
    }
}
