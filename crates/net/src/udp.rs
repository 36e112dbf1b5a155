//! UDP for SIP: one blocking reader thread a socket; sending is done by whoever holds the socket.

use crate::{NetError, kernel};
use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// What the kernel keeps while the shard is busy: some thousand messages.
const RECEIVE_BUFFER: i32 = 4 << 20;
/// How soon a reader notices that it shall stop.
const STOP_EVERY: Duration = Duration::from_millis(200);

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

/// Reads datagrams on a thread of its own until `stop`, giving each to `deliver`.
pub fn read_udp(
    socket: Arc<UdpSocket>,
    stop: Arc<AtomicBool>,
    mut deliver: impl FnMut(SocketAddr, Bytes) + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    socket.set_read_timeout(Some(STOP_EVERY))?;
    std::thread::Builder::new()
        .name("sip-udp".into())
        .spawn(move || {
            let mut buffer = vec![0u8; 65_536];
            while !stop.load(Ordering::Relaxed) {
                match socket.recv_from(&mut buffer) {
                    Ok((0, _)) => {}
                    Ok((n, from)) => deliver(from, Bytes::copy_from_slice(&buffer[..n])),
                    // Time-out, a signal, or ICMP's word about a datagram sent earlier.
                    Err(e)
                        if matches!(
                            e.kind(),
                            ErrorKind::WouldBlock
                                | ErrorKind::TimedOut
                                | ErrorKind::Interrupted
                                | ErrorKind::ConnectionRefused
                        ) => {}
                    Err(e) => {
                        tracing::error!(error = %e, "a SIP socket failed");
                        return;
                    }
                }
            }
        })
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
