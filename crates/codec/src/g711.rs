//! G.711 by table. The encoders follow the ITU's reference (G.191 Software Tool Library): negative
//! samples take the one's complement, so both signs have the same decision values.
//!
//! The mu-law encoder looks at the upper 14 bits of a sample, the A-law encoder at the upper 12 (13 with sign
//! as G.711 counts), so 16 KiB and 4 KiB hold all answers.

use serde::{Deserialize, Serialize};
use tandem_types::media::Codec;

/// Which of the two companding laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Law {
    /// North America, Japan (G.711 table 2).
    Mu,
    /// Everywhere else (G.711 table 1), even bits inverted.
    A,
}

impl Law {
    /// The law of a codec, if it is G.711.
    pub const fn of(codec: Codec) -> Option<Self> {
        match codec {
            Codec::Pcmu => Some(Self::Mu),
            Codec::Pcma => Some(Self::A),
            Codec::G722 | Codec::Opus => None,
        }
    }
}

static MU_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = mu_expand(i as u8);
        i += 1;
    }
    table
};
static A_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = a_expand(i as u8);
        i += 1;
    }
    table
};
static MU_ENCODE: [u8; 1 << 14] = {
    let mut table = [0; 1 << 14];
    let mut i = 0;
    while i < 1 << 14 {
        table[i] = mu_compress(((i as u16) << 2) as i16);
        i += 1;
    }
    table
};
static A_ENCODE: [u8; 1 << 12] = {
    let mut table = [0; 1 << 12];
    let mut i = 0;
    while i < 1 << 12 {
        table[i] = a_compress(((i as u16) << 4) as i16);
        i += 1;
    }
    table
};
static MU_TO_A: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = a_compress(mu_expand(i as u8));
        i += 1;
    }
    table
};
static A_TO_MU: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = mu_compress(a_expand(i as u8));
        i += 1;
    }
    table
};

/// One's complement magnitude: what both laws quantise.
const fn magnitude(sample: i16) -> i32 {
    let s = sample as i32;
    if s < 0 { !s } else { s }
}

const fn mu_compress(sample: i16) -> u8 {
    // G.711 table 2a in 14 bits: 33 is the bias that makes every segment start at a power of two.
    let mut biased = (magnitude(sample) >> 2) + 33;
    if biased > 0x1fff {
        biased = 0x1fff;
    }
    let segment = 26 - (biased as u32).leading_zeros() as i32; // 33..=63 is segment 0
    let step = (biased >> (segment + 1)) & 0xf;
    let code = !((segment << 4) | step) as u8 & 0x7f;
    if sample < 0 { code } else { code | 0x80 }
}

const fn mu_expand(code: u8) -> i16 {
    let inverted = !code;
    let segment = (inverted >> 4) & 7;
    let step = (inverted & 0xf) as i16;
    let value = (((step << 3) + 0x84) << segment) - 0x84;
    if code & 0x80 == 0 { -value } else { value }
}

const fn a_compress(sample: i16) -> u8 {
    let m = magnitude(sample) >> 4; // 11 bits
    let code = if m < 32 {
        m // segments 0 and 1 share one step size
    } else {
        let segment = 28 - (m as u32).leading_zeros() as i32; // 32..=63 is segment 2
        (segment << 4) | ((m >> (segment - 1)) & 0xf)
    } as u8;
    (if sample < 0 { code } else { code | 0x80 }) ^ 0x55
}

const fn a_expand(code: u8) -> i16 {
    let plain = code ^ 0x55;
    let segment = (plain >> 4) & 7;
    let step = (plain & 0xf) as i16;
    let value = if segment == 0 {
        (step << 4) + 8
    } else {
        ((step << 4) + 0x108) << (segment - 1)
    };
    if plain & 0x80 == 0 { -value } else { value }
}

impl Law {
    /// The code of silence: the smallest positive value.
    pub const fn silence(self) -> u8 {
        match self {
            Self::Mu => 0xff,
            Self::A => 0xd5,
        }
    }

    /// One sample to its code.
    #[inline]
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Mu => MU_ENCODE[(sample as u16 >> 2) as usize],
            Self::A => A_ENCODE[(sample as u16 >> 4) as usize],
        }
    }

    /// One code to its sample.
    #[inline]
    pub fn decode(self, code: u8) -> i16 {
        match self {
            Self::Mu => MU_DECODE[code as usize],
            Self::A => A_DECODE[code as usize],
        }
    }

    /// Encodes as many samples as both slices hold; says how many.
    pub fn encode_into(self, samples: &[i16], codes: &mut [u8]) -> usize {
        match self {
            Self::Mu => {
                for (s, c) in samples.iter().zip(codes.iter_mut()) {
                    *c = MU_ENCODE[(*s as u16 >> 2) as usize];
                }
            }
            Self::A => {
                for (s, c) in samples.iter().zip(codes.iter_mut()) {
                    *c = A_ENCODE[(*s as u16 >> 4) as usize];
                }
            }
        }
        samples.len().min(codes.len())
    }

    /// Decodes as many codes as both slices hold; says how many.
    pub fn decode_into(self, codes: &[u8], samples: &mut [i16]) -> usize {
        let table = match self {
            Self::Mu => &MU_DECODE,
            Self::A => &A_DECODE,
        };
        for (c, s) in codes.iter().zip(samples.iter_mut()) {
            *s = table[*c as usize];
        }
        samples.len().min(codes.len())
    }

    /// Changes codes of this law into codes of `to`, as many as both slices hold; says how many. Decoding and
    /// encoding in one look-up (not the hand-tuned tables 3 and 4 of G.711).
    pub fn convert_into(self, to: Self, codes: &[u8], out: &mut [u8]) -> usize {
        let n = codes.len().min(out.len());
        let (codes, out) = (&codes[..n], &mut out[..n]);
        let table = match (self, to) {
            (Self::Mu, Self::A) => &MU_TO_A,
            (Self::A, Self::Mu) => &A_TO_MU,
            (Self::Mu, Self::Mu) | (Self::A, Self::A) => {
                out.copy_from_slice(codes);
                return n;
            }
        };
        for (c, o) in codes.iter().zip(out) {
            *o = table[*c as usize];
        }
        n
    }
}

#[cfg(test)]
mod tests;
