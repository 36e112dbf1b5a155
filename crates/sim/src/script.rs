//! Speech and language as a scenario scripts them: what a caller said is known, so its transcript is; what a model
//! answers is put down beforehand; each door can be slow, or out of order in each way that a provider can be.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use tandem_types::{
    LegId, Mono, RequestId, SegmentId,
    provider::{
        ChatMessage, ProviderCommand, ProviderEvent, ProviderFault, ToolCall, ToolSpec, Transcript,
    },
    tool::{HttpAnswer, HttpAsk},
};

/// One answer of the scripted model.
#[derive(Clone, Debug)]
pub struct Reply {
    /// From the request to the first of it.
    pub after: Duration,
    /// Texts, 50 ms apart.
    pub text: Vec<String>,
    /// Tool calls after the texts.
    pub tools: Vec<ToolCall>,
    /// How it ends; `None`: it hangs, nothing more comes.
    pub end: Option<Result<(), ProviderFault>>,
}

impl Reply {
    /// These words after 300 ms.
    pub fn says(text: &str) -> Self {
        let text = text.split_inclusive(' ').map(str::to_owned).collect();
        Self {
            after: Duration::from_millis(300),
            text,
            tools: Vec::new(),
            end: Some(Ok(())),
        }
    }

    /// These words, and then a call of this tool with these arguments (JSON).
    pub fn calls(text: &str, tool: &str, arguments: &str) -> Self {
        let call = ToolCall {
            id: "call_1".into(),
            name: tool.into(),
            arguments: arguments.into(),
        };
        Self {
            tools: vec![call],
            ..Self::says(text)
        }
    }

    /// This fault after that time, and nothing before it.
    pub fn fails(after: Duration, fault: ProviderFault) -> Self {
        Self {
            after,
            text: Vec::new(),
            tools: Vec::new(),
            end: Some(Err(fault)),
        }
    }

    /// Nothing, ever.
    pub fn hangs() -> Self {
        Self {
            after: Duration::ZERO,
            text: Vec::new(),
            tools: Vec::new(),
            end: None,
        }
    }
}

/// What a model was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// When.
    pub at: Mono,
    /// The provider profile.
    pub profile: String,
    /// The whole conversation as it was told.
    pub messages: Vec<ChatMessage>,
    /// The tools it was offered.
    pub tools: Vec<ToolSpec>,
}

/// Something that a scripted caller said.
#[derive(Clone, Debug)]
pub(crate) struct Utterance {
    pub(crate) phone: usize,
    pub(crate) text: String,
    pub(crate) from: Mono,
    pub(crate) to: Mono,
    /// Its transcript was given away; a second segment of the same words is a breath.
    pub(crate) heard: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) leg: LegId,
    pub(crate) from: Mono,
    pub(crate) to: Option<Mono>,
}

/// The doors and what stands behind them.
#[derive(Debug)]
pub struct Script {
    /// From the request to the transcript.
    pub stt_after: Duration,
    /// Each takes one transcription.
    pub stt_faults: VecDeque<ProviderFault>,
    /// Every transcription fails so, until `None`.
    pub stt_down: Option<ProviderFault>,
    /// Taken before the model's own; confidence 1000 and not rejected otherwise.
    pub transcripts: VecDeque<Transcript>,
    /// Answers of the model in order; none left: `NotConfigured`.
    pub replies: VecDeque<Reply>,
    /// Every chat fails so at once, until `None`.
    pub llm_down: Option<ProviderFault>,
    /// From the request to the whole sound.
    pub tts_after: Duration,
    /// No sound can be made, until `false`.
    pub tts_down: bool,
    /// Texts that cannot be made into sound, by a part of them.
    pub tts_fails_on: Vec<String>,
    /// Answers of tools over HTTP in order, each after that time; none left: nobody answers, ever.
    pub answers: VecDeque<(Duration, Result<HttpAnswer, ProviderFault>)>,
    /// A tool's requests so far.
    pub fetched: Vec<HttpAsk>,
    asked: Vec<Asked>,
    pub(crate) utterances: Vec<Utterance>,
    pub(crate) segments: BTreeMap<SegmentId, Segment>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            stt_after: Duration::from_millis(300),
            stt_faults: VecDeque::new(),
            stt_down: None,
            transcripts: VecDeque::new(),
            replies: VecDeque::new(),
            llm_down: None,
            tts_after: Duration::from_millis(20),
            tts_down: false,
            tts_fails_on: Vec::new(),
            answers: VecDeque::new(),
            fetched: Vec::new(),
            asked: Vec::new(),
            utterances: Vec::new(),
            segments: BTreeMap::new(),
        }
    }
}

