//! A stage: the machine, with media and providers that are played here, in virtual time.

use super::office;
use crate::conversation::{Brain, Conversation, ConversationStart, Input, Output, State};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tandem_types::{
    CallId, HandoffId, Mono, Now, Reason, RequestId, Rng, SegmentId, Wall,
    agent::{AgentRules, Target},
    context::ContextPackage,
    journal::What,
    provider::{
        ChatMessage, ProviderCommand, ProviderEvent, ProviderFault, ToolCall, ToolSpec, Transcript,
    },
    tool::{HttpAnswer, HttpAsk},
};

/// Milliseconds of speech for a letter.
const LETTER: u64 = 60;

/// One thing that a scripted model does.
#[derive(Clone, Debug)]
pub(super) enum Model {
    /// Streams these words.
    Text(&'static str),
    /// Calls a tool.
    Tool(&'static str, &'static str),
    Done,
    Fails(ProviderFault),
    /// Never answers again.
    Hangs,
}

#[derive(Debug)]
struct Playing {
    utterance: u32,
    ms: u64,
    played: u64,
    started: bool,
}

#[derive(Debug)]
pub(super) struct Asked {
    pub(super) messages: Vec<ChatMessage>,
    pub(super) tools: Vec<ToolSpec>,
}

pub(super) struct Stage {
    pub(super) now: Now,
    pub(super) c: Conversation,
    brain: Arc<Brain>,
    /// Everything that came out, with its time: what two runs are compared by.
    pub(super) log: Vec<String>,
    pub(super) said: Vec<String>,
    pub(super) journal: Vec<What>,
    pub(super) asked: Vec<Asked>,
    pub(super) transfers: Vec<(ContextPackage, String, Target)>,
    /// Handoffs for which phones may ring, and those that the caller gave up.
    pub(super) rung: Vec<HandoffId>,
    pub(super) abandoned: Vec<HandoffId>,
    pub(super) hung_up: bool,
    pub(super) listening: bool,
    playing: VecDeque<Playing>,
    pub(super) paused: bool,
    words: BTreeMap<SegmentId, Result<Transcript, ProviderFault>>,
    pub(super) models: VecDeque<Vec<Model>>,
    /// Answers of tools, each after so many milliseconds; none left: never.
    pub(super) fetches: VecDeque<(u64, Result<HttpAnswer, ProviderFault>)>,
    pub(super) fetched: Vec<HttpAsk>,
    pub(super) cancelled: Vec<RequestId>,
    pub(super) stt_ms: u64,
    /// Sounds cannot be made.
    pub(super) mute: bool,
    events: BTreeMap<(u64, u32), Input>,
    seq: u32,
    segments: u32,
    restore: bool,
    /// Milliseconds in which nobody said anything, now and at worst.
    silence: u64,
    pub(super) longest_silence: u64,
    speaking_until: u64,
}

/// Plays a script with and without restoring, and compares.
pub(super) fn play(script: impl Fn(&mut Stage)) {
    play_with(office::rules(), script);
}

pub(super) fn play_with(rules: AgentRules, script: impl Fn(&mut Stage)) {
    let brain = Arc::new(Brain::new(Arc::new(rules)));
    let run = |restore| {
        let mut stage = Stage::new(brain.clone(), restore);
        script(&mut stage);
        stage.log
    };
    let (plain, restored) = (run(false), run(true));
    for (a, b) in plain.iter().zip(&restored) {
        assert_eq!(a, b, "differs after restoring");
    }
    assert_eq!(plain.len(), restored.len());
}

impl Stage {
    pub(super) fn new(brain: Arc<Brain>, restore: bool) -> Self {
        // 2026-11-20T10:00Z.
        let now = Now {
            mono: Mono(5_000_000_000),
            wall: Wall(1_795_168_800_000_000),
        };
        let start = ConversationStart {
            call: CallId(7),
            caller_number: "+447700900123".into(),
            caller_name: None,
            language: "en-GB".into(),
            brain: brain.clone(),
            rng: Rng::seeded(1),
            facts: Vec::new(),
            looked_up_by: None,
            requests: 0,
        };
        Self {
            now,
            c: Conversation::new(start, now),
            brain,
            log: Vec::new(),
            said: Vec::new(),
            journal: Vec::new(),
            asked: Vec::new(),
            transfers: Vec::new(),
            rung: Vec::new(),
            abandoned: Vec::new(),
            hung_up: false,
            listening: false,
            playing: VecDeque::new(),
            paused: false,
            words: BTreeMap::new(),
            models: VecDeque::new(),
            fetches: VecDeque::new(),
            fetched: Vec::new(),
            cancelled: Vec::new(),
            stt_ms: 150,
            mute: false,
            events: BTreeMap::new(),
            seq: 0,
            segments: 0,
            restore,
            silence: 0,
            longest_silence: 0,
            speaking_until: 0,
        }
    }

