//! Requests outside any dialog, ours and the answers to theirs.

use super::{
    Endpoint, Owed,
    auth::Auth,
    inside, max_forwards,
    table::{Other, RequestAbout},
};
use crate::api::{Body, Flow, OutgoingRequest, RequestKey};
use crate::message::{HeaderName, Headers, Method, Request, Response};
use tandem_types::Now;

impl Endpoint {
    pub(super) fn command_send(&mut self, now: Now, key: RequestKey, out: OutgoingRequest) {
        if matches!(out.method, Method::Invite | Method::Ack | Method::Cancel) {
            return;
        }
        let tag = self.fresh_tag();
        let call_id = out.call_id.unwrap_or_else(|| self.fresh_call_id());
        let mut request = Request::new(out.method, out.target.without_headers());
        request.headers.push_header(max_forwards());
        request
            .headers
            .push(HeaderName::From, out.from.with_tag(&tag));
        request.headers.push(HeaderName::To, out.to);
        request.headers.push(HeaderName::CallId, call_id);
        let method = request.method.clone();
        request
            .headers
            .push(HeaderName::CSeq, format_args!("{} {method}", out.cseq));
        self.dress_request(&mut request, None, &out.headers, None);
        let auth = Auth::new(out.credentials);
        self.start_outside(now, key, out.flow, request, auth);
    }

    /// A request in a dialog of the user's own.
    pub(super) fn command_send_as_is(
        &mut self,
        now: Now,
        key: RequestKey,
        flow: Flow,
        mut request: Request,
    ) {
        self.dress_request(&mut request, None, &Headers::new(), None);
        self.start_outside(now, key, flow, request, Auth::new(None));
    }

    fn start_outside(
        &mut self,
        now: Now,
        key: RequestKey,
        flow: Flow,
        request: Request,
        auth: Auth,
    ) {
        self.start_request(
            now,
            RequestAbout {
                request,
                flow,
                other: Other::default(),
                session: None,
                key: Some(key),
                auth,
                raised: 0,
            },
        );
    }

    /// The user's answer to a request of theirs.
    pub(super) fn command_respond(
        &mut self,
        now: Now,
        key: RequestKey,
        status: u16,
        phrase: &str,
        headers: &Headers,
        body: Option<&Body>,
    ) {
        if !(200..=699).contains(&status) {
            return;
        }
        let Some(Owed {
            transaction,
            request,
            session,
            tag,
        }) = self.owed.remove(&key)
        else {
            return;
        };
        if let Some(session) = session {
            let content = inside::Answer {
                status,
                phrase,
                headers,
                body,
            };
            self.respond_inside(now, session, transaction, &request, &content);
            return;
        }
        let tag = tag.unwrap_or_else(|| self.fresh_tag());
        let mut response = Response::reply_to(&request, status, Some(&tag)).with_phrase(phrase);
        self.dress_response(&request, &mut response, None, headers, body);
        self.respond(now, transaction, &response);
    }
}
