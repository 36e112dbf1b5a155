//! The contract between the [endpoint](crate::endpoint) and its user, the call switch.
//!
//! The endpoint owns transactions and dialogs. It answers by itself: 100 Trying, CANCEL (200, and 487
//! to the INVITE), BYE (200, or 481), OPTIONS (200 with what we support, 503 while draining), ACK
//! for 3xx-6xx, re-ACK of a repeated 2xx, ACK and BYE for a 2xx that comes after CANCEL or from a
//! second fork, 405/501/489/420/415/416/481/482/483/400/500 where RFC 3261 wants them, digest challenges on
//! requests for which it was given credentials, refreshes by UPDATE and 422 (RFC 4028), PRACK (RFC 3262). Everything else it tells its user.

pub use crate::transport::{NoSuchTransport, Transport};

use crate::message::{Headers, Method, NameAddr, Request, Response, Uri};
use bytes::Bytes;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use tandem_types::Termination;

/// Where a message came from, or is to go. For TCP and TLS, `remote` names the connection: the driver opens one
/// when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// By what.
    pub transport: Transport,
    /// Our socket.
    pub local: SocketAddr,
    /// Theirs.
    pub remote: SocketAddr,
}

/// One INVITE session (a dialog, or the early dialogs of one INVITE). Made by the endpoint, never
/// used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(pub u64);

/// One request that waits for its response (ours), or for ours (theirs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestKey(pub u64);

/// A body with its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// e.g. `application/sdp`.
    pub content_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// Name and password for answering challenges (RFC 7616). Whoever is answered can pass the answer off as theirs to whom it was
/// meant for, with a Request-URI of their choice in a re-INVITE: so nobody is answered but those whom it was given for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Never printed.
    pub password: tandem_types::Pii<String>,
    /// Answer only this realm; `None`: any that one of `hosts` names.
    pub realm: Option<String>,
    /// Only requests that go to these addresses are answered for.
    pub hosts: Vec<IpNet>,
}

impl Credentials {
    /// For requests that go there, too.
    pub fn also_for(mut self, flow: Flow) -> Self {
        self.hosts.push(flow.remote.ip().into());
        self
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// Session timers of our side (RFC 4028).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTimer {
    /// The interval that we want, in seconds.
    pub expires: u32,
    /// The shortest that we take, in seconds: anything below draws 422.
    pub min_se: u32,
}

/// Whether provisional responses are acknowledged (RFC 3262).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reliable {
    /// Only where the peer demands it.
    #[default]
    Off,
    /// Where the peer can: of ours those with a session description.
    Supported,
    /// Our INVITE demands it; of ours all, where the peer can.
    Required,
}

/// A new INVITE of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingInvite {
    /// Where the datagram goes (resolved by the user).
    pub flow: Flow,
    /// The peer by TCP, where `flow` is UDP and both are its: a message over 1300 bytes goes this way, and by `flow` after all where
    /// nobody listens there (RFC 3261 section 18.1.1). So do later requests of the dialog to the same host.
    pub large: Option<Flow>,
    /// Request-URI.
    pub target: Uri,
    /// From without a tag.
    pub from: NameAddr,
    /// To without a tag.
    pub to: NameAddr,
    /// Contact of ours, as the far end shall reach it.
    pub contact: Uri,
    /// Route set before the dialog (outbound proxy), top first.
    pub route: Vec<NameAddr>,
    /// Further headers in order, verbatim (P-Asserted-Identity, Alert-Info, User-to-User, ...).
    pub headers: Headers,
    /// The offer; `None`: delayed offer.
    pub body: Option<Body>,
    /// For 401 and 407.
    pub credentials: Option<Credentials>,
    /// Session timers; `None`: not asked for.
    pub session_timer: Option<SessionTimer>,
    /// Reliable provisional responses. Not asked for in an INVITE without an offer.
    pub reliable: Reliable,
}

/// A request of ours outside any dialog (REGISTER, OPTIONS).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingRequest {
    /// Where it goes.
    pub flow: Flow,
    /// Which.
    pub method: Method,
    /// Request-URI.
    pub target: Uri,
    /// From without a tag.
    pub from: NameAddr,
    /// To.
    pub to: NameAddr,
    /// Call-ID to use again (REGISTER refreshes keep theirs); `None`: a new one.
    pub call_id: Option<String>,
    /// CSeq number to use; with a given Call-ID it must rise.
    pub cseq: u32,
    /// Further headers, verbatim (Contact, Expires, ...).
    pub headers: Headers,
    /// For 401 and 407.
    pub credentials: Option<Credentials>,
}

