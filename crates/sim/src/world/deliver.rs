//! Packets: onto the wire, off it, and into whom they are for.

use super::{GATEWAY, GATEWAY6, PhoneId, World, gateway};
use crate::network::{Kind, Packet};
use bytes::Bytes;
use tandem_phone::{Input, Output, PhoneEvent};
use tandem_sip::api::{Flow, Transport};
use tandem_types::Party;

impl World {
    /// Sends a packet. `sender` is the phone that did, `None` the gateway.
    pub(super) fn send(&mut self, packet: Packet, sender: Option<usize>) {
        let packet = self.net.written(packet);
        let receiver = self.receiver(&packet, sender);
        if let Some(glance) = packet.sip() {
            let id = glance.call_id().to_owned();
            self.call_ids
                .entry(id)
                .or_default()
                .extend(sender.into_iter().chain(receiver));
        }
        if sender.is_none() && packet.sip().is_some() {
            self.sent.push((self.now.mono, packet.clone()));
        }
        let arrivals = self.net.send(self.now.mono, &packet);
        if let Some(glance) = packet.sip() {
            let actor = |i: usize| self.stations.get(i).map(|s| s.actor);
            let from = sender.and_then(actor).unwrap_or(0);
            let to = receiver
                .and_then(actor)
                .or((packet.to.ip() == GATEWAY).then_some(0));
            match to {
                Some(to) => {
                    let label = glance.label();
                    let lost = arrivals.is_empty();
                    self.ladder
                        .message(self.now.mono, (from, to), &label, &packet.bytes, lost);
                }
                None => {
                    let text = format!("{} to {}, where nobody is", glance.label(), packet.to);
                    self.ladder.note(self.now.mono, from, text);
                }
            }
        }
        for at in arrivals {
            let n = self.next_count();
            self.wire.insert((at, n), (packet.clone(), sender));
        }
    }

    /// The packet that arrives next, and its effects.
    pub(super) fn deliver_next(&mut self) {
        let Some((_, (packet, sender))) = self.wire.pop_first() else {
            return;
        };
        if [GATEWAY, GATEWAY6].contains(&packet.to.ip()) {
            if packet.kind == Kind::Sip {
                self.recent.truncate(super::RECENT - 1);
                self.recent.push_front(packet.clone());
            }
            self.deliver_to_gateway(packet);
            return;
        }
        let Some(i) = self.receiver(&packet, sender) else {
            return;
        };
        if packet.from.ip() == GATEWAY && is_bye(&packet) {
            self.leaves_the_gateway(i);
        }
        let bytes = Bytes::from(packet.bytes);
        let input = match packet.kind {
            Kind::Sip | Kind::SipStream => {
                let transport = if packet.kind == Kind::Sip {
                    Transport::Udp
                } else {
                    Transport::Tcp
                };
                Input::Sip {
                    from: Flow {
                        transport,
                        local: packet.to,
                        remote: packet.from,
                    },
                    bytes,
                }
            }
            Kind::Rtp | Kind::Rtcp => Input::Rtp {
                from: packet.from,
                bytes,
            },
        };
        if let Some(station) = self.stations.get_mut(i) {
            station.phone.handle_input(self.now, input);
        }
        self.after_phone(i);
    }

    fn deliver_to_gateway(&mut self, packet: Packet) {
        match packet.kind {
            Kind::Sip | Kind::SipStream => {
                let transport = if packet.kind == Kind::Sip {
                    Transport::Udp
                } else {
                    Transport::Tcp
                };
                let from = Flow {
                    transport,
                    local: gateway(5060),
                    remote: packet.from,
                };
                let bytes = Bytes::from(packet.bytes);
                self.switch
                    .handle_input(self.now, tandem_call::Input::Packet { from, bytes });
                self.after_switch();
            }
            Kind::Rtp | Kind::Rtcp => {
                self.graph
                    .packet(self.now, packet.to, packet.from, &packet.bytes);
                self.after_graph();
            }
        }
    }

    /// Carries out what a phone wants.
    pub(super) fn after_phone(&mut self, i: usize) {
        while let Some(output) = self.stations.get_mut(i).and_then(|s| s.phone.poll_output()) {
            let Some(station) = self.stations.get(i) else {
                return;
            };
            let config = station.phone.config();
            match output {
                Output::Sip { flow, bytes } => {
                    let kind = match flow.transport {
                        Transport::Udp => Kind::Sip,
                        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                            Kind::SipStream
                        }
                    };
                    let packet = Packet {
                        from: config.local_sip,
                        to: flow.remote,
                        kind,
                        bytes: bytes.to_vec(),
                    };
                    if flow.remote.ip() == GATEWAY && is_bye(&packet) {
                        self.leaves_the_gateway(i);
                    }
                    self.send(packet, Some(i));
                }
                Output::Rtp { to, bytes } => {
                    let from = config.local_rtp;
                    self.send(
                        Packet {
                            from,
                            to,
                            kind: Kind::Rtp,
                            bytes: bytes.to_vec(),
                        },
                        Some(i),
                    );
                }
                Output::Happened(event) => self.happened(i, event),
            }
        }
        self.watch_hold(i);
    }

    /// What is heard from here on, in another call (a followed REFER, say), is not the gateway's.
    fn leaves_the_gateway(&mut self, i: usize) {
        let now = self.now.mono;
        let up = self.stations.get_mut(i).and_then(|s| s.up.last_mut());
        if let Some((_, to)) = up {
            to.get_or_insert(now);
        }
    }

    fn happened(&mut self, i: usize, event: PhoneEvent) {
        let now = self.now.mono;
        let Some(station) = self.stations.get_mut(i) else {
            return;
        };
        let note = match &event {
            PhoneEvent::Answered { .. } => {
                match station.up.last_mut() {
                    // A followed REFER: what is heard from here on is no longer the gateway's.
                    Some((_, to @ None)) => *to = Some(now),
                    Some(_) | None => station.up.push((now, None)),
                }
                Some("talks".to_owned())
            }
            PhoneEvent::Ended { by, .. } => {
                if let Some((_, to)) = station.up.last_mut() {
                    to.get_or_insert(now);
                }
                (*by == Party::Caller).then(|| "hears that it is over".to_owned())
            }
            PhoneEvent::Digit(digit) => Some(format!("hears key {digit}")),
            _ => None,
        };
        let actor = station.actor;
        if let Some(note) = note {
            self.ladder.note(now, actor, note);
        }
        self.happened.push((now, PhoneId(i), event));
    }

    fn watch_hold(&mut self, i: usize) {
        let now = self.now.mono;
        let Some(station) = self.stations.get_mut(i) else {
            return;
        };
        let open = station.on_hold.last().is_some_and(|(_, to)| to.is_none());
        match (station.phone.on_hold(), open) {
            (true, false) => station.on_hold.push((now, None)),
            (false, true) => {
                if let Some((_, to)) = station.on_hold.last_mut() {
                    *to = Some(now);
                }
            }
            _ => {}
        }
    }
}

fn is_bye(packet: &Packet) -> bool {
    packet.sip().is_some_and(|g| g.method() == Some("BYE"))
}
