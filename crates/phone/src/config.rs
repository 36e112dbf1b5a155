//! What a phone is, and how it behaves when nobody tells it.

use std::{net::SocketAddr, sync::Arc, time::Duration};
use tandem_sip::{api::Flow, message::Headers};
use tandem_types::media::Codec;

/// One phone.
#[derive(Clone, Debug)]
pub struct PhoneConfig {
    /// Shown as its caller's name, and in ladders.
    pub name: String,
    /// Its SIP socket.
    pub local_sip: SocketAddr,
    /// Its RTP socket; RTCP is neither sent nor taken.
    pub local_rtp: SocketAddr,
    /// User part of its address: an extension or a number.
    pub user: String,
    /// Host part of its address, as registrar and From have it.
    pub domain: String,
    /// Answers digest challenges.
    pub password: Option<String>,
    /// Where REGISTER goes, and an INVITE whose target names no address.
    pub registrar: Option<Flow>,
    /// In its order of preference; it has no Opus.
    pub codecs: Vec<Codec>,
    /// Offers telephone-event; without it keys go as INFO.
    pub events: bool,
    /// What it says while nothing else is said.
    pub voice: Voice,
    /// What it does with an incoming call.
    pub incoming: Incoming,
    /// What it does with a REFER.
    pub refer: ReferPolicy,
    /// Sends its INVITEs without an offer, and answers in the ACK.
    pub delayed_offer: bool,
    /// Takes any REGISTER, as a carrier or PBX does that a trunk registers with.
    pub registrar_for_others: bool,
}

impl PhoneConfig {
    /// A plain phone: G.711 u-law before A-law, events, silent, does nothing with a call before it is told to,
    /// follows a REFER.
    pub fn new(
        name: &str,
        user: &str,
        domain: &str,
        local_sip: SocketAddr,
        local_rtp: SocketAddr,
    ) -> Self {
        Self {
            name: name.to_owned(),
            local_sip,
            local_rtp,
            user: user.to_owned(),
            domain: domain.to_owned(),
            password: None,
            registrar: None,
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            events: true,
            voice: Voice::Silence,
            incoming: Incoming::Wait,
            refer: ReferPolicy::Follow,
            delayed_offer: false,
            registrar_for_others: false,
        }
    }
}

/// The sound of a phone.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Voice {
    /// One sine, so that who hears whom can be measured.
    Tone {
        /// Frequency.
        hz: f64,
    },
    /// Packets of silence.
    #[default]
    Silence,
    /// 8 kHz, over and over.
    Pcm(Arc<Vec<i16>>),
}

/// What a phone does with an incoming call by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// Nothing: its user acts. The caller has had a 100.
    Wait,
    /// 180, and nothing more.
    Ring,
    /// 180 at once, 200 after this time.
    Answer {
        /// How long it rings.
        after: Duration,
    },
    /// 180 at once, this status after that time.
    RingThenReject {
        /// How long it rings.
        after: Duration,
        /// 400 to 699.
        status: u16,
    },
    /// 486.
    Busy,
    /// This status at once.
    Reject {
        /// 300 to 699.
        status: u16,
        /// e.g. Reason.
        headers: Headers,
    },
    /// Not even a 100: it is dead to INVITEs.
    Ignore,
}

/// What a phone does with a REFER.
#[derive(Clone, Debug, PartialEq)]
pub enum ReferPolicy {
    /// 202, calls the target, and tells by NOTIFY how that goes. The new call takes the phone's ear once
    /// it is answered; the referrer's BYE, or its own after the last NOTIFY, ends the old one.
    Follow,
    /// This status at once (603, 405, 403, 420, ...).
    Refuse {
        /// 300 to 699.
        status: u16,
    },
    /// 202 and then these NOTIFYs, each so long after the one before, without calling anybody. One that is final (200 and up)
    /// is the end of the subscription; 1 ends it without a final status; 0 has no status, and it goes on.
    Notify(Vec<(Duration, u16)>),
    /// 202 and silence.
    AcceptOnly,
    /// 202, and BYE so long after it without a word.
    AcceptThenBye {
        /// How long after.
        after: Duration,
    },
    /// No response at all.
    Ignore,
}
