//! What a REFER says besides its dialog: Refer-To (RFC 3515), Referred-By (RFC 3892), Refer-Sub (RFC 4488).

use super::{HeaderName, Headers, NameAddr, Replaces, lexer::trim};

impl Headers {
    /// Refer-To, if it can be read.
    pub fn refer_to(&self) -> Option<&NameAddr> {
        self.name_addr(&HeaderName::ReferTo)
    }
    /// Who referred, if it can be read. Its `cid` names a body that proves it.
    pub fn referred_by(&self) -> Option<&NameAddr> {
        self.name_addr(&HeaderName::ReferredBy)
    }
    /// Whether a REFER makes a subscription, or its 2xx says that it made one. False only for `Refer-Sub: false`.
    pub fn refer_sub(&self) -> bool {
        self.first(&HeaderName::ReferSub).is_none_or(|v| {
            !trim(v.split(';').next().unwrap_or_default()).eq_ignore_ascii_case("false")
        })
    }
}

impl NameAddr {
    /// The Replaces in the URI of a Refer-To: an attended transfer.
    pub fn replaces(&self) -> Option<Replaces> {
        Replaces::parse(&self.uri.header("Replaces")?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attended_transfer_is_read() {
        let h = Headers::new()
            .with(
                "r",
                "<sip:lee@192.0.2.7?Replaces=JSqb1%40x%3Bto-tag%3D0xV~g1c%3Bfrom-tag%3Da1b2c3>",
            )
            .with("b", "\"Ann\" <sip:ann@example.net>;cid=\"1@x\"")
            .with("Refer-Sub", " FALSE ;x");
        let replaces = h.refer_to().and_then(|to| to.replaces()).unwrap();
        assert_eq!(
            replaces.to_string(),
            "JSqb1@x;to-tag=0xV~g1c;from-tag=a1b2c3"
        );
        assert_eq!(h.referred_by().unwrap().params.get("cid"), Some("1@x"));
        assert!(!h.refer_sub());
    }

    #[test]
    fn a_refer_makes_a_subscription_unless_it_says_not() {
        assert!(Headers::new().refer_sub());
        assert!(Headers::new().with("Refer-Sub", "true").refer_sub());
        let blind = Headers::new().with("Refer-To", "sip:200@192.0.2.7");
        assert_eq!(blind.refer_to().unwrap().replaces(), None);
        assert_eq!(blind.referred_by(), None);
    }
}
