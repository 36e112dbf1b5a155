//! Names of headers: without case, with their compact forms, open.

use super::{
    Text,
    lexer::{all_token, is_token},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{cmp::Ordering, fmt, hash};

/// One name of the table.
struct Known {
    long: &'static str,
    /// The compact form, or `""`.
    compact: &'static str,
    /// Several values may share a line, separated by commas.
    list: bool,
}

macro_rules! header_names {
    ($($variant:ident $long:literal $compact:literal $kind:ident,)*) => {
        /// The name of a header. Equal without case; unknown names keep their spelling.
        #[derive(Clone, Debug)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $long, "`.")] $variant,)*
            /// Any other.
            Other(Text),
        }

        const KNOWN: &[Known] = &[
            $(Known { long: $long, compact: $compact, list: header_names!(@ $kind) },)*
        ];
        const VARIANTS: &[HeaderName] = &[$(HeaderName::$variant,)*];

        impl HeaderName {
            /// Its place in the table.
            fn index(&self) -> Option<usize> {
                #[derive(Clone, Copy)]
                enum Place { $($variant,)* }
                match self {
                    $(Self::$variant => Some(Place::$variant as usize),)*
                    Self::Other(_) => None,
                }
            }
        }
    };
    (@ list) => { true };
    (@ one) => { false };
}

header_names! {
    Via "Via" "v" list,
    From "From" "f" one,
    To "To" "t" one,
    CallId "Call-ID" "i" one,
    CSeq "CSeq" "" one,
    Contact "Contact" "m" list,
    MaxForwards "Max-Forwards" "" one,
    Route "Route" "" list,
    RecordRoute "Record-Route" "" list,
    ContentType "Content-Type" "c" one,
    ContentLength "Content-Length" "l" one,
    ContentEncoding "Content-Encoding" "e" list,
    ContentDisposition "Content-Disposition" "" one,
    ContentLanguage "Content-Language" "" list,
    ContentId "Content-ID" "" one,
    MimeVersion "MIME-Version" "" one,
    Allow "Allow" "" list,
    Supported "Supported" "k" list,
    Require "Require" "" list,
    ProxyRequire "Proxy-Require" "" list,
    Unsupported "Unsupported" "" list,
    Expires "Expires" "" one,
    MinExpires "Min-Expires" "" one,
    Authorization "Authorization" "" one,
    ProxyAuthorization "Proxy-Authorization" "" one,
    WwwAuthenticate "WWW-Authenticate" "" one,
    ProxyAuthenticate "Proxy-Authenticate" "" one,
    AuthenticationInfo "Authentication-Info" "" one,
    ReferTo "Refer-To" "r" one,
    ReferredBy "Referred-By" "b" one,
    ReferSub "Refer-Sub" "" one,
    Replaces "Replaces" "" one,
    TargetDialog "Target-Dialog" "" one,
    Event "Event" "o" one,
    SubscriptionState "Subscription-State" "" one,
    AllowEvents "Allow-Events" "u" list,
    SipEtag "SIP-ETag" "" one,
    SipIfMatch "SIP-If-Match" "" one,
    Reason "Reason" "" list,
    RetryAfter "Retry-After" "" one,
    PAssertedIdentity "P-Asserted-Identity" "" list,
    PPreferredIdentity "P-Preferred-Identity" "" list,
    PCalledPartyId "P-Called-Party-ID" "" one,
    PAssociatedUri "P-Associated-URI" "" list,
    PAccessNetworkInfo "P-Access-Network-Info" "" list,
    PChargingVector "P-Charging-Vector" "" one,
    PEarlyMedia "P-Early-Media" "" list,
    RemotePartyId "Remote-Party-ID" "" list,
    Privacy "Privacy" "" one,
    Diversion "Diversion" "" list,
    HistoryInfo "History-Info" "" list,
    UserToUser "User-to-User" "" list,
    AlertInfo "Alert-Info" "" list,
    CallInfo "Call-Info" "" list,
    ErrorInfo "Error-Info" "" list,
    Geolocation "Geolocation" "" list,
    UserAgent "User-Agent" "" one,
    Server "Server" "" one,
    Warning "Warning" "" list,
    Date "Date" "" one,
    Timestamp "Timestamp" "" one,
    SessionExpires "Session-Expires" "x" one,
    MinSe "Min-SE" "" one,
    RSeq "RSeq" "" one,
    RAck "RAck" "" one,
    Accept "Accept" "" list,
    AcceptEncoding "Accept-Encoding" "" list,
    AcceptLanguage "Accept-Language" "" list,
    AcceptContact "Accept-Contact" "a" list,
    RejectContact "Reject-Contact" "j" list,
    RequestDisposition "Request-Disposition" "d" list,
    Path "Path" "" list,
    ServiceRoute "Service-Route" "" list,
    Identity "Identity" "y" one,
    Subject "Subject" "s" one,
    Organization "Organization" "" one,
    Priority "Priority" "" one,
    InReplyTo "In-Reply-To" "" list,
    ReplyTo "Reply-To" "" one,
    AnswerMode "Answer-Mode" "" one,
    RecvInfo "Recv-Info" "" list,
    InfoPackage "Info-Package" "" one,
}

