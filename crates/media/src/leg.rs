//! One leg: what comes in from the far end, and the state of what goes out.

use crate::{
    ears::Ears,
    graph::Context,
    hearing::Hearing,
    mix::{FRAME, Mixer, Voice},
    output::EngineConfig,
    relay::Relay,
    reports::Watch,
};
use std::time::Duration;
use tandem_codec::{Decoder, DtmfDetector, DtmfTone, Encoder, Law, stream};
use tandem_rtp::{
    DigitReceiver, DigitSender, EventClock, Latch, Outgoing, Packet, ReceiveStats, Received, Srtp,
};
use tandem_types::{
    LegId, Mono, Rng,
    media::{Clock, Codec, LegStats, MediaFlow},
};

/// The longest packet that we send: 60 ms.
pub(crate) const LONGEST: usize = 480;
/// While keys are pressed, and so long after, sound that is missing is no loss and no speech.
const KEY_SHADOW: Duration = Duration::from_millis(80);

/// What a leg is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing: no flow yet, or the far end does not want any.
    Closed,
    /// The packets of one leg.
    Relayed(LegId),
    /// Frames of the mixer.
    Mixed,
}

pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) local: Option<std::net::SocketAddr>,
    pub(crate) flow: Option<MediaFlow>,
    pub(crate) latch: Latch,
    /// Boxed: most legs have none, and it is large.
    pub(crate) srtp: Option<Box<Srtp>>,
    pub(crate) received: ReceiveStats,
    pub(crate) watch: Watch,
    /// The deadline that the engine knows of.
    pub(crate) armed: Mono,
    pub(crate) refused: u64,
    keys: u32,
    concealed: u64,
    pub(crate) keys_in: DigitReceiver,
    /// The timestamp of the event that is coming in, and whether its packets are relayed.
    pub(crate) event: Option<(u32, bool)>,
    key_until: Mono,
    /// Where keys are taken from its sound.
    tones_in: Option<DtmfDetector>,
    /// Keys of this leg are told, and heard by nobody.
    pub(crate) keys_kept: bool,
    hearing: Hearing,
    /// The mixer or the ears take this leg's sound.
    pulled: bool,
    frame: [i16; FRAME],
    pub(crate) ears: Option<Ears>,
    /// Legs that are relayed this one's packets.
    pub(crate) relays_to: Vec<LegId>,

    pub(crate) role: Role,
    /// Of all that this leg is sent.
    pub(crate) encoder: Encoder,
    pub(crate) out: Outgoing,
    pub(crate) relay: Relay,
    pub(crate) mixer: Mixer,
    /// Sound that waits until a packet is full.
    pub(crate) pending: Vec<i16>,
    pub(crate) keys_out: DigitSender,
    /// Keys as tones, for far ends without RFC 4733.
    pub(crate) tone_out: DtmfTone,
    /// The last sample that was sent.
    pub(crate) last_sent: i16,
}

/// What a packet turned out to be.
pub(crate) enum Taken {
    /// Sound of this codec; `restart`: of a stream that began anew.
    Sound { codec: Codec, restart: bool },
    /// A telephone-event.
    Event { restart: bool },
    /// Nothing to hear (comfort noise, an unknown payload type, a stray).
    Nothing,
}

impl Leg {
    pub(crate) fn new(id: LegId, now: Mono, rng: &mut Rng) -> Self {
        Self {
            id,
            local: None,
            flow: None,
            latch: Latch::new(),
            srtp: None,
            received: ReceiveStats::new(),
            watch: Watch::new(now),
            armed: Mono(u64::MAX),
            refused: 0,
            keys: 0,
            concealed: 0,
            keys_in: DigitReceiver::new(),
            event: None,
            key_until: Mono(0),
            tones_in: None,
            keys_kept: false,
            hearing: Hearing::new(),
            pulled: false,
            frame: [0; FRAME],
            ears: None,
            relays_to: Vec::new(),
            role: Role::Closed,
            encoder: Encoder::new(Codec::Pcmu),
            out: Outgoing::new(rng),
            relay: Relay::default(),
            mixer: Mixer::default(),
            pending: Vec::new(),
            keys_out: DigitSender::new(),
            tone_out: DtmfTone::new("", 100, 60),
            last_sent: 0,
        }
    }

