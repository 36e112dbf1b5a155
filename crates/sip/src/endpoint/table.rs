//! The transactions of an endpoint, and what finds them (RFC 3261 sections 17.1.3 and 17.2.3).

use super::auth::Auth;
use crate::api::{Flow, RequestKey, SessionId, Transport};
use crate::message::{HeaderName, Host, Method, Request, Response, Via};
use crate::transaction::{Client, InviteClient, InviteServer, Server, TransactionId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// All transactions and what finds them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    /// INVITEs of ours. Boxed, as they are large, and a tree moves what is beside what comes and goes.
    pub(super) invite_clients: BTreeMap<TransactionId, Box<InviteOut>>,
    /// Other requests of ours.
    pub(super) clients: BTreeMap<TransactionId, Box<RequestOut>>,
    /// INVITEs of theirs.
    pub(super) invite_servers: BTreeMap<TransactionId, InviteIn>,
    /// Other requests of theirs.
    pub(super) servers: BTreeMap<TransactionId, RequestIn>,
    /// By what peers write, of which thousands are kept for 32 s: a tree would look at a dozen of them, each somewhere else in memory.
    pub(super) sent: HashMap<SentKey, TransactionId>,
    pub(super) received: HashMap<ReceivedKey, TransactionId>,
    /// Requests of theirs outside dialogs, for finding those that came twice by different ways.
    pub(super) merged: HashMap<MergeKey, TransactionId>,
}

/// The other way that a request of ours may go, if there is one: TCP while it is small enough for UDP; UDP once it was too
/// large for that and goes by TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Other(pub(super) Option<Flow>);

impl Other {
    fn by(self, transport: Transport) -> Option<Flow> {
        self.0.filter(|flow| flow.transport == transport)
    }

    /// Where it goes if it is large.
    pub(super) fn tcp(self) -> Option<Flow> {
        self.by(Transport::Tcp)
    }

    /// Where it was meant to go before it proved too large.
    pub(super) fn udp(self) -> Option<Flow> {
        self.by(Transport::Udp)
    }

    /// The flow of the dialog, if an answer came by `from`: that one large message went by TCP changes nothing.
    pub(super) fn of_dialog(self, from: Flow) -> Flow {
        self.udp().unwrap_or(from)
    }
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
    /// See [`Other`].
    pub(super) other: Other,
    /// Whose.
    pub(super) session: SessionId,
    /// The user's key of a re-INVITE.
    pub(super) key: Option<RequestKey>,
    /// For challenges.
    pub(super) auth: Auth,
    /// The ACK of each 2xx by its To tag; `None`: the user has not given it yet.
    /// Boxed, as a tree has room for eleven from the first on.
    pub(super) acks: BTreeMap<String, Option<Box<(Flow, Bytes)>>>,
    /// How often its session interval was raised.
    pub(super) raised: u8,
}

impl InviteAbout {
    /// A 2xx has come. For the 32 s in which there may be others, what tells whose they are and what answers them is kept.
    pub(super) fn answered(&mut self) {
        self.request.body = Bytes::new();
        self.request.headers.keep(|name| {
            matches!(
                name,
                HeaderName::Via
                    | HeaderName::From
                    | HeaderName::To
                    | HeaderName::CallId
                    | HeaderName::CSeq
                    | HeaderName::Contact
                    | HeaderName::Authorization
                    | HeaderName::ProxyAuthorization
            )
        });
    }
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
    /// See [`Other`].
    pub(super) other: Other,
    /// Whose.
    pub(super) session: Option<SessionId>,
    /// The user's key; `None`: BYE, CANCEL and refreshes, which are the endpoint's own.
    pub(super) key: Option<RequestKey>,
    /// For challenges.
    pub(super) auth: Auth,
    /// How often its session interval was raised.
    pub(super) raised: u8,
}

/// An INVITE of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InviteIn {
    pub(super) machine: InviteServer,
    pub(super) about: ReceivedAbout,
}

/// Another request of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestIn {
    pub(super) machine: Server,
    pub(super) about: ReceivedAbout,
}

/// What a request of theirs is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReceivedAbout {
    pub(super) key: ReceivedKey,
    pub(super) merge: Option<MergeKey>,
    /// Where responses go.
    pub(super) flow: Flow,
    pub(super) session: Option<SessionId>,
}

