//! Names and headers of segments.

use super::Heads;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

/// The first line of each segment.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    /// Version of the format.
    tandem_journal: u32,
    /// [`super::Journal::id`].
    journal: String,
    /// Which shard.
    shard: u16,
    /// Counts from 1.
    segment: u32,
    /// The calls that were open when it began, so that older segments may go.
    heads: Heads,
}

const VERSION: u32 = 1;

/// The header line, line feed included.
pub(crate) fn header(journal: &str, shard: u16, segment: u32, heads: &Heads) -> Vec<u8> {
    let header = Header {
        tandem_journal: VERSION,
        journal: journal.to_owned(),
        shard,
        segment,
        heads: heads.clone(),
    };
    // Ids, strings and numbers: it always is JSON.
    let mut line = serde_json::to_vec(&header).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Whether a line is a header, without reading the rest of it.
pub(crate) fn is_header(line: &str) -> bool {
    line.starts_with("{\"tandem_journal\":")
}

/// The heads in the header of a segment; `None` if its first line is not whole. A header that
/// cannot be understood has no heads: what follows it is still to be read.
pub(crate) fn read_heads(path: &Path) -> io::Result<Option<Heads>> {
    let mut line = Vec::new();
    BufReader::new(File::open(path)?).read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\n") {
        return Ok(None);
    }
    let header: Option<Header> = serde_json::from_slice(&line).ok();
    Ok(Some(
        header
            .filter(|h| h.tandem_journal == VERSION)
            .map(|h| h.heads)
            .unwrap_or_default(),
    ))
}

/// `DIR/shard-0.000001.journal`.
pub(crate) fn path(dir: &Path, shard: u16, segment: u32) -> PathBuf {
    dir.join(format!("shard-{shard}.{segment:06}.journal"))
}

/// All segments of a directory, by shard, ascending. A directory that is not there has none.
pub(crate) fn list(dir: &Path) -> io::Result<BTreeMap<u16, Vec<u32>>> {
    let mut found: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(e) => return Err(e),
    };
    for entry in entries {
        if let Some((shard, segment)) = parse_name(&entry?.file_name().to_string_lossy()) {
            found.entry(shard).or_default().push(segment);
        }
    }
    for segments in found.values_mut() {
        segments.sort_unstable();
    }
    Ok(found)
}

fn parse_name(name: &str) -> Option<(u16, u32)> {
    let (shard, segment) = name
        .strip_prefix("shard-")?
        .strip_suffix(".journal")?
        .split_once('.')?;
    Some((shard.parse().ok()?, segment.parse().ok()?))
}
