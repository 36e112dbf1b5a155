//! Watching an extension, as the keys of a desk phone do (RFC 6665): it is told, and tells its user.

use super::{Asked, Phone};
use crate::PhoneEvent;
use tandem_sip::{
    api::{Command, OutgoingRequest, RequestKey},
    message::{HeaderName, Headers, Method, NameAddr, Request, Uri},
};
use tandem_types::Now;

impl Phone {
    pub(super) fn watch(&mut self, now: Now, whom: &str, package: &str, expires: u32) {
        let Some(flow) = self.config.registrar else {
            self.tell(PhoneEvent::Watching { status: 0 });
            return;
        };
        let target = Uri::sip(whom, &self.config.domain);
        let key = self.endpoint.allocate_key();
        self.asked.insert(key, Asked::Watch);
        let request = OutgoingRequest {
            flow,
            method: Method::Subscribe,
            target: target.clone(),
            from: self.address(),
            to: NameAddr::new(target),
            call_id: None,
            cseq: 1,
            headers: Headers::new()
                .with(HeaderName::Event, package)
                .with(HeaderName::Expires, expires)
                .with(HeaderName::Contact, NameAddr::new(self.contact(&flow))),
            credentials: self.credentials(),
        };
        let request = Box::new(request);
        self.command(now, Command::Send { key, request });
    }

    pub(super) fn notified(&mut self, now: Now, key: RequestKey, request: &Request) {
        let state = request.headers.first(&HeaderName::SubscriptionState);
        let event = PhoneEvent::Notified {
            state: state.unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
        };
        self.tell(event);
        self.respond(now, key, 200, Headers::new(), None);
    }
}
