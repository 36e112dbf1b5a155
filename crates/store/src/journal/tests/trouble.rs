use crate::journal::{
    Fsync, Journal, Limits,
    medium::{FileMedium, Medium},
    segment,
};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

/// A disk that can be full (`/dev/full`, so the error is the kernel's own), or take only a part.
#[derive(Default)]
pub(super) struct Trouble {
    pub(super) full: bool,
    pub(super) take_only: Option<usize>,
    pub(super) writes: usize,
}

struct Troubled {
    inner: FileMedium,
    trouble: Arc<Mutex<Trouble>>,
}

impl Troubled {
    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap()
    }

    fn dev_full() -> io::Result<usize> {
        OpenOptions::new()
            .write(true)
            .open("/dev/full")?
            .write(b"x")
    }
}

impl Medium for Troubled {
    fn create(&mut self, segment: u32, durable: bool) -> io::Result<()> {
        self.inner.create(segment, durable)
    }
    fn reopen(&mut self, segment: u32, len: u64) -> io::Result<()> {
        self.inner.reopen(segment, len)
    }
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.trouble().writes += 1;
        if self.trouble().full {
            return Self::dev_full();
        }
        let part = self
            .trouble()
            .take_only
            .take()
            .unwrap_or(bytes.len())
            .min(bytes.len());
        self.inner.write(&bytes[..part])
    }
    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()
    }
}

/// A journal on such a disk.
pub(super) fn troubled(dir: &Path, limits: Limits) -> (Journal, Arc<Mutex<Trouble>>) {
    let (mut journal, _) = Journal::open_with(dir, 0, Fsync::Never, limits).unwrap();
    let trouble = Arc::new(Mutex::new(Trouble::default()));
    let path = segment::path(dir, 0, journal.segment);
    let file = OpenOptions::new().append(true).open(path).unwrap();
    // Not held: the lock itself goes with the medium that is replaced here.
    let lock = File::open(dir.join("shard-0.lock")).unwrap();
    let inner = FileMedium::new(dir, 0, file, lock);
    journal.medium = Box::new(Troubled {
        inner,
        trouble: trouble.clone(),
    });
    (journal, trouble)
}
