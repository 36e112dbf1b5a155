//! The checked configuration: what the rest of Tandem sees. Made by [`crate::load`], which has
//! refused everything that does not resolve, so names in here always lead somewhere.

mod ask;
mod callback;
mod endpoint;
mod features;
mod machine;
mod menu;
mod queue;
mod recording;
mod trunk;
mod voicemail;

pub use ask::{Ask, Branch, BranchOn, Typed};
pub use callback::{CALLBACK_SAYS, Callback};
pub use endpoint::Endpoint;
pub use features::Features;
pub use machine::{Bans, Hep, Identity, Mail, MailTls, NodeTls, TrunkTls};
pub use menu::{Keyed, Menu};
pub use queue::{LINE_SAYS, LineRules, LineSays, Queue, Strategy};
pub use recording::{RecordFrom, RecordingRules, Recordings};
pub use trunk::{
    Account, CalledFrom, Forwarded, Health, IdentityIn, Nat, OnFull, Prack, ReferPolicy, Trunk,
    Where,
};
pub use voicemail::{Greeting, MAILBOX_SAYS, Mailbox};

use crate::{Dialplans, Emergency, Extensions, Hours, Pattern, Patterns, When, Zone};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, net::SocketAddr, sync::Arc, time::Duration};
use tandem_types::{
    SrtpPolicy,
    agent::AgentRules,
    media::{Codec, DtmfPolicy},
};

/// Everything, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// `tandem.toml`.
    pub node: Node,
    /// `trunks/*.toml`, by file stem.
    pub trunks: BTreeMap<String, Trunk>,
    /// `phones.toml`.
    pub phones: Phones,
    /// `dialplans/*.toml`, by file stem, in the order of names.
    pub dialplans: Dialplans,
    /// Every text that can be rendered at start: (text, voice, language, provider profile).
    pub prompts: Vec<(String, String, String, String)>,
    /// Where a rule was written, `FILE:LINE` by what it is (`reception.routes.0`): for the `why` of
    /// a route and the `rule` of a refusal.
    pub places: BTreeMap<String, String>,
}

/// A secret by reference, resolved at load (`env:NAME`, `file:PATH`, `cred:NAME`). Prints nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);
impl Trunk {
    /// Of our account, in the order of asking; none without one.
    pub fn registrars(&self) -> &[String] {
        self.register.as_ref().map_or(&[], |a| &a.registrars)
    }

    /// A server of it is said to be called by TLS; others may be, where DNS says so.
    pub fn asks_for_tls(&self) -> bool {
        let mut all = self
            .peers
            .iter()
            .chain(&self.outbound_proxy)
            .chain(self.registrars());
        all.any(|uri| crate::load::asks_for_tls(uri))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// What a listener takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenBy {
    /// `udp://`.
    Udp,
    /// `tcp://`.
    Tcp,
    /// `tls://`.
    Tls,
    /// `ws://`.
    Ws,
    /// `wss://`.
    Wss,
}

/// Where a SIP listener stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// By what.
    pub by: ListenBy,
    /// Address and port.
    pub addr: SocketAddr,
}

/// The machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name, in Via and in records.
    pub name: String,
    /// Written into SIP and SDP instead of the socket's own address, unless the peer is in `local_networks`.
    pub public_address: Option<std::net::IpAddr>,
    /// Networks that see our own address.
    pub local_networks: Vec<IpNet>,
    /// SIP listeners.
    pub listen: Vec<Listen>,
    /// Web pages whose scripts may connect by WebSocket: their origins.
    pub websocket_origins: Vec<String>,
    /// Who we are by TLS; there where something listens by it.
    pub tls: Option<NodeTls>,
    /// Name servers; none: the machine's own (`/etc/resolv.conf`).
    pub dns: Vec<SocketAddr>,
    /// Session timers; `None`: no part is taken in them.
    pub session_timers: Option<SessionTimers>,
    /// First and last RTP port (RTP on even, RTCP on the odd one above).
    pub rtp_ports: (u16, u16),
    /// Legs of consult legs only: this many port pairs are kept for them.
    pub rtp_reserve: u16,
    /// Address that RTP sockets bind.
    pub rtp_address: std::net::IpAddr,
    /// Address that RTP sockets of IPv6 bind, beside one of IPv4.
    pub rtp_address6: Option<std::net::Ipv6Addr>,
    /// No media for this long is told to the call.
    pub rtp_timeout: Duration,
    /// A port rests this long before it is used again.
    pub drain_ports: Duration,
    /// HTTP API, health, metrics.
    pub http: Option<SocketAddr>,
    /// Directory that relative paths of the three below start from; itself relative to the
    /// configuration's directory. See [`Node::placed`].
    pub data_dir: String,
    /// Database URL, `sqlite://...` or `postgres://...`.
    pub store_url: String,
    /// Directory of the journal.
    pub journal: String,
    /// `fsync = "always"`.
    pub fsync: bool,
    /// Directory of rendered prompts.
    pub prompt_cache: String,
    /// Provider profiles by name; `offline` is always there.
    pub providers: BTreeMap<String, Profile>,
    /// How long SIGTERM waits for calls.
    pub drain: Duration,
    /// Calls at once; more get 503.
    pub max_calls: u32,
    /// Files that were changed are taken by themselves.
    pub watch: bool,
    /// What happens to whoever guesses passwords.
    pub bans: Bans,
    /// A server that gets a copy of every SIP message.
    pub hep: Option<Hep>,
    /// Where recordings are kept.
    pub recordings: Recordings,
    /// How mail about messages goes out; `None`: there is none.
    pub mail: Option<Mail>,
    /// Whose signatures of callers' numbers are believed; `None`: nobody verifies them.
    pub identity: Option<Identity>,
}

