//! The caller is asked before something is done for them, in our own words, and nothing but a yes to that question does it.

use super::{Came, Ready};
use crate::{
    conversation::{Conversation, model::Chat, playout::Kind, triage::Asked, turns::Unanswered},
    package::spelt,
    understand::spoken_label,
};
use tandem_types::{Now, provider::ToolCall, tool::Confirm};

impl Conversation {
    /// In our own words, so that the caller knows what they say yes to.
    pub(super) fn ask_to_act(&mut self, now: Now, ready: Ready) {
        let Ready {
            call, tool, args, ..
        } = ready;
        let said: Vec<(String, String)> = args
            .iter()
            .map(|(name, value)| {
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), spelt(&value))
            })
            .collect();
        let question = match &tool.confirm {
            Confirm::Words(words) => {
                let fill: Vec<(&str, &str)> =
                    said.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                self.fill(now, words, &fill)
            }
            Confirm::Usual | Confirm::No => {
                let values = said.iter().map(|(n, v)| format!("{} {v}", spoken_label(n)));
                let what = tool.description.trim_end_matches(['.', '!', '?']);
                let action = std::iter::once(what.to_owned()).chain(values);
                let action = action.collect::<Vec<_>>().join(", ");
                self.phrase(now, "confirm_tool", &[("action", &action)])
            }
        };
        self.put_question(now, call, question);
    }

    pub(in crate::conversation) fn put_question(
        &mut self,
        now: Now,
        call: ToolCall,
        question: String,
    ) {
        let hint = self.phrase(now, "say_yes", &[]);
        let reply = self.open_reply();
        self.disclose_once(now, reply);
        let utterance = self.say(now, reply, &question, Kind::Words, true);
        self.say(now, reply, &hint, Kind::Words, true);
        self.close_reply(now, reply);
        self.asked = Some(Asked::Act {
            call,
            question,
            utterance,
            heard: false,
        });
        self.ears.waiting_since = None;
    }

    /// A question of ours was heard to its end.
    pub(in crate::conversation) fn question_heard(&mut self, said: u32) {
        if let Some(Asked::Act {
            utterance, heard, ..
        }) = &mut self.asked
            && *utterance == said
        {
            *heard = true;
        }
    }

    /// The question stands, and something else has been said since: it is put again, so that a yes is a yes to it.
    pub(in crate::conversation) fn puts_question_again(&mut self, now: Now) -> bool {
        match self.asked.take() {
            Some(Asked::Act { call, question, .. }) => {
                self.put_question(now, call, question);
                true
            }
            other => {
                self.asked = other;
                false
            }
        }
    }

    /// The caller has said yes.
    pub(in crate::conversation) fn confirmed(
        &mut self,
        now: Now,
        call: ToolCall,
        words: Unanswered,
    ) {
        match self.ready(call) {
            Ok(ready) => {
                let chat = Chat::new(self.call, now, vec![words]);
                self.start_all(now, chat, vec![ready]);
            }
            Err(refused) => {
                self.refused(&refused.wanted, refused.rule);
                let text = self.phrase(now, Came::Failed.phrase(), &[]);
                self.reply(now, &text);
            }
        }
    }
}
