//! What earlier runs left in the database that calls go by: people who are paused, messages that wait, and callers who are to be called back. Of those that were deleted
//! the files are erased, should the last stop have come between.

use super::until;
use crate::{Clock, places::ShardHandle, recorder::kept, shard::ToShard};
use std::{path::PathBuf, time::Duration};
use tandem_call::{Admin, Held, Owed, OwedBefore};
use tandem_store::{CallbackRow, MessageFilter, MessageRow, Rows, Store, StoreError};
use tandem_types::Wall;
use tokio::sync::watch;

/// Callbacks that were asked for before, and are over, are not asked about: the longest that one is kept, and the day on which
/// minutes are counted.
const LOOKED_BACK: i64 = 8 * 86_400_000_000;
/// A database that is away is asked again after so long.
const AGAIN: Duration = Duration::from_secs(5);

/// Waits for the rows of everything that was journaled before, and tells the shard what waits.
pub(super) async fn load(
    store: Store,
    rows: Rows,
    shard: ShardHandle,
    recordings: PathBuf,
    clock: Clock,
    stopping: watch::Receiver<bool>,
) {
    let work = async {
        let mut tick = tokio::time::interval(AGAIN);
        loop {
            tick.tick().await;
            rows.written().await;
            match read(&store, clock.now().wall).await {
                Ok(Left {
                    people,
                    messages,
                    callbacks,
                }) => {
                    shard
                        .order(ToShard::admin(Admin::PausedBefore(people)))
                        .await;
                    shard.order(ToShard::admin(Admin::Messages(messages))).await;
                    shard
                        .order(ToShard::admin(Admin::CallbacksBefore(callbacks)))
                        .await;
                    erase(&store, recordings).await;
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "messages and pauses of earlier runs are not known yet");
                }
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = until(stopping) => {}
    }
}

async fn erase(store: &Store, recordings: PathBuf) {
    let Ok(files) = store.erased_messages().await else {
        return; // at the next start
    };
    let work = move || {
        let paths = files.iter().map(|file| recordings.join(file));
        paths.filter(|p| p.exists()).for_each(|p| kept::erase(&p));
    };
    let _ = tokio::task::spawn_blocking(work).await;
}

struct Left {
    people: Vec<(String, bool)>,
    messages: Vec<Held>,
    callbacks: OwedBefore,
}

async fn read(store: &Store, now: Wall) -> Result<Left, StoreError> {
    let people = store.paused_people().await?;
    let people = people
        .into_iter()
        .map(|(person, by)| (person, by == "unanswered"));
    let messages = store.messages(&MessageFilter::default()).await?;
    let callbacks = store.callbacks(Wall(now.0 - LOOKED_BACK)).await?;
    Ok(Left {
        people: people.collect(),
        messages: messages.into_iter().map(held).collect(),
        callbacks: owed(callbacks),
    })
}

fn owed(rows: Vec<CallbackRow>) -> OwedBefore {
    let mut before = OwedBefore::default();
    for row in rows {
        if let Some(dialled) = row.dialled.filter(|_| row.ms > 0) {
            let spoken = (row.wish.name.clone(), dialled, row.ms);
            before.spoken.push(spoken);
        }
        if row.ended.is_none() {
            before.owed.push(Owed {
                callback: row.callback,
                asked: row.asked,
                tries: row.tries,
                dialled: row.dialled,
                wish: row.wish.into(),
            });
        }
    }
    before
}

fn held(row: MessageRow) -> Held {
    Held {
        message: row.message,
        mailbox: row.mailbox,
        file: row.path,
        at: row.started,
        from: row.from,
        from_name: None,
        heard: row.heard.is_some(),
    }
}
