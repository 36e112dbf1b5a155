//! The phone's ear and mouth on RTP.

use super::{Asked, Phone, State};
use crate::{Output, PhoneEvent};
use bytes::Bytes;
use std::net::SocketAddr;
use tandem_codec::{Decoder, RATE};
use tandem_rtp::{Packet, is_rtcp};
use tandem_sip::{
    api::Body,
    message::{Headers, Method},
};
use tandem_types::Now;

impl Phone {
    /// Sound flows as the call in the ear agreed.
    pub(super) fn start_media(&mut self, now: Now) {
        let agreed = self
            .focus
            .and_then(|s| self.calls.get(&s))
            .and_then(|c| c.agreed());
        if let Some(agreed) = agreed {
            self.speaker.set_flow(now, agreed.flow(None, 0));
        }
    }

    pub(super) fn speak(&mut self, now: Now) {
        let (out, sent) = (&mut self.out, &mut self.counters.rtp_sent);
        self.speaker.poll(now, |to, packet| {
            *sent += 1;
            out.push_back(Output::Rtp {
                to,
                bytes: Bytes::copy_from_slice(packet),
            });
        });
    }

    pub(super) fn rtp(&mut self, now: Now, from: SocketAddr, bytes: &[u8]) {
        if is_rtcp(bytes) {
            return;
        }
        let agreed = self
            .focus
            .and_then(|s| self.calls.get(&s))
            .and_then(|c| c.agreed());
        let (Some(agreed), Ok(packet)) =
            (agreed.filter(|a| a.remote == from), Packet::parse(bytes))
        else {
            self.counters.rtp_stray += 1;
            return;
        };
        let header = packet.header;
        self.counters.rtp_received += 1;
        if Some(header.payload_type) == agreed.event_payload_type {
            let mut keys = Vec::new();
            self.digits
                .receive(header.timestamp, header.marker, packet.payload, |key| {
                    keys.push(key)
                });
            for key in keys {
                self.tell(PhoneEvent::Digit(key));
            }
        } else if header.payload_type == agreed.payload_type {
            let codec = agreed.codec;
            let decoder = match &mut self.decoder {
                Some(decoder) if decoder.codec() == codec => decoder,
                other => other.insert(Decoder::new(codec, RATE)),
            };
            let pcm = decoder.decode(packet.payload);
            self.recording
                .put(now.mono, header.ssrc, header.timestamp, pcm);
            if let Some(key) = self.digits.sound(header.timestamp) {
                self.tell(PhoneEvent::Digit(key));
            }
        } else {
            self.counters.rtp_stray += 1;
        }
    }

    pub(super) fn press(&mut self, now: Now, digit: char) {
        let Some(session) = self.focus else { return };
        let Some(call) = self.calls.get(&session).filter(|c| c.state() == State::Up) else {
            return;
        };
        if call
            .agreed()
            .is_some_and(|a| a.event_payload_type.is_some())
        {
            self.speaker.press(digit);
            return;
        }
        let body = Body {
            content_type: "application/dtmf-relay".into(),
            bytes: format!("Signal={digit}\r\nDuration=100\r\n").into(),
        };
        self.ask(
            now,
            session,
            Asked::Other,
            Method::Info,
            Headers::new(),
            Some(body),
        );
    }
}
