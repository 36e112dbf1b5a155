//! Messages that were left: heard again, and erased.

use super::{
    file::{HEADER, wav_header},
    sealed,
};
use std::{
    fs,
    io::{self, Read},
    path::Path,
};
use tandem_dialplan::Recordings;

/// Why a message cannot be heard.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unheard {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Sealed(#[from] sealed::SealedError),
}

/// The sound of a message: 8 kHz, one channel. What a process that was killed left of it, too.
pub(crate) fn read(at: &Recordings, file: &str) -> Result<Vec<i16>, Unheard> {
    let path = Path::new(&at.dir).join(file);
    let bytes = match is_sealed(&path) {
        true => {
            let keys = |name: &str| at.keys.get(name).and_then(|key| key.key());
            sealed::decrypt(&path, &keys)?.sound
        }
        false => {
            let mut bytes = Vec::new();
            fs::File::open(&path)?.read_to_end(&mut bytes)?;
            bytes.split_off(HEADER.min(bytes.len()))
        }
    };
    let samples = bytes.chunks_exact(2);
    Ok(samples.map(|b| i16::from_le_bytes([b[0], b[1]])).collect())
}

/// The same as a WAV file.
pub(crate) fn wav(at: &Recordings, file: &str) -> Result<Vec<u8>, Unheard> {
    let pcm = read(at, file)?;
    let header = wav_header(pcm.len() as u64 * 2, 1);
    let samples = pcm.iter().flat_map(|s| s.to_le_bytes());
    Ok(header.into_iter().chain(samples).collect())
}

fn is_sealed(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "tdr")
}

/// Erases a message: first its key, where it has one, so that no copy can be heard either. One that is gone already is well.
pub(crate) fn erase(path: &Path) {
    if is_sealed(path)
        && let Err(error) = sealed::erase(path)
        && !matches!(error, sealed::SealedError::Erased(_))
    {
        tracing::error!(target: "tandem::alarm", file = %path.display(), %error, "the key of a message cannot be erased");
    }
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            tracing::error!(target: "tandem::alarm", file = %path.display(), %error, "a message cannot be erased");
        }
    }
}
