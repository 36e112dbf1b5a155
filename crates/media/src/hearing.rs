//! What comes in from one far end, as even sound of 8 kHz: the jitter buffer, the codec, concealment, and the time that is put in or
//! left out to keep the delay as short as it can be.
//!
//! ```text
//!   packets --> [jitter buffer] --octets--> [decode] --(lost: concealed here)--> [stretch] --10 ms-->
//!                               --packets-> [decode] --(lost: the codec's own)--/
//! ```

use crate::mix::FRAME;
use std::time::Duration;
use tandem_codec::{Concealer, Decoder, Hurry, Law, RATE, Stretcher, opus, stream};
use tandem_rtp::{Holds, JitterBuffer, JitterConfig, Packet, Run, Timeline};
use tandem_types::{
    Mono,
    media::{Clock, Codec},
};

/// What concealment needs to have heard.
const PRIMER: u32 = 390;
/// Sound that was relayed so long ago is not continued by the mixer: the sender's clock is ahead of it.
const STANDSTILL: Duration = Duration::from_millis(100);
/// The most that is pulled at a time: a frame, and what may be left out.
const REFILL: usize = FRAME + *Stretcher::STEP.end();
/// No period of a sound that is made up is longer.
const LONGEST_PERIOD: usize = 120;
/// No packet is longer: 120 ms.
const LONGEST_PACKET: usize = 960;
/// Where the delay could not be corrected unheard, the next try is so many ticks later.
const PATIENCE: u32 = 3;
/// What a codec makes up is worth hearing for 60 ms, and there is nothing left of it after a second.
const FADED: usize = 480;
const GONE: usize = 8000;

/// The ear towards one far end.
pub(crate) struct Hearing {
    timeline: Timeline,
    jitter: JitterBuffer,
    /// Of what the buffer holds, at 8 kHz.
    decoder: Decoder,
    last_sound: Mono,
    /// While sound is taken. Boxed: whoever is only relayed has none, and it is large.
    play: Option<Box<Play>>,
}

/// From the buffer to the mixer.
struct Play {
    losses: Losses,
    /// What was pulled out of the buffer and is not heard yet.
    stretch: Stretcher,
    /// Ticks until the delay may be corrected again.
    settled: u32,
    /// When sound was taken last, by the mixer's time.
    taken: Mono,
}

/// Who makes up what was lost.
struct Losses {
    concealer: Concealer,
    /// Ticks that the codec itself has made up since the last packet.
    lost: usize,
    /// The last packet said that nothing follows.
    silent: bool,
}

impl Hearing {
    pub(crate) fn new() -> Self {
        Self {
            timeline: Timeline::default(),
            jitter: JitterBuffer::new(JitterConfig::adaptive(holds(Codec::Pcmu))),
            decoder: Decoder::new(Codec::Pcmu, RATE),
            last_sound: Mono(0),
            play: None,
        }
    }

    /// The far end speaks another codec from here on.
    pub(crate) fn hear_as(&mut self, codec: Codec) {
        self.jitter.reset_to(holds(codec));
        self.timeline = Timeline::new(codec.clock());
        self.decoder = Decoder::new(codec, RATE);
    }

    /// The codec that is spoken to us.
    pub(crate) fn codec(&self) -> Codec {
        self.decoder.codec()
    }

    /// Another stream of the same codec follows.
    pub(crate) fn restart(&mut self) {
        self.jitter.reset();
        self.timeline = Timeline::new(self.codec().clock());
    }

    /// A packet came that has no sound in it.
    pub(crate) fn passed(&mut self, sequence: u16) {
        self.jitter.passed(sequence);
    }

    /// A packet of sound came: to be played by [`Hearing::pull`], or, if nothing is taken, already played by others.
    pub(crate) fn keep(&mut self, now: Mono, packet: &Packet<'_>, codec: Codec) {
        self.last_sound = now;
        let held = self.codec();
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
        let Some(units) = stream::units(codec, payload) else {
            return self.passed(packet.header.sequence);
        };
        let ticks = Clock::Hz8000.of(codec.clock(), units);
        let sequence = packet.header.sequence;
        let tick = self.timeline.tick(packet.header.timestamp);
        match &self.play {
            Some(play) => {
                let since = now.since(play.taken).as_micros() as u32 * (RATE / 1000) / 1000;
                self.jitter.pulled_in((FRAME as u32).saturating_sub(since));
                self.jitter.insert(sequence, tick, ticks, payload);
            }
            None => self.jitter.follow(sequence, tick, ticks, payload),
        }
    }

