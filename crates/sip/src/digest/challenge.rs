//! WWW-Authenticate and Proxy-Authenticate (RFC 7616 section 3.3).

use super::{Algorithm, DigestError, Qop, pairs};
use pairs::Pairs;
use serde::{Deserialize, Serialize};

/// What a server wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// As it stands between the quotes.
    pub realm: String,
    /// As it stands between the quotes.
    pub nonce: String,
    /// To be sent back.
    pub opaque: Option<String>,
    /// MD5 if it is not said.
    pub algorithm: Algorithm,
    /// Those offered that are known; empty: a server of RFC 2069.
    pub qop: Vec<Qop>,
    /// The answer was right, its nonce too old: answer again without asking anybody.
    pub stale: bool,
}

impl Challenge {
    /// Reads one challenge.
    pub fn parse(s: &str) -> Result<Self, DigestError> {
        let p = Pairs::parse(s)?;
        let algorithm = match p.get("algorithm") {
            None => Algorithm::Md5,
            Some(name) => Algorithm::parse(name).ok_or(DigestError::Algorithm)?,
        };
        let qop = match p.get("qop") {
            None => Vec::new(),
            Some(offered) => {
                let known: Vec<_> = offered
                    .split(',')
                    .filter_map(|q| Qop::parse(q.trim()))
                    .collect();
                if known.is_empty() && !offered.trim().is_empty() {
                    return Err(DigestError::Qop);
                }
                known
            }
        };
        Ok(Self {
            realm: p.need("realm")?,
            nonce: p.need("nonce")?,
            opaque: p.get("opaque").map(str::to_owned),
            algorithm,
            qop,
            stale: p
                .get("stale")
                .is_some_and(|s| s.eq_ignore_ascii_case("true")),
        })
    }

    /// The strongest challenge that can be answered, out of all header lines; of this realm alone if one is given. Of two
    /// as strong the first.
    pub fn choose<'a>(
        lines: impl IntoIterator<Item = &'a str>,
        realm: Option<&str>,
    ) -> Option<Self> {
        let all = lines
            .into_iter()
            .flat_map(pairs::split_challenges)
            .filter_map(|c| Self::parse(c).ok());
        let ours = all.filter(|c| realm.is_none_or(|r| c.realm == pairs::escape(r)));
        ours.reduce(|best, c| {
            if c.algorithm > best.algorithm {
                c
            } else {
                best
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: &str = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;

    #[test]
    fn the_example_of_rfc_7616_is_read() {
        let c = Challenge::parse(RFC).unwrap();
        assert_eq!(c.realm, "http-auth@example.org");
        assert_eq!(c.algorithm, Algorithm::Sha256);
        assert_eq!(c.qop, [Qop::Auth, Qop::AuthInt]);
        assert_eq!(
            c.opaque.as_deref(),
            Some("FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")
        );
        assert!(!c.stale);
    }

    #[test]
    fn the_strongest_known_one_is_chosen() {
        let lines = [
            r#"Digest realm="a", nonce="1", algorithm=MD5"#,
            r#"Digest realm="a", nonce="2", algorithm=SHA-3-1024"#,
            r#"Digest realm="a", nonce="3", algorithm=sha-256, qop="auth""#,
            r#"Digest realm="b", nonce="4", algorithm=SHA-512-256"#,
            r#"Basic realm="a""#,
        ];
        let nonce = |realm| Challenge::choose(lines, realm).map(|c| c.nonce);
        assert_eq!(nonce(None).as_deref(), Some("4"));
        assert_eq!(nonce(Some("a")).as_deref(), Some("3"));
        assert_eq!(nonce(Some("c")), None);
    }

    #[test]
    fn challenges_that_share_a_line_are_told_apart() {
        let line = r#"Digest realm="x, Digest y", nonce="1", qop="auth,auth-int" , Basic realm="z", DIGEST realm="w", nonce="2", algorithm=SHA-256,stale=TRUE"#;
        let c = Challenge::choose([line], None).unwrap();
        assert_eq!(
            (c.nonce.as_str(), c.realm.as_str(), c.stale),
            ("2", "w", true)
        );
        assert_eq!(
            Challenge::choose([line], Some("x, Digest y"))
                .unwrap()
                .nonce,
            "1"
        );
    }

    #[test]
    fn what_cannot_be_answered_is_an_error() {
        assert_eq!(Challenge::parse("Bearer x=y"), Err(DigestError::Scheme));
        assert_eq!(
            Challenge::parse(r#"Digest realm="a"#),
            Err(DigestError::Syntax)
        );
        for value in [r#"nonce="b""#, r"b\"] {
            let text = format!(r#"Digest realm={value}, nonce="c""#);
            assert_eq!(Challenge::parse(&text), Err(DigestError::Syntax));
        }
        assert_eq!(
            Challenge::parse(r#"Digest realm="a""#),
            Err(DigestError::Incomplete)
        );
        assert_eq!(
            Challenge::parse(r#"Digest realm="a",nonce="b",qop="token""#),
            Err(DigestError::Qop)
        );
        assert_eq!(
            Challenge::parse(r#"Digest realm="a",nonce="b",algorithm=AKAv1-MD5"#),
            Err(DigestError::Algorithm)
        );
    }
}
