//! The fast path: one leg's packets re-stamped into another leg's stream, in the same step, without allocation.
//!
//! ```text
//!   both G.711  ------> law changed by table
//!   both Opus   ------> as it is, unless the listener wants less than the source was told
//!   otherwise   ------> decoded at the rate of the listener's codec, encoded; of Opus also what was lost just before, from the
//!                       copy in the packet that came, so that the listener may still have it in time
//! ```
//!
//! So all that a listener of a codec with a memory is sent comes from one encoder, and its decoder follows through every
//! change of role.

use crate::{
    leg::Leg,
    mix::{EDGE, fading, saturate},
    output::Transmit,
};
use std::net::SocketAddr;
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
#[derive(Debug, Default)]
pub(crate) struct Relay {
    anchor: Option<Anchor>,
    /// Of the source, at the rate of the listener's encoder.
    decoder: Option<Decoder>,
    /// The first packet's sound rises from nothing: another voice was heard before.
    pub(crate) rise: bool,
    /// The listener was passed on packets as they were, so that our encoder knows nothing of what it heard last.
    pub(crate) foreign: bool,
    /// What was to be sent last was not worth a packet.
    pub(crate) silent: bool,
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

    /// What is relayed next goes on where this decoder stands, which has the rate of the listener's encoder.
    pub(crate) fn go_on_from(&mut self, decoder: Decoder) {
        self.decoder = Law::of(decoder.codec()).is_none().then_some(decoder);
    }

    /// A packet of the source is not for this listener: its number is not missed.
    pub(crate) fn leave_out(&mut self) {
        if let Some(a) = &mut self.anchor {
            a.sequence_offset = a.sequence_offset.wrapping_sub(1);
        }
    }

