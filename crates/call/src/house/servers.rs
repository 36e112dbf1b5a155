//! Where the servers are that the plan names: peers, proxies and registrars of trunks, and addresses that may be dialled.

use super::House;
use crate::{api::SecureServer, ways::proxy_of};
use std::{net::SocketAddr, time::Duration};
use tandem_dialplan::{Plan, Trunk};
use tandem_sip::{
    api::{Flow, Transport},
    locate::Target,
    message::Uri,
};
use tandem_types::{Now, Rng, dns};

/// A request that is not even answered with 100 by then goes to the next server, if there is one: within 4 s (RFC 3263 section 4.3
/// leaves it to us). It has been sent four times, and Timer B or F (32 s) is longer than anybody listens to nothing.
pub(crate) const UNHEARD: Duration = Duration::from_millis(3800);

/// Every URI of the plan that is called.
pub(super) fn all_of(plan: &Plan) -> Vec<Uri> {
    let servers = plan.trunks.values().flat_map(servers_of);
    let lists = plan.dialplans.values().map(|d| &d.limits.may_dial);
    let addresses = lists
        .chain([&plan.phones.may_dial])
        .chain(plan.phones.classes.values().map(|c| &c.may_dial))
        .flat_map(|patterns| patterns.iter())
        .filter_map(|pattern| {
            let (_user, server) = pattern.as_str().strip_prefix("sip:")?.rsplit_once('@')?;
            Uri::parse(&format!("sip:{server}")).ok()
        });
    servers.chain(addresses).collect()
}

/// Whom we send to for a trunk: its proxy, which knows where all others are, or its peers and its registrars.
fn servers_of(trunk: &Trunk) -> Vec<Uri> {
    if let Some(proxy) = proxy_of(trunk) {
        return vec![proxy.uri];
    }
    let all = trunk.peers.iter().chain(trunk.registrars());
    all.filter_map(|text| Uri::parse(text).ok()).collect()
}

/// Servers of trunks that may be called by TLS; their addresses are still to be found.
pub(super) fn secure_of(plan: &Plan) -> Vec<(Uri, SecureServer)> {
    let of_trunk = |trunk: &Trunk| -> Vec<(Uri, SecureServer)> {
        servers_of(trunk)
            .into_iter()
            .filter_map(|uri| {
                let own = uri.host()?.to_string();
                let server = SecureServer {
                    remote: SocketAddr::from(([0, 0, 0, 0], 0)),
                    name: trunk.tls.server_name.clone().unwrap_or(own),
                    trunk: trunk.name.clone(),
                };
                Some((uri, server))
            })
            .collect()
    };
    plan.trunks.values().flat_map(of_trunk).collect()
}

fn target(flow: Flow) -> Target {
    Target {
        transport: flow.transport,
        addr: flow.remote,
    }
}

impl House {
    /// The ways to a URI's server, in the order of trying; those last that did not answer lately.
    pub(crate) fn flows(&mut self, uri: &Uri) -> Vec<Flow> {
        self.locator
            .targets(uri, &mut self.rng)
            .into_iter()
            .filter_map(|t| self.flow_to(t.transport, t.addr))
            .collect()
    }

    /// Another way to a URI's server, of which nothing is known against it.
    pub(super) fn has_other(&mut self, uri: &Uri, than: Flow) -> bool {
        let flows = self.flows(uri);
        flows.iter().any(|f| *f != than && !self.is_dead(*f))
    }

    /// It did not answer lately.
    pub(crate) fn is_dead(&self, flow: Flow) -> bool {
        self.locator.is_shunned(&target(flow))
    }

    /// Nothing came back from there.
    pub(crate) fn is_silent(&mut self, now: Now, flow: Flow) {
        self.locator.shun(now, target(flow));
    }

    /// Something did.
    pub(crate) fn is_heard(&mut self, flow: Flow) {
        self.locator.heard(&target(flow));
    }

    /// What the name service said.
    pub(crate) fn named(
        &mut self,
        now: Now,
        question: &dns::Question,
        answer: Option<dns::Answer>,
    ) {
        self.locator.handle_answer(now, question, answer);
        self.to_tell = true;
        self.start_registrations(now);
    }

    /// Which servers have to prove which names, when that is something else than before.
    pub(crate) fn poll_servers(&mut self) -> Option<Vec<SecureServer>> {
        if !std::mem::take(&mut self.to_tell) {
            return None;
        }
        let locator = &self.locator;
        // Shares are drawn for calls.
        let mut rng = Rng::seeded(0);
        let mut all: Vec<SecureServer> = self
            .secure
            .iter()
            .flat_map(|(uri, server)| {
                let targets = locator.targets(uri, &mut rng).into_iter();
                let by_tls = targets.filter(|t| t.transport == Transport::Tls);
                by_tls.map(|t| SecureServer {
                    remote: t.addr,
                    ..server.clone()
                })
            })
            .collect();
        all.sort();
        all.dedup();
        (self.told != all).then(|| {
            self.told.clone_from(&all);
            all
        })
    }

    /// The next question for it.
    pub(crate) fn poll_names(&mut self) -> Option<dns::Question> {
        self.locator.poll_output()
    }

    /// A flow of ours towards an address.
    pub(crate) fn flow_to(&self, transport: Transport, remote: SocketAddr) -> Option<Flow> {
        self.listen
            .iter()
            .find(|(t, local)| *t == transport && local.is_ipv4() == remote.is_ipv4())
            .map(|(_, local)| Flow {
                transport,
                local: *local,
                remote,
            })
    }
}
