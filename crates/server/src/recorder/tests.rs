use super::*;
use crate::places::{ShardQueue, shard_queue};
use sha2::{Digest, Sha256};
use std::{fs, sync::OnceLock};
use tandem_dialplan::Secret;
use tandem_media::Recorded;
use tandem_types::{CallId, MessageId};

const CALL: Track = Track::Call(CallId(7));
const MESSAGE: MessageId = MessageId {
    call: CallId(7),
    index: 1,
};
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn clock() -> Clock {
    static CLOCK: OnceLock<Clock> = OnceLock::new();
    *CLOCK.get_or_init(Clock::start)
}

struct Bench {
    dir: tempfile::TempDir,
    taps: Option<Taps>,
    erases: Option<RecorderHandle>,
    recordings: Recordings,
    thread: JoinHandle<()>,
    shard: ShardQueue,
}

impl Bench {
    fn new(change: impl FnOnce(&mut Recordings)) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = Recordings {
            dir: dir.path().join("recordings").display().to_string(),
            min_free: 0,
            ..Recordings::default()
        };
        change(&mut config);
        let (to_shard, shard) = shard_queue().expect("a queue");
        let (handle, sounds) = queue();
        let erases = handle.clone();
        let thread = start(config.clone(), clock(), to_shard, sounds).expect("a thread");
        Self {
            dir,
            taps: Some(Taps::new(handle)),
            erases: Some(erases),
            recordings: config,
            thread,
            shard,
        }
    }

    fn encrypted(name: &str) -> Self {
        Self::new(|c| {
            c.key = Some(name.to_owned());
            c.keys.insert("k1".to_owned(), Secret(KEY.to_owned()));
        })
    }

    fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join("recordings").join(file)
    }

    fn records(&mut self, what: Recorded) {
        self.tracks(CALL, what);
    }

    fn tracks(&mut self, track: Track, what: Recorded) {
        if let Some(taps) = &mut self.taps {
            taps.take(track, what);
        }
    }

    /// Nobody sends any more: all files are closed; what was told.
    fn ends(&mut self) -> Vec<RecordingSum> {
        (self.taps, self.erases) = (None, None);
        let thread = std::mem::replace(&mut self.thread, std::thread::spawn(|| ()));
        thread.join().expect("the recorder");
        let mut told = Vec::new();
        while let Some(message) = self.shard.next() {
            match message {
                ToShard::Input(Input::Media(MediaEvent::RecordingEnded { call, sum })) => {
                    assert_eq!(Track::Call(call), CALL);
                    told.push(sum);
                }
                ToShard::Input(Input::Media(MediaEvent::MessageRecorded { message, sum })) => {
                    assert_eq!(message, MESSAGE);
                    told.push(sum);
                }
                other => panic!("{other:?}"),
            }
        }
        told
    }
}

/// Half seconds of two ramps, one of them negative.
fn sound() -> Vec<i16> {
    (0..4000).flat_map(|n| [n, -n]).collect()
}

fn bytes(pcm: &[i16]) -> Vec<u8> {
    pcm.iter().flat_map(|s| s.to_le_bytes()).collect()
}

#[test]
fn a_file_is_whole_and_its_sum_is_true() {
    let mut b = Bench::new(|_| ());
    b.records(Recorded::Begin("2026-11-21/a.wav".into()));
    for _ in 0..3 {
        b.records(Recorded::Sound(sound()));
    }
    b.records(Recorded::End);
    let told = b.ends();
    let file = fs::read(b.path("2026-11-21/a.wav")).expect("a file");
    let hash: String = Sha256::digest(&file)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let sum = RecordingSum {
        ms: 1500,
        bytes: file.len() as u64,
        sha256: Some(hash),
        lost_ms: 0,
        end: RecordingEnd::Whole,
    };
    assert_eq!(told, [sum]);
    let mut reader = hound::WavReader::new(file.as_slice()).expect("a WAV file");
    let spec = reader.spec();
    assert_eq!(
        (spec.channels, spec.sample_rate, spec.bits_per_sample),
        (2, 8000, 16)
    );
    let samples: Result<Vec<i16>, _> = reader.samples().collect();
    assert_eq!(samples.expect("samples"), sound().repeat(3));
}