    /// A packet of the source became one more for this listener.
    fn put_in(&mut self) {
        if let Some(a) = &mut self.anchor {
            a.sequence_offset = a.sequence_offset.wrapping_add(1);
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
    let as_it_is = own == Codec::Opus && flow.opus.takes_all();
    let Some((mut header, since)) = restamp(listener, now, &packet.header, clock) else {
        return;
    };
    let fresh = since.is_none();
    header.payload_type = payload_type;
    header.marker = packet.header.marker || (fresh && matches!(kind, Kind::Sound(_)));

    let mut out = Stamped {
        to,
        now,
        header,
        units: 0,
    };
    let mut converted = [0; PAYLOAD];
    match kind {
        Kind::Event(_, durations) => {
            let n = event(packet.payload, durations, event_clock, &mut converted);
            out.send(listener, &converted[..n], send);
        }
        Kind::Sound(codec) => {
            let units = stream::units(codec, packet.payload).unwrap_or(0);
            out.units = own.clock().of(clock, units);
            if let (Some(from), Some(law)) = (Law::of(codec), Law::of(own)) {
                change_law(listener, (from, law), packet.payload, &mut converted);
                out.send(listener, &converted[..n], send);
            } else if codec == own && as_it_is {
                listener.relay.foreign = true;
                (listener.mixer.residue, listener.relay.rise) = (0, false);
                out.send(listener, packet.payload, send);
            } else {
                if codec == Codec::Opus && !recover(listener, packet, units, since, &mut out, send)
                {
                    return;
                }
                transcode(listener, codec, Heard::Packet(packet.payload), out, send);
            }
        }
    }
}

/// A packet's place in the listener's stream.
#[derive(Clone, Copy)]
struct Stamped {
    to: SocketAddr,
    now: Now,
    header: Header,
    /// How long it lasts, in units of the listener's clock.
    units: u32,
}

impl Stamped {
    fn send(&self, listener: &mut Leg, payload: &[u8], send: &mut dyn FnMut(Transmit<'_>)) {
        let mut bytes = [0; HEADER_LEN + PAYLOAD + OVERHEAD];
        let written = self.header.write(payload, &mut bytes);
        let Some(length) = written.and_then(|n| listener.seal(&mut bytes, n)) else {
            return;
        };
        listener.out.relayed(
            self.now.mono,
            self.header.sequence,
            self.header.timestamp,
            self.units,
            payload.len(),
        );
        send(Transmit {
            leg: listener.id,
            rtcp: false,
            to: self.to,
            bytes: &bytes[..length],
        });
    }
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

/// G.711 to G.711: octet by octet.
fn change_law(listener: &mut Leg, (from, to): (Law, Law), payload: &[u8], out: &mut [u8]) {
    let n = payload.len();
    from.convert_into(to, payload, out);
    if listener.mixer.residue != 0 || listener.relay.rise {
        soften(listener, to, &mut out[..n]);
    }
    listener.last_sent = to.decode(out[n - 1]);
}

/// How far a packet is from the newest one before it.
#[derive(Clone, Copy)]
struct Since {
    sequence: i16,
    timestamp: i32,
}

/// What a decoder is to make sound of.
#[derive(Clone, Copy)]
enum Heard<'a> {
    /// A packet.
    Packet(&'a [u8]),
    /// One that was lost just before this packet, and lasted so many units of the source's clock.
    Lost(&'a [u8], u32),
}

/// Sends what was lost just before `packet`, where that is all but certain: a number is missing, and the time of a packet like this.
/// False: the packet itself came after one that was behind it, and its time is over.
fn recover(
    listener: &mut Leg,
    packet: &Packet<'_>,
    units: u32,
    since: Option<Since>,
    out: &mut Stamped,
    send: &mut dyn FnMut(Transmit<'_>),
) -> bool {
    let Some(since) = since else { return true };
    if since.sequence <= 0 {
        return false;
    }
    if since.sequence < 2 || i64::from(since.timestamp) < 2 * i64::from(units) {
        return true;
    }
    let mut before = *out;
    before.header.sequence = out.header.sequence.wrapping_sub(1);
    before.header.timestamp = out.header.timestamp.wrapping_sub(out.units);
    before.header.marker = false;
    let lost = Heard::Lost(packet.payload, units);
    let more = transcode(listener, Codec::Opus, lost, before, send);
    out.header.sequence = out.header.sequence.wrapping_add_signed(more);
    true
}

/// Through the source's decoder and the listener's encoder. A codec whose packets cannot be as long as the source's gets more than
/// one; where there is nothing to hear, it may get none. Returns how many more than one it got.
fn transcode(
    listener: &mut Leg,
    from: Codec,
    heard: Heard<'_>,
    mut out: Stamped,
    send: &mut dyn FnMut(Transmit<'_>),
) -> i16 {
    let begin = out.header.sequence;
    let mut sound = [0; 2 * PAYLOAD];
    let samples = decode(listener, from, heard, &mut sound);
    let (clock, rate) = (listener.out.clock(), listener.encoder.rate());
    let mut rest = &sound[..samples];
    let mut packets = 0;
    loop {
        let (now, later) = rest.split_at(listener.encoder.whole(rest.len()));
        if now.is_empty() {
            break;
        }
        if packets > 0 {
            // The source's numbers are one behind from here on.
            listener.relay.put_in();
            out.header.sequence = out.header.sequence.wrapping_add(1);
            out.header.marker = false;
        }
        packets += 1;
        out.units = (now.len() as u64 * u64::from(clock.hz()) / u64::from(rate)) as u32;
        out.header.marker |= std::mem::take(&mut listener.relay.silent);
        let mut octets = [0; PAYLOAD];
        let n = listener.encoder.encode(now, &mut octets);
        if n > 0 {
            out.send(listener, &octets[..n], send);
        } else {
            listener.relay.leave_out();
            listener.relay.silent = true;
            out.header.sequence = out.header.sequence.wrapping_sub(1);
        }
        out.header.timestamp = out.header.timestamp.wrapping_add(out.units);
        rest = later;
    }
    out.header.sequence.wrapping_sub(begin) as i16
}

/// The source's sound, as the listener's encoder takes it, with soft edges. Says how many samples.
fn decode(listener: &mut Leg, from: Codec, heard: Heard<'_>, sound: &mut [i16]) -> usize {
    listener.encoder.take_from(from);
    if std::mem::take(&mut listener.relay.foreign) {
        listener.encoder.restart();
    }
    let rate = listener.encoder.rate();
    let mut decoder = match listener.relay.decoder.take() {
        Some(decoder) if decoder.codec() == from => decoder,
        _ => Decoder::new(from, rate),
    };
    let decoded = match heard {
        Heard::Packet(payload) => decoder.decode(payload),
        Heard::Lost(next, units) => {
            let samples = u64::from(units) * u64::from(rate) / u64::from(from.clock().hz());
            decoder.conceal(samples as usize, Some(next))
        }
    };
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
    samples
}

/// The place of a packet, with a timestamp of this clock, in the listener's stream; `None`: it belongs to a time before this
/// source was heard. Also how far it is from the newest before it; `None`: it is the first of the source.
fn restamp(
    listener: &mut Leg,
    now: Now,
    header: &Header,
    clock: Clock,
) -> Option<(Header, Option<Since>)> {
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
    let since = kept.map(|newest| Since {
        sequence: header.sequence.wrapping_sub(newest.sequence) as i16,
        timestamp: header.timestamp.wrapping_sub(newest.timestamp) as i32,
    });
    Some((stamped, since))
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
