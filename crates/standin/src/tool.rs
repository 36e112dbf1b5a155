//! `/tools/...`: another system that agents ask.

use crate::{
    Shared,
    chat::{authorization, bad_json},
    connection::Handle,
    fault,
    log::Door,
    paced,
    script::ToolRule,
};
use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, OriginalUri, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

pub(crate) async fn handle(
    State(shared): State<Shared>,
    ConnectInfo(handle): ConnectInfo<Handle>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let script = shared.script().clone();
    let door = Door::Tool;
    let sent: Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().into()))
        .collect();
    let request = json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": uri.query().unwrap_or_default(),
        "headers": sent,
        "json": serde_json::from_slice::<Value>(&body).unwrap_or_default(),
    });
    let key = authorization(&headers);
    let mut entry = shared
        .log
        .add(door, request, key, |nth| script.fault_for(door, nth));
    if let Some(fault) = entry.fault
        && let Some(response) = fault::common(fault, &mut entry, &handle).await
    {
        return response;
    }
    let fits = |rule: &&ToolRule| uri.path().contains(rule.path.as_str());
    let rule = script.tools.iter().find(fits).cloned();
    let rule = rule.unwrap_or_else(|| ToolRule::at("/").status(404));
    if let Some(response) = bad_json(&rule.answer, &mut entry) {
        return response;
    }
    paced::pause(rule.delay).await;
    entry.sent();
    let status = StatusCode::from_u16(rule.status).unwrap_or(StatusCode::OK);
    match rule.location {
        Some(location) => (status, [(header::LOCATION, location)]).into_response(),
        None => (status, Json(rule.answer)).into_response(),
    }
}