/// What the endpoint is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A message that was parsed and whose source may speak to us. `from` is where it came from.
    Message {
        /// From where.
        from: Flow,
        /// What.
        message: crate::message::Message,
        /// A call that is taken while draining: somebody calls for help.
        urgent: bool,
    },
    /// Bytes to this flow could not be sent (ICMP unreachable, connection refused or closed).
    TransportFailed {
        /// Which.
        flow: Flow,
    },
    /// A connection is closed; nothing that was to go by it is known to be lost. The next request goes where the dialog's route or
    /// target says.
    Closed {
        /// Which.
        flow: Flow,
    },
    /// The user wants something.
    Command(Command),
}

/// What the user wants. A command for a session or key that is gone is a no-op.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Call somebody. `session` comes from [`Endpoint::allocate`](crate::endpoint::Endpoint::allocate).
    Invite {
        /// A fresh id.
        session: SessionId,
        /// The rest.
        invite: Box<OutgoingInvite>,
    },
    /// 101 to 199 to an incoming INVITE. With a body it is early media.
    Progress {
        /// Which.
        session: SessionId,
        /// Status.
        status: u16,
        /// Further headers.
        headers: Headers,
        /// Answer or nothing.
        body: Option<Body>,
        /// Whether it is to be acknowledged. One that has to wait for the PRACK of another goes out after it.
        reliable: Reliable,
    },
    /// 200 to an incoming INVITE. Repeated until ACKed.
    Accept {
        /// Which.
        session: SessionId,
        /// For 401 and 407 to what is sent in it later, the BYE included.
        credentials: Option<Credentials>,
        /// Further headers.
        headers: Headers,
        /// The answer, or our offer to a delayed one.
        body: Option<Body>,
    },
    /// 3xx to 6xx to an incoming INVITE that has no final response.
    Reject {
        /// Which.
        session: SessionId,
        /// Status.
        status: u16,
        /// Reason phrase; empty: the standard one.
        phrase: String,
        /// Further headers (Reason, Retry-After, Warning).
        headers: Headers,
    },
    /// ACK the 2xx to our INVITE or re-INVITE. The body is our answer to a delayed offer.
    Ack {
        /// Which.
        session: SessionId,
        /// The answer, if the 2xx held the offer.
        body: Option<Body>,
    },
    /// End it whatever its state: CANCEL (only after a 1xx; until then it is remembered), BYE, or 487/480 to an
    /// incoming one. `headers` (Reason) go on the CANCEL or BYE.
    Hangup {
        /// Which.
        session: SessionId,
        /// Further headers.
        headers: Headers,
    },
    /// A request inside the dialog: INVITE (re-INVITE), INFO, REFER, NOTIFY, UPDATE, MESSAGE. A challenge is answered with the
    /// credentials of [`Command::Invite`] or [`Command::Accept`].
    Request {
        /// Which.
        session: SessionId,
        /// Chosen by [`Endpoint::allocate_key`](crate::endpoint::Endpoint::allocate_key).
        key: RequestKey,
        /// Which.
        method: Method,
        /// Further headers (Refer-To, Event, Subscription-State, ...).
        headers: Headers,
        /// Body.
        body: Option<Body>,
    },
    /// Answer a request that arrived as [`Event::Request`] or [`Event::OutOfDialog`].
    Respond {
        /// Which.
        key: RequestKey,
        /// Status 200 to 699.
        status: u16,
        /// Reason phrase; empty: the standard one.
        phrase: String,
        /// Further headers.
        headers: Headers,
        /// Body.
        body: Option<Body>,
    },
    /// A request outside any dialog.
    Send {
        /// Chosen by `allocate_key`.
        key: RequestKey,
        /// The rest.
        request: Box<OutgoingRequest>,
    },
    /// A request in a dialog that the user keeps: NOTIFY of a subscription (RFC 6665).
    SendAsIs {
        /// Chosen by `allocate_key`.
        key: RequestKey,
        /// Where it goes.
        flow: Flow,
        /// What, but for Via and who we are.
        request: Box<Request>,
    },
    /// New INVITEs, SUBSCRIBEs and OPTIONS get 503 with this Retry-After from now on (or no longer).
    Drain {
        /// Seconds; `None`: stop draining.
        retry_after: Option<u32>,
    },
}

/// What the endpoint does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// Send these bytes.
    Transmit {
        /// Where.
        flow: Flow,
        /// What.
        bytes: Bytes,
        /// On whose behalf, for the trace.
        session: Option<SessionId>,
    },
    /// A message was taken (after matching), for the trace.
    Taken {
        /// From where.
        flow: Flow,
        /// Its session, if any.
        session: Option<SessionId>,
    },
    /// Tell the user.
    Event(Event),
}

