//! One call: the legs it has gathered, who has the caller now, and the conversation's memory.
//!
//! ```text
//!            INVITE            port            200, ACK
//!   (none) --------> Opening ------> Answering --------> Talking (an agent) <------------------+
//!                       |                                |   |  key, intent, wish, rule        |
//!                       | CANCEL, no port,               |   v                                |
//!                       | nothing may be dialled         | Menu, Asking, Announcing           |
//!                       |                                v   v                                |
//!                       |     straight to somebody -> Reaching --busy, silence, never mind----+
//!                       |                                |   |  (an agent has it: back, with memory;  |
//!                       |                         key 1, |   |   none has: `otherwise`, or the end)   |
//!                       |                         answer v   v Referring --definite failure--> Reaching
//!                       |                             Bridged --the person dies, hangs up, *9--+
//!                       |                                |         |  success of the REFER
//!                       v   BYE by anyone, limits, drain v         v
//!                     Ending <---------------------------+---------+      Echo, Conference
//!                       | every leg closed               |
//!                       v                        Leaving-+ (the caller is gone, people are told)
//!                     gone
//! ```
//!
//! The verbs are in the files beside: [`legs`] (ports, offer/answer, hang-up), [`enter`] (a destination takes the
//! caller), [`talk`] (what the conversation wants), [`people`] (ringing, briefing, bridging), [`cold`] (REFER),
//! [`bridged`] (the person is watched), [`background`] (music), [`passed`] (the transfer key of a person's phone), [`lend`] (two calls become one), [`lookup`] (who calls),
//! [`queued`] (the caller waits until somebody is free), [`leave`] and [`hears`] (messages), [`back`] (callers who are called back), [`replaced`] (a phone takes over from another), [`unheard`] (legs that say nothing), [`record`] (the recording), [`parting`] (a last word to a person), [`menu`], [`asking`], [`words`] (speech in those two), [`keys`], [`end`].

mod asking;
pub(crate) mod back;
mod background;
mod bridged;
pub(crate) mod cold;
mod ctx;
pub(crate) mod end;
pub(crate) mod enter;
mod hears;
pub(crate) mod keys;
pub(crate) mod leave;
pub(crate) mod legs;
pub(crate) mod lend;
pub(crate) mod lookup;
pub(crate) mod menu;
mod parting;
mod passed;
mod paused;
pub(crate) mod people;
pub(crate) mod queued;
pub(crate) mod record;
pub(crate) mod replaced;
pub(crate) mod sip;
mod stage;
pub(crate) mod talk;
mod unheard;
mod words;

pub(crate) use ctx::Ctx;
pub(crate) use stage::{InMenu, Reaching, Referring, Stage, Transfer};

use crate::{api::Output, leg::Leg, message, reach::Part};
use background::Under;
use lend::Lending;
use parting::Parting;
use record::Recording;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tandem_agent::Conversation;
use tandem_dialplan::{Dialplan, Plan};
use tandem_types::{
    Attested, CallId, LegId, Mono, Now, PlayerId, Termination,
    journal::{Event, What},
    media::{Lane, MediaCommand, MediaEvent, Sound},
    provider::ProviderEvent,
};

/// What a player is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// Words of the conversation, by its own number.
    Utterance(u32),
    /// A consult leg is told something.
    Tell(LegId, Part),
    /// Music and the like, for this leg.
    Background(LegId, Under),
    /// A person is told a last word.
    Parting(LegId),
    /// A word that nothing waits for.
    Notice,
    /// A menu's, a question's or an announcement's text.
    Prompt,
    /// The last words before a hang-up.
    Farewell,
}

