//! Keys as telephone-events (RFC 4733): sent, and received once each whatever is lost.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tandem_types::media::Clock;

/// The payload of a telephone-event packet (RFC 4733 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// 0 to 15 are keys (section 3.2).
    pub code: u8,
    /// The key has been let go.
    pub end: bool,
    /// dBm0 below zero.
    pub volume: u8,
    /// Since the event's timestamp, in units of the event's clock.
    pub duration: u16,
}

const KEYS: &[u8; 16] = b"0123456789*#ABCD";

/// The event code of a key.
pub fn code_of(key: char) -> Option<u8> {
    let key = key.to_ascii_uppercase();
    KEYS.iter()
        .position(|k| char::from(*k) == key)
        .map(|i| i as u8)
}

/// The key of an event code.
pub fn key_of(code: u8) -> Option<char> {
    KEYS.get(usize::from(code)).map(|k| char::from(*k))
}

impl Event {
    /// Reads a payload; `None` if it is too short.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [code, flags, high, low, ..] = *payload else {
            return None;
        };
        Some(Self {
            code,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([high, low]),
        })
    }

    /// Writes the payload.
    pub fn write(&self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [
            self.code,
            (u8::from(self.end) << 7) | (self.volume & 0x3f),
            high,
            low,
        ]
    }
}

/// One packet that [`DigitSender::poll`] wants sent in place of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigitPacket {
    /// Set on the first packet of a key.
    pub marker: bool,
    /// When the key began.
    pub timestamp: u32,
    /// The event.
    pub payload: [u8; 4],
}

/// Milliseconds that a key lasts, and the pause after it.
const KEY_MS: u32 = 100;
const PAUSE_MS: u32 = 60;
/// The end is said three times (section 2.5.1.4).
const ENDS: u8 = 3;

/// What an event is counted by. As a rule both are the same (RFC 4733 section 2.1); beside Opus there are phones that know no
/// event but that of 8000: theirs have the timestamps of the sound and durations of 8000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventClock {
    /// The stream's timestamps.
    pub stream: Clock,
    /// The durations in events.
    pub event: Clock,
}

/// Presses keys on a stream. Polled once per packet interval:
///
/// ```text
/// [Idle] --press--> [Down: 20 40 60 80 ms] --100 ms--> [Ending: end end end] --60 ms--> [Idle]
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigitSender {
    waiting: VecDeque<u8>,
    now: Option<Pressed>,
    clock: EventClock,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pressed {
    code: u8,
    start: u32,
    ends: u8,
}

impl DigitSender {
    /// Nothing to press, on a stream of 8000.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the stream and its events are counted by. What is down is let go where that changes.
    pub fn set_clock(&mut self, clock: EventClock) {
        if std::mem::replace(&mut self.clock, clock) != clock {
            self.now = None;
        }
    }

    /// Puts keys at the end of the queue; what is no key (`0-9*#A-D`) is left out.
    pub fn press(&mut self, keys: &str) {
        self.waiting.extend(keys.chars().filter_map(code_of));
    }

    /// Nothing is being pressed and nothing waits.
    pub fn is_idle(&self) -> bool {
        self.now.is_none() && self.waiting.is_empty()
    }

    /// Forgets what waits, and what is down.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.now = None;
    }

    /// Called once for each packet interval with the stream's timestamp at its start and its length in units.
    /// What comes back is sent in place of the sound of that interval; `None`: send sound.
    pub fn poll(&mut self, timestamp: u32, units: u32) -> Option<DigitPacket> {
        let EventClock { stream, event } = self.clock;
        let key = stream.ms(KEY_MS);
        if let Some(p) = &self.now
            && p.ends >= ENDS
            && timestamp.wrapping_sub(p.start) >= key + stream.ms(PAUSE_MS)
        {
            self.now = None;
        }
        let mut marker = false;
        if self.now.is_none() {
            let code = self.waiting.pop_front()?;
            self.now = Some(Pressed {
                code,
                start: timestamp,
                ends: 0,
            });
            marker = true;
        }
        let p = self.now.as_mut()?;
        if p.ends >= ENDS {
            return None;
        }
        let duration = timestamp.wrapping_sub(p.start).wrapping_add(units).min(key);
        let end = duration >= key;
        p.ends += u8::from(end);
        let duration = event.of(stream, duration);
        let event = Event {
            code: p.code,
            end,
            volume: 10,
            duration: duration as u16,
        };
        Some(DigitPacket {
            marker,
            timestamp: p.start,
            payload: event.write(),
        })
    }
}

