//! Opening a journal: the lock, the id, the open calls, and the torn line.

use super::{Head, Heads, JournalError, chain, segment};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};
use tandem_types::{CallId, Wall, journal::Event};

/// What was found on opening a journal.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// Calls that had begun and not ended, with their heads.
    pub open: Vec<(CallId, Head)>,
    /// Time of the last event of any call: the gateway lived until then at least.
    pub last: Wall,
    /// Bytes of a torn last line that were cut off.
    pub torn_bytes: u64,
    /// Whole lines of the last segment that could not be read.
    pub unreadable: u32,
}

impl Recovered {
    /// The events that end the calls which the last run left open, in order. Append them before
    /// anything else, unless the calls are adopted.
    pub fn closing(&self) -> Vec<Event> {
        self.open
            .iter()
            .flat_map(|(call, head)| {
                // The last moment at which the gateway is known to have lived.
                let at = self.last.max(head.last);
                head.open
                    .numbered(*call, at, head.open.closing_after_a_crash(at))
            })
            .collect()
    }
}

/// All that a journal begins with.
pub(super) struct Found {
    pub(super) id: String,
    pub(super) segment: u32,
    pub(super) good: u64,
    pub(super) heads: Heads,
    pub(super) file: File,
    pub(super) lock: File,
    pub(super) recovered: Recovered,
}

pub(super) fn open(dir: &Path, shard: u16) -> Result<Found, JournalError> {
    let io = |path: &Path| {
        let path = path.display().to_string();
        move |error| JournalError::Io { path, error }
    };
    fs::create_dir_all(dir).map_err(io(dir))?;
    let lock = lock(&dir.join(format!("shard-{shard}.lock")))?;
    let id_path = dir.join("journal.id");
    let id = journal_id(&id_path, shard).map_err(io(&id_path))?;
    let segments = segment::list(dir)
        .map_err(io(dir))?
        .remove(&shard)
        .unwrap_or_default();

    let mut state = Scan::default();
    let segment = segments.last().copied().unwrap_or(1);
    for number in segments.iter().rev() {
        let path = segment::path(dir, shard, *number);
        // A segment whose first line is torn holds nothing: the one before it tells.
        if let Some(heads) = segment::read_heads(&path).map_err(io(&path))? {
            state = scan(&path, heads).map_err(io(&path))?;
            if *number != segment {
                state.good = 0;
            }
            break;
        }
    }
    let path = segment::path(dir, shard, segment);
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(io(&path))?;
    File::open(dir)
        .and_then(|d| d.sync_all())
        .map_err(io(dir))?;
    let length = file.metadata().map_err(io(&path))?.len();
    if length > state.good {
        file.set_len(state.good).map_err(io(&path))?;
        state.recovered.torn_bytes = length - state.good;
    }
    state.recovered.open = state
        .heads
        .iter()
        .filter(|(_, h)| !h.open.ended || h.open.recording)
        .map(|(call, head)| (*call, head.clone()))
        .collect();
    Ok(Found {
        id,
        segment,
        good: state.good,
        heads: state.heads,
        file,
        lock,
        recovered: state.recovered,
    })
}

#[derive(Default)]
struct Scan {
    heads: Heads,
    good: u64,
    recovered: Recovered,
}

/// Reads a segment on top of the heads of its header.
fn scan(path: &Path, heads: Heads) -> io::Result<Scan> {
    let last = heads.iter().map(|(_, h)| h.last).max().unwrap_or_default();
    let mut scan = Scan {
        heads,
        ..Scan::default()
    };
    scan.recovered.last = last;
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let n = reader.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(scan);
        }
        scan.good += n as u64;
        let text = String::from_utf8_lossy(&line);
        if segment::is_header(&text) {
            continue;
        }
        match chain::parse(&text) {
            Ok(chained) => {
                scan.recovered.last = scan.recovered.last.max(chained.event.at);
                scan.heads.apply(&chained.event, chained.hash());
            }
            Err(_) => scan.recovered.unreadable += 1,
        }
    }
}

fn lock(path: &Path) -> Result<File, JournalError> {
    let io = |error| JournalError::Io {
        path: path.display().to_string(),
        error,
    };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse {
            path: path.display().to_string(),
        }),
        Err(TryLockError::Error(e)) => Err(io(e)),
    }
}

/// Reads the id of the directory, or gives it one. Shards may open at the same time: the id is
/// written aside and linked, and the first link wins.
fn journal_id(path: &Path, shard: u16) -> io::Result<String> {
    if let Some(id) = read_id(path)? {
        return Ok(id);
    }
    let aside: PathBuf = path.with_extension(format!("id.{shard}"));
    let mut file = File::create(&aside)?;
    // The standard library's hash keys are random for each state.
    let random = || RandomState::new().build_hasher().finish();
    writeln!(file, "{:016x}{:016x}", random(), random())?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, path);
    fs::remove_file(&aside)?;
    match linked {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e),
        _ => read_id(path)?.ok_or_else(|| io::ErrorKind::InvalidData.into()),
    }
}

/// The id of a journal's directory, once it has one.
pub(crate) fn read_id(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|t| !t.is_empty())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}
