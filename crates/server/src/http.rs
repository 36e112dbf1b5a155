//! Health, metrics and the API. It decides nothing: it asks the shard or the store.

mod callbacks;
mod voicemail;

use crate::{
    doctor::{Surgery, diagnose},
    hours::{NotSet, Override},
    places::ShardHandle,
    reload::{NotReloaded, Reloader},
    shard::{Snapshot, ToShard},
    trace::{TraceRing, ladder},
};
use arc_swap::ArcSwap;
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tandem_call::{Admin, person_of};
use tandem_dialplan::{Plan, render, to_json};
use tandem_store::{CallFilter, HandoffFilter, Rows, Store};
use tandem_types::CallId;
use tokio::sync::{Mutex, oneshot, watch};

/// Rows that a list gives when nothing is said.
const ROWS: u32 = 50;
/// How long an answer may wait for rows that are on their way.
const FRESH: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) shard: ShardHandle,
    pub(crate) store: Store,
    pub(crate) rows: Rows,
    pub(crate) trace: Arc<TraceRing>,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) draining: Arc<AtomicBool>,
    /// Somebody asked for that by the API.
    pub(crate) drain: watch::Sender<bool>,
    pub(crate) plan: Arc<ArcSwap<Plan>>,
    pub(crate) reloader: Arc<Reloader>,
    pub(crate) hours: Arc<Mutex<Override>>,
    pub(crate) surgery: Surgery,
}

impl App {
    pub(crate) async fn snapshot(&self) -> Option<Snapshot> {
        let (ask, answer) = oneshot::channel();
        if !self.shard.wish(ToShard::Snapshot(ask)) {
            return None;
        }
        answer.await.ok()
    }
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics_text))
        .route("/api/v1/status", get(status))
        .route("/api/v1/calls", get(calls))
        .route("/api/v1/calls/{id}", get(call))
        .route("/api/v1/calls/{id}/trace", get(trace))
        .route("/api/v1/calls/{id}/hangup", post(hangup))
        .route("/api/v1/calls/{id}/recording", post(recording))
        .route("/api/v1/handoffs", get(handoffs))
        .route("/api/v1/hours", get(hours).post(set_hours))
        .route("/api/v1/doctor", get(doctor))
        .route("/api/v1/phones", get(phones))
        .route("/api/v1/trunks", get(trunks))
        .route("/api/v1/queues", get(queues))
        .route("/api/v1/people/{who}/pause", post(pause))
        .route("/api/v1/callbacks", get(callbacks::list))
        .route("/api/v1/callbacks/{id}", delete(callbacks::cancel))
        .route("/api/v1/voicemail", get(voicemail::list))
        .route("/api/v1/voicemail/{id}", delete(voicemail::delete))
        .route("/api/v1/voicemail/{id}/heard", post(voicemail::heard))
        .route("/api/v1/voicemail/{id}/sound", get(voicemail::sound))
        .route("/api/v1/drain", post(drain))
        .route("/api/v1/reload", get(in_force).post(reload))
        .with_state(app)
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    draining: bool,
    store: &'static str,
    calls: usize,
    capacity: u32,
}

async fn ready(State(app): State<App>) -> Response {
    let draining = app.draining.load(Ordering::Relaxed);
    let snapshot = app.snapshot().await;
    // A database that is away is no reason to turn calls away: the journal keeps every event.
    let store = if app.rows.status().away.is_some() {
        "away, the journal keeps everything"
    } else {
        "ok"
    };
    let ready = !draining && snapshot.is_some();
    let body = Ready {
        ready,
        draining,
        store,
        calls: snapshot.map_or(0, |s| s.calls),
        capacity: app.plan.load().node.max_calls,
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}

async fn metrics_text(State(app): State<App>) -> String {
    if let Some(s) = app.snapshot().await {
        metrics::gauge!("tandem_sessions_active").set(s.calls as f64);
        metrics::gauge!("tandem_legs_active").set(s.legs as f64);
        metrics::gauge!("tandem_sip_transactions").set(s.sip as f64);
        metrics::gauge!("tandem_subscriptions").set(s.subscriptions as f64);
        metrics::gauge!("tandem_journal_waiting").set(s.journal_waiting as f64);
    }
    metrics::gauge!("tandem_sessions_capacity").set(f64::from(app.plan.load().node.max_calls));
    let projector = app.rows.status();
    metrics::gauge!("tandem_store_behind_bytes").set(projector.behind_bytes as f64);
    metrics::gauge!("tandem_store_away").set(f64::from(u8::from(projector.away.is_some())));
    app.metrics.render()
}

async fn status(State(app): State<App>) -> Response {
    match app.snapshot().await {
        Some(snapshot) => Json(snapshot).into_response(),
        None => problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "the switch does not answer",
        ),
    }
}

