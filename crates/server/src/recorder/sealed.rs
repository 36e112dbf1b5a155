//! Encrypted recordings: AES-256-GCM in records of a second, each call with a key of its own, which a key of the configuration wraps.
//!
//! ```text
//!   CALL.tdr                                         CALL.key
//!   "TDMREC1\n" | length | name of the key           "TDMKEY1\n" | length | name | nonce (12) | wrapped key (32 + 16)
//!   record: length (4) | ciphertext | tag (16)
//!   record ...
//! ```
//!
//! All numbers are little-endian. A record's nonce is its number, and what it authenticates besides is the head of the file and
//! whether it is the last, so records cannot be left out, put elsewhere, or taken from another file, and a file that was cut short
//! says so. It is 16-bit sound at 8 kHz, left, right, left, right; of a message, which
//! begins with "TDMMSG1\n", one channel. The wrapped key stands in a file of its own: who deletes that,
//! has erased every copy of the recording.

use super::file::{RATE, create, wav_header};
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// Of two channels, and of one.
const FILES: [(&[u8; 8], u16); 2] = [(b"TDMREC1\n", 2), (b"TDMMSG1\n", 1)];
const KEY: &[u8; 8] = b"TDMKEY1\n";
const TAG: usize = 16;
const NONCE: usize = 12;
/// A second of one channel.
const SECOND: usize = RATE as usize * 2;

/// Why a recording cannot be decrypted.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// A file cannot be read.
    #[error("{}: {error}", file.display())]
    Io {
        /// Which.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is none of ours.
    #[error("{} is no encrypted recording", .0.display())]
    Foreign(PathBuf),
    /// Its key was erased.
    #[error("{} is not there: the recording was erased, and nobody can hear it any more", .0.display())]
    Erased(PathBuf),
    /// The key is another, or somebody has changed the file.
    #[error("{}: the key {key:?} does not open it, or it was changed in record {record}", file.display())]
    Forged {
        /// Which.
        file: PathBuf,
        /// The name of the key.
        key: String,
        /// From 0.
        record: u64,
    },
    /// The configuration does not have the key.
    #[error("the key {0:?} is not in [recordings.keys] of tandem.toml")]
    NoKey(String),
}

/// A file that is written.
pub(super) struct Sealed {
    pub(super) channels: u16,
    file: File,
    cipher: Aes256Gcm,
    head: Vec<u8>,
    record: u64,
    waiting: Vec<u8>,
}

/// Where the key of a recording is.
pub fn key_file(path: &Path) -> PathBuf {
    path.with_extension("key")
}

/// Magic, and the name of the key.
fn head(magic: &[u8; 8], name: &str) -> Vec<u8> {
    let name = &name.as_bytes()[..name.len().min(255)];
    [magic.as_slice(), &[name.len() as u8], name].concat()
}

fn nonce(record: u64) -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    nonce[..8].copy_from_slice(&record.to_le_bytes());
    nonce
}

fn besides(head: &[u8], last: bool) -> Vec<u8> {
    [head, &[u8::from(last)]].concat()
}

fn refused<E>(_: E) -> io::Error {
    io::Error::other("AES-GCM refused")
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

impl Sealed {
    pub(super) fn create(
        path: &Path,
        channels: u16,
        name: &str,
        key: &[u8; 32],
    ) -> io::Result<Self> {
        let own: [u8; 32] = random()?;
        let cipher = Aes256Gcm::new(&own.into());
        let key_head = head(KEY, name);
        let unique: [u8; NONCE] = random()?;
        let mut wrapped = own.to_vec();
        Aes256Gcm::new(&(*key).into())
            .encrypt_in_place(&unique.into(), &key_head, &mut wrapped)
            .map_err(refused)?;
        let of = FILES.iter().find(|(_, n)| *n == channels);
        let (magic, _) = of.ok_or_else(|| io::Error::other("one channel, or two"))?;
        let head = head(magic, name);
        let mut file = create(path)?;
        file.write_all(&head)?;
        // Before the first sound, and safe from a crash of the machine: without it there is nothing.
        let mut beside = create(&key_file(path))?;
        beside.write_all(&[key_head, unique.to_vec(), wrapped].concat())?;
        beside.sync_all()?;
        Ok(Self {
            channels,
            file,
            cipher,
            head,
            record: 0,
            waiting: Vec::with_capacity(2 * SECOND * usize::from(channels)),
        })
    }

    pub(super) fn write(&mut self, pcm: &[i16]) -> io::Result<()> {
        self.waiting
            .extend(pcm.iter().flat_map(|s| s.to_le_bytes()));
        let second = SECOND * usize::from(self.channels);
        while self.waiting.len() >= second {
            let rest = self.waiting.split_off(second);
            let record = std::mem::replace(&mut self.waiting, rest);
            self.seal(record, false)?;
        }
        Ok(())
    }

    /// The last record, which may be empty.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let record = std::mem::take(&mut self.waiting);
        self.seal(record, true)
    }

    fn seal(&mut self, mut record: Vec<u8>, last: bool) -> io::Result<()> {
        let besides = besides(&self.head, last);
        self.cipher
            .encrypt_in_place(&nonce(self.record).into(), &besides, &mut record)
            .map_err(refused)?;
        self.record += 1;
        let length = (record.len() as u32).to_le_bytes();
        self.file.write_all(&[length.as_slice(), &record].concat())
    }
}

