//! Who has the caller, and what that needs.

use super::{
    asking::Asking, back::Offer, bridged::Bridged, hears::Hears, leave::Leaves, queued::InLine,
};
use crate::{reach::Reach, refer::Referral};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tandem_dialplan::Destination;
use tandem_sip::api::RequestKey;
use tandem_types::{
    HandoffId, LegId, Mono, Termination, TransferId, context::ContextPackage, journal::TransferKind,
};

/// A transfer to people, as the ledger sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) id: TransferId,
    pub(crate) handoff: HandoffId,
    pub(crate) package: Box<ContextPackage>,
    pub(crate) kind: TransferKind,
    /// Legs and REFERs that were tried so far; each is an attempt of its own in the ledger.
    pub(crate) dialled: u32,
    /// What each person was told of it, in words that could be spoken.
    pub(crate) told: Vec<(LegId, String)>,
}

/// People are being rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reaching {
    pub(crate) reach: Reach,
    pub(crate) transfer: Option<Transfer>,
    /// What a person is told: headline, detail.
    pub(crate) brief: Option<(String, String)>,
    /// Where the caller goes when nobody takes it and no agent has them.
    pub(crate) otherwise: VecDeque<Destination>,
    /// Music file of the queue.
    pub(crate) music: Option<String>,
    /// Which leg each target of a round became.
    pub(crate) targets: Vec<(LegId, Destination)>,
    /// What far ends say before they answer is for the caller, who hears no music of ours.
    pub(crate) passes_early: bool,
    /// Whose early media the caller hears.
    pub(crate) early: Option<LegId>,
    /// The caller waits in a queue.
    #[serde(default)]
    pub(crate) line: Option<InLine>,
}

impl Reaching {
    /// The next deadline, and why.
    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let says = self.line.as_ref().and_then(InLine::poll_timeout);
        self.reach.poll_timeout().into_iter().chain(says).min()
    }
}

/// A REFER is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Referring {
    pub(crate) referral: Referral,
    pub(crate) key: RequestKey,
    pub(crate) transfer: Transfer,
    pub(crate) rang: bool,
    /// What a bridge would ring, if a definite failure may be bridged.
    pub(crate) bridge: Option<Vec<Vec<Destination>>>,
}

/// A menu is being played or waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InMenu {
    pub(crate) name: String,
    pub(crate) tries: u32,
    /// Digits that an extension may begin with.
    #[serde(default)]
    pub(crate) typed: String,
    /// A key by then: the prompt is over, or an extension has begun.
    pub(crate) until: Option<Mono>,
}

/// Who has the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    Opening {
        then: Destination,
        /// When that comes to nothing.
        otherwise: VecDeque<Destination>,
    },
    Answering {
        then: Destination,
    },
    Talking,
    Menu(InMenu),
    Asking(Asking),
    Announcing {
        then: Destination,
    },
    Reaching(Box<Reaching>),
    Referring(Box<Referring>),
    Bridged(Bridged),
    /// They leave a message.
    Voicemail(Leaves),
    /// A phone hears its messages.
    Messages(Box<Hears>),
    /// People are asked to call somebody back.
    CallingBack(Box<Offer>),
    Echo,
    Conference,
    /// Somebody is rung to be told this; they are the only leg.
    Notifying {
        text: String,
    },
    /// A last word is spoken to the caller, then the call ends so.
    Farewell {
        end: Termination,
        until: Mono,
    },
    /// The caller is gone; people who had answered are being told.
    Leaving,
    Ending,
}
