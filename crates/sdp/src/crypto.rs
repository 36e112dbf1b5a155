//! `a=crypto` lines (RFC 4568): SRTP's keys, in clear inside SDP.
//!
//! ```text
//! a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:<base64 of key and salt>|2^20|1:4 WSH=64
//!          |            |                                             |    |     '-- session parameters
//!         tag         suite                       lifetime, in packets    '-- MKI and its length
//! ```

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::{Deserialize, Serialize};
use tandem_types::{SrtpKey, SrtpSuite};

/// Written with padding; some leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// A tag has up to nine digits.
const TAG_DIGITS: usize = 9;

/// One line that we can use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Crypto {
    pub(crate) tag: u32,
    pub(crate) suite: SrtpSuite,
    pub(crate) key: SrtpKey,
}

impl Crypto {
    /// Reads the value of a line. `None` for what is unknown, or needs what we do not do: an MKI in each packet, several keys, and
    /// any session parameter but the window of replayed packets, which is a hint (section 6.3.7).
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|t| t.len() <= TAG_DIGITS)?;
        let name = words.next()?;
        let suite = SrtpSuite::ALL.into_iter().find(|s| s.name() == name)?;
        let mut parts = words.next()?.strip_prefix("inline:")?.split('|');
        let octets = BASE64.decode(parts.next()?).ok()?;
        let has_mki = parts.any(|part| part.contains(':'));
        let meant = words.all(|word| word.starts_with("WSH="));
        Some(Self {
            tag: tag.parse().ok()?,
            suite,
            key: SrtpKey::new(suite, octets)?,
        })
        .filter(|_| meant && !has_mki)
    }

    /// The line, without its end.
    pub(crate) fn line(&self) -> String {
        let key = BASE64.encode(self.key.octets());
        format!("a=crypto:{} {} inline:{key}", self.tag, self.suite.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

    #[test]
    fn lines_of_the_field_are_read() {
        for (value, tag) in [
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"), Some(1)),
            (
                format!("2 AES_CM_128_HMAC_SHA1_32 inline:{KEY}|2^20"),
                Some(2),
            ),
            (
                format!("3  AES_CM_128_HMAC_SHA1_80  inline:{KEY}|2147483648 WSH=128"),
                Some(3),
            ),
            (
                format!("4 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4"),
                None,
            ),
            (format!("5 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4"), None),
            (
                format!("6 AES_CM_128_HMAC_SHA1_80 inline:{KEY};inline:{KEY}"),
                None,
            ),
            (
                format!("7 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP"),
                None,
            ),
            (
                format!("8 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=4"),
                None,
            ),
            (format!("9 AES_256_CM_HMAC_SHA1_80 inline:{KEY}"), None),
            (format!("10 F8_128_HMAC_SHA1_80 inline:{KEY}"), None),
            ("11 AES_CM_128_HMAC_SHA1_80 inline:short".to_owned(), None),
            ("12 AES_CM_128_HMAC_SHA1_80".to_owned(), None),
            (
                format!("9999999999 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
                None,
            ),
            (String::new(), None),
        ] {
            let read = Crypto::parse(&value);
            assert_eq!(read.as_ref().map(|c| c.tag), tag, "{value}");
            if let Some(crypto) = read {
                let line = crypto.line();
                let again = line.strip_prefix("a=crypto:").and_then(Crypto::parse);
                assert_eq!(again, Some(crypto));
            }
        }
    }

    #[test]
    fn a_key_of_each_suite_comes_back_with_and_without_padding() {
        for suite in SrtpSuite::ALL {
            let key = SrtpKey::derived(suite, &[1; 32], b"x");
            let crypto = Crypto { tag: 1, suite, key };
            let line = crypto.line();
            let value = line.strip_prefix("a=crypto:").unwrap();
            for text in [value, value.trim_end_matches('=')] {
                assert_eq!(Crypto::parse(text), Some(crypto.clone()), "{suite:?}");
            }
        }
    }
}
