//! Who may speak to us, and who has proved who they are.
//!
//! An unknown source gets silence (field note 17). These are heard: answers to us, and what comes from where its transaction or
//! dialog is; a trunk's addresses; a registered phone's own address; REGISTER to a domain that we serve.

use super::Switch;
use crate::api::Output;
use tandem_sip::{
    api::{Flow, Transport},
    digest::Verdict,
    message::{HeaderName, Headers, Message, Method, Request, Response, Uri},
};
use tandem_types::Now;

/// Whether a message is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    /// It is silently dropped.
    No,
    /// A stranger's REGISTER: it may be answered with no more bytes than it has itself.
    ToAsk,
    /// Somebody vouches for its source.
    Yes,
}

impl Switch {
    /// The source is a trunk's, or a registered phone's.
    pub(super) fn trusts(&self, from: &Flow) -> bool {
        self.house.registrar.is_bound(from.remote)
            || !self.plan.trunk_by_source(from.remote.ip()).is_empty()
    }

    pub(super) fn admits(&mut self, now: Now, from: &Flow, message: &Message) -> Admitted {
        let Message::Request(request) = message else {
            let known = self.endpoint.knows(*from, message);
            return if known { Admitted::Yes } else { Admitted::No };
        };
        if self.trusts(from) {
            return Admitted::Yes;
        }
        // Repeated ones too: their answer is as long as it was.
        if request.method == Method::Register {
            let asks = self.serves(&request.uri)
                && self.house.strangers.may_ask(now.mono, from.remote.ip());
            return if asks { Admitted::ToAsk } else { Admitted::No };
        }
        // A trunk that the newest plan does not have ends the calls that it has.
        let belongs = || request.to().is_some_and(|to| to.tag().is_some());
        let was_trusted = |e: &super::Edition| !e.plan.trunk_by_source(from.remote.ip()).is_empty();
        let known = self.endpoint.knows(*from, message)
            || (belongs() && self.older.values().any(was_trusted));
        if known { Admitted::Yes } else { Admitted::No }
    }

    /// The domain is that of our phones, or an address of ours. A listener on all addresses has any.
    fn serves(&self, uri: &Uri) -> bool {
        let (node, domain) = (&self.plan.node, &self.plan.phones.domain);
        match (uri.ip(), uri.host()) {
            _ if domain.is_empty() => false,
            (Some(ip), _) => {
                node.listen
                    .iter()
                    .any(|l| l.addr.ip().is_unspecified() || l.addr.ip() == ip)
                    || self.house.listen.iter().any(|(_, local)| local.ip() == ip)
            }
            (None, Some(host)) => host.to_string().eq_ignore_ascii_case(domain),
            (None, None) => false,
        }
    }

    /// The challenges to a REGISTER; the last alone, which every phone knows, where all of them would be longer than what a stranger
    /// sent.
    pub(super) fn fitting(&self, request: &Request, challenges: Headers) -> Headers {
        let mut answer = Response::reply_to(request, 401, Some("0123456789abcde"));
        challenges
            .iter()
            .for_each(|c| answer.headers.push_header(c.clone()));
        let bytes = answer.to_bytes().len();
        if self.room.is_none_or(|(_, room)| bytes <= room) {
            return challenges;
        }
        let mut one = Headers::new();
        if let Some(last) = challenges.iter().next_back() {
            one.push_header(last.clone());
        }
        one
    }

    /// An answer to a stranger that is longer than what they sent would be of use against others, in whose name it was sent.
    pub(super) fn is_too_much(&self, to: &Flow, bytes: usize) -> bool {
        let theirs = self.room.filter(|(ip, _)| *ip == to.remote.ip());
        let room = theirs.filter(|_| to.transport == Transport::Udp);
        room.is_some_and(|(_, room)| bytes > room) && !self.trusts(to)
    }

    /// Counts it, and leaves a line for fail2ban, if not too many have been left.
    pub(super) fn refused(&mut self, now: Now, from: &Flow, why: &'static str) -> bool {
        let quiet = !self.trusts(from) && !self.house.strangers.may_log(now.mono, from.remote.ip());
        self.out.push_back(Output::Refused {
            from: from.remote,
            why,
            quiet,
        });
        !quiet
    }

    /// A password was guessed, or mistyped.
    fn guessed(&mut self, now: Now, from: &Flow) {
        self.refused(now, from, "wrong-password");
        if self.trusts(from) {
            return;
        }
        let source = from.remote.ip();
        if let Some(span) = self.house.strangers.guessed(now.mono, source) {
            self.out.push_back(Output::Banned { source, span });
        }
    }

    /// A phone's digest, against the passwords of `phones.toml`: its user. `Err`: the challenge to send. A wrong answer
    /// leaves a line for fail2ban.
    pub(super) fn proved(
        &mut self,
        now: Now,
        from: &Flow,
        request: &Request,
        realm: &str,
        proxy: bool,
    ) -> Result<String, Headers> {
        let plan = self.plan.clone();
        let password = |user: &str| {
            let (_, password) = plan.phones.extensions.of_user(user)?.registers.as_ref()?;
            Some(password.0.clone())
        };
        self.proof(now, from, request, realm, proxy, &password)
    }

    /// As [`Self::proved`], by whatever passwords: of a user, if there is such a one.
    pub(super) fn proof(
        &mut self,
        now: Now,
        from: &Flow,
        request: &Request,
        realm: &str,
        proxy: bool,
        password: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, Headers> {
        let (answer, challenge) = if proxy {
            (
                HeaderName::ProxyAuthorization,
                HeaderName::ProxyAuthenticate,
            )
        } else {
            (HeaderName::Authorization, HeaderName::WwwAuthenticate)
        };
        let uri = request.uri.to_string();
        let (mut stale, mut wrong) = (false, false);
        for value in request.headers.all(&answer) {
            let verdict = self.house.verifier.verify(
                now,
                value,
                realm,
                request.method.as_str(),
                &uri,
                &request.body,
                password,
            );
            match verdict {
                Verdict::Ok { username } => return Ok(username),
                Verdict::Stale => stale = true,
                Verdict::Wrong => wrong = true,
                Verdict::Missing => {}
            }
        }
        if wrong {
            self.guessed(now, from);
        }
        let mut headers = Headers::new();
        for value in self.house.verifier.challenge(now, realm, stale) {
            headers.push(challenge.clone(), value);
        }
        Err(headers)
    }
}
