//! What is recorded, and where it is kept.

use super::{Destination, Secret};
use crate::Pattern;
use std::{collections::BTreeMap, time::Duration};

/// When a recording begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordFrom {
    /// Never.
    #[default]
    Never,
    /// When the caller is answered.
    Answer,
    /// When the notice has been told; where there is none to be told, when caller and person hear each other.
    Notice,
    /// When caller and person hear each other for the first time.
    Transfer,
}

/// `[recording]` of a dialplan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordingRules {
    /// From when on.
    pub from: RecordFrom,
    /// Calls to these numbers alone; empty: all.
    pub numbers: Vec<Pattern>,
    /// A short tone for all who are recorded, so often.
    pub tone: Option<Duration>,
    /// What a person keys in the call to let it rest and go on; empty: nothing.
    pub pause_code: String,
    /// Agents and menus where it rests.
    pub not_in: Vec<Destination>,
}

/// `[recordings]` of the node: where they are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Recordings {
    /// Directory; see [`super::Node::placed`].
    pub dir: String,
    /// So many bytes of its disk stay free.
    pub min_free: u64,
    /// The name of the key that new ones are encrypted by; `None`: they are not.
    pub key: Option<String>,
    /// Keys by name, 64 hexadecimal digits each.
    pub keys: BTreeMap<String, Secret>,
}

/// | key of `[recordings]` | default |
/// |---|---|
/// | `dir` | `recordings` |
/// | `min_free_mb` | 1024 |
/// | `key`, `keys` | none: not encrypted |
impl Default for Recordings {
    fn default() -> Self {
        Self {
            dir: "recordings".to_owned(),
            min_free: 1024 << 20,
            key: None,
            keys: BTreeMap::new(),
        }
    }
}

impl Secret {
    /// A key of 256 bits, if it is written as 64 hexadecimal digits.
    pub fn key(&self) -> Option<[u8; 32]> {
        let mut key = [0; 32];
        let digits = self.0.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |c: u8| char::from(c).to_digit(16);
            *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Some(key)
    }
}
