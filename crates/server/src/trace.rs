//! The SIP messages of the last calls, for ladders and captures. Credentials and keys that were pressed are removed on the way out:
//! most messages are forgotten unread.

mod ladder;

pub use self::ladder::ladder;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tandem_sip::api::Flow;
use tandem_types::{CallId, Wall};

/// Calls that are kept.
const CALLS: usize = 500;
/// Messages of one call that are kept; a call that holds and resumes all day loses its middle, never its beginning.
const MESSAGES: usize = 400;
/// Messages that wait until they are put with their calls: many at once cost a tenth of what each costs alone, on a thread that wakes for it.
const FRESH: usize = 256;

/// One message of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Traced {
    /// When.
    pub at: Wall,
    /// We sent it.
    pub sent: bool,
    /// `UDP` or `TCP`.
    pub transport: String,
    /// The far end.
    pub remote: SocketAddr,
    /// Our end.
    pub local: SocketAddr,
    /// The whole message, credentials and pressed keys removed; lossy where it was no UTF-8.
    pub text: String,
}

/// A message as it is kept.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) at: Wall,
    pub(crate) sent: bool,
    pub(crate) flow: Flow,
    /// As it was on the wire: for [`Kept::shown`] alone.
    bytes: Bytes,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("at", &self.at)
            .field("sent", &self.sent)
            .field("flow", &self.flow)
            .finish_non_exhaustive()
    }
}

impl Kept {
    /// A message on its way.
    pub(crate) fn new(at: Wall, sent: bool, flow: Flow, bytes: Bytes) -> Self {
        Self {
            at,
            sent,
            flow,
            bytes,
        }
    }

    /// The message without its secrets: nobody sees it otherwise.
    pub(crate) fn shown(&self) -> Bytes {
        without_secrets(&self.bytes)
    }

    /// Whence and whither.
    pub(crate) fn ends(&self) -> (SocketAddr, SocketAddr) {
        match self.sent {
            true => (self.flow.local, self.flow.remote),
            false => (self.flow.remote, self.flow.local),
        }
    }

    fn told(&self) -> Traced {
        Traced {
            at: self.at,
            sent: self.sent,
            transport: self.flow.transport.name().into(),
            remote: self.flow.remote,
            local: self.flow.local,
            text: String::from_utf8_lossy(&self.shown()).into_owned(),
        }
    }
}

/// The ring.
#[derive(Debug, Default)]
pub struct TraceRing {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// As they came.
    fresh: Vec<(CallId, Kept)>,
    order: VecDeque<CallId>,
    calls: BTreeMap<CallId, Vec<Kept>>,
}

impl Inner {
    /// Puts the fresh ones with their calls.
    fn sort(&mut self) {
        for (call, kept) in self.fresh.drain(..) {
            let messages = self.calls.entry(call).or_insert_with(|| {
                self.order.push_back(call);
                Vec::new()
            });
            if messages.len() >= MESSAGES {
                messages.remove(MESSAGES / 2);
            }
            messages.push(kept);
            if self.order.len() > CALLS
                && let Some(old) = self.order.pop_front()
            {
                self.calls.remove(&old);
            }
        }
    }
}

impl TraceRing {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one message.
    pub(crate) fn push(&self, call: CallId, kept: Kept) {
        let mut inner = self.inner();
        inner.fresh.push((call, kept));
        if inner.fresh.len() >= FRESH {
            inner.sort();
        }
    }

    /// What is kept of a call, in order.
    pub fn of(&self, call: CallId) -> Vec<Traced> {
        let mut inner = self.inner();
        inner.sort();
        let kept = inner.calls.get(&call);
        kept.map_or_else(Vec::new, |all| all.iter().map(Kept::told).collect())
    }
}

/// Headers whose values are credentials, in small letters.
const SECRET_HEADERS: [&[u8]; 2] = [b"authorization", b"proxy-authorization"];
/// Lines of a description that hold keys, and what stands before the key (RFC 4568, RFC 4566 section 5.12).
const SECRET_LINES: [(&[u8], &[u8]); 2] = [(b"a=crypto:", b"inline:"), (b"k=", b":")];

