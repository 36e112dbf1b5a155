//! TLS for SIP by rustls: who we are, whom we believe, and which name the server at an address has to prove.
//!
//! Everything that comes from files is made in one go and replaced in one go: connections that are open keep what they were made with,
//! the next handshake has the new one. A server is believed by the certificate authorities of its trunk (`ca`), or by the machine's; it
//! has to prove the name that stands in the trunk's file, not what DNS made of that (RFC 5922 section 7.1).

mod error;
mod files;
mod inspect;
mod replace;

pub use error::TlsError;
pub use files::pem_certificates;
pub use inspect::{Complaint, Part, complaints, complaints_of_authorities};
pub use replace::Ready;

use error::{cure, of_io};
use files::{authorities, key_pair, machine_authorities};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{ServerName, UnixTime},
    server::WebPkiClientVerifier,
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

/// The files that say who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Our certificate and those that lead from it to an authority, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM (PKCS#8, PKCS#1 or SEC1).
    pub key: PathBuf,
    /// Clients are asked for a certificate that one of these signed, PEM.
    pub client_ca: Option<PathBuf>,
    /// A client without one is refused.
    pub client_required: bool,
}

/// Where all files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// `None`: we are only a client, and nameless.
    pub own: Option<Own>,
    /// Authorities by trunk; `None`: those of the machine.
    pub trusts: BTreeMap<String, Option<PathBuf>>,
}

/// What the server at an address has to prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsServer {
    /// Where it is.
    pub remote: SocketAddr,
    /// Its name, or its IP address.
    pub name: String,
    /// By what this trunk believes.
    pub trunk: String,
}

/// What the files said.
struct Made {
    accept: Option<Arc<ServerConfig>>,
    /// By trunk.
    connect: BTreeMap<String, Believer>,
    stamps: Vec<Option<SystemTime>>,
}

#[derive(Clone)]
struct Believer {
    config: Arc<ClientConfig>,
    verifier: Arc<WebPkiServerVerifier>,
}

/// TLS as it is made now.
pub struct Tls {
    files: RwLock<TlsFiles>,
    made: RwLock<Made>,
    servers: RwLock<Vec<TlsServer>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// A file that cannot be used.
    pub fn new(files: TlsFiles) -> Result<Self, TlsError> {
        let made = RwLock::new(make(&files)?);
        let servers = RwLock::default();
        Ok(Self {
            files: RwLock::new(files),
            made,
            servers,
        })
    }

