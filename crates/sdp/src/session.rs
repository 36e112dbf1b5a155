//! Our side of one leg's offer/answer (RFC 3264).
//!
//! ```text
//!            offer()                  accept(Ok)
//!   New ───────────────> Offered ────────────────> Agreed <──┐
//!    │                     │  ^  accept(Err): stays,  │      │ answer(Ok), accept(Ok)
//!    │ answer(Err): stays  │  │  another may come     │      │
//!    │ answer(Ok)          │  └───────────────────────┤──────┘
//!    └─────────────────────┼────────────────────────> │  offer(): Offered again; if it is refused (488,
//!                          │ answer(Ok): theirs wins  │  491), the last agreement stays in force
//!                          └────────────────────────> │
//! ```
//! No state is written as an enum: an offer that is answered twice (183, then 200), refused or crossed
//! leaves the agreement before it untouched, and that is all there is to it.

use crate::crypto::Crypto;
use crate::model::{Agreed, Direction, Unusable};
use crate::read::{Section, sections};
use crate::write::{Description, Line};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use tandem_types::{
    Pii, SrtpKey, SrtpKeys, SrtpPolicy, SrtpSuite,
    media::{Clock, Codec},
};

/// Our payload types for telephone-event until the far end names another: what most of the field uses. That of Opus' clock is offered
/// beside the other, because there are phones that know Opus and only the other.
const EVENTS: (u8, Clock) = (101, Clock::Hz8000);
const WIDE_EVENTS: (u8, Clock) = (110, Clock::Hz48000);
/// Payload types that mean what the SDP says (RFC 3551 section 6).
const DYNAMIC: std::ops::Range<u8> = 96..127;
/// Packet time that we ask for.
const PTIME_MS: u8 = 20;
const PLAIN: &str = "RTP/AVP";
const SECURE: &str = "RTP/SAVP";

/// What keys of ours are made of. Whoever knows one key knows no other.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    /// Of this gateway, known to nobody.
    pub secret: &'a [u8; 32],
    /// What nothing else was ever called under that secret: this leg and this attempt.
    pub purpose: &'a [u8],
}

/// Our side of one leg's SDP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    session_id: u64,
    version: u64,
    local: SocketAddr,
    /// All that we can, in our order.
    codecs: Vec<Codec>,
    /// We can telephone-event.
    events: bool,
    /// What stands in our next offer, with the payload types of this session.
    list: Vec<(Codec, u8)>,
    event_types: Vec<(u8, Clock)>,
    ptime_ms: u8,
    /// The `m=` lines, which keep their order for the life of the session (RFC 3264 section 8).
    lines: Vec<Line>,
    /// The direction of the last body of ours.
    said: Direction,
    /// The last body of ours; it may have keys in it.
    sent: Option<Pii<String>>,
    /// The last body of ours was an offer.
    offered: bool,
    agreed: Option<Agreed>,
    srtp: SrtpPolicy,
    /// A key of ours for each suite.
    keys: Vec<(SrtpSuite, SrtpKey)>,
    /// The profile of our line and its keys: all that are offered, or the one that was agreed.
    proto: String,
    crypto: Vec<Crypto>,
    #[serde(skip)]
    looked_at: LookedAt,
}

/// The offer that [`Session::can_answer`] has read, and what it says, until it is answered: to read it costs more than all the rest.
#[derive(Clone, Debug, Default)]
struct LookedAt(Option<Box<(Vec<u8>, Vec<Section>)>>);

/// It says no more than the offer does.
impl PartialEq for LookedAt {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for LookedAt {}

impl LookedAt {
    fn take(&mut self, offer: &[u8]) -> Result<Vec<Section>, Unusable> {
        match self.0.take() {
            Some(read) if read.0 == offer => Ok(read.1),
            _ => sections(offer),
        }
    }
}

impl Session {
    /// A leg without an agreement. `session_id` is that of the `o=` line, `codecs` come in the order
    /// of our preference, `events` says whether telephone-event is offered.
    pub fn new(session_id: u64, local: SocketAddr, codecs: Vec<Codec>, events: bool) -> Self {
        Self {
            session_id,
            version: 1,
            local,
            list: codecs.iter().map(|c| (*c, c.payload_type())).collect(),
            event_types: event_types(&codecs, events),
            codecs,
            events,
            ptime_ms: PTIME_MS,
            lines: vec![Line::Audio],
            said: Direction::SendRecv,
            sent: None,
            offered: false,
            agreed: None,
            srtp: SrtpPolicy::Off,
            keys: Vec::new(),
            proto: PLAIN.to_owned(),
            crypto: Vec::new(),
            looked_at: LookedAt::default(),
        }
    }

