//! From the journal to rows, exactly once.

use crate::{cluster::Cluster, journal, on_both, project, sqlite_url, story, tell};
use std::{io::Write, time::Duration};
use tandem_store::{
    CallFilter, Fsync, HandoffFilter, Journal, Projector, Store,
    journal::{Limits, reader},
};
use tandem_types::{Wall, journal::What};

#[tokio::test]
async fn a_whole_call_reads_the_same_from_both_databases() {
    let dir = tempfile::tempdir().unwrap();
    let events = story::whole(1);
    journal(dir.path(), &events);
    let mut told = Vec::new();
    on_both("whole_call", async |store| {
        let status = project(dir.path(), &store).await;
        assert_eq!(status.projected, events.len() as u64);
        assert_eq!(
            (status.behind_bytes, status.faults, status.away),
            (0, 0, None)
        );
        told.push(tell(&store, story::call(1)).await);
    })
    .await;
    assert_eq!(told[0], told[1]);
    assert!(told[0].contains("A caller, the bill."));
}

#[tokio::test]
async fn projecting_twice_adds_nothing() {
    on_both("twice", async |store| {
        let dir = tempfile::tempdir().unwrap();
        journal(dir.path(), &story::whole(1));
        project(dir.path(), &store).await;
        let once = tell(&store, story::call(1)).await;
        assert_eq!(project(dir.path(), &store).await.projected, 0);
        assert_eq!(tell(&store, story::call(1)).await, once);

        // The same events under another journal's id: their rows are there already.
        let copy = tempfile::tempdir().unwrap();
        journal(copy.path(), &story::whole(1));
        project(copy.path(), &store).await;
        assert_eq!(tell(&store, story::call(1)).await, once);
        assert_eq!(
            store.calls(&CallFilter::default(), 10).await.unwrap().len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn killed_at_any_moment_it_goes_on_where_it_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let events: Vec<_> = (1..=20).flat_map(story::whole).collect();
    journal(dir.path(), &events);
    on_both("killed", async |store| {
        let mut kills = 0;
        for step in 1..200u32 {
            let run = Projector::new(dir.path(), store.clone()).run(std::future::pending());
            // Dropped at an await, as a kill would: its transaction is rolled back.
            if tokio::time::timeout(Duration::from_micros(u64::from(step) * 40), run)
                .await
                .is_err()
            {
                kills += 1;
            }
            if store.events(story::call(20)).await.unwrap().len() == events.len() / 20 {
                break;
            }
        }
        assert!(kills > 1);
        project(dir.path(), &store).await;
        let stored = store.calls(&CallFilter::default(), 100).await.unwrap();
        assert_eq!(stored.len(), 20);
        for n in 1..=20 {
            let verdict = store.verify(story::call(n)).await.unwrap();
            assert_eq!(verdict.broken, None);
            assert_eq!(verdict.events as usize, events.len() / 20);
        }
        let handoffs = store.handoffs(&HandoffFilter::default()).await.unwrap();
        assert_eq!(handoffs.len(), 40);
        assert!(handoffs.iter().all(|h| h.state == "completed" && h.intact));
    })
    .await;
}

#[tokio::test]
async fn two_projectors_on_one_journal_write_each_event_once() {
    on_both("two", async |store| {
        let dir = tempfile::tempdir().unwrap();
        let events: Vec<_> = (1..=10).flat_map(story::whole).collect();
        journal(dir.path(), &events);
        let a = Projector::new(dir.path(), store.clone());
        let b = Projector::new(dir.path(), store.clone());
        let mut status = (a.status(), b.status());
        let both = async {
            tokio::join!(a.run(std::future::pending()), b.run(std::future::pending()));
        };
        let done = async {
            let (a, b) = &mut status;
            loop {
                if a.borrow().projected + b.borrow().projected == events.len() as u64 {
                    break;
                }
                tokio::select! { r = a.changed() => r.unwrap(), r = b.changed() => r.unwrap() }
            }
        };
        tokio::select! { () = both => unreachable!(), () = done => {} }
        for n in 1..=10 {
            assert_eq!(store.verify(story::call(n)).await.unwrap().broken, None);
        }
    })
    .await;
}

#[tokio::test]
async fn it_follows_a_journal_that_is_written_and_rotated_meanwhile() {
    on_both("follows", async |store| {
        let dir = tempfile::tempdir().unwrap();
        let limits = Limits {
            segment_bytes: 4000,
            ..Limits::default()
        };
        let (mut journal, _) = Journal::open_with(dir.path(), 0, Fsync::Never, limits).unwrap();
        let (mut other, _) = Journal::open_with(dir.path(), 1, Fsync::Never, limits).unwrap();
        let projector = Projector::new(dir.path(), store.clone());
        journal.set_follower(projector.follower());
        other.set_follower(projector.follower());
        let mut status = projector.status();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let run = projector.run(async {
            let _ = stopped.await;
        });
        let write = async {
            for n in 1..=6u128 {
                let shard = if n % 2 == 0 { &mut journal } else { &mut other };
                let events = story::whole(n);
                for pair in events.chunks(2) {
                    let _ = shard.append(Wall(0), pair.to_vec());
                    tokio::task::yield_now().await;
                }
                let want = n as u64 * events.len() as u64;
                status.wait_for(|s| s.projected == want).await.unwrap();
            }
            stop.send(()).unwrap();
        };
        let (last, ()) = tokio::join!(run, write);
        assert_eq!((last.behind_bytes, last.faults), (0, 0));
        for n in 1..=6 {
            assert_eq!(store.verify(story::call(n)).await.unwrap().broken, None);
        }
        let left = std::fs::read_dir(dir.path())
            .unwrap()
            .filter(|e| {
                e.as_ref()
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|x| x == "journal")
            })
            .count();
        assert!(
            left <= 4,
            "segments that are rows are removed, {left} are left"
        );
    })
    .await;
}

#[tokio::test]
async fn a_line_that_is_no_event_stops_nothing_and_is_kept() {
    let cluster = Cluster::shared();
    on_both("no_event", async |store| {
        let dir = tempfile::tempdir().unwrap();
        journal(dir.path(), &story::whole(1));
        let path = dir.path().join("shard-0.000001.journal");
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        file.write_all(b"{\"from\":\"the future\"}\n").unwrap();
        journal(dir.path(), &story::whole(2));
        let status = project(dir.path(), &store).await;
        assert_eq!((status.faults, status.behind_bytes), (1, 0));
        assert_eq!(store.verify(story::call(2)).await.unwrap().broken, None);
    })
    .await;
    cluster.psql(
        "no_event",
        "DO $$ BEGIN ASSERT (SELECT line FROM journal_faults) = '{\"from\":\"the future\"}'; END $$",
    );
}

#[tokio::test]
async fn an_event_whose_row_is_refused_stops_no_other() {
    let cluster = Cluster::shared();
    let url = cluster.create("refused_row");
    let store = Store::connect(&url).await.unwrap();
    store.migrate().await.unwrap();
    cluster.psql("refused_row", "ALTER TABLE turns ADD CHECK (turn <> 't1')");
    let dir = tempfile::tempdir().unwrap();
    let events = story::whole(1);
    journal(dir.path(), &events);
    let status = project(dir.path(), &store).await;
    assert_eq!(
        (status.faults, status.projected),
        (1, events.len() as u64 - 1)
    );
    let detail = store.call(story::call(1)).await.unwrap().unwrap();
    assert_eq!(detail.turns.len(), 1);
    assert_eq!(detail.turns[0].turn, "t2");
    let verdict = store.verify(story::call(1)).await.unwrap();
    assert_eq!(
        (verdict.events as usize, verdict.broken),
        (events.len(), None)
    );
}

#[tokio::test]
async fn a_call_whose_first_events_were_lost_has_its_record() {
    on_both("lost_start", async |store| {
        let dir = tempfile::tempdir().unwrap();
        let events = story::whole(1);
        journal(dir.path(), &events[9..]);
        assert_eq!(project(dir.path(), &store).await.faults, 0);
        let detail = store.call(story::call(1)).await.unwrap().unwrap();
        assert_eq!(detail.call.disposition.as_deref(), Some("ANSWERED"));
        let ended = events
            .iter()
            .find(|e| matches!(e.what, What::CallEnded { .. }))
            .unwrap()
            .at;
        assert_eq!(detail.call.ended, Some(ended));
        assert_eq!(detail.call.started, Wall(ended.0 - 61_500_000));
    })
    .await;
}

#[tokio::test]
async fn nothing_is_read_twice_or_left_out_at_a_batch_s_edge() {
    let dir = tempfile::tempdir().unwrap();
    let what = (0..1000)
        .map(|i| What::Alarm {
            text: format!("{i}"),
        })
        .collect();
    let events = story::number(1, what);
    journal(dir.path(), &events);
    for max in [1, 7, 999, 1000, 1001] {
        let mut at = reader::Position::default();
        let mut seqs = Vec::new();
        loop {
            let batch = reader::read(dir.path(), 0, at, max).unwrap();
            if batch.next == at {
                break;
            }
            at = batch.next;
            seqs.extend(batch.entries.into_iter().map(|e| e.line.unwrap().event.seq));
        }
        assert_eq!(seqs, (1..=1000).collect::<Vec<_>>());
    }
    let store = Store::connect(&sqlite_url(dir.path())).await.unwrap();
    assert_eq!(project(dir.path(), &store).await.projected, 1000);
}

#[tokio::test]
async fn a_call_that_a_crash_cut_off_is_closed_in_every_view() {
    on_both("cut_off", async |store| {
        let dir = tempfile::tempdir().unwrap();
        let whole = story::whole(1);
        // After the second person answered: two legs, one handoff and one transfer are open.
        let cut = whole
            .iter()
            .position(|e| matches!(e.what, What::TransferAnswered { .. }))
            .unwrap();
        journal(dir.path(), &whole[..=cut]);
        let (mut journal, recovered) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
        let _ = journal.append(Wall(0), recovered.closing());
        project(dir.path(), &store).await;

        let d = store.call(story::call(1)).await.unwrap().unwrap();
        assert_eq!(
            d.call.ended,
            Some(whole[cut].at),
            "the last moment it is known to have lived"
        );
        assert_eq!(d.call.ended_by.as_deref(), Some("gateway"));
        assert_eq!(d.call.reason.as_deref(), Some("internal"));
        assert_eq!(d.call.disposition.as_deref(), Some("ANSWERED"));
        assert!(d.legs.iter().all(|l| l.ended.is_some()));
        let states: Vec<_> = d.handoffs.iter().map(|h| h.state.as_str()).collect();
        assert_eq!(states, ["completed", "failed"]);
        assert_eq!(d.handoffs[1].failed_reason.as_deref(), Some("internal"));
        assert_eq!(d.transfers[0].outcome.as_deref(), Some("failed"));
        assert_eq!(store.verify(story::call(1)).await.unwrap().broken, None);
    })
    .await;
}