/// Slots of the hash table below: a power of two.
const SLOTS: usize = 1024;

/// Length and first and last letters, without case. Cheap, and with the multipliers below no bucket holds more than two.
const fn slot(name: &[u8]) -> usize {
    let n = name.len();
    if n == 0 {
        return 0;
    }
    let a = (name[0] | 0x20) as usize;
    let b = (name[n - 1] | 0x20) as usize;
    let c = (name[n / 2] | 0x20) as usize;
    (a * 37 + b * 61 + c * 131 + n * 17) % SLOTS
}

/// Up to [`DEPTH`] places of [`KNOWN`], plus one, in each slot.
const DEPTH: usize = 3;
static TABLE: [[u8; DEPTH]; SLOTS] = {
    let mut table = [[0u8; DEPTH]; SLOTS];
    let mut i = 0;
    while i < KNOWN.len() {
        let names = [KNOWN[i].long, KNOWN[i].compact];
        let mut k = 0;
        while k < 2 {
            if !names[k].is_empty() {
                let at = slot(names[k].as_bytes());
                let mut d = 0;
                while table[at][d] != 0 {
                    d += 1; // past DEPTH this does not compile
                }
                table[at][d] = i as u8 + 1;
            }
            k += 1;
        }
        i += 1;
    }
    table
};

impl HeaderName {
    /// The full form, or the spelling of an unknown one.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => known.entry().map_or("", |k| k.long),
        }
    }

    /// Values of several lines may be joined by commas. Unknown names are not taken apart.
    pub fn is_list(&self) -> bool {
        self.entry().is_some_and(|k| k.list)
    }

    fn entry(&self) -> Option<&'static Known> {
        KNOWN.get(self.index()?)
    }

    /// A known name in any case, full or compact.
    pub(crate) fn known(name: &[u8]) -> Option<Self> {
        TABLE[slot(name)].iter().find_map(|&place| {
            let place = usize::from(place).checked_sub(1)?;
            let k = KNOWN.get(place)?;
            (k.long.as_bytes().eq_ignore_ascii_case(name)
                || (name.len() == 1 && k.compact.as_bytes().eq_ignore_ascii_case(name)))
            .then(|| VARIANTS.get(place).cloned())?
        })
    }
}

/// Characters that no name has are dropped; if nothing is left it is `X-Unnamed`.
impl From<&str> for HeaderName {
    fn from(name: &str) -> Self {
        Self::known(name.as_bytes()).unwrap_or_else(|| {
            Self::Other(if all_token(name) {
                name.into()
            } else {
                name.chars()
                    .filter(|&c| c.is_ascii() && is_token(c as u8))
                    .collect::<String>()
                    .into()
            })
        })
    }
}
impl From<&HeaderName> for HeaderName {
    fn from(name: &HeaderName) -> Self {
        name.clone()
    }
}
impl From<String> for HeaderName {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl PartialEq for HeaderName {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(a), Self::Other(b)) => a.eq_ignore_ascii_case(b),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}
impl Eq for HeaderName {}
impl Ord for HeaderName {
    fn cmp(&self, other: &Self) -> Ordering {
        let lower = |n: &Self| n.as_str().to_ascii_lowercase();
        lower(self).cmp(&lower(other))
    }
}
impl PartialOrd for HeaderName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl hash::Hash for HeaderName {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_str().to_ascii_lowercase().hash(state);
    }
}
impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for HeaderName {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for HeaderName {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(d)?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case_and_by_its_compact_form() {
        for (k, v) in KNOWN.iter().zip(VARIANTS) {
            assert_eq!(HeaderName::known(k.long.as_bytes()).as_ref(), Some(v));
            assert_eq!(
                HeaderName::known(k.long.to_ascii_uppercase().as_bytes()).as_ref(),
                Some(v)
            );
            assert_eq!(v.as_str(), k.long);
            if !k.compact.is_empty() {
                assert_eq!(
                    HeaderName::known(k.compact.as_bytes()).as_ref(),
                    Some(v),
                    "{}",
                    k.compact
                );
                assert_eq!(
                    HeaderName::known(k.compact.to_ascii_uppercase().as_bytes()).as_ref(),
                    Some(v)
                );
            }
        }
        assert_eq!(HeaderName::known(b"X-Via"), None);
        assert_eq!(HeaderName::known(b""), None);
        assert_eq!(HeaderName::from("x-Foo"), HeaderName::from("X-FOO"));
        assert_eq!(HeaderName::from("x-Foo").as_str(), "x-Foo");
        assert_eq!(
            HeaderName::from("X: y\r\nZ").as_str(),
            "XyZ",
            "nothing but a token"
        );
    }
}
