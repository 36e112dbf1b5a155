//! `trunks/NAME.toml`.

use super::values::{Country, Dialled, Network, Number, SecretReference, SipServer, Span};
use schemars::JsonSchema;

/// A carrier, or a PBX. Its name is that of the file.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "trunks/NAME.toml")]
pub(super) struct TrunkToml {
    /// One line.
    description: Option<String>,
    direction: Option<Direction>,
    /// Its servers, tried in order.
    peers: Option<Vec<SipServer>>,
    outbound_proxy: Option<SipServer>,
    auth: Option<Auth>,
    tls: Option<Tls>,
    media: Option<Media>,
    numbers: Option<Numbers>,
    limits: Option<Limits>,
    hosts: Option<Hosts>,
    emergency: Option<EmergencyWay>,
    health: Option<Health>,
}

/// Which way calls go by it.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Direction {
    In,
    Out,
    Both,
}

/// Who may call in by it, and what proves who we are.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Auth {
    /// Where its calls come from.
    allow_from: Option<Vec<Network>>,
    called_from: Option<CalledFrom>,
    only: Option<Only>,
    /// Its calls have to prove themselves by digest.
    challenge: Option<bool>,
    username: Option<String>,
    password: Option<SecretReference>,
    /// The one realm that is answered; else whichever it names.
    realm: Option<String>,
    register: Option<Register>,
}

/// Where the called number stands.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum CalledFrom {
    RequestUri,
    To,
    PCalledPartyId,
    Diversion,
    HistoryInfo,
}

/// Which calls are this trunk's own where several have one address.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Only {
    from_host: Option<String>,
    to_host: Option<String>,
    header: Option<OnlyHeader>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OnlyHeader {
    name: String,
    value: String,
}

/// It wants us to register with it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Register {
    /// One, or several in the order of asking.
    registrar: Registrars,
    expires: Option<Span>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Registrars {
    One(SipServer),
    /// The next is asked when one does not answer.
    Several(Vec<SipServer>),
}

/// Its servers by TLS.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Tls {
    /// Its authorities, PEM; else the machine's.
    ca: Option<String>,
    /// Its name, where that is not the host of `peers`.
    server_name: Option<String>,
}

/// Sound.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Media {
    codecs: Option<Codecs>,
    srtp: Option<Srtp>,
    dtmf: Option<Dtmf>,
    /// Whether a caller hears what a far end says before it answers.
    early_media: Option<OnOff>,
    prack: Option<Prack>,
    session_timers: Option<OnOff>,
    nat: Option<Nat>,
    refer: Option<OnOff>,
}

/// The most wanted first.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Codecs(Vec<Codec>);

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Codec {
    Pcma,
    Pcmu,
    G722,
    Opus,
}

/// Whether sound is encrypted (RFC 4568).
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Srtp {
    Off,
    Preferred,
    Required,
}

/// How keys come and go: as telephone-events (RFC 4733), by INFO, as tones in the sound; `auto`: as the far end can.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Dtmf {
    Auto,
    Rfc4733,
    Info,
    Inband,
}

/// Reliable provisional responses (RFC 3262).
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Prack {
    Off,
    Supported,
    Required,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum OnOff {
    On,
    Off,
}

/// Where RTP may come from.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Nat {
    Auto,
    Yes,
    No,
}

/// How numbers are written.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Numbers {
    country: Option<Country>,
    inbound_format: Option<Format>,
    outbound_format: Option<Format>,
    /// The number that we show by default.
    caller_id: Option<Number>,
    identity: Option<Identity>,
    diversion: Option<Forwarded>,
    anonymous: Option<Anonymous>,
    verstat: Option<Verstat>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Format {
    AsIs,
    E164,
    #[schemars(rename = "e164-no-plus")]
    E164NoPlus,
    National,
    #[schemars(rename = "international-00")]
    International00,
}

/// Where it reads who calls.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Identity {
    Pai,
    Rpid,
    From,
}

/// How it is told of a number that is not ours.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Forwarded {
    Off,
    Diversion,
    HistoryInfo,
}

/// Callers who hide their number.
#[derive(JsonSchema)]
enum Anonymous {
    #[schemars(rename = "allow")]
    Allow,
    #[schemars(rename = "reject-433")]
    Reject,
}

/// What the trunk says of its own verification of callers' numbers.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Verstat {
    Ignore,
    Trust,
}

/// Channels, and what may be dialled.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Limits {
    /// Channels; 0: no limit.
    #[schemars(range(max = 100_000))]
    calls: Option<u32>,
    /// Of these kept for callers who are being put through.
    #[schemars(range(max = 100_000))]
    reserve: Option<u32>,
    /// New calls in a second; 0: no limit.
    #[schemars(range(max = 10_000))]
    calls_per_second: Option<u32>,
    on_full: Option<OnFull>,
    /// Nothing else is dialled through it.
    may_dial: Option<Vec<Dialled>>,
    /// Never beats may.
    never_dial: Option<Vec<Dialled>>,
}

/// What callers get who are too many.
#[derive(JsonSchema)]
enum OnFull {
    #[schemars(rename = "503")]
    Unavailable,
    #[schemars(rename = "486")]
    Busy,
}

/// Host names that it wants there instead of our address.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Hosts {
    from: Option<String>,
    contact: Option<String>,
}

/// How it learns where a caller for help is.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct EmergencyWay {
    location: Option<LocationBy>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum LocationBy {
    CallerId,
    PidfLo,
}

/// Its peers are asked by OPTIONS whether they are there.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Health {
    /// From one question to the next.
    options: Option<Span>,
    /// So many without an answer in a row: it is tried last.
    #[schemars(range(min = 1, max = 100))]
    down_after: Option<u32>,
    /// So many answers in a row: it is taken again.
    #[schemars(range(min = 1, max = 100))]
    up_after: Option<u32>,
}
