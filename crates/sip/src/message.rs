//! SIP messages: lexer, verbatim ordered headers, open methods and URIs (RFC 3261 sections 7, 19, 20, 25).
//!
//! A parsed message is slices of the buffer it came in: header lines are kept as they came, typed values are read when they
//! are asked for, and [`Request::to_bytes`] gives the lines back unchanged. What a peer sends can make a reader say
//! `None` or [`ParseError`], never panic. What we build cannot hold a line end within a value.
//!
//! ```
//! use tandem_sip::message::{HeaderName, Message, Method};
//! let bytes = "OPTIONS sip:desk@192.0.2.1 SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\n\
//!     f: <sip:a@192.0.2.2>;tag=1\r\nt: <sip:desk@192.0.2.1>\r\ni: 1@192.0.2.2\r\nCSeq: 1 OPTIONS\r\n\r\n";
//! let Ok(Message::Request(request)) = Message::parse(bytes.into()) else { panic!("a request") };
//! assert_eq!(request.method, Method::Options);
//! assert_eq!(request.from().unwrap().tag(), Some("1"));
//! assert_eq!(request.headers.first(&HeaderName::CallId), Some("1@192.0.2.2"));
//! assert_eq!(request.check(), Ok(()));
//! ```

mod accessors;
mod check;
mod contact;
mod cseq;
mod diversion;
mod error;
mod event;
mod framing;
mod header_name;
mod headers;
mod host;
mod identity;
mod info;
pub(crate) mod lexer;
mod method;
mod multipart;
mod name_addr;
mod params;
mod parse;
mod readers;
mod reason;
mod refer;
mod replaces;
mod request;
mod response;
mod retry_after;
#[cfg(feature = "rsip")]
mod rsip;
mod session_timer;
mod status;
mod text;
mod uri;
mod user_to_user;
mod via;
mod write;

pub use check::Refusal;
pub use contact::Contacts;
pub use cseq::{CSeq, RAck};
pub use diversion::{Diversion, HistoryEntry, Retarget};
pub use error::ParseError;
pub use event::{Event, SubState, SubscriptionState};
pub use framing::{Framing, MAX_MESSAGE, frame};
pub use header_name::HeaderName;
pub use headers::{Header, Headers};
pub use host::Host;
pub use identity::{Privacy, RemoteParty, Verstat};
pub use info::Info;
pub use lexer::ListValues;
pub use method::Method;
pub use multipart::{Part, parts};
pub use name_addr::NameAddr;
pub use params::{Param, Params};
pub use parse::{Fault, Malformed, stateless_tag};
pub use reason::Reason;
pub use replaces::Replaces;
pub use request::Request;
pub use response::Response;
pub use retry_after::RetryAfter;
pub use session_timer::{Refresher, SessionExpires};
pub use status::standard_phrase;
pub use text::Text;
pub use uri::{Escaped, SipUri, Uri};
pub use user_to_user::UserToUser;
pub use via::{MAGIC_COOKIE, Via};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// Of either.
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(m) => &m.headers,
            Self::Response(m) => &m.headers,
        }
    }
    /// Of either.
    pub fn body(&self) -> &Bytes {
        match self {
            Self::Request(m) => &m.body,
            Self::Response(m) => &m.body,
        }
    }
    /// Call-ID.
    pub fn call_id(&self) -> Option<&str> {
        self.headers().first(&HeaderName::CallId)
    }
    /// CSeq.
    pub fn cseq(&self) -> Option<CSeq> {
        self.headers().cseq()
    }
    /// The first Via.
    pub fn top_via(&self) -> Option<&Via> {
        self.headers().top_via()
    }
    /// As it goes out. Content-Length is made right.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(m) => m.to_bytes(),
            Self::Response(m) => m.to_bytes(),
        }
    }
}

impl From<Request> for Message {
    fn from(m: Request) -> Self {
        Self::Request(m)
    }
}
impl From<Response> for Message {
    fn from(m: Response) -> Self {
        Self::Response(m)
    }
}

#[cfg(test)]
mod tests;
