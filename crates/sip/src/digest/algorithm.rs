//! The algorithms (RFC 7616 section 6.1, RFC 8760) and what they make of a request (RFC 7616 section 3.4).

use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512_256};
use std::fmt::{self, Write};

/// A hash, with or without session key. Ordered by strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// What RFC 2617 knows, and most phones.
    Md5,
    /// MD5 with a session key.
    Md5Sess,
    /// SHA-256.
    Sha256,
    /// SHA-256 with a session key.
    Sha256Sess,
    /// SHA-512/256.
    Sha512256,
    /// SHA-512/256 with a session key.
    Sha512256Sess,
}

impl Algorithm {
    const ALL: [Self; 6] = [
        Self::Md5,
        Self::Md5Sess,
        Self::Sha256,
        Self::Sha256Sess,
        Self::Sha512256,
        Self::Sha512256Sess,
    ];

    /// As in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512256 => "SHA-512-256",
            Self::Sha512256Sess => "SHA-512-256-sess",
        }
    }
    /// Without case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|a| a.as_str().eq_ignore_ascii_case(name))
    }
    fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess | Self::Sha512256Sess)
    }
    /// Lower-case hexadecimal.
    pub(crate) fn hash(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 | Self::Md5Sess => hex_digest::<Md5>(parts),
            Self::Sha256 | Self::Sha256Sess => hex_digest::<Sha256>(parts),
            Self::Sha512256 | Self::Sha512256Sess => hex_digest::<Sha512_256>(parts),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn hex_digest<D: Digest>(parts: &[&[u8]]) -> String {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    hex(&hash.finalize())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
            let _ = write!(out, "{b:02x}");
            out
        })
}

/// Quality of protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Qop {
    /// The request line.
    Auth,
    /// The request line and the body.
    AuthInt,
}

impl Qop {
    /// As in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
    /// Without case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt]
            .into_iter()
            .find(|q| q.as_str().eq_ignore_ascii_case(name))
    }
}

/// All that goes into a response.
pub(crate) struct Question<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) username: &'a str,
    pub(crate) realm: &'a str,
    pub(crate) password: &'a str,
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) nonce: &'a str,
    /// With nc as it is written, eight hexadecimal digits.
    pub(crate) qop: Option<(Qop, &'a str)>,
    pub(crate) cnonce: &'a str,
}

impl Question<'_> {
    /// The `response` (RFC 7616 section 3.4.1; section 3.4.6 without qop).
    pub(crate) fn response(&self) -> String {
        let h = |parts: &[&str]| {
            let parts: Vec<&[u8]> = parts.iter().map(|p| p.as_bytes()).collect();
            self.algorithm.hash(&parts)
        };
        let mut a1 = h(&[self.username, ":", self.realm, ":", self.password]);
        if self.algorithm.is_session() {
            a1 = h(&[&a1, ":", self.nonce, ":", self.cnonce]);
        }
        let a2 = match self.qop {
            Some((Qop::AuthInt, _)) => {
                let body = self.algorithm.hash(&[self.body]);
                h(&[self.method, ":", self.uri, ":", &body])
            }
            Some((Qop::Auth, _)) | None => h(&[self.method, ":", self.uri]),
        };
        match self.qop {
            Some((qop, nc)) => h(&[
                &a1,
                ":",
                self.nonce,
                ":",
                nc,
                ":",
                self.cnonce,
                ":",
                qop.as_str(),
                ":",
                &a2,
            ]),
            None => h(&[&a1, ":", self.nonce, ":", &a2]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC_7616: Question<'_> = Question {
        algorithm: Algorithm::Md5,
        username: "Mufasa",
        realm: "http-auth@example.org",
        password: "Circle of Life",
        method: "GET",
        uri: "/dir/index.html",
        body: b"",
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        qop: Some((Qop::Auth, "00000001")),
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    };

    #[test]
    fn rfc_2617_section_3_5() {
        let q = Question {
            realm: "testrealm@host.com",
            password: "Circle Of Life",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            cnonce: "0a4f113b",
            ..RFC_7616
        };
        assert_eq!(q.response(), "6629fae49393a05397450978507c4ef1");
    }

    #[test]
    fn rfc_7616_section_3_9_1() {
        assert_eq!(RFC_7616.response(), "8ca523f5e9506fed4657c9700eebdbec");
        let q = Question {
            algorithm: Algorithm::Sha256,
            ..RFC_7616
        };
        assert_eq!(
            q.response(),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    /// As corrected by RFC Editor erratum 4897: the RFC's own figures are of a truncated SHA-512.
    #[test]
    fn rfc_7616_section_3_9_2_with_its_erratum() {
        let q = Question {
            algorithm: Algorithm::Sha512256,
            username: "J\u{e4}s\u{f8}n Doe",
            realm: "api@example.org",
            password: "Secret, or not?",
            uri: "/doe.json",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            ..RFC_7616
        };
        assert_eq!(
            q.response(),
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
        );
    }

    #[test]
    fn the_session_key_holds_nonce_and_cnonce() {
        let q = Question {
            algorithm: Algorithm::Md5Sess,
            ..RFC_7616
        };
        let key = Algorithm::Md5.hash(&[b"Mufasa:http-auth@example.org:Circle of Life"]);
        let a1 = Algorithm::Md5.hash(&[
            key.as_bytes(),
            b":",
            q.nonce.as_bytes(),
            b":",
            q.cnonce.as_bytes(),
        ]);
        let a2 = Algorithm::Md5.hash(&[b"GET:/dir/index.html"]);
        let expected = [&a1, q.nonce, "00000001", q.cnonce, "auth", &a2].join(":");
        assert_eq!(q.response(), Algorithm::Md5.hash(&[expected.as_bytes()]));
    }

    #[test]
    fn auth_int_covers_the_body() {
        let with = |body| {
            Question {
                qop: Some((Qop::AuthInt, "00000001")),
                body,
                ..RFC_7616
            }
            .response()
        };
        assert_ne!(with(b"a"), with(b"b"));
        assert_ne!(with(b""), RFC_7616.response());
    }
}
