//! Certificates for tests: an authority of the test's own, and whatever it is asked to sign.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::{fs, io, path::Path};
use time::{Duration, OffsetDateTime};

/// An authority whose key nobody else has.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, PEM.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The certificate.
    pub certificate: String,
    /// Its private key (PKCS#8).
    pub key: String,
}

impl Signed {
    /// Writes `NAME.pem` and `NAME.key` into a folder.
    ///
    /// # Errors
    /// The folder is not there.
    pub fn write(&self, dir: &Path, name: &str) -> io::Result<()> {
        fs::write(dir.join(format!("{name}.pem")), &self.certificate)?;
        fs::write(dir.join(format!("{name}.key")), &self.key)
    }
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// The library could make no key.
    pub fn new(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Ok(Self(CertifiedIssuer::self_signed(
            params,
            KeyPair::generate()?,
        )?))
    }

    /// Its own certificate, PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these names and IP addresses, valid since yesterday and for so many days from now: -1 was yesterday.
    ///
    /// # Errors
    /// A name that is none.
    pub fn sign(&self, names: &[&str], days: i64) -> Result<Signed, rcgen::Error> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        let now = OffsetDateTime::now_utc();
        params.not_before = now - Duration::days(10);
        params.not_after = now + Duration::days(days);
        let key = KeyPair::generate()?;
        let signed = params.signed_by(&key, &self.0)?;
        Ok(Signed {
            certificate: signed.pem(),
            key: key.serialize_pem(),
        })
    }
}
