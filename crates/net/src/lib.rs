//! Sockets: UDP, TCP and TLS for SIP, the pool of RTP ports, the name service. No SIP is understood here: a stream is cut by
//! a framer that is handed in.

mod kernel;
mod names;
mod ports;
mod tcp;
pub mod tls;
mod udp;

pub use kernel::step_back;
pub use names::NameService;
pub use ports::{PortPool, RtpSockets};
pub use tcp::{
    Frame, Framer, MAX_CONNECTIONS, Outgoing, Patience, Streams, TcpEvent, Web, serve_tcp,
};
pub use udp::{bind_udp, local_address_towards};

use std::net::SocketAddr;

/// A socket could not be had; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// Another process has it.
    #[error(
        "{proto} {addr} is taken by another process; stop that, or choose another `listen` in tandem.toml (is another `tandem serve` running?)"
    )]
    Taken {
        /// `udp`, `tcp`, `http`.
        proto: &'static str,
        /// Which.
        addr: SocketAddr,
    },
    /// Ports below 1024 without the right to them.
    #[error(
        "{proto} {addr} needs the right to ports below 1024 (CAP_NET_BIND_SERVICE), or another port in tandem.toml"
    )]
    Forbidden {
        /// `udp`, `tcp`, `http`.
        proto: &'static str,
        /// Which.
        addr: SocketAddr,
    },
    /// No interface has this address.
    #[error(
        "{proto} {addr}: no interface of this machine has that address; see `ip addr`, then `listen` in tandem.toml"
    )]
    NoSuchAddress {
        /// `udp`, `tcp`, `http`.
        proto: &'static str,
        /// Which.
        addr: SocketAddr,
    },
    /// Anything else.
    #[error("{proto} {addr}: {source}")]
    Other {
        /// `udp`, `tcp`, `http`.
        proto: &'static str,
        /// Which.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

impl NetError {
    /// What the system said of a listener of `proto` (`udp`, `tcp`, `http`).
    pub fn of(proto: &'static str, addr: SocketAddr, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::AddrInUse => Self::Taken { proto, addr },
            std::io::ErrorKind::PermissionDenied => Self::Forbidden { proto, addr },
            std::io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress { proto, addr },
            _ => Self::Other {
                proto,
                addr,
                source,
            },
        }
    }
}