/// Why a request of ours got no 2xx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// A final response of 3xx to 6xx. 401/407 only if no credentials fitted.
    Response(Box<Response>),
    /// Timer B or F.
    TimedOut,
    /// The transport said so.
    Unreachable,
    /// We cancelled it, and it ended so (487).
    Cancelled,
}

/// What the user is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// An INVITE outside any dialog. 100 has gone out. The user sends Progress, Accept or Reject.
    Invited {
        /// A new session.
        session: SessionId,
        /// From where.
        flow: Flow,
        /// The request.
        request: Box<Request>,
    },
    /// 101 to 199 to our INVITE. `early` tells early dialogs of one INVITE apart (the To tag; empty without).
    Progress {
        /// Which.
        session: SessionId,
        /// Early dialog.
        early: String,
        /// The response.
        response: Box<Response>,
    },
    /// 2xx to our first INVITE. The user must answer with Ack or Hangup (which ACKs first).
    Answered {
        /// Which.
        session: SessionId,
        /// The response.
        response: Box<Response>,
    },
    /// Our first INVITE failed; the session is gone.
    Failed {
        /// Which.
        session: SessionId,
        /// Why.
        failure: Failure,
    },
    /// ACK for our 2xx arrived.
    Acked {
        /// Which.
        session: SessionId,
        /// The answer to our offer in the 2xx (or to a re-INVITE's), if any.
        body: Option<Body>,
    },
    /// The PRACK of a provisional response that held our offer.
    Pracked {
        /// Which.
        session: SessionId,
        /// The answer.
        body: Body,
    },
    /// A request inside the dialog that the user must answer: INVITE, INFO, REFER, NOTIFY, UPDATE, MESSAGE. A second INVITE
    /// while one is open was already refused (491, or 500 with Retry-After).
    Request {
        /// Which.
        session: SessionId,
        /// For Respond.
        key: RequestKey,
        /// The request.
        request: Box<Request>,
    },
    /// The final response to [`Command::Request`] or [`Command::Send`]. A 2xx to a re-INVITE must be Acked.
    Response {
        /// Which request.
        key: RequestKey,
        /// Within a session or not.
        session: Option<SessionId>,
        /// 2xx, or why not.
        result: Result<Box<Response>, Failure>,
    },
    /// The session is over: BYE from them, our Hangup done (at once, not at the BYE's answer), CANCEL from them, no ACK (BYE was
    /// sent), 481 or time-out inside the dialog. Nothing more comes of it.
    Ended {
        /// Which.
        session: SessionId,
        /// Whose doing and why. `by` is Caller when the far end did it and Gateway when we did: the user
        /// knows who the far end is.
        end: Termination,
        /// The request that ended it, for its headers (Reason).
        request: Option<Box<Request>>,
    },
    /// The session has to be refreshed and the far end takes no UPDATE: the user sends a re-INVITE with the session as it is. If that
    /// fails, or does not come, this is told again.
    Refresh {
        /// Which.
        session: SessionId,
    },
    /// A request outside any dialog of a session that the user must answer: REGISTER, MESSAGE, SUBSCRIBE (also in the dialog that it
    /// made; see [`Endpoint::tag_for`](crate::endpoint::Endpoint::tag_for)), and NOTIFY or REFER outside of dialogs if they are allowed.
    OutOfDialog {
        /// For Respond.
        key: RequestKey,
        /// From where.
        flow: Flow,
        /// The request.
        request: Box<Request>,
    },
}

/// What the endpoint is made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointConfig {
    /// `User-Agent` and `Server`.
    pub product: String,
    /// Methods in `Allow`.
    pub allow: Vec<Method>,
    /// Option tags in `Supported`; any other in `Require` draws 420. With `100rel` provisional responses can be
    /// reliable, and PRACK has to be in `allow`.
    pub supported: Vec<String>,
    /// Event packages that are let through to the user; any other SUBSCRIBE draws 489.
    pub event_packages: Vec<String>,
    /// Session timers for INVITEs of theirs; `None`: we take no part.
    pub session_timer: Option<SessionTimer>,
    /// Shard number, written into every tag, branch and Call-ID that we make.
    pub shard: u8,
    /// RFC 3261 T1.
    pub t1: Duration,
    /// RFC 3261 T2.
    pub t2: Duration,
    /// RFC 3261 T4.
    pub t4: Duration,
}

/// How much is alive, for `assert_eq!(endpoint.census(), Census::default())` at the end of a test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// INVITE client transactions.
    pub invite_client: usize,
    /// Other client transactions.
    pub client: usize,
    /// INVITE server transactions.
    pub invite_server: usize,
    /// Other server transactions.
    pub server: usize,
    /// Sessions.
    pub sessions: usize,
}
