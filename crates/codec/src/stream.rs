//! One stream of a codec, to sound and from sound, at any rate. G.711 has no memory; G.722 and Opus have, so a [`Decoder`] sees
//! the packets of one sender in their order, and an [`Encoder`] all that one listener is sent.
//!
//! ```text
//!   payload -> [G.711: 8 kHz, G.722: 16 kHz] -> resampled where another rate is wanted -> sound
//!   packet  -> [Opus: at the rate that is wanted] --------------------------------------> sound
//! ```
//!
//! Nothing is allocated per packet once the first few have gone through.

use crate::{RATE, Resampler, g711::Law, g722, opus};
use tandem_types::media::{Codec, OpusFormat};

/// Samples per second that a codec itself works with; of Opus, which has many, as much as is made use of here.
pub fn own_rate(codec: Codec) -> u32 {
    match codec {
        Codec::Pcmu | Codec::Pcma => RATE,
        Codec::G722 | Codec::Opus => g722::RATE,
    }
}

/// How much sound a packet holds, in units of its codec's clock; `None`: it is no packet of that codec.
pub fn units(codec: Codec, payload: &[u8]) -> Option<u32> {
    match codec {
        // A sample of 8 kHz, or two of 16 kHz, is an octet.
        Codec::Pcmu | Codec::Pcma | Codec::G722 => {
            (!payload.is_empty()).then_some(payload.len() as u32)
        }
        Codec::Opus => opus::units(payload),
    }
}

/// The octet of silence: what a buffer holds where nothing was sent. `None`: the codec has packets, not octets.
pub fn silence(codec: Codec) -> Option<u8> {
    match codec {
        Codec::Pcmu => Some(Law::Mu.silence()),
        Codec::Pcma => Some(Law::A.silence()),
        Codec::G722 => Some(g722::SILENCE),
        Codec::Opus => None,
    }
}

/// Payloads of one sender to sound of one rate.
#[derive(Debug)]
pub struct Decoder {
    kind: Decoding,
    rate: u32,
    resample: Option<Resampler>,
    own: Vec<i16>,
    turned: Vec<i16>,
}

#[derive(Debug)]
enum Decoding {
    G711(Law),
    G722(Box<g722::Decoder>),
    Opus(opus::Decoder),
}

impl Decoder {
    /// For a stream that begins; sound comes out at `rate` Hz (of Opus: 8000, 12000, 16000, 24000 or 48000).
    pub fn new(codec: Codec, rate: u32) -> Self {
        let kind = match codec {
            Codec::Pcmu => Decoding::G711(Law::Mu),
            Codec::Pcma => Decoding::G711(Law::A),
            Codec::G722 => Decoding::G722(Box::default()),
            Codec::Opus => Decoding::Opus(opus::Decoder::new(rate)),
        };
        let own = match codec {
            Codec::Opus => rate,
            _ => own_rate(codec),
        };
        Self {
            kind,
            rate,
            resample: resampler(own, rate),
            own: Vec::new(),
            turned: Vec::new(),
        }
    }

    /// What it decodes.
    pub fn codec(&self) -> Codec {
        match self.kind {
            Decoding::G711(Law::Mu) => Codec::Pcmu,
            Decoding::G711(Law::A) => Codec::Pcma,
            Decoding::G722(_) => Codec::G722,
            Decoding::Opus(_) => Codec::Opus,
        }
    }

    /// Another listener of the same stream from here on, at a rate of its own. Of Opus one that has heard nothing yet: it is to be
    /// fed the last packets.
    pub fn sibling(&self, rate: u32) -> Self {
        let mut sibling = Self::new(self.codec(), rate);
        if let (Decoding::G722(theirs), Decoding::G722(ours)) = (&mut sibling.kind, &self.kind) {
            theirs.clone_from(ours);
        }
        if rate == self.rate {
            sibling.resample.clone_from(&self.resample);
        }
        sibling
    }

    /// The sound of a payload; valid until the next one.
    pub fn decode(&mut self, payload: &[u8]) -> &[i16] {
        match &mut self.kind {
            Decoding::G711(law) => {
                self.own.resize(payload.len(), 0);
                law.decode_into(payload, &mut self.own);
            }
            Decoding::G722(decoder) => {
                self.own.resize(2 * payload.len(), 0);
                decoder.decode(payload, &mut self.own);
            }
            Decoding::Opus(decoder) => decoder.decode(payload, &mut self.own),
        }
        let Some(resample) = &mut self.resample else {
            return &self.own;
        };
        self.turned.clear();
        resample.process(&self.own, &mut self.turned);
        &self.turned
    }

