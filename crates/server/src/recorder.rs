//! The thread that writes recordings. Media workers hand it sound by a queue and never wait for it; a disk that is slow, full or
//! gone costs a recording some of its sound, and no call anything.
//!
//! ```text
//!   workers --Begin, Sound, End--> [queue] --> file, open --End--> closing: its hash is read, piece by piece --> RecordingEnded
//!                 | 2,048 pieces of sound wait:     | under the floor, or an error: what is there stays
//!                 v silence in its place            v
//!              RecordingBehind, alarm, counter    RecordingEnded, alarm, counter
//! ```
//!
//! Each half second is written when it comes, and the sizes in the header after it, so that what a killed process leaves is a file
//! that any program plays. An encrypted one is written a second at a time.

mod file;
mod handle;
pub(crate) mod kept;
pub mod sealed;

pub(crate) use self::handle::{RecorderHandle, Taps, queue};

use self::{
    file::{Closing, Sink},
    handle::{Message, Queue},
};
use crate::{Clock, doctor, places::ShardHandle, shard::ToShard};
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    path::{Path, PathBuf},
    thread::JoinHandle,
    time::Duration,
};
use tandem_call::Input;
use tandem_dialplan::Recordings;
use tandem_types::{
    Mono,
    media::MediaEvent,
    recording::{RecordingEnd, RecordingSum, Track},
};

/// The disk is asked for its room this often, and for each new file.
const LOOK: Duration = Duration::from_secs(1);

/// A file that is written.
struct Open {
    sink: Sink,
    path: PathBuf,
    /// Frames of both sides.
    frames: u64,
    lost: u64,
}

/// The thread.
pub(crate) struct Recorder {
    config: Recordings,
    clock: Clock,
    shard: ShardHandle,
    queue: Queue,
    open: BTreeMap<Track, Open>,
    closing: VecDeque<Closing>,
    looked: Option<Mono>,
    full: bool,
}

/// Starts it. It ends when nobody can hand it anything any more, and all files are closed.
pub(crate) fn start(
    config: Recordings,
    clock: Clock,
    shard: ShardHandle,
    queue: Queue,
) -> io::Result<JoinHandle<()>> {
    let recorder = Recorder {
        config,
        clock,
        shard,
        queue,
        open: BTreeMap::new(),
        closing: VecDeque::new(),
        looked: None,
        full: false,
    };
    std::thread::Builder::new()
        .name("recorder".into())
        .spawn(move || recorder.run())
}

impl Recorder {
    fn run(mut self) {
        loop {
            // What waits in memory comes before what is on disk already.
            let message = match self.closing.is_empty() {
                true => match self.queue.wait() {
                    Some(message) => Some(message),
                    None => break,
                },
                false => self.queue.next(),
            };
            match message {
                Some(message) => self.take(message),
                None => self.close_some(),
            }
        }
        for track in self.open.keys().copied().collect::<Vec<_>>() {
            self.end(track, RecordingEnd::Whole);
        }
        while !self.closing.is_empty() {
            self.close_some();
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Begin { track, file } => self.begin(track, &file),
            Message::Sound { track, gap, pcm } => self.write(track, gap, &pcm),
            Message::End { track } => self.end(track, RecordingEnd::Whole),
            Message::Erase { file } => kept::erase(&Path::new(&self.config.dir).join(file)),
        }
    }

    fn begin(&mut self, track: Track, file: &str) {
        self.looked = None;
        if self.is_full() {
            return self.never_began(track, RecordingEnd::NoRoom);
        }
        let path = Path::new(&self.config.dir).join(file);
        let sink = match &self.config.key {
            None => Sink::plain(&path, track.channels()),
            Some(name) => {
                let key = self.config.keys.get(name).and_then(|secret| secret.key());
                key.ok_or_else(|| io::Error::other("its key is not there"))
                    .and_then(|key| Sink::sealed(&path, track.channels(), name, &key))
            }
        };
        match sink {
            Ok(sink) => {
                metrics::counter!("tandem_recordings_total").increment(1);
                let open = Open {
                    sink,
                    path,
                    frames: 0,
                    lost: 0,
                };
                self.open.insert(track, open);
            }
            Err(error) => {
                tracing::error!(target: "tandem::alarm", call = %track.call(), file = %path.display(), %error, "a recording cannot be made");
                self.never_began(track, RecordingEnd::Failed);
            }
        }
    }