/// The message with the values of Authorization and Proxy-Authorization, the keys of its description and those that were pressed
/// (an INFO's; a PIN is none of the trace's business) written over by `x`: every length stays as it was. The same bytes, not
/// copied, where there is none.
fn without_secrets(bytes: &Bytes) -> Bytes {
    let mut out: Option<Vec<u8>> = None;
    let (mut hiding, mut keys, mut body) = (false, false, false);
    let mut at = 0;
    // Where copies go to a capture server each message goes through here, and most of its octets are none of these.
    let ends = memchr::memchr_iter(b'\n', bytes).map(|feed| feed + 1);
    for end in ends.chain([bytes.len()]) {
        let line = bytes.get(at..end).unwrap_or_default();
        if is_plain(line) && !(body && keys) {
            (hiding, at) = (false, end);
            continue;
        }
        let folded = !body && matches!(line.first(), Some(b' ' | b'\t'));
        body |= line.trim_ascii().is_empty();
        let from = match secret_in(line) {
            Some(from) => Some(from),
            None if folded && hiding => Some(0),
            None if body && keys => pressed_in(line),
            None => None,
        };
        hiding = from.is_some();
        keys |= !body && tells_keys(line);
        if let Some(from) = from {
            let out = out.get_or_insert_with(|| bytes.to_vec());
            let value = out.get_mut(at + from..at + line.len());
            for b in value.into_iter().flatten().filter(|b| b.is_ascii_graphic()) {
                *b = b'x';
            }
        }
        at = end;
    }
    out.map_or_else(|| bytes.clone(), Bytes::from)
}

/// Told by its first letter, as nearly all lines are: it holds no secret, does not go on with one, and announces none.
fn is_plain(line: &[u8]) -> bool {
    let first = line.first().filter(|b| b.is_ascii_alphabetic());
    first.is_some_and(|b| !matches!(b | 0x20, b'a' | b'c' | b'k' | b'p'))
}

