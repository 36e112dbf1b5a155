//! Recordings, as an admin asks for them.

use crate::{journal, on_both, project, story};
use tandem_store::{Fsync, Journal};
use tandem_types::{
    Party, Reason, Termination, Wall,
    journal::What,
    recording::{RecordingEnd, RecordingSum},
};

const FILE: &str = "2026-11-21/a.tdr";

fn recorded() -> Vec<What> {
    let by = || "key *7".to_owned();
    let started = What::RecordingStarted {
        path: FILE.to_owned(),
        key: Some("k1".to_owned()),
    };
    let pauses = [
        What::RecordingPaused { by: by() },
        What::RecordingResumed { by: by() },
    ];
    [
        story::opening(1),
        vec![started],
        pauses.to_vec(),
        pauses.to_vec(),
    ]
    .concat()
}

fn over() -> What {
    What::CallEnded {
        end: Termination::new(Party::Caller, Reason::Normal),
        duration_ms: 9000,
        billed_ms: 8000,
    }
}

#[tokio::test]
async fn a_recording_is_told_with_its_call_and_its_end_may_come_after_that() {
    on_both("recorded", async |store| {
        let dir = tempfile::tempdir().unwrap();
        let sum = RecordingSum {
            ms: 7500,
            bytes: 240_044,
            sha256: Some("ab".repeat(32)),
            lost_ms: 500,
            end: RecordingEnd::Whole,
        };
        let end = vec![over(), What::RecordingEnded { sum: sum.clone() }];
        let all = story::number(1, [recorded(), end].concat());
        journal(dir.path(), &all);
        project(dir.path(), &store).await;
        let detail = store.call(story::call(1)).await.unwrap().unwrap();
        let row = detail.recording.expect("a recording");
        assert_eq!(
            (row.path.as_str(), row.key_id.as_deref()),
            (FILE, Some("k1"))
        );
        assert_eq!((row.pauses, row.outcome.as_deref()), (2, Some("whole")));
        assert_eq!((row.ms, row.bytes), (Some(sum.ms), Some(sum.bytes)));
        assert_eq!((row.sha256, row.lost_ms), (sum.sha256, Some(500)));
        assert_eq!(row.ended, all.last().map(|e| e.at));
        assert_eq!(store.verify(story::call(1)).await.unwrap().broken, None);
    })
    .await;
}

#[tokio::test]
async fn a_crash_cuts_a_recording_off_also_after_the_end_of_its_call() {
    for end in [Vec::new(), vec![over()]] {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/rows.db?mode=rwc", dir.path().display());
        let store = tandem_store::Store::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        journal(dir.path(), &story::number(1, [recorded(), end].concat()));
        let (mut left, recovered) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
        let _ = left.append(Wall(0), recovered.closing());
        drop(left);
        project(dir.path(), &store).await;
        let row = store.recording(story::call(1)).await.unwrap().unwrap();
        assert_eq!(row.outcome.as_deref(), Some("lost"));
        assert_eq!((row.sha256, row.bytes), (None, Some(0)));
        assert_eq!(store.verify(story::call(1)).await.unwrap().broken, None);
        let (_, recovered) = Journal::open(dir.path(), 0, Fsync::Never).unwrap();
        assert!(recovered.closing().is_empty(), "once");
    }
}
