//! What bytes go by, and how URIs and Vias name it.

use crate::message::Uri;
use serde::{Deserialize, Serialize};

/// A way that bytes can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Transport {
    /// One message a datagram.
    Udp,
    /// A stream, framed by Content-Length.
    Tcp,
    /// The same, by TLS.
    Tls,
}

/// A URI asks for a transport that is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchTransport;

impl Transport {
    /// Its name in Via (RFC 3261 section 20.42).
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// Nothing is lost on it, so nothing is sent twice.
    pub fn is_stream(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp | Self::Tls => true,
        }
    }

    /// Where it listens when nothing else is written (RFC 3261 section 19.1.2).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
        }
    }

    /// The one that a URI asks for, if it asks for any: `sips:` is TLS, by whatever it says besides.
    ///
    /// # Errors
    /// One that we do not have.
    pub fn of_uri(uri: &Uri) -> Result<Option<Self>, NoSuchTransport> {
        let written = match uri.transport() {
            None => None,
            Some(text) => {
                let mut all = [Self::Udp, Self::Tcp, Self::Tls].into_iter();
                let known = all.find(|t| t.name().eq_ignore_ascii_case(text));
                Some(known.ok_or(NoSuchTransport)?)
            }
        };
        match (uri.scheme(), written) {
            ("sip", written) => Ok(written),
            ("sips", None | Some(Self::Tcp | Self::Tls)) => Ok(Some(Self::Tls)),
            _ => Err(NoSuchTransport),
        }
    }

    /// A URI that is reached by it.
    #[must_use]
    pub fn mark(self, uri: Uri) -> Uri {
        match self {
            Self::Udp => uri,
            Self::Tcp => uri.with_param("transport", "tcp"),
            // RFC 3261 does not know the parameter any more, and everybody writes it.
            Self::Tls => uri.with_param("transport", "tls"),
        }
    }
}
