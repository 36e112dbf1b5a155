//! A database of an older version keeps what is in it.

use crate::{cluster::Cluster, journal, project, sqlite_url, story};
use tandem_store::{EventRow, Store};

/// Undoes migration 10, with these events in the table that was before it.
fn before_lines(call: &str, events: &[EventRow]) -> Vec<String> {
    let table = include_str!("../../../../sql/0001_events.sql");
    let (table, _) = table.split_once("-- How far each journal").unwrap();
    let mut all = vec![
        "DROP TABLE event_lines".to_owned(),
        "CREATE INDEX calls_from ON calls (from_number)".to_owned(),
        "CREATE INDEX calls_to ON calls (to_number)".to_owned(),
        "DELETE FROM _sqlx_migrations WHERE version = 10".to_owned(),
        table.to_owned(),
    ];
    let row = |e: &EventRow| {
        let (seq, at, kind, json) = (e.seq, e.at.0, &e.kind, e.json.replace('\'', "''"));
        let (prev, hash) = (&e.prev, &e.hash);
        format!(
            "INSERT INTO events VALUES ('{call}', {seq}, {at}, '{kind}', '{json}', '{prev}', '{hash}')"
        )
    };
    all.extend(events.iter().map(row));
    all
}

async fn keeps_its_events(store: &Store, mut run: impl AsyncFnMut(String)) {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path(), &story::whole(1));
    project(dir.path(), store).await;
    let call = story::call(1);
    let before = store.events(call).await.unwrap();
    for sql in before_lines(&call.to_string(), &before) {
        run(sql).await;
    }
    assert!(
        store.events(call).await.is_err(),
        "it is of an older version"
    );
    store.migrate().await.unwrap();
    assert_eq!(store.events(call).await.unwrap(), before);
    let verdict = store.verify(call).await.unwrap();
    assert_eq!(
        (verdict.events as usize, verdict.broken),
        (before.len(), None)
    );
    // Each is there once, whoever reads the journal again.
    let copy = tempfile::tempdir().unwrap();
    journal(copy.path(), &story::whole(1));
    project(copy.path(), store).await;
    assert_eq!(store.events(call).await.unwrap(), before);
}

#[tokio::test]
async fn events_that_were_rows_become_lines_in_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let url = sqlite_url(dir.path());
    let store = Store::connect(&url).await.unwrap();
    let pool = sqlx::SqlitePool::connect_lazy(&url).unwrap();
    keeps_its_events(&store, async |sql| {
        let sql = sqlx::AssertSqlSafe(sql);
        sqlx::query(sql).execute(&pool).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn events_that_were_rows_become_lines_in_postgres() {
    let store = Store::connect(&Cluster::shared().create("older"))
        .await
        .unwrap();
    keeps_its_events(&store, async |sql| Cluster::shared().psql("older", &sql)).await;
}
