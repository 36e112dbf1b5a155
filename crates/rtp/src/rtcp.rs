//! RTCP compound packets (RFC 3550 section 6.4 to 6.6): reports with SDES and BYE, written and read.

use rtcp_types::{
    Bye, Compound, Packet, ReceiverReport, RtcpPacketWriterExt as _, Sdes, SdesChunk, SdesItem,
    SenderReport,
};
use tandem_types::Wall;

/// What one report says about one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream reported on.
    pub ssrc: u32,
    /// Lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Lost in all; negative with duplicates (24 bits).
    pub cumulative_lost: i32,
    /// Extended highest sequence number received.
    pub highest_sequence: u32,
    /// In timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time; 0: none.
    pub last_sr: u32,
    /// Since that came, in 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// What a sender says about its own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// NTP timestamp (RFC 3550 section 4), 32.32 bits since 1900.
    pub ntp: u64,
    /// The same moment on the stream's clock.
    pub rtp_timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Octets of payload sent.
    pub octets: u32,
}

/// One packet out of a compound one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rtcp {
    /// SR or RR.
    Report {
        /// Who reports.
        ssrc: u32,
        /// Present in an SR.
        sender: Option<SenderInfo>,
        /// What it hears.
        blocks: Vec<ReportBlock>,
    },
    /// These streams end.
    Bye {
        /// Which.
        ssrcs: Vec<u32>,
    },
}

/// NTP time of a wall-clock time.
pub fn ntp(wall: Wall) -> u64 {
    const SECONDS_1900_TO_1970: i64 = 2_208_988_800;
    let seconds = wall.0.div_euclid(1_000_000) + SECONDS_1900_TO_1970;
    let fraction = ((wall.0.rem_euclid(1_000_000) as u64) << 32) / 1_000_000;
    ((seconds as u64) << 32) | fraction
}

/// Reads what is understood of a compound packet and skips the rest (application, feedback). Garbage gives
/// an empty list; a packet with a broken tail gives what came before it.
pub fn parse(bytes: &[u8]) -> Vec<Rtcp> {
    let Ok(compound) = Compound::parse(bytes) else {
        return Vec::new();
    };
    compound
        .map_while(Result::ok)
        .filter_map(|packet| match packet {
            Packet::Sr(sr) => Some(Rtcp::Report {
                ssrc: sr.ssrc(),
                sender: Some(SenderInfo {
                    ntp: sr.ntp_timestamp(),
                    rtp_timestamp: sr.rtp_timestamp(),
                    packets: sr.packet_count(),
                    octets: sr.octet_count(),
                }),
                blocks: sr.report_blocks().map(read_block).collect(),
            }),
            Packet::Rr(rr) => Some(Rtcp::Report {
                ssrc: rr.ssrc(),
                sender: None,
                blocks: rr.report_blocks().map(read_block).collect(),
            }),
            Packet::Bye(bye) => Some(Rtcp::Bye {
                ssrcs: bye.ssrcs().collect(),
            }),
            _ => None,
        })
        .collect()
}

fn read_block(b: rtcp_types::ReportBlock<'_>) -> ReportBlock {
    ReportBlock {
        ssrc: b.ssrc(),
        fraction_lost: b.fraction_lost(),
        // 24 bits, two's complement.
        cumulative_lost: ((b.cumulative_lost() << 8) as i32) >> 8,
        highest_sequence: b.extended_sequence_number(),
        jitter: b.interarrival_jitter(),
        last_sr: b.last_sender_report_timestamp(),
        delay_since_last_sr: b.delay_since_last_sender_report_timestamp(),
    }
}

/// Writes a report of `ssrc` (an SR where `sender` is given) with its CNAME, and a BYE if the stream ends.
pub fn report(
    ssrc: u32,
    sender: Option<SenderInfo>,
    block: Option<ReportBlock>,
    cname: &str,
    bye: bool,
) -> Vec<u8> {
    let block = block.map(|b| {
        rtcp_types::ReportBlock::builder(b.ssrc)
            .fraction_lost(b.fraction_lost)
            .cumulative_lost(b.cumulative_lost as u32 & 0xff_ffff)
            .extended_sequence_number(b.highest_sequence)
            .interarrival_jitter(b.jitter)
            .last_sender_report_timestamp(b.last_sr)
            .delay_since_last_sender_report_timestamp(b.delay_since_last_sr)
    });
    let mut compound = Compound::builder();
    if let Some(info) = sender {
        let mut sr = SenderReport::builder(ssrc)
            .ntp_timestamp(info.ntp)
            .rtp_timestamp(info.rtp_timestamp)
            .packet_count(info.packets)
            .octet_count(info.octets);
        if let Some(b) = block {
            sr = sr.add_report_block(b);
        }
        compound = compound.add_packet(sr);
    } else {
        let mut rr = ReceiverReport::builder(ssrc);
        if let Some(b) = block {
            rr = rr.add_report_block(b);
        }
        compound = compound.add_packet(rr);
    }
    let item = SdesItem::builder(SdesItem::CNAME, cname);
    compound =
        compound.add_packet(Sdes::builder().add_chunk(SdesChunk::builder(ssrc).add_item(item)));
    if bye {
        compound = compound.add_packet(Bye::builder().add_source(ssrc));
    }
    let mut out = vec![0; 256 + cname.len()];
    match compound.write_into(&mut out) {
        Ok(n) => out.truncate(n),
        Err(_) => out.clear(),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_back_what_was_written() {
        let info = SenderInfo {
            ntp: ntp(Wall(1_500_000)),
            rtp_timestamp: 160,
            packets: 3,
            octets: 480,
        };
        let block = ReportBlock {
            ssrc: 2,
            fraction_lost: 64,
            cumulative_lost: -3,
            highest_sequence: 0x1_0005,
            jitter: 17,
            last_sr: 5,
            delay_since_last_sr: 6,
        };
        let bytes = report(1, Some(info), Some(block), "tandem", true);
        assert!(crate::is_rtcp(&bytes));
        assert_eq!(
            parse(&bytes),
            [
                Rtcp::Report {
                    ssrc: 1,
                    sender: Some(info),
                    blocks: vec![block]
                },
                Rtcp::Bye { ssrcs: vec![1] }
            ]
        );
        assert_eq!(
            parse(&report(1, None, None, "tandem", false)),
            [Rtcp::Report {
                ssrc: 1,
                sender: None,
                blocks: vec![]
            }]
        );
    }

    #[test]
    fn ntp_time_begins_in_1900() {
        assert_eq!(ntp(Wall(0)) >> 32, 2_208_988_800);
        assert_eq!(ntp(Wall(500_000)) as u32, 1 << 31);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_do_harm(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..128), kind in 200u8..207) {
            parse(&bytes);
            if bytes.len() > 4 {
                bytes[0] = 0x80 | bytes[0] & 0x3f;
                bytes[1] = kind;
                let words = bytes.len() / 4 - 1;
                bytes[2] = 0;
                bytes[3] = words as u8;
                parse(&bytes);
            }
        }
    }
}
