//! The transactions of an endpoint: started, matched (RFC 3261 sections 17.1.3 and 17.2.3), stepped, forgotten.

use super::{Endpoint, auth::Auth};
use crate::api::{Flow, Output, RequestKey, SessionId, Transport};
use crate::message::{HeaderName, Headers, Message, Method, Request, Response, Via};
use crate::transaction::{
    Client, Intervals, InviteClient, InviteServer, Owner, Scope, Server, TransactionId,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tandem_types::Now;

/// All transactions and what finds them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    /// INVITEs of ours.
    pub(super) invite_clients: BTreeMap<TransactionId, InviteOut>,
    /// Other requests of ours.
    pub(super) clients: BTreeMap<TransactionId, RequestOut>,
    /// INVITEs of theirs.
    pub(super) invite_servers: BTreeMap<TransactionId, InviteIn>,
    /// Other requests of theirs.
    pub(super) servers: BTreeMap<TransactionId, RequestIn>,
    sent: BTreeMap<SentKey, TransactionId>,
    received: BTreeMap<ReceivedKey, TransactionId>,
    /// Requests of theirs outside dialogs, for finding those that came twice by different ways.
    merged: BTreeMap<MergeKey, TransactionId>,
}

/// An INVITE of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InviteOut {
    pub(super) machine: InviteClient,
    pub(super) about: InviteAbout,
}

/// What an INVITE of ours is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InviteAbout {
    /// As sent.
    pub(super) request: Request,
    /// Where to.
    pub(super) flow: Flow,
    /// Whose.
    pub(super) session: SessionId,
    /// The user's key of a re-INVITE.
    pub(super) key: Option<RequestKey>,
    /// For challenges.
    pub(super) auth: Auth,
    /// The ACK of each 2xx by its To tag; `None`: the user has not given it yet.
    pub(super) acks: BTreeMap<String, Option<(Flow, Bytes)>>,
}

/// Another request of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestOut {
    pub(super) machine: Client,
    pub(super) about: RequestAbout,
}

/// What another request of ours is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestAbout {
    /// As sent.
    pub(super) request: Request,
    /// Where to.
    pub(super) flow: Flow,
    /// Whose.
    pub(super) session: Option<SessionId>,
    /// The user's key; `None`: BYE and CANCEL, which are the endpoint's own.
    pub(super) key: Option<RequestKey>,
    /// For challenges.
    pub(super) auth: Auth,
}

/// An INVITE of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InviteIn {
    machine: InviteServer,
    about: ReceivedAbout,
}

/// Another request of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestIn {
    machine: Server,
    about: ReceivedAbout,
}

/// What a request of theirs is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ReceivedAbout {
    key: ReceivedKey,
    merge: Option<MergeKey>,
    /// Where responses go.
    flow: Flow,
    session: Option<SessionId>,
}

/// Branch and the method of CSeq.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct SentKey(String, Method);

/// Branch, sent-by and method; ACK has its INVITE's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct ReceivedKey(String, String, Method);

/// Call-ID, From tag and CSeq (RFC 3261 section 8.2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct MergeKey(String, String, u32, Method);

impl ReceivedKey {
    /// For a request with this top Via. A branch without the magic cookie names nothing by itself: Call-ID, From
    /// tag, CSeq and Request-URI stand in for it.
    fn new(request: &Request, via: &Via, method: &Method) -> Self {
        let branch = via.magic_branch().map_or_else(
            || {
                let cseq = request.cseq().map_or(0, |cseq| cseq.number);
                let tag = crate::dialog::tag_of(request.from());
                format!("{}|{tag}|{cseq}|{}", request.call_id().unwrap_or_default(), request.uri)
            },
            str::to_owned,
        );
        let sent_by = format!("{}:{}", via.host, via.port.unwrap_or(5060)).to_ascii_lowercase();
        let method = if *method == Method::Ack { Method::Invite } else { method.clone() };
        Self(branch, sent_by, method)
    }
}

impl MergeKey {
    fn new(request: &Request) -> Option<Self> {
        let cseq = request.cseq()?;
        let tag = crate::dialog::tag_of(request.from());
        Some(Self(request.call_id()?.to_owned(), tag, cseq.number, cseq.method))
    }
}

impl Table {
    /// The transaction of ours that a response answers.
    pub(super) fn answered_by(&self, response: &Response) -> Option<TransactionId> {
        let branch = response.top_via()?.magic_branch()?.to_owned();
        self.sent.get(&SentKey(branch, response.cseq()?.method)).copied()
    }

