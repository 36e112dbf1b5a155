//! Rendered prompts as files: raw samples, little endian, named by their key and checked by a hash at
//! the end, so that a torn or foreign file is a miss and never noise in a caller's ear.

use super::Key;
use std::{
    io::Write,
    path::{Path, PathBuf},
};

const HASH: usize = 16;

pub(super) struct Disk {
    dir: PathBuf,
}

impl Disk {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    fn path(&self, key: Key) -> PathBuf {
        let mut name = String::with_capacity(68);
        for byte in key.0 {
            name.push_str(&format!("{byte:02x}"));
        }
        self.dir.join(name + ".pcm")
    }

    pub(super) async fn read(&self, key: Key) -> Option<Vec<i16>> {
        let bytes = tokio::fs::read(self.path(key)).await.ok()?;
        let (pcm, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
        if blake3::hash(pcm).as_bytes()[..HASH] != *hash {
            return None;
        }
        Some(crate::wav::samples(pcm))
    }

    pub(super) async fn write_if_missing(&self, key: Key, pcm: &[i16]) {
        if !tokio::fs::try_exists(self.path(key)).await.unwrap_or(false) {
            self.write(key, pcm).await;
        }
    }

    /// A disk that is full or read-only costs the next start some time, nothing else.
    pub(super) async fn write(&self, key: Key, pcm: &[i16]) {
        let (dir, path) = (self.dir.clone(), self.path(key));
        let mut bytes: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let hash = blake3::hash(&bytes);
        bytes.extend_from_slice(&hash.as_bytes()[..HASH]);
        let written =
            tokio::task::spawn_blocking(move || write_atomically(&dir, &path, &bytes)).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(dir = %self.dir.display(), %error, "a rendered prompt could not be kept");
        }
    }
}

/// A reader sees the whole file or none: written beside it, then renamed.
fn write_atomically(dir: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