    /// Reads the files again, if one of them was written since, or at any rate. What was made before stands where that fails. Says
    /// whether there is something new.
    ///
    /// # Errors
    /// A file that cannot be used.
    pub fn reload(&self, at_any_rate: bool) -> Result<bool, TlsError> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let same = |made: &Made| made.stamps == stamps(&files);
        if !at_any_rate && same(&self.made.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(false);
        }
        match make(&files) {
            Ok(new) => {
                *self.made.write().unwrap_or_else(PoisonError::into_inner) = new;
                Ok(true)
            }
            Err(error) => {
                // Told once for each time that they are written.
                let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
                made.stamps = stamps(&files);
                Err(error)
            }
        }
    }

    /// What the servers at these addresses have to prove, from now on; others are not spoken to.
    pub fn expect(&self, servers: Vec<TlsServer>) {
        *self.servers.write().unwrap_or_else(PoisonError::into_inner) = servers;
    }

    /// The handshake with a client.
    pub(crate) async fn accept(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        let config = {
            let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
            made.accept.clone()
        };
        let config = config.ok_or_else(|| "there is no certificate of ours".to_owned())?;
        match TlsAcceptor::from(config).accept(stream).await {
            Ok(stream) => Ok(stream.into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The handshake with the server at an address.
    pub(crate) async fn connect(
        &self,
        remote: SocketAddr,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, String> {
        let expected = self.expected(remote)?;
        let Some((server, believer)) = expected.first() else {
            return Err("no trunk has a server by TLS there".to_owned());
        };
        let connector = TlsConnector::from(believer.config.clone());
        let shaken = connector.connect(name_of(server)?, stream).await;
        let stream = shaken.map_err(|error| of_io(&error, server))?;
        let (_, session) = stream.get_ref();
        let chain = session.peer_certificates().unwrap_or_default();
        // Several trunks' servers may be one: then it is each of them, or the connection is nobody's.
        for (server, believer) in expected.iter().skip(1) {
            let Some((leaf, others)) = chain.split_first() else {
                break;
            };
            let now = UnixTime::now();
            let proved =
                believer
                    .verifier
                    .verify_server_cert(leaf, others, &name_of(server)?, &[], now);
            proved.map_err(|error| cure(&error, server))?;
        }
        Ok(stream.into())
    }

    /// What the server at an address has to prove, each by its own authorities. A connection that came from there has another port.
    fn expected(&self, remote: SocketAddr) -> Result<Vec<(TlsServer, Believer)>, String> {
        let servers = self.servers.read().unwrap_or_else(PoisonError::into_inner);
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        let there = servers.iter().filter(|s| s.remote == remote);
        let mut chosen: Vec<&TlsServer> = there.collect();
        if chosen.is_empty() {
            chosen = servers
                .iter()
                .filter(|s| s.remote.ip() == remote.ip())
                .collect();
        }
        chosen
            .into_iter()
            .map(|server| {
                let believer = made.connect.get(&server.trunk).cloned();
                let nobody = || format!("trunk {} has no settings for TLS", server.trunk);
                Ok((server.clone(), believer.ok_or_else(nobody)?))
            })
            .collect()
    }
}

fn name_of(server: &TlsServer) -> Result<ServerName<'static>, String> {
    let bare = server.name.trim_matches(['[', ']']).to_owned();
    ServerName::try_from(bare).map_err(|_| format!("{:?} is no name of a server", server.name))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn stamps(files: &TlsFiles) -> Vec<Option<SystemTime>> {
    let own = files.own.iter();
    let own = own.flat_map(|own| {
        [&own.certificate, &own.key]
            .into_iter()
            .chain(&own.client_ca)
    });
    own.chain(files.trusts.values().flatten())
        .map(|path| std::fs::metadata(path).and_then(|m| m.modified()).ok())
        .collect()
}

fn make(files: &TlsFiles) -> Result<Made, TlsError> {
    // Before they are read: whatever is written meanwhile is read again.
    let stamps = stamps(files);
    let accept = files.own.as_ref().map(server_config).transpose()?;
    let mut machine: Option<Arc<RootCertStore>> = None;
    let mut connect = BTreeMap::new();
    for (trunk, ca) in &files.trusts {
        let roots = match (ca, &machine) {
            (Some(path), _) => authorities(path)?,
            (None, Some(roots)) => roots.clone(),
            (None, None) => machine.insert(machine_authorities()).clone(),
        };
        connect.insert(trunk.clone(), believer(roots, files.own.as_ref())?);
    }
    Ok(Made {
        accept,
        connect,
        stamps,
    })
}

fn server_config(own: &Own) -> Result<Arc<ServerConfig>, TlsError> {
    let (chain, key) = key_pair(own)?;
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Rustls)?;
    let builder = match &own.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = authorities(path)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
            let verifier = if own.client_required {
                verifier
            } else {
                verifier.allow_unauthenticated()
            };
            let verifier = verifier
                .build()
                .map_err(|_| TlsError::NoCertificate { file: path.clone() })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let config = builder.with_single_cert(chain, key);
    Ok(Arc::new(
        config.map_err(|error| TlsError::of_pair(error, own))?,
    ))
}

fn believer(roots: Arc<RootCertStore>, own: Option<&Own>) -> Result<Believer, TlsError> {
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider())
        .build()
        .map_err(|_| TlsError::NoAuthorities)?;
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Rustls)?
        .with_webpki_verifier(verifier.clone());
    // Shown to whoever asks for it.
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let (chain, key) = key_pair(own)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| TlsError::of_pair(error, own))?
        }
    };
    let config = Arc::new(config);
    Ok(Believer { config, verifier })
}

#[cfg(test)]
mod tests;
