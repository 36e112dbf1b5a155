//! Copies of SIP messages for a capture server such as Homer: HEP version 3 over UDP ("The Homer Encapsulation Protocol,
//! EEP/HEPv3", revision 13), credentials removed like in the ring of traces.
//!
//! ```text
//!   shard -- try_send --> queue -- task --> UDP
//!              | full: counted, left out (a call never waits for a capture server)
//! ```

use crate::trace::Kept;
use std::{net::IpAddr, sync::Arc};
use tandem_dialplan::Hep;
use tandem_net::NameService;
use tandem_sip::api::Transport;
use tandem_types::{CallId, Wall};
use tokio::{net::UdpSocket, sync::mpsc};

/// Messages that may wait: some 100 ms at the most that a shard says at all.
const WAITING: usize = 4096;
/// The server's name is looked up again this often, in microseconds.
const RESOLVE_EVERY: u64 = 60_000_000;

/// A message of SIP, and which call it belongs to.
pub(crate) type Copied = (Option<CallId>, Kept);

/// The way to the capture server.
#[derive(Debug)]
pub(crate) struct HepHandle(mpsc::Sender<Copied>);

impl HepHandle {
    /// Sends a copy on, or leaves it out.
    pub(crate) fn tell(&self, call: Option<CallId>, kept: Kept) {
        if self.0.try_send((call, kept)).is_err() {
            count("left-out", 1);
        }
    }
}

/// The way, and what has to run: it ends when the handle is gone and everything is sent.
pub(crate) fn copies(
    hep: Hep,
    node: String,
    names: Arc<NameService>,
) -> (HepHandle, impl Future<Output = ()>) {
    let (to, copies) = mpsc::channel(WAITING);
    (HepHandle(to), run(hep, node, names, copies))
}

async fn run(hep: Hep, node: String, names: Arc<NameService>, mut copies: mpsc::Receiver<Copied>) {
    let mut to = None;
    let mut looked = None;
    let mut burst: Vec<Copied> = Vec::new();
    while copies.recv_many(&mut burst, 256).await > 0 {
        let now = burst.first().map_or(Wall(0), |(_, kept)| kept.at);
        if looked.is_none_or(|at: Wall| now.0.abs_diff(at.0) >= RESOLVE_EVERY) {
            looked = Some(now);
            to = connect(&hep, &names).await.or(to);
        }
        let (mut sent, mut failed) = (0, 0);
        for (call, kept) in burst.drain(..) {
            let packet = encode(&hep, &node, call, &kept);
            let done = match &to {
                Some(socket) => socket.send(&packet).await.is_ok(),
                None => false,
            };
            *(if done { &mut sent } else { &mut failed }) += 1;
        }
        count("sent", sent);
        // Refused by the far end, too: nobody listens there.
        count("failed", failed);
    }
}

async fn connect(hep: &Hep, names: &NameService) -> Option<UdpSocket> {
    let host = hep.host.trim_start_matches('[').trim_end_matches(']');
    let addr = *names.addresses(host, hep.port).await.first()?;
    let any: IpAddr = match addr.is_ipv4() {
        true => std::net::Ipv4Addr::UNSPECIFIED.into(),
        false => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await.ok()?;
    socket.connect(addr).await.ok()?;
    Some(socket)
}

fn count(result: &'static str, n: u64) {
    if n > 0 {
        metrics::counter!("tandem_hep_packets_total", "result" => result).increment(n);
    }
}

/// Numbers of the chunks (vendor 0), HEPv3 section 3.2.
mod chunk {
    pub(super) const FAMILY: u16 = 1;
    pub(super) const PROTOCOL: u16 = 2;
    pub(super) const SOURCE_V4: u16 = 3;
    pub(super) const TARGET_V4: u16 = 4;
    pub(super) const SOURCE_V6: u16 = 5;
    pub(super) const TARGET_V6: u16 = 6;
    pub(super) const SOURCE_PORT: u16 = 7;
    pub(super) const TARGET_PORT: u16 = 8;
    pub(super) const SECONDS: u16 = 9;
    pub(super) const MICROS: u16 = 10;
    pub(super) const KIND: u16 = 11;
    pub(super) const AGENT: u16 = 12;
    pub(super) const PASSWORD: u16 = 14;
    pub(super) const PAYLOAD: u16 = 15;
    pub(super) const CORRELATION: u16 = 17;
    pub(super) const NODE: u16 = 19;
}
/// The kind of payload that is SIP.
const SIP: u8 = 1;

/// One packet. All numbers are big-endian; a chunk is vendor, number and length (its own six octets included), each of two octets.
fn encode(hep: &Hep, node: &str, call: Option<CallId>, kept: &Kept) -> Vec<u8> {
    let mut out = b"HEP3\0\0".to_vec();
    let (from, to) = kept.ends();
    let protocol = match kept.flow.transport {
        Transport::Udp => 17,
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => 6,
    };
    match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            put(&mut out, chunk::FAMILY, &[2]);
            put(&mut out, chunk::SOURCE_V4, &from.octets());
            put(&mut out, chunk::TARGET_V4, &to.octets());
        }
        (from, to) => {
            put(&mut out, chunk::FAMILY, &[10]);
            put(&mut out, chunk::SOURCE_V6, &sixteen(from));
            put(&mut out, chunk::TARGET_V6, &sixteen(to));
        }
    }
    put(&mut out, chunk::PROTOCOL, &[protocol]);
    put(&mut out, chunk::SOURCE_PORT, &from.port().to_be_bytes());
    put(&mut out, chunk::TARGET_PORT, &to.port().to_be_bytes());
    let (seconds, micros) = (
        kept.at.0.div_euclid(1_000_000),
        kept.at.0.rem_euclid(1_000_000),
    );
    put(&mut out, chunk::SECONDS, &(seconds as u32).to_be_bytes());
    put(&mut out, chunk::MICROS, &(micros as u32).to_be_bytes());
    put(&mut out, chunk::KIND, &[SIP]);
    put(&mut out, chunk::AGENT, &hep.agent_id.to_be_bytes());
    if let Some(password) = &hep.password {
        put(&mut out, chunk::PASSWORD, password.0.as_bytes());
    }
    if let Some(call) = call {
        put(&mut out, chunk::CORRELATION, call.to_string().as_bytes());
    }
    put(&mut out, chunk::NODE, node.as_bytes());
    put(&mut out, chunk::PAYLOAD, &kept.shown());
    let length = u16::try_from(out.len()).unwrap_or(u16::MAX).to_be_bytes();
    if let Some(place) = out.get_mut(4..6) {
        place.copy_from_slice(&length);
    }
    out
}

