//! What goes into a phone and what comes out.

use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use tandem_sdp::Direction;
use tandem_sip::{
    api::Flow,
    message::{Headers, NameAddr, Uri},
};
use tandem_types::{Party, Reason, media::Codec};

/// What a phone is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// One datagram, or one framed message of a stream, on its SIP socket.
    Sip {
        /// From where.
        from: Flow,
        /// What.
        bytes: Bytes,
    },
    /// A datagram on its RTP socket.
    Rtp {
        /// From where.
        from: SocketAddr,
        /// What.
        bytes: Bytes,
    },
    /// SIP to this flow could not be sent.
    TransportFailed {
        /// Which.
        flow: Flow,
    },
    /// Its user does something.
    Do(Act),
}

/// What a user does. An act that makes no sense now (hang up with no call) is a no-op.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Registers, and stays registered.
    Register,
    /// Gives the registration up.
    Unregister,
    /// Calls somebody.
    Call {
        /// Request-URI and To.
        target: Uri,
        /// Where the INVITE goes; `None`: to the target's address, or else to the registrar.
        flow: Option<Flow>,
        /// Further headers.
        headers: Headers,
    },
    /// 180 to the call that came in.
    Ring,
    /// 183 with an answer: early media.
    EarlyMedia,
    /// 200.
    Answer,
    /// Refuses the call that came in.
    Reject {
        /// 300 to 699.
        status: u16,
        /// e.g. Reason.
        headers: Headers,
    },
    /// CANCEL, BYE or 480, whichever fits.
    Hangup,
    /// re-INVITE with this direction: `SendOnly` (with music: change the voice), `Inactive`.
    Hold(Direction),
    /// re-INVITE with the address 0.0.0.0 and no direction: hold as RFC 2543 had it (RFC 3264 section 8.4).
    HoldByAddress,
    /// re-INVITE, both ways again.
    Resume,
    /// Presses a key: 100 ms by RFC 4733, or INFO where no events were agreed.
    Press(char),
    /// Says these 8 kHz samples once, instead of the voice while they last. A second one waits.
    Say(Arc<Vec<i16>>),
    /// Changes the voice.
    Speak(crate::Voice),
    /// Transfers the far end: REFER.
    Refer {
        /// Refer-To.
        to: Uri,
    },
    /// Calls somebody else; the call in its ear waits on hold.
    Consult {
        /// Request-URI and To.
        target: Uri,
    },
    /// Transfers the far end that waits to the one in its ear: REFER with Replaces (RFC 5589 section 7).
    Complete,
    /// Subscribes to the state of an extension (RFC 6665), once.
    Watch {
        /// Its number.
        whom: String,
        /// `dialog`, `message-summary`.
        package: String,
        /// For so many seconds.
        expires: u32,
    },
    /// Changes what it does with incoming calls.
    Incoming(crate::Incoming),
    /// Changes what it does with a REFER.
    AcceptRefer(crate::ReferPolicy),
    /// Sends no RTP (a muted phone with silence suppression), or again.
    SendNoRtp(bool),
    /// Is dead: takes nothing, sends nothing, no timer runs, until told otherwise.
    IgnoreEverything(bool),
}

/// What a phone does.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send on its SIP socket.
    Sip {
        /// Where.
        flow: Flow,
        /// What.
        bytes: Bytes,
    },
    /// Send on its RTP socket.
    Rtp {
        /// Where.
        to: SocketAddr,
        /// What.
        bytes: Bytes,
    },
    /// Tell its user.
    Happened(PhoneEvent),
}

/// What a user notices.
#[derive(Clone, Debug, PartialEq)]
pub enum PhoneEvent {
    /// The registrar took it, for so many seconds.
    Registered {
        /// Seconds; 0: no longer registered.
        expires: u32,
    },
    /// The registrar did not (0: no answer).
    NotRegistered {
        /// Status or 0.
        status: u16,
    },
    /// Somebody calls.
    Incoming {
        /// Called user part.
        to: String,
        /// From.
        from: Box<NameAddr>,
        /// P-Asserted-Identity, Remote-Party-ID, Alert-Info, User-to-User, Call-Info, Diversion, History-Info, Subject,
        /// Referred-By, Replaces and everything that begins with X-.
        headers: Headers,
    },
    /// 18x to our call.
    Ringing {
        /// 180 to 183.
        status: u16,
        /// It held an answer, so early media may come.
        early_media: bool,
    },
    /// The call is up.
    Answered {
        /// What is spoken.
        codec: Codec,
    },
    /// The far end put us on hold, or took us off.
    Held(bool),
    /// The call is over, after it was answered or (incoming) before.
    Ended {
        /// `Callee`: the far end did it; `Caller`: we did.
        by: Party,
        /// Why.
        reason: Reason,
        /// The text of its Reason header, if it had one.
        text: Option<String>,
    },
    /// Our call or request did not succeed (0: no answer).
    Failed {
        /// Status or 0.
        status: u16,
    },
    /// A key came (RFC 4733 or INFO).
    Digit(char),
    /// A NOTIFY about our REFER, or the answer to it where that was no 2xx.
    ReferProgress {
        /// Status of the sipfrag.
        status: u16,
    },
    /// What was subscribed to is so now.
    Notified {
        /// Subscription-State.
        state: String,
        /// The document.
        body: String,
    },
    /// The answer to a subscription.
    Watching {
        /// Its status; 0: no answer.
        status: u16,
    },
    /// The far end asked us to call somebody.
    Referred {
        /// Refer-To as written.
        to: String,
    },
}
