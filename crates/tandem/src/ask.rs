//! The running gateway, asked by its API.

use crate::{
    Config,
    calls::{http, reached},
};
use reqwest::Client;
use serde_json::Value;
use std::{fmt, net::SocketAddr};
use tandem_dialplan::api_at;

/// Where one answers, or should.
pub(crate) struct Gateway {
    at: SocketAddr,
    client: Client,
}

/// What it said.
pub(crate) struct Answer {
    pub(crate) body: Value,
    /// It is an error, and says why in `error`.
    pub(crate) refused: bool,
}

impl Gateway {
    fn at(at: SocketAddr) -> Self {
        let client = Client::new();
        Self { at, client }
    }

    /// That of a configuration without errors.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        Ok(Self::at(http(config)?))
    }

    /// That of a configuration whose errors shall be told by the gateway itself; `None`: they hide where it is.
    pub(crate) fn whatever_else_is_wrong(config: &Config) -> anyhow::Result<Option<Self>> {
        let path = config.config.join("tandem.toml");
        let text = std::fs::read_to_string(&path);
        Ok(text.ok().and_then(|text| api_at(&text)).map(Self::at))
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(self.client.get(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let asked = self.client.post(self.url(path)).json(body);
        self.send(asked).await
    }

    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(self.client.delete(self.url(path))).await
    }

    /// What is no JSON.
    pub(crate) async fn fetch(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let asked = self.client.get(self.url(path)).send().await;
        let answer = reached(self.at, asked)?;
        if answer.status().is_success() {
            return Ok(answer.bytes().await?.to_vec());
        }
        let body: Value = answer.json().await?;
        anyhow::bail!("{}", words(&body, "error"))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{self}{path}")
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Answer> {
        let answer = reached(self.at, request.send().await)?;
        let refused = !answer.status().is_success();
        let status = answer.status();
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_else(
            |_| serde_json::json!({ "error": format!("what answers at {} is no gateway of this version: {status}", self.at) }),
        );
        Ok(Answer { body, refused })
    }
}

/// Its address.
impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at.fmt(f)
    }
}

impl Answer {
    /// What was asked for, or the gateway's own words.
    pub(crate) fn granted(self) -> anyhow::Result<Value> {
        match self.refused {
            false => Ok(self.body),
            true => anyhow::bail!("{}", words(&self.body, "error")),
        }
    }
}

/// A text of an answer; empty where there is none.
pub(crate) fn words<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}
