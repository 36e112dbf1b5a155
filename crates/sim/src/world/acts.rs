//! What people do.

use super::{PhoneId, World, gateway};
use crate::{script::Utterance, sound};
use std::{sync::Arc, time::Duration};
use tandem_phone::{Act, Input, PhoneEvent};
use tandem_sip::message::{Headers, Uri};
use tandem_types::Mono;

impl World {
    /// One act at a phone, now.
    pub fn does(&mut self, id: PhoneId, act: Act) {
        let now = self.now;
        let note = match &act {
            Act::Hangup => Some("hangs up".to_owned()),
            Act::Press(key) => Some(format!("presses {key}")),
            Act::IgnoreEverything(true) => Some("goes dead".to_owned()),
            Act::SendNoRtp(true) => Some("sends no more sound".to_owned()),
            _ => None,
        };
        let Some(station) = self.stations.get_mut(id.0) else {
            return;
        };
        if let (Act::Hangup, Some((_, to @ None))) = (&act, station.up.last_mut()) {
            *to = Some(now.mono); // also of a call that goes on for a REFER
        }
        if let Act::Press(_) = act {
            station.pressed.push(now.mono);
        }
        if let Act::IgnoreEverything(dead) = act {
            match station.dead.last_mut() {
                Some((_, to @ None)) if !dead => *to = Some(now.mono),
                Some((_, None)) => {}
                _ if dead => station.dead.push((now.mono, None)),
                _ => {}
            }
        }
        if let Some(note) = note {
            self.ladder.note(now.mono, station.actor, note);
        }
        station.phone.handle_input(now, Input::Do(act));
        self.after_phone(id.0);
    }

    /// Calls a number of the gateway's.
    pub fn calls(&mut self, id: PhoneId, number: &str) {
        self.calls_with(id, number, Headers::new());
    }

    /// [`World::calls`] with further headers on the INVITE.
    pub fn calls_with(&mut self, id: PhoneId, number: &str, headers: Headers) {
        let target = Uri::sip(number, &gateway(5060).to_string());
        if let Some(station) = self.stations.get_mut(id.0) {
            station.calls = true;
        }
        self.does(
            id,
            Act::Call {
                target,
                flow: None,
                headers,
            },
        );
    }

    /// Registers a desk phone and waits until it is.
    ///
    /// # Panics
    /// If the gateway does not take it.
    pub fn registers(&mut self, id: PhoneId) {
        self.does(id, Act::Register);
        let up = self.run_until(Duration::from_secs(5), |w| w.phone(id).is_registered());
        assert!(
            up,
            "{} did not get registered\n{}",
            self.phone(id).config().name,
            self.ladder()
        );
    }

    /// Says something: sounds like speech for as long as the words take, and is transcribed as these words. Time passes
    /// until it is said.
    pub fn says(&mut self, id: PhoneId, text: &str) {
        self.begins_to_say(id, text);
        self.run(sound::uttered(text));
    }

    /// [`World::says`] without waiting for its end.
    pub fn begins_to_say(&mut self, id: PhoneId, text: &str) {
        let from = self.now.mono;
        let to = from + sound::uttered(text);
        let pcm = sound::utterance(text, &mut self.rng);
        if let Some(station) = self.stations.get(id.0) {
            self.ladder
                .note(from, station.actor, format!("says \"{text}\""));
        }
        self.script.utterances.push(Utterance {
            phone: id.0,
            text: text.to_owned(),
            from,
            to,
            heard: false,
        });
        self.does(id, Act::Say(Arc::new(pcm)));
    }

    /// Presses keys, one after the other, and waits until they are out.
    pub fn presses(&mut self, id: PhoneId, keys: &str) {
        for key in keys.chars() {
            self.does(id, Act::Press(key));
        }
        self.run(Duration::from_millis(200 * keys.len() as u64));
    }

    /// From now on the gateway has only so many port pairs left.
    pub fn ports_left(&mut self, pairs: u32) {
        self.graph.free = pairs;
    }

    /// An admin's command to the gateway.
    pub fn admin(&mut self, admin: tandem_call::Admin) {
        self.switch
            .handle_input(self.now, tandem_call::Input::Admin(admin));
        self.after_switch();
    }

    /// Hangs up, now.
    pub fn hangs_up(&mut self, id: PhoneId) {
        self.does(id, Act::Hangup);
    }

    /// All that a phone's user noticed, with times.
    pub fn noticed(&self, id: PhoneId) -> Vec<(Mono, &PhoneEvent)> {
        self.happened
            .iter()
            .filter(|(_, p, _)| *p == id)
            .map(|(at, _, e)| (*at, e))
            .collect()
    }

    /// Whether a phone's user noticed such a thing.
    pub fn has_noticed(&self, id: PhoneId, wanted: impl Fn(&PhoneEvent) -> bool) -> bool {
        self.noticed(id).into_iter().any(|(_, e)| wanted(e))
    }
}