    /// From the next offer or answer on. Under anything but [`SrtpPolicy::Off`] an offer is of SRTP alone (`RTP/SAVP`), because
    /// phones differ in what they make of both; who refuses it and need not have it is offered plain RTP (field note 16).
    pub fn secure(&mut self, policy: SrtpPolicy, secrets: Secrets<'_>) {
        self.srtp = policy;
        (self.proto, self.crypto, self.keys) = (PLAIN.to_owned(), Vec::new(), Vec::new());
        if policy == SrtpPolicy::Off {
            return;
        }
        let derived = |s: SrtpSuite| (s, SrtpKey::derived(s, secrets.secret, secrets.purpose));
        self.keys = SrtpSuite::ALL.map(derived).to_vec();
        self.proto = SECURE.to_owned();
        let tagged = (1..).zip(SrtpSuite::OFFERED);
        self.crypto = tagged
            .filter_map(|(tag, s)| self.crypto_of(tag, s))
            .collect();
    }

    /// SRTP stands in our offers.
    pub fn offers_srtp(&self) -> bool {
        !self.crypto.is_empty()
    }

    fn crypto_of(&self, tag: u32, suite: SrtpSuite) -> Option<Crypto> {
        let (_, key) = self.keys.iter().find(|(s, _)| *s == suite)?;
        Some(Crypto {
            tag,
            suite,
            key: key.clone(),
        })
    }

    /// What the last exchange fixed.
    pub fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_ref()
    }

    /// An offer of ours awaits its answer, or was answered last.
    pub fn has_offered(&self) -> bool {
        self.offered
    }

    /// Where we take RTP.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Take RTP elsewhere from the next body on.
    pub fn set_local(&mut self, local: SocketAddr) {
        self.local = local;
    }

    /// An offer. The first names all our codecs; a later one has the list of our last body, because
    /// new lists in a re-INVITE draw 488 (field note 14), and the same text with the same `o=` version
    /// when nothing changed.
    pub fn offer(&mut self, direction: Direction) -> String {
        self.offered = true;
        self.say(direction)
    }

    /// An offer with everything that we can: for a re-INVITE that came without one, where the far end
    /// wants to choose anew (RFC 6337 section 5.2.5). Payload types once used keep their meaning.
    pub fn full_offer(&mut self, direction: Direction) -> String {
        for codec in self.codecs.clone() {
            let known = self.list.iter().any(|(c, _)| *c == codec);
            let pt = self.free(codec.payload_type(), !codec.is_static());
            self.list
                .extend(pt.filter(|_| !known).map(|pt| (codec, pt)));
        }
        for (wanted, clock) in event_types(&self.codecs, self.events) {
            let known = self.event_types.iter().any(|(_, c)| *c == clock);
            let pt = self.free(wanted, true).filter(|_| !known);
            self.event_types.extend(pt.map(|pt| (pt, clock)));
        }
        self.offer(direction)
    }

    /// A payload type that means nothing in this session yet: this one, or, if it may be, another.
    fn free(&self, wanted: u8, or_another: bool) -> Option<u8> {
        let codecs = self.list.iter().map(|(_, pt)| *pt);
        let used: Vec<u8> = codecs
            .chain(self.event_types.iter().map(|(pt, _)| *pt))
            .collect();
        let others = DYNAMIC.filter(|_| or_another);
        std::iter::once(wanted)
            .chain(others)
            .find(|pt| !used.contains(pt))
    }

    /// The last body again, for a refresh (RFC 4028): same text, same version. An offer in the
    /// direction of the last one where the address has moved since.
    pub fn reoffer(&mut self) -> String {
        self.offer(self.said)
    }