/// Branch and the method of CSeq.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct SentKey(pub(super) String, pub(super) Method);

/// Branch, sent-by and method; ACK has its INVITE's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct ReceivedKey(String, (Host, u16), Method);

/// Call-ID, From tag and CSeq (RFC 3261 section 8.2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct MergeKey(String, String, u32, Method);

impl ReceivedKey {
    /// For a request with this top Via. A branch without the magic cookie names nothing by itself: Call-ID, From
    /// tag, CSeq and Request-URI stand in for it.
    pub(super) fn new(request: &Request, via: &Via, method: &Method) -> Self {
        let branch = via.magic_branch().map_or_else(
            || {
                let cseq = request.cseq().map_or(0, |cseq| cseq.number);
                let tag = crate::dialog::tag_of(request.from());
                format!(
                    "{}|{tag}|{cseq}|{}",
                    request.call_id().unwrap_or_default(),
                    request.uri
                )
            },
            str::to_owned,
        );
        let host = match &via.host {
            Host::Name(name) => Host::Name(name.to_ascii_lowercase().into()),
            address => address.clone(),
        };
        let sent_by = (host, via.port.unwrap_or(5060));
        let method = if *method == Method::Ack {
            Method::Invite
        } else {
            method.clone()
        };
        Self(branch, sent_by, method)
    }
}

impl MergeKey {
    pub(super) fn new(request: &Request) -> Option<Self> {
        let cseq = request.cseq()?;
        let tag = crate::dialog::tag_of(request.from());
        Some(Self(
            request.call_id()?.to_owned(),
            tag,
            cseq.number,
            cseq.method,
        ))
    }
}

impl Table {
    /// Takes an INVITE of ours out, for a step of its machine.
    pub(super) fn take_invite(&mut self, id: TransactionId) -> Option<InviteOut> {
        self.invite_clients.remove(&id).map(|t| *t)
    }

    /// The same of another request.
    pub(super) fn take_request(&mut self, id: TransactionId) -> Option<RequestOut> {
        self.clients.remove(&id).map(|t| *t)
    }

    /// The transaction of ours that a response answers.
    pub(super) fn answered_by(&self, response: &Response) -> Option<TransactionId> {
        let branch = response.top_via()?.magic_branch()?.to_owned();
        self.sent
            .get(&SentKey(branch, response.cseq()?.method))
            .copied()
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
        self.received
            .get(&ReceivedKey::new(request, request.top_via()?, method))
            .copied()
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

    /// Where a request of theirs came from.
    pub(super) fn source(&self, id: TransactionId) -> Option<IpAddr> {
        let invite = self.invite_servers.get(&id).map(|t| &t.about);
        let about = invite.or_else(|| self.servers.get(&id).map(|t| &t.about))?;
        Some(about.flow.remote.ip())
    }

    /// The other way of a request of ours.
    pub(super) fn other(&self, id: TransactionId) -> Other {
        let invite = self.invite_clients.get(&id).map(|t| t.about.other);
        let request = || self.clients.get(&id).map(|t| t.about.other);
        invite.or_else(request).unwrap_or_default()
    }

    /// Client transactions that send this way, without a final response.
    pub(super) fn open_on(&self, flow: Flow) -> Vec<TransactionId> {
        let same = |f: &Flow| f.transport == flow.transport && f.remote == flow.remote;
        let invites = self
            .invite_clients
            .iter()
            .filter(|(_, t)| same(&t.about.flow))
            .map(|(id, _)| *id);
        let others = self
            .clients
            .iter()
            .filter(|(_, t)| same(&t.about.flow))
            .map(|(id, _)| *id);
        invites.chain(others).collect()
    }

    pub(super) fn forget_sent(&mut self, request: &Request) {
        let branch = request
            .top_via()
            .and_then(|via| via.branch().map(str::to_owned));
        if let Some(branch) = branch {
            self.sent.remove(&SentKey(branch, request.method.clone()));
        }
    }

    pub(super) fn forget_received(&mut self, about: &ReceivedAbout) {
        self.received.remove(&about.key);
        if let Some(merge) = &about.merge {
            self.merged.remove(merge);
        }
    }
}
