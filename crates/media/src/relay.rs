//! The fast path: one leg's packets re-stamped into another leg's stream, in the same step, without allocation.
//!
//! ```text
//!   both G.711  ------> law changed by table
//!   otherwise   ------> decoded at the rate of the listener's codec, encoded
//! ```
//!
//! So all that a listener of a codec with a memory is sent comes from one encoder, and its decoder follows through every
//! change of role.

use crate::{
    leg::Leg,
    mix::{EDGE, fading, saturate},
    output::Transmit,
};
use tandem_codec::{Decoder, Law, RATE};
use tandem_rtp::{Header, Packet, packet::HEADER_LEN, srtp::OVERHEAD};
use tandem_types::{Now, media::Codec};

/// The longest payload that is relayed.
const PAYLOAD: usize = 1400;
/// A source whose sequence or timestamp leaps further than this is taken up anew.
const SEQUENCE_LEAP: i16 = 1000;
const TIMESTAMP_BACK: i32 = -8000;

/// How one source's numbers become this listener's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relay {
    anchor: Option<Anchor>,
    /// Of the source, at the rate of the listener's encoder.
    decoder: Option<Decoder>,
    /// The first packet's sound rises from nothing: another voice was heard before.
    pub(crate) rise: bool,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    /// The source's newest numbers.
    sequence: u16,
    timestamp: u32,
    /// Its first; older ones were another role's time.
    first: u16,
    /// Ours minus the source's.
    sequence_offset: u16,
    timestamp_offset: u32,
}

impl Relay {
    /// The next packet is the first of a source.
    pub(crate) fn release(&mut self) {
        self.anchor = None;
        self.decoder = None;
    }

    /// What is relayed next goes on where this decoder stands.
    pub(crate) fn go_on_from(&mut self, decoder: &Decoder, rate: u32) {
        self.decoder = Law::of(decoder.codec())
            .is_none()
            .then(|| decoder.sibling(rate));
    }

    /// A packet of the source is not for this listener: its number is not missed.
    pub(crate) fn leave_out(&mut self) {
        if let Some(a) = &mut self.anchor {
            a.sequence_offset = a.sequence_offset.wrapping_sub(1);
        }
    }
}