    /// What one offer/answer fixed.
    pub(crate) fn set_flow(
        &mut self,
        now: Mono,
        flow: MediaFlow,
        config: &EngineConfig,
        rng: &mut Rng,
    ) {
        self.latch
            .set(flow.remote, flow.learn_from, flow.generation);
        let wants = |f: &MediaFlow| (f.codec, f.opus);
        let codec_changed = self
            .flow
            .as_ref()
            .is_none_or(|old| wants(old) != wants(&flow));
        if codec_changed {
            self.hear_as(flow.codec);
            self.encoder = Encoder::with(flow.codec, flow.opus);
            self.out.set_clock(flow.codec.clock(), rng);
            self.relay.release();
        }
        let clock = EventClock {
            stream: flow.codec.clock(),
            event: flow.event_clock,
        };
        self.tones_in = flow.tones.then(|| self.tones_in.take().unwrap_or_default());
        self.keys_in.set_clock(clock);
        self.keys_out.set_clock(clock);
        match (&mut self.srtp, flow.srtp.clone()) {
            (Some(srtp), Some(keys)) => srtp.set(keys),
            (srtp, keys) => *srtp = keys.map(|keys| Box::new(Srtp::new(keys))),
        }
        self.watch.flow(now, self.flow.as_ref(), &flow, config, rng);
        self.flow = Some(flow);
    }

    /// The far end speaks another codec from here on.
    fn hear_as(&mut self, codec: Codec) {
        self.received.set_clock(codec.clock());
        self.hearing.hear_as(codec);
    }

    /// The codec that is spoken to us.
    pub(crate) fn heard_codec(&self) -> Codec {
        self.hearing.codec()
    }

    /// What the keys that come in are counted by.
    pub(crate) fn event_clock(&self) -> EventClock {
        EventClock {
            stream: self.heard_codec().clock(),
            event: self
                .flow
                .as_ref()
                .map_or_else(Clock::default, |f| f.event_clock),
        }
    }

    /// Samples in a packet that we send: no longer than the far end wants it, and of a length that the codec has.
    pub(crate) fn packet_samples(&self) -> usize {
        let ptime = self
            .flow
            .as_ref()
            .map_or(20, |f| usize::from(f.ptime_ms).clamp(10, 60));
        self.encoder.whole_narrow(ptime / 10 * FRAME)
    }

    /// Presses keys towards the far end.
    pub(crate) fn press(&mut self, keys: &str) {
        if self
            .flow
            .as_ref()
            .is_some_and(|f| f.event_payload_type.is_some())
        {
            self.keys_out.press(keys);
        } else {
            self.tone_out.press(keys);
        }
    }

    pub(crate) fn pressing(&self) -> bool {
        !self.keys_out.is_idle() || !self.tone_out.done()
    }

    pub(crate) fn listen(&mut self, on: bool, end_silence: Duration) {
        match &mut self.ears {
            Some(ears) if on => ears.set_end_silence(end_silence),
            _ => self.ears = on.then(|| Ears::new(end_silence)),
        }
    }

    pub(crate) fn pulled(&self) -> bool {
        self.pulled
    }
    /// This tick's sound.
    pub(crate) fn frame(&self) -> &[i16; FRAME] {
        &self.frame
    }
    /// What a listener knows this leg as.
    pub(crate) fn voice(&self) -> Voice {
        Voice::Leg(self.id.index)
    }

    pub(crate) fn stats(&self) -> LegStats {
        LegStats {
            sent: self.out.packets(),
            received: self.received.received(),
            lost: self.received.lost(),
            refused: self.refused,
            jitter_us: self.received.jitter_us(),
            digits: self.keys,
            concealed: self.concealed,
        }
    }

    /// Encrypts a packet, the first `length` octets of `bytes`, where the leg is; its new length. `None`: it must not go out.
    pub(crate) fn seal(&mut self, bytes: &mut [u8], length: usize) -> Option<usize> {
        match &mut self.srtp {
            Some(srtp) => srtp.protect(bytes, length),
            None => Some(length),
        }
    }

