//! Typed ids. [`CallId`], [`HandoffId`] and [`TransferId`] are ULIDs (48 bits of milliseconds, then
//! 80 random bits) written in Crockford's base 32, so they sort by time and are unique across
//! restarts. The smaller ids count within a call.

use crate::{Rng, Wall};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The text was no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no id of this kind")]
pub struct BadId(pub String);

fn ulid(wall: Wall, rng: &mut Rng) -> u128 {
    let ms = (wall.millis().max(0) as u128) & 0xffff_ffff_ffff;
    (ms << 80) | (u128::from(rng.u64()) << 16) | u128::from(rng.u64() & 0xffff)
}

/// An id as text, without a heap: 26 digits, and for a counted one a separator and ten digits at the most.
struct Text {
    bytes: [u8; 37],
    len: usize,
}

impl Text {
    fn ulid(v: u128) -> Self {
        let mut bytes = [0; 37];
        // Twelve digits fit a word.
        let words = [(v >> 120) as u64, (v >> 60) as u64, v as u64];
        let places = [(0, 2), (2, 14), (14, 26)];
        for (mut word, (from, to)) in words.into_iter().zip(places) {
            for place in bytes[from..to].iter_mut().rev() {
                *place = ALPHABET[(word & 31) as usize];
                word >>= 5;
            }
        }
        Self { bytes, len: 26 }
    }

    fn counted(call: CallId, separator: char, index: u32) -> Self {
        let mut text = Self::ulid(call.0);
        let digits = index.checked_ilog10().unwrap_or(0) as usize + 1;
        text.bytes[26] = separator as u8;
        let mut rest = index;
        for place in text.bytes[27..27 + digits].iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        text.len = 27 + digits;
        text
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

fn read_ulid(s: &str) -> Option<u128> {
    if s.len() != 26 {
        return None;
    }
    s.bytes().try_fold(0u128, |v, b| {
        let d = ALPHABET.iter().position(|a| *a == b.to_ascii_uppercase())?;
        if v >> 123 != 0 {
            return None;
        }
        Some((v << 5) | d as u128)
    })
}

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);
        impl $name {
            /// A new id: the time in front, random bits behind.
            pub fn generate(wall: Wall, rng: &mut Rng) -> Self {
                Self(ulid(wall, rng))
            }
        }
        impl $name {
            fn text(&self) -> Text {
                Text::ulid(self.0)
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                read_ulid(s).map(Self).ok_or_else(|| BadId(s.to_owned()))
            }
        }
        text_serde!($name);
    };
}

macro_rules! text_serde {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text().as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text().as_str())
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.text().as_str())
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

macro_rules! counted_id {
    ($(#[$doc:meta])* $name:ident, $sep:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            /// The call it belongs to.
            pub call: CallId,
            /// Counts up within the call, from 1.
            pub index: u32,
        }
        impl $name {
            fn text(&self) -> Text {
                Text::counted(self.call, $sep, self.index)
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                let bad = || BadId(s.to_owned());
                let (call, index) = s.split_once($sep).ok_or_else(bad)?;
                Ok(Self {
                    call: call.parse().map_err(|_| bad())?,
                    index: index.parse().map_err(|_| bad())?,
                })
            }
        }
        text_serde!($name);
    };
}

ulid_id!(
    /// One call, from the first INVITE to the last BYE, whatever legs it gathers.
    CallId
);
ulid_id!(
    /// One handoff, offered to one terminal state.
    HandoffId
);
ulid_id!(
    /// One transfer to a person, with all its attempts.
    TransferId
);
counted_id!(
    /// One leg: one SIP dialog and one RTP flow. Written `CALL/1`.
    LegId, '/'
);
counted_id!(
    /// One thing that is played. Written `CALL:1`.
    PlayerId, ':'
);
counted_id!(
    /// One stretch of speech that was heard on a leg, cut by voice activity. Written `CALL~1`.
    SegmentId, '~'
);
counted_id!(
    /// One request to a provider. Written `CALL!1`.
    RequestId, '!'
);
counted_id!(
    /// One message that a caller left. Written `CALL-1`.
    MessageId, '-'
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_print() {
        let mut rng = Rng::seeded(7);
        let call = CallId::generate(Wall(1_700_000_000_000_000), &mut rng);
        assert_eq!(call.to_string().parse(), Ok(call));
        let leg = LegId { call, index: 3 };
        assert_eq!(leg.to_string().parse(), Ok(leg));
        let json = serde_json::to_string(&leg).unwrap();
        assert_eq!(serde_json::from_str::<LegId>(&json).unwrap(), leg);
        assert!("CALL/1".parse::<LegId>().is_err());
        assert!(
            "8ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<CallId>().is_err(),
            "over 128 bits"
        );
    }

    #[test]
    fn ids_sort_by_time() {
        let mut rng = Rng::seeded(7);
        let a = CallId::generate(Wall(1_000_000), &mut rng).to_string();
        let b = CallId::generate(Wall(2_000_000), &mut rng).to_string();
        assert!(a < b);
    }
}
