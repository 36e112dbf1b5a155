//! Nobody changes the past unseen.

use crate::{cluster::Cluster, journal, project, sqlite_url, story};
use std::{path::Path, process::Command};
use tandem_store::{ChainFault, Store};

/// Each: what is done behind the store's back, and where it shows.
const TAMPERING: [(&str, ChainFault); 6] = [
    (
        "UPDATE events SET json = replace(json, 'wrong', 'right') WHERE seq = 11",
        ChainFault::Changed { seq: 11 },
    ),
    (
        "UPDATE events SET at = at + 1 WHERE seq = 5",
        ChainFault::Mislabelled { seq: 5 },
    ),
    (
        "DELETE FROM events WHERE seq = 7",
        ChainFault::Missing { seq: 7 },
    ),
    (
        "DELETE FROM events WHERE seq = 1",
        ChainFault::Missing { seq: 1 },
    ),
    (
        "DELETE FROM events WHERE seq > 30",
        ChainFault::Missing { seq: 31 },
    ),
    // The last event again, rehashed properly as another first event.
    (
        "UPDATE events SET json = (SELECT json FROM events WHERE seq = 1), prev = (SELECT prev FROM events WHERE seq = 1), hash = (SELECT hash FROM events WHERE seq = 1) WHERE seq = 4",
        ChainFault::Unlinked { seq: 4 },
    ),
];

async fn fresh(url: &str, dir: &Path) -> Store {
    let store = Store::connect(url).await.unwrap();
    project(dir, &store).await;
    let verdict = store.verify(story::call(1)).await.unwrap();
    assert_eq!(
        (verdict.events as usize, verdict.broken),
        (story::whole(1).len(), None)
    );
    store
}

#[tokio::test]
async fn a_changed_or_missing_row_is_found_in_postgres() {
    for (i, (sql, fault)) in TAMPERING.into_iter().enumerate() {
        let name = format!("tampered_{i}");
        let dir = tempfile::tempdir().unwrap();
        journal(dir.path(), &story::whole(1));
        let store = fresh(&Cluster::shared().create(&name), dir.path()).await;
        Cluster::shared().psql(&name, sql);
        assert_eq!(
            store.verify(story::call(1)).await.unwrap().broken,
            Some(fault),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn a_changed_or_missing_row_is_found_in_sqlite() {
    for (sql, fault) in TAMPERING {
        let dir = tempfile::tempdir().unwrap();
        journal(dir.path(), &story::whole(1));
        let url = sqlite_url(dir.path());
        let store = fresh(&url, dir.path()).await;
        let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
        sqlx::query(sql).execute(&pool).await.unwrap();
        assert_eq!(
            store.verify(story::call(1)).await.unwrap().broken,
            Some(fault),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn the_journal_s_own_lines_can_be_checked_by_hand() {
    // As an auditor would, with no code of ours: sha256 over prev and the event's text.
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path(), &story::whole(1)[..1]);
    let text = std::fs::read_to_string(dir.path().join("shard-0.000001.journal")).unwrap();
    let line = text.lines().nth(1).unwrap();
    let event = line
        .strip_prefix("{\"event\":")
        .unwrap()
        .split(",\"hash\":")
        .next()
        .unwrap();
    let script = r#"printf '%064d%s' 0 "$1" | sha256sum | cut -c1-64"#;
    let out = Command::new("sh")
        .args(["-c", script, "sh", event])
        .output()
        .unwrap();
    let sum = String::from_utf8(out.stdout).unwrap();
    assert!(
        line.contains(&format!("\"hash\":\"{}\"", sum.trim())),
        "{line}"
    );
}
