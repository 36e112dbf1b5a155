//! What is done at the socket while the shard has too much to do: a new call gets a 503 that costs a tenth of a call, and what
//! matters least is dropped first.
//!
//! ```text
//!                 fewer than BUSY packets wait
//!   packet -----------------------------------------> shard
//!      |  BUSY or more wait, or did lately (admission.rs: then a share of new calls is let in)
//!      +-- INVITE of a trunk, without a To tag ------> 503, no Retry-After
//!      |     but one that was let in before, again,
//!      |     or to an emergency number -------------> shard
//!      +-- ACK of such a 503 -------------------------> forgotten
//!      +-- anything else: in a dialog, BYE, CANCEL,
//!          OPTIONS, REGISTER, responses, strangers ---> shard, while there is a place:
//!
//!   who                                      places
//!   a stranger (a phone is one here),
//!     whose request begins something         BEGINNINGS
//!     anything else of a stranger's,
//!     and calls for help                     STRANGERS
//!   a trunk                                  PACKETS
//! ```
//!
//! So no flood of strangers, whatever they send, takes the places of what trunks send in their calls. Whatever is dropped is sent
//! again by its sender (RFC 3261 section 17.1), a connection is closed and made anew.
//!
//! Without Retry-After, because that would turn the whole of a sender's traffic away (RFC 3261 section 21.5.4). A call whose INVITE
//! waits for the shard sends it again after half a second (section 17.1.1.2): a 503 to that one would end a call that is let in.

