//! A SIP user agent without IO: transactions, dialogs and sessions behind four methods.
//!
//! ```text
//!  Input::Message -> table (which transaction?) -+- response -> outgoing, inside, outside
//!                                                +- request  -> screen -> incoming, inside, outside
//!  Input::Command ------------------------------> outgoing, incoming, inside, outside
//!  handle_timeout -> timers -> transaction or session
//!  all of them -> Output::Transmit, Output::Event
//! ```
//!
//! What it does by itself and what it tells its user is in [`api`](crate::api). Each session that the user knows ends with
//! exactly one [`Event::Failed`] (our INVITE was not answered, or was hung up before it was) or [`Event::Ended`]
//! (all others, also after `Reject`), and nothing follows it.
//!
//! - `Hangup` of an INVITE of ours: `Failed` comes when the INVITE is over, that is with the 487, the refusal that
//!   crossed, 64*T1 after CANCEL, or after 64*T1 without any response. A 2xx that crosses gets ACK and BYE.
//! - A re-INVITE that may not be sent (another is under way, or their ACK is missing) draws [`Failure::Response`]
//!   with a 491 made here. After a 491 of either kind the user waits by RFC 3261 section 14.1 before it tries again: 2.1 to
//!   4 s in steps of 10 ms if it made the call (Call-ID is ours), else 0 to 2 s.
//! - 481, 408 or silence to a re-INVITE or UPDATE, and 481 to an INFO, end the session (section 12.2.1.2, RFC 5057): first
//!   `Response`, then BYE and `Ended`.
//! - Where session timers were agreed on, the session is refreshed, and ended if the far end does not refresh it
//!   (`refresh.rs`).
//! - A re-INVITE of theirs that they CANCEL gets its 487; the user's later `Respond` is a no-op. So are all
//!   answers to requests that were open when the session ended: they got 487.

mod auth;
mod closing;
mod incoming;
mod inside;
mod invite_responses;
mod large;
mod outgoing;
mod outside;
mod own;
mod refresh;
mod reliable;
mod requests;
mod responses;
mod screen;
mod session;
mod steps;
mod table;
mod timeouts;
mod write;

use crate::api::{
    Census, Command, EndpointConfig, Event, Failure, Flow, Input, Output, RequestKey, SessionId,
};
use crate::dialog::DialogId;
use crate::message::{Message, Method, Replaces, Request, Response, Uri};
use crate::transaction::{Timers, TransactionId};
use own::Own;
pub(crate) use own::max_forwards;
use serde::{Deserialize, Serialize};
use session::{Exchange, Session, State};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use table::Table;
use tandem_types::{Mono, Now, Rng};

/// The endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    config: EndpointConfig,
    rng: Rng,
    /// The next id of any kind.
    next: u64,
    /// Retry-After while draining.
    drain: Option<u32>,
    timers: Timers,
    table: Table,
    /// Where no TCP connection could be made: tried again after these times.
    deaf: BTreeMap<SocketAddr, Mono>,
    sessions: BTreeMap<SessionId, Box<Session>>,
    dialogs: HashMap<DialogId, SessionId>,
    /// Requests of theirs that the user has to answer.
    owed: BTreeMap<RequestKey, Owed>,
    outputs: VecDeque<Output>,
    #[serde(skip)]
    own: Own,
}

/// A request of theirs that the user has to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Owed {
    transaction: TransactionId,
    request: Box<Request>,
    session: Option<SessionId>,
    /// That of our answer, where it was asked for.
    tag: Option<String>,
}

impl Endpoint {
    /// Without any session.
    pub fn new(config: EndpointConfig, rng: Rng) -> Self {
        Self {
            config,
            rng,
            next: 1,
            drain: None,
            timers: Timers::default(),
            table: Table::default(),
            deaf: BTreeMap::new(),
            sessions: BTreeMap::new(),
            dialogs: HashMap::new(),
            owed: BTreeMap::new(),
            outputs: VecDeque::new(),
            own: Own::default(),
        }
    }