    fn never_began(&self, track: Track, end: RecordingEnd) {
        fault(end);
        if end == RecordingEnd::NoRoom {
            tracing::error!(target: "tandem::alarm", call = %track.call(), dir = self.config.dir, "a call is not recorded: the disk is full ([recordings] min_free_mb)");
        }
        self.tell(track, RecordingSum::unknown(end));
    }

    fn write(&mut self, track: Track, gap: u64, pcm: &[i16]) {
        let full = self.is_full();
        let Some(open) = self.open.get_mut(&track) else {
            return; // it was given up
        };
        if full {
            tracing::error!(target: "tandem::alarm", call = %track.call(), dir = self.config.dir, "a recording ends early: the disk is full ([recordings] min_free_mb)");
            return self.end(track, RecordingEnd::NoRoom);
        }
        open.frames += gap + pcm.len() as u64 / u64::from(track.channels());
        open.lost += gap;
        let written = open.sink.silence(gap).and_then(|()| open.sink.write(pcm));
        if let Err(error) = written {
            tracing::error!(target: "tandem::alarm", call = %track.call(), file = %open.path.display(), %error, "a recording ends early");
            self.end(track, RecordingEnd::Failed);
        }
    }

    fn end(&mut self, track: Track, end: RecordingEnd) {
        let Some(open) = self.open.remove(&track) else {
            return;
        };
        let Open {
            sink,
            path,
            frames,
            lost,
        } = open;
        let sum = RecordingSum {
            ms: frames / 8,
            lost_ms: lost / 8,
            ..RecordingSum::unknown(end)
        };
        let end = match sink.finish() {
            Ok(()) => end,
            Err(error) => {
                tracing::error!(target: "tandem::alarm", call = %track.call(), file = %path.display(), %error, "the end of a recording cannot be written");
                RecordingEnd::Failed
            }
        };
        if end != RecordingEnd::Whole {
            fault(end);
        }
        self.closing
            .push_back(Closing::new(track, path, RecordingSum { end, ..sum }));
    }

    /// A piece of what is on disk is read for its hash; whoever is at its end is told.
    fn close_some(&mut self) {
        let Some(mut closing) = self.closing.pop_front() else {
            return;
        };
        match closing.go_on() {
            true => self.closing.push_back(closing),
            false => self.tell(closing.track, closing.sum),
        }
    }

    fn tell(&self, track: Track, sum: RecordingSum) {
        let event = match track {
            Track::Call(call) => MediaEvent::RecordingEnded { call, sum },
            Track::Message(message) => MediaEvent::MessageRecorded { message, sum },
        };
        self.shard.event(ToShard::Input(Input::Media(event)));
    }

    /// Whether the disk has less room than is to stay free.
    fn is_full(&mut self) -> bool {
        let now = self.clock.now().mono;
        if self.looked.is_none_or(|at| now.since(at) >= LOOK) {
            self.looked = Some(now);
            let room = doctor::room(Path::new(&self.config.dir)).and_then(Result::ok);
            self.full = room.is_some_and(|n| n < self.config.min_free);
        }
        self.full
    }
}

fn fault(end: RecordingEnd) {
    let why = match end {
        RecordingEnd::Whole => return,
        RecordingEnd::NoRoom => "no_room",
        RecordingEnd::Failed => "failed",
        RecordingEnd::Lost => "lost",
    };
    metrics::counter!("tandem_recording_faults_total", "why" => why).increment(1);
}

#[cfg(test)]
mod tests;