    /// Sound is taken every 10 ms from here on.
    pub(crate) fn begin(&mut self, now: Mono) {
        if now.since(self.last_sound) > STANDSTILL {
            self.jitter.reset();
        }
        let mut losses = Losses {
            concealer: Concealer::new(),
            lost: 0,
            silent: false,
        };
        let mut heard = Vec::with_capacity(PRIMER as usize);
        let decoder = &mut self.decoder;
        let known = self.jitter.recent(PRIMER, |run| {
            sound_of(run, decoder, &mut heard);
        });
        if known {
            losses.concealer.good(&mut heard);
        }
        let mut stretch = Stretcher::default();
        stretch.restart(&heard);
        self.play = Some(Box::new(Play {
            losses,
            stretch,
            settled: 0,
            taken: now,
        }));
    }

    /// No more is taken: what waits was given to whoever is relayed from here on.
    pub(crate) fn end(&mut self) {
        if let Some(play) = self.play.take() {
            self.jitter.pass(play.stretch.ahead(), 0);
        }
    }

    /// 10 ms, as of `now`. Says whether at least half of them had to be made up.
    pub(crate) fn pull(&mut self, now: Mono, frame: &mut [i16; FRAME]) -> bool {
        let Some(play) = &mut self.play else {
            frame.fill(0);
            return false;
        };
        play.taken = now;
        let (jitter, decoder) = (&mut self.jitter, &mut self.decoder);
        let left_out = play.correct_delay(jitter, decoder);
        let missing = FRAME.saturating_sub(play.stretch.ahead());
        let (made_up, put_in) = play.refill(missing, jitter, decoder);
        play.stretch.play(frame);
        jitter.pass(FRAME, left_out - put_in);
        made_up >= FRAME / 2
    }

    /// The sound that has not had its turn yet, appended to `out` up to its end, in whole ticks: the listener is relayed from here
    /// on, and is owed it. Returns a decoder as it stands at that end, at another rate.
    pub(crate) fn waiting(&self, out: &mut Vec<i16>, rate: u32) -> Decoder {
        let mut sound = Vec::new();
        let mut decoder = self.follower(RATE);
        self.jitter
            .waiting(|run| sound_of(run, &mut decoder, &mut sound));
        if let Some(play) = &self.play {
            play.stretch.rest(&sound, FRAME, out);
        }
        if decoder.codec() != Codec::Opus {
            return decoder.sibling(rate);
        }
        let (mut follower, mut nothing) = (self.follower(rate), Vec::new());
        self.jitter
            .waiting(|run| sound_of(run, &mut follower, &mut nothing));
        follower
    }

    /// Another decoder that stands where ours does.
    fn follower(&self, rate: u32) -> Decoder {
        let mut follower = self.decoder.sibling(rate);
        if self.codec() == Codec::Opus {
            let mut nothing = Vec::new();
            self.jitter
                .recent(PRIMER, |run| sound_of(run, &mut follower, &mut nothing));
        }
        follower
    }
}

