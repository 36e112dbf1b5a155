//! One leg: what comes in from the far end, and the state of what goes out.

use crate::{
    ears::Ears,
    graph::Context,
    mix::{FRAME, Mixer, Voice},
    output::EngineConfig,
    relay::Relay,
    reports::Watch,
};
use std::time::Duration;
use tandem_codec::{Concealer, Decoder, DtmfTone, Encoder, Hurry, Law, RATE, Stretcher, stream};
use tandem_rtp::{
    DigitReceiver, DigitSender, EventClock, JitterBuffer, JitterConfig, Latch, Outgoing, Packet,
    ReceiveStats, Received, Run, Srtp, Timeline,
};
use tandem_types::{
    LegId, Mono, Rng,
    media::{Clock, Codec, LegStats, MediaFlow},
};

/// The longest packet that we send: 60 ms.
pub(crate) const LONGEST: usize = 480;
/// What concealment needs to have heard.
const PRIMER: usize = 390;
/// Sound that was relayed so long ago is not continued by the mixer: the sender's clock is ahead of it.
const STANDSTILL: Duration = Duration::from_millis(100);
/// The most that is pulled at a time: a frame, and what may be left out.
const REFILL: usize = FRAME + *Stretcher::STEP.end();
/// No period of a sound that is made up is longer.
const LONGEST_PERIOD: usize = 120;
/// Where the delay could not be corrected unheard, the next try is so many ticks later.
const PATIENCE: u32 = 3;
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
    /// Keys of this leg are told, and heard by nobody.
    pub(crate) keys_kept: bool,
    last_sound: Mono,
    /// Of the stream that comes in.
    timeline: Timeline,
    jitter: JitterBuffer,
    /// Of what the buffer holds, at 8 kHz.
    decoder: Decoder,
    concealer: Concealer,
    /// What was pulled out of the buffer and is not heard yet.
    stretch: Stretcher,
    /// Ticks until the delay may be corrected again.
    settled: u32,
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
    pub(crate) pending: [i16; LONGEST],
    pub(crate) pending_len: usize,
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
            keys_kept: false,
            last_sound: Mono(0),
            timeline: Timeline::default(),
            jitter: JitterBuffer::new(JitterConfig::adaptive(Law::Mu.silence())),
            decoder: Decoder::new(Codec::Pcmu, RATE),
            concealer: Concealer::new(),
            stretch: Stretcher::default(),
            settled: 0,
            pulled: false,
            frame: [0; FRAME],
            ears: None,
            relays_to: Vec::new(),
            role: Role::Closed,
            encoder: Encoder::new(Codec::Pcmu),
            out: Outgoing::new(rng),
            relay: Relay::default(),
            mixer: Mixer::default(),
            pending: [0; LONGEST],
            pending_len: 0,
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
        let codec_changed = self.flow.as_ref().is_none_or(|old| old.codec != flow.codec);
        if codec_changed {
            self.hear_as(flow.codec);
            self.encoder = Encoder::new(flow.codec);
            self.out.set_clock(flow.codec.clock(), rng);
            self.relay.release();
        }
        let clock = EventClock {
            stream: flow.codec.clock(),
            event: flow.event_clock,
        };
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
        self.jitter.reset_to(stream::silence(codec));
        self.timeline = Timeline::new(codec.clock());
        self.received.set_clock(codec.clock());
        self.decoder = Decoder::new(codec, RATE);
    }

    /// The codec that is spoken to us.
    pub(crate) fn heard_codec(&self) -> Codec {
        self.decoder.codec()
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

    /// Samples in a packet that we send.
    pub(crate) fn packet_samples(&self) -> usize {
        let ptime = self
            .flow
            .as_ref()
            .map_or(20, |f| usize::from(f.ptime_ms).clamp(10, 60));
        ptime / 10 * FRAME
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
        let codec = codec_of(flow, header.payload_type).filter(|_| flow.receive);
        let verdict = self.received.receive(context.now.mono, header, !event);
        if verdict == Received::Stray {
            return Taken::Nothing;
        }
        let restart = verdict == Received::Restart;
        if restart {
            self.jitter.reset();
            self.timeline = Timeline::new(self.heard_codec().clock());
            self.event = None;
            if let Some(key) = self.keys_in.reset() {
                self.key(context, key);
            }
        }
        if event {
            self.jitter.passed(header.sequence);
            return Taken::Event { restart };
        }
        let Some(codec) = codec else {
            self.jitter.passed(header.sequence);
            return Taken::Nothing;
        };
        if let Some(key) = self.keys_in.sound(header.timestamp) {
            self.key(context, key);
        }
        self.last_sound = context.now.mono;
        self.keep(packet, codec);
        Taken::Sound { codec, restart }
    }

    fn keep(&mut self, packet: &Packet<'_>, codec: Codec) {
        let held = self.heard_codec();
        let mut converted = [0; 1024];
        let payload = match (Law::of(codec), Law::of(held)) {
            (Some(law), Some(own)) if law != own => {
                let n = law.convert_into(own, packet.payload, &mut converted);
                &converted[..n]
            }
            _ => {
                if codec != held && Law::of(codec).is_none() | Law::of(held).is_none() {
                    self.hear_as(codec);
                }
                packet.payload
            }
        };
        let sequence = packet.header.sequence;
        let tick = self.timeline.tick(packet.header.timestamp);
        if self.pulled {
            self.jitter.insert(sequence, tick, payload);
        } else {
            self.jitter.follow(sequence, tick, payload);
        }
    }

    /// A key came, once.
    pub(crate) fn key(&mut self, context: &mut Context<'_>, key: char) {
        self.keys += 1;
        context.event(tandem_types::media::MediaEvent::Digit {
            leg: self.id,
            digit: key,
        });
    }

    /// A telephone-event packet came: its missing sound is neither loss nor speech.
    pub(crate) fn shadow(&mut self, now: Mono) {
        self.key_until = now + KEY_SHADOW;
    }

    /// Begins or ends to take this leg's sound, every 10 ms.
    pub(crate) fn set_pulled(&mut self, now: Mono, pulled: bool) {
        if pulled && !self.pulled {
            if now.since(self.last_sound) > STANDSTILL {
                self.jitter.reset();
            }
            let mut codes = [0; PRIMER];
            let mut sound = [0; PRIMER];
            self.concealer.reset();
            if self.jitter.recent(&mut codes) {
                self.decoder.decode_ticks(&codes, &mut sound);
                self.concealer.good(&mut sound);
            }
            self.stretch.restart(&sound);
        }
        if self.pulled && !pulled {
            // What waits was given to whoever is relayed from here on.
            self.jitter.pass(self.stretch.ahead(), 0);
        }
        self.pulled = pulled;
    }

    /// Fills this tick's frame, and lets the ears hear it.
    pub(crate) fn pull(&mut self, context: &mut Context<'_>, next_segment: &mut u32) {
        let in_key = context.now.mono < self.key_until;
        let left_out = self.correct_delay();
        let missing = FRAME.saturating_sub(self.stretch.ahead());
        let (made_up, put_in) = self.refill(missing);
        self.stretch.play(&mut self.frame);
        self.jitter.pass(FRAME, left_out - put_in);
        if made_up >= FRAME / 2 && !in_key {
            self.concealed += 1;
        }
        if let Some(ears) = &mut self.ears {
            ears.hear(self.id, &self.frame, in_key, next_segment, context);
        }
    }

    /// Makes what waits shorter or longer where the delay is not what is wanted and nobody hears it. Returns the samples that
    /// were left out, or negative those that were put in.
    fn correct_delay(&mut self) -> i32 {
        let wish = self.jitter.correction();
        let hurry = if wish.urgent {
            Hurry::Urgent
        } else {
            Hurry::Calm
        };
        self.settled = self.settled.saturating_sub(1);
        if wish.ticks == 0 || self.settled > 0 || self.concealer.lost_ms() > 0 {
            return 0;
        }
        // Half a frame too few is made up for by a whole one, or no period of a voice would fit.
        let most = wish.ticks.unsigned_abs().max(FRAME as u32) as usize;
        let most = most.min(*Stretcher::STEP.end());
        let wanted = if wish.ticks > 0 { FRAME + most } else { FRAME };
        let more = wanted.saturating_sub(self.stretch.ahead());
        if !self.jitter.ready(more) {
            return 0;
        }
        self.refill(more);
        let done = if wish.ticks > 0 {
            self.stretch.shorten(most, hurry) as i32
        } else {
            -(self.stretch.lengthen(most, hurry) as i32)
        };
        if done == 0 {
            self.settled = PATIENCE;
        }
        done
    }

    /// Pulls so many samples out of the buffer, to be heard after what waits. Returns how many had to be made up, and how many
    /// were put in besides.
    fn refill(&mut self, length: usize) -> (usize, i32) {
        let mut resumed = self.jitter.resumed();
        let (decoder, concealer) = (&mut self.decoder, &mut self.concealer);
        let stretch = &mut self.stretch;
        let (mut sound, mut made_up, mut put_in) = ([0; REFILL + LONGEST_PERIOD], 0, 0);
        let mut at = 0;
        self.jitter.pull(length.min(REFILL), |run| {
            let n = match run {
                Run::Audio(codes) => codes.len(),
                Run::Lost(n) | Run::Silence(n) => n,
            };
            let piece = &mut sound[at..at + n];
            match run {
                Run::Audio(codes) => {
                    decoder.decode_ticks(codes, piece);
                    if std::mem::take(&mut resumed) {
                        put_in = concealer.in_phase(piece);
                        sound.copy_within(at..at + n, at + put_in);
                        concealer.conceal(&mut sound[at..at + put_in]);
                        at += put_in;
                    }
                    concealer.good(&mut sound[at..at + n]);
                }
                Run::Lost(_) => {
                    if concealer.conceal(piece) {
                        made_up += n;
                    }
                }
                Run::Silence(_) => concealer.good(piece),
            }
            at += n;
        });
        stretch.push(&sound[..at]);
        (made_up + put_in, put_in as i32)
    }

    /// The sound of this leg that has not had its turn yet, appended to `out` up to its end, in whole ticks: the listener is
    /// relayed from here on, and is owed it. Returns the decoder as it stands at that end.
    pub(crate) fn waiting(&self, out: &mut Vec<i16>) -> Decoder {
        let mut codes = [0; 4096];
        let mut sound = [0; 4096];
        let n = self.jitter.waiting(&mut codes);
        let mut decoder = self.decoder.clone();
        decoder.decode_ticks(&codes[..n], &mut sound[..n]);
        self.stretch.rest(&sound[..n], FRAME, out);
        decoder
    }
}

/// The codec of a payload type: the negotiated one, or another's static type, which some senders change to
/// without a word.
fn codec_of(flow: &MediaFlow, payload_type: u8) -> Option<Codec> {
    if payload_type == flow.payload_type {
        return Some(flow.codec);
    }
    Codec::ALL
        .into_iter()
        .find(|c| c.payload_type() == payload_type)
}
