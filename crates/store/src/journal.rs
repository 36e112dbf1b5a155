//! The append-only file of a shard: the first place where an event is kept.
//!
//! ```text
//!             write fails: alarm, events wait in the ring
//!   +-------+ ------------------------------------------> +---------+ --- ring full: oldest dropped,
//!   | Clear |                                             | Faulted |     counted, alarm once
//!   +-------+ <------------------------------------------ +---------+ --- retry fails: stays
//!             a retry empties the ring, in order: alarm        ^ one retry a second
//! ```
//!
//! A directory holds, for each shard, segments `shard-0.000001.journal`, rotated at 64 MiB, a
//! `shard-0.lock` held while the journal is open, and `journal.id`, which tells two journals that
//! feed one database apart. Each segment is UTF-8 text, one JSON object a line: first a header
//! with the open calls, then the events with the hash chain of their call (see [`chain`]).

pub mod chain;
pub(crate) mod medium;
pub mod reader;
pub(crate) mod recover;
pub(crate) mod segment;
pub(crate) mod tail;

pub use chain::{Head, Heads};
pub use recover::Recovered;
pub use tail::Follower;

use bytestring::ByteString;
use chain::Chained;
use medium::{FileMedium, Medium};
use reader::{Entry, Position};
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    path::Path,
    sync::Arc,
    time::Duration,
};
use tandem_types::{Wall, canonical::Canonical, journal::Event};

/// When the file is told to reach the disk itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fsync {
    /// Left to the kernel: events survive the process, not the machine.
    #[default]
    Never,
    /// After each step: events survive the machine.
    Always,
}

/// Sizes of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after which a new segment begins.
    pub segment_bytes: u64,
    /// Events kept in memory while the disk is away.
    pub ring_events: usize,
    /// How long a failing disk is left alone.
    pub retry_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            // About 30 MB: a busy office for an hour.
            ring_events: 50_000,
            retry_every: Duration::from_secs(1),
        }
    }
}

/// No journal could be opened. Nothing of a running journal is an error, see [`Alarm`].
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The directory or a file in it cannot be used.
    #[error("journal {path}: {error}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// Another process has this shard's journal open.
    #[error("journal {path} is in use by another process")]
    InUse {
        /// The lock file.
        path: String,
    },
}

/// Something that a person should look at. Raised once at each change, not at each event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A write failed; events wait in memory.
    DiskFailed {
        /// What the system said.
        error: String,
    },
    /// The memory is full: from now on the oldest waiting events are lost.
    Dropping,
    /// All waiting events are written.
    DiskBack {
        /// How many were lost since the disk failed.
        dropped: u64,
    },
    /// The write worked, but the disk did not confirm it (`fsync`).
    NotDurable {
        /// What the system said.
        error: String,
    },
}

/// What became of one step. Never an error: the outputs of the step go out in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Outcome {
    /// Events that this call put into the file, waiting ones of earlier steps included.
    pub written: usize,
    /// Events that wait in memory.
    pub waiting: usize,
    /// Events lost since the journal was opened.
    pub dropped: u64,
    /// What has changed.
    pub alarms: Vec<Alarm>,
}

/// The journal of one shard, owned by its thread.
pub struct Journal {
    medium: Box<dyn Medium>,
    fsync: Fsync,
    limits: Limits,
    id: String,
    shard: u16,
    segment: u32,
    /// Length of the segment up to its last whole line.
    good: u64,
    header_due: bool,
    heads: Heads,
    /// Not yet chained: a hash is made when its line is, so the chain is of what is on disk.
    ring: VecDeque<Box<Event>>,
    fault: Option<Fault>,
    dropped: u64,
    follower: Option<Arc<Follower>>,
    canonical: Canonical,
}

/// What is about to be written.
struct Lines {
    text: Vec<u8>,
    /// Length of the header in front, if it is due.
    header: usize,
    /// Where each event's line ends in the text, line feed included.
    ends: Vec<usize>,
}

