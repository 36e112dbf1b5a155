//! The running gateway, asked by its API.

use crate::{
    Config,
    calls::{http, reached},
};
use serde_json::Value;
use std::net::SocketAddr;
use tandem_dialplan::api_at;

/// Where one answers, or should.
pub(crate) struct Gateway(SocketAddr);

/// What it said.
pub(crate) struct Answer {
    pub(crate) body: Value,
    /// It is an error, and says why in `error`.
    pub(crate) refused: bool,
}

impl Gateway {
    /// That of a configuration without errors.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        Ok(Self(http(config)?))
    }

    /// That of a configuration whose errors shall be told by the gateway itself; `None`: they hide where it is.
    pub(crate) fn whatever_else_is_wrong(config: &Config) -> anyhow::Result<Option<Self>> {
        let path = config.config.join("tandem.toml");
        let text = std::fs::read_to_string(&path);
        Ok(text.ok().and_then(|text| api_at(&text)).map(Self))
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(reqwest::Client::new().get(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let client = reqwest::Client::new();
        self.send(client.post(self.url(path)).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        let client = reqwest::Client::new();
        self.send(client.delete(self.url(path))).await
    }

    /// What is no JSON.
    pub(crate) async fn fetch(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let asked = reqwest::Client::new().get(self.url(path)).send().await;
        let answer = reached(self.0, asked)?;
        if answer.status().is_success() {
            return Ok(answer.bytes().await?.to_vec());
        }
        let body: Value = answer.json().await?;
        anyhow::bail!("{}", words(&body, "error"))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Answer> {
        let answer = reached(self.0, request.send().await)?;
        let refused = !answer.status().is_success();
        let status = answer.status();
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_else(
            |_| serde_json::json!({ "error": format!("what answers at {} is no gateway of this version: {status}", self.0) }),
        );
        Ok(Answer { body, refused })
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
