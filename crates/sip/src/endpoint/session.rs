//! One INVITE session, from our side.
//!
//! ```text
//!                  3xx-6xx, no response: Failed                  CANCEL, BYE, Expires, Reject,
//!                 ^            ^                                 Hangup (480): Ended
//!  Invite         |            |                                ^
//!  -----> Calling --1xx--> Proceeding        INVITE -----> Invited
//!           |  |               |  |                             |
//!   Hangup: |  |2xx            |  | 2xx: Answered        Accept |
//!   noted   |  +---------------|--+-------------> Up <----------+
//!           |           Hangup:|                  |  \
//!       1xx |           CANCEL |                  |   \ BYE: Ended
//!           +-----------------+|                  |    \
//!                             vv           Hangup:|     \ no ACK, 481, 408, time-out: BYE, Ended
//!                         Cancelling       Ended, |      \
//!                          |   | 2xx:      BYE    v       v
//!     487, other, 64*T1:   |   +-------------> Closing (unseen by the user): until our BYE and
//!     Failed               v     ACK, BYE,        |    other requests are answered or given up
//!                        gone    Failed           v
//!                                                gone
//! ```
//! A 2xx of a second fork makes a Closing session of its own: ACK, BYE, gone.

use super::{
    auth::Auth,
    refresh::Timing,
    reliable::{Heard, Sent},
};
use crate::api::{Flow, RequestKey};
use crate::dialog::{Dialog, DialogId};
use crate::message::{Headers, Request};
use crate::transaction::TransactionId;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A session and what all its states have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// Call-ID.
    pub(super) call_id: String,
    /// Our tag.
    pub(super) local_tag: String,
    /// Value of our Contact.
    pub(super) contact: String,
    /// The INVITE was ours, and so is the Call-ID.
    pub(super) made_call: bool,
    /// Session timers.
    pub(super) timing: Timing,
    /// Reliable provisional responses of ours.
    pub(super) sent: Sent,
    /// What answers challenges to our requests.
    pub(super) auth: Auth,
    /// The peer by TCP, for what is too large for UDP.
    pub(super) large: Option<Flow>,
    /// Client transactions of ours without a final response.
    pub(super) open: BTreeSet<TransactionId>,
    /// Where it stands.
    pub(super) state: State,
}

/// The states of the diagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// Our INVITE, no response.
    Calling(Calling),
    /// Our INVITE, 1xx came.
    Proceeding(Proceeding),
    /// Our INVITE, CANCEL sent.
    Cancelling(Cancelling),
    /// Their INVITE, no final response.
    Invited(Invited),
    /// Answered.
    Up(Up),
    /// Over for the user.
    Closing(Closing),
}

/// Our INVITE, no response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Calling {
    /// The INVITE.
    pub(super) transaction: TransactionId,
    /// The user hung up: CANCEL with these headers once a 1xx comes.
    pub(super) hangup: Option<Headers>,
}

/// Our INVITE, 1xx came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Proceeding {
    /// The INVITE.
    pub(super) transaction: TransactionId,
    /// Early dialogs.
    pub(super) early: Early,
}

/// Our INVITE, CANCEL sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cancelling {
    /// The INVITE.
    pub(super) transaction: TransactionId,
    /// For the BYE, should a 2xx cross.
    pub(super) headers: Headers,
    /// Early dialogs.
    pub(super) early: Early,
}

/// The early dialogs of one INVITE of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Early {
    /// By remote tag.
    pub(super) dialogs: BTreeMap<String, Box<Dialog>>,
    /// The one heard of last.
    pub(super) latest: Option<String>,
    /// Reliable provisional responses of theirs.
    pub(super) heard: Heard,
}

/// Their INVITE, no final response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Invited {
    /// The INVITE's transaction.
    pub(super) transaction: TransactionId,
    /// The INVITE.
    pub(super) request: Box<Request>,
    /// Early dialog.
    pub(super) dialog: Dialog,
}

/// Answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Up {
    /// The dialog.
    pub(super) dialog: Dialog,
    /// The INVITE that is under way.
    pub(super) exchange: Exchange,
}

/// Over for the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Closing {
    /// The dialog.
    pub(super) dialog: Dialog,
    /// The INVITE that is under way.
    pub(super) exchange: Exchange,
    /// A BYE with these headers waits for their ACK (RFC 3261 section 15).
    pub(super) bye: Option<Headers>,
}

