//! Requests written by hand, for what no phone sends by itself.

use super::lab::SOON;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::{net::UdpSocket, time::timeout};

/// The port of everybody on their own address.
pub(crate) const SIP: u16 = 5060;
/// The gateway's port by TLS.
pub(crate) const SIPS: u16 = 5061;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A request with the headers that each must have, and `more`.
pub(crate) fn request(
    method: &str,
    uri: &str,
    from: SocketAddr,
    call_id: &str,
    more: &str,
) -> String {
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKraw{n}\r\nFrom: <sip:test@{from}>;tag=raw{n}\r\n\
         To: <{uri}>\r\nCall-ID: {call_id}\r\nCSeq: {n} {method}\r\nMax-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

/// Sends a request from an address and gives what comes back within a time.
pub(crate) async fn ask(
    from: Ipv4Addr,
    to: Ipv4Addr,
    method: &str,
    uri: &str,
    more: &str,
    wait: Duration,
) -> Option<String> {
    let socket = UdpSocket::bind((from, 0)).await.expect("a port");
    let local = socket.local_addr().expect("its number");
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let text = request(method, uri, local, &format!("raw-{n}@{local}"), more);
    socket
        .send_to(text.as_bytes(), (to, SIP))
        .await
        .expect("loopback sends");
    let mut buffer = vec![0; 65_536];
    let (size, _) = timeout(wait, socket.recv_from(&mut buffer))
        .await
        .ok()?
        .ok()?;
    Some(String::from_utf8_lossy(&buffer[..size]).into_owned())
}

/// Gives a SIPp scenario its cue: a MESSAGE with its Call-ID, which it waits for and leaves unanswered.
pub(crate) async fn cue(to: Ipv4Addr, call_id: &str, what: &str) {
    cue_by("MESSAGE", to, call_id, what).await;
}

/// As `cue`, by another method, for a scenario that waits for that.
pub(crate) async fn cue_by(method: &str, to: Ipv4Addr, call_id: &str, what: &str) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let local = socket.local_addr().expect("its number");
    let more = format!("Subject: {what}\r\n");
    let text = request(method, &format!("sip:cue@{to}"), local, call_id, &more);
    timeout(SOON, socket.send_to(text.as_bytes(), (to, SIP)))
        .await
        .expect("loopback sends")
        .expect("loopback sends");
}