fn put(out: &mut Vec<u8>, number: u16, value: &[u8]) {
    let length = u16::try_from(value.len() + 6).unwrap_or(u16::MAX);
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
}

fn sixteen(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::collections::BTreeMap;
    use tandem_sip::api::Flow;

    fn chunks(packet: &[u8]) -> BTreeMap<u16, Vec<u8>> {
        let mut all = BTreeMap::new();
        let mut rest = &packet[6..];
        while !rest.is_empty() {
            let length = usize::from(u16::from_be_bytes([rest[4], rest[5]]));
            assert_eq!(rest[..2], [0, 0], "nobody's own chunk");
            let number = u16::from_be_bytes([rest[2], rest[3]]);
            assert!(all.insert(number, rest[6..length].to_vec()).is_none());
            rest = &rest[length..];
        }
        all
    }

    fn packet(local: &str, remote: &str, transport: Transport) -> Vec<u8> {
        let flow = Flow {
            transport,
            local: local.parse().expect("an address"),
            remote: remote.parse().expect("an address"),
        };
        let text = Bytes::from_static(b"OPTIONS sip:x SIP/2.0\r\nAuthorization: s3cret\r\n\r\n");
        let kept = Kept::new(Wall(1_700_000_000_000_042), true, flow, text);
        let hep = Hep {
            host: "homer".into(),
            port: 9060,
            agent_id: 2001,
            password: None,
        };
        encode(&hep, "gw-1", None, &kept)
    }

    #[test]
    fn a_packet_says_who_sent_what_to_whom_and_when() {
        let packet = packet("192.0.2.1:5060", "198.51.100.7:5080", Transport::Udp);
        assert_eq!(&packet[..4], b"HEP3");
        assert_eq!(
            usize::from(u16::from_be_bytes([packet[4], packet[5]])),
            packet.len()
        );
        let all = chunks(&packet);
        assert_eq!(all[&1], [2]);
        assert_eq!(all[&2], [17]);
        assert_eq!(all[&3], [192, 0, 2, 1]);
        assert_eq!(all[&4], [198, 51, 100, 7]);
        assert_eq!(all[&7], 5060_u16.to_be_bytes());
        assert_eq!(all[&8], 5080_u16.to_be_bytes());
        assert_eq!(all[&9], 1_700_000_000_u32.to_be_bytes());
        assert_eq!(all[&10], 42_u32.to_be_bytes());
        assert_eq!(all[&11], [1]);
        assert_eq!(all[&12], 2001_u32.to_be_bytes());
        assert!(!all.contains_key(&14) && !all.contains_key(&17));
        let text = String::from_utf8_lossy(&all[&15]).into_owned();
        assert!(
            text.starts_with("OPTIONS sip:x") && !text.contains("s3cret"),
            "{text}"
        );
    }

    #[test]
    fn two_families_of_addresses_are_told_as_ipv6() {
        let all = chunks(&packet("[2001:db8::1]:5060", "192.0.2.9:1", Transport::Tcp));
        assert_eq!(all[&1], [10]);
        assert_eq!(all[&2], [6]);
        assert_eq!(all[&5][..4], [0x20, 1, 0x0d, 0xb8]);
        assert_eq!(all[&6][10..], [0xff, 0xff, 192, 0, 2, 9]);
    }
}