#[test]
fn at_every_moment_the_header_says_what_is_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.wav");
    let mut sink = Sink::plain(&path, 2).expect("a file");
    for pieces in 0..4u32 {
        let file = fs::read(&path).expect("the file as a killed process leaves it");
        let reader = hound::WavReader::new(file.as_slice()).expect("a WAV file");
        assert_eq!(reader.duration(), pieces * 4000);
        sink.write(&sound()).expect("written");
    }
}

#[test]
fn a_full_disk_and_a_place_that_cannot_be_written_end_a_recording_and_nothing_else() {
    let mut b = Bench::new(|c| c.min_free = u64::MAX);
    b.records(Recorded::Begin("a.wav".into()));
    b.records(Recorded::Sound(sound()));
    b.records(Recorded::End);
    assert_eq!(b.ends(), [RecordingSum::unknown(RecordingEnd::NoRoom)]);
    assert!(!b.path("a.wav").exists());

    // A file where the folder should be.
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut b = Bench::new(|c| c.dir = file.path().display().to_string());
    b.records(Recorded::Begin("a.wav".into()));
    b.records(Recorded::Sound(sound()));
    b.records(Recorded::End);
    assert_eq!(b.ends(), [RecordingSum::unknown(RecordingEnd::Failed)]);
}

#[test]
fn a_disk_that_fills_is_an_error_of_the_write() {
    let mut sink = Sink::Plain {
        file: fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("a device that is full"),
        channels: 2,
        bytes: 0,
        out: Vec::new(),
    };
    let error = sink.write(&sound()).expect_err("no room");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn sound_that_was_lost_is_silence_in_its_place() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("b.wav");
    let mut sink = Sink::plain(&path, 2).expect("a file");
    sink.write(&sound()).expect("written");
    sink.silence(20_000).expect("written");
    sink.write(&sound()).expect("written");
    let file = fs::read(&path).expect("a file");
    let (first, rest) = file[44..].split_at(16_000);
    assert_eq!(first, bytes(&sound()));
    assert!(rest[..80_000].iter().all(|b| *b == 0));
    assert_eq!(&rest[80_000..], bytes(&sound()));
}

