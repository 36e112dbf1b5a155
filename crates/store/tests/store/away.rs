//! A database that is away costs nothing but time.

use crate::{cluster::Cluster, project, sqlite_url, story};
use tandem_store::{CallFilter, Fsync, Journal, Projector, Store, StoreError};
use tandem_types::Wall;

#[tokio::test]
async fn postgres_stops_in_the_middle_and_every_event_is_there_afterwards() {
    let cluster = Cluster::start_new();
    let store = Store::connect(&cluster.create("away")).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
    let projector = Projector::new(dir.path(), store.clone());
    journal.set_follower(projector.follower());
    let mut status = projector.status();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let run = projector.run(async {
        let _ = stopped.await;
    });
    let story_ = async {
        let first = story::whole(1);
        let _ = journal.append(Wall(0), first.clone());
        status
            .wait_for(|s| s.projected == first.len() as u64)
            .await
            .unwrap();

        cluster.stop();
        let second = story::whole(2);
        let out = journal.append(Wall(0), second.clone());
        assert_eq!(out.written, second.len(), "the journal does not mind");
        status.wait_for(|s| s.away.is_some()).await.unwrap();

        cluster.start();
        let all = (first.len() + second.len()) as u64;
        let now = status
            .wait_for(|s| s.projected == all && s.away.is_none())
            .await
            .unwrap();
        assert_eq!(now.faults, 0);
        drop(now);
        stop.send(()).unwrap();
    };
    tokio::join!(run, story_);
    for n in [1, 2] {
        assert_eq!(store.verify(story::call(n)).await.unwrap().broken, None);
        assert!(store.call(story::call(n)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_gateway_may_start_while_its_database_is_away() {
    let dir = tempfile::tempdir().unwrap();
    let later = dir.path().join("mounted-later");
    let store = Store::connect_lazy(&sqlite_url(&later)).unwrap();
    let events = story::whole(1);
    crate::journal(dir.path(), &events);
    let status = project(dir.path(), &store).await;
    assert!(status.away.is_some());
    assert_eq!(status.projected, 0);
    std::fs::create_dir(&later).unwrap();
    let status = project(dir.path(), &store).await;
    assert_eq!((status.projected, status.away), (events.len() as u64, None));
}

#[tokio::test]
async fn a_url_is_refused_in_one_line_without_its_password() {
    for url in [
        "mysql://u:geheim@h/d",
        "tandem.db",
        "",
        "sqlite:",
        "postgres://u:geheim@:x:/d",
    ] {
        let e = Store::connect(url).await.unwrap_err();
        assert!(matches!(e, StoreError::BadUrl(_)), "{url}: {e}");
        let line = e.to_string();
        assert!(!line.contains("geheim") && !line.contains('\n'), "{line}");
    }
    let e = Store::connect("postgres://u:geheim@127.0.0.1:1/d")
        .await
        .unwrap_err();
    assert!(e.is_away());
    assert!(e.to_string().contains("refused"), "{e}");
    let e = Store::connect("sqlite:///nowhere/at/all/x.db")
        .await
        .unwrap_err();
    assert!(e.is_away());
}

#[tokio::test]
async fn several_gateways_may_bring_the_tables_up_to_date_at_once() {
    let url = Cluster::shared().create("at_once");
    let stores = [
        Store::connect(&url).await.unwrap(),
        Store::connect(&url).await.unwrap(),
        Store::connect(&url).await.unwrap(),
    ];
    let (a, b, c) = tokio::join!(
        stores[0].migrate(),
        stores[1].migrate(),
        stores[2].migrate()
    );
    a.and(b).and(c).unwrap();
    stores[0].migrate().await.unwrap();
}

#[tokio::test]
async fn sqlite_urls_are_read_as_sqlx_writes_them() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/a%20b.db?mode=rwc", dir.path().display());
    Store::connect(&url).await.unwrap().migrate().await.unwrap();
    assert!(dir.path().join("a b.db").exists());
    let memory = Store::connect("sqlite::memory:").await.unwrap();
    memory.migrate().await.unwrap();
    assert_eq!(memory.calls(&CallFilter::default(), 1).await.unwrap(), []);
    // What writes there is another connection than what reads.
    let events = story::whole(1);
    crate::journal(dir.path(), &events);
    let status = project(dir.path(), &memory).await;
    assert_eq!((status.projected, status.away), (events.len() as u64, None));
    assert_eq!(
        memory.calls(&CallFilter::default(), 9).await.unwrap().len(),
        1
    );
}
