//! UDP for SIP; reading and sending is done by whoever holds the socket.

use crate::{NetError, kernel};
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// What the kernel keeps while the shard is busy: some thousand messages.
const RECEIVE_BUFFER: i32 = 4 << 20;

/// Binds a UDP socket with a large receive buffer.
pub fn bind_udp(addr: SocketAddr) -> Result<UdpSocket, NetError> {
    let bind = || -> std::io::Result<UdpSocket> {
        let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
        if addr.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        if !kernel::force_receive_buffer(&socket, RECEIVE_BUFFER) {
            // The kernel caps it silently; less only means less patience.
            let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER as usize);
        }
        socket.bind(&addr.into())?;
        Ok(socket.into())
    };
    bind().map_err(|e| NetError::of("udp", addr, e))
}

/// The address of ours that the routing table uses towards `remote`; nothing is sent.
pub fn local_address_towards(remote: IpAddr) -> Option<IpAddr> {
    let any: SocketAddr = if remote.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0u16; 8], 0).into()
    };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect((remote, 9)).ok()?;
    socket.local_addr().ok().map(|a| a.ip())
}
