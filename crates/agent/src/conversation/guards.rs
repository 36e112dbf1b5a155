//! Limits, and every deadline of the machine.

use super::{Conversation, State, model, turns};
use crate::package::Offer;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tandem_types::{Mono, Now, context::HandoffReason, provider::ProviderFault};

/// The idle ladder: 7, 14 and 22 seconds in which nobody says anything.
const IDLE: [Duration; 3] = [
    Duration::from_secs(7),
    Duration::from_secs(7),
    Duration::from_secs(8),
];

/// A wait is covered by words after this; the caller never hears 3 s of nothing.
const FILLER: Duration = Duration::from_millis(1500);

/// After so many there is nothing left to wait for.
const FILLERS: u8 = 4;

/// Words are answered after this, though the line is never quiet.
pub(super) const NO_SILENCE: Duration = Duration::from_secs(8);

/// Attempts at one destination.
pub(super) const ATTEMPTS: u8 = 3;

/// Attempts at the last resort before the caller is told that nobody is there.
pub(super) const LAST_ATTEMPTS: u8 = 2;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Guards {
    /// Since when nothing has been going on.
    pub(super) quiet_since: Option<Mono>,
    idle_stage: u8,
    /// Misunderstandings in a row.
    pub(super) no_match: u8,
    /// Handoffs between agents.
    pub(super) handoffs: u32,
    /// The caller's turns when this agent took over.
    pub(super) turns_at_entry: u32,
    /// Failed attempts by destination.
    pub(super) failed: std::collections::BTreeMap<tandem_types::agent::Target, u8>,
    /// Model faults in a row.
    pub(super) model_faults: u8,
    /// Fillers since the caller's last words.
    fillers: u8,
    /// Time that the AI has used up, without the stretch since `ai_since`.
    ai_used: Duration,
    ai_since: Option<Mono>,
    pub(super) time_is_up: bool,
}

impl Guards {
    /// The caller said or keyed something.
    pub(super) fn heard_from(&mut self) {
        self.idle_stage = 0;
        self.quiet_since = None;
        self.fillers = 0;
    }

    pub(super) fn ai_begins(&mut self, now: Now) {
        self.ai_since.get_or_insert(now.mono);
    }

    pub(super) fn ai_pauses(&mut self, now: Now) {
        if let Some(since) = self.ai_since.take() {
            self.ai_used += now.mono.since(since);
        }
    }
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// Nobody says anything.
    Idle,
    /// A wait must be covered.
    Filler,
    /// The recogniser is overdue.
    Transcript,
    /// The model's first token, its next one, or its end is overdue.
    Model,
    /// A tool is overdue.
    Tool,
    /// A greeting waits no longer.
    Greeting,
    /// No further key.
    Keys,
    /// A remark came to nothing.
    Resume,
    /// A stopped utterance was never accounted for.
    Stopped,
    /// A transfer waits for its announcement no longer.
    Leave,
    /// A goodbye was never finished.
    Goodbye,
    /// An utterance was never finished.
    Utterance,
    /// The AI's time with this caller is up.
    Time,
    /// Speech never ended.
    Speech,
    /// Words wait, and the line is never quiet.
    Noise,
    /// A caller who is being put through is told how to come back.
    Hint,
}

impl Alarm {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Filler => "filler",
            Self::Transcript => "transcript",
            Self::Model => "model",
            Self::Tool => "tool",
            Self::Greeting => "caller_lookup",
            Self::Keys => "keys",
            Self::Resume => "resume",
            Self::Stopped => "stopped",
            Self::Leave => "leave",
            Self::Goodbye => "goodbye",
            Self::Utterance => "utterance",
            Self::Time => "max_ai_time",
            Self::Speech => "speech",
            Self::Noise => "noise",
            Self::Hint => "hint",
        }
    }
}

