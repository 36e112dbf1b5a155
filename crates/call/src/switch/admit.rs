//! Who may speak to us, and who has proved who they are.
//!
//! An unknown source gets silence (field note 17). These are heard: answers to us, and what comes from where its transaction or
//! dialog is; a trunk's addresses; a registered phone's own address; REGISTER to a domain that we serve.

use super::Switch;
use std::{collections::BTreeMap, net::SocketAddr};
use tandem_sip::{
    api::Flow,
    digest::Verdict,
    message::{HeaderName, Headers, Message, Method, Request},
};
use tandem_types::Now;

impl Switch {
    /// The source is a trunk's, or a registered phone's.
    pub(super) fn trusts(&self, from: &Flow) -> bool {
        self.house.registrar.is_bound(from.remote)
            || !self.plan.trunk_by_source(from.remote.ip()).is_empty()
    }

    pub(super) fn admits(&self, from: &Flow, message: &Message) -> bool {
        let ours = match message {
            Message::Response(_) => false,
            Message::Request(r) => {
                self.trusts(from)
                    || (r.method == Method::Register && !self.plan.phones.domain.is_empty())
            }
        };
        ours || self.endpoint.knows(*from, message)
    }

    /// A phone's digest, against the passwords of `phones.toml`: its user. `Err`: the challenge to send. A wrong answer
    /// leaves a line for fail2ban.
    pub(super) fn proved(
        &mut self,
        now: Now,
        from: SocketAddr,
        request: &Request,
        realm: &str,
        proxy: bool,
    ) -> Result<String, Headers> {
        let known: BTreeMap<String, String> = self
            .plan
            .phones
            .extensions
            .iter()
            .filter_map(|e| {
                e.registers
                    .as_ref()
                    .map(|(user, password)| (user.clone(), password.0.clone()))
            })
            .collect();
        self.proof(now, from, request, realm, proxy, &known)
    }

    pub(super) fn proof(
        &mut self,
        now: Now,
        from: SocketAddr,
        request: &Request,
        realm: &str,
        proxy: bool,
        known: &BTreeMap<String, String>,
    ) -> Result<String, Headers> {
        let (answer, challenge) = if proxy {
            (
                HeaderName::ProxyAuthorization,
                HeaderName::ProxyAuthenticate,
            )
        } else {
            (HeaderName::Authorization, HeaderName::WwwAuthenticate)
        };
        let verifier = &mut self.house.verifier;
        let uri = request.uri.to_string();
        let mut stale = false;
        for value in request.headers.all(&answer) {
            let verdict = verifier.verify(
                now,
                value,
                realm,
                request.method.as_str(),
                &uri,
                &request.body,
                |user| known.get(user).cloned(),
            );
            match verdict {
                Verdict::Ok { username } => return Ok(username),
                Verdict::Stale => stale = true,
                Verdict::Wrong => self.out.push_back(crate::Output::Refused {
                    from,
                    why: "wrong-password",
                }),
                Verdict::Missing => {}
            }
        }
        let mut headers = Headers::new();
        for value in verifier.challenge(now, realm, stale) {
            headers.push(challenge.clone(), value);
        }
        Err(headers)
    }
}
