//! A trunk, checked.

use super::{Secret, TrunkTls};
use crate::{NumberFormat, Patterns};
use ipnet::IpNet;
use std::time::Duration;
use tandem_types::{
    SrtpPolicy,
    media::{Codec, DtmfPolicy},
};

/// One trunk: a carrier, or a PBX.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trunk {
    /// File stem.
    pub name: String,
    /// One line.
    pub description: String,
    /// May call in.
    pub inbound: bool,
    /// May be called through.
    pub outbound: bool,
    /// SIP URIs as text, tried in order.
    pub peers: Vec<String>,
    /// Outbound proxy URI.
    pub outbound_proxy: Option<String>,
    /// Its servers by TLS.
    pub tls: TrunkTls,
    /// Source addresses of inbound calls.
    pub allow_from: Vec<IpNet>,
    /// Which calls from there are its own.
    pub only: Where,
    /// Where the called number is read.
    pub called_from: CalledFrom,
    /// Host that it wants in From, and in what says who calls; else the socket's address.
    pub from_host: Option<String>,
    /// Host that it wants in Contact.
    pub contact_host: Option<String>,
    /// Ask inbound INVITEs for digest.
    pub challenge: bool,
    /// Digest user name.
    pub username: Option<String>,
    /// Digest password.
    pub password: Option<Secret>,
    /// The one realm that is answered; `None`: whichever the trunk names.
    pub realm: Option<String>,
    /// For a trunk that we register with.
    pub register: Option<Account>,
    /// In order of preference.
    pub codecs: Vec<Codec>,
    /// Whether sound is encrypted.
    pub srtp: SrtpPolicy,
    /// How keys come and go.
    pub dtmf: DtmfPolicy,
    /// Where RTP may come from.
    pub nat: Nat,
    /// What is said before the answer is heard by the caller.
    pub early_media: bool,
    /// Reliable provisional responses.
    pub prack: Prack,
    /// Session timers are asked for in calls through it, where the node has them.
    pub session_timers: bool,
    /// REFER.
    pub refer: ReferPolicy,
    /// The number that we show by default.
    pub caller_id: Option<String>,
    /// How its numbers come in.
    pub inbound_format: NumberFormat,
    /// How it wants them.
    pub outbound_format: NumberFormat,
    /// Where it wants to read who calls.
    pub identity: IdentityIn,
    /// How it is told of a number that is not ours.
    pub forwarded: Forwarded,
    /// What it says of a caller's number (`verstat`) is believed.
    pub trusts_verstat: bool,
    /// Callers who hide their number are refused with 433 (RFC 5079).
    pub rejects_anonymous: bool,
    /// ISO 3166 country, for ringback.
    pub country: String,
    /// Calls at once; 0: no limit.
    pub calls: u32,
    /// Of these kept for callers who are being put through to people.
    pub reserve: u32,
    /// New calls in a second, both ways; 0: no limit.
    pub calls_per_second: u32,
    /// What callers get who are too many.
    pub on_full: OnFull,
    /// Patterns that may be dialled through it; empty: none.
    pub may_dial: Patterns,
    /// Patterns that may never be.
    pub never_dial: Patterns,
    /// Calls for help by it say where the caller is (RFC 6442); else the carrier knows by the number that is shown.
    pub conveys_location: bool,
    /// Whether its peers are asked if they are there.
    pub health: Option<Health>,
}

/// Our account at a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Registrar URIs as text, at least one; the next is asked when one does not answer.
    pub registrars: Vec<String>,
    /// The time that we wish for.
    pub expires: Duration,
}

/// OPTIONS to the peers of a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// From one question to the next.
    pub every: Duration,
    /// So many without an answer in a row: it is passed over.
    pub down_after: u32,
    /// So many answers in a row: it is taken again.
    pub up_after: u32,
}

/// What a trunk may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferPolicy {
    /// Never send REFER.
    #[default]
    Off,
    /// Send it.
    On,
}

/// Where the called number stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CalledFrom {
    /// Request-URI.
    #[default]
    RequestUri,
    /// To.
    To,
    /// P-Called-Party-ID (RFC 7315).
    PCalledPartyId,
    /// The first Diversion (RFC 5806).
    Diversion,
    /// The first entry of History-Info (RFC 7044).
    HistoryInfo,
}

/// What tells a trunk's calls from those of another trunk at the same address. All that is named must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Where {
    /// Host of From.
    pub from_host: Option<String>,
    /// Host of To.
    pub to_host: Option<String>,
    /// A header, by name, and its value.
    pub header: Option<(String, String)>,
}

/// Where a trunk reads who calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdentityIn {
    /// P-Asserted-Identity (RFC 3325).
    #[default]
    Asserted,
    /// Remote-Party-ID.
    RemoteParty,
    /// From alone.
    From,
}

/// How a trunk is told whose number is shown, when that is not ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forwarded {
    /// It is not: our own number is shown.
    #[default]
    Off,
    /// Diversion (RFC 5806).
    Diversion,
    /// History-Info (RFC 7044).
    HistoryInfo,
}

/// Which answer callers get for whom a trunk has no channel left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFull {
    /// 503: the carrier may try another way.
    #[default]
    Unavailable,
    /// 486: the caller hears a busy tone.
    Busy,
}

/// Where RTP may come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nat {
    /// From SDP's address, or the SIP source where SDP's is private and the source is not.
    #[default]
    Auto,
    /// From the SIP source.
    Yes,
    /// From SDP's address only.
    No,
}

/// Reliable provisional responses (RFC 3262).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prack {
    /// Only where the peer demands them.
    #[default]
    Off,
    /// Offered, and used for early media.
    Supported,
    /// Demanded of the peer; who cannot is refused.
    Required,
}