    /// So many samples of a packet that was lost, where the codec itself can make them up; empty where it cannot. `next`: the packet
    /// after it, as soon as that is there.
    pub fn conceal(&mut self, samples: usize, next: Option<&[u8]>) -> &[i16] {
        self.own.clear();
        match (&mut self.kind, next) {
            (Decoding::Opus(decoder), Some(next)) => decoder.recover(next, samples, &mut self.own),
            (Decoding::Opus(decoder), None) => decoder.conceal(samples, &mut self.own),
            (Decoding::G711(_) | Decoding::G722(_), _) => {}
        }
        &self.own
    }

    /// As [`Decoder::decode`], into `out`: octets of a tick of 8 kHz each, of a decoder whose rate is [`RATE`], so that
    /// each makes one sample.
    pub fn decode_ticks(&mut self, octets: &[u8], out: &mut [i16]) {
        debug_assert_eq!(self.rate, RATE, "a tick is a sample");
        match &self.kind {
            Decoding::G711(law) if self.resample.is_none() => {
                law.decode_into(octets, out);
            }
            Decoding::G711(_) | Decoding::G722(_) | Decoding::Opus(_) => {
                let sound = self.decode(octets);
                let n = sound.len().min(out.len());
                out[..n].copy_from_slice(&sound[..n]);
                out[n..].fill(0);
            }
        }
    }
}

/// Sound to the payloads that one listener is sent.
#[derive(Debug)]
pub struct Encoder {
    kind: Encoding,
    widen: Option<Resampler>,
    wide: Vec<i16>,
}

#[derive(Debug)]
enum Encoding {
    G711(Law),
    G722(Box<g722::Encoder>),
    Opus(opus::Encoder),
}

impl Encoder {
    /// For a stream that begins, of Opus with nothing special.
    pub fn new(codec: Codec) -> Self {
        Self::with(codec, OpusFormat::default())
    }

    /// For a stream that begins, and a listener who wants this of Opus.
    pub fn with(codec: Codec, format: OpusFormat) -> Self {
        let kind = match codec {
            Codec::Pcmu => Encoding::G711(Law::Mu),
            Codec::Pcma => Encoding::G711(Law::A),
            Codec::G722 => Encoding::G722(Box::default()),
            Codec::Opus => Encoding::Opus(opus::Encoder::new(format)),
        };
        let own = match codec {
            Codec::Opus => RATE,
            _ => own_rate(codec),
        };
        Self {
            kind,
            widen: resampler(RATE, own),
            wide: Vec::new(),
        }
    }

    /// Samples per second that [`Encoder::encode`] takes.
    pub fn rate(&self) -> u32 {
        match &self.kind {
            Encoding::G711(_) => RATE,
            Encoding::G722(_) => g722::RATE,
            Encoding::Opus(encoder) => encoder.rate(),
        }
    }

    /// The rate at which sound of a sender of this codec is wanted: Opus takes it as it comes.
    pub fn rate_from(&self, codec: Codec) -> u32 {
        match &self.kind {
            Encoding::G711(_) | Encoding::G722(_) => self.rate(),
            Encoding::Opus(_) => own_rate(codec),
        }
    }

    /// What is encoded next comes from a sender of this codec.
    pub fn take_from(&mut self, codec: Codec) {
        if let Encoding::Opus(encoder) = &mut self.kind {
            encoder.set_rate(own_rate(codec));
        }
    }

    /// The listener heard another's packets of this codec meanwhile.
    pub fn restart(&mut self) {
        if let Encoding::Opus(encoder) = &mut self.kind {
            encoder.restart();
        }
    }

    /// So many of a hundred packets do not reach the listener.
    pub fn set_loss(&mut self, percent: u8) {
        if let Encoding::Opus(encoder) = &mut self.kind {
            encoder.set_loss(percent);
        }
    }

    /// Of so many samples (at [`Encoder::rate`]), how many go into the next packet: all, but of Opus a length that it has.
    pub fn whole(&self, samples: usize) -> usize {
        match &self.kind {
            Encoding::G711(_) | Encoding::G722(_) => samples,
            Encoding::Opus(encoder) => opus::whole(encoder.rate(), samples),
        }
    }

    /// The same of samples of 8 kHz, for [`Encoder::encode_narrow`].
    pub fn whole_narrow(&self, samples: usize) -> usize {
        match &self.kind {
            Encoding::G711(_) | Encoding::G722(_) => samples,
            Encoding::Opus(_) => opus::whole(RATE, samples),
        }
    }

    /// Sound of the codec's own rate. Says how many octets; of Opus 0 where nothing need be sent.
    pub fn encode(&mut self, sound: &[i16], octets: &mut [u8]) -> usize {
        match &mut self.kind {
            Encoding::G711(law) => law.encode_into(sound, octets),
            Encoding::G722(encoder) => encoder.encode(sound, octets),
            Encoding::Opus(encoder) => encoder.encode(sound, octets),
        }
    }