impl Conversation {
    /// Every deadline that stands.
    pub(super) fn alarms(&self) -> Vec<(Mono, Alarm)> {
        let mut out = Vec::new();
        let mut add = |at: Option<Mono>, alarm| out.extend(at.map(|at| (at, alarm)));
        if self.state == State::Over {
            return out;
        }
        let open = self.ears.pending.iter().filter(|p| p.is_open());
        add(open.map(|p| p.by).min(), Alarm::Transcript);
        add(self.playout.stopped_by, Alarm::Stopped);
        add(self.keys.by, Alarm::Keys);
        if let Some(chat) = self.chat.as_ref().filter(|c| !c.waits) {
            add(Some(chat.deadline()), Alarm::Model);
        }
        add(self.tools_by(), Alarm::Tool);
        add(self.greeting.as_ref().map(|g| g.by), Alarm::Greeting);
        if self.held {
            // Somebody has answered: they are not kept waiting for the caller to be back.
            if let State::Leaving(leaving) = &self.state
                && leaving.answered
            {
                add(Some(leaving.by), Alarm::Leave);
            }
            return out;
        }
        let speaking = self.ears.speaking.as_ref();
        add(
            speaking.map(|s| s.since + turns::LONGEST_SPEECH),
            Alarm::Speech,
        );
        match self.playout.paused {
            Some(until) => add(Some(until), Alarm::Resume),
            None => add(self.playout.front_by(), Alarm::Utterance),
        }
        match &self.state {
            State::Leaving(leaving) => add(Some(leaving.by), Alarm::Leave),
            State::Ending { by } => add(Some(*by), Alarm::Goodbye),
            State::Talking => {
                let stage = usize::from(self.guards.idle_stage).min(IDLE.len() - 1);
                add(
                    self.guards.quiet_since.map(|q| q + IDLE[stage]),
                    Alarm::Idle,
                );
                add(self.filler_at(), Alarm::Filler);
                add(self.time_up_at(), Alarm::Time);
                // Where something must be heard first, the end of that brings the answer on.
                let free = !self.playout.must_finish() && !self.playout.waits_for_stop();
                let noisy = free && speaking.is_some() && !self.ears.unanswered.is_empty();
                let since = self.ears.waiting_since.filter(|_| noisy);
                add(since.map(|s| s + NO_SILENCE), Alarm::Noise);
            }
            State::Away(away) => add(away.hint_at, Alarm::Hint),
            State::Waiting | State::WithPerson { .. } | State::Over => {}
        }
        out
    }

    fn filler_at(&self) -> Option<Mono> {
        let thinking =
            self.chat.as_ref().is_some_and(|c| !c.spoke()) || !self.ears.pending.is_empty();
        let due = thinking
            && self.guards.fillers < FILLERS
            && self.ears.speaking.is_none()
            && self.playout.queue.is_empty();
        let since = self
            .ears
            .waiting_since
            .or(self.chat.as_ref().map(model::Chat::since));
        let since = since.map(|s| s.max(self.playout.front_since));
        since.filter(|_| due).map(|s| s + FILLER)
    }

    fn time_up_at(&self) -> Option<Mono> {
        let limit = self.brain.rules().max_ai_time;
        let since = self
            .guards
            .ai_since
            .filter(|_| !limit.is_zero() && !self.guards.time_is_up)?;
        Some(since + limit.saturating_sub(self.guards.ai_used))
    }

    pub(super) fn ring(&mut self, now: Now, alarm: Alarm) {
        match alarm {
            Alarm::Idle => self.idle(now),
            Alarm::Filler => self.say_filler(now),
            Alarm::Transcript => self.give_up_on_transcripts(now),
            Alarm::Model => self.model_failed(now, ProviderFault::TimedOut, true),
            Alarm::Tool => self.give_up_on_tools(now),
            Alarm::Greeting => self.greet_now(now),
            Alarm::Keys => self.keys_complete(now),
            Alarm::Resume => self.resume(now),
            Alarm::Stopped => self.give_up_on_stopped(now),
            Alarm::Utterance => self.lose_front(now),
            Alarm::Time => self.time_is_up(now),
            Alarm::Speech => self.ears.speaking = None,
            Alarm::Hint => self.say_hint(now),
            // These are looked at by `settle` after every step.
            Alarm::Leave | Alarm::Goodbye | Alarm::Noise => {}
        }
    }