    /// Answers an offer. `direction` is what we want; what is said is what the offer leaves of it. One
    /// codec is answered, the offerer's first that we know, under the offerer's payload type; one key, with the tag of the
    /// offerer's that it answers.
    pub fn answer(
        &mut self,
        offer: &[u8],
        direction: Direction,
    ) -> Result<(String, Agreed), Unusable> {
        let sections = self.looked_at.take(offer)?;
        let (at, (codec, payload_type)) = self.choose(&sections)?;
        let section = sections.get(at).ok_or(Unusable::NoAudio)?;
        let remote = self.reachable(section)?;
        let theirs = section.effective_direction();
        let ours = direction.answering(theirs);
        let event = section.event(codec.clock()).filter(|_| self.events);

        self.lines = sections
            .iter()
            .enumerate()
            .map(|(i, s)| if i == at { Line::Audio } else { refused(s) })
            .collect();
        self.list = vec![(codec, payload_type)];
        self.event_types = event.into_iter().collect();
        self.ptime_ms = section.ptime_ms;
        self.offered = false;
        let theirs_first = section.crypto.first().filter(|_| self.takes_srtp(section));
        self.proto.clone_from(&section.proto);
        self.crypto = theirs_first
            .and_then(|c| self.crypto_of(c.tag, c.suite))
            .into_iter()
            .collect();
        let srtp = theirs_first.and_then(|c| self.agreed_keys(c));
        let agreed = Agreed {
            remote,
            codec,
            payload_type,
            event_payload_type: event.map(|(pt, _)| pt),
            event_clock: event.map_or(codec.clock(), |(_, clock)| clock),
            opus: section.opus,
            ptime_ms: section.ptime_ms,
            our_direction: ours,
            their_direction: theirs,
            held_by_peer: !theirs.receives(),
            srtp,
        };
        self.agreed = Some(agreed.clone());
        Ok((self.say(ours), agreed))
    }

    /// Whether [`Session::answer`] would answer this offer, and if not, why.
    pub fn can_answer(&mut self, offer: &[u8]) -> Result<(), Unusable> {
        let sections = sections(offer)?;
        let (at, _) = self.choose(&sections)?;
        let section = sections.get(at).ok_or(Unusable::NoAudio)?;
        self.reachable(section)?;
        self.looked_at = LookedAt(Some(Box::new((offer.to_vec(), sections))));
        Ok(())
    }

    /// Takes the answer to our last offer. May be called again for the same offer (183, then 200; a
    /// second early dialog).
    pub fn accept(&mut self, answer: &[u8]) -> Result<Agreed, Unusable> {
        if !self.offered {
            return Err(Unusable::NotOffered);
        }
        let sections = sections(answer)?;
        // The audio stands where we offered it; an answer that lost its other lines has it elsewhere.
        let at = self
            .lines
            .iter()
            .position(|l| *l == Line::Audio)
            .unwrap_or(0);
        let section = sections
            .get(at)
            .filter(|s| s.is_audio())
            .or_else(|| sections.iter().find(|s| s.is_audio()))
            .ok_or(Unusable::NoAudio)?;
        let listed = |(codec, _): &&(Codec, u8)| self.list.iter().any(|(c, _)| c == codec);
        let &(codec, payload_type) = section
            .codecs
            .iter()
            .find(listed)
            .ok_or(Unusable::NoCodec)?;
        let event = section
            .event(codec.clock())
            .filter(|_| !self.event_types.is_empty());
        let srtp = self.answered_keys(section)?;
        let theirs = section.effective_direction();
        let agreed = Agreed {
            remote: self.reachable(section)?,
            codec,
            payload_type,
            event_payload_type: event.map(|(pt, _)| pt),
            event_clock: event.map_or(codec.clock(), |(_, clock)| clock),
            opus: section.opus,
            ptime_ms: section.ptime_ms,
            our_direction: self.said.answering(theirs),
            their_direction: theirs,
            held_by_peer: self.said.sends() && !theirs.receives(),
            srtp,
        };
        self.agreed = Some(agreed.clone());
        Ok(agreed)
    }

