//! What scenarios share: the office with its people, waiting for facts, who hears whom, and the runner.

#![allow(dead_code, unused_imports, reason = "each scenario uses its part")]

pub(crate) use super::config::Config;
pub(crate) use std::time::Duration;
pub(crate) use tandem_phone::{Act, Incoming, PhoneEvent, ReferPolicy};
pub(crate) use tandem_sim::{PhoneId, Reply, Who, World};
pub(crate) use tandem_types::{
    Mono, Party, Reason,
    context::{ContextPackage, Speaker},
    journal::{HandoffEnd, What},
    provider::ProviderFault,
};

use std::{
    fs,
    ops::{Deref, DerefMut},
    path::Path,
};
use tandem_phone::{PhoneConfig, State, Voice};
use tandem_sim::{Restart, hear};
use tandem_types::Rng;

/// The office's number.
pub(crate) const MAIN: &str = "+442079460100";
/// Voices of phones: above the gateway's words (1200 to 3180 Hz) and the music, 60 Hz apart.
const FIRST_VOICE_HZ: f64 = 3300.0;
const VOICE_STEP_HZ: f64 = 60.0;

pub(crate) const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Rings, and is answered after so many seconds.
pub(crate) fn answers(after: u64) -> Incoming {
    Incoming::Answer { after: secs(after) }
}

/// Plays a scenario in the usual office; see [`scenario_in`].
pub(crate) fn scenario(name: &str, play: impl Fn(&mut Office)) {
    scenario_in(&Config::office(), name, play);
}

/// Plays a scenario as it is, restored at every step, and restored at random steps. After each the invariants must hold; the
/// ladder must be the golden one, and the same each time.
pub(crate) fn scenario_in(config: &Config, name: &str, play: impl Fn(&mut Office)) {
    let run = |restart: Restart| {
        let mut office = Office::open(config, restart);
        play(&mut office);
        office.w.ends_well();
        office
    };
    let once = run(Restart::Never);
    golden(name, &once.ladder());
    for restart in [Restart::Always, Restart::About(2, Rng::seeded(5))] {
        let how = format!("{name}, restored: {restart:?}");
        let again = run(restart);
        assert!(
            again.restarts() > 2,
            "{how}: only {} times",
            again.restarts()
        );
        same(&how, &once.ladder(), &again.ladder());
    }
}

/// Compares with the golden ladder, or writes it where `TANDEM_BLESS` is set.
fn golden(name: &str, ladder: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/ladders/{name}.txt"));
    let text = format!("{}\n\n{ladder}", name.replace('_', " "));
    if std::env::var_os("TANDEM_BLESS").is_some() {
        fs::write(&path, text).expect("golden/ladders can be written");
        return;
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    same(
        &format!("{name} (TANDEM_BLESS=1 writes {name}.txt anew)"),
        &golden,
        &text,
    );
}

fn same(what: &str, expected: &str, found: &str) {
    if expected == found {
        return;
    }
    let (e, f): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let at = e.iter().zip(&f).take_while(|(a, b)| a == b).count();
    let around = |lines: &[&str]| {
        let from = at.saturating_sub(6).min(lines.len());
        lines[from..(at + 6).min(lines.len())].join("\n")
    };
    panic!(
        "{what}: the ladder differs from line {}\n--- expected\n{}\n--- found\n{}",
        at + 1,
        around(&e),
        around(&f)
    );
}

/// A world with the office in it, and somebody who is about to call.
pub(crate) struct Office {
    w: World,
    /// +44 1632 960001, on the trunk.
    pub(crate) caller: PhoneId,
    voices: u32,
    /// Journal events before this one were waited for already.
    seen: usize,
}

impl Deref for Office {
    type Target = World;
    fn deref(&self) -> &World {
        &self.w
    }
}

impl DerefMut for Office {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.w
    }
}