use crate::{admission::Admission, places::full};
use arc_swap::ArcSwap;
use bytes::Bytes;
use std::{
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tandem_dialplan::Plan;
use tandem_sip::message::{Message, Method, Request, Response};

/// Packets that wait for the shard before new calls are refused: what it does in some 20 ms, so that no answer is late.
pub(crate) const BUSY: usize = 512;

/// Places for packets: what a core takes in a fraction of T1 (RFC 3261 section 17.1.1.1), so that what is answered late is not
/// answered twice.
const PACKETS: usize = 4096;
/// Those that strangers may take.
const STRANGERS: usize = PACKETS / 4 * 3;
/// Those that strangers may take with what belongs to no dialog.
const BEGINNINGS: usize = PACKETS / 2;

/// INVITEs that the door remembers: those of the 32 s in which one is repeated, at 250 calls per second.
const REMEMBERED: usize = 8192;

/// The door of one gateway.
#[derive(Clone)]
pub(crate) struct Door {
    plan: Arc<ArcSwap<Plan>>,
    tag: Arc<str>,
    let_in: Arc<LetIn>,
    admission: Arc<Admission>,
}

/// How an INVITE begins.
const INVITE: &[u8] = b"INVITE ";

/// So much of an INVITE tells it from all others: its first Via has a branch of its own (RFC 3261 section 8.1.1.7).
const TELLING: usize = 256;

/// The INVITEs that were let in, by a hash of how they begin: a repeated one is the same to the last byte. All listeners share it.
struct LetIn {
    hasher: RandomState,
    seen: Box<[AtomicU64]>,
}

impl LetIn {
    fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            seen: (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    fn place(&self, from: SocketAddr, bytes: &Bytes) -> (Option<&AtomicU64>, u64) {
        // Never 0, which is an empty place.
        let begins = bytes.get(..TELLING).unwrap_or(bytes);
        let hash = self.hasher.hash_one((from, bytes.len(), begins)) | 1;
        let place = hash.rotate_right(8) as usize % REMEMBERED;
        (self.seen.get(place), hash)
    }

    fn note(&self, from: SocketAddr, bytes: &Bytes) {
        if let (Some(place), hash) = self.place(from, bytes) {
            place.store(hash, Relaxed);
        }
    }

    fn has(&self, from: SocketAddr, bytes: &Bytes) -> bool {
        let (place, hash) = self.place(from, bytes);
        place.is_some_and(|p| p.load(Relaxed) == hash)
    }
}

/// What becomes of a packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes to the shard.
    Enter,
    /// It is answered with this, sent there, and that was it.
    Refuse(SocketAddr, Bytes),
    /// It needs no answer.
    Forget,
    /// There is no place for it.
    Drop,
}

impl Door {
    /// `secret` makes the tag of its answers one that nobody else's has.
    pub(crate) fn new(plan: Arc<ArcSwap<Plan>>, secret: u64) -> Self {
        Self {
            plan,
            tag: format!("full-{secret:016x}").into(),
            let_in: Arc::new(LetIn::new()),
            admission: Arc::default(),
        }
    }

    /// What becomes of a packet while `waiting` others wait.
    pub(crate) fn judge(&self, waiting: usize, from: SocketAddr, bytes: &Bytes) -> Verdict {
        let crowded = waiting >= BUSY;
        if crowded {
            self.admission.crowded();
        } else if self.admission.is_whole() {
            if bytes.starts_with(INVITE) {
                self.let_in.note(from, bytes);
            }
            return Verdict::Enter;
        }
        let stranger = || self.plan.load().trunk_by_source(from.ip()).is_empty();
        let dropped = waiting >= BEGINNINGS && stranger() && !self.stays(waiting, bytes);
        if waiting >= PACKETS || dropped {
            full("shard", "drop");
            return Verdict::Drop;
        }
        if bytes.starts_with(b"ACK ") {
            let tag = self.tag.as_bytes();
            let ours = bytes.windows(tag.len()).any(|w| w == tag);
            return if ours {
                Verdict::Forget
            } else {
                Verdict::Enter
            };
        }
        if !bytes.starts_with(INVITE) || self.let_in.has(from, bytes) {
            return Verdict::Enter;
        }
        let refused = if stranger() {
            None
        } else {
            self.refusal(from, bytes)
        };
        match refused {
            Some(refused) if crowded || !self.admission.admits() => {
                metrics::counter!("tandem_calls_refused_total", "why" => "overload").increment(1);
                refused
            }
            _ => {
                self.let_in.note(from, bytes);
                Verdict::Enter
            }
        }
    }

    /// How a new call of a trunk is refused; `None`: it is none, or somebody calls for help.
    fn refusal(&self, from: SocketAddr, bytes: &Bytes) -> Option<Verdict> {
        let Ok(Message::Request(request)) = Message::parse(bytes.clone()) else {
            return None;
        };
        let begins = request.to().is_some_and(|to| to.tag().is_none());
        // A phone may stand where a trunk does.
        if request.method != Method::Invite || !begins || self.is_for_help(&request) {
            return None;
        }
        let mut via = request.top_via()?.clone();
        via.note_source(from);
        let to = via.response_addr().unwrap_or(from);
        let mut response = Response::reply_to(&request, 503, Some(&self.tag));
        response.headers.replace_top_via(via);
        Some(Verdict::Refuse(to, response.to_bytes()))
    }

    /// What the thread behind the door was busy for since it was said last, in thousandths.
    pub(crate) fn settle(&self, busy: u32) {
        self.admission.settle(busy);
    }

    /// Whether a stranger's packet, one of the second half, may still come in.
    fn stays(&self, waiting: usize, bytes: &Bytes) -> bool {
        waiting < STRANGERS
            && match Message::parse(bytes.clone()) {
                Ok(Message::Request(request)) => {
                    request.to().is_some_and(|to| to.tag().is_some()) || self.is_for_help(&request)
                }
                Ok(Message::Response(_)) => true,
                Err(_) => false,
            }
    }

    fn is_for_help(&self, request: &Request) -> bool {
        let called = request.uri.user().unwrap_or_default();
        self.plan.load().is_emergency_number(called)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_dialplan::{Emergency, Phones, Trunk};

    const KNOWN: &str = "192.0.2.7:5060";
    const STRANGER: &str = "198.51.100.1:5060";

    fn door() -> Door {
        let trunk = Trunk {
            name: "carrier".into(),
            inbound: true,
            allow_from: vec!["192.0.2.0/24".parse().expect("a network")],
            ..Trunk::default()
        };
        let site = Emergency {
            numbers: vec!["999".into()],
            ..Emergency::default()
        };
        let phones = Phones {
            emergency: vec![site],
            ..Phones::default()
        };
        let plan = Plan {
            trunks: [("carrier".to_owned(), trunk)].into(),
            phones,
            ..Plan::default()
        };
        Door::new(Arc::new(ArcSwap::from_pointee(plan)), 7)
    }

    fn message(method: &str, to: &str) -> Bytes {
        format!(
            "{method} sip:100@gw SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKx;rport\r\nMax-Forwards: 70\r\n\
             From: <sip:a@b>;tag=f\r\nTo: {to}\r\nCall-ID: c\r\nCSeq: 1 {method}\r\nContact: <sip:a@b>\r\n\
             Content-Length: 0\r\n\r\n"
        )
        .into()
    }

    fn judge(waiting: usize, from: &str, bytes: &Bytes) -> Verdict {
        door().judge(waiting, from.parse().expect("an address"), bytes)
    }

    #[test]
    fn a_new_call_of_a_trunk_is_refused_while_too_many_wait_and_let_in_before() {
        let invite = message("INVITE", "<sip:100@gw>");
        assert_eq!(judge(BUSY - 1, KNOWN, &invite), Verdict::Enter);
        let Verdict::Refuse(to, bytes) = judge(BUSY, KNOWN, &invite) else {
            panic!("it was let in");
        };
        assert_eq!(to, KNOWN.parse().expect("an address"));
        let text = std::str::from_utf8(&bytes).expect("text");
        assert!(text.starts_with("SIP/2.0 503 "), "{text}");
        assert!(
            text.contains("received=192.0.2.7") && text.contains("rport=5060"),
            "{text}"
        );
        assert!(text.contains("\r\nTo: <sip:100@gw>;tag=full-"), "{text}");
        assert!(!text.contains("Retry-After"), "{text}");
        // Its ACK is the end of it, anybody else's is not.
        let tag = text
            .split("tag=full-")
            .nth(1)
            .and_then(|t| t.get(..16))
            .expect("a tag");
        let to = format!("<sip:100@gw>;tag=full-{tag}");
        assert_eq!(judge(BUSY, KNOWN, &message("ACK", &to)), Verdict::Forget);
        assert_eq!(
            judge(BUSY, KNOWN, &message("ACK", "<sip:100@gw>;tag=z")),
            Verdict::Enter
        );
    }

    #[test]
    fn a_call_for_help_is_let_in_while_there_is_a_place() {
        let text = message("INVITE", "<sip:999@gw>");
        let text = String::from_utf8_lossy(&text).replace("sip:100@gw SIP", "sip:999@gw SIP");
        let help = Bytes::from(text.into_bytes());
        assert_eq!(judge(PACKETS - 1, KNOWN, &help), Verdict::Enter);
        // A phone is a stranger here.
        assert_eq!(judge(STRANGERS - 1, STRANGER, &help), Verdict::Enter);
    }

    #[test]
    fn an_invite_that_was_let_in_is_never_refused_when_it_comes_again() {
        let door = door();
        let from = KNOWN.parse().expect("an address");
        let invite = message("INVITE", "<sip:100@gw>");
        assert_eq!(door.judge(0, from, &invite), Verdict::Enter);
        assert_eq!(door.clone().judge(BUSY, from, &invite), Verdict::Enter);
        // Another call from there, and one that was refused and is sent again before the answer got there.
        let other = Bytes::from(
            String::from_utf8_lossy(&invite)
                .replace("branch=z9hG4bKx", "branch=z9hG4bKy")
                .into_bytes(),
        );
        for _ in 0..2 {
            assert!(matches!(
                door.judge(BUSY, from, &other),
                Verdict::Refuse(..)
            ));
        }
    }

    #[test]
    fn what_is_dropped_is_what_matters_least() {
        let within = "<sip:100@gw>;tag=t";
        let begins = message("OPTIONS", "<sip:100@gw>");
        let bye = message("BYE", within);
        let answer = Bytes::from(
            String::from_utf8_lossy(&begins)
                .replace("OPTIONS sip:100@gw SIP/2.0", "SIP/2.0 200 OK"),
        );
        let noise = Bytes::from_static(b"noise");
        // Who, what, and how many places there are for it.
        for (from, bytes, places) in [
            (STRANGER, &begins, BEGINNINGS),
            (STRANGER, &noise, BEGINNINGS),
            (STRANGER, &bye, STRANGERS),
            (STRANGER, &answer, STRANGERS),
            (KNOWN, &begins, PACKETS),
            (KNOWN, &bye, PACKETS),
            (KNOWN, &answer, PACKETS),
        ] {
            let what = (from, String::from_utf8_lossy(bytes).into_owned());
            assert_eq!(judge(places - 1, from, bytes), Verdict::Enter, "{what:?}");
            assert_eq!(judge(places, from, bytes), Verdict::Drop, "{what:?}");
        }
    }

    #[test]
    fn nothing_else_is_ever_refused() {
        let far = BEGINNINGS - 1;
        let within = "<sip:100@gw>;tag=t";
        for (method, to) in [
            ("INVITE", within),
            ("BYE", within),
            ("CANCEL", "<sip:100@gw>"),
            ("OPTIONS", "<sip:100@gw>"),
            ("REGISTER", "<sip:100@gw>"),
            ("UPDATE", within),
        ] {
            assert_eq!(
                judge(far, KNOWN, &message(method, to)),
                Verdict::Enter,
                "{method}"
            );
        }
        let invite = message("INVITE", "<sip:100@gw>");
        assert_eq!(
            judge(far, STRANGER, &invite),
            Verdict::Enter,
            "a stranger gets no 503"
        );
        let ok = Bytes::from_static(b"SIP/2.0 200 OK\r\n\r\n");
        assert_eq!(judge(far, KNOWN, &ok), Verdict::Enter);
    }
}
