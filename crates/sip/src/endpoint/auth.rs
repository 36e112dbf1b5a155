//! Answering 401 and 407 (RFC 3261 section 22): each realm once a request, and once more if its nonce was stale.

use super::Endpoint;
use crate::api::{Credentials, Flow, SessionId};
use crate::digest::{Challenge, answer};
use crate::message::{HeaderName, Request, Response};
use serde::{Deserialize, Serialize};
use tandem_types::Rng;

/// Credentials, and the challenges that were met with them. Later requests of the session answer those
/// unasked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Auth {
    credentials: Option<Credentials>,
    met: Vec<Met>,
}

/// A challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Met {
    /// A proxy's.
    proxy: bool,
    challenge: Challenge,
    /// Answers given to this nonce.
    count: u32,
    /// Refusals of the request that is under way.
    refused: u8,
}

impl Auth {
    /// Nothing met.
    pub(super) fn new(credentials: Option<Credentials>) -> Self {
        Self {
            credentials,
            met: Vec::new(),
        }
    }

    /// A request that goes there may be answered for.
    pub(super) fn reaches(&self, to: Flow) -> bool {
        let known = |c: &Credentials| c.hosts.iter().any(|net| net.contains(&to.remote.ip()));
        self.credentials.as_ref().is_some_and(known)
    }

    /// A 401 or 407 came to a request that went there. True: it may be sent again with [`Auth::apply`].
    pub(super) fn learn(&mut self, response: &Response, to: Flow) -> bool {
        let (proxy, name) = match response.status {
            401 => (false, HeaderName::WwwAuthenticate),
            407 => (true, HeaderName::ProxyAuthenticate),
            _ => return false,
        };
        let Some(credentials) = self.credentials.as_ref().filter(|_| self.reaches(to)) else {
            return false;
        };
        let lines = response.headers.all(&name);
        let Some(challenge) = Challenge::choose(lines, credentials.realm.as_deref()) else {
            return false;
        };
        let known = self
            .met
            .iter_mut()
            .find(|m| m.proxy == proxy && m.challenge.realm == challenge.realm);
        match known {
            None => self.met.push(Met {
                proxy,
                challenge,
                count: 0,
                refused: 1,
            }),
            Some(met) if met.refused == 0 || (met.refused == 1 && challenge.stale) => {
                met.refused += 1;
                met.count = 0;
                met.challenge = challenge;
            }
            Some(_) => return false,
        }
        true
    }

    /// The request that follows is a new one: each realm may refuse it once.
    pub(super) fn begin(&mut self) {
        for met in &mut self.met {
            met.refused = 0;
        }
    }

    /// Takes over what another request of the same peer has met.
    pub(super) fn update(&mut self, other: Self) {
        if self.credentials == other.credentials {
            self.met = other.met;
        }
    }

    /// Writes the answers into a request that goes there, in the place of earlier ones.
    pub(super) fn apply(&mut self, request: &mut Request, to: Flow, rng: &mut Rng) {
        request.headers.remove(&HeaderName::Authorization);
        request.headers.remove(&HeaderName::ProxyAuthorization);
        let Some(credentials) = self.credentials.as_ref().filter(|_| self.reaches(to)) else {
            return;
        };
        let (method, uri) = (request.method.to_string(), request.uri.to_string());
        for met in &mut self.met {
            met.count += 1;
            let cnonce = rng.token(16);
            let value = answer(
                &met.challenge,
                credentials,
                &method,
                &uri,
                &request.body,
                &cnonce,
                met.count,
            );
            let name = if met.proxy {
                HeaderName::ProxyAuthorization
            } else {
                HeaderName::Authorization
            };
            request.headers.push(name, value);
        }
    }
}

impl Endpoint {
    /// What answers challenges to the requests of a session that came in.
    pub(super) fn know(&mut self, session: SessionId, credentials: Option<Credentials>) {
        if let (Some(s), Some(_)) = (self.sessions.get_mut(&session), &credentials)
            && !s.made_call
        {
            s.auth = Auth::new(credentials);
        }
    }

