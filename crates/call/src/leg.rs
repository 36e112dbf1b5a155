//! One leg as the call sees it: a SIP session, its offer/answer, its port. The verbs on legs stand in
//! `call/legs.rs`.
//!
//! ```text
//!   incoming                                        outgoing
//!   Opening --port--> Incoming --200--> Accepted    Opening --port--> Inviting --2xx--> Up
//!      |                 |                | ACK        |                 |               |
//!      | CANCEL          | CANCEL,        v            | hung up         | 3xx..6xx:     | BYE
//!      v                 v reject         Up           v                 v next way, or  v
//!    Closing <-----------+----------------+------------+-----------------+-> Closing <---+
//!      | LegClosed
//!      v
//!    Gone
//! ```

use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, net::IpAddr};
use tandem_sdp::{Agreed, Secrets, Session};
use tandem_sip::api::{Flow, OutgoingInvite, RequestKey, SessionId};
use tandem_types::{
    LegId, Mono, SrtpPolicy, Termination,
    journal::LegRole,
    media::{Codec, DtmfPolicy, Family},
};

/// Where a leg stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LegState {
    /// Its port is being taken.
    Opening,
    /// Theirs, not answered yet.
    Incoming,
    /// Ours, no final response yet.
    Inviting,
    /// Theirs, 200 sent, ACK awaited.
    Accepted,
    /// Both ends agreed.
    Up,
    /// Signalling is over, the port is being given back.
    Closing,
    /// Nothing is left of it.
    Gone,
}

/// From where a leg's RTP may be learnt besides SDP's address (field note 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Learn {
    /// Where SDP's address is private and the SIP source is not, or they differ on loopback: never.
    #[default]
    Auto,
    /// Always the SIP source.
    Source,
    /// Never.
    No,
}

/// One way to a far end: an INVITE, and what the leg is made of when it goes this way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// What is sent; the offer is put in then.
    pub invite: OutgoingInvite,
    /// What may be offered.
    pub codecs: Vec<Codec>,
    /// Whether its sound is encrypted.
    pub srtp: SrtpPolicy,
    /// How keys come and go.
    pub dtmf: DtmfPolicy,
    /// Where RTP may be learnt from.
    pub learn: Learn,
    /// The trunk.
    pub trunk: Option<String>,
    /// The user of a registered phone.
    pub phone: Option<String>,
    /// Where the caller is (PIDF-LO), to go with the offer.
    pub location: Option<String>,
}

/// One leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Its id.
    pub id: LegId,
    /// Its part.
    pub role: LegRole,
    /// For people: number, extension or URI.
    pub peer: String,
    /// Where it stands.
    pub state: LegState,
    /// Its SIP session; an outgoing one has none before its port is there.
    pub session: Option<SessionId>,
    /// Our side of the offer/answer; from the port on.
    pub sdp: Option<Session>,
    /// What was agreed last.
    pub agreed: Option<Agreed>,
    /// Counts offer/answers.
    pub generation: u32,
    /// What may be offered.
    pub codecs: Vec<Codec>,
    /// Whether its sound is encrypted.
    pub srtp: SrtpPolicy,
    /// How keys come and go.
    pub dtmf: DtmfPolicy,
    /// Counts the keys that were made for it.
    pub keyed: u32,
    /// The way that is being tried with SRTP and may be tried without.
    pub plain_way: Option<Way>,
    /// Where RTP may be learnt from.
    pub learn: Learn,
    /// Where its signalling comes from.
    pub source: Option<IpAddr>,
    /// The trunk it goes through.
    pub trunk: Option<String>,
    /// The registered phone that it is, by its user.
    pub phone: Option<String>,
    /// The leg of another call whose far end it is to be, as long as it is not.
    pub lent_by: Option<LegId>,
    /// The leg whose place it is to take, as long as it has not.
    pub replaces: Option<LegId>,
    /// The offer in the INVITE that was not answered yet.
    pub offer: Option<Vec<u8>>,
    /// What the last 1xx described, and the tag of its dialog: a 2xx of that dialog need not say it again (RFC 3262 section 5).
    pub early: Option<(String, bytes::Bytes)>,
    /// Its offer was answered in a 1xx.
    pub early_open: bool,
    /// Their bodiless re-INVITE was answered with our offer; the answer comes with the ACK.
    pub our_offer_open: bool,
    /// It stands in the journal.
    pub noted: bool,
    /// The question whether it is still there, while it is open.
    pub probe: Option<RequestKey>,
    /// Our re-INVITE that refreshes the session, while it is open.
    pub refresh: Option<RequestKey>,
    /// When a leg that fell silent is asked again.
    pub probe_at: Option<Mono>,
    /// When the next way is tried, should the far end not even have said that it has the INVITE.
    pub unheard_at: Option<Mono>,
    /// Which way its INVITE went last.
    pub way: Option<Flow>,
    /// What is still to be tried, first is next.
    pub ways: VecDeque<Way>,
    /// They put us on hold.
    pub held: bool,
    /// No sound has come for some seconds, and it should.
    pub silent: bool,
    /// 18x was seen.
    pub rang: bool,
    /// When it was answered.
    pub answered: Option<Mono>,
    /// How it ended.
    pub end: Option<Termination>,
    /// Keys that may become a code, which nobody has heard, and when they are none after all.
    pub typed: (String, Mono),
    /// Keys of this leg are not passed on by the media graph.
    pub keys_kept: bool,
    /// It has told keys by INFO: the same keys in its sound are no others.
    pub told_by_info: bool,
    /// It takes keys by INFO.
    pub takes_info: bool,
    /// Keys that wait for the answer to an INFO, and that INFO.
    pub keys_out: String,
    /// The INFO that is open.
    pub key_sent: Option<RequestKey>,
}

