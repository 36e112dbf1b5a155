//! The way to the recorder.

use crate::places::full;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
};
use tandem_media::Recorded;
use tandem_types::recording::Track;

/// Pieces of sound that may wait, of half a second and 16 kB each: 5 s of 200 calls.
pub(super) const PLACES: usize = 2048;

/// To the recorder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    Begin {
        track: Track,
        file: String,
    },
    /// `gap` frames were lost before it.
    Sound {
        track: Track,
        gap: u64,
        pcm: Vec<i16>,
    },
    End {
        track: Track,
    },
    /// Nobody is to hear it any more: a file in the directory for recordings.
    Erase {
        file: String,
    },
}

/// The recorder's end.
pub(crate) struct Queue {
    messages: Receiver<Message>,
    sounds: Arc<AtomicUsize>,
}

/// For the media workers.
#[derive(Clone)]
pub(crate) struct RecorderHandle {
    messages: Sender<Message>,
    /// Pieces of sound that wait. Of the others there are two a call.
    sounds: Arc<AtomicUsize>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "sound has its own bound, and there are two other messages a call, of which none may be lost"
)]
pub(crate) fn queue() -> (RecorderHandle, Queue) {
    let (sender, receiver) = channel();
    let sounds = Arc::new(AtomicUsize::new(0));
    let handle = RecorderHandle {
        messages: sender,
        sounds: sounds.clone(),
    };
    let queue = Queue {
        messages: receiver,
        sounds,
    };
    (handle, queue)
}

impl Queue {
    /// The next message, asleep until it comes; `None`: nobody is left who could send one.
    pub(super) fn wait(&self) -> Option<Message> {
        self.messages.recv().ok().inspect(|m| self.taken(m))
    }

    /// The next message, if one is there.
    pub(super) fn next(&self) -> Option<Message> {
        self.messages.try_recv().ok().inspect(|m| self.taken(m))
    }

    fn taken(&self, message: &Message) {
        if matches!(message, Message::Sound { .. }) {
            self.sounds.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// What a worker knows of the recordings of its calls.
pub(crate) struct Taps {
    recorder: RecorderHandle,
    /// Frames that were lost since the last piece that was taken.
    gaps: BTreeMap<Track, u64>,
    /// Calls that have lost some.
    behind: BTreeSet<Track>,
}

impl RecorderHandle {
    /// Nobody is to hear this message any more.
    pub(crate) fn erase(&self, file: String) {
        self.send(Message::Erase { file });
    }

    fn send(&self, message: Message) {
        if self.messages.send(message).is_err() {
            tracing::error!(target: "tandem::alarm", "the recorder is gone: nothing is recorded any more");
        }
    }
}

impl Taps {
    pub(crate) fn new(recorder: RecorderHandle) -> Self {
        Self {
            recorder,
            gaps: BTreeMap::new(),
            behind: BTreeSet::new(),
        }
    }

    /// Hands it on. Says whether this call loses sound for the first time.
    pub(crate) fn take(&mut self, track: Track, what: Recorded) -> bool {
        match what {
            Recorded::Begin(file) => self.send(Message::Begin { track, file }),
            Recorded::End => {
                // What was lost last is the end of the file: nothing follows that it would hold apart.
                self.gaps.remove(&track);
                self.behind.remove(&track);
                self.send(Message::End { track });
            }
            Recorded::Sound(pcm) => {
                let sounds = &self.recorder.sounds;
                if sounds.fetch_add(1, Ordering::Relaxed) >= PLACES {
                    sounds.fetch_sub(1, Ordering::Relaxed);
                    full("recorder", "silence");
                    *self.gaps.entry(track).or_default() +=
                        pcm.len() as u64 / u64::from(track.channels());
                    return self.behind.insert(track);
                }
                let gap = self.gaps.remove(&track).unwrap_or(0);
                self.send(Message::Sound { track, gap, pcm });
            }
        }
        false
    }

    fn send(&self, message: Message) {
        self.recorder.send(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::CallId;

    const CALL: Track = Track::Call(CallId(7));

    #[test]
    fn sound_that_finds_no_place_is_silence_of_its_length_and_told_once() {
        let (handle, queue) = queue();
        let mut taps = Taps::new(handle);
        let sound = || Recorded::Sound(vec![1; 80]);
        assert!(!taps.take(CALL, Recorded::Begin("a.wav".into())));
        for _ in 0..PLACES {
            assert!(!taps.take(CALL, sound()));
        }
        assert!(taps.take(CALL, sound()), "the first that is lost");
        assert!(!taps.take(CALL, sound()));
        assert!(matches!(queue.next(), Some(Message::Begin { .. })));
        assert!(matches!(queue.next(), Some(Message::Sound { gap: 0, .. })));
        assert!(!taps.take(CALL, sound()), "there is a place again");
        assert!(!taps.take(CALL, Recorded::End));
        let rest: Vec<Message> = std::iter::from_fn(|| queue.next()).collect();
        let gaps = rest.iter().filter_map(|m| match m {
            Message::Sound { gap, .. } => Some(*gap),
            _ => None,
        });
        assert_eq!(gaps.collect::<Vec<_>>().iter().sum::<u64>(), 80);
        let last = rest.get(rest.len() - 2..).expect("two");
        assert!(matches!(
            last,
            [Message::Sound { gap: 80, .. }, Message::End { .. }]
        ));
    }
}