impl Script {
    /// All that models were asked so far.
    pub fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// Answers a command: events with the time after which they come. `phone_of` tells whose leg it is. Second: a request whose
    /// pending answers are to be dropped.
    pub(crate) fn take(
        &mut self,
        now: Mono,
        command: ProviderCommand,
        phone_of: impl Fn(LegId) -> Option<usize>,
    ) -> (Vec<(Duration, ProviderEvent)>, Option<RequestId>) {
        match command {
            ProviderCommand::Transcribe { segment, .. } => {
                let result = self.transcribe(segment, phone_of);
                (
                    vec![(
                        self.stt_after,
                        ProviderEvent::Transcribed { segment, result },
                    )],
                    None,
                )
            }
            ProviderCommand::Chat {
                request,
                profile,
                messages,
                tools,
                first_token,
                total,
            } => {
                self.asked.push(Asked {
                    at: now,
                    profile,
                    messages,
                    tools,
                });
                (self.chat(request, first_token, total), None)
            }
            ProviderCommand::Fetch { request, ask } => {
                let timeout = ask.timeout;
                self.fetched.push(*ask);
                let late = (timeout, Err(ProviderFault::TimedOut));
                let answer = self.answers.pop_front().filter(|a| a.0 < timeout);
                let (after, result) = answer.unwrap_or(late);
                let event = ProviderEvent::Fetched { request, result };
                (vec![(after, event)], None)
            }
            ProviderCommand::CancelChat { request } | ProviderCommand::CancelFetch { request } => {
                (Vec::new(), Some(request))
            }
            ProviderCommand::Discard { segment } => {
                self.segments.remove(&segment);
                (Vec::new(), None)
            }
            ProviderCommand::Forget { leg } => {
                self.segments.retain(|_, s| s.leg != leg);
                (Vec::new(), None)
            }
        }
    }

    /// Whether these words cannot be spoken now.
    pub(crate) fn speechless(&self, text: &str) -> bool {
        self.tts_down
            || self
                .tts_fails_on
                .iter()
                .any(|part| text.contains(part.as_str()))
    }

    fn transcribe(
        &mut self,
        segment: SegmentId,
        phone_of: impl Fn(LegId) -> Option<usize>,
    ) -> Result<Transcript, ProviderFault> {
        // Taken out even if the door is shut: the sound is dropped either way.
        let heard = self.segments.remove(&segment);
        if let Some(fault) = self.stt_down.or_else(|| self.stt_faults.pop_front()) {
            return Err(fault);
        }
        if let Some(transcript) = self.transcripts.pop_front() {
            return Ok(transcript);
        }
        let Some(heard) = heard else {
            return Ok(Transcript::default());
        };
        let phone = phone_of(heard.leg);
        let to = heard.to.unwrap_or(Mono(u64::MAX));
        let said = self
            .utterances
            .iter_mut()
            .filter(|u| Some(u.phone) == phone && u.from <= to && u.to >= heard.from && !u.heard);
        let words: Vec<_> = said
            .map(|u| {
                u.heard = true;
                u.text.clone()
            })
            .collect();
        Ok(Transcript {
            text: words.join(" "),
            confidence: 1000,
            rejected: false,
        })
    }