/// One provider profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Words from sound.
    pub stt: Door,
    /// Answers from words.
    pub llm: Door,
    /// Sound from words.
    pub tts: Door,
    /// The profile to use when one of this fails.
    pub fallback: Option<String>,
}

/// How one provider is reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Door {
    /// There is none.
    #[default]
    None,
    /// On this machine: pocketsphinx, flite or espeak-ng.
    Offline {
        /// Engine name; empty: the best that is there.
        engine: String,
    },
    /// OpenAI's HTTP API, or a server that speaks it.
    OpenAi {
        /// e.g. `http://127.0.0.1:8000/v1`.
        base_url: String,
        /// Model name.
        model: String,
        /// API key, if any.
        key: Option<Secret>,
        /// Voice (TTS).
        voice: String,
        /// Sample rate of raw PCM that it sends (TTS); 24000 at OpenAI.
        sample_rate: u32,
    },
}

/// How the node keeps sessions alive (RFC 4028).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimers {
    /// The interval that is asked for.
    pub expires: Duration,
    /// The shortest that is taken.
    pub min_se: Duration,
}

/// `phones.toml`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phones {
    /// By pattern or number, in file order.
    pub extensions: Extensions,
    /// Domain and digest realm of the registrar.
    pub domain: String,
    /// What they speak, the most wanted first.
    pub codecs: Vec<Codec>,
    /// Whether sound is encrypted.
    pub srtp: SrtpPolicy,
    /// How keys come and go.
    pub dtmf: DtmfPolicy,
    /// What phones may dial that are of no class.
    pub may_dial: Patterns,
    /// By name.
    pub classes: BTreeMap<String, Class>,
    /// Calls for help, site by site.
    pub emergency: Vec<Emergency>,
    /// What they dial to set something.
    pub features: Features,
    /// What phones are asked to prove themselves by, the preferred one first (RFC 8760 section 2.3).
    pub digest: Vec<DigestAlgorithm>,
}

/// What some phones may dial.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Class {
    /// Patterns and `sip:` URIs.
    pub may_dial: Patterns,
    /// Never beats may.
    pub never_dial: Patterns,
}

/// The hash of a digest (RFC 7616, RFC 8760).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DigestAlgorithm {
    /// What every phone knows.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512, cut to 256 bits.
    Sha512256,
}

/// One extension, or a pattern of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    /// `200` or `_21X`.
    pub pattern: Pattern,
    /// What it is called.
    pub name: String,
    /// Digest credentials, if it registers here.
    pub registers: Option<(String, Secret)>,
    /// The trunk it is reached by, if it does not.
    pub via: Option<String>,
    /// What it may dial: a name of [`Phones::classes`]; else [`Phones::may_dial`].
    pub class: Option<String>,
    /// Groups whose phones pick each other's ringing calls up.
    pub pickup: Vec<String>,
}

/// The one destination grammar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Destination {
    /// `agent:NAME`.
    Agent(String),
    /// `menu:NAME`.
    Menu(String),
    /// `ask:NAME`.
    Ask(String),
    /// `queue:NAME`.
    Queue(String),
    /// `ext:NUMBER`.
    Ext(String),
    /// `outside:NAME`.
    Outside(String),
    /// `announce:NAME`.
    Announce(String),
    /// `voicemail:NAME`.
    Voicemail(String),
    /// `callback:NAME`.
    Callback(String),
    /// `conference:ROOM`.
    Conference(String),
    /// `echo`.
    Echo,
    /// `trunk:NAME` (same number) or `trunk:NAME/NUMBER`.
    Trunk(String, Option<String>),
    /// `sip:USER@HOST[:PORT]`.
    Sip(String),
    /// An extension that is rung whatever the limits say, in matters of a call for help. Never written in a file.
    Phone(String),
    /// A phone calls for help. Never written in a file: `[[emergency]]` says when.
    Emergency {
        /// The extension that calls.
        phone: String,
        /// What it dialled.
        number: String,
    },
    /// Queues do not ring the phone that calls, or do again. Never written in a file: `[features]` says when.
    Pause(bool),
    /// The messages of the phone that calls. Never written in a file: `[features]` says when.
    Messages,
    /// `hangup`.
    Hangup,
}

