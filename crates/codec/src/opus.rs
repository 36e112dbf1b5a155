//! Opus (RFC 6716, by libopus) in mono, one packet of any length at a time. Decoded and encoded at the rate that is wanted: it
//! changes rates by itself.
//!
//! ```text
//!                .- the packet came -----------------> decode
//!   a packet's --+- lost, the one after it is there --> recover: in-band FEC, or made up where the sender put none in
//!   turn         '- lost -----------------------------> conceal: made up; noise where the sender was silent (DTX)
//! ```

use crate::RATE;
use opus::{Application, Bandwidth, Bitrate, Channels, Signal};
use tandem_types::media::{Clock, OpusFormat};

/// The longest packet: 120 ms (RFC 6716 section 3.2.5).
const LONGEST_MS: u32 = 120;
/// Most frames in a packet.
const MOST_FRAMES: u32 = 48;
/// What can be made up at a time has whole multiples of 2.5 ms: so many to the second.
const GRAINS: u32 = 400;
/// A packet of no more octets than this says that the sender is silent (RFC 7587 section 3.1.3).
pub const SILENT: usize = 2;
/// What libopus spends on search, of 10: more than this is not heard with voices, and doubles the cost.
const COMPLEXITY: i32 = 5;

/// How long a packet lasts, in units of 48000, by its first octets (RFC 6716 section 3.1); `None`: it is none.
pub fn units(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let config = usize::from(toc >> 3);
    // In 2.5 ms: SILK of 10 to 60 ms, hybrid of 10 and 20, CELT of 2.5 to 20.
    let frame = match config {
        0..12 => [4, 8, 16, 24][config & 3],
        12..16 => [4, 8][config & 1],
        _ => [1, 2, 4, 8][config & 3],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let units = frame * frames * (Clock::Hz48000.hz() / GRAINS);
    let fits = (1..=MOST_FRAMES).contains(&frames) && units <= Clock::Hz48000.ms(LONGEST_MS);
    fits.then_some(units)
}

/// Of so many samples, how many go into one packet; 0 for less than 2.5 ms (RFC 7587 section 4.2).
pub fn whole(rate: u32, samples: usize) -> usize {
    let grain = (rate / GRAINS) as usize;
    let lengths = [24, 16, 8, 4, 2, 1].map(|n| n * grain);
    lengths.into_iter().find(|n| *n <= samples).unwrap_or(0)
}

/// Packets of one sender to sound.
#[derive(Debug)]
pub struct Decoder {
    inner: opus::Decoder,
    rate: u32,
}

impl Decoder {
    /// For a stream that begins; `rate` is 8000, 12000, 16000, 24000 or 48000 Hz.
    ///
    /// # Panics
    /// At any other rate, or without memory.
    pub fn new(rate: u32) -> Self {
        let inner = opus::Decoder::new(rate, Channels::Mono);
        Self {
            inner: inner.expect("a rate of Opus"),
            rate,
        }
    }

    /// The sound of a packet; nothing where it is none.
    pub fn decode(&mut self, packet: &[u8], out: &mut Vec<i16>) {
        let units = units(packet).unwrap_or(0);
        let samples = (units / Clock::Hz48000.hz().div_euclid(self.rate)) as usize;
        self.make(packet, samples, false, out);
    }

    /// So many samples of a packet that was lost.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) {
        self.make(&[], samples, false, out);
    }

    /// So many samples of a packet that was lost, where `next` came after it.
    pub fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<i16>) {
        self.make(next, samples, true, out);
    }

    fn make(&mut self, packet: &[u8], samples: usize, fec: bool, out: &mut Vec<i16>) {
        let grain = (self.rate / GRAINS) as usize;
        out.clear();
        out.resize(samples.next_multiple_of(grain), 0);
        if samples > 0 && self.inner.decode(packet, out, fec).is_err() {
            // What is no Opus inside is lost as well.
            let _ = self.inner.decode(&[], out, false);
        }
        out.truncate(samples);
    }
}

/// Sound to the packets that one listener is sent.
#[derive(Debug)]
pub struct Encoder {
    inner: opus::Encoder,
    rate: u32,
    format: OpusFormat,
    loss_percent: u8,
}

impl Encoder {
    /// For a listener who wants this; sound goes in at 8 kHz.
    ///
    /// # Panics
    /// Without memory.
    pub fn new(format: OpusFormat) -> Self {
        Self::at(RATE, format, 0)
    }

    fn at(rate: u32, format: OpusFormat, loss_percent: u8) -> Self {
        let inner = opus::Encoder::new(rate, Channels::Mono, Application::Voip);
        let mut encoder = Self {
            inner: inner.expect("a rate of Opus"),
            rate,
            format,
            loss_percent,
        };
        encoder.set().expect("values that Opus has");
        encoder
    }

