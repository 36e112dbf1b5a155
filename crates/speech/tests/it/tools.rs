//! Tools over real HTTP: every fault, and secrets that go nowhere but to their own server.

use crate::common::*;
use futures_util::future::join_all;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tandem_speech::{EndpointSpec, Providers, Settings};
use tandem_standin::{Door, Fault, Script, Standin, ToolRule};
use tandem_types::{
    provider::ProviderFault as P,
    tool::{HttpAnswer, HttpAsk, HttpMethod},
};

const LIMIT: Duration = Duration::from_millis(1500);

async fn standin(script: Script) -> Standin {
    let found = ToolRule::at("/find").answers(json!({ "name": "Mary Jones" }));
    Standin::start(script.tool(found)).await.expect("a port")
}

fn origin(standin: &Standin) -> String {
    standin.base_url.replace("/v1", "")
}

fn endpoints(origin: &str) -> Arc<Providers> {
    let endpoint = EndpointSpec {
        name: "head/find".to_owned(),
        origin: origin.to_owned(),
        headers: vec![("x-office".to_owned(), "northgate".to_owned().into())],
        bearer: Some("s3cr3t".to_owned().into()),
    };
    let settings = Settings {
        endpoints: vec![endpoint],
        ..Settings::default()
    };
    Providers::new(Vec::new(), settings).expect("endpoints")
}

fn ask(url: String) -> HttpAsk {
    HttpAsk {
        endpoint: "head/find".to_owned(),
        method: HttpMethod::Get,
        url,
        body: None,
        key: None,
        timeout: LIMIT,
    }
}

async fn fetched(standin: &Standin) -> Result<HttpAnswer, P> {
    let url = format!("{}/find", standin.tools_url());
    within(endpoints(&origin(standin)).fetch(ask(url))).await
}

#[tokio::test]
async fn a_request_is_what_was_asked_with_the_endpoints_secrets() {
    let standin = standin(Script::default()).await;
    let answer = fetched(&standin).await.expect("an answer");
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"name":"Mary Jones"}"#)
    );
    let providers = endpoints(&origin(&standin));
    let post = HttpAsk {
        method: HttpMethod::Post,
        body: Some(r#"{"a":1}"#.to_owned()),
        key: Some("k-1".to_owned()),
        ..ask(format!(
            "{}/find/x%2F..%2Fy?q=a%26b%0D%0A",
            standin.tools_url()
        ))
    };
    within(providers.fetch(post)).await.expect("an answer");
    let log = standin.log_of(Door::Tool);
    assert_eq!(log[0].authorization.as_deref(), Some("Bearer s3cr3t"));
    assert_eq!(log[0].body["method"], "GET");
    assert_eq!(log[0].body["headers"]["x-office"], "northgate");
    assert_eq!(log[0].body["headers"].get("idempotency-key"), None);
    assert_eq!(log[1].body["path"], "/tools/find/x%2F..%2Fy");
    assert_eq!(log[1].body["query"], "q=a%26b%0D%0A");
    assert_eq!(log[1].body["headers"]["idempotency-key"], "k-1");
    assert_eq!(log[1].body["json"], json!({ "a": 1 }));
}

/// What a fault is taken for; `None`: an answer that is JSON, or empty.
fn expected(fault: Fault) -> Option<P> {
    match fault {
        Fault::Refuse | Fault::Reset => Some(P::Unreachable),
        Fault::Status500 => Some(P::Status(500)),
        Fault::Status429 => Some(P::RateLimited),
        Fault::Status401 => Some(P::Unauthorized),
        Fault::Hang | Fault::Slow => Some(P::TimedOut),
        Fault::Endless => Some(P::TooLarge),
        Fault::Cut
        | Fault::MalformedJson
        | Fault::Html
        | Fault::BadUtf8
        | Fault::DoubledEnd
        | Fault::OddAudio => Some(P::Malformed),
        Fault::Empty | Fault::WrongTypes => None,
    }
}

#[tokio::test]
async fn every_fault_is_told_apart_in_time_with_one_request() {
    let cases = Fault::ALL.map(|fault| async move {
        let standin = standin(Script::default().fault(Door::Tool, fault)).await;
        let result = fetched(&standin).await.and_then(|answer| {
            let body = answer.body.trim();
            let json = body.is_empty() || serde_json::from_str::<serde_json::Value>(body).is_ok();
            json.then_some(()).ok_or(P::Malformed)
        });
        assert_eq!(result.err(), expected(fault), "{fault:?}");
        assert_eq!(standin.log().len(), 1, "{fault:?}: no retries");
    });
    join_all(cases).await;
}

#[tokio::test]
async fn nobody_is_followed_anywhere() {
    let other = standin(Script::default()).await;
    let elsewhere = format!("{}/find", other.tools_url());
    let moved = ToolRule::at("/find").redirects(&elsewhere);
    let standin = Standin::start(Script::default().tool(moved))
        .await
        .expect("a port");
    assert_eq!(fetched(&standin).await, Err(P::Status(302)));
    assert_eq!(other.log(), [], "and the secret stays");
    let nothing = Standin::start(Script::default()).await.expect("a port");
    assert_eq!(fetched(&nothing).await, Err(P::Status(404)));
}

#[tokio::test]
async fn a_secret_goes_to_its_own_server_or_nowhere() {
    let (ours, other) = (
        standin(Script::default()).await,
        standin(Script::default()).await,
    );
    let providers = endpoints(&origin(&ours));
    let port = origin(&ours)
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    for url in [
        format!("{}/find", other.tools_url()),
        format!("http://localhost:{port}/tools/find"),
        format!("http://me@127.0.0.1:{port}/tools/find"),
        format!(
            "http://127.0.0.1:{port}@{}/tools/find",
            origin(&other).replace("http://", "")
        ),
        format!("https://127.0.0.1:{port}/tools/find"),
        "no url".to_owned(),
    ] {
        let result = within(providers.fetch(ask(url.clone()))).await;
        assert_eq!(result, Err(P::NotConfigured), "{url}");
    }
    let unknown = HttpAsk {
        endpoint: "head/other".to_owned(),
        ..ask(format!("{}/find", ours.tools_url()))
    };
    assert_eq!(
        within(providers.fetch(unknown)).await,
        Err(P::NotConfigured)
    );
    assert_eq!((ours.log(), other.log()), (vec![], vec![]));
}
