//! What a leg's SRTP (RFC 3711) is made of, as SDP (RFC 4568) hands it over.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether the sound of a leg is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SrtpPolicy {
    /// Never.
    #[default]
    Off,
    /// Where the far end can: offered, and left out where it refuses.
    Preferred,
    /// Always: no call without it.
    Required,
}

/// A crypto-suite of SDP security descriptions (RFC 4568 section 6.2, RFC 6188, RFC 7714 section 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SrtpSuite {
    /// AES-256 in Galois/counter mode.
    #[serde(rename = "AEAD_AES_256_GCM")]
    AeadAes256Gcm,
    /// AES-128 in Galois/counter mode.
    #[serde(rename = "AEAD_AES_128_GCM")]
    AeadAes128Gcm,
    /// AES-256 in counter mode, tags of 80 bits.
    #[serde(rename = "AES_256_CM_HMAC_SHA1_80")]
    Aes256CmSha1_80,
    /// The same with tags of 32 bits.
    #[serde(rename = "AES_256_CM_HMAC_SHA1_32")]
    Aes256CmSha1_32,
    /// AES-128 in counter mode, tags of 80 bits: the one that everybody has.
    #[serde(rename = "AES_CM_128_HMAC_SHA1_80")]
    AesCm128Sha1_80,
    /// The same with tags of 32 bits.
    #[serde(rename = "AES_CM_128_HMAC_SHA1_32")]
    AesCm128Sha1_32,
}

impl SrtpSuite {
    /// All that there are.
    pub const ALL: [Self; 6] = [
        Self::AeadAes256Gcm,
        Self::AeadAes128Gcm,
        Self::Aes256CmSha1_80,
        Self::Aes256CmSha1_32,
        Self::AesCm128Sha1_80,
        Self::AesCm128Sha1_32,
    ];

    /// What stands in our offers, the most wanted first. Not all: an INVITE over 1300 bytes needs TCP, and who has any has one
    /// of these.
    pub const OFFERED: [Self; 3] = [
        Self::AeadAes256Gcm,
        Self::AeadAes128Gcm,
        Self::AesCm128Sha1_80,
    ];

    /// Its name in an `a=crypto` line.
    pub fn name(self) -> &'static str {
        match self {
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::Aes256CmSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Self::Aes256CmSha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Self::AesCm128Sha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128Sha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// Octets of its master key.
    pub fn key_len(self) -> usize {
        match self {
            Self::AeadAes256Gcm | Self::Aes256CmSha1_80 | Self::Aes256CmSha1_32 => 32,
            Self::AeadAes128Gcm | Self::AesCm128Sha1_80 | Self::AesCm128Sha1_32 => 16,
        }
    }

    /// Octets of its master salt.
    pub fn salt_len(self) -> usize {
        match self {
            Self::AeadAes256Gcm | Self::AeadAes128Gcm => 12,
            Self::Aes256CmSha1_80
            | Self::Aes256CmSha1_32
            | Self::AesCm128Sha1_80
            | Self::AesCm128Sha1_32 => 14,
        }
    }
}

/// A master key and its master salt, one after the other. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SrtpKey(Vec<u8>);

impl SrtpKey {
    /// Of a suite; `None` where the length is another's.
    pub fn new(suite: SrtpSuite, octets: Vec<u8>) -> Option<Self> {
        (octets.len() == suite.key_len() + suite.salt_len()).then_some(Self(octets))
    }

    /// One for a suite out of a secret: the same for the same `purpose`, and nobody who knows it knows another.
    pub fn derived(suite: SrtpSuite, secret: &[u8; 32], purpose: &[u8]) -> Self {
        use sha2::{Digest, Sha512};
        let hash = Sha512::new()
            .chain_update(secret)
            .chain_update(suite.name())
            .chain_update(purpose)
            .finalize();
        Self(hash[..suite.key_len() + suite.salt_len()].to_vec())
    }

    /// Key and salt.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SrtpKey(..)")
    }
}

/// What encrypts a leg, both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SrtpKeys {
    /// How.
    pub suite: SrtpSuite,
    /// For what we send.
    pub ours: SrtpKey,
    /// For what the far end sends.
    pub theirs: SrtpKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_of_their_suite_differ_and_are_never_printed() {
        let secret = [9; 32];
        let mut all = Vec::new();
        for suite in SrtpSuite::ALL {
            for purpose in [&b"leg 1"[..], b"leg 2"] {
                let key = SrtpKey::derived(suite, &secret, purpose);
                assert_eq!(key.octets().len(), suite.key_len() + suite.salt_len());
                assert_eq!(key, SrtpKey::derived(suite, &secret, purpose));
                assert_eq!(format!("{key:?}"), "SrtpKey(..)");
                assert_eq!(
                    SrtpKey::new(suite, key.octets().to_vec()),
                    Some(key.clone())
                );
                assert_eq!(SrtpKey::new(suite, key.octets()[1..].to_vec()), None);
                assert!(!all.contains(&key));
                all.push(key);
            }
        }
    }
}
