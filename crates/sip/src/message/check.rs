//! Well-formed but wrong requests.

use super::{
    CSeq, HeaderName, Headers, Method, NameAddr, ParseError, Request, Response, Uri, Via,
    status::standard_phrase,
};
use serde::{Deserialize, Serialize};

/// Why a request cannot be served, as the response to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// 400, 416, 501.
    pub status: u16,
    /// What is wrong, for people.
    pub phrase: String,
    /// Headers of the response.
    pub headers: Headers,
}

impl Refusal {
    /// With this phrase; empty: the standard one.
    pub fn new(status: u16, phrase: &str) -> Self {
        let phrase = if phrase.is_empty() {
            standard_phrase(status)
        } else {
            phrase
        };
        Self {
            status,
            phrase: phrase.to_owned(),
            headers: Headers::new(),
        }
    }
    fn missing(name: &HeaderName) -> Self {
        Self::new(400, &format!("Missing {name} Header"))
    }
    fn bad(name: &HeaderName) -> Self {
        Self::new(400, &format!("Bad {name} Header"))
    }
    /// The whole response.
    pub fn response(&self, request: &Request, to_tag: Option<&str>) -> Response {
        let mut out = Response::reply_to(request, self.status, to_tag).with_phrase(&self.phrase);
        out.headers.extend(self.headers.clone());
        out
    }
}

impl Request {
    /// What must be right before anything is done with a request (RFC 3261 sections 8.1.1 and 8.2, RFC 4475): one From,
    /// To, Call-ID and CSeq, Vias, all readable, CSeq's method the request's own, Contacts and routes readable, a
    /// URI scheme that is served. Max-Forwards, Require and bodies are the endpoint's matter.
    pub fn check(&self) -> Result<(), Refusal> {
        use HeaderName as H;
        for name in [H::From, H::To, H::CallId, H::CSeq] {
            match self.headers.lines(&name).count() {
                0 => return Err(Refusal::missing(&name)),
                1 => {}
                _ => return Err(Refusal::new(400, &format!("Several {name} Headers"))),
            }
        }
        for name in [
            H::MaxForwards,
            H::ContentType,
            H::Expires,
            H::Event,
            H::ReferTo,
            H::Replaces,
        ] {
            if self.headers.lines(&name).count() > 1 {
                return Err(Refusal::new(400, &format!("Several {name} Headers")));
            }
        }
        self.check_via()?;
        if self
            .call_id()
            .is_none_or(|id| id.is_empty() || id.contains([' ', '\t']))
        {
            return Err(Refusal::bad(&H::CallId));
        }
        for name in [H::From, H::To] {
            let line = self.headers.line(&name);
            if line.is_none_or(|l| l.name_addr().is_err()) {
                return Err(Refusal::bad(&name));
            }
        }
        let cseq = self.headers.first(&H::CSeq).map(CSeq::parse);
        match cseq {
            Some(Ok(cseq)) if cseq.method == self.method => {}
            // RFC 4475 section 3.1.2.18 prefers this to 400 where the method is not known either.
            Some(Ok(_)) if matches!(self.method, Method::Other(_)) => {
                return Err(Refusal::new(501, ""));
            }
            Some(Ok(_)) => return Err(Refusal::new(400, "CSeq Method Does Not Match")),
            _ => return Err(Refusal::bad(&H::CSeq)),
        }
        for name in [H::Contact, H::Route, H::RecordRoute, H::ReferTo] {
            every_address(&self.headers, &name)?;
        }
        match &self.uri {
            Uri::Sip(u) if !u.headers.is_empty() => {
                Err(Refusal::new(400, "Headers in Request-URI"))
            }
            Uri::Sip(_) | Uri::Tel { .. } => Ok(()),
            Uri::Other(_) => Err(Refusal::new(416, "")),
        }
    }

    fn check_via(&self) -> Result<(), Refusal> {
        let bad = || Refusal::bad(&HeaderName::Via);
        let mut top = None;
        for line in self.headers.lines(&HeaderName::Via) {
            let mut values = line.values();
            // Kept with the line: the top one has been read, and is again.
            if values.next().is_some() {
                let via = line.first_via().ok_or_else(bad)?;
                top.get_or_insert(via);
            }
            values.try_for_each(|v| Via::parse(v).map(drop).map_err(|_| bad()))?;
        }
        let top = top.ok_or_else(|| Refusal::missing(&HeaderName::Via))?;
        // A cookie with nothing behind it matches no transaction (RFC 4475 section 3.2.1).
        let is_empty = |b: &str| b.eq_ignore_ascii_case(super::via::MAGIC_COOKIE);
        if top.magic_branch().is_none() && top.branch().is_some_and(is_empty) {
            return Err(Refusal::new(400, "Empty Branch"));
        }
        Ok(())
    }
}

impl Response {
    /// What must be right before a response is matched: one Via, ours (RFC 3261 section 8.1.3.3); From, To, Call-ID and
    /// CSeq that can be read. A response that fails is dropped.
    pub fn check(&self) -> Result<(), ParseError> {
        if self.headers.values(&HeaderName::Via).count() != 1 {
            return Err(ParseError::Incomplete);
        }
        let line = |name| self.headers.line(&name).ok_or(ParseError::Incomplete);
        let via = line(HeaderName::Via)?.first_via();
        via.ok_or(ParseError::Incomplete)?;
        line(HeaderName::From)?.name_addr()?;
        line(HeaderName::To)?.name_addr()?;
        line(HeaderName::CallId)?;
        CSeq::parse(line(HeaderName::CSeq)?.value()).map(drop)
    }
}

/// All values of this name are names and addresses, or, of Contact, the star of a REGISTER.
fn every_address(headers: &Headers, name: &HeaderName) -> Result<(), Refusal> {
    let is_star = |v: &str| *name == HeaderName::Contact && v == "*";
    let read = |v: &str| is_star(v) || NameAddr::parse(v).is_ok();
    let all = headers.lines(name).all(|line| {
        let mut values = line.values();
        let first = values.next();
        first.is_none_or(|v| is_star(v) || line.name_addr().is_ok()) && values.all(read)
    });
    all.then_some(()).ok_or_else(|| Refusal::bad(name))
}
