//! The HTTP under the three doors: one client for all, limits, and what each failure means.

use crate::profile::{DoorSpec, SetupError};
use futures_util::StreamExt;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use std::{net::IpAddr, time::Duration};
use tandem_types::provider::ProviderFault;

/// How long servers may take. A late answer is worse than the fallback.
#[derive(Clone, Debug)]
pub struct Limits {
    /// To a TCP and TLS connection.
    pub connect: Duration,
    /// A transcription, from the request to the whole answer.
    pub transcription: Duration,
    /// To the first sound of a line.
    pub first_sound: Duration,
    /// Between two pieces of sound, and to the end after the last.
    pub sound_stall: Duration,
    /// Between two events of a chat once it has begun.
    pub chat_stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(1_500),
            // Together with the offline fallback (0.3 s) under the 3 s after which a caller wonders.
            transcription: Duration::from_millis(2_500),
            first_sound: Duration::from_millis(2_000),
            sound_stall: Duration::from_millis(1_500),
            chat_stall: Duration::from_secs(4),
        }
    }
}

/// The clients for all servers: connections are kept open between requests.
#[derive(Clone)]
pub(crate) struct Clients {
    /// For servers elsewhere: by the proxy of the environment (`HTTPS_PROXY`), where there is one.
    far: reqwest::Client,
    /// For servers on this machine, which no proxy can reach.
    near: reqwest::Client,
}

impl Clients {
    pub(crate) fn new(limits: &Limits) -> Result<Self, SetupError> {
        let error = |error: reqwest::Error| SetupError::Client(error.without_url().to_string());
        // Without a single CA certificate on the machine (a bare container) the first one fails. Servers
        // on the own network by http, and everything offline, must work there too.
        let far = builder(limits).build().or_else(|_| {
            tracing::warn!(
                "no CA certificates: https servers will be refused; apt-get install ca-certificates"
            );
            builder(limits).tls_certs_only([]).build()
        });
        let near = builder(limits).no_proxy().build();
        let near = near.or_else(|_| builder(limits).no_proxy().tls_certs_only([]).build());
        Ok(Self {
            far: far.map_err(error)?,
            near: near.map_err(error)?,
        })
    }

    pub(crate) fn to(&self, url: &Url) -> reqwest::Client {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if here {
            self.near.clone()
        } else {
            self.far.clone()
        }
    }
}

fn builder(limits: &Limits) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(limits.connect)
        .user_agent(concat!("tandem/", env!("CARGO_PKG_VERSION")))
        // A key must not follow a redirect to another host, and an API that moves is misconfigured.
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
}

/// A server, as the doors see it.
pub struct OpenAi {
    pub(super) http: reqwest::Client,
    base: Url,
    key: Option<SecretString>,
    pub(super) model: String,
    pub(super) voice: Option<String>,
    pub(super) sample_rate: Option<u32>,
    pub(super) limits: Limits,
}

impl OpenAi {
    /// `None` where `spec` is no `OpenAi`, or its address is not http or https.
    pub(crate) fn new(clients: &Clients, spec: &DoorSpec, limits: Limits) -> Option<Self> {
        let DoorSpec::OpenAi {
            base_url,
            model,
            key,
            voice,
            sample_rate,
        } = spec
        else {
            return None;
        };
        let mut base = Url::parse(base_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))?;
        base.path_segments_mut().ok()?.pop_if_empty();
        Some(Self {
            http: clients.to(&base),
            base,
            key: key.clone(),
            model: model.clone(),
            voice: voice.clone(),
            sample_rate: *sample_rate,
            limits,
        })
    }

    /// A POST to a path below the base.
    pub(super) fn post(&self, path: &[&str]) -> RequestBuilder {
        self.with_key(self.http.post(self.url(path)))
    }

    /// Asks for the list of models: the cheapest request that shows address and key to be right.
    pub(crate) async fn probe(&self) -> Result<(), ProviderFault> {
        let request = self.with_key(self.http.get(self.url(&["models"])));
        let answer = tokio::time::timeout(self.limits.transcription, send(request));
        answer.await.map_err(|_| ProviderFault::TimedOut)?.map(drop)
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        url
    }

    fn with_key(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        }
    }
}

/// Sends it, and reads the status. The body of a refusal is not read: it may quote what we sent.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, ProviderFault> {
    let response = request.send().await.map_err(|error| fault_of(&error))?;
    match response.status() {
        status if status.is_success() => Ok(response),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(ProviderFault::Unauthorized),
        StatusCode::TOO_MANY_REQUESTS => Err(ProviderFault::RateLimited),
        status => Err(ProviderFault::Status(status.as_u16())),
    }
}

/// The whole body, if it is not longer than `limit` bytes.
pub(crate) async fn body(response: Response, limit: usize) -> Result<Vec<u8>, ProviderFault> {
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        // The status line has come: what breaks now is the answer, not the way to the server.
        body.extend_from_slice(&chunk.map_err(|_| ProviderFault::Malformed)?);
        if body.len() > limit {
            return Err(ProviderFault::TooLarge);
        }
    }
    Ok(body)
}

fn fault_of(error: &reqwest::Error) -> ProviderFault {
    if error.is_timeout() {
        ProviderFault::TimedOut
    } else {
        ProviderFault::Unreachable
    }
}
