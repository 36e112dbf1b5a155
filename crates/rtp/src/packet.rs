//! One RTP packet (RFC 3550 section 5.1), read in place and written into a buffer of the caller's.

use rtp_rs::{RtpPacketBuilder, RtpReader, Seq};

/// The length of the header that [`Header::write`] writes: no CSRC, no extension.
pub const HEADER_LEN: usize = 12;

/// The fields of a header that a telephone leg uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// 0 to 127.
    pub payload_type: u8,
    /// First packet of a talk spurt or of an event.
    pub marker: bool,
    /// Counts packets, wraps.
    pub sequence: u16,
    /// In samples of the codec's clock, wraps.
    pub timestamp: u32,
    /// The stream's name.
    pub ssrc: u32,
}

/// A packet that was read: its header, and its payload without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The fixed header.
    pub header: Header,
    /// What it carries.
    pub payload: &'a [u8],
}

/// The bytes are no RTP packet of version 2 (the peer's fault).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RTP packet")]
pub struct Malformed;

impl<'a> Packet<'a> {
    /// Reads a packet. CSRCs and the extension are skipped, padding is cut off.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let reader = RtpReader::new(bytes).map_err(|_| Malformed)?;
        Ok(Self {
            header: Header {
                payload_type: reader.payload_type(),
                marker: reader.mark(),
                sequence: reader.sequence_number().into(),
                timestamp: reader.timestamp(),
                ssrc: reader.ssrc(),
            },
            payload: reader.payload(),
        })
    }
}

impl Header {
    /// Writes the header and `payload` into `out` and says how many bytes that are; `None` if they do not fit.
    pub fn write(&self, payload: &[u8], out: &mut [u8]) -> Option<usize> {
        RtpPacketBuilder::new()
            .payload_type(self.payload_type & 0x7f)
            .marked(self.marker)
            .sequence(Seq::from(self.sequence))
            .timestamp(self.timestamp)
            .ssrc(self.ssrc)
            .payload(payload)
            .build_into(out)
            .ok()
    }
}

/// Whether a datagram is RTCP rather than RTP, by its second byte (RFC 5761 section 4).
pub fn is_rtcp(bytes: &[u8]) -> bool {
    bytes.len() >= 8 && bytes[0] >> 6 == 2 && (192..=223).contains(&bytes[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_reads_back_what_was_written() {
        let header = Header {
            payload_type: 8,
            marker: true,
            sequence: 65535,
            timestamp: 0xdead_beef,
            ssrc: 7,
        };
        let mut out = [0; 200];
        let n = header.write(&[0xd5; 160], &mut out).unwrap();
        assert_eq!(n, 172);
        assert_eq!(out[..2], [0x80, 0x88]);
        let packet = Packet::parse(&out[..n]).unwrap();
        assert_eq!(
            packet,
            Packet {
                header,
                payload: &[0xd5; 160]
            }
        );
        assert_eq!(header.write(&[0; 160], &mut [0; 171]), None);
        assert!(!is_rtcp(&out[..n]));
    }

    #[test]
    fn csrc_extension_and_padding_are_left_out() {
        let mut bytes = vec![0xb2, 0x00, 0, 1, 0, 0, 0, 160, 0, 0, 0, 9]; // padding, extension, two CSRCs
        bytes.extend([0; 8]);
        bytes.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
        bytes.extend([0x11, 0x22, 0x33]);
        bytes.extend([0, 0, 3]);
        assert_eq!(Packet::parse(&bytes).unwrap().payload, [0x11, 0x22, 0x33]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = Packet::parse(&bytes);
            is_rtcp(&bytes);
            let mut forced = bytes;
            if let Some(b) = forced.first_mut() { *b = *b & 0x3f | 0x80; }
            let _ = Packet::parse(&forced);
        }
    }
}
