//! Callers who are to be called back, over the API: listed, taken back.

use super::{App, problem, store};
use crate::shard::ToShard;
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use tandem_call::Admin;
use tandem_types::{CallId, Wall};

#[derive(Deserialize)]
pub(super) struct List {
    /// Those that are over, too.
    #[serde(default)]
    all: bool,
}

pub(super) async fn list(State(app): State<App>, Query(list): Query<List>) -> Response {
    let since = if list.all { Wall(0) } else { Wall(i64::MAX) };
    match store(&app).await.callbacks(since).await {
        Ok(rows) => Json(rows).into_response(),
        Err(e) => problem(StatusCode::SERVICE_UNAVAILABLE, &e.to_string()),
    }
}

pub(super) async fn cancel(State(app): State<App>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<CallId>() else {
        return problem(StatusCode::BAD_REQUEST, "that is no call id");
    };
    match store(&app).await.callbacks(Wall(i64::MAX)).await {
        Ok(rows) if rows.iter().any(|row| row.callback == id) => {}
        Ok(_) => return problem(StatusCode::NOT_FOUND, "no such callback"),
        Err(e) => return problem(StatusCode::SERVICE_UNAVAILABLE, &e.to_string()),
    }
    app.shard
        .order(ToShard::admin(Admin::CancelCallback(id)))
        .await;
    Json(json!({ "callback": id })).into_response()
}