#[derive(Deserialize)]
struct List {
    limit: Option<u32>,
}

/// The rows of all that happened before the question; of a database that is slow, what is there.
async fn store(app: &App) -> &Store {
    let _ = tokio::time::timeout(FRESH, app.rows.written()).await;
    &app.store
}

async fn calls(State(app): State<App>, Query(list): Query<List>) -> Response {
    match store(&app)
        .await
        .calls(&CallFilter::default(), list.limit.unwrap_or(ROWS))
        .await
    {
        Ok(rows) => Json(rows).into_response(),
        Err(e) => problem(StatusCode::SERVICE_UNAVAILABLE, &e.to_string()),
    }
}

async fn call(State(app): State<App>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<CallId>() else {
        return problem(StatusCode::BAD_REQUEST, "that is no call id");
    };
    match store(&app).await.call(id).await {
        Ok(Some(detail)) => Json(detail).into_response(),
        Ok(None) => problem(StatusCode::NOT_FOUND, "no such call"),
        Err(e) => problem(StatusCode::SERVICE_UNAVAILABLE, &e.to_string()),
    }
}

async fn trace(State(app): State<App>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<CallId>() else {
        return problem(StatusCode::BAD_REQUEST, "that is no call id");
    };
    let messages = app.trace.of(id);
    if messages.is_empty() {
        return problem(
            StatusCode::NOT_FOUND,
            "no messages of this call are kept (the last 500 calls since the start are)",
        );
    }
    Json(json!({ "ladder": ladder(&messages), "messages": messages })).into_response()
}

async fn hangup(State(app): State<App>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<CallId>() else {
        return problem(StatusCode::BAD_REQUEST, "that is no call id");
    };
    if app.shard.wish(ToShard::admin(Admin::Hangup(id))) {
        StatusCode::ACCEPTED.into_response()
    } else {
        problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "the switch does not answer",
        )
    }
}

#[derive(Deserialize)]
struct PauseRecording {
    paused: bool,
}

async fn recording(
    State(app): State<App>,
    Path(id): Path<String>,
    Json(wish): Json<PauseRecording>,
) -> Response {
    let Ok(call) = id.parse::<CallId>() else {
        return problem(StatusCode::BAD_REQUEST, "that is no call id");
    };
    let paused = wish.paused;
    if app
        .shard
        .wish(ToShard::admin(Admin::PauseRecording { call, paused }))
    {
        StatusCode::ACCEPTED.into_response()
    } else {
        problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "the switch does not answer",
        )
    }
}

async fn handoffs(State(app): State<App>, Query(list): Query<List>) -> Response {
    let filter = HandoffFilter {
        limit: Some(list.limit.unwrap_or(ROWS)),
        ..HandoffFilter::default()
    };
    match store(&app).await.handoffs(&filter).await {
        Ok(rows) => Json(rows).into_response(),
        Err(e) => problem(StatusCode::SERVICE_UNAVAILABLE, &e.to_string()),
    }
}

async fn hours(State(app): State<App>) -> Response {
    told(&*app.hours.lock().await)
}

fn told(hours: &Override) -> Response {
    Json(json!({ "override": hours.now(), "known": hours.known() })).into_response()
}

