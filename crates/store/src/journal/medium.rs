//! The file under a journal. A trait, so that tests can put a full disk there.

use super::segment;
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Where segments are kept.
pub(crate) trait Medium: Send {
    /// Goes on with an empty segment of this number; `durable`: the machine must find it again, so the disk is waited for.
    fn create(&mut self, segment: u32, durable: bool) -> io::Result<()>;
    /// Opens a segment anew and cuts it to `len`. `InvalidData`: it is shorter than that.
    fn reopen(&mut self, segment: u32, len: u64) -> io::Result<()>;
    /// One write to the end of the segment; how much of it was taken.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Waits until the disk has it.
    fn sync(&mut self) -> io::Result<()>;
}

/// Segments as files of a directory.
pub(crate) struct FileMedium {
    dir: PathBuf,
    shard: u16,
    file: File,
    /// Held while the journal is open.
    _lock: File,
}

impl FileMedium {
    pub(crate) fn new(dir: &Path, shard: u16, file: File, lock: File) -> Self {
        Self {
            dir: dir.to_owned(),
            shard,
            file,
            _lock: lock,
        }
    }
}

impl Medium for FileMedium {
    fn create(&mut self, segment: u32, durable: bool) -> io::Result<()> {
        let path = segment::path(&self.dir, self.shard, segment);
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        file.set_len(0)?;
        if durable {
            // The name must survive the machine too.
            File::open(&self.dir)?.sync_all()?;
        }
        self.file = file;
        Ok(())
    }

    fn reopen(&mut self, segment: u32, len: u64) -> io::Result<()> {
        let path = segment::path(&self.dir, self.shard, segment);
        let file = OpenOptions::new().append(true).open(path)?;
        let now = file.metadata()?.len();
        if now < len {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the segment lost bytes",
            ));
        }
        if now > len {
            file.set_len(len)?;
        }
        self.file = file;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.file.write(bytes) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}