struct Fault {
    since: Wall,
    retry_at: Wall,
    dropped_before: u64,
    dropping: bool,
}

/// One write takes at most this much, so that a long ring does not hold the call path up.
const CHUNK: usize = 1 << 20;

impl Journal {
    /// Opens the journal of `shard` in `dir` (made if missing), cuts a torn last line off, and
    /// tells which calls were left open.
    pub fn open(
        dir: impl AsRef<Path>,
        shard: u16,
        fsync: Fsync,
    ) -> Result<(Self, Recovered), JournalError> {
        Self::open_with(dir, shard, fsync, Limits::default())
    }

    /// As [`Journal::open`], with other sizes.
    pub fn open_with(
        dir: impl AsRef<Path>,
        shard: u16,
        fsync: Fsync,
        limits: Limits,
    ) -> Result<(Self, Recovered), JournalError> {
        let dir = dir.as_ref();
        let found = recover::open(dir, shard)?;
        let medium = FileMedium::new(dir, shard, found.file, found.lock);
        let journal = Self {
            medium: Box::new(medium),
            fsync,
            limits,
            id: found.id,
            shard,
            segment: found.segment,
            good: found.good,
            header_due: found.good == 0,
            heads: found.heads,
            ring: VecDeque::new(),
            fault: None,
            dropped: 0,
            follower: None,
            canonical: Canonical::default(),
        };
        Ok((journal, found.recovered))
    }

    /// Tells `follower` of each write (see [`crate::Projector::follower`]).
    pub fn set_follower(&mut self, follower: Arc<Follower>) {
        self.follower = Some(follower);
    }

    /// Writes the events of one step, with one `write`. Their `seq` must count on within each call.
    pub fn append(
        &mut self,
        now: Wall,
        events: impl IntoIterator<Item = impl Into<Box<Event>>>,
    ) -> Outcome {
        self.ring.extend(events.into_iter().map(Into::into));
        self.flush(now)
    }

    /// Writes what waits, if the disk may be tried again. For a shard that has nothing to append
    /// while [`Journal::waiting`] is not 0.
    pub fn flush(&mut self, now: Wall) -> Outcome {
        let mut out = Outcome::default();
        if self.may_try(now) && !self.ring.is_empty() {
            match self.write_some(&mut out) {
                Ok(written) => {
                    out.written = written;
                    self.on_written(&mut out);
                }
                Err(e) => self.on_failed(now, &e, &mut out),
            }
        }
        self.bound_ring(&mut out);
        out.waiting = self.ring.len();
        out.dropped = self.dropped;
        out
    }

    /// Events that wait in memory for the disk.
    pub fn waiting(&self) -> usize {
        self.ring.len()
    }

    /// The heads of all open calls as they are on disk, for a snapshot.
    pub fn heads(&self) -> &Heads {
        &self.heads
    }

    /// What tells this journal from others that feed the same database.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Also true once the clock was set back behind the fault.
    fn may_try(&self, now: Wall) -> bool {
        self.fault
            .as_ref()
            .is_none_or(|f| now >= f.retry_at || now < f.since)
    }