    /// Answers the challenges of a session that are known already, in a new request that goes there.
    pub(super) fn authorize(
        &mut self,
        session: SessionId,
        request: &mut Request,
        to: Flow,
    ) -> Auth {
        let Some(s) = self.sessions.get_mut(&session) else {
            return Auth::default();
        };
        s.auth.begin();
        s.auth.apply(request, to, &mut self.rng);
        s.auth.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::Transport,
        message::{Method, Uri},
    };

    fn flow(last: u8) -> Flow {
        Flow {
            transport: Transport::Udp,
            local: ([192, 0, 2, 1], 5060).into(),
            remote: ([192, 0, 2, last], 5060).into(),
        }
    }

    fn refused(status: u16, realm: &str, nonce: &str, stale: bool) -> Response {
        let name = if status == 401 {
            HeaderName::WwwAuthenticate
        } else {
            HeaderName::ProxyAuthenticate
        };
        let mut response = Response::new(status);
        response.headers.push(
            name,
            format_args!(
                "Digest realm=\"{realm}\", nonce=\"{nonce}\", stale={stale}, qop=\"auth\""
            ),
        );
        response
    }

    fn auth(realm: Option<&str>) -> Auth {
        Auth::new(Some(Credentials {
            username: "u".into(),
            password: "p".to_owned().into(),
            realm: realm.map(str::to_owned),
            hosts: vec![flow(2).remote.ip().into()],
        }))
    }

    #[test]
    fn each_realm_is_answered_once_and_once_more_when_stale() {
        let mut auth = auth(None);
        assert!(auth.learn(&refused(407, "proxy", "1", false), flow(2)));
        assert!(
            auth.learn(&refused(401, "home", "2", false), flow(2)),
            "a second hop asks too"
        );
        assert!(auth.learn(&refused(401, "home", "3", true), flow(2)));
        assert!(
            !auth.learn(&refused(401, "home", "4", true), flow(2)),
            "stale for ever is a refusal"
        );
        assert!(
            !auth.learn(&refused(407, "proxy", "5", false), flow(2)),
            "wrong password"
        );
        let mut request = Request::new(Method::Invite, Uri::sip("a", "b"));
        let mut rng = Rng::seeded(1);
        auth.apply(&mut request, flow(2), &mut rng);
        auth.apply(&mut request, flow(2), &mut rng);
        let one = |name| {
            let mut all = request.headers.all(name);
            let first = all.next().unwrap().to_owned();
            assert_eq!(all.next(), None);
            first
        };
        let proxy = one(&HeaderName::ProxyAuthorization);
        assert!(
            proxy.contains("nonce=\"1\"") && proxy.contains("nc=00000002"),
            "{proxy}"
        );
        assert!(one(&HeaderName::Authorization).contains("nonce=\"3\""));
        auth.begin();
        assert!(
            auth.learn(&refused(407, "proxy", "6", false), flow(2)),
            "a new request may be asked again"
        );
    }

    #[test]
    fn another_realm_gets_no_answer() {
        assert!(!auth(Some("home")).learn(&refused(401, "evil", "1", false), flow(2)));
        assert!(!Auth::new(None).learn(&refused(401, "home", "1", false), flow(2)));
        assert!(
            !auth(None).learn(&Response::new(401), flow(2)),
            "no challenge at all"
        );
        assert!(!auth(None).learn(&refused(403, "home", "1", false), flow(2)));
    }

    #[test]
    fn a_stranger_gets_no_answer_and_none_that_another_was_given() {
        let mut auth = auth(None);
        assert!(!auth.learn(&refused(401, "home", "1", false), flow(3)));
        assert!(auth.learn(&refused(401, "home", "1", false), flow(2)));
        let mut request = Request::new(Method::Bye, Uri::sip("a", "b"));
        let mut rng = Rng::seeded(1);
        auth.apply(&mut request, flow(2), &mut rng);
        assert!(request.headers.contains(&HeaderName::Authorization));
        auth.apply(&mut request, flow(3), &mut rng);
        assert!(!request.headers.contains(&HeaderName::Authorization));
    }
}
