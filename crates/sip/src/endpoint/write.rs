//! What the endpoint writes into its messages besides what its user gives.

use super::{Endpoint, own::max_forwards, session::Session};
use crate::api::{Body, Flow, OutgoingInvite};
use crate::message::{HeaderName, Headers, MAGIC_COOKIE, Method, NameAddr, Request, Response, Uri};

impl Endpoint {
    /// A token with the shard in front: later messages find their shard by it.
    fn token(&mut self, len: usize) -> String {
        let shard = self.config.shard;
        let digit = |n: u8| char::from(b"0123456789abcdef"[usize::from(n & 15)]);
        let mut token = String::with_capacity(2 + len);
        token.push(digit(shard >> 4));
        token.push(digit(shard));
        token.push_str(&self.rng.token(len));
        token
    }

    /// For From and To.
    pub(super) fn fresh_tag(&mut self) -> String {
        self.token(13)
    }

    /// For Via.
    pub(super) fn fresh_branch(&mut self) -> String {
        format!("{MAGIC_COOKIE}{}", self.token(16))
    }

    /// 110 random bits.
    pub(super) fn fresh_call_id(&mut self) -> String {
        self.token(22)
    }

    /// A pause of 0 to 10 s for the sender of a request that came too early (RFC 3261 section 14.2).
    pub(super) fn soon(&mut self) -> u64 {
        self.rng.below(11)
    }

    /// The first INVITE of a session, without Via.
    pub(super) fn invite(
        &self,
        invite: &OutgoingInvite,
        call_id: &str,
        local_tag: &str,
    ) -> Request {
        let mut request = Request::new(Method::Invite, invite.target.clone().without_headers());
        let headers = &mut request.headers;
        headers.push_header(max_forwards());
        for hop in &invite.route {
            headers.push(HeaderName::Route, hop);
        }
        headers.push(HeaderName::From, invite.from.clone().with_tag(local_tag));
        headers.push(HeaderName::To, &invite.to);
        headers.push_text(HeaderName::CallId, call_id);
        headers.push_text(HeaderName::CSeq, "1 INVITE");
        let contact = NameAddr::new(invite.contact.clone()).to_string();
        self.dress_request(
            &mut request,
            Some(&contact),
            &invite.headers,
            invite.body.as_ref(),
        );
        request
    }

    /// Contact (in requests that need one), who we are and what we can, the user's headers, and the body.
    pub(super) fn dress_request(
        &self,
        request: &mut Request,
        contact: Option<&str>,
        headers: &Headers,
        body: Option<&Body>,
    ) {
        let dialog = matches!(
            request.method,
            Method::Invite | Method::Update | Method::Refer | Method::Subscribe | Method::Notify
        );
        if let (true, Some(contact)) = (dialog, contact) {
            request.headers.push_text(HeaderName::Contact, contact);
        }
        let own = self.own.lines(&self.config);
        request.headers.push_header(own.user_agent.clone());
        if matches!(request.method, Method::Invite | Method::Update) {
            // In an INVITE it would be a wish, and only the first one's early dialogs acknowledge anything.
            request.headers.push_header(own.allow.clone());
            request.headers.extend(own.supported_by_us.clone());
        }
        add_headers(&mut request.headers, headers);
        set_body(&mut request.headers, &mut request.body, body);
    }

    /// The same for a response.
    pub(super) fn dress_response(
        &self,
        request: &Request,
        response: &mut Response,
        contact: Option<&str>,
        headers: &Headers,
        body: Option<&Body>,
    ) {
        let dialog = matches!(
            request.method,
            Method::Invite | Method::Update | Method::Refer | Method::Subscribe | Method::Notify
        );
        if let (true, 101..=299, Some(contact)) = (dialog, response.status, contact) {
            response.headers.push_text(HeaderName::Contact, contact);
        }
        let own = self.own.lines(&self.config);
        // Whoever has not proved who they are need not know what they talk to.
        if !matches!(response.status, 401 | 407) {
            response.headers.push_header(own.server.clone());
        }
        if matches!(
            request.method,
            Method::Invite | Method::Update | Method::Options
        ) && response.is_success()
        {
            response.headers.push_header(own.allow.clone());
            response.headers.extend(own.supported.clone());
        }
        add_headers(&mut response.headers, headers);
        set_body(&mut response.headers, &mut response.body, body);
    }

