//! Tools over HTTP: a request that is whole already, sent to the one place that its endpoint has, with that endpoint's secrets.
//! Nothing is followed: an answer that points elsewhere is a fault.

use crate::openai::{Clients, body, send};
use crate::profile::SetupError;
use reqwest::{
    Method, RequestBuilder, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use tandem_types::{
    provider::ProviderFault,
    tool::{HttpAnswer, HttpAsk, HttpMethod},
};
use tokio::time::timeout;

/// Bytes of an answer; a model is given less, and nothing that is kept is longer.
pub const MAX_ANSWER: usize = 256 << 10;

/// Another system, as the administrator configured it.
#[derive(Clone, Debug)]
pub struct EndpointSpec {
    /// What requests name it by.
    pub name: String,
    /// Scheme, host and port.
    pub origin: String,
    /// Of every request.
    pub headers: Vec<(String, SecretString)>,
    /// A bearer token (RFC 6750).
    pub bearer: Option<SecretString>,
}

/// Scheme, host and port.
type Origin = (String, String, Option<u16>);

/// All of them.
pub(crate) struct Endpoints(BTreeMap<String, Endpoint>);

struct Endpoint {
    origin: Origin,
    headers: HeaderMap,
    http: reqwest::Client,
}

/// What tells one server from another (RFC 6454 section 4).
fn origin_of(url: &Url) -> Origin {
    (
        url.scheme().to_owned(),
        url.host_str().unwrap_or_default().to_owned(),
        url.port_or_known_default(),
    )
}

impl Endpoints {
    pub(crate) fn new(clients: &Clients, specs: &[EndpointSpec]) -> Result<Self, SetupError> {
        let mut all = BTreeMap::new();
        for spec in specs {
            all.insert(spec.name.clone(), Endpoint::new(clients, spec)?);
        }
        Ok(Self(all))
    }

    /// Asks, and gives the answer if it is a 2xx, UTF-8, and no longer than [`MAX_ANSWER`].
    pub(crate) async fn fetch(&self, ask: HttpAsk) -> Result<HttpAnswer, ProviderFault> {
        let endpoint = self.0.get(&ask.endpoint);
        let endpoint = endpoint.ok_or(ProviderFault::NotConfigured)?;
        let limit = ask.timeout;
        let request = endpoint.request(ask)?;
        let answer = async {
            let response = send(request).await?;
            let status = response.status().as_u16();
            if response
                .content_length()
                .is_some_and(|n| n > MAX_ANSWER as u64)
            {
                return Err(ProviderFault::TooLarge);
            }
            let bytes = body(response, MAX_ANSWER).await?;
            let body = String::from_utf8(bytes).map_err(|_| ProviderFault::Malformed)?;
            Ok(HttpAnswer { status, body })
        };
        timeout(limit, answer)
            .await
            .unwrap_or(Err(ProviderFault::TimedOut))
    }
}

impl Endpoint {
    fn new(clients: &Clients, spec: &EndpointSpec) -> Result<Self, SetupError> {
        let wrong = || SetupError::Endpoint(spec.name.clone());
        let url = Url::parse(&spec.origin).map_err(|_| wrong())?;
        let mut headers = HeaderMap::new();
        let bearer = spec.bearer.as_ref();
        let bearer = bearer.map(|b| (AUTHORIZATION, format!("Bearer {}", b.expose_secret())));
        let own = spec.headers.iter().map(|(name, value)| {
            let name = name.parse::<HeaderName>().map_err(|_| wrong())?;
            Ok((name, value.expose_secret().to_owned()))
        });
        for header in own.chain(bearer.map(Ok)) {
            let (name, value) = header?;
            let mut value = HeaderValue::from_str(&value).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(Self {
            origin: origin_of(&url),
            headers,
            http: clients.to(&url),
        })
    }

    fn request(&self, ask: HttpAsk) -> Result<RequestBuilder, ProviderFault> {
        let url = Url::parse(&ask.url).map_err(|_| ProviderFault::NotConfigured)?;
        // However the URL came to be: a secret goes to its own server, or nowhere.
        if origin_of(&url) != self.origin || !url.username().is_empty() {
            return Err(ProviderFault::NotConfigured);
        }
        let method = match ask.method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Post => Method::POST,
            HttpMethod::Put => Method::PUT,
            HttpMethod::Patch => Method::PATCH,
            HttpMethod::Delete => Method::DELETE,
        };
        let mut request = self
            .http
            .request(method, url)
            .header(ACCEPT, "application/json")
            .headers(self.headers.clone());
        if let Some(key) = ask.key {
            request = request.header("idempotency-key", key);
        }
        Ok(match ask.body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body),
            None => request,
        })
    }
}
