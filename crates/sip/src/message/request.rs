//! Requests.

use super::{Headers, Method, Uri, write};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Request-URI.
    pub uri: Uri,
    /// Headers in order.
    pub headers: Headers,
    /// Body.
    pub body: Bytes,
}

impl Request {
    /// Without headers and body.
    pub const fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: Headers::new(),
            body: Bytes::new(),
        }
    }

    /// As it goes out. Content-Length is made right.
    pub fn to_bytes(&self) -> Bytes {
        write::to_bytes(
            format_args!("{} {} SIP/2.0", self.method, self.uri),
            &self.headers,
            &self.body,
        )
    }
}

super::accessors::accessors!(Request);