    fn set(&mut self) -> opus::Result<()> {
        self.inner.set_complexity(COMPLEXITY)?;
        self.inner.set_signal(Signal::Voice)?;
        let bits = self.bits();
        self.inner.set_bitrate(Bitrate::Bits(bits as i32))?;
        self.inner.set_vbr(!self.format.cbr)?;
        self.inner
            .set_max_bandwidth(match self.format.max_playback_hz {
                0..=8000 => Bandwidth::Narrowband,
                8001..=12_000 => Bandwidth::Mediumband,
                12_001..=16_000 => Bandwidth::Wideband,
                _ => Bandwidth::Fullband,
            })?;
        self.inner.set_dtx(self.format.dtx)?;
        self.inner.set_inband_fec(self.format.fec)?;
        self.inner
            .set_packet_loss_perc(i32::from(self.loss_percent))
    }

    fn bits(&self) -> u32 {
        // What telephones and voices need (RFC 7587 section 3.1.1); room for the copies of what may be lost.
        let bits = if self.rate > RATE { 24_000 } else { 14_000 };
        let copies = if self.loss_percent > 0 { bits / 2 } else { 0 };
        let most = self.format.max_bitrate.unwrap_or(u32::MAX).max(6000);
        (bits + copies).min(most)
    }

    /// Samples per second that go in.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Sound of this rate goes in from here on.
    pub fn set_rate(&mut self, rate: u32) {
        if rate != self.rate {
            *self = Self::at(rate, self.format, self.loss_percent);
        }
    }

    /// So many of a hundred packets get lost on their way to the listener: what that would cost is sent again in the packets that
    /// follow, where the listener said that it makes use of it.
    pub fn set_loss(&mut self, percent: u8) {
        let percent = if self.format.fec { percent.min(100) } else { 0 };
        if percent != self.loss_percent {
            self.loss_percent = percent;
            self.set().expect("values that Opus has");
        }
    }

    /// The listener heard another's packets meanwhile: the next one builds on nothing. What it heard before still rings in its own
    /// decoder: of a voice nothing is heard of that, a steady tone may swell for a tenth of a second.
    pub fn restart(&mut self) {
        self.inner.reset_state().expect("a reset");
    }

