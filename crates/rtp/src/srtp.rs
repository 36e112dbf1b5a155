//! SRTP and SRTCP (RFC 3711; AES-256 RFC 6188; GCM RFC 7714) with keys from SDP (RFC 4568), in place, without allocation.
//!
//! ```text
//!   master key, salt --AES-CM as PRF--> session keys of RTP and of RTCP   (key derivation rate 0)
//!
//!   AES_CM:  header | payload ^ key stream |            HMAC-SHA1(all before, ROC)     RTP
//!            header | rest ^ key stream    | E, index | HMAC-SHA1(all before)          RTCP
//!   GCM:     header | payload encrypted    |            tag (header authenticated)     RTP
//!            header | rest encrypted       | tag      | E, index                       RTCP
//! ```
//!
//! Of each stream that is received, the rollover counter is guessed as in RFC 3711 section 3.3.1, and the last 128 packets
//! are told from replayed ones; nothing of this moves before a packet is authentic. No packet number is ever used twice for
//! sending, as two payloads under one number would give the key stream away.

mod cipher;
mod stream;

use cipher::{Cipher, Label, Number};
use stream::Streams;
use tandem_types::{SrtpKey, SrtpKeys, SrtpSuite};

/// What protection adds to a packet at most: a tag, and the index of RTCP.
pub const OVERHEAD: usize = 20;
/// RTCP's header in clear: version to length, and the sender.
const RTCP_HEADER: usize = 8;
const INDEX: usize = 4;
/// The bit beside SRTCP's index that says that the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

/// Why a packet is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too short, or no RTP.
    #[error("no SRTP packet")]
    Malformed,
    /// The tag is not what the key makes of the packet.
    #[error("not authentic")]
    Forged,
    /// It came before.
    #[error("replayed")]
    Replayed,
}

/// What encrypts one leg, both ways.
#[derive(Debug)]
pub struct Srtp {
    keys: SrtpKeys,
    send: Context,
    receive: Context,
    /// The key before: packets under it may still be under way when the far end names another.
    before: Option<Context>,
}

impl Srtp {
    /// For a leg that begins.
    pub fn new(keys: SrtpKeys) -> Self {
        Self {
            send: Context::new(keys.suite, &keys.ours),
            receive: Context::new(keys.suite, &keys.theirs),
            before: None,
            keys,
        }
    }

    /// What one more offer/answer said. A key that is the same goes on as it stands; under a new one of the far end's, packets
    /// of the old one are taken until the first of the new one.
    pub fn set(&mut self, keys: SrtpKeys) {
        let suite = keys.suite;
        let changed = suite != self.keys.suite;
        if changed || keys.ours != self.keys.ours {
            self.send = Context::new(suite, &keys.ours);
        }
        if changed || keys.theirs != self.keys.theirs {
            let mut next = Context::new(suite, &keys.theirs);
            next.streams.follow(&self.receive.streams);
            self.before = Some(std::mem::replace(&mut self.receive, next));
        }
        self.keys = keys;
    }

    /// Encrypts an RTP packet, the first `length` octets of `packet`, which has [`OVERHEAD`] octets of room behind them. Its
    /// new length; `None`: no RTP, no room, or its number was used already, so it must not go out.
    pub fn protect(&mut self, packet: &mut [u8], length: usize) -> Option<usize> {
        self.send.protect(packet, length)
    }

    /// The same for RTCP.
    pub fn protect_rtcp(&mut self, packet: &mut [u8], length: usize) -> Option<usize> {
        self.send.protect_rtcp(packet, length)
    }

    /// Authenticates an RTP packet and decrypts it in place. The length of what was protected.
    pub fn unprotect(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        self.received(packet, Context::unprotect)
    }

    /// The same for RTCP.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        self.received(packet, Context::unprotect_rtcp)
    }

    fn received(
        &mut self,
        packet: &mut [u8],
        open: impl Fn(&mut Context, &mut [u8]) -> Result<usize, Refused>,
    ) -> Result<usize, Refused> {
        let opened = open(&mut self.receive, packet);
        match (&opened, &mut self.before) {
            (Ok(_), Some(_)) => {
                self.before = None;
                opened
            }
            // What is not authentic was not touched.
            (Err(Refused::Forged), Some(before)) => open(before, packet),
            _ => opened,
        }
    }
}

/// One master key: the streams of one sender.
#[derive(Debug)]
struct Context {
    rtp: Cipher,
    rtcp: Cipher,
    streams: Streams,
    /// SRTCP's index of what is sent next.
    rtcp_index: u32,
}

