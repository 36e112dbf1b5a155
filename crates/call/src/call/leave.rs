//! The caller leaves a message: what the machine ([`crate::message`]) wants done, and what becomes of the file.
//!
//! ```text
//!   RecordMessage --> open --the machine: Close--> over --MessageRecorded--> kept: it waits in the mailbox
//!                      '-- MessageRecorded (disk) --^                 '----> not: its file is erased
//! ```
//!
//! The last of it may be heard of when the call is over: until then the call is not forgotten.

use super::{Call, Ctx, Purpose, Stage, background::Under, record};
use crate::{
    api::Output,
    mailboxes::Held,
    message::{self, Input, Message, PAUSE, Rules},
};
use serde::{Deserialize, Serialize};
use tandem_dialplan::{DEFAULT_LANGUAGE, DEFAULT_VOICE, Destination, Greeting, OFFLINE, Plan};
use tandem_types::{
    MessageId, Party, Reason, SegmentId, Termination,
    journal::{MessageEnd, What},
    media::{Lane, MediaCommand, Sound},
    provider::ProviderCommand,
    recording::RecordingSum,
};

/// The caller is in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Leaves {
    name: String,
    message: Message,
}

/// A message that was begun, until its file is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Left {
    mailbox: String,
    file: String,
    /// Why it is over, and whether it is kept.
    over: Option<(MessageEnd, bool)>,
}

/// Words of a mailbox.
pub(super) fn speech(plan: &Plan, id: &str, text: String) -> Sound {
    let dialplan = id.split('/').next().unwrap_or_default();
    let d = plan.dialplans.get(dialplan);
    let own = plan.mailbox(id).and_then(|m| m.language.clone());
    let first = || d.and_then(|d| d.languages.first().cloned());
    Sound::Speech {
        text,
        voice: d.map_or_else(|| DEFAULT_VOICE.to_owned(), |d| d.voice.clone()),
        language: own
            .or_else(first)
            .unwrap_or_else(|| DEFAULT_LANGUAGE.to_owned()),
        profile: d
            .and_then(|d| d.providers.clone())
            .unwrap_or_else(|| OFFLINE.to_owned()),
    }
}

impl Leaves {
    pub(super) fn poll_timeout(&self) -> Option<(tandem_types::Mono, &'static str)> {
        self.message.poll_timeout()
    }
}

impl Call {
    fn mailbox_id(&self, name: &str) -> String {
        format!("{}/{name}", self.dialplan.as_deref().unwrap_or_default())
    }

    /// The mailbox that answers where nobody does.
    pub(super) fn mailbox_of(&mut self, cx: &Ctx<'_>, to: &Destination) -> Option<Destination> {
        let Destination::Ext(number) = to else {
            return None;
        };
        let (dialplan, name) = cx.plan.mailbox_of(self.dialplan.as_deref(), number)?;
        self.left_to = Some(dialplan.to_owned());
        Some(Destination::Voicemail(name.to_owned()))
    }

    pub(super) fn enter_voicemail(&mut self, cx: &mut Ctx<'_>, name: &str) {
        if self.dialplan.is_none() {
            self.dialplan = self.left_to.take();
        }
        let Some(m) = cx.plan.mailbox(&self.mailbox_id(name)) else {
            return self.end(cx, Termination::new(Party::Gateway, Reason::NoRoute));
        };
        self.quiet_background(cx);
        let rules = Rules {
            longest: m.max_length,
            shortest: m.min_length,
            silence: m.silence,
        };
        self.stage = Stage::Voicemail(Leaves {
            name: name.to_owned(),
            message: Message::new(rules),
        });
        self.connect_all(cx);
        self.background(cx, self.caller, Some(Under::Comfort));
        self.drain_message(cx);
    }

    pub(super) fn message_input(&mut self, cx: &mut Ctx<'_>, input: Input) {
        if let Stage::Voicemail(v) = &mut self.stage {
            v.message.handle_input(cx.now.mono, input);
            self.drain_message(cx);
        }
    }

    /// What the caller says is for whoever hears their messages.
    pub(super) fn is_in_voicemail(&self) -> bool {
        matches!(self.stage, Stage::Voicemail(_))
    }

    pub(super) fn message_due(&mut self, cx: &mut Ctx<'_>) {
        if let Stage::Voicemail(v) = &mut self.stage {
            v.message.handle_timeout(cx.now.mono);
            self.drain_message(cx);
        }
    }

