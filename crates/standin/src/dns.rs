//! A name server for tests: what its zone says, over UDP (RFC 1035), written without the library that asks it. It can be told to be
//! silent or to fail, and knows what it was asked.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tandem_types::dns::{Answer, Kind, Question, Record};
use tokio::{net::UdpSocket, task::JoinHandle};

/// What the server does with a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Answers: by its zone, and that there is no such name for all else.
    #[default]
    Answers,
    /// Says that it failed (SERVFAIL).
    Fails,
    /// Says nothing.
    Silent,
}

#[derive(Default)]
struct Shared {
    zone: BTreeMap<Question, Answer>,
    mood: Mood,
    asked: Vec<Question>,
}

/// A running name server; gone when dropped.
pub struct NameServer {
    /// Where it listens.
    pub addr: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    task: JoinHandle<()>,
}

impl NameServer {
    /// Starts at an address; port 0 is any.
    ///
    /// # Errors
    /// The port is taken.
    #[expect(
        clippy::disallowed_methods,
        reason = "the handle is kept: dropping the server aborts it"
    )]
    pub async fn start(addr: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(addr).await?;
        let addr = socket.local_addr()?;
        let shared = Arc::new(Mutex::new(Shared::default()));
        let task = tokio::spawn(serve(socket, shared.clone()));
        Ok(Self { addr, shared, task })
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it has these records of a name, to be kept for so many seconds.
    pub fn knows(&self, kind: Kind, name: &str, records: Vec<Record>, seconds: u64) {
        let ttl = std::time::Duration::from_secs(seconds);
        let answer = Answer { records, ttl };
        self.shared().zone.insert(Question::new(kind, name), answer);
    }

    /// From now on it is like this.
    pub fn is(&self, mood: Mood) {
        self.shared().mood = mood;
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Question> {
        self.shared().asked.clone()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: UdpSocket, shared: Arc<Mutex<Shared>>) {
    let mut buffer = [0; 4096];
    while let Ok((n, from)) = socket.recv_from(&mut buffer).await {
        let reply = buffer.get(..n).and_then(|query| {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            reply(query, &mut shared)
        });
        if let Some(reply) = reply {
            let _ = socket.send_to(&reply, from).await;
        }
    }
}

/// What A, AAAA, SRV and NAPTR are on the wire.
const TYPES: [(u16, Kind); 4] = [
    (1, Kind::A),
    (28, Kind::Aaaa),
    (33, Kind::Srv),
    (35, Kind::Naptr),
];
const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;

fn reply(query: &[u8], shared: &mut Shared) -> Option<Vec<u8>> {
    let (id, asked) = (query.get(..2)?, query.get(12..)?);
    let (name, rest) = name_of(asked)?;
    let end = 12 + asked.len() - rest.len() + 4;
    let number = u16::from_be_bytes([*rest.first()?, *rest.get(1)?]);
    let (_, kind) = *TYPES.iter().find(|(n, _)| *n == number)?;
    let question = Question::new(kind, &name);
    shared.asked.push(question.clone());
    let answer = shared.zone.get(&question);
    let (code, records, ttl) = match (shared.mood, answer) {
        (Mood::Silent, _) => return None,
        (Mood::Fails, _) => (SERVFAIL, &[][..], 0),
        (Mood::Answers, Some(a)) => (0, a.records.as_slice(), a.ttl.as_secs()),
        (Mood::Answers, None) => (NXDOMAIN, &[][..], 0),
    };
    let count = u8::try_from(records.len()).ok()?;
    let mut out = id.to_vec();
    // A response to a query, recursion desired and available; one question, so many answers.
    out.extend([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
    out.extend(query.get(12..end)?);
    for record in records {
        let data = data_of(record);
        out.extend([0xc0, 12]); // the name in the question
        out.extend(number.to_be_bytes());
        out.extend([0, 1]);
        out.extend(u32::try_from(ttl).ok()?.to_be_bytes());
        out.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        out.extend(data);
    }
    Some(out)
}

/// A name without compression, and what follows it.
fn name_of(mut bytes: &[u8]) -> Option<(String, &[u8])> {
    let mut labels = Vec::new();
    loop {
        let (length, rest) = bytes.split_first()?;
        let (label, rest) = rest.split_at_checked(usize::from(*length))?;
        bytes = rest;
        if label.is_empty() {
            return Some((labels.join("."), bytes));
        }
        labels.push(String::from_utf8_lossy(label).into_owned());
    }
}

fn data_of(record: &Record) -> Vec<u8> {
    match record {
        Record::Address(IpAddr::V4(ip)) => ip.octets().to_vec(),
        Record::Address(IpAddr::V6(ip)) => ip.octets().to_vec(),
        Record::Srv(srv) => {
            let numbers = [srv.priority, srv.weight, srv.port];
            let mut data: Vec<u8> = numbers.into_iter().flat_map(u16::to_be_bytes).collect();
            push_name(&mut data, &srv.target);
            data
        }
        Record::Naptr(n) => {
            let numbers = [n.order, n.preference];
            let mut data: Vec<u8> = numbers.into_iter().flat_map(u16::to_be_bytes).collect();
            for text in ["s", &n.service, ""] {
                push_text(&mut data, text);
            }
            push_name(&mut data, &n.replacement);
            data
        }
    }
}

fn push_name(data: &mut Vec<u8>, name: &str) {
    for label in name.split('.').filter(|label| !label.is_empty()) {
        push_text(data, label);
    }
    data.push(0);
}

fn push_text(data: &mut Vec<u8>, text: &str) {
    data.push(u8::try_from(text.len()).unwrap_or(0));
    data.extend(text.bytes());
}