/// Sends a packet of another leg to `listener`. `codec`: of sound; `None`: a telephone-event.
pub(crate) fn forward(
    listener: &mut Leg,
    now: Now,
    packet: &Packet<'_>,
    codec: Option<Codec>,
    send: &mut dyn FnMut(Transmit<'_>),
) {
    let Some(flow) = &listener.flow else { return };
    let Some(payload_type) = codec.map_or(flow.event_payload_type, |_| Some(flow.payload_type))
    else {
        listener.relay.leave_out();
        return;
    };
    let Some(to) = listener.latch.send_to().filter(|_| flow.send) else {
        return;
    };
    let n = packet.payload.len();
    if n == 0 || n > PAYLOAD {
        return;
    }
    let own = flow.codec;
    let Some((mut header, fresh)) = restamp(listener, now, &packet.header) else {
        return;
    };
    header.payload_type = payload_type;
    header.marker = packet.header.marker || (fresh && codec.is_some());

    let mut converted = [0; PAYLOAD];
    let payload = match codec {
        None => packet.payload,
        Some(codec) => {
            let n = convert(listener, codec, own, packet.payload, &mut converted);
            &converted[..n]
        }
    };
    let mut bytes = [0; HEADER_LEN + PAYLOAD + OVERHEAD];
    let written = header.write(payload, &mut bytes);
    let Some(length) = written.and_then(|n| listener.seal(&mut bytes, n)) else {
        return;
    };
    // An octet of every codec is a tick.
    let samples = if codec.is_some() { n as u32 } else { 0 };
    listener.out.relayed(
        now.mono,
        header.sequence,
        header.timestamp,
        samples,
        payload.len(),
    );
    send(Transmit {
        leg: listener.id,
        rtcp: false,
        to,
        bytes: &bytes[..length],
    });
}

/// Turns a payload of `from` into one of `to`, and says how many octets it has.
fn convert(listener: &mut Leg, from: Codec, to: Codec, payload: &[u8], out: &mut [u8]) -> usize {
    let n = payload.len();
    if let (Some(from), Some(to)) = (Law::of(from), Law::of(to)) {
        from.convert_into(to, payload, out);
        if listener.mixer.residue != 0 || listener.relay.rise {
            soften(listener, to, &mut out[..n]);
        }
        listener.last_sent = to.decode(out[n - 1]);
        return n;
    }
    transcode(listener, from, payload, out)
}

/// Through the source's decoder and the listener's encoder.
fn transcode(listener: &mut Leg, from: Codec, payload: &[u8], out: &mut [u8]) -> usize {
    let rate = listener.encoder.rate();
    let mut decoder = match listener.relay.decoder.take() {
        Some(decoder) if decoder.codec() == from => decoder,
        _ => Decoder::new(from, rate),
    };
    let mut sound = [0; 2 * PAYLOAD];
    let decoded = decoder.decode(payload);
    let samples = decoded.len().min(sound.len());
    let sound = &mut sound[..samples];
    sound.copy_from_slice(&decoded[..samples]);
    listener.relay.decoder = Some(decoder);
    let edge = EDGE * (rate / RATE) as usize;
    for (i, s) in sound.iter_mut().enumerate().take(edge) {
        let at = i * EDGE / edge;
        let mut softer = i32::from(*s);
        if listener.relay.rise {
            softer = softer * (at as i32 + 1) / EDGE as i32;
        }
        *s = saturate(softer + fading(listener.mixer.residue, at));
    }
    listener.mixer.residue = 0;
    listener.relay.rise = false;
    listener.last_sent = sound.last().copied().unwrap_or(0);
    listener.encoder.encode(sound, out)
}

/// The packet's place in the listener's stream; `None`: it belongs to a time before this source was heard.
/// Also whether it is the first of the source.
fn restamp(listener: &mut Leg, now: Now, header: &Header) -> Option<(Header, bool)> {
    let kept = listener.relay.anchor.filter(|a| {
        let sequence = header.sequence.wrapping_sub(a.sequence) as i16;
        let timestamp = header.timestamp.wrapping_sub(a.timestamp) as i32;
        sequence.saturating_abs() < SEQUENCE_LEAP && timestamp > TIMESTAMP_BACK
    });
    let mut anchor = match kept {
        Some(a) if (header.sequence.wrapping_sub(a.first) as i16) < 0 => return None,
        Some(a) => a,
        None => {
            listener.out.catch_up(now.mono);
            Anchor {
                sequence: header.sequence,
                timestamp: header.timestamp,
                first: header.sequence,
                sequence_offset: listener.out.sequence().wrapping_sub(header.sequence),
                timestamp_offset: listener.out.timestamp().wrapping_sub(header.timestamp),
            }
        }
    };
    if (header.sequence.wrapping_sub(anchor.sequence) as i16) >= 0 {
        anchor.sequence = header.sequence;
        anchor.timestamp = header.timestamp;
        // The window in which a packet can be overtaken follows, so that the wrap of 16 bits does no harm.
        if (header.sequence.wrapping_sub(anchor.first) as i16) > 2 * SEQUENCE_LEAP {
            anchor.first = anchor.first.wrapping_add(SEQUENCE_LEAP as u16);
        }
    }
    listener.relay.anchor = Some(anchor);
    let stamped = Header {
        payload_type: 0,
        marker: false,
        sequence: header.sequence.wrapping_add(anchor.sequence_offset),
        timestamp: header.timestamp.wrapping_add(anchor.timestamp_offset),
        ssrc: listener.out.ssrc(),
    };
    Some((stamped, kept.is_none()))
}

/// The first packet after another voice: what broke off falls, and the new voice rises.
fn soften(listener: &mut Leg, law: Law, codes: &mut [u8]) {
    for (i, code) in codes.iter_mut().enumerate().take(EDGE) {
        let mut s = i32::from(law.decode(*code));
        if listener.relay.rise {
            s = s * (i as i32 + 1) / EDGE as i32;
        }
        *code = law.encode(saturate(s + fading(listener.mixer.residue, i)));
    }
    listener.mixer.residue = 0;
    listener.relay.rise = false;
}