/// One call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) seq: u32,
    pub(crate) started: Now,
    pub(crate) answered: Option<Now>,
    pub(crate) via: String,
    pub(crate) trunk: Option<String>,
    pub(crate) from: String,
    pub(crate) from_name: Option<String>,
    /// What is known of the caller's number.
    #[serde(default)]
    pub(crate) attested: Attested,
    pub(crate) to: String,
    pub(crate) dialplan: Option<String>,
    /// Which of the switch's plans it goes by: the one that was in force when it came in.
    #[serde(default)]
    pub(crate) edition: u32,
    /// The extension of the phone that calls, if one does.
    #[serde(default)]
    pub(crate) phone: Option<String>,
    pub(crate) caller: LegId,
    /// Boxed, as they are large: a tree has room for eleven from the first on.
    pub(crate) legs: BTreeMap<u32, Box<Leg>>,
    pub(crate) next_player: u32,
    pub(crate) players: BTreeMap<u32, Purpose>,
    pub(crate) stage: Stage,
    /// People who are told a last word, by their legs' numbers.
    pub(crate) partings: BTreeMap<u32, Parting>,
    /// Who passes the caller on, while somebody else is being reached.
    pub(crate) referrer: Option<passed::Referrer>,
    /// Its recording, once it was asked for.
    #[serde(default)]
    pub(crate) recording: Option<Recording>,
    /// Messages that were left and whose files are not closed, by their numbers.
    #[serde(default)]
    pub(crate) left: BTreeMap<u32, leave::Left>,
    /// How many were begun.
    #[serde(default)]
    pub(crate) messages: u32,
    /// The dialplan whose mailbox answers when nobody does, for a call that has none.
    #[serde(default)]
    pub(crate) left_to: Option<String>,
    /// A far end of this call that another wants.
    pub(crate) lending: Option<Lending>,
    pub(crate) talk: Option<Conversation>,
    pub(crate) ended: Option<Termination>,
    /// The row of its end is written.
    pub(crate) recorded: bool,
    /// When the caller's own leg was over.
    pub(crate) left_at: Option<Mono>,
    pub(crate) over_at: Option<Mono>,
    #[serde(default)]
    pub(crate) backs: back::Backs,
    /// Destinations entered without the caller having said or pressed anything.
    pub(crate) hops: u32,
    /// Somebody calls for help, or is called back: no limit holds it up or ends it.
    #[serde(default)]
    pub(crate) help: bool,
    /// Who calls, as another system knows them.
    #[serde(default)]
    pub(crate) lookup: lookup::Lookup,
    /// What they answered to questions.
    #[serde(default)]
    pub(crate) given: asking::Given,
    /// What they say where no agent listens.
    #[serde(default)]
    pub(crate) words: words::Words,
}

impl Call {
    /// A call with nothing in it yet. Its caller's leg will be the first.
    pub(crate) fn new(id: CallId, now: Now, stage: Stage) -> Self {
        Self {
            id,
            seq: 0,
            started: now,
            answered: None,
            via: String::new(),
            trunk: None,
            from: String::new(),
            from_name: None,
            attested: Attested::Unsigned,
            to: String::new(),
            dialplan: None,
            edition: 0,
            phone: None,
            caller: LegId { call: id, index: 1 },
            legs: BTreeMap::new(),
            next_player: 0,
            players: BTreeMap::new(),
            stage,
            partings: BTreeMap::new(),
            referrer: None,
            recording: None,
            left: BTreeMap::new(),
            messages: 0,
            left_to: None,
            lending: None,
            talk: None,
            ended: None,
            recorded: false,
            left_at: None,
            over_at: None,
            backs: back::Backs::default(),
            hops: 0,
            help: false,
            lookup: lookup::Lookup::None,
            given: asking::Given::default(),
            words: words::Words::default(),
        }
    }