impl Play {
    /// Makes what waits shorter or longer where the delay is not what is wanted and nobody hears it. Returns the samples that
    /// were left out, or negative those that were put in.
    fn correct_delay(&mut self, jitter: &mut JitterBuffer, decoder: &mut Decoder) -> i32 {
        let wish = jitter.correction();
        let hurry = if wish.urgent {
            Hurry::Urgent
        } else {
            Hurry::Calm
        };
        self.settled = self.settled.saturating_sub(1);
        let making_up = self.losses.concealer.lost_ms() > 0 || self.losses.lost > 0;
        if wish.ticks == 0 || self.settled > 0 || making_up {
            return 0;
        }
        let most = match wish.ticks {
            // Never more, or it would have to be put in again.
            1.. => wish.ticks as usize,
            // Half a frame too few is made up for by a whole one, or no period of a voice would fit.
            _ => FRAME.max(wish.ticks.unsigned_abs() as usize),
        };
        let most = most.min(*Stretcher::STEP.end());
        let wanted = if wish.ticks > 0 { FRAME + most } else { FRAME };
        let more = wanted.saturating_sub(self.stretch.ahead());
        if !jitter.ready(more) {
            return 0;
        }
        self.refill(more, jitter, decoder);
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

    /// Pulls at least so many samples out of the buffer, to be heard after what waits. Returns how many had to be made up, and how
    /// many were put in besides.
    fn refill(
        &mut self,
        length: usize,
        jitter: &mut JitterBuffer,
        decoder: &mut Decoder,
    ) -> (usize, i32) {
        let mut resumed = jitter.resumed();
        let (losses, stretch) = (&mut self.losses, &mut self.stretch);
        let (mut made_up, mut put_in) = (0, 0);
        let mut sound = [0; REFILL + LONGEST_PERIOD];
        jitter.pull(length.min(REFILL), |run| match run {
            Run::Audio(codes) => {
                let n = codes.len();
                decoder.decode_ticks(codes, &mut sound[..n]);
                let mut more = 0;
                if std::mem::take(&mut resumed) {
                    more = losses.concealer.in_phase(&sound[..n]);
                    sound.copy_within(..n, more);
                    losses.concealer.conceal(&mut sound[..more]);
                    put_in += more;
                }
                losses.concealer.good(&mut sound[more..more + n]);
                stretch.push(&sound[..more + n]);
            }
            Run::Packet {
                payload,
                skip,
                ticks,
            } => {
                let whole = decoder.decode(payload);
                stretch.push(&whole[skip.min(whole.len())..(skip + ticks).min(whole.len())]);
                (losses.lost, losses.silent) = (0, payload.len() <= opus::SILENT);
            }
            Run::Lost(n) if losses.by_codec(decoder) => {
                made_up += losses.make_up(decoder, n, None, stretch);
            }
            Run::Recover { ticks, from } => {
                made_up += losses.make_up(decoder, ticks, Some(from), stretch);
            }
            Run::Lost(n) => {
                if losses.concealer.conceal(&mut sound[..n]) {
                    made_up += n;
                }
                stretch.push(&sound[..n]);
            }
            Run::Silence(n) => {
                sound[..n].fill(0);
                losses.concealer.good(&mut sound[..n]);
                stretch.push(&sound[..n]);
            }
        });
        (made_up + put_in, put_in as i32)
    }
}

impl Losses {
    fn by_codec(&self, decoder: &Decoder) -> bool {
        decoder.codec() == Codec::Opus
    }

    /// Lets the codec make up what is lost. Returns how much of it counts as a loss that is heard.
    fn make_up(
        &mut self,
        decoder: &mut Decoder,
        ticks: usize,
        next: Option<&[u8]>,
        stretch: &mut Stretcher,
    ) -> usize {
        let before = self.lost;
        self.lost += ticks;
        let ticks = ticks.min(LONGEST_PACKET);
        if before >= GONE {
            stretch.push(&[0; LONGEST_PACKET][..ticks]);
            return 0;
        }
        stretch.push(decoder.conceal(ticks, next));
        if before < FADED && !self.silent {
            ticks
        } else {
            0
        }
    }
}

/// Appends what a decoder of 8 kHz makes of a run.
fn sound_of(run: Run<'_>, decoder: &mut Decoder, out: &mut Vec<i16>) {
    match run {
        Run::Audio(octets) => {
            let at = out.len();
            out.resize(at + octets.len(), 0);
            decoder.decode_ticks(octets, &mut out[at..]);
        }
        Run::Packet { payload, .. } => out.extend_from_slice(decoder.decode(payload)),
        Run::Lost(n) | Run::Silence(n) | Run::Recover { ticks: n, .. } => {
            out.resize(out.len() + n, 0);
        }
    }
}

fn holds(codec: Codec) -> Holds {
    stream::silence(codec).map_or(Holds::Packets, |silence| Holds::Octets { silence })
}