impl Leg {
    /// Of the address at which the far end wants its sound, as far as that is known: its offer's, or that of its signalling.
    pub(crate) fn far_family(&self) -> Option<Family> {
        let offered = self.offer.as_deref().and_then(tandem_sdp::family);
        offered.or_else(|| self.source.map(Family::of))
    }

    /// A leg without a port.
    pub fn new(id: LegId, role: LegRole, peer: String) -> Self {
        Self {
            id,
            role,
            peer,
            state: LegState::Opening,
            session: None,
            sdp: None,
            agreed: None,
            generation: 0,
            codecs: vec![Codec::Pcma, Codec::Pcmu],
            srtp: SrtpPolicy::Off,
            dtmf: DtmfPolicy::Auto,
            keyed: 0,
            plain_way: None,
            learn: Learn::Auto,
            source: None,
            trunk: None,
            phone: None,
            lent_by: None,
            replaces: None,
            offer: None,
            early: None,
            early_open: false,
            our_offer_open: false,
            noted: false,
            probe: None,
            refresh: None,
            probe_at: None,
            unheard_at: None,
            way: None,
            ways: VecDeque::new(),
            held: false,
            silent: false,
            rang: false,
            answered: None,
            end: None,
            typed: (String::new(), Mono(0)),
            keys_kept: false,
            told_by_info: false,
            takes_info: false,
            keys_out: String::new(),
            key_sent: None,
        }
    }

    /// Keys reach it by INFO alone: it has no telephone-event, or is to have none.
    pub fn wants_info(&self) -> bool {
        let events = self
            .agreed
            .as_ref()
            .is_none_or(|a| a.event_payload_type.is_some());
        match self.dtmf {
            DtmfPolicy::Auto | DtmfPolicy::Rfc4733 => self.takes_info && !events,
            DtmfPolicy::Info => true,
            DtmfPolicy::Inband => false,
        }
    }

    /// It may still carry sound.
    pub fn alive(&self) -> bool {
        !matches!(self.state, LegState::Closing | LegState::Gone)
    }

    /// No sound is to be expected of it: nothing comes, or its far end said that it only listens (recvonly).
    pub fn is_still(&self) -> bool {
        let only_listens = |a: &Agreed| !a.their_direction.sends();
        self.silent || self.agreed.as_ref().is_some_and(only_listens)
    }

    /// Both ends agreed on media.
    pub fn up(&self) -> bool {
        matches!(self.state, LegState::Up | LegState::Accepted)
    }

    /// Makes new keys for its next offer or answer, of which none is ever made again.
    pub fn secure(&mut self, policy: SrtpPolicy, secret: &[u8; 32]) {
        self.keyed += 1;
        let mut purpose = [0; 24];
        purpose[..16].copy_from_slice(&self.id.call.0.to_be_bytes());
        purpose[16..20].copy_from_slice(&self.id.index.to_be_bytes());
        purpose[20..].copy_from_slice(&self.keyed.to_be_bytes());
        if let Some(sdp) = &mut self.sdp {
            let purpose = &purpose;
            sdp.secure(policy, Secrets { secret, purpose });
        }
    }

    /// From where RTP may be learnt besides SDP's address.
    pub fn learn_from(&self, agreed: &Agreed) -> Option<IpAddr> {
        match (self.learn, self.source) {
            (_, None) | (Learn::No, _) => None,
            (Learn::Source, Some(source)) => agreed.learn_from(source, true),
            (Learn::Auto, Some(source)) => agreed.learn_from(source, false),
        }
    }
}