    /// The transaction that a request of theirs belongs to: a repetition's own, or an ACK's INVITE.
    pub(super) fn of_request(&self, request: &Request) -> Option<TransactionId> {
        self.find(request, &request.method)
    }

    /// The INVITE that a CANCEL means.
    pub(super) fn cancelled_by(&self, cancel: &Request) -> Option<TransactionId> {
        self.find(cancel, &Method::Invite)
    }

    fn find(&self, request: &Request, method: &Method) -> Option<TransactionId> {
        self.received.get(&ReceivedKey::new(request, &request.top_via()?, method)).copied()
    }

    /// The request came already by another way.
    pub(super) fn is_merged(&self, request: &Request) -> bool {
        MergeKey::new(request).is_some_and(|key| self.merged.contains_key(&key))
    }

    /// The session on whose behalf a transaction is.
    pub(super) fn session(&self, id: TransactionId) -> Option<SessionId> {
        None.or_else(|| self.invite_clients.get(&id).map(|t| t.about.session))
            .or_else(|| self.clients.get(&id).and_then(|t| t.about.session))
            .or_else(|| self.invite_servers.get(&id).and_then(|t| t.about.session))
            .or_else(|| self.servers.get(&id).and_then(|t| t.about.session))
    }

    /// Client transactions that send this way, without a final response.
    pub(super) fn open_on(&self, flow: Flow) -> Vec<TransactionId> {
        let same = |f: &Flow| f.transport == flow.transport && f.remote == flow.remote;
        let invites = self.invite_clients.iter().filter(|(_, t)| same(&t.about.flow)).map(|(id, _)| *id);
        let others = self.clients.iter().filter(|(_, t)| same(&t.about.flow)).map(|(id, _)| *id);
        invites.chain(others).collect()
    }

    fn forget_sent(&mut self, request: &Request) {
        let branch = request.top_via().and_then(|via| via.branch().map(str::to_owned));
        if let Some(branch) = branch {
            self.sent.remove(&SentKey(branch, request.method.clone()));
        }
    }

    fn forget_received(&mut self, about: &ReceivedAbout) {
        self.received.remove(&about.key);
        if let Some(merge) = &about.merge {
            self.merged.remove(merge);
        }
    }
}

impl Endpoint {
    pub(super) fn intervals(&self) -> Intervals {
        Intervals { t1: self.config.t1, t2: self.config.t2, t4: self.config.t4 }
    }

    /// Runs a step of a machine and sends what it sent.
    pub(super) fn step<R>(
        &mut self,
        now: Now,
        id: TransactionId,
        flow: Flow,
        session: Option<SessionId>,
        run: impl FnOnce(&mut Scope<'_>) -> R,
    ) -> R {
        let mut sends = Vec::new();
        let intervals = self.intervals();
        let out = run(&mut Scope {
            now: now.mono,
            intervals,
            transport: flow.transport,
            timers: &mut self.timers,
            owner: Owner::Transaction(id),
            sends: &mut sends,
        });
        for bytes in sends {
            self.transmit(flow, bytes, session);
        }
        out
    }

    pub(super) fn transmit(&mut self, flow: Flow, bytes: Bytes, session: Option<SessionId>) {
        self.outputs.push_back(Output::Transmit { flow, bytes, session });
    }

    /// Gives a request of ours the top Via of a new transaction.
    pub(super) fn stamp(&mut self, request: &mut Request, flow: Flow) {
        let transport = match flow.transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
        };
        let via = Via::new(transport, flow.local, &self.fresh_branch());
        request.headers.remove(&HeaderName::Via);
        request.headers.insert_first(HeaderName::Via, via);
    }

    fn index_sent(&mut self, request: &Request) -> TransactionId {
        let id = TransactionId(self.fresh());
        if let Some(branch) = request.top_via().and_then(|via| via.branch().map(str::to_owned)) {
            self.table.sent.insert(SentKey(branch, request.method.clone()), id);
        }
        id
    }

    /// Sends an INVITE.
    pub(super) fn start_invite(&mut self, now: Now, mut about: InviteAbout) -> TransactionId {
        self.stamp(&mut about.request, about.flow);
        let id = self.index_sent(&about.request);
        let bytes = about.request.to_bytes();
        let machine = self.step(now, id, about.flow, Some(about.session), |scope| {
            InviteClient::start(scope, bytes)
        });
        self.table.invite_clients.insert(id, InviteOut { machine, about });
        id
    }

