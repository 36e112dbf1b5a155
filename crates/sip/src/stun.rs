//! STUN on a SIP port (RFC 5626 sections 4.4.2 and 8, RFC 8489): phones behind NAT ask so whether their flow by UDP is still there,
//! and whether the NAT has given them another address.

use std::net::{IpAddr, SocketAddr};

/// RFC 8489 section 5.
const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_INDICATION: u16 = 0x0011;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// Attributes from here on may be passed over (RFC 8489 section 14).
const OPTIONAL: u16 = 0x8000;

/// What a datagram is to a SIP port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stun {
    /// It wants this answer.
    Asks(Vec<u8>),
    /// It wants none.
    Tells,
}

/// A binding request or indication; `None`: it is none, and no SIP message begins with its first byte either if that is below 4
/// ([`is_stun`]).
pub fn read(datagram: &[u8], from: SocketAddr) -> Option<Stun> {
    let (header, body) = datagram.split_at_checked(HEADER)?;
    let word = |at: usize| Some(u16::from_be_bytes([*header.get(at)?, *header.get(at + 1)?]));
    if header.get(4..8)? != MAGIC || usize::from(word(2)?) != body.len() || body.len() % 4 != 0 {
        return None;
    }
    match word(0)? {
        BINDING_INDICATION => Some(Stun::Tells),
        BINDING_REQUEST => {
            let transaction = header.get(8..HEADER)?;
            let unknown = required(body)?;
            let (kind, attributes) = match unknown.is_empty() {
                true => (BINDING_SUCCESS, mapped(from, transaction)),
                false => (BINDING_ERROR, not_understood(&unknown)),
            };
            Some(Stun::Asks(message(kind, transaction, &attributes)))
        }
        _ => None,
    }
}

/// Whether a datagram is for STUN, by its first byte (RFC 7983): a SIP message begins with a letter.
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|b| *b < 4)
}

/// The attributes that must be understood: none is, as nobody has a password here (RFC 5626 section 8). `None`: it is no list.
fn required(mut body: &[u8]) -> Option<Vec<u16>> {
    let mut all = Vec::new();
    while !body.is_empty() {
        let (head, rest) = body.split_at_checked(4)?;
        let kind = u16::from_be_bytes([*head.first()?, *head.get(1)?]);
        let length = usize::from(u16::from_be_bytes([*head.get(2)?, *head.get(3)?]));
        body = rest.get(length.next_multiple_of(4)..)?;
        if kind < OPTIONAL {
            all.push(kind);
        }
    }
    Some(all)
}

/// RFC 8489 section 14.2.
fn mapped(from: SocketAddr, transaction: &[u8]) -> Vec<u8> {
    let key: Vec<u8> = MAGIC.iter().chain(transaction).copied().collect();
    let xor = |bytes: &[u8]| -> Vec<u8> { bytes.iter().zip(&key).map(|(a, b)| a ^ b).collect() };
    let (family, address) = match from.ip() {
        IpAddr::V4(ip) => (1, xor(&ip.octets())),
        IpAddr::V6(ip) => (2, xor(&ip.octets())),
    };
    let mut value = vec![0, family];
    value.extend(xor(&from.port().to_be_bytes()));
    value.extend(address);
    attribute(XOR_MAPPED_ADDRESS, &value)
}

/// 420 (RFC 8489 section 14.8), and which.
fn not_understood(unknown: &[u16]) -> Vec<u8> {
    let mut all = attribute(ERROR_CODE, &[0, 0, 4, 20]);
    let which: Vec<u8> = unknown.iter().flat_map(|kind| kind.to_be_bytes()).collect();
    all.extend(attribute(UNKNOWN_ATTRIBUTES, &which));
    all
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    let mut all = [kind.to_be_bytes(), length.to_be_bytes()].concat();
    all.extend_from_slice(value);
    all.resize(all.len().next_multiple_of(4), 0);
    all
}

fn message(kind: u16, transaction: &[u8], attributes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(attributes.len()).unwrap_or(u16::MAX);
    let mut all = [kind.to_be_bytes(), length.to_be_bytes()].concat();
    all.extend(MAGIC);
    all.extend_from_slice(transaction);
    all.extend_from_slice(attributes);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That of RFC 5769.
    const TRANSACTION: [u8; 12] = [
        0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
    ];

    fn request(attributes: &[u8]) -> Vec<u8> {
        message(BINDING_REQUEST, &TRANSACTION, attributes)
    }

    fn answer(datagram: &[u8], from: &str) -> Vec<u8> {
        match read(datagram, from.parse().expect("an address")) {
            Some(Stun::Asks(answer)) => answer,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_address_is_that_of_rfc_5769() {
        let v4 = answer(&request(&[]), "192.0.2.1:32853");
        assert_eq!(v4[..4], [1, 1, 0, 12]);
        assert_eq!(v4[4..8], MAGIC);
        assert_eq!(v4[8..20], TRANSACTION);
        assert_eq!(
            v4[20..],
            [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]
        );
        let v6 = answer(
            &request(&[]),
            "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
        );
        assert_eq!(
            v6[20..],
            [
                0, 0x20, 0, 20, 0, 2, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79,
                0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9
            ]
        );
    }

    #[test]
    fn what_may_be_passed_over_is_and_the_rest_is_refused() {
        // SOFTWARE, of 5 bytes and 3 of padding.
        let software = attribute(0x8022, b"phone");
        assert_eq!(answer(&request(&software), "192.0.2.1:1")[..2], [1, 1]);
        // USERNAME.
        let refused = answer(&request(&attribute(6, b"evtj:h6vY")), "192.0.2.1:1");
        assert_eq!(refused[..2], [1, 0x11]);
        assert_eq!(refused[20..28], [0, 9, 0, 4, 0, 0, 4, 20]);
        assert_eq!(refused[28..], [0, 10, 0, 2, 0, 6, 0, 0]);
    }

    #[test]
    fn what_is_cut_or_no_request_is_not_answered() {
        let from = "192.0.2.1:1".parse().expect("an address");
        let whole = request(&attribute(0x8022, b"phone"));
        for n in 0..whole.len() {
            assert_eq!(read(&whole[..n], from), None, "{n} bytes");
        }
        let indication = message(BINDING_INDICATION, &TRANSACTION, &[]);
        assert_eq!(read(&indication, from), Some(Stun::Tells));
        assert_eq!(
            read(&message(BINDING_SUCCESS, &TRANSACTION, &[]), from),
            None
        );
        // An attribute that says it is longer than it is.
        let mut lies = request(&attribute(0x8022, b"phone"));
        lies[23] = 9;
        assert_eq!(read(&lies, from), None);
        assert!(is_stun(&whole) && !is_stun(b"OPTIONS") && !is_stun(b""));
    }
}