/// One dialplan file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dialplan {
    /// File stem.
    pub name: String,
    /// One line.
    pub description: String,
    /// Called numbers; a `[[number]]` route below may sit beside them.
    pub numbers: Vec<Pattern>,
    /// Trunks it takes calls from; empty: any.
    pub trunks: Vec<String>,
    /// Where a call starts when no rule of `when` says otherwise.
    pub start: Option<Destination>,
    /// `[[when]]`, in order.
    pub when: Vec<When>,
    /// By name.
    pub hours: BTreeMap<String, Hours>,
    /// Its clock: of `{daypart}`, and of hours that name none.
    pub timezone: Zone,
    /// Numbers with a way of their own, first match wins: `[routes] "2000" = "echo"`. Captures: `{to}` in a
    /// destination is the called number.
    pub routes: Vec<(Pattern, Destination)>,
    /// Whom its tools ask.
    pub endpoints: Vec<Endpoint>,
    /// Agents and the rules they obey.
    pub rules: Arc<AgentRules>,
    /// By name.
    pub menus: BTreeMap<String, Menu>,
    /// By name.
    pub asks: BTreeMap<String, Ask>,
    /// By name.
    pub queues: BTreeMap<String, Queue>,
    /// By name.
    pub outside: BTreeMap<String, Outside>,
    /// By name.
    pub announcements: BTreeMap<String, Announcement>,
    /// Mailboxes by name.
    pub voicemail: BTreeMap<String, Mailbox>,
    /// How callers are called back, by name.
    pub callbacks: BTreeMap<String, Callback>,
    /// How people are briefed.
    pub warm: WarmRules,
    /// How cold transfers are made.
    pub cold: ColdRules,
    /// What may be dialled.
    pub limits: Limits,
    /// What is recorded.
    pub recording: RecordingRules,
    /// ISO 3166, for ringback and tones.
    pub country: String,
    /// First is the default.
    pub languages: Vec<String>,
    /// Default voice and provider profile for announcements and menus.
    pub voice: String,
    /// Default provider profile.
    pub providers: Option<String>,
}

/// How a transfer to a queue or an outside number is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferMode {
    /// Consult leg and brief.
    #[default]
    Warm,
    /// REFER, or a bridge.
    Cold,
}

/// A number outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Outside {
    /// Spoken name.
    pub spoken: String,
    /// Trunks in order.
    pub via: Vec<String>,
    /// The number.
    pub dial: String,
    /// Warm or cold.
    pub mode: TransferMode,
    /// Ring time.
    pub ring: Duration,
}

/// A text, and then.
#[derive(Clone, Debug, PartialEq)]
pub struct Announcement {
    /// What is said.
    pub text: String,
    /// And then.
    pub then: Destination,
}

/// Where a caller goes when the person they were put through to hangs up first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AfterPerson {
    /// Back to the agent, which remembers.
    #[default]
    Ai,
    /// The call is over.
    Hangup,
}

/// How a person is briefed.
#[derive(Clone, Debug, PartialEq)]
pub struct WarmRules {
    /// Longest brief.
    pub brief_max: Duration,
    /// Takes the caller.
    pub accept_key: char,
    /// Refuses.
    pub decline_key: char,
    /// Repeats the brief.
    pub more_key: char,
    /// Sends the caller to the queue that [`Self::send_to`] names.
    pub queue_key: char,
    /// A queue in which callers wait; `None`: the key does nothing.
    pub send_to: Option<String>,
    /// Brings a caller back who is being put through.
    pub cancel_key: char,
    /// Gives the caller back to the AI, in the call.
    pub back_to_ai: String,
    /// Where the caller goes when the person hangs up first.
    pub after_person: AfterPerson,
    /// After the brief, this long for a key; then it is asked once more, and then the next is tried.
    pub answer_wait: Duration,
    /// People tried.
    pub attempts: u32,
    /// In all.
    pub total: Duration,
    /// Shown as P-Asserted-Identity display name: `{intent}: {caller_name}`, at most 32 characters.
    pub show_on_phone: String,
    /// Alert-Info value.
    pub alert_info: Option<String>,
}

/// What a cold transfer may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColdMethod {
    /// REFER only.
    Refer,
    /// A bridge only.
    Bridge,
    /// REFER, and a bridge when that definitely failed.
    #[default]
    ReferThenBridge,
}

/// How cold transfers are made.
#[derive(Clone, Debug, PartialEq)]
pub struct ColdRules {
    /// Which way.
    pub method: ColdMethod,
    /// Ring time.
    pub ring: Duration,
    /// How long a REFER that was accepted may stay without its final NOTIFY before it counts as unknown.
    pub refer_wait: Duration,
}

/// What may be dialled, and how long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Patterns and `sip:` URIs.
    pub may_dial: Patterns,
    /// Never beats may.
    pub never_dial: Patterns,
    /// The longest call; zero: no limit.
    pub max_call: Duration,
}
