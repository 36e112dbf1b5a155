//! The gateway's insides: what the switch wants of the network, the media graph and the providers, and their answers.

use super::{Later, Restart, Said, World};
use crate::{
    graph::FromGraph,
    network::{Kind, Packet},
    notes,
    script::Segment,
    sound,
};
use std::{sync::Arc, time::Duration};
use tandem_call::{Edition, Input, Output, Switch, brains_of};
use tandem_dialplan::Plan;
use tandem_sip::api::Transport;
use tandem_types::{
    CallId, PlayerId,
    dns::{self, Answer, Question, Record},
    journal::What,
    media::{MediaCommand, MediaEvent, Sound},
    provider::{ProviderCommand, ProviderEvent},
};

/// What the name service takes to answer, or not to.
const DNS: Duration = Duration::from_millis(10);
/// How long it holds that there is no such name.
const NOTHING: Duration = Duration::from_secs(60);
/// What a file takes to be read.
const DISK: Duration = Duration::from_millis(1);

impl World {
    /// Carries out what the switch wants, then perhaps restarts it.
    pub(super) fn after_switch(&mut self) {
        while let Some(output) = self.switch.poll_output() {
            match output {
                Output::Journal(event) => {
                    if let Some(text) = notes::note(&event.what) {
                        self.ladder.note(self.now.mono, 0, text);
                    }
                    if let What::CallEnded { .. } = event.what {
                        self.over.insert(event.call);
                    }
                    self.journal.push(*event);
                }
                Output::Transmit { flow, bytes } => {
                    let kind = match flow.transport {
                        Transport::Udp => Kind::Sip,
                        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                            Kind::SipStream
                        }
                    };
                    let packet = Packet {
                        from: flow.local,
                        to: flow.remote,
                        kind,
                        bytes: bytes.to_vec(),
                    };
                    self.send(packet, None);
                }
                Output::Media(command) => self.media(command),
                Output::Provider(command) => self.provider(command),
                Output::Lookup(question) => {
                    self.lookups.push((self.now.mono, question.clone()));
                    self.later(DNS, Later::Named(question));
                }
                Output::Erase { file } => self.graph.erase(&file),
                Output::Refused { from, why, .. } => self.refused.push((from, why)),
                Output::Trace { .. }
                | Output::Servers(_)
                | Output::Peer { .. }
                | Output::Limited { .. }
                | Output::TurnedAway(_)
                | Output::Banned { .. } => {}
            }
        }
        self.perhaps_restart();
        self.after_graph();
    }

    fn media(&mut self, command: MediaCommand) {
        if let MediaCommand::SetFlow { leg, flow } = &command {
            self.leg_remotes.insert(*leg, flow.remote);
        }
        match &command {
            MediaCommand::Play { to, sound, .. } => self.heard_by(to, sound),
            MediaCommand::Connect { call, hears } => {
                self.hears.insert(*call, hears.clone());
            }
            MediaCommand::CloseCall { call } => {
                self.hears.remove(call);
            }
            _ => {}
        }
        self.graph.command(self.now, command);
    }

    /// Notes what is to be played, before the graph has it.
    fn heard_by(&mut self, to: &[tandem_types::LegId], sound: &Sound) {
        match sound {
            Sound::Speech { text, .. } => {
                let hz = self.tones.hz(text);
                self.said.push(Said {
                    at: self.now.mono,
                    text: text.clone(),
                    hz,
                    to: to.to_vec(),
                });
            }
            Sound::Music { .. } => self.ladder.note(
                self.now.mono,
                0,
                format!("plays music to {}", self.names(to)),
            ),
            Sound::Comfort => self.ladder.note(
                self.now.mono,
                0,
                format!("plays comfort noise to {}", self.names(to)),
            ),
            Sound::Beeps => {
                self.ladder.note(
                    self.now.mono,
                    0,
                    format!("plays beeps to {}", self.names(to)),
                );
            }
            Sound::Ringback { .. } => {
                self.ladder.note(
                    self.now.mono,
                    0,
                    format!("plays ringback to {}", self.names(to)),
                );
            }
            Sound::Beep => {
                let to = self.names(to);
                self.ladder
                    .note(self.now.mono, 0, format!("plays the tone to {to}"));
            }
            Sound::Message { .. } => {
                let to = self.names(to);
                self.ladder
                    .note(self.now.mono, 0, format!("plays a message to {to}"));
            }
            Sound::File { path } => {
                self.ladder.note(
                    self.now.mono,
                    0,
                    format!("plays {path} to {}", self.names(to)),
                );
            }
        }
    }

    fn names(&self, legs: &[tandem_types::LegId]) -> String {
        let name = |leg| {
            Some(
                self.stations
                    .get(self.phone_of(leg)?)?
                    .phone
                    .config()
                    .name
                    .clone(),
            )
        };
        let names: Vec<_> = legs.iter().filter_map(|leg| name(*leg)).collect();
        names.join(" and ")
    }

    fn provider(&mut self, command: ProviderCommand) {
        if let ProviderCommand::Forget { leg } = &command {
            let call = leg.call;
            self.later
                .retain(|_, l| !matches!(l, Later::Provider(e) if call_of(e) == call));
        }
        let remotes = &self.leg_remotes;
        let stations = &self.stations;
        let phone_of = |leg| {
            let remote = remotes.get(&leg)?;
            stations
                .iter()
                .position(|s| s.phone.config().local_rtp == *remote)
        };
        let (events, cancelled) = self.script.take(self.now.mono, command, phone_of);
        if let Some(request) = cancelled {
            self.later.retain(
                |_, later| !matches!(later, Later::Provider(e) if request_of(e) == Some(request)),
            );
        }
        for (after, event) in events {
            self.later(after, Later::Provider(event));
        }
    }

    fn later(&mut self, after: Duration, what: Later) {
        let n = self.next_count();
        self.later.insert((self.now.mono + after, n), what);
    }

    /// The name service knows this from now on, for so long.
    pub fn knows_name(&mut self, kind: dns::Kind, name: &str, records: Vec<Record>, ttl: Duration) {
        let zone = self.zone.get_or_insert_default();
        zone.insert(Question::new(kind, name), Answer { records, ttl });
    }

    /// The name service is down from now on.
    pub fn loses_the_name_service(&mut self) {
        self.zone = None;
    }

    /// Between the gateway and this address nothing arrives for that long, and nobody there is asked what they heard.
    pub fn cuts(&mut self, at: std::net::IpAddr, time: Duration) {
        self.net.between(at, super::GATEWAY, |link| link.cut = true);
        self.later(time, Later::Mended(at));
        let now = self.elapsed();
        self.excuses(at, now, now + time + Duration::from_secs(1));
    }

    /// The answer that is due next.
    pub(super) fn answer_next(&mut self) {
        let Some((_, later)) = self.later.pop_first() else {
            return;
        };
        match later {
            Later::Provider(event) => {
                let call = call_of(&event);
                if self.over.contains(&call) {
                    let text = format!("a provider still answers a call that is over: {event:?}");
                    self.faults.push(text);
                }
                self.switch.handle_input(self.now, Input::Provider(event));
            }
            Later::Sound(player, pcm) => self.graph.sound(self.now, player, pcm),
            Later::Named(question) => {
                let nothing = || Answer {
                    records: Vec::new(),
                    ttl: NOTHING,
                };
                let zone = self.zone.as_ref();
                let answer = zone.map(|z| z.get(&question).cloned().unwrap_or_else(nothing));
                self.switch
                    .handle_input(self.now, Input::Named { question, answer });
            }
            Later::Media(event) => self.switch.handle_input(self.now, Input::Media(event)),
            Later::Mended(at) => self
                .net
                .between(at, super::GATEWAY, |link| link.cut = false),
        }
        self.after_switch();
    }

    /// Carries out what the media graph wants; what it tells goes into the switch.
    pub(super) fn after_graph(&mut self) {
        let mut told = false;
        while let Some(output) = self.graph.poll_output() {
            match output {
                FromGraph::Send {
                    from,
                    to,
                    bytes,
                    rtcp,
                } => {
                    let kind = if rtcp { Kind::Rtcp } else { Kind::Rtp };
                    self.send(
                        Packet {
                            from,
                            to,
                            kind,
                            bytes,
                        },
                        None,
                    );
                }
                FromGraph::Wants { player, sound } => self.make_sound(player, sound),
                FromGraph::Event(event) => {
                    self.note_segment(&event);
                    if !self.media_after.is_zero() {
                        self.later(self.media_after, Later::Media(event));
                        continue;
                    }
                    self.switch.handle_input(self.now, Input::Media(event));
                    told = true;
                }
            }
        }
        if told {
            self.after_switch();
        }
    }

    fn make_sound(&mut self, player: PlayerId, sound: Sound) {
        let (after, pcm) = match sound {
            Sound::Speech { text, .. } => {
                let hz = self.tones.hz(&text);
                let pcm = (!self.script.speechless(&text)).then(|| sound::said(&text, hz));
                (self.script.tts_after, pcm)
            }
            Sound::File { .. }
            | Sound::Music { .. }
            | Sound::Ringback { .. }
            | Sound::Beeps
            | Sound::Beep
            | Sound::Message { .. }
            | Sound::Comfort => (DISK, None),
        };
        self.later(after, Later::Sound(player, pcm));
    }

    fn note_segment(&mut self, event: &MediaEvent) {
        // Voice activity is seen some frames after it began.
        let lead = 300_000_000;
        let now = self.now.mono;
        match event {
            MediaEvent::SpeechStarted { leg, segment } => {
                let from = tandem_types::Mono(now.0.saturating_sub(lead));
                self.script.segments.insert(
                    *segment,
                    Segment {
                        leg: *leg,
                        from,
                        to: None,
                    },
                );
            }
            MediaEvent::SpeechEnded { segment, .. } => {
                if let Some(s) = self.script.segments.get_mut(segment) {
                    s.to = Some(now);
                }
            }
            _ => {}
        }
    }

    /// The switch is a value: written out, dropped, read in, it must go on as if nothing had been.
    fn perhaps_restart(&mut self) {
        let due = match &mut self.restart {
            Restart::Never => false,
            Restart::Always => true,
            Restart::About(one_in, rng) => rng.below((*one_in).max(1)) == 0,
        };
        if due {
            self.restart_now();
        }
    }

    /// Writes the switch out, drops it, and reads it in again.
    ///
    /// # Panics
    /// If it cannot be written or read.
    pub fn restart_now(&mut self) {
        let mut bytes = Vec::new();
        ciborium::into_writer(&self.switch, &mut bytes).expect("the switch can be written");
        let mut restored: Switch = ciborium::from_reader(bytes.as_slice()).expect("and read");
        let newest = Edition {
            plan: self.plan.clone(),
            brains: self.brains.clone(),
        };
        restored.attach(newest, self.switch.older().clone());
        self.switch = restored;
        self.restarts += 1;
    }

    /// Another plan is in force from now on, for this reason.
    pub fn reloads(&mut self, plan: Plan, by: &str) {
        self.plan = Arc::new(plan);
        self.brains = brains_of(&self.plan);
        let newest = Edition {
            plan: self.plan.clone(),
            brains: self.brains.clone(),
        };
        let _over = self
            .switch
            .reload(self.now, newest, by.to_owned(), "0".repeat(64));
        self.after_switch();
    }

    /// How many plans before the newest calls still go by.
    pub fn older_plans(&self) -> usize {
        self.switch.older().len()
    }
}

fn call_of(event: &ProviderEvent) -> CallId {
    match event {
        ProviderEvent::Transcribed { segment, .. } => segment.call,
        ProviderEvent::ChatText { request, .. }
        | ProviderEvent::ChatTool { request, .. }
        | ProviderEvent::ChatDone { request }
        | ProviderEvent::ChatFailed { request, .. }
        | ProviderEvent::Fetched { request, .. } => request.call,
    }
}

fn request_of(event: &ProviderEvent) -> Option<tandem_types::RequestId> {
    match event {
        ProviderEvent::ChatText { request, .. }
        | ProviderEvent::ChatTool { request, .. }
        | ProviderEvent::ChatDone { request }
        | ProviderEvent::ChatFailed { request, .. }
        | ProviderEvent::Fetched { request, .. } => Some(*request),
        ProviderEvent::Transcribed { .. } => None,
    }
}