    /// Sends another request.
    pub(super) fn start_request(&mut self, now: Now, mut about: RequestAbout) -> TransactionId {
        self.stamp(&mut about.request, about.flow);
        self.start_stamped(now, about)
    }

    /// Sends a request that has its Via (CANCEL has its INVITE's).
    pub(super) fn start_stamped(&mut self, now: Now, about: RequestAbout) -> TransactionId {
        let id = self.index_sent(&about.request);
        let bytes = about.request.to_bytes();
        let machine =
            self.step(now, id, about.flow, about.session, |scope| Client::start(scope, bytes));
        self.table.clients.insert(id, RequestOut { machine, about });
        id
    }

    /// Puts an INVITE of ours back after a step, or forgets it.
    pub(super) fn keep_invite(
        &mut self,
        id: TransactionId,
        machine: Option<InviteClient>,
        about: InviteAbout,
    ) {
        match machine {
            Some(machine) => {
                self.table.invite_clients.insert(id, InviteOut { machine, about });
            }
            None => {
                self.timers.stop_all(Owner::Transaction(id));
                self.table.forget_sent(&about.request);
            }
        }
    }

    /// Puts another request of ours back after a step, or forgets it.
    pub(super) fn keep_request(
        &mut self,
        id: TransactionId,
        machine: Option<Client>,
        about: RequestAbout,
    ) {
        match machine {
            Some(machine) => {
                self.table.clients.insert(id, RequestOut { machine, about });
            }
            None => {
                self.timers.stop_all(Owner::Transaction(id));
                self.table.forget_sent(&about.request);
            }
        }
    }

    /// Drops an INVITE of ours to which no final response will be waited for.
    pub(super) fn drop_invite(&mut self, id: TransactionId) -> Option<InviteAbout> {
        let InviteOut { about, .. } = self.table.invite_clients.remove(&id)?;
        self.timers.stop_all(Owner::Transaction(id));
        self.table.forget_sent(&about.request);
        Some(about)
    }

    /// Begins to serve a request of theirs whose top Via bears its source. `trying`: a 100 goes out.
    pub(super) fn serve(
        &mut self,
        now: Now,
        from: Flow,
        request: &Request,
        session: Option<SessionId>,
        trying: bool,
    ) -> Option<TransactionId> {
        let via = request.top_via()?;
        let key = ReceivedKey::new(request, &via, &request.method);
        let outside = request.to().is_some_and(|to| to.tag().is_none());
        let merge = MergeKey::new(request).filter(|key| {
            outside && request.method != Method::Cancel && !self.table.merged.contains_key(key)
        });
        let id = TransactionId(self.fresh());
        self.table.received.insert(key.clone(), id);
        if let Some(merge) = &merge {
            self.table.merged.insert(merge.clone(), id);
        }
        let about = ReceivedAbout { key, merge, flow: reply_flow(&via, from), session };
        if request.method == Method::Invite {
            let trying = trying.then(|| Response::reply_to(request, 100, None).to_bytes());
            let machine =
                self.step(now, id, about.flow, session, |scope| InviteServer::start(scope, trying));
            self.table.invite_servers.insert(id, InviteIn { machine, about });
        } else {
            self.table.servers.insert(id, RequestIn { machine: Server::start(), about });
        }
        Some(id)
    }

    /// Sends a response in its transaction.
    pub(super) fn respond(&mut self, now: Now, id: TransactionId, response: &Response) {
        if let Some(InviteIn { machine, about }) = self.table.invite_servers.remove(&id) {
            let (status, bytes) = (response.status, response.to_bytes());
            let machine = self.step(now, id, about.flow, about.session, |scope| {
                machine.respond(scope, status, bytes)
            });
            self.keep_invite_in(id, machine, about);
        } else if let Some(RequestIn { machine, about }) = self.table.servers.remove(&id) {
            let bytes = response.to_bytes();
            let machine =
                self.step(now, id, about.flow, about.session, |scope| machine.respond(scope, bytes));
            self.keep_request_in(id, machine, about);
        }
    }

    /// A request of theirs came again, or a minute is over and the last 1xx is to be repeated.
    pub(super) fn repeat(&mut self, now: Now, id: TransactionId) {
        if let Some(InviteIn { machine, about }) = self.table.invite_servers.remove(&id) {
            let machine =
                self.step(now, id, about.flow, about.session, |scope| machine.on_repeat(scope));
            self.keep_invite_in(id, machine, about);
        } else if let Some(RequestIn { machine, about }) = self.table.servers.remove(&id) {
            let machine =
                self.step(now, id, about.flow, about.session, |scope| machine.on_repeat(scope));
            self.keep_request_in(id, machine, about);
        }
    }