#[test]
fn an_encrypted_recording_is_heard_with_its_key_alone_and_with_none_once_that_is_erased() {
    let mut b = Bench::encrypted("k1");
    b.records(Recorded::Begin("a.tdr".into()));
    for _ in 0..5 {
        b.records(Recorded::Sound(sound()));
    }
    b.records(Recorded::End);
    let told = b.ends();
    assert_eq!((told[0].ms, told[0].end), (2500, RecordingEnd::Whole));
    let (path, out) = (b.path("a.tdr"), b.dir.path().join("a.wav"));
    let keys = |name: &str| {
        (name == "k1")
            .then(|| Secret(KEY.to_owned()).key())
            .flatten()
    };
    assert!(sealed::open(&path, &out, &keys).expect("opened"));
    assert_eq!(
        &fs::read(&out).expect("a file")[44..],
        bytes(&sound().repeat(5))
    );
    let text = fs::read(&path).expect("a file");
    let clear = bytes(&sound());
    assert!(!text.windows(32).any(|w| w == &clear[4000..4032]));

    let again = b.dir.path().join("b.wav");
    let other = |_: &str| Some([9; 32]);
    let wrong = sealed::open(&path, &again, &other);
    assert!(matches!(wrong, Err(sealed::SealedError::Forged { .. })));
    let none = sealed::open(&path, &again, &|_| None);
    assert!(matches!(none, Err(sealed::SealedError::NoKey(name)) if name == "k1"));

    // Cut short between two records, and within one: what is there, and that it is not all.
    for (name, length) in [("c", text.len() - 20 - 16_000), ("d", text.len() - 100)] {
        let cut = b.path(&format!("{name}.tdr"));
        fs::write(&cut, &text[..length]).expect("written");
        fs::copy(sealed::key_file(&path), sealed::key_file(&cut)).expect("copied");
        let out = b.dir.path().join(format!("{name}.wav"));
        assert!(!sealed::open(&cut, &out, &keys).expect("opened"), "{name}");
        assert_eq!(
            &fs::read(&out).expect("a file")[44..],
            bytes(&sound().repeat(4))
        );
    }

    // A bit is changed; two records change places.
    let mut forged = text.clone();
    let middle = forged.len() / 2;
    forged[middle] ^= 1;
    let head = 8 + 1 + 2;
    let record = 4 + 32_000 + 16;
    let mut swapped = text[..head].to_vec();
    swapped.extend(&text[head + record..head + 2 * record]);
    swapped.extend(&text[head..head + record]);
    swapped.extend(&text[head + 2 * record..]);
    for changed in [forged, swapped] {
        fs::write(&path, changed).expect("written");
        let found = sealed::open(&path, &again, &keys);
        assert!(matches!(found, Err(sealed::SealedError::Forged { .. })));
    }

    sealed::erase(&path).expect("erased");
    let gone = sealed::open(&path, &again, &keys);
    assert!(matches!(gone, Err(sealed::SealedError::Erased(_))));
    assert!(matches!(
        sealed::erase(&path),
        Err(sealed::SealedError::Erased(_))
    ));
}

#[test]
fn without_its_key_nothing_is_recorded_in_clear() {
    let mut b = Bench::encrypted("lost");
    b.records(Recorded::Begin("a.tdr".into()));
    b.records(Recorded::Sound(sound()));
    b.records(Recorded::End);
    assert_eq!(b.ends(), [RecordingSum::unknown(RecordingEnd::Failed)]);
    assert!(!b.path("a.tdr").exists());
}

/// A message, in clear and encrypted: one channel, beside the recording of its call; heard again as it is, and erased.
#[test]
fn a_message_is_heard_again_until_it_is_erased() {
    for (encrypted, file) in [(false, "messages/m.wav"), (true, "messages/m.tdr")] {
        let mut b = match encrypted {
            true => Bench::encrypted("k1"),
            false => Bench::new(|_| ()),
        };
        let message = Track::Message(MESSAGE);
        b.tracks(CALL, Recorded::Begin("call.wav".into()));
        b.tracks(message, Recorded::Begin(file.into()));
        b.tracks(CALL, Recorded::Sound(sound()));
        let said: Vec<i16> = (0..12_000).collect();
        for half in said.chunks(4000) {
            b.tracks(message, Recorded::Sound(half.to_vec()));
        }
        b.tracks(message, Recorded::End);
        b.tracks(CALL, Recorded::End);
        let at = b.recordings.clone();
        let told = b.ends();
        assert_eq!(told.iter().map(|s| s.ms).max(), Some(1500));
        assert_eq!(kept::read(&at, file).expect("the message"), said);
        let wav = kept::wav(&at, file).expect("a file");
        let spec = hound::WavReader::new(wav.as_slice()).expect("WAV").spec();
        assert_eq!((spec.channels, spec.sample_rate), (1, 8000));

        let (handle, sounds) = queue();
        let (to_shard, _shard) = shard_queue().expect("a queue");
        let thread = start(at.clone(), clock(), to_shard, sounds).expect("a thread");
        handle.erase(file.to_owned());
        handle.erase(file.to_owned());
        drop(handle);
        thread.join().expect("the recorder");
        assert!(kept::read(&at, file).is_err());
        assert!(!b.path(file).exists() && !sealed::key_file(&b.path(file)).exists());
    }
}
