//! Counts over the rows: the same of SQLite and PostgreSQL.

use crate::{journal, on_both, project, story};
use tandem_store::Span;
use tandem_types::{CallId, Wall, journal::What};

#[tokio::test]
async fn a_transfer_that_lasts_is_kept_and_one_that_ends_at_once_is_not() {
    on_both("reports", async |store| {
        let dir = tempfile::tempdir().unwrap();
        journal(dir.path(), &story::whole(1));
        // The second goes on for two minutes more.
        let mut second = story::whole(2);
        for event in &mut second {
            if matches!(event.what, What::CallEnded { .. }) {
                event.at = Wall(event.at.0 + 120_000_000);
            }
        }
        journal(dir.path(), &second);
        project(dir.path(), &store).await;

        let all = Span::default();
        let [funnel] = &store.report_transfers(all).await.unwrap()[..] else {
            panic!("one destination and reason")
        };
        let steps = [
            funnel.offered,
            funnel.rang,
            funnel.answered,
            funnel.briefed,
            funnel.accepted,
            funnel.bridged,
        ];
        assert_eq!(steps, [2; 6]);
        assert_eq!(funnel.kept, 1);

        let [number] = &store.report_calls(all).await.unwrap()[..] else {
            panic!("one number")
        };
        assert_eq!(
            [
                number.calls,
                number.answered,
                number.to_people,
                number.alone
            ],
            [2, 2, 2, 0]
        );
        assert!(number.seconds > 0);

        let intents = store.report_intents(all).await.unwrap();
        let turns: u64 = intents.iter().map(|i| i.turns).sum();
        assert!(turns >= 2, "{intents:?}");
        assert!(intents.iter().all(|i| i.calls == 2), "{intents:?}");

        // The second call alone, and nothing before the first.
        let later = Span {
            since: Some(Wall(story::T0.0 + 2 * 3600 * 1_000_000)),
            until: None,
        };
        let one = store.report_calls(later).await.unwrap();
        assert_eq!(one.iter().map(|n| n.calls).sum::<u64>(), 1);
        let before = Span {
            since: None,
            until: Some(story::T0),
        };
        assert_eq!(store.report_transfers(before).await.unwrap(), []);
        assert_eq!(store.report_calls(before).await.unwrap(), []);
        assert_eq!(store.report_intents(before).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn calls_are_read_page_by_page() {
    on_both("pages", async |store| {
        let dir = tempfile::tempdir().unwrap();
        for n in 1..=3 {
            journal(dir.path(), &story::whole(n));
        }
        project(dir.path(), &store).await;
        let mut after: Option<(Wall, CallId)> = None;
        let mut found = Vec::new();
        loop {
            let page = store.calls_after(Span::default(), after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.started, last.uniqueid));
            found.extend(page.iter().map(|row| row.uniqueid));
        }
        assert_eq!(found, [1, 2, 3].map(story::call));
    })
    .await;
}
