//! One stream of a codec, to sound and from sound, at any rate. G.711 has no memory; G.722 has, so a [`Decoder`] sees
//! the packets of one sender in their order, and an [`Encoder`] all that one listener is sent.
//!
//! ```text
//!   payload -> [codec's own rate: 8 or 16 kHz] -> resampled where another rate is wanted -> sound
//! ```
//!
//! Nothing is allocated per packet once the first few have gone through.

use crate::{RATE, Resampler, g711::Law, g722};
use tandem_types::media::Codec;

/// Samples per second that a codec itself works with.
pub fn own_rate(codec: Codec) -> u32 {
    match codec {
        Codec::Pcmu | Codec::Pcma => RATE,
        Codec::G722 => g722::RATE,
    }
}

/// How much sound a packet holds, in units of its codec's clock; `None`: it is no packet of that codec.
pub fn units(codec: Codec, payload: &[u8]) -> Option<u32> {
    match codec {
        // A sample of 8 kHz, or two of 16 kHz, is an octet.
        Codec::Pcmu | Codec::Pcma | Codec::G722 => {
            (!payload.is_empty()).then_some(payload.len() as u32)
        }
    }
}

/// The octet of silence: what a buffer holds where nothing was sent.
pub fn silence(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => Law::Mu.silence(),
        Codec::Pcma => Law::A.silence(),
        Codec::G722 => g722::SILENCE,
    }
}

/// Payloads of one sender to sound of one rate.
#[derive(Clone, Debug)]
pub struct Decoder {
    kind: Decoding,
    rate: u32,
    resample: Option<Resampler>,
    own: Vec<i16>,
    turned: Vec<i16>,
}

#[derive(Clone, Debug)]
enum Decoding {
    G711(Law),
    G722(Box<g722::Decoder>),
}

impl Decoder {
    /// For a stream that begins; sound comes out at `rate` Hz.
    pub fn new(codec: Codec, rate: u32) -> Self {
        let kind = match codec {
            Codec::Pcmu => Decoding::G711(Law::Mu),
            Codec::Pcma => Decoding::G711(Law::A),
            Codec::G722 => Decoding::G722(Box::default()),
        };
        Self {
            kind,
            rate,
            resample: resampler(own_rate(codec), rate),
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
        }
    }

    /// Another listener of the same stream from here on, at a rate of its own.
    pub fn sibling(&self, rate: u32) -> Self {
        if rate == self.rate {
            return self.clone();
        }
        Self {
            kind: self.kind.clone(),
            rate,
            resample: resampler(own_rate(self.codec()), rate),
            own: Vec::new(),
            turned: Vec::new(),
        }
    }

    /// The sound of a payload; valid until the next one.
    pub fn decode(&mut self, payload: &[u8]) -> &[i16] {
        let own = own_rate(self.codec()) / RATE;
        self.own.resize(payload.len() * own as usize, 0);
        match &mut self.kind {
            Decoding::G711(law) => law.decode_into(payload, &mut self.own),
            Decoding::G722(decoder) => decoder.decode(payload, &mut self.own),
        };
        let Some(resample) = &mut self.resample else {
            return &self.own;
        };
        self.turned.clear();
        resample.process(&self.own, &mut self.turned);
        &self.turned
    }

    /// As [`Decoder::decode`], into `out`: octets of a tick of 8 kHz each, of a decoder whose rate is [`RATE`], so that
    /// each makes one sample.
    pub fn decode_ticks(&mut self, octets: &[u8], out: &mut [i16]) {
        debug_assert_eq!(self.rate, RATE, "a tick is a sample");
        match &self.kind {
            Decoding::G711(law) if self.resample.is_none() => {
                law.decode_into(octets, out);
            }
            Decoding::G711(_) | Decoding::G722(_) => {
                let sound = self.decode(octets);
                let n = sound.len().min(out.len());
                out[..n].copy_from_slice(&sound[..n]);
                out[n..].fill(0);
            }
        }
    }
}

/// Sound to the payloads that one listener is sent.
#[derive(Clone, Debug)]
pub struct Encoder {
    kind: Encoding,
    widen: Option<Resampler>,
    wide: Vec<i16>,
}

#[derive(Clone, Debug)]
enum Encoding {
    G711(Law),
    G722(Box<g722::Encoder>),
}

impl Encoder {
    /// For a stream that begins.
    pub fn new(codec: Codec) -> Self {
        let kind = match codec {
            Codec::Pcmu => Encoding::G711(Law::Mu),
            Codec::Pcma => Encoding::G711(Law::A),
            Codec::G722 => Encoding::G722(Box::default()),
        };
        Self {
            kind,
            widen: resampler(RATE, own_rate(codec)),
            wide: Vec::new(),
        }
    }

    /// Samples per second that [`Encoder::encode`] takes.
    pub fn rate(&self) -> u32 {
        match self.kind {
            Encoding::G711(_) => RATE,
            Encoding::G722(_) => g722::RATE,
        }
    }

    /// Sound of the codec's own rate. Says how many octets.
    pub fn encode(&mut self, sound: &[i16], octets: &mut [u8]) -> usize {
        match &mut self.kind {
            Encoding::G711(law) => law.encode_into(sound, octets),
            Encoding::G722(encoder) => encoder.encode(sound, octets),
        }
    }

    /// Sound of 8 kHz. Says how many octets.
    pub fn encode_narrow(&mut self, sound: &[i16], octets: &mut [u8]) -> usize {
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
                let mut between = Decoder::new(from, second.rate());
                let mut ear = Decoder::new(to, RATE);
                let mut heard = Vec::new();
                for frame in tone(1000).chunks(160) {
                    let (mut a, mut b, mut c) = ([0; 160], [0; 160], [0; 160]);
                    assert_eq!(first.encode_narrow(frame, &mut a), 160, "20 ms");
                    assert_eq!(second.encode(between.decode(&a), &mut b), 160);
                    ear.decode_ticks(&b, &mut c);
                    heard.extend_from_slice(&c);
                }
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