/// Decrypts a recording into a WAV file. `keys` finds a key by its name. Says whether it is whole: `false` for one that ends with
/// the process that wrote it, of which everything up to there is in `out`.
///
/// # Errors
/// See [`SealedError`]; what is in `out` then is true as far as it goes.
pub fn open(
    path: &Path,
    out: &Path,
    keys: &dyn Fn(&str) -> Option<[u8; 32]>,
) -> Result<bool, SealedError> {
    let opened = decrypt(path, keys)?;
    let header = wav_header(opened.sound.len() as u64, opened.channels);
    let mut to = create(out).map_err(io(out))?;
    to.write_all(&header)
        .and_then(|()| to.write_all(&opened.sound))
        .map_err(io(out))?;
    Ok(opened.whole)
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> SealedError {
    let file = path.to_owned();
    move |error| SealedError::Io { file, error }
}

/// What a recording holds.
pub(super) struct Opened {
    /// Samples of 16 bits, little-endian.
    pub(super) sound: Vec<u8>,
    pub(super) channels: u16,
    /// It has its end.
    pub(super) whole: bool,
}

/// Decrypts a recording.
pub(super) fn decrypt(
    path: &Path,
    keys: &dyn Fn(&str) -> Option<[u8; 32]>,
) -> Result<Opened, SealedError> {
    let beside = key_file(path);
    let sealed = fs::read(path).map_err(io(path))?;
    let wrapped = match fs::read(&beside) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(SealedError::Erased(beside)),
        other => other.map_err(io(&beside))?,
    };
    let found = FILES.iter().find_map(|(magic, channels)| {
        let (length, _) = read_head(magic, &sealed)?;
        Some((length, *channels))
    });
    let (head_len, channels) = found.ok_or_else(|| SealedError::Foreign(path.into()))?;
    let (own, name) = unwrap(&beside, &wrapped, keys)?;
    let cipher = Aes256Gcm::new(&own.into());
    let (head, mut rest) = sealed.split_at(head_len);
    let (mut sound, mut record, mut whole) = (Vec::new(), 0, false);
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let Some((one, after)) = after.split_at_checked(length) else {
            break; // written half way
        };
        let mut opened = None;
        for last in [false, true] {
            let mut text = one.to_vec();
            let besides = besides(head, last);
            if cipher
                .decrypt_in_place(&nonce(record).into(), &besides, &mut text)
                .is_ok()
            {
                (opened, whole) = (Some(text), last);
                break;
            }
        }
        let Some(text) = opened.filter(|_| length >= TAG) else {
            let (file, key) = (path.into(), name);
            return Err(SealedError::Forged { file, key, record });
        };
        sound.extend(text);
        (record, rest) = (record + 1, after);
    }
    Ok(Opened {
        sound,
        channels,
        whole: whole && rest.is_empty(),
    })
}

/// The length of a head, and the name of the key in it.
fn read_head(magic: &[u8; 8], bytes: &[u8]) -> Option<(usize, String)> {
    let rest = bytes.strip_prefix(magic)?;
    let (length, rest) = rest.split_first()?;
    let name = rest.get(..usize::from(*length))?;
    let name = String::from_utf8_lossy(name).into_owned();
    Some((magic.len() + 1 + usize::from(*length), name))
}

fn unwrap(
    path: &Path,
    wrapped: &[u8],
    keys: &dyn Fn(&str) -> Option<[u8; 32]>,
) -> Result<([u8; 32], String), SealedError> {
    let foreign = || SealedError::Foreign(path.into());
    let (at, name) = read_head(KEY, wrapped).ok_or_else(foreign)?;
    let (head, rest) = wrapped.split_at(at);
    let (unique, text) = rest.split_first_chunk::<NONCE>().ok_or_else(foreign)?;
    let key = keys(&name).ok_or_else(|| SealedError::NoKey(name.clone()))?;
    let mut text = text.to_vec();
    let opened = Aes256Gcm::new(&key.into()).decrypt_in_place(&(*unique).into(), head, &mut text);
    let own = opened.ok().and_then(|()| <[u8; 32]>::try_from(text).ok());
    match own {
        Some(own) => Ok((own, name)),
        None => Err(SealedError::Forged {
            file: path.into(),
            key: name,
            record: 0,
        }),
    }
}

/// Erases the key of a recording: overwritten, then deleted. Nobody can decrypt the recording, or a copy of it, from then on.
///
/// # Errors
/// [`SealedError::Erased`]: that was done already.
pub fn erase(path: &Path) -> Result<(), SealedError> {
    let beside = key_file(path);
    let length = match fs::metadata(&beside) {
        Ok(m) => m.len(),
        Err(_) => return Err(SealedError::Erased(beside)),
    };
    let overwrite = || {
        let mut file = fs::OpenOptions::new().write(true).open(&beside)?;
        file.write_all(&vec![0; usize::try_from(length).unwrap_or(0)])?;
        file.sync_all()?;
        fs::remove_file(&beside)
    };
    overwrite().map_err(|error| SealedError::Io {
        file: beside.clone(),
        error,
    })
}
