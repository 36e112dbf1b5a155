//! Running the transactions of the table: started, stepped, answered, forgotten.

use super::{
    Endpoint,
    table::{
        InviteAbout, InviteIn, InviteOut, MergeKey, Other, ReceivedAbout, ReceivedKey,
        RequestAbout, RequestIn, RequestOut, SentKey,
    },
};
use crate::api::{Flow, Output, SessionId};
use crate::dialog::DialogId;
use crate::message::{HeaderName, Message, Method, Request, Response, Via};
use crate::transaction::{
    Client, Intervals, InviteClient, InviteServer, Owner, Scope, Server, Timer, TransactionId,
};
use bytes::Bytes;
use std::net::SocketAddr;
use tandem_types::Now;

impl Endpoint {
    pub(super) fn intervals(&self) -> Intervals {
        Intervals {
            t1: self.config.t1,
            t2: self.config.t2,
            t4: self.config.t4,
        }
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
        self.outputs.push_back(Output::Transmit {
            flow,
            bytes,
            session,
        });
    }

    /// Gives a request of ours the top Via of a new transaction.
    pub(super) fn stamp(&mut self, request: &mut Request, flow: Flow) {
        let via = Via::new(
            flow.transport.name(),
            sent_by(request, flow),
            &self.fresh_branch(),
        );
        request.headers.remove(&HeaderName::Via);
        request.headers.push_via(via);
    }

    fn index_sent(&mut self, request: &Request) -> TransactionId {
        let id = TransactionId(self.fresh());
        if let Some(branch) = request
            .top_via()
            .and_then(|via| via.branch().map(str::to_owned))
        {
            self.table
                .sent
                .insert(SentKey(branch, request.method.clone()), id);
        }
        id
    }

    /// Sends an INVITE.
    pub(super) fn start_invite(&mut self, now: Now, mut about: InviteAbout) -> TransactionId {
        let bytes = self.set_out(now, &mut about.request, &mut about.flow, &mut about.other);
        let id = self.index_sent(&about.request);
        let machine = self.step(now, id, about.flow, Some(about.session), |scope| {
            InviteClient::start(scope, bytes)
        });
        self.table
            .invite_clients
            .insert(id, InviteOut { machine, about }.into());
        id
    }

    /// Sends another request.
    pub(super) fn start_request(&mut self, now: Now, mut about: RequestAbout) -> TransactionId {
        let bytes = self.set_out(now, &mut about.request, &mut about.flow, &mut about.other);
        self.start_written(now, about, bytes)
    }

    /// Sends a request of the endpoint's own in a session (BYE, PRACK, a refresh): its user is not told what comes of it.
    pub(super) fn start_own(
        &mut self,
        now: Now,
        session: SessionId,
        mut request: Request,
        flow: Flow,
    ) {
        let auth = self.authorize(session, &mut request, flow);
        let about = RequestAbout {
            request,
            flow,
            other: Other::default(),
            session: Some(session),
            key: None,
            auth,
            raised: 0,
        };
        let id = self.start_request(now, about);
        if let Some(s) = self.sessions.get_mut(&session) {
            s.open.insert(id);
        }
    }

    /// Sends a request that has its Via (CANCEL has its INVITE's).
    pub(super) fn start_stamped(&mut self, now: Now, about: RequestAbout) -> TransactionId {
        let bytes = about.request.to_bytes();
        self.start_written(now, about, bytes)
    }