impl Office {
    fn open(config: &Config, restart: Restart) -> Self {
        let mut w = World::new(config.plan(), 1);
        w.restart(restart);
        let voice = Voice::Tone { hz: FIRST_VOICE_HZ };
        let caller = w.outside_with("caller", "+441632960001", |c| c.voice = voice);
        let mut office = Self {
            w,
            caller,
            voices: 1,
            seen: 0,
        };
        office.is_still(caller);
        office
    }

    fn voice(&mut self) -> Voice {
        let hz = FIRST_VOICE_HZ + VOICE_STEP_HZ * f64::from(self.voices);
        self.voices += 1;
        Voice::Tone { hz }
    }

    /// A registered desk phone that does this with calls.
    pub(crate) fn desk(&mut self, extension: &str, incoming: Incoming) -> PhoneId {
        self.desk_with(extension, incoming, |_| {})
    }

    /// [`Office::desk`], made to order.
    pub(crate) fn desk_with(
        &mut self,
        extension: &str,
        incoming: Incoming,
        change: impl FnOnce(&mut PhoneConfig),
    ) -> PhoneId {
        let voice = self.voice();
        let id = self
            .w
            .desk_with(&format!("ext {extension}"), extension, |c| {
                c.voice = voice;
                c.incoming = incoming;
                change(c);
            });
        self.w.registers(id);
        id
    }

    /// Somebody outside, behind the carrier.
    pub(crate) fn outside(&mut self, name: &str, number: &str, incoming: Incoming) -> PhoneId {
        self.outside_with(name, number, |c| c.incoming = incoming)
    }

    /// [`Office::outside`], made to order.
    pub(crate) fn outside_with(
        &mut self,
        name: &str,
        number: &str,
        change: impl FnOnce(&mut PhoneConfig),
    ) -> PhoneId {
        let voice = self.voice();
        self.w.outside_with(name, number, |c| {
            c.voice = voice;
            change(c);
        })
    }

    /// The phone's user hums the phone's tone from now on, so that it can be told who hears them.
    pub(crate) fn hums(&mut self, id: PhoneId) {
        let voice = self.w.phone(id).config().voice.clone();
        self.w.does(id, Act::Speak(voice));
    }

    /// The phone's user says nothing by themself from now on. Callers are still at first: a hum is no word, but no silence either.
    pub(crate) fn is_still(&mut self, id: PhoneId) {
        self.w.does(id, Act::Speak(Voice::Silence));
    }

    // ---- waiting ----

    /// Lets time pass until this is so.
    pub(crate) fn until(&mut self, limit: Duration, what: &str, done: impl Fn(&World) -> bool) {
        let so = self.w.run_until(limit, done);
        assert!(so, "not within {limit:?}: {what}\n{}", self.w.ladder());
    }

    /// Lets time pass until such an event is journaled that was not waited for before, and returns it.
    pub(crate) fn fact(
        &mut self,
        limit: Duration,
        what: &str,
        wanted: impl Fn(&What) -> bool,
    ) -> What {
        let from = self.seen;
        let find = |w: &World| w.journal()[from..].iter().position(|e| wanted(&e.what));
        let found = self.w.run_until(limit, |w| find(w).is_some());
        assert!(found, "not within {limit:?}: {what}\n{}", self.w.ladder());
        let at = from + find(&self.w).expect("it was found");
        self.seen = at + 1;
        self.w.journal()[at].what.clone()
    }

    /// Calls the office's number and hears the greeting out.
    pub(crate) fn calls_the_office(&mut self) {
        self.w.calls(self.caller, MAIN);
        self.ai_says("How can I help you?");
    }

    /// Waits for a turn of an agent that holds this, whole, and heard by the caller; returns its text.
    pub(crate) fn ai_says(&mut self, part: &str) -> String {
        let what = self.fact(secs(20), &format!("the AI says \"{part}\""), |what| {
            matches!(what, What::TurnEnded { speaker: Speaker::Agent(_), text, .. } if text.contains(part))
        });
        let What::TurnEnded { text, .. } = what else {
            unreachable!("that was asked for")
        };
        text
    }