    /// The caller is being looked up, for so long at the most.
    pub(super) fn is_looked_up(&mut self, ms: u64) {
        let start = ConversationStart {
            call: CallId(7),
            caller_number: "+447700900123".into(),
            caller_name: None,
            language: "en-GB".into(),
            brain: self.brain.clone(),
            rng: Rng::seeded(1),
            facts: Vec::new(),
            looked_up_by: Some(self.now.mono + Duration::from_millis(ms)),
            requests: 1,
        };
        self.c = Conversation::new(start, self.now);
    }

    fn ms(&self) -> u64 {
        self.now.mono.0 / 1_000_000
    }

    fn schedule(&mut self, in_ms: u64, input: Input) {
        self.seq += 1;
        self.events.insert((self.ms() + in_ms, self.seq), input);
    }

    pub(super) fn input(&mut self, input: Input) {
        self.c.handle_input(self.now, input);
        self.drain();
    }

    fn restore_now(&mut self) {
        if self.restore {
            let mut bytes = Vec::new();
            ciborium::into_writer(&self.c, &mut bytes).unwrap();
            self.c = ciborium::from_reader(bytes.as_slice()).unwrap();
            self.c.attach(self.brain.clone());
        }
    }

    fn drain(&mut self) {
        self.restore_now();
        while let Some(out) = self.c.poll_output() {
            self.log.push(format!("{} {out:?}", self.ms()));
            self.carry_out(out);
            self.restore_now();
        }
    }

    fn carry_out(&mut self, out: Output) {
        match out {
            Output::Say {
                utterance, text, ..
            } => {
                let ms = text.chars().count() as u64 * LETTER;
                self.said.push(text);
                if self.mute {
                    self.schedule(10, Input::SaidFailed { utterance });
                } else {
                    self.playing.push_back(Playing {
                        utterance,
                        ms,
                        played: 0,
                        started: false,
                    });
                }
            }
            Output::StopSaying => {
                self.paused = false;
                for p in std::mem::take(&mut self.playing) {
                    let said = Input::Said {
                        utterance: p.utterance,
                        played_ms: p.played as u32,
                        total_ms: p.ms as u32,
                        whole: false,
                    };
                    self.schedule(5, said);
                }
            }
            Output::PauseSaying => self.paused = true,
            Output::ResumeSaying => self.paused = false,
            Output::Listen { on, .. } => self.listening = on,
            Output::Provider(command) => self.provide(command),
            Output::Transfer {
                package,
                sha256,
                target,
            } => {
                self.transfers.push((*package, sha256, target));
            }
            Output::Ring { package, .. } => {
                let handoff = package.handoff;
                self.rung.push(handoff);
                self.schedule(1, Input::TransferBegun { handoff });
            }
            Output::Abandon { handoff } => {
                self.abandoned.push(handoff);
                let failed = Input::TransferFailed {
                    handoff,
                    reason: Reason::Cancelled,
                    more: None,
                };
                self.schedule(1, failed);
            }
            Output::Hangup => self.hung_up = true,
            Output::Journal(what) => self.journal.push(what),
        }
    }

    fn provide(&mut self, command: ProviderCommand) {
        match command {
            ProviderCommand::Transcribe { segment, .. } => {
                let result = self
                    .words
                    .remove(&segment)
                    .unwrap_or_else(|| Ok(Transcript::default()));
                if result != Err(ProviderFault::TimedOut) {
                    let event = ProviderEvent::Transcribed { segment, result };
                    self.schedule(self.stt_ms, Input::Provider(event));
                }
            }
            ProviderCommand::Chat {
                request,
                messages,
                tools,
                ..
            } => {
                self.asked.push(Asked { messages, tools });
                let script = self
                    .models
                    .pop_front()
                    .unwrap_or_else(|| vec![Model::Hangs]);
                self.stream(request, script);
            }
            ProviderCommand::Fetch { request, ask } => {
                self.fetched.push(*ask);
                if let Some((after, result)) = self.fetches.pop_front() {
                    let event = ProviderEvent::Fetched { request, result };
                    self.schedule(after, Input::Provider(event));
                }
            }
            ProviderCommand::CancelFetch { request } => self.cancelled.push(request),
            ProviderCommand::Discard { .. }
            | ProviderCommand::CancelChat { .. }
            | ProviderCommand::Forget { .. } => {}
        }
    }

