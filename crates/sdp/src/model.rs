//! What offer/answer is about, and what comes out of it.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tandem_types::{
    SrtpKeys,
    media::{Clock, Codec, MediaFlow, OpusFormat},
};

/// Who may send, from the point of view of the one who says it (RFC 3264 section 5.1).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// The speaker only sends: the other is on hold, perhaps with music.
    SendOnly,
    /// The speaker only listens.
    RecvOnly,
    /// Nothing flows.
    Inactive,
}

impl Direction {
    /// From its two halves.
    pub fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }
    /// The one who says this may send.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }
    /// The one who says this may receive.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
    /// What an answerer who wants `self` may say to an offer of `theirs` (RFC 3264 section 6.1).
    pub fn answering(self, theirs: Self) -> Self {
        Self::of(
            self.sends() && theirs.receives(),
            self.receives() && theirs.sends(),
        )
    }
    /// The attribute's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

/// What one offer/answer fixed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Where the far end wants RTP. 0.0.0.0 or `::` is the old form of hold.
    pub remote: SocketAddr,
    /// The one codec.
    pub codec: Codec,
    /// Its payload type: the offerer's where we answered, the answerer's where we offered.
    pub payload_type: u8,
    /// Payload type of telephone-event, if both have it.
    pub event_payload_type: Option<u8>,
    /// What the durations of events count.
    pub event_clock: Clock,
    /// What the far end wants of Opus, where that is the codec.
    pub opus: OpusFormat,
    /// Milliseconds of sound in a packet that we send: 10 to 60, what the far end asked for.
    pub ptime_ms: u8,
    /// What we may do after this exchange.
    pub our_direction: Direction,
    /// What the far end said (sendonly or inactive, too, when it wrote 0.0.0.0).
    pub their_direction: Direction,
    /// The far end put us on hold: it does not take what we would send.
    pub held_by_peer: bool,
    /// What encrypts the sound.
    pub srtp: Option<SrtpKeys>,
}

impl Agreed {
    /// The flow for the media graph. `generation` counts the offer/answers of the leg.
    pub fn flow(&self, learn_from: Option<IpAddr>, generation: u32) -> MediaFlow {
        let nowhere = self.remote.ip().is_unspecified() || self.remote.port() == 0;
        MediaFlow {
            remote: self.remote,
            learn_from,
            codec: self.codec,
            payload_type: self.payload_type,
            event_payload_type: self.event_payload_type,
            event_clock: self.event_clock,
            opus: self.opus,
            tones: false,
            ptime_ms: self.ptime_ms,
            send: !nowhere && self.our_direction.sends() && self.their_direction.receives(),
            receive: self.our_direction.receives() && self.their_direction.sends(),
            generation,
            srtp: self.srtp.clone(),
        }
    }

    /// The address besides SDP's that RTP may be learnt from: that of the SIP source, where the trunk
    /// says NAT, or SDP names a private address that the SIP message did not come from.
    pub fn learn_from(&self, sip_source: IpAddr, nat: bool) -> Option<IpAddr> {
        let elsewhere = self.remote.ip() != sip_source;
        (nat || (elsewhere && is_private(self.remote.ip()))).then_some(sip_source)
    }
}

/// Not reachable from the open internet: RFC 1918, RFC 6598, loopback, link-local, RFC 4193.
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => v6
            .to_ipv4_mapped()
            .map_or_else(|| is_private_v6(v6), is_private_v4),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || (a == 100 && (64..128).contains(&b))
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
}

/// Why an offer or an answer cannot be used. Always the peer's doing, `NotOffered` perhaps ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unusable {
    /// It is no SDP.
    #[error("the body is not SDP")]
    Malformed,
    /// No audio line with a port.
    #[error("no audio is offered")]
    NoAudio,
    /// Audio, but no codec in common, or a transport that we do not speak.
    #[error("no codec in common")]
    NoCodec,
    /// Audio, but only encrypted.
    #[error("only SRTP that we do not speak here is offered")]
    SrtpOnly,
    /// Audio, but not encrypted, and it must be.
    #[error("SRTP is required")]
    SrtpRequired,
    /// The audio line names no address that RTP could be sent to (a host name, multicast, none).
    #[error("no usable address")]
    NoAddress,
    /// IPv6 for a leg that is on IPv4, or the reverse.
    #[error("another address family")]
    AddressFamily,
    /// An answer without an offer of ours.
    #[error("an answer to no offer")]
    NotOffered,
}

impl Unusable {
    /// The status to refuse the offer with.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::NoAudio
            | Self::NoCodec
            | Self::SrtpOnly
            | Self::SrtpRequired
            | Self::NoAddress
            | Self::AddressFamily
            | Self::NotOffered => 488,
        }
    }

    /// The warn-code and warn-text of a Warning header beside a 488 (RFC 3261 section 20.43).
    pub fn warning(self) -> (u16, &'static str) {
        match self {
            Self::Malformed | Self::NotOffered => (399, "Miscellaneous warning"),
            Self::NoAudio => (304, "Media type not available"),
            Self::NoCodec => (305, "Incompatible media format"),
            Self::SrtpOnly | Self::SrtpRequired => (302, "Incompatible transport protocol"),
            Self::NoAddress | Self::AddressFamily => (301, "Incompatible network address formats"),
        }
    }
}
