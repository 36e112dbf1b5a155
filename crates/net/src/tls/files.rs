//! PEM files.

use super::{Own, TlsError};
use rustls::{
    RootCertStore,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};
use std::{path::Path, sync::Arc};

/// All certificates of a file, in their order.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let none = || TlsError::NoCertificate {
        file: file.to_owned(),
    };
    let text = read(file)?;
    let all: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    all.ok().filter(|all| !all.is_empty()).ok_or_else(none)
}

/// All certificates of a PEM file as they are (DER), in their order.
///
/// # Errors
/// It cannot be read, or has none.
pub fn pem_certificates(file: &Path) -> Result<Vec<Vec<u8>>, TlsError> {
    let all = certificates(file)?.into_iter();
    Ok(all.map(|certificate| certificate.to_vec()).collect())
}

/// Our certificate with its chain, and its key.
pub(super) fn key_pair(
    own: &Own,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates(&own.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&read(&own.key)?).map_err(|_| TlsError::NoKey {
        file: own.key.clone(),
    })?;
    Ok((chain, key))
}

/// The authorities of a file.
pub(super) fn authorities(file: &Path) -> Result<Arc<RootCertStore>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| TlsError::Unusable {
            file: file.to_owned(),
            error,
        })?;
    }
    Ok(Arc::new(roots))
}

/// Those of the machine (`/etc/ssl/certs`, or SSL_CERT_FILE).
pub(super) fn machine_authorities() -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Arc::new(roots)
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(file).map_err(|error| TlsError::Unreadable {
        file: file.to_owned(),
        error,
    })
}
