//! Nobody changes the past unseen.

use crate::{cluster::Cluster, journal, project, sqlite_url, story};
use std::{path::Path, process::Command};
use tandem_store::{ChainFault, EventRow, Store};

/// Lines of a call, which are one row.
type Lines = Vec<String>;

/// What is done to them.
type Change = fn(&mut Lines);

/// Each: what is done to the lines behind the store's back, and where it shows.
const TAMPERING: [(Change, ChainFault); 6] = [
    (
        |lines| lines[10] = lines[10].replace("wrong", "right"),
        ChainFault::Changed { seq: 11 },
    ),
    (
        |lines| lines[4] = "no event".to_owned(),
        ChainFault::Changed { seq: 5 },
    ),
    (
        |lines| drop(lines.remove(6)),
        ChainFault::Missing { seq: 7 },
    ),
    (
        |lines| drop(lines.remove(0)),
        ChainFault::Missing { seq: 1 },
    ),
    (|lines| lines.truncate(30), ChainFault::Missing { seq: 31 }),
    // Another call's, whose chain is as whole, from there on.
    (
        |lines| {
            lines.truncate(3);
            lines.extend(of_another().split_off(3));
        },
        ChainFault::Unlinked { seq: 4 },
    ),
];

/// The same, to the columns.
const MISLABELLING: [(&str, ChainFault); 5] = [
    (
        "UPDATE event_lines SET first_seq = 2",
        ChainFault::Mislabelled { seq: 1 },
    ),
    (
        "UPDATE event_lines SET last_seq = 30",
        ChainFault::Mislabelled { seq: LAST },
    ),
    (
        "UPDATE event_lines SET last_seq = last_seq + 1",
        ChainFault::Missing { seq: LAST + 1 },
    ),
    ("DELETE FROM event_lines", ChainFault::Missing { seq: 1 }),
    (
        "UPDATE calls SET last_hash = 'another'",
        ChainFault::WrongEnd { seq: LAST },
    ),
];

/// Of a story.
const LAST: u32 = 44;

/// The lines of another call's journal.
fn of_another() -> Lines {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path(), &story::whole(2));
    let text = std::fs::read_to_string(dir.path().join("shard-0.000001.journal")).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

/// SQL that does it to what is stored.
async fn tampered(store: &Store, change: Change) -> String {
    let events = store.events(story::call(1)).await.unwrap();
    let line = |e: &EventRow| {
        format!(
            r#"{{"event":{},"hash":"{}","prev":"{}"}}"#,
            e.json, e.hash, e.prev
        )
    };
    let mut lines: Lines = events.iter().map(line).collect();
    change(&mut lines);
    let text = lines.join("\n").replace('\'', "''");
    format!("UPDATE event_lines SET lines = '{text}'")
}

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

/// Each tampering is done and undone, one after the other.
async fn each_is_found(store: &Store, mut run: impl AsyncFnMut(&str)) {
    let whole = tampered(store, |_| {}).await;
    for (change, fault) in TAMPERING {
        run(&tampered(store, change).await).await;
        let verdict = store.verify(story::call(1)).await.unwrap();
        assert_eq!(verdict.broken, Some(fault));
        run(&whole).await;
        assert_eq!(store.verify(story::call(1)).await.unwrap().broken, None);
    }
}

#[tokio::test]
async fn a_changed_or_missing_event_is_found_in_postgres() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path(), &story::whole(1));
    let store = fresh(&Cluster::shared().create("tampered"), dir.path()).await;
    each_is_found(&store, async |sql| Cluster::shared().psql("tampered", sql)).await;
    for (i, (sql, fault)) in MISLABELLING.into_iter().enumerate() {
        let name = format!("tampered_{i}");
        let store = fresh(&Cluster::shared().create(&name), dir.path()).await;
        Cluster::shared().psql(&name, sql);
        let verdict = store.verify(story::call(1)).await.unwrap();
        assert_eq!(verdict.broken, Some(fault), "{sql}");
    }
}

#[tokio::test]
async fn a_changed_or_missing_event_is_found_in_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path(), &story::whole(1));
    let url = sqlite_url(dir.path());
    let store = fresh(&url, dir.path()).await;
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let run = async |sql: &str| {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        sqlx::query(sql).execute(&pool).await.unwrap();
    };
    each_is_found(&store, run).await;
    for (sql, fault) in MISLABELLING {
        let dir = tempfile::tempdir().unwrap();
        journal(dir.path(), &story::whole(1));
        let url = sqlite_url(dir.path());
        let store = fresh(&url, dir.path()).await;
        let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
        sqlx::query(sql).execute(&pool).await.unwrap();
        let verdict = store.verify(story::call(1)).await.unwrap();
        assert_eq!(verdict.broken, Some(fault), "{sql}");
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
