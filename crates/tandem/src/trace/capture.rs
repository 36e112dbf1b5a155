//! The messages of a call as a capture file (draft-ietf-opsawg-pcapng) that Wireshark, tshark and sngrep read. What stands
//! around each message is made up: the addresses and times are those of the message, the rest is as plain as it may be.

use pcap_file::{
    DataLink,
    pcapng::{
        PcapNgWriter,
        blocks::{
            enhanced_packet::EnhancedPacketBlock,
            interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption},
        },
    },
};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::Write,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tandem_server::trace::Traced;

/// Protocol numbers of IANA.
const TCP: u8 = 6;
const UDP: u8 = 17;
/// The most that a packet of IPv4 holds behind the longer of the two headers.
const ROOM: usize = 65_535 - 20 - 20;

/// Writes a capture of these messages, in their order.
///
/// # Errors
/// Those of `out`.
pub(super) fn write(out: impl Write, messages: &[Traced]) -> anyhow::Result<()> {
    let mut capture = PcapNgWriter::new(out)?;
    capture.write_pcapng_block(InterfaceDescriptionBlock {
        linktype: DataLink::RAW,
        snaplen: 0,
        // The crate writes times in nanoseconds.
        options: vec![InterfaceDescriptionOption::IfTsResol(9)],
    })?;
    let mut streams = Streams::default();
    for m in messages {
        let (from, to) = match m.sent {
            true => (m.local, m.remote),
            false => (m.remote, m.local),
        };
        for part in m.text.as_bytes().chunks(ROOM) {
            let (protocol, body) = match m.transport.as_str() {
                "UDP" => (UDP, datagram(from, to, part)),
                _ => (TCP, streams.segment(from, to, part)),
            };
            let packet = packet(from.ip(), to.ip(), protocol, body);
            capture.write_pcapng_block(EnhancedPacketBlock {
                interface_id: 0,
                timestamp: Duration::from_micros(u64::try_from(m.at.0).unwrap_or(0)),
                original_len: packet.len() as u32,
                data: Cow::Owned(packet),
                options: Vec::new(),
            })?;
        }
    }
    Ok(())
}

/// How many bytes went each way over each connection: TCP's sequence numbers.
#[derive(Default)]
struct Streams(BTreeMap<(SocketAddr, SocketAddr), u32>);

impl Streams {
    /// A segment (RFC 9293 section 3.1) with PSH and ACK.
    fn segment(&mut self, from: SocketAddr, to: SocketAddr, body: &[u8]) -> Vec<u8> {
        let heard = *self.0.entry((to, from)).or_insert(1);
        let sent = self.0.entry((from, to)).or_insert(1);
        let mut segment = ports(from, to);
        segment.extend_from_slice(&sent.to_be_bytes());
        segment.extend_from_slice(&heard.to_be_bytes());
        // Five words of header, PSH and ACK, a full window, no checksum yet, nothing urgent.
        segment.extend_from_slice(&[0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend_from_slice(body);
        *sent = sent.wrapping_add(body.len() as u32);
        sum_into(&mut segment, 16, from.ip(), to.ip(), TCP);
        segment
    }
}

/// A datagram of UDP (RFC 768).
fn datagram(from: SocketAddr, to: SocketAddr, body: &[u8]) -> Vec<u8> {
    let mut datagram = ports(from, to);
    datagram.extend_from_slice(&((body.len() + 8) as u16).to_be_bytes());
    datagram.extend_from_slice(&[0, 0]);
    datagram.extend_from_slice(body);
    sum_into(&mut datagram, 6, from.ip(), to.ip(), UDP);
    datagram
}

fn ports(from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    [from.port().to_be_bytes(), to.port().to_be_bytes()].concat()
}

/// A packet of IPv4 (RFC 791) or IPv6 (RFC 8200) around `body`.
fn packet(from: IpAddr, to: IpAddr, protocol: u8, body: Vec<u8>) -> Vec<u8> {
    let mut packet = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let length = (body.len() + 20) as u16;
            let mut head = vec![0x45, 0];
            head.extend_from_slice(&length.to_be_bytes());
            head.extend_from_slice(&[0, 0, 0x40, 0, 64, protocol, 0, 0]);
            head.extend_from_slice(&from.octets());
            head.extend_from_slice(&to.octets());
            let sum = checksum([head.as_slice()]);
            head[10..12].copy_from_slice(&sum.to_be_bytes());
            head
        }
        _ => {
            let mut head = vec![0x60, 0, 0, 0];
            head.extend_from_slice(&(body.len() as u16).to_be_bytes());
            head.extend_from_slice(&[protocol, 64]);
            head.extend_from_slice(&sixteen(from));
            head.extend_from_slice(&sixteen(to));
            head
        }
    };
    packet.extend(body);
    packet
}

fn sixteen(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// Puts the checksum over pseudo header and body to its place.
fn sum_into(body: &mut [u8], place: usize, from: IpAddr, to: IpAddr, protocol: u8) {
    let length = (body.len() as u32).to_be_bytes();
    let addresses = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => [from.octets(), to.octets()].concat(),
        _ => [sixteen(from), sixteen(to)].concat(),
    };
    let pseudo = [addresses.as_slice(), &length, &[0, 0, 0, protocol]].concat();
    let sum = match checksum([pseudo.as_slice(), &*body]) {
        // Nought says of UDP that there is no checksum.
        0 => 0xffff,
        sum => sum,
    };
    body[place..place + 2].copy_from_slice(&sum.to_be_bytes());
}

/// The internet checksum (RFC 1071) of parts of which all but the last have an even length.
fn checksum<const N: usize>(parts: [&[u8]; N]) -> u16 {
    let words = parts.iter().flat_map(|p| p.chunks(2));
    let mut sum: u32 = words
        .map(|w| u32::from(w[0]) << 8 | u32::from(w.get(1).copied().unwrap_or(0)))
        .fold(0, u32::wrapping_add);
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    !(sum as u16)
}
