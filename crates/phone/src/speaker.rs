//! The phone's mouth: one packet per interval, of its voice, of something said once, or of a key.

use crate::Voice;
use std::{collections::VecDeque, f64::consts::TAU, net::SocketAddr, sync::Arc, time::Duration};
use tandem_codec::Encoder;
use tandem_rtp::{DigitSender, Outgoing};
use tandem_types::{
    Mono, Now, Rng,
    media::{Codec, MediaFlow},
};

/// Amplitude of a tone: medium loud.
const TONE: f64 = 6000.0;
/// A driver that wakes up later than this does not send what it missed.
const GIVE_UP: Duration = Duration::from_millis(200);
/// Longest packet: header and 60 ms.
const PACKET: usize = 12 + 480;

pub(crate) struct Speaker {
    voice: Voice,
    /// Samples of the voice that were sent.
    at: usize,
    said: VecDeque<Arc<Vec<i16>>>,
    said_at: usize,
    out: Outgoing,
    digits: DigitSender,
    flow: Option<MediaFlow>,
    encoder: Option<(Codec, Encoder)>,
    next: Option<Mono>,
    muted: bool,
}

impl Speaker {
    pub(crate) fn new(voice: Voice, rng: &mut Rng) -> Self {
        Self {
            voice,
            at: 0,
            said: VecDeque::new(),
            said_at: 0,
            out: Outgoing::new(rng),
            digits: DigitSender::new(),
            flow: None,
            encoder: None,
            next: None,
            muted: false,
        }
    }

    /// What offer/answer fixed. Speaking begins, goes on, or rests.
    pub(crate) fn set_flow(&mut self, now: Now, flow: MediaFlow) {
        if flow.send {
            self.next.get_or_insert(now.mono);
        } else {
            self.next = None;
        }
        self.flow = Some(flow);
    }

    /// The call is over: what was not said stays unsaid.
    pub(crate) fn stop(&mut self) {
        self.next = None;
        self.flow = None;
        self.said.clear();
        self.said_at = 0;
        self.digits.clear();
    }

    pub(crate) fn set_voice(&mut self, voice: Voice) {
        self.voice = voice;
        self.at = 0;
    }

    pub(crate) fn say(&mut self, pcm: Arc<Vec<i16>>) {
        self.said.push_back(pcm);
    }

    pub(crate) fn press(&mut self, digit: char) {
        self.digits.press(digit.encode_utf8(&mut [0; 4]));
    }

    pub(crate) fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    pub(crate) fn next(&self) -> Option<Mono> {
        self.next
    }

    /// The packets that are due by now.
    pub(crate) fn poll(&mut self, now: Now, mut send: impl FnMut(SocketAddr, &[u8])) {
        let Some(flow) = self.flow.clone() else {
            return;
        };
        let interval = Duration::from_millis(u64::from(flow.ptime_ms));
        while let Some(due) = self.next.filter(|due| *due <= now.mono) {
            let late = now.mono.since(due) > GIVE_UP;
            let at = if late { now.mono } else { due };
            self.next = Some(at + interval);
            let mut packet = [0; PACKET];
            if let Some(n) = self.packet(at, &flow, &mut packet) {
                send(flow.remote, packet.get(..n).unwrap_or_default());
            }
        }
    }

    fn packet(&mut self, at: Mono, flow: &MediaFlow, out: &mut [u8]) -> Option<usize> {
        let samples = usize::from(flow.ptime_ms) * tandem_codec::PER_MS;
        if self.muted && self.digits.is_idle() {
            // What would have been heard is gone.
            self.frame(samples);
            return None;
        }
        let units = self.out.clock().units(samples as u32);
        let began = self.out.catch_up(at);
        let timestamp = self.out.timestamp();
        let digit = flow
            .event_payload_type
            .and_then(|pt| Some((pt, self.digits.poll(timestamp, units)?)));
        if let Some((pt, digit)) = digit {
            let header =
                self.out
                    .next_event(pt, digit.marker, digit.timestamp, digit.payload.len());
            self.out.advance(units);
            return header.write(&digit.payload, out);
        }
        let pcm = self.frame(samples);
        let mut codes = [0; PACKET];
        let encoder = match &mut self.encoder {
            Some((codec, encoder)) if *codec == flow.codec => encoder,
            other => &mut other.insert((flow.codec, Encoder::new(flow.codec))).1,
        };
        let n = encoder.encode_narrow(&pcm, &mut codes);
        let header = self.out.next(at, flow.payload_type, began, units, n);
        header.write(codes.get(..n)?, out)
    }

    /// The next samples: of what is being said, then of the voice.
    fn frame(&mut self, n: usize) -> Vec<i16> {
        let mut out = Vec::with_capacity(n);
        while let Some(pcm) = self.said.front().filter(|_| out.len() < n).cloned() {
            let take = (n - out.len()).min(pcm.len() - self.said_at);
            out.extend(pcm.iter().skip(self.said_at).take(take));
            self.said_at += take;
            if self.said_at >= pcm.len() {
                self.said.pop_front();
                self.said_at = 0;
            }
        }
        while out.len() < n {
            out.push(self.voice_sample());
        }
        out
    }

    fn voice_sample(&mut self) -> i16 {
        let at = self.at;
        self.at += 1;
        match &self.voice {
            Voice::Tone { hz } => (TONE * (TAU * hz * at as f64 / 8000.0).sin()) as i16,
            Voice::Silence => 0,
            Voice::Pcm(pcm) => pcm.get(at % pcm.len().max(1)).copied().unwrap_or(0),
        }
    }
}