    /// The caller says something, and the gateway understands the words.
    pub(crate) fn caller_says(&mut self, text: &str) {
        self.w.says(self.caller, text);
        self.fact(secs(5), &format!("the gateway hears \"{text}\""), |what| {
            matches!(what, What::TurnEnded { speaker: Speaker::Caller, text: heard, .. } if heard == text)
        });
    }

    /// Calls the office, and is put through to the repairs team (both phones at once), where the caller hums.
    pub(crate) fn asks_for_repairs(&mut self) {
        self.calls_the_office();
        self.caller_says("my heating is broken");
        self.ai_says("putting you through to the repairs team");
        self.hums(self.caller);
    }

    /// Calls the office, and is put through by the billing agent to the billing team (one phone after the other), where the caller hums.
    pub(crate) fn asks_for_the_billing_team(&mut self) {
        self.calls_the_office();
        self.caller_says("there is a mistake on my bill");
        self.ai_says("Hello, this is billing");
        self.caller_says("please put me through to the billing team");
        self.ai_says("putting you through to the billing team");
        self.hums(self.caller);
    }

    /// Calls the office, and is put through to reception (one phone), where the caller hums.
    pub(crate) fn asks_for_a_person(&mut self) {
        self.calls_the_office();
        self.caller_says("can I speak to a person");
        self.ai_says("putting you through to reception");
        self.hums(self.caller);
    }

    /// Waits until this phone rings.
    pub(crate) fn rings(&mut self, phone: PhoneId) {
        self.until(secs(30), "the phone rings", |w| {
            w.phone(phone).state() == State::Ringing
        });
    }

    /// Waits no longer than this until the phone rings.
    pub(crate) fn rings_within(&mut self, phone: PhoneId, limit: Duration) {
        let came = |e: &PhoneEvent| matches!(e, PhoneEvent::Incoming { .. });
        self.until(limit, "the phone rings", |w| w.has_noticed(phone, came));
    }

    /// Waits until the call of this phone is up.
    pub(crate) fn answers(&mut self, phone: PhoneId) {
        self.until(secs(30), "the phone is answered", |w| w.is_up(phone));
    }

    /// Waits until the call of this phone is over.
    pub(crate) fn is_over(&mut self, phone: PhoneId, limit: Duration) {
        self.until(limit, "the phone's call is over", |w| {
            w.phone(phone).state() == State::Idle
        });
    }

    // ---- hearing ----

    /// Both hum; lets two seconds pass and fails unless each hears the other.
    pub(crate) fn talk_both_ways(&mut self, a: PhoneId, b: PhoneId) {
        self.hums(a);
        self.hums(b);
        self.w.talk(a, b);
    }

    /// Lets this time pass; the phone hears music all along, and nobody.
    pub(crate) fn hears_music(&mut self, id: PhoneId, time: Duration) {
        self.w.run(time);
        let pcm = self.w.last_heard(id, time.as_millis() as u64);
        let name = &self.w.phone(id).config().name;
        let sounding = hear::sounding(&pcm);
        assert!(
            sounding > 0.9,
            "{name} hears no music: sound in {sounding:.2}\n{}",
            self.w.ladder()
        );
        for hz in (0..self.voices).map(|n| FIRST_VOICE_HZ + VOICE_STEP_HZ * f64::from(n)) {
            let voice = hear::audible(&pcm, hz);
            assert!(
                voice < 0.05,
                "{name} hears a phone at {hz} Hz\n{}",
                self.w.ladder()
            );
        }
        for said in self.w.said() {
            let words = hear::mostly(&pcm, said.hz);
            assert!(
                words < 0.05,
                "{name} hears \"{}\"\n{}",
                said.text,
                self.w.ladder()
            );
        }
    }

    /// Fails unless the phone heard these words of the gateway.
    pub(crate) fn heard(&self, id: PhoneId, words: &str) {
        let name = &self.w.phone(id).config().name;
        assert!(
            self.w.heard_words(id, words),
            "{name} did not hear \"{words}\"\n{}",
            self.w.ladder()
        );
    }