    fn write_some(&mut self, out: &mut Outcome) -> io::Result<usize> {
        if self.fault.is_some() {
            self.reopen()?;
        } else if self.good >= self.limits.segment_bytes {
            self.next_segment()?;
        }
        let lines = self.lines();
        let length = lines.text.len();
        let n = self.medium.write(&lines.text)?.min(length);
        let written = self.take_written(lines, n);
        if n < length {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                format!("{n} of {length} bytes were written"),
            ));
        }
        if self.fsync == Fsync::Always
            && let Err(e) = self.medium.sync()
        {
            out.alarms.push(Alarm::NotDurable {
                error: e.to_string(),
            });
        }
        Ok(written)
    }

    /// The next lines to write.
    fn lines(&mut self) -> Lines {
        let some = self.ring.len().min(32);
        let mut text = match self.header_due {
            true => segment::header(&self.id, self.shard, self.segment, &self.heads),
            // An event's line has about so many octets.
            false => Vec::with_capacity(512 * some),
        };
        let header = text.len();
        let mut ends = Vec::with_capacity(some);
        let mut tips = BTreeMap::new();
        for event in &self.ring {
            let tip = tips.get(&event.call).copied();
            let prev = tip.unwrap_or_else(|| self.heads.tip(event.call));
            let before = text.len();
            let hash = chain::write(&mut text, &mut self.canonical, &prev, event);
            if !ends.is_empty() && text.len() > CHUNK {
                text.truncate(before);
                break;
            }
            tips.insert(event.call, hash);
            ends.push(text.len());
        }
        Lines { text, header, ends }
    }

    /// Takes the lines out of the ring that are whole within the first `reached` octets, which are in the file; a torn rest is cut
    /// off before the next write.
    fn take_written(&mut self, lines: Lines, reached: usize) -> usize {
        let Lines { text, header, ends } = lines;
        let start = self.good;
        let mut at = self.position();
        let mut begin = 0;
        if self.header_due && header <= reached {
            self.header_due = false;
            at.byte += header as u64;
            begin = header;
        }
        let mut written = Vec::with_capacity(ends.len());
        // JSON, made of text.
        let text = ByteString::try_from(text).unwrap_or_default();
        for end in ends.into_iter().take_while(|end| *end <= reached) {
            let line = text.get(begin..end).unwrap_or_default().trim_end();
            let Some(event) = self.ring.pop_front() else {
                break;
            };
            let chained = Chained::new(text.slice_ref(line), event);
            self.heads.apply(&chained.event, chained.hash());
            let byte = start + end as u64;
            let next = Position { byte, ..at };
            let line = Ok(Box::new(chained));
            written.push(Entry { at, next, line });
            (at, begin) = (next, end);
        }
        self.good = at.byte;
        let count = written.len();
        if count > 0
            && let Some(follower) = &self.follower
        {
            follower.tell(self.shard, written.into_iter());
        }
        count
    }

    /// The end of the last whole line.
    fn position(&self) -> Position {
        Position {
            segment: self.segment,
            byte: self.good,
        }
    }

    fn next_segment(&mut self) -> io::Result<()> {
        self.medium
            .create(self.segment + 1, self.fsync == Fsync::Always)?;
        self.segment += 1;
        self.good = 0;
        self.header_due = true;
        Ok(())
    }

    /// After a fault the old handle may be dead (a disk that was mounted anew), and the file may
    /// end in half a line.
    fn reopen(&mut self) -> io::Result<()> {
        match self.medium.reopen(self.segment, self.good) {
            Ok(()) => Ok(()),
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::InvalidData
                ) =>
            {
                self.next_segment()
            }
            Err(e) => Err(e),
        }
    }

    fn on_written(&mut self, out: &mut Outcome) {
        if !self.ring.is_empty() {
            return;
        }
        if let Some(fault) = self.fault.take() {
            out.alarms.push(Alarm::DiskBack {
                dropped: self.dropped - fault.dropped_before,
            });
        }
    }

    fn on_failed(&mut self, now: Wall, error: &io::Error, out: &mut Outcome) {
        let retry_at = now + self.limits.retry_every;
        match &mut self.fault {
            Some(fault) => {
                fault.since = now;
                fault.retry_at = retry_at;
            }
            None => {
                out.alarms.push(Alarm::DiskFailed {
                    error: error.to_string(),
                });
                self.fault = Some(Fault {
                    since: now,
                    retry_at,
                    dropped_before: self.dropped,
                    dropping: false,
                });
            }
        }
    }

    fn bound_ring(&mut self, out: &mut Outcome) {
        let Some(fault) = &mut self.fault else { return };
        let over = self.ring.len().saturating_sub(self.limits.ring_events);
        if over == 0 {
            return;
        }
        self.ring.drain(..over);
        self.dropped += over as u64;
        if !fault.dropping {
            fault.dropping = true;
            out.alarms.push(Alarm::Dropping);
        }
    }
}

#[cfg(test)]
mod tests;
