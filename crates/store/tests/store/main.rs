//! The store on real databases: SQLite files, and a PostgreSQL cluster of the tests' own.
#![allow(
    clippy::disallowed_methods,
    reason = "tests drive real databases in real time"
)]

mod away;
mod callbacks;
mod cluster;
mod messages;
mod migrate;
mod project;
mod queries;
mod recordings;
mod reports;
mod story;
mod verify;

use cluster::Cluster;
use std::path::Path;
use tandem_store::{Fsync, Journal, Projector, Status, Store};
use tandem_types::{Wall, journal::Event};

/// Runs a test on a fresh database of each kind. `name` names the PostgreSQL database.
async fn on_both<F: AsyncFnMut(Store)>(name: &str, mut test: F) {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = Store::connect(&sqlite_url(dir.path())).await.unwrap();
    sqlite.migrate().await.unwrap();
    test(sqlite).await;

    let url = Cluster::shared().create(name);
    let postgres = Store::connect(&url).await.unwrap();
    postgres.migrate().await.unwrap();
    test(postgres).await;
}

fn sqlite_url(dir: &Path) -> String {
    format!("sqlite://{}/tandem.db", dir.display())
}

/// A journal of these events, one step each.
fn journal(dir: &Path, events: &[Event]) {
    let (mut journal, _) = Journal::open(dir, 0, Fsync::Never).unwrap();
    for event in events {
        let out = journal.append(Wall(0), [event.clone()]);
        assert_eq!(out.written, 1);
    }
}

/// Projects all that is in the journal.
async fn project(dir: &Path, store: &Store) -> Status {
    Projector::new(dir, store.clone())
        .run(std::future::ready(()))
        .await
}

/// Everything that the store can tell about a call, as text.
async fn tell(store: &Store, call: tandem_types::CallId) -> String {
    let detail = store.call(call).await.unwrap();
    let events = store.events(call).await.unwrap();
    serde_json::to_string_pretty(&(detail, events)).unwrap()
}

/// A projector is started as a task.
#[allow(dead_code, reason = "compiling is the test")]
fn runs_as_a_task(projector: Projector) -> impl Future<Output = Status> + Send + 'static {
    projector.run(std::future::pending())
}