    fn say_filler(&mut self, now: Now) {
        self.guards.fillers += 1;
        let looks_up = self.chat.as_ref().is_some_and(|c| c.waits);
        let key = match looks_up && self.guards.fillers % 2 == 1 {
            true => "checking",
            false => "filler",
        };
        let text = self.phrase(now, key, &[]);
        let reply = self.open_reply();
        self.say(now, reply, &text, super::playout::Kind::Filler, true);
        self.close_reply(now, reply);
    }

    /// Starts or stops the idle ladder's clock.
    pub(super) fn settle_quiet(&mut self, now: Now) {
        let quiet = self.is_talking()
            && !self.held
            && self.playout.queue.is_empty()
            && !self.ears.busy()
            && self.ears.unanswered.is_empty()
            && self.chat.is_none()
            && self.greeting.is_none()
            && self.keys.digits.is_empty();
        match quiet {
            true => {
                self.guards.quiet_since.get_or_insert(now.mono);
            }
            false => self.guards.quiet_since = None,
        }
    }

    fn idle(&mut self, now: Now) {
        self.guards.quiet_since = None;
        self.guards.idle_stage = self.guards.idle_stage.saturating_add(1);
        if self.guards.idle_stage <= 2 && self.puts_question_again(now) {
            return;
        }
        match self.guards.idle_stage {
            1 => {
                let text = self.phrase(now, "still_there", &[]);
                self.reply(now, &text);
            }
            2 => {
                let text = self.phrase(now, "menu_hint", &[]);
                self.reply(now, &text);
            }
            // They have what they wanted.
            _ if self.asked == Some(super::triage::Asked::AnythingElse) => self.end(now),
            _ => {
                self.guards.idle_stage = 0;
                self.escalate(now, HandoffReason::Timeout, "nothing was said");
            }
        }
    }

    fn time_is_up(&mut self, now: Now) {
        self.guards.time_is_up = true;
        self.drop_chat();
        self.stop_saying(now);
        self.escalate(now, HandoffReason::Timeout, "max_ai_time");
    }

    /// More turns with this agent than it may take.
    pub(super) fn too_many_turns(&self) -> bool {
        let limit = self.brain.spec(&self.agent).max_turns;
        limit > 0 && self.caller_turns_here() >= limit
    }

    /// What the caller has said since this agent took over.
    pub(super) fn caller_turns_here(&self) -> u32 {
        self.memory
            .caller_turns
            .saturating_sub(self.guards.turns_at_entry)
    }

    /// A handoff straight back to where the caller came from, without a new word of theirs.
    pub(super) fn is_ping_pong(&self, to: &str) -> bool {
        use tandem_types::context::Holder;
        let back = self.memory.hops.last().is_some_and(|h| {
            h.from == Holder::Agent(to.to_owned()) && h.to == Holder::Agent(self.agent.clone())
        });
        back && self.caller_turns_here() == 0
    }

    /// The frame of a handoff from the agent in charge.
    pub(super) fn offer(
        &mut self,
        now: Now,
        target: &tandem_types::agent::Target,
        reason: HandoffReason,
        trigger: &str,
    ) -> Offer {
        Offer {
            handoff: tandem_types::HandoffId::generate(now.wall, &mut self.rng),
            call: self.call,
            from: tandem_types::context::Holder::Agent(self.agent.clone()),
            to: crate::package::holder_of(target),
            reason,
            trigger: trigger.to_owned(),
            at: now.wall,
        }
    }
}