impl Context {
    fn new(suite: SrtpSuite, key: &SrtpKey) -> Self {
        Self {
            rtp: Cipher::derived(suite, key, Label::Rtp),
            rtcp: Cipher::derived(suite, key, Label::Rtcp),
            streams: Streams::default(),
            rtcp_index: 1,
        }
    }

    fn protect(&mut self, packet: &mut [u8], length: usize) -> Option<usize> {
        let tag = self.rtp.tag_len();
        let packet = packet.get_mut(..length + tag)?;
        let head = Head::of(&packet[..length])?;
        let (at, mut stream) = self.streams.of(head.ssrc);
        let index = stream.guess(head.sequence);
        if !stream.rtp.is_new(index) {
            return None;
        }
        stream.rtp.note(index);
        self.streams.keep(at, stream);
        self.rtp.seal_rtp(packet, head.length, head.number(index));
        Some(length + tag)
    }

    fn protect_rtcp(&mut self, packet: &mut [u8], length: usize) -> Option<usize> {
        let whole = length + self.rtcp.tag_len() + INDEX;
        let packet = packet.get_mut(..whole).filter(|_| length >= RTCP_HEADER)?;
        let index = self.rtcp_index;
        // 2^31 reports are five hundred years.
        self.rtcp_index = index.checked_add(1).filter(|i| *i < ENCRYPTED)?;
        let number = Number {
            ssrc: word(packet, 4)?,
            index: u64::from(index),
        };
        self.rtcp
            .seal_rtcp(packet, RTCP_HEADER, number, index | ENCRYPTED);
        Some(whole)
    }

    fn unprotect(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let length = packet
            .len()
            .checked_sub(self.rtp.tag_len())
            .ok_or(Refused::Malformed)?;
        let head = Head::of(&packet[..length]).ok_or(Refused::Malformed)?;
        let (at, mut stream) = self.streams.of(head.ssrc);
        let mut opened = Err(Refused::Forged);
        for index in stream.guesses(head.sequence) {
            if !stream.rtp.is_new(index) {
                opened = Err(Refused::Replayed);
                continue;
            }
            if self.rtp.open_rtp(packet, head.length, head.number(index)) {
                stream.rtp.note(index);
                self.streams.keep(at, stream);
                return Ok(length);
            }
        }
        if opened == Err(Refused::Replayed) {
            return opened;
        }
        Err(Refused::Forged)
    }

    fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let length = packet
            .len()
            .checked_sub(self.rtcp.tag_len() + INDEX)
            .filter(|n| *n >= RTCP_HEADER)
            .ok_or(Refused::Malformed)?;
        let ssrc = word(packet, 4).ok_or(Refused::Malformed)?;
        let trailer = self.rtcp.index_of(packet);
        let index = u64::from(trailer & !ENCRYPTED);
        if trailer & ENCRYPTED == 0 {
            // UNENCRYPTED_SRTCP is a parameter that is never agreed on.
            return Err(Refused::Forged);
        }
        let (at, mut stream) = self.streams.of(ssrc);
        if !stream.rtcp.is_new(index) {
            return Err(Refused::Replayed);
        }
        if !self
            .rtcp
            .open_rtcp(packet, RTCP_HEADER, Number { ssrc, index }, trailer)
        {
            return Err(Refused::Forged);
        }
        stream.rtcp.note(index);
        self.streams.keep(at, stream);
        Ok(length)
    }
}

/// What is read of an RTP header: CSRCs and the extension stay in clear.
struct Head {
    ssrc: u32,
    sequence: u16,
    length: usize,
}

impl Head {
    fn of(packet: &[u8]) -> Option<Self> {
        let first = *packet.first().filter(|b| **b >> 6 == 2)?;
        let mut length = 12 + 4 * usize::from(first & 0xf);
        if first & 0x10 != 0 {
            let words = packet.get(length + 2..length + 4)?;
            length += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
        }
        let sequence = packet.get(2..4)?;
        (packet.len() >= length).then_some(Self {
            ssrc: word(packet, 8)?,
            sequence: u16::from_be_bytes([sequence[0], sequence[1]]),
            length,
        })
    }

    fn number(&self, index: u64) -> Number {
        Number {
            ssrc: self.ssrc,
            index,
        }
    }
}

fn word(packet: &[u8], at: usize) -> Option<u32> {
    let bytes = packet.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests;
