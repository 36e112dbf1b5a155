//! Messages over the API: listed, heard, deleted.

use super::{App, problem, store};
use crate::{recorder::kept, shard::ToShard};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use tandem_call::{Admin, MessageAct};
use tandem_store::{MessageFilter, MessageRow};
use tandem_types::MessageId;

#[derive(Deserialize)]
pub(super) struct List {
    /// Dialplan and name, or the name.
    mailbox: Option<String>,
    limit: Option<u32>,
}

pub(super) async fn list(State(app): State<App>, Query(list): Query<List>) -> Response {
    let filter = MessageFilter {
        mailbox: list.mailbox,
        limit: list.limit,
        ..MessageFilter::default()
    };
    match store(&app).await.messages(&filter).await {
        Ok(rows) => Json(rows).into_response(),
        Err(e) => problem(StatusCode::SERVICE_UNAVAILABLE, &e.to_string()),
    }
}

/// The message that is meant, or what is answered.
async fn find(app: &App, id: &str) -> Result<MessageRow, Response> {
    let Ok(id) = id.parse::<MessageId>() else {
        return Err(problem(StatusCode::BAD_REQUEST, "that is no message id"));
    };
    let filter = MessageFilter {
        message: Some(id),
        ..MessageFilter::default()
    };
    match store(app).await.messages(&filter).await {
        Ok(mut rows) => rows
            .pop()
            .ok_or_else(|| problem(StatusCode::NOT_FOUND, "no such message")),
        Err(e) => Err(problem(StatusCode::SERVICE_UNAVAILABLE, &e.to_string())),
    }
}

/// As a WAV file, whatever it is kept as.
pub(super) async fn sound(State(app): State<App>, Path(id): Path<String>) -> Response {
    let row = match find(&app, &id).await {
        Ok(row) => row,
        Err(answer) => return answer,
    };
    let at = app.plan.load().node.recordings.clone();
    let read = tokio::task::spawn_blocking(move || kept::wav(&at, &row.path)).await;
    match read {
        Ok(Ok(wav)) => ([(header::CONTENT_TYPE, "audio/wav")], wav).into_response(),
        Ok(Err(e)) => problem(StatusCode::GONE, &e.to_string()),
        Err(e) => problem(StatusCode::INTERNAL_SERVER_ERROR, &e.to_string()),
    }
}

pub(super) async fn heard(State(app): State<App>, Path(id): Path<String>) -> Response {
    act(&app, &id, MessageAct::Heard).await
}

pub(super) async fn delete(State(app): State<App>, Path(id): Path<String>) -> Response {
    act(&app, &id, MessageAct::Delete).await
}

async fn act(app: &App, id: &str, act: MessageAct) -> Response {
    let message = match find(app, id).await {
        Ok(row) => row.message,
        Err(answer) => return answer,
    };
    app.shard
        .order(ToShard::admin(Admin::Message { message, act }))
        .await;
    Json(json!({ "message": message })).into_response()
}
