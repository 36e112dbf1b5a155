//! What fuzzing found interesting, replayed: `fuzz/corpus`, the messages of the RFCs, and those of phones.

#[path = "../../../fuzz/checks/digest.rs"]
mod digest;
#[path = "../../../fuzz/checks/headers.rs"]
mod headers;
#[path = "../../../fuzz/checks/message.rs"]
mod message;
#[path = "../../../fuzz/checks/uri.rs"]
mod uri;

use std::{fs, path::Path};

/// Runs a check on each file of a folder; how many there were.
fn replay(folder: &str, check: impl Fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = files.map(|f| f.expect("an entry").path());
    let paths: Vec<_> = paths.filter(|p| p.is_file()).collect();
    for path in &paths {
        check(&fs::read(path).expect("a file"));
    }
    paths.len()
}

#[test]
fn messages() {
    assert!(replay("../../fuzz/corpus/message", message::message) > 0);
    assert!(replay("tests/phones", message::message) > 20);
    assert!(replay("tests/torture", message::message) > 40);
    assert!(replay("tests/torture/ipv6", message::message) > 10);
}

#[test]
fn uris() {
    assert!(replay("../../fuzz/corpus/uri", uri::uri) > 0);
}

#[test]
fn typed_headers() {
    assert!(replay("../../fuzz/corpus/headers", headers::headers) > 0);
}

#[test]
fn digest_challenges_and_answers() {
    assert!(replay("../../fuzz/corpus/digest", digest::digest) > 0);
}