    /// An ACK matched an INVITE of theirs. True: it answers a 2xx.
    pub(super) fn ack_in_transaction(&mut self, now: Now, id: TransactionId) -> bool {
        let Some(InviteIn { machine, about }) = self.table.invite_servers.remove(&id) else {
            return false;
        };
        let (machine, told) =
            self.step(now, id, about.flow, about.session, |scope| machine.on_ack(scope));
        self.keep_invite_in(id, machine, about);
        told
    }

    /// A timer of a server transaction is due.
    pub(super) fn server_timer(&mut self, now: Now, id: TransactionId, timer: crate::transaction::Timer) {
        if let Some(InviteIn { machine, about }) = self.table.invite_servers.remove(&id) {
            let machine =
                self.step(now, id, about.flow, about.session, |scope| machine.on_timer(scope, timer));
            self.keep_invite_in(id, machine, about);
        } else if let Some(RequestIn { machine, about }) = self.table.servers.remove(&id) {
            let machine = machine.on_timer(timer);
            self.keep_request_in(id, machine, about);
        }
    }

    /// Where the responses of a transaction go.
    pub(super) fn reply_flow_of(&self, id: TransactionId) -> Option<Flow> {
        self.table.invite_servers.get(&id).map(|t| t.about.flow)
    }

    /// An INVITE of theirs has no final response yet.
    pub(super) fn is_unanswered(&self, id: TransactionId) -> bool {
        self.table.invite_servers.get(&id).is_some_and(|t| t.machine.is_open())
    }

    fn keep_invite_in(&mut self, id: TransactionId, machine: Option<InviteServer>, about: ReceivedAbout) {
        match machine {
            Some(machine) => {
                self.table.invite_servers.insert(id, InviteIn { machine, about });
            }
            None => {
                self.timers.stop_all(Owner::Transaction(id));
                self.table.forget_received(&about);
            }
        }
    }

    fn keep_request_in(&mut self, id: TransactionId, machine: Option<Server>, about: ReceivedAbout) {
        match machine {
            Some(machine) => {
                self.table.servers.insert(id, RequestIn { machine, about });
            }
            None => {
                self.timers.stop_all(Owner::Transaction(id));
                self.table.forget_received(&about);
            }
        }
    }

    /// What a message belongs to: a transaction's session, or a dialog's.
    pub(super) fn matches(&self, message: &Message) -> (bool, Option<SessionId>) {
        let transaction = match message {
            Message::Response(response) => self.table.answered_by(response),
            Message::Request(request) => self.table.of_request(request).or_else(|| {
                (request.method == Method::Cancel).then(|| self.table.cancelled_by(request))?
            }),
        };
        let dialog = match message {
            Message::Request(request) => crate::dialog::DialogId::of_request(request)
                .and_then(|id| self.dialogs.get(&id).copied()),
            Message::Response(_) => None,
        };
        let session = transaction.and_then(|id| self.table.session(id)).or(dialog);
        (transaction.is_some() || dialog.is_some(), session)
    }
}

/// Where responses to a request go: on UDP back to where it came from if it asks so (RFC 3581), else to the port of its
/// sent-by at that address (RFC 3261 section 18.2.2; maddr is not followed: it would let anybody aim our responses).
fn reply_flow(via: &Via, from: Flow) -> Flow {
    if from.transport == Transport::Tcp || via.wants_rport() {
        return from;
    }
    let mut flow = from;
    flow.remote.set_port(via.port.unwrap_or(5060));
    flow
}

/// Copies `headers` to a message, except what the endpoint alone writes. A name that may stand once replaces ours.
pub(super) fn add_headers(to: &mut Headers, headers: &Headers) {
    for header in headers {
        match header.name() {
            HeaderName::Via
            | HeaderName::From
            | HeaderName::To
            | HeaderName::CallId
            | HeaderName::CSeq
            | HeaderName::RecordRoute
            | HeaderName::ContentLength => {}
            HeaderName::MaxForwards
            | HeaderName::Contact
            | HeaderName::Allow
            | HeaderName::Supported
            | HeaderName::UserAgent
            | HeaderName::Server => to.set(header.name(), header.value()),
            _ => to.push_header(header.clone()),
        }
    }
}