/// The INVITE or re-INVITE that is under way in an answered session; only one can be (RFC 3261 section 14).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Exchange {
    /// None.
    Idle,
    /// Ours, without a final response.
    Ours,
    /// Ours, with a 2xx that the user has to ACK.
    OweAck(OweAck),
    /// Theirs, and the user has to respond.
    Theirs(RequestKey),
    /// Theirs, with a 2xx of ours that they have to ACK.
    AwaitAck(AwaitAck),
}

/// A 2xx to ACK.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OweAck {
    /// The INVITE.
    pub(super) transaction: TransactionId,
    /// Its number.
    pub(super) cseq: u32,
}

/// A 2xx of ours without its ACK.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AwaitAck {
    /// The INVITE's number.
    pub(super) cseq: u32,
    /// Where the 2xx goes.
    pub(super) flow: Flow,
    /// The 2xx.
    pub(super) response: Bytes,
    /// The pause before it is sent again.
    pub(super) interval: Duration,
}

impl Session {
    /// The dialog with this remote tag, early or not.
    pub(super) fn dialog_mut(&mut self, remote_tag: &str) -> Option<&mut Dialog> {
        let dialog = match &mut self.state {
            State::Calling(_) => return None,
            State::Proceeding(Proceeding { early, .. })
            | State::Cancelling(Cancelling { early, .. }) => {
                return early.dialogs.get_mut(remote_tag).map(AsMut::as_mut);
            }
            State::Invited(Invited { dialog, .. })
            | State::Up(Up { dialog, .. })
            | State::Closing(Closing { dialog, .. }) => dialog,
        };
        (dialog.id.remote_tag == remote_tag).then_some(dialog)
    }

    /// The dialog for a request of the user's; of several early ones the latest.
    pub(super) fn dialog(&self) -> Option<&Dialog> {
        match &self.state {
            State::Calling(_) => None,
            State::Proceeding(Proceeding { early, .. })
            | State::Cancelling(Cancelling { early, .. }) => {
                let latest = early.dialogs.get(early.latest.as_deref()?);
                latest.map(AsRef::as_ref)
            }
            State::Invited(Invited { dialog, .. })
            | State::Up(Up { dialog, .. })
            | State::Closing(Closing { dialog, .. }) => Some(dialog),
        }
    }

    /// All its dialogs.
    pub(super) fn dialogs(&self) -> impl Iterator<Item = &Dialog> {
        let (early, one) = match &self.state {
            State::Calling(_) => (None, None),
            State::Proceeding(Proceeding { early, .. })
            | State::Cancelling(Cancelling { early, .. }) => (Some(early), None),
            State::Invited(Invited { dialog, .. })
            | State::Up(Up { dialog, .. })
            | State::Closing(Closing { dialog, .. }) => (None, Some(dialog)),
        };
        let early = early.into_iter().flat_map(|early| early.dialogs.values());
        early.map(AsRef::as_ref).chain(one)
    }

    /// All its dialogs.
    pub(super) fn dialogs_mut(&mut self) -> impl Iterator<Item = &mut Dialog> {
        let (early, one) = match &mut self.state {
            State::Calling(_) => (None, None),
            State::Proceeding(Proceeding { early, .. })
            | State::Cancelling(Cancelling { early, .. }) => (Some(early), None),
            State::Invited(Invited { dialog, .. })
            | State::Up(Up { dialog, .. })
            | State::Closing(Closing { dialog, .. }) => (None, Some(dialog)),
        };
        early
            .into_iter()
            .flat_map(|early| early.dialogs.values_mut())
            .map(AsMut::as_mut)
            .chain(one)
    }

    /// The names of all its dialogs.
    pub(super) fn dialog_ids(&self) -> Vec<DialogId> {
        self.dialogs().map(|dialog| dialog.id.clone()).collect()
    }

    /// The user may still act on it.
    pub(super) fn is_seen(&self) -> bool {
        !matches!(self.state, State::Closing(_))
    }
}

impl Early {
    /// A 1xx with this tag.
    pub(super) fn note(&mut self, dialog: Dialog) {
        let tag = dialog.id.remote_tag.clone();
        self.latest = Some(tag.clone());
        let known = self.dialogs.entry(tag);
        known.or_insert_with(|| Box::new(dialog));
    }
}