    /// Sound of 8 kHz. Says how many octets.
    pub fn encode_narrow(&mut self, sound: &[i16], octets: &mut [u8]) -> usize {
        if let Encoding::Opus(encoder) = &mut self.kind {
            encoder.set_rate(RATE);
        }
        let Some(widen) = &mut self.widen else {
            return self.encode(sound, octets);
        };
        let mut wide = std::mem::take(&mut self.wide);
        wide.clear();
        widen.process(sound, &mut wide);
        let n = self.encode(&wide, octets);
        self.wide = wide;
        n
    }

    /// Sound of the codec's own rate came last and ended with this sample: sound of 8 kHz goes on from there, after the
    /// 2 ms that the change of rate is late.
    pub fn hold(&mut self, last: i16) {
        if let Some(widen) = &mut self.widen {
            self.wide.clear();
            widen.process(&[last; 64], &mut self.wide);
        }
    }

    /// The last sample that [`Encoder::encode_narrow`] made of its sound for a codec of another rate.
    pub fn last_wide(&self) -> Option<i16> {
        self.widen.as_ref().and_then(|_| self.wide.last().copied())
    }
}

fn resampler(from: u32, to: u32) -> Option<Resampler> {
    (from != to).then(|| Resampler::new(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ToneMeter, ToneSource, tone::Mix};

    fn tone(ms: usize) -> Vec<i16> {
        let mut pcm = vec![0; ms * 8];
        ToneSource::steady(Mix::One(1000.0), 9000.0).fill(&mut pcm);
        pcm
    }

    #[test]
    fn any_codec_to_any_codec_keeps_the_sound_and_its_length() {
        for from in Codec::ALL {
            for to in Codec::ALL {
                let mut first = Encoder::new(from);
                let mut second = Encoder::new(to);
                second.take_from(from);
                let mut between = Decoder::new(from, second.rate_from(from));
                let mut ear = Decoder::new(to, RATE);
                let mut heard = Vec::new();
                for frame in tone(1000).chunks(160) {
                    let (mut a, mut b) = ([0; 160], [0; 160]);
                    let n = first.encode_narrow(frame, &mut a);
                    let lasts = |codec, payload| units(codec, payload).map(|u| codec.clock().ns(u));
                    assert_eq!(lasts(from, &a[..n]), Some(20_000_000));
                    let n = second.encode(between.decode(&a[..n]), &mut b);
                    assert_eq!(lasts(to, &b[..n]), Some(20_000_000));
                    heard.extend_from_slice(ear.decode(&b[..n]));
                }
                assert_eq!(heard.len(), 8000, "{from:?} to {to:?}");
                let share = ToneMeter::default().share(&heard[800..], 1000.0);
                assert!(share > 0.97, "{from:?} to {to:?}: {share}");
            }
        }
    }

    #[test]
    fn a_change_of_rate_costs_less_than_2_ms() {
        // A sweep through a narrow encoder and a narrow decoder: two changes of rate and the codec's own filters.
        let sweep: Vec<i16> = (0..1600)
            .map(|i| f64::from(i) / 8000.0)
            .map(|t| (8000.0 * (2000.0 * t + 40_000.0 * t * t).sin()) as i16)
            .collect();
        let (mut octets, mut heard) = ([0; 1600], [0; 1600]);
        Encoder::new(Codec::G722).encode_narrow(&sweep, &mut octets);
        Decoder::new(Codec::G722, RATE).decode_ticks(&octets, &mut heard);
        let alike = |late: usize| -> i64 {
            let pairs = sweep.iter().zip(&heard[late..]);
            pairs.map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
        };
        let late = (0..100).max_by_key(|late| alike(*late)).unwrap_or(0);
        let late_ms = late as f64 / 8.0;
        // G.722 itself has 22 samples of 16 kHz in its filters.
        assert!((3.0..2.0 * 2.0 + 1.4).contains(&late_ms), "{late_ms} ms");
    }

    #[test]
    fn a_sibling_goes_on_where_the_stream_stands() {
        let mut octets = [0; 800];
        Encoder::new(Codec::G722).encode_narrow(&tone(100), &mut octets);
        let mut first = Decoder::new(Codec::G722, RATE);
        first.decode(&octets[..400]);
        let mut sibling = first.sibling(16_000);
        let mut alone = Decoder::new(Codec::G722, 16_000);
        alone.decode(&octets[..400]);
        assert_eq!(sibling.decode(&octets[400..]), alone.decode(&octets[400..]));
    }
}
