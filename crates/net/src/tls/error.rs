//! What keeps TLS from being: the fact, the file, the cure.

use super::{Own, TlsServer};
use rustls::CertificateError;
use std::{io, path::PathBuf};

/// TLS could not be made from its files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It cannot be read.
    #[error("{}: {error}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It has no certificate, or one that is none.
    #[error(
        "{}: there is no certificate in it; it should have lines of BEGIN CERTIFICATE (PEM), our own first", file.display()
    )]
    NoCertificate {
        /// Which.
        file: PathBuf,
    },
    /// It has no private key, or one that is protected by a password.
    #[error(
        "{}: there is no private key in it; it should have a line of BEGIN PRIVATE KEY (PEM), without a password", file.display()
    )]
    NoKey {
        /// Which.
        file: PathBuf,
    },
    /// They do not belong together.
    #[error(
        "{}: this key is not that of the certificate in {}; were both renewed together?", key.display(), certificate.display()
    )]
    Mismatch {
        /// The key's.
        key: PathBuf,
        /// The certificate's.
        certificate: PathBuf,
    },
    /// A certificate that the library does not take.
    #[error("{}: {error}", file.display())]
    Unusable {
        /// Which.
        file: PathBuf,
        /// What the library said.
        error: rustls::Error,
    },
    /// The machine has no certificate authorities.
    #[error(
        "this machine knows no certificate authorities; install ca-certificates, or name a file: ca = \"...\" under [tls] of the trunk"
    )]
    NoAuthorities,
    /// The library.
    #[error("TLS: {0}")]
    Rustls(rustls::Error),
}

impl TlsError {
    pub(super) fn of_pair(error: rustls::Error, own: &Own) -> Self {
        match error {
            rustls::Error::InconsistentKeys(_) => Self::Mismatch {
                key: own.key.clone(),
                certificate: own.certificate.clone(),
            },
            rustls::Error::General(_) => Self::NoKey {
                file: own.key.clone(),
            },
            error => Self::Unusable {
                file: own.certificate.clone(),
                error,
            },
        }
    }
}

/// Why a handshake with a server failed, for the log.
pub(super) fn of_io(error: &io::Error, server: &TlsServer) -> String {
    let rustls = error.get_ref().and_then(|e| e.downcast_ref());
    rustls.map_or_else(|| error.to_string(), |error| cure(error, server))
}

/// What a server did not prove, and what can be done about it.
pub(super) fn cure(error: &rustls::Error, server: &TlsServer) -> String {
    let TlsServer { name, trunk, .. } = server;
    let file = format!("trunks/{trunk}.toml");
    match error {
        // A bad signature: another authority that has the same name.
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => format!(
            "nobody whom we believe has signed the certificate of {name}; if it has an authority of its own, name its file: ca = \"...\" under [tls] of {file}"
        ),
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            "the certificate is not that of {name}; if the server has another name, write it: server_name = \"...\" under [tls] of {file}"
        ),
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => format!("the certificate of {name} has expired; its owner has to renew it"),
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => format!("the certificate of {name} is not valid yet; is this machine's clock right?"),
        error => format!("{name}: {error}"),
    }
}
