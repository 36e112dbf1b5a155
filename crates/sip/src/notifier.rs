//! The notifier of RFC 6665: phones that want to be told of something subscribe, and are told.
//!
//! ```text
//!             400, 403, 406, 423, 481, 489, 500, 503: nothing changes
//!            ^
//!  SUBSCRIBE |  200                  2xx, nothing new
//!  ------------------> Telling ---------------------------> Quiet
//!                      |  ^  ^ '-- 2xx, changed meanwhile    | | changed, refreshed
//!   refused, later:    |  |  '--------------------------------+-+
//!   Retry-After        v  | it is over
//!                      Waiting
//!  Telling, Quiet, Waiting -- Expires: 0, time over, we leave --> Leaving (NOTIFY terminated) --any answer--> gone
//!  Telling -- 481, silence, any other refusal --> gone
//!  all     -- their connection is closed      --> gone
//! ```
//! One NOTIFY at a time is under way for each subscription; what changes meanwhile is told in the next one, as it is by then. Who may
//! subscribe is its user's matter (who has asked for a password already), and so is what there is to tell: it comes in by
//! [`Notifier::handle_lines`].

mod dialog_info;
mod index;
mod line;
mod summary;
mod telling;

pub use line::{Line, LineState, Parties};
pub use summary::Messages;

use crate::api::{Failure, Flow, RequestKey};
use crate::dialog::{Dialog, DialogId};
use crate::message::{
    Event, HeaderName, Headers, NameAddr, Request, Response, RetryAfter, SubscriptionState,
};
use index::Index;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tandem_types::{CallId, Mono, Now};

/// Limits of a notifier, in seconds and subscriptions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifierConfig {
    /// Shorter wishes draw 423 with Min-Expires.
    pub min_expires: u32,
    /// Longer wishes are cut to this.
    pub max_expires: u32,
    /// For a SUBSCRIBE that names no time.
    pub default_expires: u32,
    /// Subscriptions of one user; more draw 503.
    pub per_user: usize,
    /// Subscriptions of all.
    pub total: usize,
}

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Package {
    /// The calls of an extension (RFC 4235), for the lamps of desk phones.
    Dialog,
    /// Messages that wait (RFC 3842).
    MessageSummary,
}

impl Package {
    /// All, by their names in Allow-Events.
    pub const ALL: [(&'static str, Self); 2] = [
        ("dialog", Self::Dialog),
        ("message-summary", Self::MessageSummary),
    ];

    fn of(event: &Event) -> Option<Self> {
        let found = Self::ALL.iter().find(|(name, _)| event.is(name));
        found.map(|(_, package)| *package)
    }

    /// The one that a SUBSCRIBE asks for, if it is one of these.
    pub fn asked(request: &Request) -> Option<Self> {
        Self::of(&request.headers.event()?)
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Dialog => dialog_info::TYPE,
            Self::MessageSummary => summary::TYPE,
        }
    }
}

/// What somebody may have who asks for it and has proved who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who.
    pub user: String,
    /// Whose state, as [`struct@Line`] has it in `of`.
    pub of: String,
    /// Its name in documents, `sip:200@phones.example`.
    pub entity: String,
    /// They may know who speaks with whom, and by which dialogs: whoever may pick a call up does.
    pub parties: bool,
    /// Contact of ours.
    pub contact: NameAddr,
    /// Our tag, which the answer has to bear.
    pub tag: String,
}

/// The answer to a SUBSCRIBE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribeReply {
    /// 200, or a refusal.
    pub status: u16,
    /// Expires and Contact, or what a refusal says.
    pub headers: Headers,
}

/// One subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubscriptionId(u64);

/// A NOTIFY that is to go out; its key is told with [`Notifier::sent`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// Whose.
    pub subscription: SubscriptionId,
    /// Where.
    pub flow: Flow,
    /// What, without Via.
    pub request: Box<Request>,
}

/// All subscriptions, and what there is to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notifier {
    config: NotifierConfig,
    next: u64,
    subscriptions: BTreeMap<SubscriptionId, Subscription>,
    dialogs: BTreeMap<DialogId, SubscriptionId>,
    under_way: BTreeMap<RequestKey, SubscriptionId>,
    lines: BTreeMap<CallId, Vec<Line>>,
    /// By whose they are; of others none wait.
    #[serde(default)]
    messages: BTreeMap<String, Messages>,
    index: Index,
    outputs: VecDeque<Notify>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Subscription {
    user: String,
    of: String,
    entity: String,
    parties: bool,
    contact: NameAddr,
    package: Package,
    /// As they wrote it, `id` included.
    event: String,
    dialog: Dialog,
    expires: Mono,
    /// Of the next document.
    version: u32,
    /// What the last document told, of what is still so.
    told: Vec<Line>,
    /// And of messages.
    #[serde(default)]
    told_messages: Messages,
    state: State,
    /// As the index has it.
    due: Option<Mono>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// They know all there is to know.
    Quiet,
    /// A NOTIFY is under way.
    Telling { next: Next },
    /// They asked for it later.
    Waiting { until: Mono },
    /// The last NOTIFY is under way.
    Leaving,
}

