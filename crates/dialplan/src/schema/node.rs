//! `tandem.toml`.

use super::values::{Listener, Network, SecretReference, Socket, Span};
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// The machine: what it listens to, where it keeps things, and who speaks for it. Everything has a default.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "tandem.toml")]
pub(super) struct TandemToml {
    node: Option<NodeTable>,
    sip: Option<Sip>,
    dns: Option<Dns>,
    rtp: Option<Rtp>,
    http: Option<Http>,
    store: Option<StoreTable>,
    telemetry: Option<Telemetry>,
    recordings: Option<RecordingsTable>,
    identity: Option<IdentityTable>,
    mail: Option<MailTable>,
    /// Provider profiles by name; `offline` is always there.
    providers: Option<BTreeMap<String, Provider>>,
}

/// The machine.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct NodeTable {
    /// Stands in Via and in records.
    name: Option<String>,
    /// Written into SIP and SDP in place of the socket's own address.
    public_address: Option<String>,
    /// Networks that see our own address.
    local_networks: Option<Vec<Network>>,
    /// Database, journal and rendered prompts; from this file's directory.
    data_dir: Option<String>,
    /// Calls at once; more get 503.
    #[schemars(range(min = 1, max = 100_000))]
    max_calls: Option<u32>,
    /// Files that were changed are taken by themselves.
    watch: Option<bool>,
    /// How long a stop waits for calls to end by themselves.
    drain: Option<Span>,
}

/// SIP listeners, and who is heard.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Sip {
    /// Where SIP listens.
    listen: Option<Vec<Listener>>,
    tls: Option<OwnTls>,
    session_timers: Option<SessionTimers>,
    /// Strangers get silence.
    unknown_source: Option<UnknownSource>,
    bans: Option<Bans>,
    /// Origins of web pages whose scripts may connect by WebSocket.
    websocket_origins: Option<Vec<String>>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum UnknownSource {
    Drop,
}

/// Our certificate.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OwnTls {
    /// Certificate and chain, PEM; from this file's directory.
    certificate: String,
    /// Its key, PEM.
    key: String,
    /// Clients are asked for certificates that these authorities signed, PEM.
    client_ca: Option<String>,
    client_certificates: Option<ClientCertificates>,
}

/// Whether a client without a certificate is refused.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum ClientCertificates {
    Optional,
    Required,
}

/// Calls are refreshed, and end when the far end is gone (RFC 4028).
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct SessionTimers {
    /// The interval that is asked for.
    expires: Span,
    /// The shortest that is taken; 90 s at least.
    min_se: Option<Span>,
}

/// Whoever guesses passwords is not heard for a while.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Bans {
    /// So many wrong answers; 0: nobody is banned.
    #[schemars(range(max = 100_000))]
    after: Option<u32>,
    /// In so short a time.
    within: Option<Span>,
    /// Then nothing is heard for so long.
    r#for: Option<Span>,
}

/// Name servers.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Dns {
    /// Instead of the machine's own.
    servers: Option<Vec<String>>,
}

/// Ports of sound.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Rtp {
    /// Address that RTP binds.
    address: Option<String>,
    /// Address that RTP of far ends with IPv6 binds, where `address` is IPv4.
    address6: Option<String>,
    /// First and last port, the first one even.
    #[schemars(regex(pattern = r"^[0-9]{4,5}\s*-\s*[0-9]{4,5}$"))]
    ports: Option<String>,
    /// Pairs of ports kept for people who take over.
    #[schemars(range(max = 10_000))]
    reserve: Option<u32>,
    /// No sound for so long is told to the call.
    timeout: Option<Span>,
    /// A port rests so long before it is used again.
    drain_ports: Option<Span>,
    /// RTP goes back to where it comes from: always.
    symmetric: Option<bool>,
}

/// Health, metrics and the API.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Http {
    /// Address and port, or "off".
    listen: Option<SocketOrOff>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum SocketOrOff {
    At(Socket),
    Off(Off),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Off {
    Off,
}

/// Where calls are recorded.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct StoreTable {
    /// sqlite://FILE or postgres://..., or env:NAME, file:PATH, cred:NAME where that stands.
    url: Option<String>,
    /// Folder of the journal.
    journal: Option<String>,
    /// Folder of rendered prompts.
    prompt_cache: Option<String>,
    fsync: Option<Fsync>,
}

/// Whether every step waits for the disk.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Fsync {
    Never,
    Always,
}

/// Who is told what happens.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Telemetry {
    hep: Option<HepTable>,
}

/// A server such as Homer that gets a copy of every SIP message (HEPv3).
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct HepTable {
    /// udp:HOST:PORT.
    #[schemars(regex(pattern = r"^udp:.+:[0-9]{1,5}$"))]
    to: String,
    /// Which of its agents we are.
    agent_id: Option<u32>,
    password: Option<SecretReference>,
}

/// How mail about messages goes out.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MailTable {
    /// mail.northgate.example, or with a port.
    server: String,
    tls: Option<MailTlsKind>,
    /// Northgate <voicemail@northgate.example>.
    from: String,
    username: Option<String>,
    password: Option<SecretReference>,
    /// Whose certificates are believed besides the machine's authorities: a file.
    ca: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum MailTlsKind {
    /// STARTTLS, and no mail without it; port 587.
    Starttls,
    /// TLS from the first octet; port 465.
    Implicit,
    /// In clear, on this machine; port 25.
    Off,
}

/// Whose signatures of callers' numbers are believed (STIR/SHAKEN).
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct IdentityTable {
    /// Authorities, PEM; from this file's directory.
    authorities: String,
    /// A folder of carriers' certificates, HOST/PATH for https://HOST/PATH.
    certificates: String,
}

/// Where recordings are kept.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct RecordingsTable {
    /// Folder, from data_dir.
    dir: Option<String>,
    /// Less room on the disk than that, and nothing is recorded.
    min_free_mb: Option<u32>,
    /// They are encrypted by this one of `keys`.
    key: Option<String>,
    /// Each of 64 hexadecimal digits.
    keys: Option<BTreeMap<String, SecretReference>>,
}

/// Who hears, thinks and speaks.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Provider {
    stt: Option<Stt>,
    llm: Option<Llm>,
    tts: Option<Tts>,
    /// The profile to use when this one fails; "none" for no other.
    fallback: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Kind {
    /// OpenAI's HTTP API, or a server that speaks it.
    OpenAi,
    /// On this machine.
    Offline,
    /// There is none.
    None,
}

/// Words from sound.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Stt {
    kind: Kind,
    base_url: Option<String>,
    model: Option<String>,
    key: Option<SecretReference>,
    /// pocketsphinx.
    engine: Option<String>,
}

/// Answers from words.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Llm {
    kind: Kind,
    base_url: Option<String>,
    model: Option<String>,
    key: Option<SecretReference>,
}

/// Sound from words.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Tts {
    kind: Kind,
    base_url: Option<String>,
    model: Option<String>,
    key: Option<SecretReference>,
    voice: Option<String>,
    /// Of raw sound that it sends; 24000 at OpenAI.
    #[schemars(range(min = 8_000, max = 48_000))]
    sample_rate: Option<u32>,
    /// flite or espeak-ng.
    engine: Option<String>,
}
