//! Files of recordings: WAV (16 bits, 8 kHz; of a call left and right), or encrypted.

use super::sealed::Sealed;
use sha2::{Digest, Sha256};
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use tandem_types::recording::{RecordingSum, Track};

pub(super) const RATE: u32 = 8000;
pub(super) const HEADER: usize = 44;
/// Read for a hash in one go: a quarter of a millisecond of work.
const PIECE: usize = 1 << 18;
/// Frames of silence written in one go.
const SILENCE: usize = 8000;

/// Where sound goes.
pub(super) enum Sink {
    Plain {
        file: File,
        channels: u16,
        bytes: u64,
        out: Vec<u8>,
    },
    Sealed(Box<Sealed>),
}

impl Sink {
    /// A WAV file.
    pub(super) fn plain(path: &Path, channels: u16) -> io::Result<Self> {
        let mut file = create(path)?;
        file.write_all(&wav_header(0, channels))?;
        Ok(Self::Plain {
            file,
            channels,
            bytes: 0,
            out: Vec::new(),
        })
    }

    /// An encrypted one, and beside it the call's key, encrypted by this key.
    pub(super) fn sealed(
        path: &Path,
        channels: u16,
        name: &str,
        key: &[u8; 32],
    ) -> io::Result<Self> {
        let sealed = Sealed::create(path, channels, name, key)?;
        Ok(Self::Sealed(Box::new(sealed)))
    }

    fn channels(&self) -> u16 {
        match self {
            Self::Plain { channels, .. } => *channels,
            Self::Sealed(sealed) => sealed.channels,
        }
    }

    /// Left, right, left, right, where there are two.
    pub(super) fn write(&mut self, pcm: &[i16]) -> io::Result<()> {
        match self {
            Self::Plain {
                file,
                channels,
                bytes,
                out,
            } => {
                out.clear();
                out.extend(pcm.iter().flat_map(|s| s.to_le_bytes()));
                file.write_all(out)?;
                *bytes += out.len() as u64;
                // After the sound: a header that says less than there is can be read, one that says more cannot.
                file.write_all_at(&wav_header(*bytes, *channels), 0)
            }
            Self::Sealed(sealed) => sealed.write(pcm),
        }
    }

    /// So many frames of nothing.
    pub(super) fn silence(&mut self, frames: u64) -> io::Result<()> {
        let mut left = usize::try_from(frames).unwrap_or(usize::MAX);
        while left > 0 {
            let n = left.min(SILENCE);
            self.write(&vec![0; n * usize::from(self.channels())])?;
            left -= n;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain { .. } => Ok(()),
            Self::Sealed(sealed) => sealed.finish(),
        }
    }
}

/// A new file that nobody else may read, in a directory of which the same is true.
pub(super) fn create(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// The header of a file with so many bytes of sound (RIFF WAVE, PCM). Past 4 GB, which is 37 hours, the sizes stay at their most.
pub(crate) fn wav_header(bytes: u64, channels: u16) -> [u8; HEADER] {
    let size = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut header = [0; HEADER];
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &size(bytes + HEADER as u64 - 8),
        b"WAVE",
        b"fmt ",
        &16u32.to_le_bytes(),
        &1u16.to_le_bytes(),
        &channels.to_le_bytes(),
        &RATE.to_le_bytes(),
        &(RATE * 2 * u32::from(channels)).to_le_bytes(),
        &(2 * channels).to_le_bytes(),
        &16u16.to_le_bytes(),
        b"data",
        &size(bytes),
    ];
    let mut at = 0;
    for field in fields {
        header[at..at + field.len()].copy_from_slice(field);
        at += field.len();
    }
    header
}

/// A file that is complete; its hash is not known yet.
pub(super) struct Closing {
    pub(super) track: Track,
    pub(super) sum: RecordingSum,
    path: PathBuf,
    file: Option<File>,
    hash: Sha256,
    piece: Vec<u8>,
}

impl Closing {
    pub(super) fn new(track: Track, path: PathBuf, sum: RecordingSum) -> Self {
        Self {
            track,
            sum,
            file: File::open(&path).ok(),
            path,
            hash: Sha256::new(),
            piece: vec![0; PIECE],
        }
    }

    /// Reads on. `false`: nothing is left to be read.
    pub(super) fn go_on(&mut self) -> bool {
        let Some(file) = &mut self.file else {
            return false;
        };
        match file.read(&mut self.piece) {
            Ok(0) => {
                let hash = std::mem::take(&mut self.hash).finalize();
                self.sum.sha256 = Some(hash.iter().map(|b| format!("{b:02x}")).collect());
                false
            }
            Ok(n) => {
                self.hash.update(&self.piece[..n]);
                self.sum.bytes += n as u64;
                true
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => true,
            Err(error) => {
                tracing::error!(target: "tandem::alarm", file = %self.path.display(), %error, "a recording cannot be read again");
                false
            }
        }
    }
}