/// Where the secret of a line begins.
fn secret_in(line: &[u8]) -> Option<usize> {
    let text = line.trim_ascii_start();
    if !matches!(text.first()?, b'a' | b'A' | b'p' | b'P' | b'k' | b'K') {
        return None;
    }
    // As leniently as a description is read.
    let begins = |s: &[u8]| {
        text.get(..s.len())
            .is_some_and(|t| t.eq_ignore_ascii_case(s))
    };
    if let Some((start, key)) = SECRET_LINES.iter().find(|(s, _)| begins(s)) {
        let before = line.windows(key.len()).position(|w| w == *key);
        let indent = line.len() - text.len();
        return Some(before.map_or(indent + start.len(), |at| at + key.len()));
    }
    let colon = line.iter().position(|b| *b == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    SECRET_HEADERS
        .iter()
        .any(|s| name.eq_ignore_ascii_case(s))
        .then_some(colon + 1)
}

/// The body that this header announces is a key (`application/dtmf`, `application/dtmf-relay`).
fn tells_keys(line: &[u8]) -> bool {
    if !matches!(line.first(), Some(b'c' | b'C')) {
        return false;
    }
    let mut halves = line.splitn(2, |b| *b == b':');
    let (Some(name), Some(value)) = (halves.next(), halves.next()) else {
        return false;
    };
    let (name, value) = (name.trim_ascii(), value.trim_ascii());
    let kind = value.get(..KEYS.len()).unwrap_or_default();
    (name.eq_ignore_ascii_case(b"content-type") || name.eq_ignore_ascii_case(b"c"))
        && kind.eq_ignore_ascii_case(KEYS)
}

/// Where the key of a line of such a body begins: it is all there is, or stands behind `Signal=`.
fn pressed_in(line: &[u8]) -> Option<usize> {
    let Some(equals) = line.iter().position(|b| *b == b'=') else {
        return Some(0);
    };
    let name = line.get(..equals)?.trim_ascii();
    name.eq_ignore_ascii_case(b"signal").then_some(equals + 1)
}

/// How the types of these bodies begin.
const KEYS: &[u8] = b"application/dtmf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_of_the_ring_has_no_secrets() {
        let ring = TraceRing::default();
        let here = ([127, 0, 0, 1], 5060).into();
        let flow = Flow {
            transport: tandem_sip::api::Transport::Udp,
            local: here,
            remote: here,
        };
        let text = "OPTIONS sip:x SIP/2.0\r\nAuthorization: s3cret\r\n\r\n";
        let kept = Kept::new(Wall(1), false, flow, Bytes::from(text));
        assert!(!format!("{kept:?}").contains("s3cret"));
        ring.push(CallId(1), kept);
        let shown: Vec<_> = ring.of(CallId(1)).into_iter().map(|t| t.text).collect();
        assert_eq!(shown, [text.replace("s3cret", "xxxxxx")]);
    }

    #[test]
    fn messages_are_told_in_order_however_many_wait_and_the_oldest_call_is_forgotten() {
        let ring = TraceRing::default();
        let here = ([127, 0, 0, 1], 5060).into();
        let flow = Flow {
            transport: tandem_sip::api::Transport::Udp,
            local: here,
            remote: here,
        };
        let push =
            |call: u128, at| ring.push(CallId(call), Kept::new(Wall(at), true, flow, Bytes::new()));
        let told =
            |call: u128| -> Vec<i64> { ring.of(CallId(call)).iter().map(|t| t.at.0).collect() };
        // Two calls at once, and more of the one than is kept.
        let many = (FRESH + MESSAGES) as i64;
        for at in 0..many {
            push(1, at);
            if at < 3 {
                push(2, at);
            }
        }
        assert_eq!(told(2), [0, 1, 2]);
        let all = told(1);
        assert_eq!(all.len(), MESSAGES);
        assert!(all.is_sorted() && all[0] == 0 && all.last() == Some(&(many - 1)));
        for call in 3..CALLS as u128 + 2 {
            push(call, 0);
        }
        assert_eq!(
            (told(1).len(), told(2).len()),
            (0, 3),
            "one call more than is kept"
        );
    }

    #[test]
    fn credentials_are_hidden_and_no_length_changes() {
        let message = Bytes::from_static(
            b"REGISTER sip:x SIP/2.0\r\nAuthorization : Digest username=\"200\",\r\n response=\"s3cret\"\r\nPROXY-AUTHORIZATION: Digest t0ken\r\n\
              P-Asserted-Identity: <sip:200@x>\r\nCSeq: 2 REGISTER\r\n\r\nv=0\r\na=crypto:1 AES_CM_128 inline:s3key\r\nk=clear:k3y\r\na=sendrecv\r\n a=Crypto:2 X INLINE:s4key\r\n",
        );
        let kept = without_secrets(&message);
        let text = std::str::from_utf8(&kept).expect("text");
        for gone in ["s3cret", "200\"", "t0ken", "s3key", "s4key", "k3y"] {
            assert!(!text.contains(gone), "{gone} in {text}");
        }
        for there in [
            "Authorization :",
            "<sip:200@x>",
            "CSeq: 2 REGISTER",
            "a=crypto:1 AES_CM_128 inline:x",
            "a=sendrecv",
        ] {
            assert!(text.contains(there), "{there} not in {text}");
        }
        assert_eq!(kept.len(), message.len());
    }

    #[test]
    fn a_message_without_credentials_is_shown_as_it_is() {
        let message = Bytes::from_static(b"OPTIONS sip:x SIP/2.0\r\nAllow: INVITE\r\n\r\n");
        assert_eq!(without_secrets(&message).as_ptr(), message.as_ptr());
    }

    #[test]
    fn a_pressed_key_is_hidden_and_nothing_else() {
        for (head, body, hidden) in [
            (
                "Content-Type: application/dtmf-relay",
                "Signal=4\r\nDuration=160\r\n",
                "Signal=x\r\nDuration=160\r\n",
            ),
            (
                "CONTENT-TYPE:Application/DTMF-Relay",
                "Signal = 11\nDuration = 100",
                "Signal = xx\nDuration = 100",
            ),
            ("c: application/dtmf", "#", "x"),
            ("c: application/dtmf;x=y", "\r\n5\r\n", "\r\nx\r\n"),
            ("Content-Type: text/plain", "Signal=4", "Signal=4"),
            ("Call-Info: application/dtmf", "5", "5"),
        ] {
            let message =
                |body| format!("INFO sip:x@y SIP/2.0\r\nCSeq: 4 INFO\r\n{head}\r\n\r\n{body}");
            let kept = without_secrets(&Bytes::from(message(body)));
            assert_eq!(String::from_utf8_lossy(&kept), message(hidden));
        }
    }
}