    /// The answer in pieces of three letters, as rude as a stream can be.
    fn stream(&mut self, request: RequestId, script: Vec<Model>) {
        let mut at = 300;
        for (n, step) in script.into_iter().enumerate() {
            match step {
                Model::Text(text) => {
                    let letters: Vec<char> = text.chars().collect();
                    for piece in letters.chunks(3) {
                        let event = ProviderEvent::ChatText {
                            request,
                            text: piece.iter().collect(),
                        };
                        self.schedule(at, Input::Provider(event));
                        at += 10;
                    }
                }
                Model::Tool(name, arguments) => {
                    let call = ToolCall {
                        id: format!("c{n}"),
                        name: name.into(),
                        arguments: arguments.into(),
                    };
                    self.schedule(
                        at,
                        Input::Provider(ProviderEvent::ChatTool { request, call }),
                    );
                }
                Model::Done => {
                    self.schedule(at, Input::Provider(ProviderEvent::ChatDone { request }))
                }
                Model::Fails(fault) => {
                    self.schedule(
                        at,
                        Input::Provider(ProviderEvent::ChatFailed { request, fault }),
                    );
                }
                Model::Hangs => return,
            }
        }
    }

    /// Lets time pass, with everything that is due in it.
    pub(super) fn run(&mut self, ms: u64) {
        let end = self.ms() + ms;
        while self.step(end) {}
    }

    /// Until nothing is being said, heard or thought, or for a minute.
    pub(super) fn quiet(&mut self) {
        let end = self.ms() + 60_000;
        while self.now.mono.0 / 1_000_000 < end
            && (!self.events.is_empty() || (!self.playing.is_empty() && !self.paused))
        {
            self.step(end);
        }
    }

    /// Goes on to the next thing that is due before `end`; false once that is reached.
    fn step(&mut self, end: u64) -> bool {
        let now = self.ms();
        let front = self.playing.front().filter(|_| !self.paused);
        let played = front.map(|p| {
            if p.started {
                now + p.ms - p.played
            } else {
                now
            }
        });
        let event = self.events.keys().next().map(|k| k.0);
        // Deadlines have nanoseconds; the clock here has milliseconds.
        let timer = self
            .c
            .poll_timeout()
            .map(|(at, _)| at.0.div_ceil(1_000_000).max(now));
        let next = [played, event, timer]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(end)
            .min(end);
        let passed = next.saturating_sub(now);
        self.now = self.now + Duration::from_millis(passed);
        if !self.paused
            && let Some(p) = self.playing.front_mut()
            && p.started
        {
            p.played += passed;
        }
        let now = next;
        let speaking = now <= self.speaking_until;
        let sounding = speaking || (!self.playing.is_empty() && !self.paused);
        self.silence = if sounding { 0 } else { self.silence + passed };
        self.longest_silence = self.longest_silence.max(self.silence);
        if self.playing.front().is_some_and(|p| !p.started) && !self.paused {
            if let Some(p) = self.playing.front_mut() {
                p.started = true;
                let utterance = p.utterance;
                self.input(Input::SayStarted { utterance });
            }
            return true;
        }
        if let Some(p) = self.playing.pop_front_if(|p| p.played >= p.ms) {
            let said = Input::Said {
                utterance: p.utterance,
                played_ms: p.ms as u32,
                total_ms: p.ms as u32,
                whole: true,
            };
            self.input(said);
            return true;
        }
        if let Some(entry) = self.events.first_entry()
            && entry.key().0 <= now
        {
            let input = entry.remove();
            self.input(input);
            return true;
        }
        if timer.is_some_and(|t| t <= now) {
            self.c.handle_timeout(self.now);
            self.drain();
            return true;
        }
        now < end
    }

    pub(super) fn begin(&mut self) {
        self.input(Input::Begin {
            agent: "triage".into(),
        });
        self.quiet();
    }

