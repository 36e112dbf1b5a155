//! The contract between the switch and its driver.

use crate::{callbacks::OwedBefore, mailboxes::Held};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tandem_sip::api::{Flow, Transport};
use tandem_types::{
    CallId, MessageId, Pii,
    dns::{Answer, Question},
    journal::Event,
    media::{MediaCommand, MediaEvent},
    provider::{ProviderCommand, ProviderEvent},
};

/// What the switch is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// One datagram, or one framed message of a stream.
    Packet {
        /// From where.
        from: Flow,
        /// What.
        bytes: Bytes,
    },
    /// Bytes to this flow could not be sent.
    TransportFailed {
        /// Which.
        flow: Flow,
    },
    /// A connection is closed.
    Closed {
        /// Which.
        flow: Flow,
    },
    /// From the media graph.
    Media(MediaEvent),
    /// From a provider.
    Provider(ProviderEvent),
    /// What the name service said.
    Named {
        /// Of what.
        question: Question,
        /// `None`: nothing of use, or nothing at all.
        answer: Option<Answer>,
    },
    /// From an admin.
    Admin(Admin),
}

/// What an admin may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Admin {
    /// End a call now.
    Hangup(CallId),
    /// Let the recording of a call rest, or go on.
    PauseRecording {
        /// Which.
        call: CallId,
        /// Rest.
        paused: bool,
    },
    /// Take no new calls; running ones go on. The trunks that we registered with are told.
    Drain,
    /// Queues do not ring this person any more, or do again.
    Pause {
        /// What their phone registers as, else what is dialled: see [`crate::person_of`].
        person: String,
        /// Not.
        paused: bool,
    },
    /// People who were paused in an earlier run: whom, and whether they had not answered.
    PausedBefore(Vec<(String, bool)>),
    /// Who is still to be called back of those who asked in earlier runs.
    CallbacksBefore(OwedBefore),
    /// Nobody is to be called back any more who asked in this call.
    CancelCallback(CallId),
    /// Messages of earlier runs.
    Messages(Vec<Held>),
    /// Something is done with a message.
    Message {
        /// Which.
        message: MessageId,
        /// What.
        act: MessageAct,
    },
    /// Set the override that `[[when]]` rules of this name ask for, or take it back.
    Override(Option<String>),
    /// End every call with a goodbye: the drain time is over.
    HangupAll,
}

/// What is done with a message from outside of calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageAct {
    /// Somebody has heard it.
    Heard,
    /// It is deleted.
    Delete,
    /// This was said in it.
    Transcribed(String),
    /// A mail about it is on its way to these.
    Mailed(Vec<String>),
    /// No mail server has taken the mail about it.
    Unmailed {
        /// What went wrong.
        why: String,
        /// It is not tried again.
        given_up: bool,
    },
}

/// A server that is called by TLS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecureServer {
    /// Where it is.
    pub remote: SocketAddr,
    /// The name that the plan writes, or its IP address.
    pub name: String,
    /// The trunk whose server it is.
    pub trunk: String,
}

/// A call that was turned away, for the admin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedAway {
    /// From where.
    pub source: std::net::IpAddr,
    /// Who called; empty when withheld.
    pub from: String,
    /// The number that was called, as the Request-URI has it.
    pub called: String,
    /// The answer; `None` is silence.
    pub status: Option<u16>,
    /// Why.
    pub why: String,
    /// Which line of the configuration would let it in.
    pub cure: Option<String>,
}

/// What the switch does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Written before the other outputs of the same step go out. Boxed: it is large, and goes from queue
    /// to queue until it is on disk.
    Journal(Box<Event>),
    /// Send these bytes.
    Transmit {
        /// Where.
        flow: Flow,
        /// What.
        bytes: Bytes,
    },
    /// To the media graph.
    Media(MediaCommand),
    /// To a provider.
    Provider(ProviderCommand),
    /// Nobody is to hear this message any more: a file in the directory for recordings.
    Erase {
        /// Which.
        file: String,
    },
    /// Ask the name service.
    Lookup(Question),
    /// These servers are called by TLS, and each has to prove its name: all of them, in place of what was told before.
    Servers(Vec<SecureServer>),
    /// A message for the call's trace, credentials still in it (the ring removes them).
    Trace {
        /// Whose; `None`: no call's, and told only where the plan has a capture server.
        call: Option<CallId>,
        /// We sent it.
        sent: bool,
        /// Where.
        flow: Flow,
        /// What.
        bytes: Bytes,
    },
    /// A peer of a trunk that is asked by OPTIONS does not answer any more, or does again.
    Peer {
        /// Name of the trunk.
        trunk: String,
        /// As the plan writes it.
        peer: String,
        /// It answers.
        up: bool,
    },
    /// A new call was refused because there are too many.
    Limited {
        /// `node-full`, `trunk-full`, `trunk-rate`.
        why: &'static str,
    },
    /// A call was turned away.
    TurnedAway(Box<TurnedAway>),
    /// One stable line for fail2ban: something was refused.
    Refused {
        /// From where.
        from: SocketAddr,
        /// `unknown-source`, `wrong-password`, `malformed`, `not-allowed`, `too-short` (the answer would have been longer).
        why: &'static str,
        /// It is counted alone: there were lines enough about that address.
        quiet: bool,
    },
    /// An address has guessed passwords too often.
    Banned {
        /// Which.
        source: IpAddr,
        /// Nothing of it is heard for so long.
        span: Duration,
    },
}

/// What the switch is made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchConfig {
    /// Our listeners as peers shall see them; [`Flow::local`] is always one of these.
    pub listen: Vec<(Transport, SocketAddr)>,
    /// Shard number.
    pub shard: u8,
    /// Keys the nonces of digest challenges; from the system's random numbers.
    pub nonce_secret: Pii<[u8; 32]>,
    /// What the keys of SRTP are made of; from there too.
    pub srtp_secret: Pii<[u8; 32]>,
    /// Seeds tags, branches and ids.
    pub seed: u64,
}

/// How much is alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// Calls.
    pub calls: usize,
    /// Legs of calls.
    pub legs: usize,
    /// Phones' subscriptions.
    pub subscriptions: usize,
    /// Transactions and sessions of the SIP endpoint.
    pub sip: tandem_sip::api::Census,
}
