//! What a machine has besides its sockets: certificates, whom it believes, a capture server, and bans.

use super::Secret;
use std::time::Duration;

/// How mail goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is spoken to in clear.
    pub tls: MailTls,
    /// User and password, if it wants them.
    pub login: Option<(String, Secret)>,
    /// Who writes: `Northgate <voicemail@northgate.example>`.
    pub from: String,
    /// Whose certificates are believed, besides the machine's authorities: a file.
    pub ca: Option<String>,
}

/// TLS of mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailTls {
    /// STARTTLS, and no mail without it.
    #[default]
    Starttls,
    /// TLS from the first octet.
    Implicit,
    /// In clear: a server on this machine.
    Off,
}

/// Where the certificates of STIR/SHAKEN are, relative to the configuration's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A file of authorities, PEM.
    pub authorities: String,
    /// A folder of carriers' certificates, `HOST/PATH` for `https://HOST/PATH`.
    pub certificates: String,
}

/// A capture server such as Homer that is sent HEPv3 over UDP (`telemetry.hep`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hep {
    /// Name or address, an IPv6 one in brackets.
    pub host: String,
    /// UDP port.
    pub port: u16,
    /// Which of its agents we are.
    pub agent_id: u32,
    /// What it knows us by, if it asks for that. On the wire as it is.
    pub password: Option<Secret>,
}

/// Our certificate. Paths are relative to the configuration's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeTls {
    /// The certificate and its chain, PEM.
    pub certificate: String,
    /// Its key, PEM.
    pub key: String,
    /// Clients are asked for a certificate that these authorities signed, PEM.
    pub client_ca: Option<String>,
    /// A client without one is refused.
    pub client_required: bool,
}

/// Whom we believe to be a trunk's server by TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrunkTls {
    /// Its authorities, PEM, relative to the configuration's directory; `None`: the machine's.
    pub ca: Option<String>,
    /// Its name, where that is not the host of `peers`.
    pub server_name: Option<String>,
}

/// Guessing passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bans {
    /// So many wrong answers; 0: nobody is banned.
    pub after: u32,
    /// In so short a time.
    pub within: Duration,
    /// Then nothing is heard for so long.
    pub span: Duration,
}
