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
use tandem_codec::{Decoder, Law, RATE, stream};
use tandem_rtp::{Event, Header, Packet, packet::HEADER_LEN, srtp::OVERHEAD};
use tandem_types::{
    Now,
    media::{Clock, Codec},
};

/// The longest payload that is relayed.
const PAYLOAD: usize = 1400;
/// A source whose sequence or timestamp leaps further than this is taken up anew.
const SEQUENCE_LEAP: i16 = 1000;
const BACK_MS: u32 = 1000;

/// What a relayed packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sound of this codec.
    Sound(Codec),
    /// A telephone-event on a stream of the first clock, whose durations are of the second.
    Event(Clock, Clock),
}

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
    /// The source's newest numbers, and what became of that timestamp.
    sequence: u16,
    timestamp: u32,
    ours: u32,
    /// Its first; older ones were another role's time.
    first: u16,
    /// Ours minus the source's.
    sequence_offset: u16,
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

/// Sends a packet of another leg to `listener`.
pub(crate) fn forward(
    listener: &mut Leg,
    now: Now,
    packet: &Packet<'_>,
    kind: Kind,
    send: &mut dyn FnMut(Transmit<'_>),
) {
    let Some(flow) = &listener.flow else { return };
    let (payload_type, clock) = match kind {
        Kind::Sound(codec) => (Some(flow.payload_type), codec.clock()),
        Kind::Event(clock, _) => (flow.event_payload_type, clock),
    };
    let Some(payload_type) = payload_type else {
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
    let (own, event_clock) = (flow.codec, flow.event_clock);
    let Some((mut header, fresh)) = restamp(listener, now, &packet.header, clock) else {
        return;
    };
    header.payload_type = payload_type;
    header.marker = packet.header.marker || (fresh && matches!(kind, Kind::Sound(_)));

    let mut converted = [0; PAYLOAD];
    let (n, units) = match kind {
        Kind::Event(_, durations) => {
            let n = event(packet.payload, durations, event_clock, &mut converted);
            (n, 0)
        }
        Kind::Sound(codec) => {
            let n = convert(listener, codec, own, packet.payload, &mut converted);
            let units = stream::units(codec, packet.payload).unwrap_or(0);
            (n, own.clock().of(clock, units))
        }
    };
    let payload = &converted[..n];
    let mut bytes = [0; HEADER_LEN + PAYLOAD + OVERHEAD];
    let written = header.write(payload, &mut bytes);
    let Some(length) = written.and_then(|n| listener.seal(&mut bytes, n)) else {
        return;
    };
    listener.out.relayed(
        now.mono,
        header.sequence,
        header.timestamp,
        units,
        payload.len(),
    );
    send(Transmit {
        leg: listener.id,
        rtcp: false,
        to,
        bytes: &bytes[..length],
    });
}

/// An event's payload with its duration in units of another clock. Says how many octets.
fn event(payload: &[u8], from: Clock, to: Clock, out: &mut [u8]) -> usize {
    let n = payload.len();
    out[..n].copy_from_slice(payload);
    if let Some(event) = Event::parse(payload).filter(|_| from != to) {
        let duration = to.of(from, u32::from(event.duration));
        let duration = u16::try_from(duration).unwrap_or(u16::MAX);
        out[..4].copy_from_slice(&Event { duration, ..event }.write());
    }
    n
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

/// The place of a packet, with a timestamp of this clock, in the listener's stream; `None`: it belongs to a time before this
/// source was heard. Also whether it is the first of the source.
fn restamp(listener: &mut Leg, now: Now, header: &Header, clock: Clock) -> Option<(Header, bool)> {
    let kept = listener.relay.anchor.filter(|a| {
        let sequence = header.sequence.wrapping_sub(a.sequence) as i16;
        let timestamp = header.timestamp.wrapping_sub(a.timestamp) as i32;
        sequence.saturating_abs() < SEQUENCE_LEAP && timestamp > -(clock.ms(BACK_MS) as i32)
    });
    let mut anchor = match kept {
        Some(a) if (header.sequence.wrapping_sub(a.first) as i16) < 0 => return None,
        Some(a) => a,
        None => {
            listener.out.catch_up(now.mono);
            Anchor {
                sequence: header.sequence,
                timestamp: header.timestamp,
                ours: listener.out.timestamp(),
                first: header.sequence,
                sequence_offset: listener.out.sequence().wrapping_sub(header.sequence),
            }
        }
    };
    let since = header.timestamp.wrapping_sub(anchor.timestamp) as i32;
    let (source, own) = (clock.hz() as i32, listener.out.clock().hz() as i32);
    // What is less than a unit of ours waits for the next packet.
    let (units, rest) = match (source, own) {
        (a, b) if a >= b => (since.div_euclid(a / b), since.rem_euclid(a / b)),
        (a, b) => (since.wrapping_mul(b / a), 0),
    };
    let timestamp = anchor.ours.wrapping_add_signed(units);
    if (header.sequence.wrapping_sub(anchor.sequence) as i16) >= 0 {
        anchor.sequence = header.sequence;
        anchor.timestamp = header.timestamp.wrapping_sub(rest as u32);
        anchor.ours = timestamp;
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
        timestamp,
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