    fn segment(&mut self, result: Result<Transcript, ProviderFault>) -> SegmentId {
        self.segments += 1;
        let segment = SegmentId {
            call: CallId(7),
            index: self.segments,
        };
        self.words.insert(segment, result);
        segment
    }

    /// The caller speaks for `ms` from now on; time is not moved.
    pub(super) fn speaks(&mut self, ms: u32, result: Result<Transcript, ProviderFault>) {
        let segment = self.segment(result);
        self.speaking_until = self.ms() + u64::from(ms) + 600;
        self.input(Input::SpeechStarted { segment });
        for goes_on in [200, 500] {
            if ms > goes_on {
                self.schedule(
                    u64::from(goes_on),
                    Input::SpeechGoesOn {
                        segment,
                        ms: goes_on,
                    },
                );
            }
        }
        self.schedule(u64::from(ms) + 600, Input::SpeechEnded { segment, ms });
    }

    pub(super) fn heard(text: &str) -> Result<Transcript, ProviderFault> {
        Ok(Transcript {
            text: text.into(),
            confidence: 900,
            rejected: false,
        })
    }

    /// The caller says this; afterwards all is quiet again.
    pub(super) fn says(&mut self, text: &str) {
        let ms = (text.chars().count() as u64 * LETTER).max(150) as u32;
        self.speaks(ms, Self::heard(text));
        self.quiet();
    }

    /// The caller says this, and something else while a tool is asked because of it.
    pub(super) fn says_over_a_tool(&mut self, first: &str, second: &str) {
        let asked = self.fetched.len();
        self.speaks(900, Self::heard(first));
        while self.fetched.len() == asked {
            self.run(20);
        }
        self.says(second);
    }

    /// The caller says something that no recogniser understands.
    pub(super) fn mumbles(&mut self) {
        self.speaks(
            900,
            Ok(Transcript {
                text: String::new(),
                confidence: 0,
                rejected: true,
            }),
        );
        self.quiet();
    }

    pub(super) fn keys(&mut self, digits: &str) {
        for d in digits.chars() {
            self.input(Input::Digit(d));
            self.run(300);
        }
        self.run(2500);
        self.quiet();
    }

    pub(super) fn fails(&mut self, reason: Reason) {
        let handoff = self.handoff();
        self.input(Input::TransferFailed {
            handoff,
            reason,
            more: None,
        });
        self.quiet();
    }

    pub(super) fn done(&mut self) {
        let handoff = self.handoff();
        self.input(Input::TransferDone { handoff });
        self.quiet();
    }

    pub(super) fn handoff(&self) -> HandoffId {
        self.transfers
            .last()
            .map(|t| t.0.handoff)
            .expect("a transfer was asked for")
    }

    /// An agent has the caller, and they have us.
    pub(super) fn with_agent(&self) -> bool {
        let away = matches!(self.c.state, State::Away(_) | State::WithPerson { .. });
        self.listening && !away && !self.hung_up
    }

    pub(super) fn forget_silence(&mut self) {
        self.silence = 0;
        self.longest_silence = 0;
    }

    pub(super) fn last(&self) -> &str {
        self.said.last().map_or("", String::as_str)
    }

    /// Where the caller was sent last.
    pub(super) fn sent_to(&self) -> &str {
        self.transfers.last().map_or("", |t| t.2.0.as_str())
    }

    pub(super) fn turns(&self) -> Vec<String> {
        self.journal
            .iter()
            .filter_map(|w| match w {
                What::TurnEnded {
                    text, interrupted, ..
                } => Some(format!("{text}{}", if *interrupted { " |" } else { "" })),
                _ => None,
            })
            .collect()
    }

    pub(super) fn understood(&self) -> Vec<(Option<String>, String)> {
        self.journal
            .iter()
            .filter_map(|w| match w {
                What::Understood { intent, by, .. } => Some((intent.clone(), by.clone())),
                _ => None,
            })
            .collect()
    }

    pub(super) fn refusals(&self) -> Vec<String> {
        self.journal
            .iter()
            .filter_map(|w| match w {
                What::Refused { wanted, .. } => Some(wanted.clone()),
                _ => None,
            })
            .collect()
    }

    pub(super) fn faults(&self) -> Vec<(String, String)> {
        self.journal
            .iter()
            .filter_map(|w| match w {
                What::ProviderFailed { door, instead, .. } => Some((door.clone(), instead.clone())),
                _ => None,
            })
            .collect()
    }
}