    /// Fails unless the caller heard the last words of the gateway that hold this.
    pub(crate) fn heard_from_the_ai(&self, part: &str) {
        let said = self.w.said().iter().rev().find(|s| s.text.contains(part));
        let text = said.unwrap_or_else(|| panic!("it never said \"{part}\""));
        self.heard(self.caller, &text.text);
    }

    /// Fails if the phone heard these words of the gateway.
    pub(crate) fn did_not_hear(&self, id: PhoneId, words: &str) {
        let heard = self.w.heard_ms(id, &Who::Words(words));
        let name = &self.w.phone(id).config().name;
        assert!(
            heard < 60,
            "{name} heard \"{words}\" for {heard} ms\n{}",
            self.w.ladder()
        );
    }

    /// Fails if `listener` ever heard the voice of `whom`.
    pub(crate) fn never_heard(&self, listener: PhoneId, whom: PhoneId) {
        let heard = self.w.heard_ms(listener, &Who::Phone(whom));
        let (l, s) = (
            &self.w.phone(listener).config().name,
            &self.w.phone(whom).config().name,
        );
        assert!(
            heard < 60,
            "{l} heard {s} for {heard} ms\n{}",
            self.w.ladder()
        );
    }

    // ---- facts ----

    /// All that was journaled.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &What> {
        self.w.journal().iter().map(|e| &e.what)
    }

    /// How many facts are such.
    pub(crate) fn count(&self, wanted: impl Fn(&What) -> bool) -> usize {
        self.facts().filter(|w| wanted(w)).count()
    }

    /// All packages, in the order in which they were offered.
    pub(crate) fn packages(&self) -> Vec<&ContextPackage> {
        let facts = self.w.journal().iter();
        let package = facts.filter_map(|e| match &e.what {
            What::HandoffOffered { package, .. } => Some(package.as_ref()),
            _ => None,
        });
        package.collect()
    }

    /// The ends of handoffs, in order.
    pub(crate) fn handoff_ends(&self) -> Vec<(HandoffEnd, Option<Reason>)> {
        let end = |what: &What| match what {
            What::HandoffEnded { end, reason, .. } => Some((*end, *reason)),
            _ => None,
        };
        self.facts().filter_map(end).collect()
    }

    /// What each completed handoff to a person told them.
    pub(crate) fn delivered(&self) -> Vec<Option<String>> {
        let delivered = |what: &What| match what {
            What::HandoffAcknowledged { delivered, .. } => Some(delivered.clone()),
            _ => None,
        };
        self.facts().filter_map(delivered).collect()
    }

    /// Failed attempts of transfers, in order: reason and SIP status.
    pub(crate) fn failed_attempts(&self) -> Vec<(Reason, u16)> {
        let failed = |what: &What| match what {
            What::TransferAttemptFailed { reason, sip, .. } => Some((*reason, *sip)),
            _ => None,
        };
        self.facts().filter_map(failed).collect()
    }

    /// What was dialled by transfers, in order.
    pub(crate) fn dialled(&self) -> Vec<&str> {
        let facts = self.w.journal().iter();
        let target = facts.filter_map(|e| match &e.what {
            What::TransferDialled { target, .. } => Some(target.as_str()),
            _ => None,
        });
        target.collect()
    }

    /// Waits for the end of the (one) call and checks by whom and why.
    pub(crate) fn ends(&mut self, by: Party, reason: Reason) {
        let over = self.fact(secs(10), "the call is over", |w| {
            matches!(w, What::CallEnded { .. })
        });
        let What::CallEnded { end, .. } = over else {
            unreachable!("that was asked for")
        };
        assert_eq!((end.by, end.reason), (by, reason), "\n{}", self.w.ladder());
    }

    /// Waits for the brief of a person who answered, and returns its words.
    pub(crate) fn is_briefed(&mut self) -> String {
        let what = self.fact(secs(30), "a person is briefed", |w| {
            matches!(w, What::TransferBriefed { .. })
        });
        let What::TransferBriefed { text, .. } = what else {
            unreachable!("that was asked for")
        };
        text
    }
}
