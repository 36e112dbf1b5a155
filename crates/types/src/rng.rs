//! The seeded generator that is handed in. Tags, branches, SSRCs and ids come from here, so a run
//! with the same seed is the same run.

use serde::{Deserialize, Serialize};

/// xoshiro256++ (Blackman and Vigna, 2019), seeded by splitmix64. Not for keys: digest nonces are
/// keyed by a secret besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rng([u64; 4]);

impl Rng {
    /// A generator that always starts the same way for `seed`.
    pub fn seeded(seed: u64) -> Self {
        let mut s = seed;
        Self(std::array::from_fn(|_| {
            s = s.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (s ^ (s >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }

    /// Another generator whose course does not depend on this one's later use.
    pub fn fork(&mut self) -> Self {
        Self::seeded(self.u64())
    }

    /// 64 uniform bits.
    pub fn u64(&mut self) -> u64 {
        let s = &mut self.0;
        let out = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        out
    }

    /// 32 uniform bits.
    pub fn u32(&mut self) -> u32 {
        (self.u64() >> 32) as u32
    }

    /// A uniform number in `0..n`; 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.u64()) * u128::from(n)) >> 64) as u64
    }

    /// A token of `len` characters out of `[0-9a-z]` without look-alikes, for tags and branches.
    pub fn token(&mut self, len: usize) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        (0..len)
            .map(|_| ALPHABET[(self.u64() >> 59) as usize] as char)
            .collect()
    }
}
