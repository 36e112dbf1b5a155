//! Registration (RFC 3261 section 10): once asked for, it is kept.

use super::{Asked, Deed, Phone, call::status_of};
use crate::{PhoneConfig, PhoneEvent};
use std::time::Duration;
use tandem_sip::{
    api::{Command, Failure, OutgoingRequest},
    message::{HeaderName, Headers, Method, NameAddr, Response, Uri},
};
use tandem_types::{Now, Rng};

/// What we ask for, in seconds.
const EXPIRES: u32 = 300;
/// A refused or unanswered registration is tried again after this long.
const RETRY: Duration = Duration::from_secs(30);
/// What desk phones tell their registrar.
const METHODS: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, INFO, UPDATE, MESSAGE";
/// CSeq numbers left to the endpoint for answering challenges of one REGISTER.
const CSEQ_STEP: u32 = 4;

pub(super) struct Registration {
    call_id: String,
    cseq: u32,
    /// We want to be registered.
    wanted: bool,
    up: bool,
}

impl Registration {
    pub(super) fn new(rng: &mut Rng, config: &PhoneConfig) -> Self {
        let call_id = format!("{}@{}", rng.token(20), config.local_sip.ip());
        Self {
            call_id,
            cseq: 1,
            wanted: false,
            up: false,
        }
    }
    pub(super) fn is_up(&self) -> bool {
        self.up
    }
}

impl Phone {
    pub(super) fn register(&mut self, now: Now) {
        self.registration.wanted = true;
        self.send_register(now, EXPIRES);
    }

    pub(super) fn unregister(&mut self, now: Now) {
        self.registration.wanted = false;
        self.send_register(now, 0);
    }

    fn send_register(&mut self, now: Now, expires: u32) {
        let Some(flow) = self.config.registrar else {
            self.tell(PhoneEvent::NotRegistered { status: 0 });
            return;
        };
        self.deeds.retain(|_, deed| !matches!(deed, Deed::Register));
        let key = self.endpoint.allocate_key();
        self.asked.insert(key, Asked::Register);
        let contact = NameAddr::new(self.contact(&flow));
        let request = OutgoingRequest {
            flow,
            method: Method::Register,
            target: Uri::sip(None, &self.config.domain),
            from: self.address(),
            to: self.address(),
            call_id: Some(self.registration.call_id.clone()),
            cseq: self.registration.cseq,
            headers: Headers::new()
                .with(HeaderName::Contact, contact)
                .with(HeaderName::Expires, expires)
                .with(HeaderName::Allow, METHODS),
            credentials: self.credentials(),
        };
        self.registration.cseq += CSEQ_STEP;
        self.command(
            now,
            Command::Send {
                key,
                request: Box::new(request),
            },
        );
    }

    pub(super) fn register_answered(&mut self, now: Now, result: Result<Box<Response>, Failure>) {
        match result {
            Ok(response) => {
                let expires = if self.registration.wanted {
                    granted(&response)
                } else {
                    0
                };
                self.registration.up = expires > 0;
                self.tell(PhoneEvent::Registered { expires });
                if expires > 0 {
                    let refresh = Duration::from_secs(u64::from(expires / 2).max(1));
                    self.later(now.mono + refresh, Deed::Register);
                }
            }
            Err(failure) => {
                self.registration.up = false;
                self.tell(PhoneEvent::NotRegistered {
                    status: status_of(&failure),
                });
                if self.registration.wanted {
                    self.later(now.mono + RETRY, Deed::Register);
                }
            }
        }
    }
}

/// What the registrar granted: the Contact's own expires before the header (RFC 3261 section 10.2.4).
fn granted(response: &Response) -> u32 {
    let own = response
        .contact()
        .and_then(|c| c.params.get("expires")?.parse().ok());
    let header = || {
        response
            .headers
            .first(&HeaderName::Expires)?
            .trim()
            .parse()
            .ok()
    };
    own.or_else(header).unwrap_or(EXPIRES)
}