/// A key is taken once it lasted this long, if it did not end before.
const LONG_ENOUGH_MS: u32 = 100;
/// A second packet with this much newer a timestamp can still be the same key, from senders that let the
/// timestamp run on: less than any key and pause last.
const CREEP_MS: u32 = 60;
/// What is older than the current event by less than this is a late copy, not a clock that was set back.
const STALE_MS: u32 = 5000;

/// Hears keys on a stream. Fed with every event packet, and told the timestamps of sound.
///
/// ```text
///           other timestamp (or key)
///          .-----------------------.
///          v                       |
/// [Silent] --event--> [Down] --end, or 100 ms, or sound goes on--> [Taken] --same timestamp: ignored
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigitReceiver {
    current: Option<Down>,
    clock: EventClock,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Down {
    code: u8,
    /// Of the segment that goes on now.
    timestamp: u32,
    /// Of the segments before it: an event outlasts 16 bits in segments (section 2.5.1.3).
    before: u32,
    duration: u16,
    ended: bool,
    taken: bool,
}

impl Down {
    fn take(&mut self) -> Option<char> {
        if self.taken {
            return None;
        }
        self.taken = true;
        key_of(self.code)
    }
}

impl DigitReceiver {
    /// Has heard nothing, of a stream of 8000.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the stream and its events are counted by.
    pub fn set_clock(&mut self, clock: EventClock) {
        self.clock = clock;
    }

    /// Takes an event packet. Calls `key` for each key that this completes: mostly none or one; two where the
    /// end of the one before was lost.
    pub fn receive(
        &mut self,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
        mut key: impl FnMut(char),
    ) {
        let Some(event) = Event::parse(payload) else {
            return;
        };
        if key_of(event.code).is_none() {
            return;
        }
        let clock = self.clock;
        let long_enough = clock.event.ms(LONG_ENOUGH_MS);
        if let Some(down) = &mut self.current {
            let age = down.timestamp.wrapping_sub(timestamp);
            let same_stamp = age == 0 && down.code == event.code;
            if !same_stamp && age != 0 && age < clock.stream.ms(STALE_MS) {
                return; // a late copy of a key before
            }
            if same_stamp || continues(clock, down, timestamp, marker, &event) {
                if !same_stamp {
                    let gone_on = gone_on(clock, down, timestamp);
                    down.before = if gone_on >= 0xff00 {
                        down.before + gone_on
                    } else {
                        down.before
                    };
                    down.timestamp = timestamp;
                    down.duration = event.duration;
                }
                down.duration = down.duration.max(event.duration);
                down.ended |= event.end;
                let lasted = down.before + u32::from(down.duration);
                if (down.ended || lasted >= long_enough)
                    && let Some(k) = down.take()
                {
                    key(k);
                }
                return;
            }
            if let Some(k) = down.take() {
                key(k);
            }
        }
        let mut down = Down {
            code: event.code,
            timestamp,
            before: 0,
            duration: event.duration,
            ended: event.end,
            taken: false,
        };
        if (event.end || u32::from(event.duration) >= long_enough)
            && let Some(k) = down.take()
        {
            key(k);
        }
        self.current = Some(down);
    }

    /// Sound with this timestamp came: a key that began 100 ms or more before it is over, though its end was lost.
    pub fn sound(&mut self, timestamp: u32) -> Option<char> {
        let down = self.current.as_mut()?;
        let EventClock { stream, event } = self.clock;
        let lasted = stream.of(event, u32::from(down.duration));
        let since = timestamp.wrapping_sub(down.timestamp.wrapping_add(lasted));
        if (stream.ms(LONG_ENOUGH_MS)..stream.ms(STALE_MS)).contains(&since) {
            down.take()
        } else {
            None
        }
    }

    /// The stream began anew (another SSRC): its timestamps have nothing to do with the old ones. A key that
    /// was down counts.
    pub fn reset(&mut self) -> Option<char> {
        self.current.take().and_then(|mut down| down.take())
    }
}

/// Whether an event with another timestamp is the same key going on.
fn continues(clock: EventClock, down: &Down, timestamp: u32, marker: bool, event: &Event) -> bool {
    if marker || down.ended || event.code != down.code {
        return false;
    }
    let gone_on = gone_on(clock, down, timestamp);
    let creep = clock.event.ms(CREEP_MS);
    let next_segment = (0xff00..=0x1_0000 + creep).contains(&gone_on);
    let creeping = gone_on < creep && event.duration > down.duration;
    next_segment || creeping
}

/// How much later a packet's timestamp is than the event's, in units of the event's clock.
fn gone_on(clock: EventClock, down: &Down, timestamp: u32) -> u32 {
    let since = timestamp.wrapping_sub(down.timestamp);
    clock.event.of(clock.stream, since)
}

#[cfg(test)]
mod tests;