    /// The caller speaks, or has spoken: nobody wants the words of it now.
    pub(super) fn message_speech(&mut self, cx: &mut Ctx<'_>, input: Input, segment: SegmentId) {
        if input == Input::SpeechEnded {
            let discard = ProviderCommand::Discard { segment };
            cx.out.push_back(Output::Provider(discard));
        }
        self.message_input(cx, input);
    }

    fn drain_message(&mut self, cx: &mut Ctx<'_>) {
        while let Stage::Voicemail(v) = &mut self.stage
            && let Some(output) = v.message.poll_output()
        {
            let name = v.name.clone();
            self.message_output(cx, &name, output);
        }
    }

    fn message_output(&mut self, cx: &mut Ctx<'_>, name: &str, output: message::Output) {
        let (id, caller) = (self.mailbox_id(name), self.caller);
        let Some(m) = cx.plan.mailbox(&id) else {
            return self.end(cx, Termination::new(Party::Gateway, Reason::NoRoute));
        };
        let sound = match output {
            message::Output::Greet => match &m.greeting {
                Greeting::Text(text) => speech(cx.plan, &id, text.clone()),
                Greeting::File(path) => Sound::File { path: path.clone() },
            },
            message::Output::Say(what) => speech(cx.plan, &id, m.says(what).to_owned()),
            message::Output::Tone => Sound::Beep,
            message::Output::Hush => return self.stop(cx, |p| matches!(p, Purpose::Prompt)),
            message::Output::Record => return self.begin_message(cx, id),
            message::Output::Close(by, kept) => return self.close_message(cx, by, kept),
            message::Output::Done => {
                let then = m.then.clone();
                return self.enter(cx, then);
            }
        };
        self.play(cx, caller, sound, Lane::Voice, Purpose::Prompt);
    }

    fn begin_message(&mut self, cx: &mut Ctx<'_>, mailbox: String) {
        self.messages += 1;
        let index = self.messages;
        let message = MessageId {
            call: self.id,
            index,
        };
        let key = cx.plan.node.recordings.key.clone();
        let file = record::message_file(message, cx.now.wall, key.is_some());
        let left = Left {
            mailbox: mailbox.clone(),
            file: file.clone(),
            over: None,
        };
        self.left.insert(index, left);
        let path = file.clone();
        self.journal(
            cx,
            What::MessageStarted {
                message,
                mailbox,
                path,
                key,
            },
        );
        let leg = self.caller;
        cx.media(MediaCommand::RecordMessage { message, leg, file });
        let (on, end_silence) = (true, PAUSE);
        cx.media(MediaCommand::Listen {
            leg,
            on,
            end_silence,
        });
    }

    /// Nothing more is recorded of the message that was begun last.
    fn close_message(&mut self, cx: &mut Ctx<'_>, by: MessageEnd, kept: bool) {
        cx.media(MediaCommand::Listen {
            leg: self.caller,
            on: false,
            end_silence: PAUSE,
        });
        let call = self.id;
        let open = self.left.iter_mut().find(|(_, left)| left.over.is_none());
        if let Some((index, left)) = open {
            left.over = Some((by, kept));
            let index = *index;
            let message = MessageId { call, index };
            cx.media(MediaCommand::EndMessage { message });
        }
    }

    /// The caller is gone, or is led elsewhere: what they have said is theirs.
    pub(super) fn out_of_voicemail(&mut self, cx: &mut Ctx<'_>, mut v: Leaves, how: Input) {
        v.message.handle_input(cx.now.mono, how);
        while let Some(output) = v.message.poll_output() {
            if let message::Output::Close(by, kept) = output {
                self.close_message(cx, by, kept);
            }
        }
    }

    /// The file of a message is closed.
    pub(super) fn message_recorded(
        &mut self,
        cx: &mut Ctx<'_>,
        message: MessageId,
        sum: RecordingSum,
    ) {
        if self
            .left
            .get(&message.index)
            .is_some_and(|l| l.over.is_none())
        {
            self.message_input(cx, Input::Closed);
        }
        let Some(left) = self.left.remove(&message.index) else {
            return;
        };
        let (by, kept) = left.over.unwrap_or((MessageEnd::Ended, true));
        // What cannot be heard waits for nobody.
        let kept = kept && sum.ms > 0;
        self.journal(
            cx,
            What::MessageEnded {
                message,
                by,
                kept,
                sum,
            },
        );
        let Left { mailbox, file, .. } = left;
        if !kept {
            return cx.out.push_back(Output::Erase { file });
        }
        cx.house.mailboxes.put(Held {
            message,
            mailbox,
            file,
            at: cx.now.wall,
            from: self.from.clone(),
            from_name: self.from_name.clone(),
            heard: false,
        });
    }
}
