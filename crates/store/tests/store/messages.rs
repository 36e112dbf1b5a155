//! Messages and pauses, as they are asked for.

use crate::{journal, on_both, project, story};
use tandem_store::MessageFilter;
use tandem_types::{
    MessageId, Wall,
    journal::{Event, MessageEnd, What},
    recording::{RecordingEnd, RecordingSum},
};

fn message(n: u128) -> MessageId {
    MessageId {
        call: story::call(n),
        index: 1,
    }
}

fn started(n: u128, mailbox: &str) -> What {
    What::MessageStarted {
        message: message(n),
        mailbox: mailbox.to_owned(),
        path: format!("messages/{n}.wav"),
        key: None,
    }
}

fn ended(n: u128, kept: bool) -> What {
    What::MessageEnded {
        message: message(n),
        by: MessageEnd::HungUp,
        kept,
        sum: RecordingSum {
            ms: 4000,
            ..RecordingSum::unknown(RecordingEnd::Whole)
        },
    }
}

/// Of no call: an event of its own.
fn alone(n: u128, what: What) -> Event {
    story::number(n, vec![what]).remove(0)
}

#[tokio::test]
async fn messages_wait_until_they_are_deleted_and_the_outbox_is_in_their_rows() {
    on_both("messages", async |store| {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for (n, mailbox, kept) in [
            (1, "head/general", true),
            (2, "head/sales", true),
            (3, "head/general", false),
        ] {
            let left = vec![started(n, mailbox), ended(n, kept)];
            all.extend(story::number(n, [story::opening(n), left].concat()));
        }
        let by = || "phone:201".to_owned();
        let of = message(1);
        let failed = |given_up| What::MailFailed {
            message: of,
            why: "down".to_owned(),
            given_up,
        };
        let text = "call me".to_owned();
        let to = vec!["a@b.example".to_owned(), "c@d.example".to_owned()];
        let acts = [
            What::MessageTranscribed { message: of, text },
            failed(false),
            failed(false),
            What::MessageMailed { message: of, to },
            What::MessageHeard {
                message: of,
                by: by(),
            },
        ];
        all.extend((10..).zip(acts).map(|(n, what)| alone(n, what)));
        journal(dir.path(), &all);
        project(dir.path(), &store).await;

        let filter = MessageFilter::default();
        let rows = store.messages(&filter).await.unwrap();
        let ids: Vec<_> = rows.iter().map(|r| r.message).collect();
        assert_eq!(ids, [message(1), message(2)]);
        let row = &rows[0];
        assert_eq!(row.mailbox, "head/general");
        assert!(!row.from.is_empty(), "who called is in the call's record");
        assert_eq!(row.ended_by.as_deref(), Some("hung_up"));
        assert_eq!((row.ms, row.mail_tries), (Some(4000), 2));
        assert_eq!(row.mail_error.as_deref(), Some("down"));
        assert!(row.mailed.is_some() && row.heard.is_some() && !row.mail_given_up);
        assert_eq!(row.transcript.as_deref(), Some("call me"));
        assert!(rows[1].heard.is_none() && rows[1].mailed.is_none());
        for (mailbox, n) in [("general", 1), ("head/sales", 1), ("ales", 0), ("%", 0)] {
            let filter = MessageFilter {
                mailbox: Some(mailbox.to_owned()),
                ..MessageFilter::default()
            };
            assert_eq!(store.messages(&filter).await.unwrap().len(), n, "{mailbox}");
        }
        for (n, found) in [(2, 1), (3, 0), (4, 0)] {
            let one = MessageFilter {
                message: Some(message(n)),
                ..MessageFilter::default()
            };
            let rows = store.messages(&one).await.unwrap();
            assert_eq!(rows.len(), found, "message {n}");
            assert!(rows.iter().all(|r| r.message == message(n)));
        }
        let late = MessageFilter {
            since: Some(Wall(i64::MAX)),
            ..MessageFilter::default()
        };
        assert!(store.messages(&late).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_was_deleted_is_gone_and_who_is_paused_stays_so() {
    on_both("deleted", async |store| {
        let dir = tempfile::tempdir().unwrap();
        let left = vec![started(1, "head/general"), ended(1, true)];
        let mut all = story::number(1, [story::opening(1), left].concat());
        let by = || "command".to_owned();
        let pause = |person: &str, paused| What::PersonPaused {
            person: person.to_owned(),
            paused,
            by: by(),
        };
        let acts = [
            What::MessageDeleted {
                message: message(1),
                by: by(),
            },
            pause("201", true),
            pause("202", true),
            pause("202", false),
        ];
        all.extend((10..).zip(acts).map(|(n, what)| alone(n, what)));
        journal(dir.path(), &all);
        project(dir.path(), &store).await;
        let rows = store.messages(&MessageFilter::default()).await.unwrap();
        assert!(rows.is_empty());
        assert_eq!(store.erased_messages().await.unwrap(), ["messages/1.wav"]);
        let paused = store.paused_people().await.unwrap();
        assert_eq!(paused, [("201".to_owned(), by())]);
    })
    .await;
}
