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
    /// One message a frame of a WebSocket (RFC 7118).
    Ws,
    /// The same, by TLS.
    Wss,
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
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// Nothing is lost on it, so nothing is sent twice.
    pub fn is_stream(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp | Self::Tls | Self::Ws | Self::Wss => true,
        }
    }

    /// Only the connection itself leads to whoever is at its other end: they have proved who they are by it, or they are a browser, which
    /// nobody can connect to.
    pub(crate) fn is_a_connections(self) -> bool {
        match self {
            Self::Udp | Self::Tcp => false,
            Self::Tls | Self::Ws | Self::Wss => true,
        }
    }

    /// Where it listens when nothing else is written (RFC 3261 section 19.1.2).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
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
                let mut all = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws].into_iter();
                let known = all.find(|t| t.name().eq_ignore_ascii_case(text));
                Some(known.ok_or(NoSuchTransport)?)
            }
        };
        match (uri.scheme(), written) {
            ("sip", written) => Ok(written),
            ("sips", None | Some(Self::Tcp | Self::Tls)) => Ok(Some(Self::Tls)),
            ("sips", Some(Self::Ws)) => Ok(Some(Self::Wss)),
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
            // RFC 7118 section 5.2 has one for both.
            Self::Ws | Self::Wss => uri.with_param("transport", "ws"),
        }
    }
}
