//! What the verbs of a call are given.

use super::lend::Between;
use crate::{api::Output, house::House, switch::Calls};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use tandem_agent::Brain;
use tandem_dialplan::Plan;
use tandem_sip::{
    api::{Body, Command, RequestKey, SessionId},
    endpoint::Endpoint,
    message::{Headers, Method},
};
use tandem_types::{
    LegId, Now, Rng,
    media::{Family, MediaCommand},
};

/// What a call's verbs may use besides the call itself.
pub(crate) struct Ctx<'a> {
    pub(crate) now: Now,
    pub(crate) plan: &'a Plan,
    pub(crate) brains: &'a BTreeMap<String, Arc<Brain>>,
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) house: &'a mut House,
    pub(crate) rng: &'a mut Rng,
    pub(crate) out: &'a mut VecDeque<Output>,
    pub(crate) sessions: &'a mut BTreeMap<SessionId, LegId>,
    pub(crate) requests: &'a mut BTreeMap<RequestKey, LegId>,
    /// The other calls, to be looked at.
    pub(crate) others: &'a Calls,
    /// What is said to them.
    pub(crate) between: &'a mut VecDeque<Between>,
}

impl Ctx<'_> {
    pub(crate) fn media(&mut self, command: MediaCommand) {
        self.out.push_back(Output::Media(command));
    }

    /// Ports for a leg whose far end has addresses of this family, where the gateway has such; `None`: nobody knows.
    pub(crate) fn open_leg(&mut self, leg: LegId, reserve: bool, family: Option<Family>) {
        let family = self.plan.node.rtp_family(family);
        self.media(MediaCommand::OpenLeg {
            leg,
            reserve,
            family,
        });
    }

    pub(crate) fn sip(&mut self, command: Command) {
        self.endpoint
            .handle_input(self.now, tandem_sip::api::Input::Command(command));
    }

    /// A request in a leg's dialog; what comes of it is told to that leg, by this key.
    pub(crate) fn request(
        &mut self,
        leg: LegId,
        session: SessionId,
        method: Method,
        headers: Headers,
        body: Option<Body>,
    ) -> RequestKey {
        let key = self.endpoint.allocate_key();
        self.requests.insert(key, leg);
        self.sip(Command::Request {
            session,
            key,
            method,
            headers,
            body,
        });
        key
    }
}
