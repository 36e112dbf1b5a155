//! Every call ends with a [`Termination`]; every leg that fails has a typed [`Reason`].

use serde::{Deserialize, Serialize};

/// Whose act it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The one who called in.
    Caller,
    /// The person (or far end) that we called.
    Callee,
    /// An AI agent: goodbye was said.
    Agent,
    /// Tandem itself: limits, time-outs, drain.
    Gateway,
    /// An admin's command.
    Admin,
}

/// Why a leg or a call ended, or why it never began. Q.850 causes are read before SIP codes
/// (RFC 3326); a phone's 603 is a decline, a trunk's a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Hung up after being connected.
    Normal,
    /// Gave up before answer (CANCEL).
    Cancelled,
    /// Somebody else of the same attempt took it.
    ElsewhereAnswered,
    /// 486, 600, Q.850 17.
    Busy,
    /// Rang out: our ring time, 408 after ringing, 480, Q.850 18, 19.
    NoAnswer,
    /// A person said no: key, 603 from a phone, Q.850 21.
    Declined,
    /// A network said no: 603 or 403 from a trunk, 607, 608.
    Blocked,
    /// Answered, then neither took nor declined.
    Silent,
    /// No route, no response: 503, 504, time-out, Q.850 34, 38, 41, 42.
    Unreachable,
    /// 404, 484, 604, Q.850 1, 28.
    WrongNumber,
    /// 488, 415, no codec in common.
    NoCodec,
    /// 3xx, which we do not follow.
    Moved,
    /// The far end asked for something that the plan does not allow.
    NotAllowed,
    /// Nothing was heard on the leg.
    NoMedia,
    /// The peer broke the protocol (no ACK, dialog unknown, unusable offer).
    Protocol,
    /// The peer stopped answering in a dialog.
    Lost,
    /// Overload, no port, no slot.
    Capacity,
    /// Outside the hours of those who were to be reached.
    Closed,
    /// The gateway is draining.
    Draining,
    /// REFER succeeded: the call went on without us.
    Transferred,
    /// A limit of the plan (length, hops).
    Limit,
    /// No entry of the dialplan fits.
    NoRoute,
    /// Our own fault; the log has the story.
    Internal,
}

/// How a call or a leg came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Termination {
    /// Whose act it was.
    pub by: Party,
    /// Why.
    pub reason: Reason,
    /// The SIP status or 0.
    pub sip: u16,
    /// The Q.850 cause or 0.
    pub q850: u8,
}

impl Termination {
    /// An end without codes.
    pub fn new(by: Party, reason: Reason) -> Self {
        Self {
            by,
            reason,
            sip: 0,
            q850: 0,
        }
    }
}
