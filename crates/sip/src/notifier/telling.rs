//! What is told, and when: one NOTIFY at a time for each subscription.

use super::{
    Line, Messages, Next, Notifier, Notify, Package, State, Subscription, SubscriptionId,
    dialog_info, summary,
};
use crate::message::{HeaderName, Method, SubscriptionState};
use std::collections::BTreeMap;
use tandem_types::Now;

impl Notifier {
    /// Tells somebody how things are, now or as soon as they may be told.
    pub(super) fn tell(&mut self, now: Now, id: SubscriptionId, why: Next) {
        let Some(s) = self.subscriptions.get_mut(&id) else {
            return;
        };
        match &mut s.state {
            State::Telling { next } => {
                if !matches!(
                    (&next, &why),
                    (Next::End(_), _) | (Next::All, Next::Changes)
                ) {
                    *next = why;
                }
            }
            State::Leaving => {}
            State::Waiting { .. } if why == Next::Changes => {}
            State::Waiting { .. } | State::Quiet => {
                if s.expires <= now.mono {
                    return self.end(id, SubscriptionState::terminated("timeout"));
                }
                let lines = self.index.lines_of(&self.lines, s);
                let messages = messages_of(&self.messages, s);
                if why == Next::Changes && lines == s.told && messages == s.told_messages {
                    return self.index.settle(id, s);
                }
                let left = s.expires.since(now.mono).as_secs();
                let left = u32::try_from(left).unwrap_or(u32::MAX);
                s.state = State::Telling {
                    next: Next::Nothing,
                };
                let notify = s.notify(id, SubscriptionState::active(left), lines, messages);
                self.outputs.push_back(notify);
            }
        }
        self.index.settle(id, s);
    }

    /// Tells somebody how things are for the last time.
    pub(super) fn end(&mut self, id: SubscriptionId, why: SubscriptionState) {
        let Some(s) = self.subscriptions.get_mut(&id) else {
            return;
        };
        match &mut s.state {
            State::Telling { next } => *next = Next::End(why),
            State::Leaving => {}
            State::Quiet | State::Waiting { .. } => {
                let lines = self.index.lines_of(&self.lines, s);
                let messages = messages_of(&self.messages, s);
                s.state = State::Leaving;
                let notify = s.notify(id, why, lines, messages);
                self.outputs.push_back(notify);
            }
        }
        self.index.settle(id, s);
    }

    pub(super) fn forget(&mut self, id: SubscriptionId) {
        if let Some(s) = self.subscriptions.remove(&id) {
            self.dialogs.remove(&s.dialog.id);
            self.index.forget(id, &s);
            self.outputs.retain(|n| n.subscription != id);
        }
    }
}

/// What a subscription to messages is about; a lamp knows nothing of them.
fn messages_of(all: &BTreeMap<String, Messages>, s: &Subscription) -> Messages {
    match s.package {
        Package::Dialog => Messages::default(),
        Package::MessageSummary => all.get(&s.of).copied().unwrap_or_default(),
    }
}

impl Subscription {
    fn notify(
        &mut self,
        subscription: SubscriptionId,
        state: SubscriptionState,
        lines: Vec<Line>,
        messages: Messages,
    ) -> Notify {
        let cseq = self.dialog.next_cseq();
        let mut request = self.dialog.request(Method::Notify, cseq);
        let headers = &mut request.headers;
        headers.push(HeaderName::Contact, &self.contact);
        headers.push(HeaderName::Event, &self.event);
        headers.push(HeaderName::SubscriptionState, state);
        headers.push(HeaderName::ContentType, self.package.content_type());
        let over = |before: &&Line| lines.iter().all(|l| l.id != before.id);
        let over: Vec<&Line> = self.told.iter().filter(over).collect();
        request.body = match self.package {
            Package::Dialog => dialog_info::document(&self.entity, self.version, &lines, &over),
            Package::MessageSummary => summary::document(&self.entity, messages),
        }
        .into();
        self.version += 1;
        (self.told, self.told_messages) = (lines, messages);
        Notify {
            subscription,
            flow: self.dialog.flow(),
            request: Box::new(request),
        }
    }
}
