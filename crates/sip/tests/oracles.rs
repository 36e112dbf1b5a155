//! Messages as phones, PBXs and carriers write them (`phones/`), read by us and by two other parsers. Each difference stands
//! in [`table::DIFFERENCES`] with what is right and why; one that is gone, or new, fails.

#[path = "oracles/ezk.rs"]
mod ezk;
#[path = "oracles/ours.rs"]
mod ours;
#[path = "oracles/rsip.rs"]
mod rsip;
#[path = "oracles/table.rs"]
mod table;

use bytes::Bytes;
use std::{collections::BTreeMap, fs, path::Path};
use table::{DIFFERENCES, Oracle};
use tandem_sip::message::{HeaderName, Message};

/// What was read, by name. A fact that is not there is absent; a message that could not be read has none.
pub(crate) type Facts = BTreeMap<&'static str, String>;

/// Every message with its name.
fn corpus() -> BTreeMap<String, Bytes> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/phones");
    let files = fs::read_dir(folder).expect("the corpus is there");
    let paths = files.map(|f| f.expect("an entry").path());
    paths
        .filter(|p| p.extension().is_some_and(|x| x == "sip"))
        .map(|p| {
            let name = p
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read(&p).expect("a file").into())
        })
        .collect()
}

#[test]
fn every_difference_is_known_and_explained() {
    let corpus = corpus();
    assert_eq!(corpus.len(), 30);
    let mut found = BTreeMap::new();
    for (name, bytes) in &corpus {
        let ours = ours::read(bytes.clone());
        for (oracle, theirs) in [
            (Oracle::Rsip, rsip::read(bytes)),
            (Oracle::Ezk, ezk::read(bytes)),
        ] {
            if theirs.is_empty() {
                found.insert((name.as_str(), oracle, "message"), (None, None));
                continue;
            }
            let names: std::collections::BTreeSet<_> =
                ours.keys().chain(theirs.keys()).copied().collect();
            for fact in names {
                let (a, b) = (ours.get(fact), theirs.get(fact));
                if a != b {
                    found.insert((name, oracle, fact), (a.cloned(), b.cloned()));
                }
            }
        }
    }
    let known: BTreeMap<_, _> = DIFFERENCES
        .iter()
        .map(|d| ((d.message, d.oracle, d.fact), d))
        .collect();
    assert_eq!(known.len(), DIFFERENCES.len(), "each difference once");
    let mut wrong = Vec::new();
    for (key, (ours, theirs)) in &found {
        match known.get(key) {
            None => wrong.push(format!("new: {key:?}: we {ours:?}, they {theirs:?}")),
            Some(d) if ours.as_deref().unwrap_or_default() != d.right => {
                wrong.push(format!("{key:?}: we {ours:?}, right is {:?}", d.right));
            }
            Some(_) => {}
        }
    }
    for (key, d) in known.iter().filter(|(key, _)| !found.contains_key(*key)) {
        wrong.push(format!("gone: {key:?} ({})", d.why));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_message_may_be_served_and_is_written_as_it_came() {
    for (name, bytes) in corpus() {
        let message = Message::parse(bytes.clone()).expect(&name);
        match &message {
            Message::Request(r) => assert_eq!(r.check(), Ok(()), "{name}"),
            Message::Response(r) => assert_eq!(r.check(), Ok(()), "{name}"),
        }
        assert_eq!(message.to_bytes(), bytes, "{name}");
    }
}

/// Order, spelling and bytes of lines that nobody here knows, between lines that we change.
#[test]
fn a_change_of_one_line_leaves_all_others() {
    for (name, bytes) in corpus() {
        let mut message = Message::parse(bytes.clone()).expect(&name);
        let headers = match &mut message {
            Message::Request(m) => &mut m.headers,
            Message::Response(m) => &mut m.headers,
        };
        headers.set(HeaderName::CallId, "changed");
        headers.push("X-Added", "1");
        let text = |bytes: &[u8]| bytes.iter().map(|&b| char::from(b)).collect::<String>();
        let (before, after) = (text(&bytes), text(&message.to_bytes()));
        let (head, body) = before.split_once("\r\n\r\n").expect(&name);
        let line = head
            .split("\r\n")
            .find(|l| {
                let name = l.split(':').next().unwrap_or_default().trim();
                name.eq_ignore_ascii_case("Call-ID") || name == "i"
            })
            .expect(&name);
        let expected = format!(
            "{}\r\nX-Added: 1\r\n\r\n{body}",
            head.replace(line, "Call-ID: changed")
        );
        assert_eq!(after, expected, "{name}");
    }
}

/// What both can read stays the same message on the way to `rsip`'s types and back.
#[test]
fn messages_go_to_rsip_and_back() {
    let mut converted = 0;
    for (name, bytes) in corpus() {
        let ours = Message::parse(bytes).expect("a message");
        let Ok(theirs) = ::rsip::SipMessage::try_from(&ours) else {
            continue;
        };
        let back = Message::try_from(&theirs).unwrap_or_else(|e| panic!("{name}: {e}"));
        // It writes the transport of a URI in small letters (RFC 3261 section 7.3.1: the same).
        let small = |text: String| text.replace("transport=TLS", "transport=tls");
        let read = |m: &Message| -> Facts {
            let facts = ours::read(m.to_bytes()).into_iter();
            facts.map(|(name, text)| (name, small(text))).collect()
        };
        assert_eq!(read(&back), read(&ours), "{name}");
        converted += 1;
    }
    assert!(converted >= 25, "{converted}");
}
