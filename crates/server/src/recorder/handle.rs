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
use tandem_types::CallId;

/// Pieces of sound that may wait, of half a second and 16 kB each: 5 s of 200 calls.
pub(super) const PLACES: usize = 2048;

/// To the recorder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    Begin {
        call: CallId,
        file: String,
    },
    /// `gap` frames were lost before it.
    Sound {
        call: CallId,
        gap: u64,
        pcm: Vec<i16>,
    },
    End {
        call: CallId,
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
    gaps: BTreeMap<CallId, u64>,
    /// Calls that have lost some.
    behind: BTreeSet<CallId>,
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
    pub(crate) fn take(&mut self, call: CallId, what: Recorded) -> bool {
        match what {
            Recorded::Begin(file) => self.send(Message::Begin { call, file }),
            Recorded::End => {
                // What was lost last is the end of the file: nothing follows that it would hold apart.
                self.gaps.remove(&call);
                self.behind.remove(&call);
                self.send(Message::End { call });
            }
            Recorded::Sound(pcm) => {
                let sounds = &self.recorder.sounds;
                if sounds.fetch_add(1, Ordering::Relaxed) >= PLACES {
                    sounds.fetch_sub(1, Ordering::Relaxed);
                    full("recorder", "silence");
                    *self.gaps.entry(call).or_default() += pcm.len() as u64 / 2;
                    return self.behind.insert(call);
                }
                let gap = self.gaps.remove(&call).unwrap_or(0);
                self.send(Message::Sound { call, gap, pcm });
            }
        }
        false
    }

    fn send(&self, message: Message) {
        if self.recorder.messages.send(message).is_err() {
            tracing::error!(target: "tandem::alarm", "the recorder is gone: nothing is recorded any more");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: CallId = CallId(7);

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
