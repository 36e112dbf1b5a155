//! A call that is turned away, and what the admin is told of it: why, and which line would let it in.

use super::{
    Switch,
    says::{called_by, caller_of},
};
use crate::api::{Output, TurnedAway};
use tandem_dialplan::{CalledFrom, NoRoute};
use tandem_sip::{
    api::Flow,
    message::{HeaderName, Method, Request},
};

impl Switch {
    /// Tells of a call that got `status`. A challenge turns nobody away.
    pub(super) fn turned_away(
        &mut self,
        from: &Flow,
        request: &Request,
        status: u16,
        no_route: Option<NoRoute>,
    ) {
        if matches!(status, 401 | 407) {
            return;
        }
        let (why, cure) = match no_route {
            Some(no) => {
                let trunks = self.plan.trunk_by_source(from.remote.ip());
                let cure = self.plan.cure(&no, trunks.first().map(|t| t.name.as_str()));
                (no.reason, cure)
            }
            None => self.explained(from, request, status),
        };
        self.tell_turned_away(from, request, Some(status), why, cure);
    }

    /// A stranger's INVITE gets silence; a carrier whose address is not in its file is such a stranger.
    pub(super) fn unheard(&mut self, from: &Flow, request: &Request) {
        if request.method != Method::Invite {
            return;
        }
        let source = from.remote.ip();
        let why = format!("no trunk has {source}, and no phone is registered from there");
        let trunks = self.plan.trunks.values().filter(|t| t.inbound);
        let files: Vec<String> = trunks.map(|t| format!("trunks/{}.toml", t.name)).collect();
        let cure = match files.as_slice() {
            [] => "if it is your carrier: write a file for it in trunks/".to_owned(),
            files => format!(
                "if it is your carrier: add it to allow_from in {}",
                files.join(" or ")
            ),
        };
        self.tell_turned_away(from, request, None, why, Some(cure));
    }

    fn tell_turned_away(
        &mut self,
        from: &Flow,
        request: &Request,
        status: Option<u16>,
        why: String,
        cure: Option<String>,
    ) {
        self.out.push_back(Output::TurnedAway(Box::new(TurnedAway {
            source: from.remote.ip(),
            from: caller_of(request).0,
            called: called_by(CalledFrom::RequestUri, request),
            status,
            why,
            cure,
        })));
    }

    /// Why an INVITE got a status that no route has to do with.
    fn explained(&self, from: &Flow, request: &Request, status: u16) -> (String, Option<String>) {
        let trunk = self
            .plan
            .trunk_by_source(from.remote.ip())
            .into_iter()
            .next();
        let file = trunk.map_or_else(
            || "phones.toml".to_owned(),
            |t| format!("trunks/{}.toml", t.name),
        );
        let max = self.plan.node.max_calls;
        match status {
            503 if self.calls.len() >= max as usize => (
                format!("{max} calls are running"),
                Some("raise max_calls under [node] in tandem.toml".to_owned()),
            ),
            503 | 486 => (
                "its trunk has all the calls that it may have".to_owned(),
                Some(format!("see calls, calls_per_second and reserve in {file}")),
            ),
            433 => (
                "the caller withholds the number".to_owned(),
                Some(format!("see anonymous in {file}")),
            ),
            421 => (
                "the caller's side does not have reliable provisional responses (100rel)"
                    .to_owned(),
                Some(format!("write prack = \"supported\" in {file}")),
            ),
            415 => ("its body is no SDP".to_owned(), None),
            _ if request.headers.all(&HeaderName::Replaces).next().is_some() => (
                "it wants to take another call over (Replaces), and may not, or that call is gone"
                    .to_owned(),
                None,
            ),
            _ => (
                "it may not be let in".to_owned(),
                Some(format!("see {file}")),
            ),
        }
    }
}