#[derive(Deserialize)]
struct SetHours {
    /// The name of an override, or `auto`.
    set: String,
}

async fn set_hours(State(app): State<App>, Json(wish): Json<SetHours>) -> Response {
    // Held until the switch has it: what is on disk and what calls go by are the same.
    let mut hours = app.hours.lock().await;
    let set = match hours.set(&wish.set) {
        Ok(set) => set,
        Err(e @ NotSet::Unknown(_)) => {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, &e.to_string());
        }
        Err(e @ NotSet::Unwritten(_)) => {
            return problem(StatusCode::INTERNAL_SERVER_ERROR, &e.to_string());
        }
    };
    app.shard.order(ToShard::admin(Admin::Override(set))).await;
    told(&hours)
}

async fn doctor(State(app): State<App>) -> Response {
    Json(diagnose(&app).await).into_response()
}

async fn phones(State(app): State<App>) -> Response {
    rows(&app, ToShard::Phones).await
}

async fn trunks(State(app): State<App>) -> Response {
    rows(&app, ToShard::Trunks).await
}

async fn queues(State(app): State<App>) -> Response {
    rows(&app, ToShard::Queues).await
}

#[derive(Deserialize)]
struct Pause {
    paused: bool,
}

/// Queues ring this person no more, or again: by the extension, or what it registers as.
async fn pause(
    State(app): State<App>,
    Path(who): Path<String>,
    Json(wish): Json<Pause>,
) -> Response {
    let Some(person) = person_of(&app.plan.load(), &who) else {
        let text = format!("{who} is in no queue in which callers wait");
        return problem(StatusCode::NOT_FOUND, &text);
    };
    let paused = wish.paused;
    let told = json!({ "person": person.clone(), "paused": paused });
    app.shard
        .order(ToShard::admin(Admin::Pause { person, paused }))
        .await;
    Json(told).into_response()
}

/// What the shard says of them.
async fn rows<T: Serialize>(
    app: &App,
    question: fn(oneshot::Sender<Vec<T>>) -> ToShard,
) -> Response {
    let (ask, answer) = oneshot::channel();
    let asked = app.shard.wish(question(ask));
    match answer.await {
        Ok(rows) if asked => Json(rows).into_response(),
        _ => problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "the switch does not answer",
        ),
    }
}

async fn drain(State(app): State<App>) -> Response {
    let calls = app.snapshot().await.map_or(0, |s| s.calls);
    // Whoever runs the gateway waits for this, and stops it.
    app.drain.send_replace(true);
    (
        StatusCode::ACCEPTED,
        Json(json!({ "draining": true, "calls": calls })),
    )
        .into_response()
}

async fn in_force(State(app): State<App>) -> Response {
    Json(app.reloader.in_force.load_full()).into_response()
}

#[derive(Deserialize)]
struct Who {
    /// Who asks, for the journal and the log.
    by: String,
}

async fn reload(State(app): State<App>, Json(who): Json<Who>) -> Response {
    let error = match app.reloader.reload(&who.by).await {
        Ok(done) => {
            let warnings = to_json(&done.warnings);
            let body = json!({ "in_force": done.now, "calls_of_older_plans": done.calls, "findings": warnings, "text": render(&done.warnings) });
            return Json(body).into_response();
        }
        Err(error) => error,
    };
    let text = error.to_string();
    let (status, body) = match error {
        NotReloaded::Wrong(found) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            json!({ "error": text, "findings": to_json(&found), "text": render(&found) }),
        ),
        NotReloaded::NeedsRestart(keys) => (
            StatusCode::CONFLICT,
            json!({ "error": text, "needs_restart": keys }),
        ),
        NotReloaded::Unreadable(_) | NotReloaded::Unusable(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": text }))
        }
        NotReloaded::Draining | NotReloaded::Gone => {
            (StatusCode::SERVICE_UNAVAILABLE, json!({ "error": text }))
        }
    };
    (status, Json(body)).into_response()
}

fn problem(status: StatusCode, detail: &str) -> Response {
    (status, Json(json!({ "error": detail }))).into_response()
}