    /// One packet, of as many samples as [`whole`] says. Returns how many octets it has; 0: the listener need not be sent
    /// anything, for there is nothing to hear.
    pub fn encode(&mut self, sound: &[i16], packet: &mut [u8]) -> usize {
        match self.inner.encode(sound, packet) {
            Ok(n) if n <= SILENT && self.format.dtx => 0,
            Ok(n) => n,
            Err(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ToneMeter, ToneSource, meter::level_dbov, plc::tests::voice, tone::Mix};

    const FRAME: usize = 160;

    fn tone(hz: f64, ms: usize) -> Vec<i16> {
        let mut pcm = vec![0; ms * 8];
        ToneSource::steady(Mix::One(hz), 9000.0).fill(&mut pcm);
        pcm
    }

    /// Packets of 20 ms.
    fn packets(format: OpusFormat, loss: u8, sound: &[i16]) -> Vec<Vec<u8>> {
        let mut encoder = Encoder::new(format);
        encoder.set_loss(loss);
        let packet = |frame: &[i16]| {
            let mut out = vec![0; 400];
            let n = encoder.encode(frame, &mut out);
            out.truncate(n);
            out
        };
        sound.chunks_exact(FRAME).map(packet).collect()
    }

    proptest::proptest! {
        #[test]
        fn the_length_of_a_packet_is_what_libopus_says(toc in 0u8..=255, count in 0u8..=255) {
            let packet = [toc, count, 0, 0];
            let theirs = opus::packet::get_nb_samples(&packet, 48_000).ok().map(|n| n as u32);
            assert_eq!(units(&packet), theirs.filter(|n| *n > 0));
        }

        #[test]
        fn no_bytes_do_harm(packet in proptest::collection::vec(proptest::num::u8::ANY, 0..200), rate in proptest::sample::select(vec![8000u32, 16_000, 48_000])) {
            let (mut decoder, mut out) = (Decoder::new(rate), Vec::new());
            decoder.decode(&packet, &mut out);
            let lasts = units(&packet).unwrap_or(0);
            assert_eq!(out.len() as u64, u64::from(lasts) * u64::from(rate) / 48_000);
            decoder.recover(&packet, 77, &mut out);
            assert_eq!(out.len(), 77);
            decoder.conceal(81, &mut out);
            assert_eq!(out.len(), 81);
        }
    }

    #[test]
    fn packets_have_the_lengths_that_there_are() {
        let mut encoder = Encoder::new(OpusFormat::default());
        for ms in 3..=120 {
            let n = whole(8000, ms * 8);
            let mut out = [0; 600];
            let octets = encoder.encode(&tone(700.0, ms)[..n], &mut out);
            assert_eq!(units(&out[..octets]), Some(n as u32 * 6), "{ms} ms");
        }
        assert_eq!(
            [15, 160, 240, 400, 960].map(|n| whole(8000, n)),
            [0, 160, 160, 320, 480]
        );
    }

    #[test]
    fn what_was_lost_is_in_the_packet_after_it_if_the_far_end_said_so_and_loses_packets() {
        // A voice that comes and goes: what was heard before does not tell what comes next.
        let mut sound = voice(16_000);
        for (i, s) in sound.iter_mut().enumerate() {
            *s = (f64::from(*s) * (i as f64 / 400.0).sin().abs()) as i16;
        }
        let fec = OpusFormat {
            fec: true,
            ..OpusFormat::default()
        };
        let error = |format, loss: u8, recovers: bool| {
            let packets = packets(format, loss, &sound);
            let (mut whole, mut holed) = (Decoder::new(8000), Decoder::new(8000));
            let (mut right, mut made, mut off, mut power) = (Vec::new(), Vec::new(), 0.0, 0.0);
            for (i, packet) in packets.iter().enumerate() {
                whole.decode(packet, &mut right);
                if i % 8 == 5 {
                    match recovers {
                        true => holed.recover(&packets[i + 1], FRAME, &mut made),
                        false => holed.conceal(FRAME, &mut made),
                    }
                    let pairs = right.iter().zip(&made);
                    off += pairs
                        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
                        .sum::<f64>();
                    power += right.iter().map(|a| f64::from(*a).powi(2)).sum::<f64>();
                } else {
                    holed.decode(packet, &mut made);
                }
            }
            off / power
        };
        let (with, without) = (error(fec, 20, true), error(fec, 20, false));
        assert!(with < 0.3 && with < without / 2.0, "{with} and {without}");
        // Nobody asked for it, or nothing gets lost: there is no copy, and no octet for it.
        let size = |format, loss| packets(format, loss, &sound).concat().len();
        assert!(size(fec, 20) > size(fec, 0) * 11 / 10);
        assert_eq!(
            size(OpusFormat::default(), 20),
            size(OpusFormat::default(), 0)
        );
    }

    #[test]
    fn nothing_is_sent_of_a_pause_to_one_who_wants_it_so() {
        let mut sound = tone(500.0, 500);
        sound.extend([0; 3 * 8000]);
        let dtx = OpusFormat {
            dtx: true,
            ..OpusFormat::default()
        };
        let sent = |format| {
            packets(format, 0, &sound)
                .iter()
                .filter(|p| !p.is_empty())
                .count()
        };
        assert_eq!(sent(OpusFormat::default()), 175);
        // A sign of life every 400 ms.
        assert!((30..60).contains(&sent(dtx)), "{}", sent(dtx));
    }

    #[test]
    fn a_listener_gets_no_more_than_it_can_take() {
        let mut sound = vec![0; 16_000];
        ToneSource::steady(Mix::One(3000.0), 9000.0).fill(&mut sound);
        let made = |format: OpusFormat| {
            let mut encoder = Encoder::new(format);
            encoder.set_rate(16_000);
            let (mut decoder, mut heard, mut octets) = (Decoder::new(16_000), Vec::new(), 0);
            for frame in sound.chunks_exact(320) {
                let (mut packet, mut out) = ([0; 400], Vec::new());
                let n = encoder.encode(frame, &mut packet);
                octets += n;
                decoder.decode(&packet[..n], &mut out);
                heard.extend(out);
            }
            (octets, ToneMeter::new(16_000).share(&heard[3200..], 6000.0))
        };
        let (free, wide) = made(OpusFormat::default());
        let (least, _) = made(OpusFormat {
            max_bitrate: Some(8000),
            ..OpusFormat::default()
        });
        let (_, narrow) = made(OpusFormat {
            max_playback_hz: 8000,
            ..OpusFormat::default()
        });
        assert!(wide > 0.8 && narrow < 0.1, "{wide} and {narrow}");
        assert!(
            least < 1200 && least < free / 2,
            "{least} and {free} octets"
        );
    }

    #[test]
    fn silence_stays_silent_and_a_long_loss_fades() {
        let (mut decoder, mut out) = (Decoder::new(8000), Vec::new());
        for packet in packets(OpusFormat::default(), 0, &tone(700.0, 400)) {
            decoder.decode(&packet, &mut out);
        }
        let mut levels = Vec::new();
        for _ in 0..100 {
            decoder.conceal(80, &mut out);
            levels.push(level_dbov(&out));
        }
        assert!(levels[0] > -20.0, "it goes on at first: {}", levels[0]);
        assert!(levels[50..].iter().all(|l| *l < -40.0), "{levels:?}");
    }
}