    /// The plan of this call, if it came by one.
    pub(crate) fn dialplan<'p>(&self, plan: &'p Plan) -> Option<&'p Dialplan> {
        self.dialplan
            .as_ref()
            .and_then(|name| plan.dialplans.get(name))
    }

    pub(crate) fn journal(&mut self, cx: &mut Ctx<'_>, what: What) {
        self.seq += 1;
        let moment = record::Moment::of(&what);
        let what = self.kept(what);
        cx.out.push_back(Output::Journal(Box::new(Event {
            call: self.id,
            seq: self.seq,
            at: cx.now.wall,
            what,
        })));
        self.record_after(cx, moment);
    }

    pub(crate) fn leg(&self, id: LegId) -> Option<&Leg> {
        let leg = self.legs.get(&id.index).filter(|_| id.call == self.id);
        leg.map(AsRef::as_ref)
    }

    pub(crate) fn leg_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        let leg = self.legs.get_mut(&id.index);
        leg.filter(|_| id.call == self.id).map(AsMut::as_mut)
    }

    pub(crate) fn new_leg_id(&self) -> LegId {
        LegId {
            call: self.id,
            index: self.legs.keys().next_back().map_or(1, |last| last + 1),
        }
    }

    /// Plays something to a leg and remembers what for.
    pub(crate) fn play(
        &mut self,
        cx: &mut Ctx<'_>,
        to: LegId,
        sound: Sound,
        lane: Lane,
        purpose: Purpose,
    ) {
        self.next_player += 1;
        let player = PlayerId {
            call: self.id,
            index: self.next_player,
        };
        self.players.insert(player.index, purpose);
        cx.media(MediaCommand::Play {
            player,
            to: vec![to],
            sound,
            lane,
        });
    }

    /// Stops what is played for one of these purposes.
    pub(crate) fn stop(&mut self, cx: &mut Ctx<'_>, which: impl Fn(&Purpose) -> bool) {
        for (index, purpose) in &self.players {
            if which(purpose) {
                cx.media(MediaCommand::Stop {
                    player: PlayerId {
                        call: self.id,
                        index: *index,
                    },
                });
            }
        }
    }

    pub(crate) fn handle_media(&mut self, cx: &mut Ctx<'_>, event: MediaEvent) {
        let comes_after = matches!(
            event,
            MediaEvent::LegOpened { .. }
                | MediaEvent::LegRefused { .. }
                | MediaEvent::LegClosed { .. }
                | MediaEvent::RecordingEnded { .. }
                | MediaEvent::MessageRecorded { .. }
        );
        if self.recorded && !comes_after {
            return; // said before the worker heard that the call is over
        }
        if self.hears_words(cx, &event) {
            return;
        }
        match event {
            MediaEvent::LegOpened { leg, local } => self.leg_opened(cx, leg, local),
            MediaEvent::LegRefused { leg } => self.leg_refused(cx, leg),
            MediaEvent::LegClosed { leg, stats } => self.leg_closed(cx, leg, stats),
            MediaEvent::RecordingBehind { .. } => self.recording_behind(cx),
            MediaEvent::RecordingEnded { sum, .. } => self.recording_ended(cx, sum),
            MediaEvent::MessageRecorded { message, sum } => self.message_recorded(cx, message, sum),
            MediaEvent::Proved { leg, by } => self.proved(cx, leg, by),
            MediaEvent::Quiet { leg, for_ms } => self.fell_quiet(cx, leg, for_ms),
            MediaEvent::FellSilent { leg } => self.fell_silent(cx, leg, true),
            MediaEvent::HeardAgain { leg } => self.fell_silent(cx, leg, false),
            MediaEvent::Digit { leg, digit } => self.digit(cx, leg, digit, false),
            MediaEvent::SpeechStarted { segment, .. } if self.is_in_voicemail() => {
                self.message_speech(cx, message::Input::SpeechStarted, segment);
            }
            MediaEvent::SpeechEnded { segment, .. } if self.is_in_voicemail() => {
                self.message_speech(cx, message::Input::SpeechEnded, segment);
            }
            MediaEvent::SpeechStarted { leg, segment } => {
                self.caller_speaks(cx, leg, tandem_agent::Input::SpeechStarted { segment });
            }
            MediaEvent::SpeechGoesOn { leg, segment, ms } => {
                self.caller_speaks(cx, leg, tandem_agent::Input::SpeechGoesOn { segment, ms });
            }
            MediaEvent::SpeechEnded { leg, segment, ms } => {
                self.caller_speaks(cx, leg, tandem_agent::Input::SpeechEnded { segment, ms });
            }
            MediaEvent::PlayStarted { player } => self.play_started(cx, player),
            MediaEvent::PlayFinished {
                player,
                played_ms,
                total_ms,
                whole,
            } => {
                if let Some(purpose) = self.players.remove(&player.index) {
                    self.played(cx, purpose, Some((played_ms, total_ms, whole)));
                }
            }
            MediaEvent::PlayFailed { player } => {
                if let Some(purpose) = self.players.remove(&player.index) {
                    self.played(cx, purpose, None);
                }
            }
        }
    }

    fn play_started(&mut self, cx: &mut Ctx<'_>, player: PlayerId) {
        match self.players.get(&player.index) {
            Some(Purpose::Utterance(utterance)) => {
                let utterance = *utterance;
                self.spoken_again(cx, player);
                self.talk_input(cx, tandem_agent::Input::SayStarted { utterance });
            }
            Some(Purpose::Prompt) => self.spoken_again(cx, player),
            Some(
                Purpose::Tell(..)
                | Purpose::Background(..)
                | Purpose::Parting(_)
                | Purpose::Notice
                | Purpose::Farewell,
            )
            | None => {}
        }
    }

    /// A player is over: `None`, it could not be made.
    fn played(&mut self, cx: &mut Ctx<'_>, purpose: Purpose, how: Option<(u32, u32, bool)>) {
        if let (Purpose::Utterance(_) | Purpose::Prompt, None) = (&purpose, how) {
            self.speechless(cx);
        }
        match (purpose, how) {
            (Purpose::Utterance(utterance), Some((played_ms, total_ms, whole))) => {
                self.talk_input(
                    cx,
                    tandem_agent::Input::Said {
                        utterance,
                        played_ms,
                        total_ms,
                        whole,
                    },
                );
            }
            (Purpose::Utterance(utterance), None) => {
                self.talk_input(cx, tandem_agent::Input::SaidFailed { utterance });
            }
            // Stopped by us: whatever replaced it will end by itself.
            (Purpose::Tell(..) | Purpose::Prompt | Purpose::Parting(_), Some((_, _, false)))
            | (Purpose::Background(..) | Purpose::Notice, _) => {}
            (Purpose::Tell(leg, _), Some(_)) => self.told(cx, leg),
            (Purpose::Tell(leg, part), None) => self.untold(cx, leg, part),
            (Purpose::Parting(leg), _) => self.parted(cx, leg),
            (Purpose::Prompt, how) => self.prompt_over(cx, how.is_some()),
            (Purpose::Farewell, _) => self.farewell_over(cx),
        }
    }

    pub(crate) fn handle_provider(&mut self, cx: &mut Ctx<'_>, event: ProviderEvent) {
        let taken = self.looked_up(cx, &event)
            || self.asked_others(cx, &event)
            || self.understood_words(cx, &event);
        if !taken {
            self.talk_input(cx, tandem_agent::Input::Provider(event));
        }
    }

    /// The next deadline, and why.
    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let stage = match &self.stage {
            Stage::Reaching(r) => r.poll_timeout(),
            Stage::Referring(r) => r.referral.poll_timeout(),
            Stage::Bridged(b) => b.poll_timeout(),
            Stage::Menu(m) => m.until.map(|at| (at, "no key in the menu")),
            Stage::Voicemail(v) => v.poll_timeout(),
            Stage::Messages(h) => h.poll_timeout(),
            Stage::Asking(a) => a.poll_timeout(),
            Stage::CallingBack(o) => o.poll_timeout(),
            Stage::Farewell { until, .. } => Some((*until, "farewell")),
            Stage::Opening { .. }
            | Stage::Answering { .. }
            | Stage::Talking
            | Stage::Announcing { .. }
            | Stage::Echo
            | Stage::Conference
            | Stage::Notifying { .. }
            | Stage::Leaving
            | Stage::Ending => None,
        };
        let talk = self.talk.as_ref().and_then(Conversation::poll_timeout);
        let limit = match self.stage {
            Stage::Ending | Stage::Leaving | Stage::Farewell { .. } => None,
            _ => self.over_at.map(|at| (at, "longest call")),
        };
        let legs = self.legs.values().filter(|l| l.alive()).flat_map(|l| {
            let again = l.probe_at.map(|at| (at, "a silent leg is asked again"));
            let unheard = l.unheard_at.map(|at| (at, "no 1xx at all"));
            [again, unheard]
        });
        [
            stage,
            talk,
            limit,
            self.parting_timeout(),
            self.typed_until(),
            self.lending_timeout(),
            self.lookup.poll_timeout(),
            self.words.poll_timeout(),
        ]
        .into_iter()
        .chain(legs)
        .flatten()
        .min()
    }

    /// Early is a no-op.
    pub(crate) fn handle_timeout(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now;
        if let Some(talk) = &mut self.talk {
            talk.handle_timeout(now);
            self.drain_talk(cx);
        }
        match &mut self.stage {
            Stage::Reaching(r) => {
                r.reach.handle_timeout(now.mono);
                self.drain_reach(cx);
                self.announce_due(cx);
            }
            Stage::Referring(r) => {
                if let Some(outcome) = r.referral.handle_timeout(now.mono) {
                    self.referred(cx, outcome);
                }
            }
            Stage::Menu(m) if m.until.is_some_and(|at| now.mono >= at) => self.menu_due(cx),
            Stage::Asking(_) => self.ask_due(cx),
            Stage::Farewell { until, .. } if now.mono >= *until => self.farewell_over(cx),
            Stage::Bridged(_) => self.watch_timeout(cx),
            Stage::Voicemail(_) => self.message_due(cx),
            Stage::Messages(_) => self.inbox_due(cx),
            Stage::CallingBack(_) => self.offer_due(cx),
            Stage::Menu(_)
            | Stage::Farewell { .. }
            | Stage::Opening { .. }
            | Stage::Answering { .. }
            | Stage::Talking
            | Stage::Announcing { .. }
            | Stage::Echo
            | Stage::Conference
            | Stage::Notifying { .. }
            | Stage::Leaving
            | Stage::Ending => {}
        }
        self.partings_due(cx);
        self.typed_due(cx);
        self.lending_due(cx);
        self.lookup_due(cx);
        self.words_due(cx);
        self.leg_timeouts(cx);
        self.check_length(cx);
    }
}
