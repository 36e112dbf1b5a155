//! Who is relayed and who is mixed, and the change from one to the other without a gap or a click.
//!
//! ```text
//!                    flow: may send, and has somewhere to send to
//!   [Closed] ------------------------------------------------------.
//!      ^  no flow, held, nowhere                                    v
//!      |             hears one leg, no player, no keys to press
//!   [Relayed(leg)] <------------------------------------------- [Mixed]
//!      |    what waits in that leg's buffer is sent at once         ^
//!      '------------------------------------------------------------'
//!           that leg's sound goes on by concealment until its next packet
//! ```
//!
//! The mixer works at 8 kHz, which costs a wide listener 2 ms of delay: its joints are cross-faded over 5 ms.

use crate::{
    graph::Graph,
    leg::{LONGEST, Leg, Role},
    mix::FRAME,
    output::Transmit,
};
use tandem_codec::RATE;
use tandem_rtp::{packet::HEADER_LEN, srtp::OVERHEAD};
use tandem_types::{LegId, Now};

impl Graph {
    /// Works out every leg's role anew and changes what must change.
    pub(crate) fn settle(&mut self, now: Now, send: &mut dyn FnMut(Transmit<'_>)) {
        let ids: Vec<LegId> = self.legs.keys().copied().collect();
        let roles: Vec<(LegId, Role)> = ids.iter().map(|id| (*id, self.role(*id))).collect();
        for (id, role) in &roles {
            self.change_role(now, *id, *role, send);
        }
        for leg in self.legs.values_mut() {
            leg.relays_to.clear();
        }
        for (id, role) in &roles {
            if let Role::Relayed(source) = role
                && let Some(source) = self.legs.get_mut(source)
            {
                source.relays_to.push(*id);
            }
        }
        for id in ids {
            let mixed = self.hears.iter().any(|(listener, heard)| {
                heard.contains(&id)
                    && self
                        .legs
                        .get(listener)
                        .is_some_and(|l| l.role == Role::Mixed)
            });
            let recorded = self.is_recorded(id);
            if let Some(leg) = self.legs.get_mut(&id) {
                let pulled = mixed || recorded || leg.ears.is_some() || leg.needs_even_tones();
                leg.set_pulled(now.mono, pulled);
            }
        }
    }

    /// Whether the 10 ms tick has anything to do here.
    pub(crate) fn needs_ticks(&self) -> bool {
        self.recorder.is_some()
            || self.message.is_some()
            || self
                .legs
                .values()
                .any(|l| l.role == Role::Mixed || l.pulled())
    }

    fn role(&self, id: LegId) -> Role {
        let Some(leg) = self.legs.get(&id) else {
            return Role::Closed;
        };
        if leg.local.is_none()
            || !leg.flow.as_ref().is_some_and(|f| f.send)
            || leg.latch.send_to().is_none()
        {
            return Role::Closed;
        }
        let played_to = self.players.iter().any(|p| p.to.contains(&id));
        match self.heard_by(id) {
            [source] if !played_to && !leg.pressing() && self.legs.contains_key(source) => {
                Role::Relayed(*source)
            }
            _ => Role::Mixed,
        }
    }

    fn change_role(&mut self, now: Now, id: LegId, to: Role, send: &mut dyn FnMut(Transmit<'_>)) {
        let Some(leg) = self.legs.get(&id) else {
            return;
        };
        let from = leg.role;
        if from == to {
            return;
        }
        // What the new source had waiting for the mixer, if this leg was hearing it there.
        let mut owed = Vec::new();
        let mut kept = None;
        if let (Role::Mixed, Role::Relayed(source)) = (from, to)
            && let Some(source) = self.legs.get(&source)
            && leg.mixer.heard.iter().any(|(v, _)| *v == source.voice())
        {
            let rate = leg.encoder.rate_from(source.heard_codec());
            kept = Some((source.voice(), source.waiting(&mut owed, rate)));
        }
        let still_heard = match from {
            Role::Relayed(source) => self.heard_by(id).contains(&source).then_some(source),
            Role::Closed | Role::Mixed => None,
        };
        let voice = still_heard
            .and_then(|s| self.legs.get(&s))
            .map(|l| l.voice());
        // What it heard last ends with a sample that we know, at the mixer's rate.
        let narrow = leg.encoder.rate() == RATE && !leg.relay.foreign;
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        leg.role = to;
        leg.relay.release();
        leg.relay.rise = false;
        match (from, to) {
            (Role::Mixed, Role::Relayed(_)) => {
                leg.mixer.break_off(kept.as_ref().map(|(voice, _)| *voice));
                leg.relay.rise = kept.is_none();
                if let Some((_, decoder)) = kept {
                    leg.relay.go_on_from(decoder);
                }
                leg.flush(now, &owed, send);
                if !narrow {
                    leg.mixer.residue = i32::from(leg.last_sent);
                    leg.relay.rise = true;
                }
            }
            (Role::Relayed(_), Role::Mixed) => {
                if std::mem::take(&mut leg.relay.foreign) {
                    leg.encoder.restart();
                    leg.last_sent = 0;
                }
                leg.encoder.hold(leg.last_sent);
                match voice.filter(|_| narrow) {
                    Some(voice) => leg.mixer.heard.push((voice, leg.last_sent)),
                    None => leg.mixer.residue += i32::from(leg.last_sent),
                }
            }
            (Role::Relayed(_), Role::Relayed(_)) => {
                leg.mixer.residue += i32::from(leg.last_sent);
                leg.relay.rise = true;
            }
            (Role::Closed, _) | (_, Role::Closed) => {
                leg.mixer.clear();
                leg.pending.clear();
                leg.last_sent = 0;
            }
            (Role::Mixed, Role::Mixed) => {}
        }
    }
}

impl Leg {
    /// Sends what is pending and `owed` now, so that what is relayed next follows on it.
    fn flush(&mut self, now: Now, owed: &[i16], send: &mut dyn FnMut(Transmit<'_>)) {
        for frame in owed.chunks(FRAME) {
            let mut frame = frame.to_vec();
            for (i, s) in frame.iter_mut().enumerate() {
                *s =
                    crate::mix::saturate(i32::from(*s) + crate::mix::fading(self.mixer.residue, i));
            }
            self.mixer.residue = 0;
            self.append(now, &frame, send);
        }
        if !self.pending.is_empty() {
            self.send_pending(now, send);
        }
    }

    /// Adds a frame of the mix to the packet that is being filled, and sends it when it is full.
    pub(crate) fn append(&mut self, now: Now, frame: &[i16], send: &mut dyn FnMut(Transmit<'_>)) {
        if self.pending.capacity() == 0 {
            self.pending.reserve_exact(LONGEST);
        }
        let room = LONGEST.saturating_sub(self.pending.len());
        self.pending
            .extend_from_slice(&frame[..frame.len().min(room)]);
        if self.pending.len() >= self.packet_samples() {
            self.send_pending(now, send);
        }
    }

    fn send_pending(&mut self, now: Now, send: &mut dyn FnMut(Transmit<'_>)) {
        let (mut at, end) = (0, self.pending.len());
        // In as few packets as the codec can.
        while at < end {
            let n = self.encoder.whole_narrow(end - at);
            if n == 0 {
                break;
            }
            self.send_piece(now, at..at + n, send);
            at += n;
        }
        self.pending.clear();
    }

    /// Sends a packet of what is pending, or of a key in its place.
    fn send_piece(
        &mut self,
        now: Now,
        piece: std::ops::Range<usize>,
        send: &mut dyn FnMut(Transmit<'_>),
    ) {
        let Some(flow) = &self.flow else { return };
        let Some(to) = self.latch.send_to() else {
            return;
        };
        let mut bytes = [0; HEADER_LEN + LONGEST + OVERHEAD];
        let units = self.out.clock().units(piece.len() as u32);
        let marker = self.out.catch_up(now.mono);
        let event = flow.event_payload_type.and_then(|pt| {
            let digit = self.keys_out.poll(self.out.timestamp(), units)?;
            Some((pt, digit))
        });
        let length = match event {
            Some((pt, digit)) => {
                let header =
                    self.out
                        .next_event(pt, digit.marker, digit.timestamp, digit.payload.len());
                self.out.advance(units);
                self.last_sent = 0;
                header.write(&digit.payload, &mut bytes)
            }
            None => {
                let mut codes = [0; LONGEST];
                let sound = &self.pending[piece];
                let octets = self.encoder.encode_narrow(sound, &mut codes);
                let last = sound.last().copied().unwrap_or(0);
                self.last_sent = self.encoder.last_wide().unwrap_or(last);
                if octets == 0 {
                    // Nothing to hear in it.
                    self.out.advance(units);
                    self.relay.silent = true;
                    return;
                }
                let marker = std::mem::take(&mut self.relay.silent) || marker;
                let header = self
                    .out
                    .next(now.mono, flow.payload_type, marker, units, octets);
                header.write(&codes[..octets], &mut bytes)
            }
        };
        if let Some(length) = length.and_then(|n| self.seal(&mut bytes, n)) {
            send(Transmit {
                leg: self.id,
                rtcp: false,
                to,
                bytes: &bytes[..length],
            });
        }
    }
}
