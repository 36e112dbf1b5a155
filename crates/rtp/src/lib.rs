//! RTP without sockets (RFC 3550, 3551, 3711, 4733). The only crate that names rtp-rs and rtcp-types.
//!
//! | module | what |
//! |---|---|
//! | [`packet`] | one packet: read and written without allocation |
//! | [`digits`] | keys as telephone-events: sent, and received once each |
//! | [`rtcp`] | reports: read and written |
//! | [`srtp`] | encryption, both ways, with keys from SDP |
//! | [`stats`] | what a receiver counts: loss, jitter, restarts |
//! | [`timeline`] | timestamps of any clock, as ticks of 8 kHz |
//! | [`jitter`] | the buffer that makes even sound of uneven packets |
//! | [`latch`] | who may be heard, and where to send |
//! | [`outgoing`] | our own stream: one SSRC, sequence without gaps |

pub mod digits;
pub mod jitter;
pub mod latch;
pub mod outgoing;
pub mod packet;
pub mod rtcp;
pub mod srtp;
pub mod stats;
pub mod timeline;

pub use digits::{DigitPacket, DigitReceiver, DigitSender, Event, EventClock};
pub use jitter::{Correction, Holds, Inserted, JitterBuffer, JitterConfig, Run};
pub use latch::{Latch, Verdict};
pub use outgoing::Outgoing;
pub use packet::{Header, Malformed, Packet, is_rtcp};
pub use rtcp::{ReportBlock, Rtcp};
pub use srtp::Srtp;
pub use stats::{ReceiveStats, Received};
pub use timeline::Timeline;