    /// Counts a packet from a source that may be heard, and says what it is. Sound is kept for whom it is for.
    pub(crate) fn take(&mut self, context: &mut Context<'_>, packet: &Packet<'_>) -> Taken {
        let Some(flow) = &self.flow else {
            return Taken::Nothing;
        };
        let header = &packet.header;
        let event = flow.event_payload_type == Some(header.payload_type);
        let codec = codec_of(flow, header.payload_type)
            .filter(|c| flow.receive && stream::units(*c, packet.payload).is_some());
        let verdict = self.received.receive(context.now.mono, header, !event);
        if verdict == Received::Stray {
            return Taken::Nothing;
        }
        let restart = verdict == Received::Restart;
        if restart {
            self.hearing.restart();
            self.event = None;
            if let Some(key) = self.keys_in.reset() {
                self.key(context, key);
            }
        }
        if event {
            self.hearing.passed(header.sequence);
            return Taken::Event { restart };
        }
        let Some(codec) = codec else {
            self.hearing.passed(header.sequence);
            return Taken::Nothing;
        };
        if let Some(key) = self.keys_in.sound(header.timestamp) {
            self.key(context, key);
        }
        if codec.clock() != self.heard_codec().clock() {
            self.hear_as(codec);
        }
        if self.needs_even_tones() {
            // From its first packet on: a key may begin there.
            self.set_pulled(context.now.mono, true);
        }
        self.hearing.keep(context.now.mono, packet, codec);
        Taken::Sound { codec, restart }
    }

    /// A key came, once.
    pub(crate) fn key(&mut self, context: &mut Context<'_>, key: char) {
        self.keys += 1;
        context.event(tandem_types::media::MediaEvent::Digit {
            leg: self.id,
            digit: key,
        });
    }

    /// The keys that began in this tick's sound, which are none but where they are taken from it.
    pub(crate) fn tones(&mut self, now: Mono) -> Option<char> {
        let mut key = None;
        let detector = self.tones_in.as_mut().filter(|_| self.pulled)?;
        detector.feed(&self.frame, |k| key = Some(k));
        if detector.is_down() {
            self.shadow(now);
        }
        key
    }

    /// The key that began in a packet which nobody else takes the sound of: as it came, because to even out when packets come and
    /// what is missing costs more than all else that is done for a relayed one, and a tone lasts longer than either.
    pub(crate) fn tone_in(&mut self, codec: Codec, payload: &[u8]) -> Option<char> {
        let detector = self.tones_in.as_mut().filter(|_| !self.pulled)?;
        let law = Law::of(codec)?;
        let (mut key, mut sound) = (None, [0; LONGEST]);
        for codes in payload.chunks(LONGEST) {
            let n = law.decode_into(codes, &mut sound);
            detector.feed(&sound[..n], |k| key = Some(k));
        }
        key
    }

    /// Keys are taken from its sound, which has to be made even for that, since its packets depend on each other; and there is some:
    /// until then the tick would look for them in silence.
    pub(crate) fn needs_even_tones(&self) -> bool {
        let law = self.flow.as_ref().and_then(|f| Law::of(f.codec));
        self.tones_in.is_some() && law.is_none() && self.received.received() > 0
    }

    /// A telephone-event packet came: its missing sound is neither loss nor speech.
    pub(crate) fn shadow(&mut self, now: Mono) {
        self.key_until = now + KEY_SHADOW;
    }

    /// Begins or ends to take this leg's sound, every 10 ms.
    pub(crate) fn set_pulled(&mut self, now: Mono, pulled: bool) {
        if pulled && !self.pulled {
            self.hearing.begin(now);
        }
        if self.pulled && !pulled {
            self.hearing.end();
        }
        self.pulled = pulled;
    }

    /// Fills this tick's frame, and lets the ears hear it.
    pub(crate) fn pull(&mut self, context: &mut Context<'_>, next_segment: &mut u32) {
        let in_key = context.now.mono < self.key_until;
        if self.hearing.pull(context.now.mono, &mut self.frame) && !in_key {
            self.concealed += 1;
        }
        if let Some(ears) = &mut self.ears {
            ears.hear(self.id, &self.frame, in_key, next_segment, context);
        }
    }

    /// The sound of this leg that has not had its turn yet, appended to `out` up to its end, in whole ticks: the listener is
    /// relayed from here on, and is owed it. Returns a decoder as it stands at that end, at another rate.
    pub(crate) fn waiting(&self, out: &mut Vec<i16>, rate: u32) -> Decoder {
        self.hearing.waiting(out, rate)
    }
}

/// The codec of a payload type: the negotiated one, or another's static type, which some senders change to
/// without a word.
fn codec_of(flow: &MediaFlow, payload_type: u8) -> Option<Codec> {
    if payload_type == flow.payload_type {
        return Some(flow.codec);
    }
    Codec::of_static(payload_type)
}
