//! Values that look alike wherever they stand.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// A text of one shape.
macro_rules! texts {
    ($($(#[doc = $doc:literal])+ $name:ident, $pattern:expr, [$($like:literal),+];)+) => {$(
        $(#[doc = $doc])+
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "description": concat!($($doc),+).trim(),
                    "pattern": $pattern,
                    "examples": [$($like),+],
                })
            }
        }
    )+};
}

texts! {
    /// A time span: numbers with h, m, s or ms.
    Span, r"^\s*([0-9]+(\.[0-9]+)?\s*(h|m|s|ms)\s*)+$", ["20s", "1m 30s", "500ms"];
    /// A number, or a pattern of them after `_`: X is 0-9, Z 1-9, N 2-9, [1-5] one of those, `.` one or more, `!` none or more; or sip:USER@HOST.
    Dialled, r"^(_?[0-9A-Za-z+*#.!\[\]-]+|sips?:.+)$", ["_20X", "+441632960700", "_+44X."];
    /// Where a call goes: agent: menu: ask: queue: ext: outside: announce: voicemail: callback: conference: trunk: sip: with a name or a number, echo, hangup. `{to}` is the called number.
    Destination, r"^(echo|hangup|(agent|menu|ask|queue|ext|outside|announce|voicemail|callback|conference|trunk|sips?):.+)$", ["queue:reception", "ext:{to}", "announce:closed", "hangup"];
    /// A number as it is dialled.
    Number, r"^[+0-9*#][0-9*#]*$", ["+442079460100"];
    /// A secret by reference: an environment variable, a file, or a credential of systemd. Never the secret itself.
    SecretReference, r"^(env|file|cred):.+$", ["env:CARRIER_PASSWORD", "file:secrets/200", "cred:carrier"];
    /// A server: sip:HOST or sips:HOST with port and transport where they are not the usual ones.
    SipServer, r"^sips?:.+$", ["sip:sbc.carrier.example", "sip:carrier.example;transport=tls"];
    /// A network, or one address.
    Network, r"^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$", ["203.0.113.0/28", "198.51.100.7"];
    /// Address and port.
    Socket, r"^(\[.+\]|[^:]+):[0-9]{1,5}$", ["127.0.0.1:8088"];
    /// A SIP listener.
    Listener, r"^(udp|tcp|tls|ws|wss)://.+:[0-9]{1,5}$", ["udp://0.0.0.0:5060", "tls://0.0.0.0:5061"];
    /// A country, ISO 3166.
    Country, r"^[A-Z]{2}$", ["GB"];
    /// A language, BCP 47.
    Language, r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", ["en-GB"];
    /// One key of a telephone.
    Key, r"^[0-9*#A-D]$", ["1", "*"];
}

/// One, or a list of some.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "a type that is only described")]
pub(super) enum OneOrSeveral<T> {
    One(T),
    Several(Vec<T>),
}