    /// A response of our own making. A To without a tag gets one.
    pub(super) fn reply(&mut self, request: &Request, status: u16, headers: &Headers) -> Response {
        let tag = self.fresh_tag();
        let mut response = Response::reply_to(request, status, Some(&tag));
        self.dress_response(request, &mut response, None, headers, None);
        response
    }
}

/// The same request once more, after a challenge (RFC 3261 section 22.2).
pub(super) fn renumber(request: &mut Request, cseq: u32) {
    let method = request.method.clone();
    request
        .headers
        .set(HeaderName::CSeq, format_args!("{cseq} {method}"));
}

/// CANCEL for an INVITE that was sent (RFC 3261 section 9.1): its first Via, its Routes, no Require.
pub(super) fn cancel(invite: &Request, headers: &Headers) -> Request {
    let mut cancel = Request::new(Method::Cancel, invite.uri.clone());
    if let Some(via) = invite.top_via() {
        cancel.headers.push_via(via.clone());
    }
    copy_of_invite(&mut cancel, invite);
    let to = invite.headers.first(&HeaderName::To).unwrap_or_default();
    cancel.headers.push(HeaderName::To, to);
    add_headers(&mut cancel.headers, headers);
    cancel
}

/// ACK for a 3xx to 6xx (RFC 3261 section 17.1.1.3).
pub(super) fn ack_to_refusal(invite: &Request, response: &Response) -> Request {
    let mut ack = Request::new(Method::Ack, invite.uri.clone());
    if let Some(via) = invite.top_via() {
        ack.headers.push_via(via.clone());
    }
    copy_of_invite(&mut ack, invite);
    let to = response.headers.first(&HeaderName::To).unwrap_or_default();
    ack.headers.push(HeaderName::To, to);
    ack
}

fn copy_of_invite(request: &mut Request, invite: &Request) {
    request.headers.push_header(max_forwards());
    for name in [HeaderName::Route, HeaderName::From, HeaderName::CallId] {
        request.headers.copy_from(&invite.headers, &name);
    }
    let cseq = invite.cseq().map_or(0, |cseq| cseq.number);
    let method = request.method.clone();
    request
        .headers
        .push(HeaderName::CSeq, format_args!("{cseq} {method}"));
}

/// The Contact of a session that came in, if its user does not give one: our socket.
pub(super) fn contact_at(request: &Request, flow: Flow) -> String {
    let mut uri = Uri::at(request.uri.user(), flow.local);
    // RFC 5630 section 4.
    if request.uri.scheme() == "sips" {
        uri = uri.secured();
    }
    NameAddr::new(flow.transport.mark(uri)).to_string()
}

/// The user's Contact stays for the rest of the session.
pub(super) fn adopt_contact(session: &mut Session, headers: &Headers) {
    if let Some(contact) = headers.first(&HeaderName::Contact) {
        contact.clone_into(&mut session.contact);
    }
}

fn set_body(headers: &mut Headers, to: &mut bytes::Bytes, body: Option<&Body>) {
    if let Some(body) = body {
        headers.set(HeaderName::ContentType, &*body.content_type);
        to.clone_from(&body.bytes);
    }
}

/// Adds an option tag to Supported, Require and their kin, once.
pub(super) fn add_tag(headers: &mut Headers, name: HeaderName, tag: &str) {
    if headers.lists(&name, tag) {
        return;
    }
    match headers.first(&name).filter(|v| !v.is_empty()) {
        Some(others) => {
            let all = format!("{others}, {tag}");
            headers.set_first(name, all);
        }
        None => headers.set(name, tag),
    }
}

/// Copies `headers` to a message, except what the endpoint alone writes. A name that may stand once replaces ours.
pub(super) fn add_headers(to: &mut Headers, headers: &Headers) {
    for header in headers {
        match header.name() {
            HeaderName::Via
            | HeaderName::From
            | HeaderName::To
            | HeaderName::CallId
            | HeaderName::CSeq
            | HeaderName::RecordRoute
            | HeaderName::ContentLength => {}
            HeaderName::MaxForwards
            | HeaderName::Contact
            | HeaderName::Allow
            | HeaderName::Supported
            | HeaderName::UserAgent
            | HeaderName::Server => to.set(header.name(), header.value()),
            _ => to.push_header(header.clone()),
        }
    }
}