    /// What an answer makes of the keys that we offered. They stay in our next offer as they are (field note 14).
    fn answered_keys(&self, section: &Section) -> Result<Option<SrtpKeys>, Unusable> {
        if !self.offers_srtp() {
            let plain = section.is_plain_rtp();
            return plain.then_some(None).ok_or(Unusable::NoCodec);
        }
        if !section.is_sdes() {
            return Err(Unusable::SrtpRequired);
        }
        // One of ours, and no more (RFC 4568 section 5.1.3).
        let ours = |theirs: &Crypto| {
            (self.crypto.iter()).any(|c| (c.tag, c.suite) == (theirs.tag, theirs.suite))
        };
        match &section.crypto[..] {
            [theirs] if ours(theirs) => Ok(self.agreed_keys(theirs)),
            _ => Err(Unusable::SrtpOnly),
        }
    }

    fn agreed_keys(&self, theirs: &Crypto) -> Option<SrtpKeys> {
        let ours = self.crypto_of(theirs.tag, theirs.suite)?;
        Some(SrtpKeys {
            suite: theirs.suite,
            ours: ours.key,
            theirs: theirs.key.clone(),
        })
    }

    fn takes_srtp(&self, section: &Section) -> bool {
        self.srtp != SrtpPolicy::Off && section.is_sdes()
    }

    /// The first audio line that we can speak, encrypted rather than plain, and its first codec that we know.
    fn choose(&self, sections: &[Section]) -> Result<(usize, (Codec, u8)), Unusable> {
        let audio: Vec<_> = sections
            .iter()
            .enumerate()
            .filter(|(_, s)| s.is_audio())
            .collect();
        let plain = |s: &Section| self.srtp != SrtpPolicy::Required && s.is_plain_rtp();
        let encrypted = audio.iter().filter(|(_, s)| self.takes_srtp(s));
        let usable = encrypted.chain(audio.iter().filter(|(_, s)| plain(s)));
        let ours = |(codec, _): &&(Codec, u8)| self.codecs.contains(codec);
        let chosen = usable
            .clone()
            .find_map(|(i, s)| Some((*i, *s.codecs.iter().find(ours)?)));
        chosen.ok_or(if audio.is_empty() {
            Unusable::NoAudio
        } else if usable.count() > 0 {
            Unusable::NoCodec
        } else if audio.iter().all(|(_, s)| s.is_srtp()) {
            Unusable::SrtpOnly
        } else if self.srtp == SrtpPolicy::Required {
            Unusable::SrtpRequired
        } else {
            Unusable::NoCodec
        })
    }

    fn reachable(&self, section: &Section) -> Result<SocketAddr, Unusable> {
        let remote = section.remote()?;
        if remote.is_ipv4() != self.local.is_ipv4() && !remote.ip().is_unspecified() {
            return Err(Unusable::AddressFamily);
        }
        Ok(remote)
    }

    /// The body for what we have now; its version goes up by one if it differs from the last one.
    fn say(&mut self, direction: Direction) -> String {
        self.said = direction;
        let mut text = self.text();
        if self
            .sent
            .as_ref()
            .is_some_and(|sent| *sent.reveal() != text)
        {
            self.version += 1;
            text = self.text();
        }
        self.sent = Some(Pii::new(text.clone()));
        text
    }

    fn text(&self) -> String {
        Description {
            session_id: self.session_id,
            version: self.version,
            local: self.local,
            lines: &self.lines,
            codecs: &self.list,
            event_types: &self.event_types,
            ptime_ms: self.ptime_ms,
            direction: self.said,
            proto: &self.proto,
            crypto: &self.crypto,
        }
        .to_text()
    }
}

/// The telephone-events that we offer beside these codecs.
fn event_types(codecs: &[Codec], events: bool) -> Vec<(u8, Clock)> {
    let wide = codecs.iter().any(|c| c.clock() == Clock::Hz48000);
    let all = [Some(EVENTS), wide.then_some(WIDE_EVENTS)];
    all.into_iter().flatten().filter(|_| events).collect()
}

fn refused(s: &Section) -> Line {
    Line::Refused {
        media: s.media.clone(),
        proto: s.proto.clone(),
        formats: s.formats.clone(),
    }
}