    fn start_written(&mut self, now: Now, about: RequestAbout, bytes: Bytes) -> TransactionId {
        let id = self.index_sent(&about.request);
        let machine = self.step(now, id, about.flow, about.session, |scope| {
            Client::start(scope, bytes)
        });
        self.table
            .clients
            .insert(id, RequestOut { machine, about }.into());
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
                self.table
                    .invite_clients
                    .insert(id, InviteOut { machine, about }.into());
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
                self.table
                    .clients
                    .insert(id, RequestOut { machine, about }.into());
            }
            None => {
                self.timers.stop_all(Owner::Transaction(id));
                self.table.forget_sent(&about.request);
            }
        }
    }

    /// Drops an INVITE of ours to which no final response will be waited for.
    pub(super) fn drop_invite(&mut self, id: TransactionId) -> Option<InviteAbout> {
        let InviteOut { about, .. } = self.table.take_invite(id)?;
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
        let key = ReceivedKey::new(request, via, &request.method);
        let outside = request.to().is_some_and(|to| to.tag().is_none());
        let merge = MergeKey::new(request).filter(|key| {
            outside && request.method != Method::Cancel && !self.table.merged.contains_key(key)
        });
        let id = TransactionId(self.fresh());
        self.table.received.insert(key.clone(), id);
        if let Some(merge) = &merge {
            self.table.merged.insert(merge.clone(), id);
        }
        let about = ReceivedAbout {
            key,
            merge,
            flow: reply_flow(via, from),
            session,
        };
        if request.method == Method::Invite {
            let trying = trying.then(|| Response::reply_to(request, 100, None).to_bytes());
            let machine = self.step(now, id, about.flow, session, |scope| {
                InviteServer::start(scope, trying)
            });
            self.table
                .invite_servers
                .insert(id, InviteIn { machine, about });
        } else {
            self.table.servers.insert(
                id,
                RequestIn {
                    machine: Server::start(),
                    about,
                },
            );
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
            let machine = self.step(now, id, about.flow, about.session, |scope| {
                machine.respond(scope, bytes)
            });
            self.keep_request_in(id, machine, about);
        }
    }

    /// A request of theirs came again, or a minute is over and the last 1xx is to be repeated.
    pub(super) fn repeat(&mut self, now: Now, id: TransactionId) {
        if let Some(InviteIn { machine, about }) = self.table.invite_servers.remove(&id) {
            let machine = self.step(now, id, about.flow, about.session, |scope| {
                machine.on_repeat(scope)
            });
            self.keep_invite_in(id, machine, about);
        } else if let Some(RequestIn { machine, about }) = self.table.servers.remove(&id) {
            let machine = self.step(now, id, about.flow, about.session, |scope| {
                machine.on_repeat(scope)
            });
            self.keep_request_in(id, machine, about);
        }
    }

    /// An ACK matched an INVITE of theirs. True: it answers a 2xx.
    pub(super) fn ack_in_transaction(&mut self, now: Now, id: TransactionId) -> bool {
        let Some(InviteIn { machine, about }) = self.table.invite_servers.remove(&id) else {
            return false;
        };
        let (machine, told) = self.step(now, id, about.flow, about.session, |scope| {
            machine.on_ack(scope)
        });
        self.keep_invite_in(id, machine, about);
        told
    }

    /// A timer of a server transaction is due.
    pub(super) fn server_timer(&mut self, now: Now, id: TransactionId, timer: Timer) {
        if let Some(InviteIn { machine, about }) = self.table.invite_servers.remove(&id) {
            let machine = self.step(now, id, about.flow, about.session, |scope| {
                machine.on_timer(scope, timer)
            });
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
        self.table
            .invite_servers
            .get(&id)
            .is_some_and(|t| t.machine.is_open())
    }

    fn keep_invite_in(
        &mut self,
        id: TransactionId,
        machine: Option<InviteServer>,
        about: ReceivedAbout,
    ) {
        match machine {
            Some(machine) => {
                self.table
                    .invite_servers
                    .insert(id, InviteIn { machine, about });
            }
            None => {
                self.timers.stop_all(Owner::Transaction(id));
                self.table.forget_received(&about);
            }
        }
    }

    fn keep_request_in(
        &mut self,
        id: TransactionId,
        machine: Option<Server>,
        about: ReceivedAbout,
    ) {
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

    /// The session that a message belongs to: its transaction's, or its dialog's.
    pub(super) fn matches(&self, message: &Message) -> Option<SessionId> {
        let transaction = match message {
            Message::Response(response) => self.table.answered_by(response),
            Message::Request(request) => self.table.of_request(request).or_else(|| {
                (request.method == Method::Cancel).then(|| self.table.cancelled_by(request))?
            }),
        };
        let dialog = match message {
            Message::Request(request) => {
                DialogId::of_request(request).and_then(|id| self.dialogs.get(&id).copied())
            }
            Message::Response(_) => None,
        };
        transaction.and_then(|id| self.table.session(id)).or(dialog)
    }
}

/// Where responses to a request go: on UDP back to where it came from if it asks so (RFC 3581), else to the port of its
/// sent-by at that address (RFC 3261 section 18.2.2; maddr is not followed: it would let anybody aim our responses).
fn reply_flow(via: &Via, from: Flow) -> Flow {
    if from.transport.is_stream() || via.wants_rport() {
        return from;
    }
    let mut flow = from;
    flow.remote.set_port(via.port.unwrap_or(5060));
    flow
}

/// Our socket; where that is bound to all addresses, what our Contact says.
fn sent_by(request: &Request, flow: Flow) -> SocketAddr {
    let bound = !flow.local.ip().is_unspecified();
    let contact = request.contact().filter(|_| !bound);
    contact
        .and_then(|c| c.uri.socket_addr(flow.local.port()))
        .unwrap_or(flow.local)
}
