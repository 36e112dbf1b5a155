//! Responses.

use super::{
    HeaderName, Headers, Method, Request, Text,
    status::{phrase_text, standard_phrase},
    write,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// Reason phrase; may be empty.
    pub phrase: Text,
    /// Headers in order.
    pub headers: Headers,
    /// Body.
    pub body: Bytes,
}

impl Response {
    /// With the standard phrase, without headers and body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            phrase: phrase_text(status),
            headers: Headers::new(),
            body: Bytes::new(),
        }
    }

    /// With another phrase; an empty one leaves it as it is.
    #[must_use]
    pub fn with_phrase(mut self, phrase: &str) -> Self {
        if !phrase.is_empty() && phrase != standard_phrase(self.status) {
            self.phrase = phrase.replace(['\r', '\n', '\0'], " ").into();
        }
        self
    }

    /// The response to a request, with what RFC 3261 section 8.2.6.2 says must be copied: Via, From, To (with `to_tag`
    /// if it has no tag and this is not a 100), Call-ID, CSeq; Record-Route where a dialog may come of it (section
    /// 12.1.1); Timestamp in a 100 (section 8.2.6.1).
    pub fn reply_to(request: &Request, status: u16, to_tag: Option<&str>) -> Self {
        Self::answer(&request.headers, Some(&request.method), status, to_tag)
    }

    /// The same from headers alone, where the first line could not be read.
    pub(crate) fn answer(
        headers: &Headers,
        method: Option<&Method>,
        status: u16,
        to_tag: Option<&str>,
    ) -> Self {
        let mut out = Self::new(status);
        out.headers = Headers::with_capacity(headers.len() + 4);
        let mut copy = |name| out.headers.copy_from(headers, &name);
        copy(HeaderName::Via);
        if (101..300).contains(&status) && method.is_some_and(makes_dialog) {
            copy(HeaderName::RecordRoute);
        }
        for name in [
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ] {
            copy(name);
        }
        if status == 100 {
            copy(HeaderName::Timestamp);
        } else if let Some(tag) = to_tag
            && let Some(to) = out.headers.name_addr(&HeaderName::To)
            && to.tag().is_none()
        {
            let tail = super::Params::new().with("tag", tag).to_string();
            out.headers.append_to_first(&HeaderName::To, &tail);
        }
        out
    }

    /// 1xx.
    pub fn is_provisional(&self) -> bool {
        self.status < 200
    }
    /// 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// As it goes out. Content-Length is made right.
    pub fn to_bytes(&self) -> Bytes {
        write::to_bytes(
            format_args!("SIP/2.0 {:03} {}", self.status, self.phrase),
            &self.headers,
            &self.body,
        )
    }
}

fn makes_dialog(method: &Method) -> bool {
    matches!(
        method,
        Method::Invite | Method::Subscribe | Method::Refer | Method::Notify
    )
}

super::accessors::accessors!(Response);