    fn chat(
        &mut self,
        request: RequestId,
        first: Duration,
        total: Duration,
    ) -> Vec<(Duration, ProviderEvent)> {
        let failed = |at, fault| vec![(at, ProviderEvent::ChatFailed { request, fault })];
        if let Some(fault) = self.llm_down {
            return failed(Duration::from_millis(5), fault);
        }
        let Some(reply) = self.replies.pop_front() else {
            return failed(Duration::from_millis(5), ProviderFault::NotConfigured);
        };
        let empty = reply.text.is_empty() && reply.tools.is_empty();
        if reply.after > first || (empty && reply.end.is_none()) {
            return failed(first, ProviderFault::TimedOut);
        }
        let step = Duration::from_millis(50);
        let mut at = reply.after;
        let mut out = Vec::new();
        for text in reply.text {
            out.push((at, ProviderEvent::ChatText { request, text }));
            at += step;
        }
        for call in reply.tools {
            out.push((at, ProviderEvent::ChatTool { request, call }));
        }
        out.push(match reply.end {
            Some(Ok(())) => (at, ProviderEvent::ChatDone { request }),
            Some(Err(fault)) => (at, ProviderEvent::ChatFailed { request, fault }),
            None => (
                total,
                ProviderEvent::ChatFailed {
                    request,
                    fault: ProviderFault::TimedOut,
                },
            ),
        });
        out.retain(|(at, _)| *at < total);
        let ended = out.iter().any(|(_, e)| {
            matches!(
                e,
                ProviderEvent::ChatDone { .. } | ProviderEvent::ChatFailed { .. }
            )
        });
        if !ended {
            out.extend(failed(total, ProviderFault::TimedOut));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::{CallId, provider::Hints};

    fn leg() -> LegId {
        LegId {
            call: CallId(1),
            index: 1,
        }
    }
    fn segment(n: u32) -> SegmentId {
        SegmentId {
            call: CallId(1),
            index: n,
        }
    }
    fn at(ms: u64) -> Mono {
        Mono(ms * 1_000_000)
    }

    fn transcribed(script: &mut Script, n: u32) -> Result<String, ProviderFault> {
        let hints = Hints::default();
        let command = ProviderCommand::Transcribe {
            segment: segment(n),
            profile: String::new(),
            hints,
        };
        let (events, _) = script.take(at(9000), command, |_| Some(4));
        match &events[0].1 {
            ProviderEvent::Transcribed { result, .. } => result.clone().map(|t| t.text),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_segment_has_the_words_that_were_said_in_it_once() {
        let mut script = Script::default();
        for (text, phone, from) in [("hello", 4, 1000), ("not me", 5, 1000), ("later", 4, 5000)] {
            let (from, to) = (at(from), at(from + 500));
            script.utterances.push(Utterance {
                phone,
                text: text.into(),
                from,
                to,
                heard: false,
            });
        }
        for (n, from, to) in [
            (1, 1010, 1300),
            (2, 1350, 1520),
            (3, 5000, 5400),
            (4, 8000, 8200),
        ] {
            script.segments.insert(
                segment(n),
                Segment {
                    leg: leg(),
                    from: at(from),
                    to: Some(at(to)),
                },
            );
        }
        script.stt_faults.push_back(ProviderFault::TimedOut);
        assert_eq!(transcribed(&mut script, 4), Err(ProviderFault::TimedOut));
        assert_eq!(transcribed(&mut script, 1), Ok("hello".into()));
        assert_eq!(transcribed(&mut script, 2), Ok(String::new()));
        assert_eq!(transcribed(&mut script, 3), Ok("later".into()));
        assert_eq!(
            transcribed(&mut script, 3),
            Ok(String::new()),
            "the sound is gone"
        );
    }

    #[test]
    fn each_chat_ends_exactly_once_and_in_time() {
        let second = Duration::from_secs(1);
        let replies = [
            Reply::says("one two three"),
            Reply::calls("", "transfer", "{}"),
            Reply::fails(second / 2, ProviderFault::RateLimited),
            Reply::hangs(),
            Reply {
                end: None,
                ..Reply::says("cut")
            },
            Reply {
                after: second * 9,
                ..Reply::says("late")
            },
            Reply::says(&"very long ".repeat(500)),
        ];
        let mut script = Script {
            replies: replies.into(),
            ..Script::default()
        };
        for n in 0..8 {
            let request = RequestId {
                call: CallId(1),
                index: n,
            };
            let events = script.chat(request, second, second * 5);
            let ends: Vec<_> = events
                .iter()
                .enumerate()
                .filter(|(_, (_, e))| {
                    matches!(
                        e,
                        ProviderEvent::ChatDone { .. } | ProviderEvent::ChatFailed { .. }
                    )
                })
                .map(|(i, (at, _))| (i, *at))
                .collect();
            assert_eq!(ends.len(), 1, "{n}");
            assert_eq!(ends[0].0, events.len() - 1, "the end comes last");
            assert!(ends[0].1 <= second * 5, "{n}");
        }
    }
}
