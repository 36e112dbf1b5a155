//! Lines that are the same in all messages of an endpoint: written once, and shared from then on.

use super::{reliable, screen};
use crate::api::EndpointConfig;
use crate::message::{Header, HeaderName};
use std::sync::{LazyLock, OnceLock};

/// `Max-Forwards: 70` (RFC 3261 section 8.1.1.6).
static MAX_FORWARDS: LazyLock<Header> = LazyLock::new(|| Header::new(HeaderName::MaxForwards, 70));

/// [`MAX_FORWARDS`].
pub(crate) fn max_forwards() -> Header {
    MAX_FORWARDS.clone()
}

/// Made of the configuration, which never changes, when the first of them is wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Own(OnceLock<Box<Lines>>);

/// Who we are and what we can.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    pub(super) user_agent: Header,
    pub(super) server: Header,
    pub(super) allow: Header,
    /// In answers.
    pub(super) supported: Option<Header>,
    /// In requests, where 100rel would be a wish.
    pub(super) supported_by_us: Option<Header>,
}

impl Own {
    pub(super) fn lines(&self, config: &EndpointConfig) -> &Lines {
        self.0.get_or_init(|| {
            let supported = |shown: fn(&str) -> bool| {
                let tags = config.supported.iter().map(String::as_str);
                let tags: Vec<_> = tags.filter(|tag| shown(tag)).collect();
                let any = !tags.is_empty();
                any.then(|| Header::new(HeaderName::Supported, tags.join(", ")))
            };
            Box::new(Lines {
                user_agent: Header::new(HeaderName::UserAgent, &config.product),
                server: Header::new(HeaderName::Server, &config.product),
                allow: Header::new(HeaderName::Allow, screen::methods(config)),
                supported: supported(|_| true),
                supported_by_us: supported(|tag| tag != reliable::TAG),
            })
        })
    }
}

/// What is made of the configuration says no more than that does.
impl PartialEq for Own {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Own {}
