//! What requests and responses read alike.

/// Typed readers for a type with `headers` and `body`. What cannot be read is `None`; [`check`](super::check) says
/// what is wrong with it.
macro_rules! accessors {
    ($message:ty) => {
        impl $message {
            /// Call-ID.
            pub fn call_id(&self) -> Option<&str> {
                self.headers.first(&super::HeaderName::CallId)
            }
            /// From.
            pub fn from(&self) -> Option<&super::NameAddr> {
                self.headers.name_addr(&super::HeaderName::From)
            }
            /// To.
            pub fn to(&self) -> Option<&super::NameAddr> {
                self.headers.name_addr(&super::HeaderName::To)
            }
            /// CSeq.
            pub fn cseq(&self) -> Option<super::CSeq> {
                self.headers.cseq()
            }
            /// The first Via.
            pub fn top_via(&self) -> Option<&super::Via> {
                self.headers.top_via()
            }
            /// The first Contact that is a URI.
            pub fn contact(&self) -> Option<&super::NameAddr> {
                self.headers.name_addr(&super::HeaderName::Contact)
            }
            /// Content-Type without parameters, in lower case.
            pub fn content_type(&self) -> Option<String> {
                self.headers.content_type()
            }
            /// The body, or the part of a multipart body, that is of this type (`application/sdp`).
            pub fn body_of_type(&self, content_type: &str) -> Option<bytes::Bytes> {
                super::multipart::body_of_type(&self.headers, &self.body, content_type)
            }
        }
    };
}
pub(crate) use accessors;