    /// Takes a message, a broken way, or a command.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Message {
                from,
                message,
                urgent,
            } => self.handle_message(now, from, message, urgent),
            Input::TransportFailed { flow } => self.handle_transport_failed(now, flow),
            Input::Closed { flow } => self.handle_closed(flow),
            Input::Command(command) => self.handle_command(now, command),
        }
    }

    fn handle_message(&mut self, now: Now, from: Flow, message: Message, urgent: bool) {
        let at = self.outputs.len();
        let session = match message {
            Message::Request(request) => self.on_request(now, from, request, urgent),
            Message::Response(response) => self.on_response(now, from, response),
        };
        let taken = Output::Taken {
            flow: from,
            session,
        };
        self.outputs.insert(at, taken);
    }

    fn handle_command(&mut self, now: Now, command: Command) {
        match command {
            Command::Invite { session, invite } => self.command_invite(now, session, &invite),
            Command::Progress {
                session,
                status,
                headers,
                body,
                reliable,
            } => {
                let body = body.as_ref();
                self.command_progress(now, session, status, &headers, body, reliable);
            }
            Command::Accept {
                session,
                credentials,
                headers,
                body,
            } => {
                self.know(session, credentials);
                self.command_accept(now, session, &headers, body.as_ref());
            }
            Command::Reject {
                session,
                status,
                phrase,
                headers,
            } => {
                self.command_reject(now, session, status, &phrase, &headers);
            }
            Command::Ack { session, body } => self.command_ack(session, body.as_ref()),
            Command::Hangup { session, headers } => self.command_hangup(now, session, headers),
            Command::Request {
                session,
                key,
                method,
                headers,
                body,
            } => {
                let content = inside::Content {
                    method,
                    headers,
                    body,
                };
                self.command_request(now, session, key, content);
            }
            Command::Respond {
                key,
                status,
                phrase,
                headers,
                body,
            } => {
                self.command_respond(now, key, status, &phrase, &headers, body.as_ref());
            }
            Command::Send { key, request } => self.command_send(now, key, *request),
            Command::SendAsIs { key, flow, request } => {
                self.command_send_as_is(now, key, flow, *request);
            }
            Command::Drain { retry_after } => self.drain = retry_after,
        }
    }

    /// What to do, in order. Drain after every mutation.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next deadline, and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        self.timers.next().map(|(at, timer)| (at, timer.why()))
    }

    /// Runs what is due. Early is a no-op.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some((owner, timer)) = self.timers.pop_due(now.mono) {
            self.on_timer(now, owner, timer);
        }
    }

    /// How much is alive.
    pub fn census(&self) -> Census {
        Census {
            invite_client: self.table.invite_clients.len(),
            client: self.table.clients.len(),
            invite_server: self.table.invite_servers.len(),
            server: self.table.servers.len(),
            sessions: self.sessions.len(),
        }
    }

    /// A fresh id for [`Command::Invite`].
    pub fn allocate(&mut self) -> SessionId {
        SessionId(self.fresh())
    }

    /// A fresh key for [`Command::Request`] and [`Command::Send`].
    pub fn allocate_key(&mut self) -> RequestKey {
        RequestKey(self.fresh())
    }

    /// The tag that the answer to a request outside any dialog will bear, for a user who makes a dialog of it (SUBSCRIBE).
    pub fn tag_for(&mut self, key: RequestKey) -> String {
        let tag = self.fresh_tag();
        match self.owed.get_mut(&key) {
            Some(owed) => owed.tag.get_or_insert(tag).clone(),
            None => tag,
        }
    }

    fn fresh(&mut self) -> u64 {
        let id = self.next;
        self.next += 1;
        id
    }

    /// It may be heard though nobody else vouches for its source: a response to a request of ours, or a request that comes from
    /// where its transaction or dialog is. The tags of a dialog alone open nothing: they may have been seen.
    pub fn knows(&self, from: Flow, message: &Message) -> bool {
        let ip = from.remote.ip();
        match message {
            Message::Response(response) => self.table.answered_by(response).is_some(),
            Message::Request(request) => {
                let transaction = self.table.of_request(request);
                let invite = || match request.method {
                    Method::Cancel => self.table.cancelled_by(request),
                    _ => None,
                };
                let there = transaction
                    .or_else(invite)
                    .and_then(|id| self.table.source(id));
                there == Some(ip) || self.dialog_is_near(request, ip)
            }
        }
    }

    fn dialog_is_near(&self, request: &Request, ip: IpAddr) -> bool {
        let Some(id) = DialogId::of_request(request) else {
            return false;
        };
        let session = self.dialogs.get(&id).and_then(|id| self.sessions.get(id));
        session.is_some_and(|s| s.dialogs().any(|d| d.id == id && d.is_near(ip)))
    }

    /// The session that a message belongs to, if any.
    pub fn session_of(&self, message: &Message) -> Option<SessionId> {
        self.matches(message)
    }

    /// Call-ID of a session.
    pub fn call_id_of(&self, session: SessionId) -> Option<&str> {
        self.sessions.get(&session).map(|s| s.call_id.as_str())
    }

    /// Whether our INVITE has had no response at all, not even a 100.
    pub fn is_unheard(&self, session: SessionId) -> bool {
        let state = self.sessions.get(&session).map(|s| &s.state);
        matches!(state, Some(session::State::Calling(_)))
    }

    /// Where a session stands, by the names of its diagram; an answered one also by the INVITE that is under way.
    pub fn state_of(&self, session: SessionId) -> Option<&'static str> {
        Some(match &self.sessions.get(&session)?.state {
            State::Calling(_) => "calling",
            State::Proceeding(_) => "proceeding",
            State::Cancelling(_) => "cancelling",
            State::Invited(_) => "invited",
            State::Up(up) => match up.exchange {
                Exchange::Idle => "up",
                Exchange::Ours => "up, ours",
                Exchange::OweAck(_) => "up, owe ack",
                Exchange::Theirs(_) => "up, theirs",
                Exchange::AwaitAck(_) => "up, await ack",
            },
            State::Closing(_) => "closing",
        })
    }

    /// Where requests to the far end are addressed; of several early dialogs the latest one's.
    pub fn remote_target(&self, session: SessionId) -> Option<&Uri> {
        Some(&self.sessions.get(&session)?.dialog()?.target)
    }

    /// Where requests to the far end are sent.
    pub fn flow_of(&self, session: SessionId) -> Option<Flow> {
        let s = self.sessions.get(&session)?;
        if let Some(dialog) = s.dialog() {
            return Some(dialog.flow());
        }
        let transaction = match &s.state {
            State::Calling(state) => state.transaction,
            State::Proceeding(state) => state.transaction,
            State::Cancelling(state) => state.transaction,
            State::Invited(_) | State::Up(_) | State::Closing(_) => return None,
        };
        self.table
            .invite_clients
            .get(&transaction)
            .map(|t| t.about.flow)
    }

    /// The session that a Replaces header received by us names, or the status that refuses it (RFC 3891 section 3): 481 for none
    /// and for an INVITE of theirs that has no answer, 486 for an answered one if the header says `early-only`, 603 for one that is
    /// over.
    pub fn replaces(&self, replaces: &Replaces) -> Result<SessionId, u16> {
        let id = DialogId {
            call_id: replaces.call_id.to_string(),
            local_tag: replaces.to_tag.to_string(),
            remote_tag: replaces.from_tag.to_string(),
        };
        let session = *self.dialogs.get(&id).ok_or(481u16)?;
        match self.sessions.get(&session).map(|s| &s.state) {
            None | Some(State::Calling(_) | State::Invited(_)) => Err(481),
            Some(State::Up(_)) if replaces.early_only => Err(486),
            Some(State::Cancelling(_) | State::Closing(_)) => Err(603),
            Some(State::Up(_) | State::Proceeding(_)) => Ok(session),
        }
    }

    /// The Replaces header with which somebody else may take our place in a session: its far end will
    /// find this dialog by it.
    pub fn replaces_for(&self, session: SessionId) -> Option<Replaces> {
        let id = &self.sessions.get(&session)?.dialog()?.id;
        Some(Replaces {
            call_id: id.call_id.as_str().into(),
            to_tag: id.remote_tag.as_str().into(),
            from_tag: id.local_tag.as_str().into(),
            early_only: false,
        })
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// The outcome of a request of the user's.
    fn tell_response(
        &mut self,
        key: RequestKey,
        session: Option<SessionId>,
        result: Result<Box<Response>, Failure>,
    ) {
        self.tell(Event::Response {
            key,
            session,
            result,
        });
    }
}