/// What follows the NOTIFY that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Next {
    Nothing,
    /// If it is something else by then.
    Changes,
    /// In any case: they have refreshed.
    All,
    /// That it is over, and why.
    End(SubscriptionState),
}

fn refusal(status: u16) -> SubscribeReply {
    SubscribeReply {
        status,
        headers: Headers::new(),
    }
}

impl Notifier {
    /// Nobody has subscribed.
    pub fn new(config: NotifierConfig) -> Self {
        Self {
            config,
            next: 1,
            subscriptions: BTreeMap::new(),
            dialogs: BTreeMap::new(),
            under_way: BTreeMap::new(),
            lines: BTreeMap::new(),
            messages: BTreeMap::new(),
            index: Index::default(),
            outputs: VecDeque::new(),
        }
    }

    /// How many there are, those that leave included.
    pub fn len(&self) -> usize {
        self.subscriptions.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// A SUBSCRIBE of somebody who may have what they ask for. The answer goes out before what follows from
    /// [`Notifier::poll_output`].
    pub fn handle_subscribe(
        &mut self,
        now: Now,
        flow: Flow,
        request: &Request,
        grant: Grant,
    ) -> SubscribeReply {
        let Some((event, package)) = request
            .headers
            .event()
            .and_then(|event| Some((event.to_string(), Package::of(&event)?)))
        else {
            let names = Package::ALL.map(|(name, _)| name).join(", ");
            let headers = Headers::new().with(HeaderName::AllowEvents, names);
            return SubscribeReply {
                status: 489,
                headers,
            };
        };
        let wished = request.headers.expires();
        let seconds = wished.unwrap_or(self.config.default_expires);
        if seconds > 0 && seconds < self.config.min_expires {
            let headers = Headers::new().with(HeaderName::MinExpires, self.config.min_expires);
            return SubscribeReply {
                status: 423,
                headers,
            };
        }
        if !accepts(request, package.content_type()) {
            return refusal(406);
        }
        let seconds = seconds.min(self.config.max_expires);
        let expires = now.mono + Duration::from_secs(seconds.into());
        let headers = Headers::new()
            .with(HeaderName::Expires, seconds)
            .with(HeaderName::Contact, &grant.contact);
        let id = match DialogId::of_request(request) {
            Some(dialog) => match self.refresh(&dialog, flow, request, &grant.user, &event) {
                Ok(id) => id,
                Err(status) => return refusal(status),
            },
            None => match self.begin(flow, request, grant, package, event) {
                Ok(id) => id,
                Err(status) => return refusal(status),
            },
        };
        if let Some(s) = self.subscriptions.get_mut(&id) {
            s.expires = expires;
        }
        if seconds == 0 {
            self.end(id, SubscriptionState::terminated("timeout"));
        } else {
            self.tell(now, id, Next::All);
        }
        SubscribeReply {
            status: 200,
            headers,
        }
    }

    fn refresh(
        &mut self,
        dialog: &DialogId,
        flow: Flow,
        request: &Request,
        user: &str,
        event: &str,
    ) -> Result<SubscriptionId, u16> {
        let id = *self.dialogs.get(dialog).ok_or(481u16)?;
        let s = self.subscriptions.get_mut(&id).ok_or(481u16)?;
        if s.user != user {
            return Err(403);
        }
        // One that leaves is gone to them as soon as they hear it.
        let leaves = matches!(
            s.state,
            State::Leaving
                | State::Telling {
                    next: Next::End(_),
                    ..
                }
        );
        if leaves || s.event != event {
            return Err(481);
        }
        if !s.dialog.admit(request, flow) {
            return Err(500);
        }
        s.dialog.refresh(&request.headers);
        Ok(id)
    }

    fn begin(
        &mut self,
        flow: Flow,
        request: &Request,
        grant: Grant,
        package: Package,
        event: String,
    ) -> Result<SubscriptionId, u16> {
        let theirs = self.index.of_user(&grant.user);
        if theirs >= self.config.per_user || self.subscriptions.len() >= self.config.total {
            return Err(503);
        }
        let dialog = Dialog::from_request(request, &grant.tag, flow);
        let dialog = dialog
            .filter(|_| request.contact().is_some())
            .ok_or(400u16)?;
        let id = SubscriptionId(self.next);
        self.next += 1;
        self.dialogs.insert(dialog.id.clone(), id);
        let subscription = Subscription {
            user: grant.user,
            of: grant.of,
            entity: grant.entity,
            parties: grant.parties,
            contact: grant.contact,
            package,
            event,
            dialog,
            expires: Mono(0),
            version: 0,
            told: Vec::new(),
            told_messages: Messages::default(),
            state: State::Quiet,
            due: None,
        };
        self.index.watch(id, &subscription);
        self.subscriptions.insert(id, subscription);
        Ok(id)
    }

    /// The lines of a call as they are now; none when it is over.
    pub fn handle_lines(&mut self, now: Now, call: CallId, lines: Vec<Line>) {
        let before = match lines.is_empty() {
            true => self.lines.remove(&call),
            false => self.lines.insert(call, lines),
        };
        let after = self.lines.get(&call).into_iter().flatten();
        let mut touched: Vec<&str> = after.chain(before.iter().flatten()).map(Line::of).collect();
        touched.sort_unstable();
        touched.dedup();
        let after = self.lines.get(&call).into_iter().flatten();
        let ids = self.index.watching(&touched);
        self.index.called(call, before.iter().flatten(), after);
        for id in ids {
            self.tell(now, id, Next::Changes);
        }
    }

    /// So many messages wait for somebody now.
    pub fn handle_messages(&mut self, now: Now, of: &str, messages: Messages) {
        if self.messages.get(of).copied().unwrap_or_default() == messages {
            return;
        }
        match messages == Messages::default() {
            true => self.messages.remove(of),
            false => self.messages.insert(of.to_owned(), messages),
        };
        for id in self.index.waiting(of) {
            self.tell(now, id, Next::Changes);
        }
    }

    /// A NOTIFY has gone out by this key.
    pub fn sent(&mut self, key: RequestKey, subscription: SubscriptionId) {
        self.under_way.insert(key, subscription);
    }

    /// What came of a request; one that is no NOTIFY of ours is no matter.
    pub fn handle_response(
        &mut self,
        now: Now,
        key: RequestKey,
        result: &Result<Box<Response>, Failure>,
    ) {
        let Some(id) = self.under_way.remove(&key) else {
            return;
        };
        let Some(s) = self.subscriptions.get_mut(&id) else {
            return;
        };
        let State::Telling { next } = std::mem::replace(&mut s.state, State::Quiet) else {
            return self.forget(id);
        };
        let later = match result {
            Ok(_) => None,
            Err(Failure::Response(r)) if r.status != 481 => match r.headers.retry_after() {
                Some(RetryAfter { seconds, .. }) => Some(seconds),
                None => return self.forget(id),
            },
            Err(_) => return self.forget(id),
        };
        match (next, later) {
            (Next::End(why), _) => self.end(id, why),
            // RFC 6665 section 4.2.2: a refusal that says when to come back is none.
            (_, Some(seconds)) => {
                let until = now.mono + Duration::from_secs(u64::from(seconds).max(1));
                s.state = State::Waiting { until };
                self.index.settle(id, s);
            }
            (Next::Nothing, None) => self.index.settle(id, s),
            (next @ (Next::Changes | Next::All), None) => self.tell(now, id, next),
        }
    }

    /// A connection is closed: who subscribed by it is told nothing more, and subscribes again by another. UDP has none.
    pub fn handle_flow_closed(&mut self, flow: Flow) {
        let same = |f: Flow| f.transport == flow.transport && f.remote == flow.remote;
        let all = self.subscriptions.iter();
        let gone = all.filter(|(_, s)| flow.transport.is_stream() && same(s.dialog.flow()));
        let gone: Vec<SubscriptionId> = gone.map(|(id, _)| *id).collect();
        gone.into_iter().for_each(|id| self.forget(id));
    }

    /// Ends all of them: they may come back after so many seconds.
    pub fn leave(&mut self, retry_after: u32) {
        let mut why = SubscriptionState::terminated("probation");
        why.params = why.params.with("retry-after", retry_after);
        let all: Vec<SubscriptionId> = self.subscriptions.keys().copied().collect();
        for id in all {
            self.end(id, why.clone());
        }
    }

    /// The next NOTIFY.
    pub fn poll_output(&mut self) -> Option<Notify> {
        self.outputs.pop_front()
    }

    /// The next deadline, and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let next = self.index.next();
        next.map(|at| (at, "sip notifier: a subscription is over, or told again"))
    }

    /// Early is a no-op.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(id) = self.index.pop_due(now.mono) {
            let Some(s) = self.subscriptions.get_mut(&id) else {
                continue;
            };
            let over = s.expires <= now.mono;
            (s.state, s.due) = (State::Quiet, None);
            if over {
                self.end(id, SubscriptionState::terminated("timeout"));
            } else {
                self.tell(now, id, Next::All);
            }
        }
    }
}

/// The subscriber takes this type, or has not said what it takes.
fn accepts(request: &Request, content_type: &str) -> bool {
    let mut all = request.headers.values(&HeaderName::Accept).peekable();
    let group = content_type.split('/').next().unwrap_or_default();
    all.peek().is_none()
        || all.any(|range| {
            let range = range.split(';').next().unwrap_or_default().trim();
            range == "*/*"
                || range.eq_ignore_ascii_case(content_type)
                || range.eq_ignore_ascii_case(&format!("{group}/*"))
        })
}

#[cfg(test)]
mod tests;
