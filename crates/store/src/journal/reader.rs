//! Reading a journal while it is written: whole lines from a position on.

use super::{chain, segment};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

pub use super::chain::Chained;

/// A place between two lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// 0: before the first segment there is.
    pub segment: u32,
    /// Bytes into the segment.
    pub byte: u64,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it stands.
    pub at: Position,
    /// Where the next one does.
    pub next: Position,
    /// The event, or the raw line and why it could not be read.
    pub line: Result<Box<Chained>, (String, String)>,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Events, in order; headers are left out.
    pub entries: Vec<Entry>,
    /// Where to go on.
    pub next: Position,
    /// Bytes that were there beyond `next`, later segments included.
    pub behind: u64,
}

/// Bytes read at a time.
const READ: usize = 1 << 20;

/// Reads at most `max` events of a shard from `from` on. Goes over to the next segment only when
/// that one has begun, as the writer then never comes back to this one.
pub fn read(dir: &Path, shard: u16, from: Position, max: usize) -> io::Result<Batch> {
    let segments = segment::list(dir)?.remove(&shard).unwrap_or_default();
    let mut batch = Batch {
        next: from,
        ..Batch::default()
    };
    let mut numbers = segments
        .iter()
        .copied()
        .filter(|n| *n >= from.segment)
        .peekable();
    while let Some(number) = numbers.next() {
        if number != batch.next.segment {
            batch.next = Position {
                segment: number,
                byte: 0,
            };
        }
        // Asked before the last read, so that nothing written in between is passed over.
        let is_final = match numbers.peek() {
            Some(later) => segment::read_heads(&segment::path(dir, shard, *later))?.is_some(),
            None => false,
        };
        read_segment(dir, shard, max, &mut batch)?;
        if batch.entries.len() >= max || !is_final {
            break;
        }
    }
    batch.behind = behind(dir, shard, &segments, batch.next)?;
    Ok(batch)
}

fn read_segment(dir: &Path, shard: u16, max: usize, batch: &mut Batch) -> io::Result<()> {
    let mut file = File::open(segment::path(dir, shard, batch.next.segment))?;
    let mut want = READ;
    while batch.entries.len() < max {
        file.seek(SeekFrom::Start(batch.next.byte))?;
        let mut bytes = Vec::new();
        (&mut file).take(want as u64).read_to_end(&mut bytes)?;
        let Some(end) = bytes.iter().rposition(|b| *b == b'\n') else {
            if bytes.len() < want {
                return Ok(());
            }
            // One line is longer than that.
            want *= 2;
            continue;
        };
        for line in bytes[..=end].split_inclusive(|b| *b == b'\n') {
            if batch.entries.len() >= max {
                return Ok(());
            }
            take_line(line, batch);
        }
    }
    Ok(())
}

fn take_line(line: &[u8], batch: &mut Batch) {
    let at = batch.next;
    batch.next.byte += line.len() as u64;
    let text = String::from_utf8_lossy(line);
    if segment::is_header(&text) {
        return;
    }
    let line = match chain::parse(&text) {
        Ok(chained) => Ok(Box::new(chained)),
        Err(why) => Err((text.trim_end().to_owned(), why)),
    };
    batch.entries.push(Entry {
        at,
        next: batch.next,
        line,
    });
}

fn behind(dir: &Path, shard: u16, segments: &[u32], next: Position) -> io::Result<u64> {
    let mut bytes = 0;
    for number in segments.iter().filter(|n| **n >= next.segment) {
        let length = match std::fs::metadata(segment::path(dir, shard, *number)) {
            Ok(meta) => meta.len(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => 0,
            Err(e) => return Err(e),
        };
        bytes += if *number == next.segment {
            length.saturating_sub(next.byte)
        } else {
            length
        };
    }
    Ok(bytes)
}

/// Removes the segments of a shard that lie wholly before `position`; how many.
pub fn prune(dir: &Path, shard: u16, position: Position) -> io::Result<usize> {
    let mut removed = 0;
    for number in segment::list(dir)?.remove(&shard).unwrap_or_default() {
        if number < position.segment {
            std::fs::remove_file(segment::path(dir, shard, number))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// The shards that have segments in `dir`.
pub fn shards(dir: &Path) -> io::Result<Vec<u16>> {
    Ok(segment::list(dir)?.into_keys().collect())
}
