//! What earlier runs left in the database that calls go by: people who are paused, and messages that wait. Of those that were deleted
//! the files are erased, should the last stop have come between.

use super::until;
use crate::{places::ShardHandle, recorder::kept, shard::ToShard};
use std::{path::PathBuf, time::Duration};
use tandem_call::{Admin, Held};
use tandem_store::{MessageFilter, MessageRow, Rows, Store, StoreError};
use tokio::sync::watch;

/// A database that is away is asked again after so long.
const AGAIN: Duration = Duration::from_secs(5);

/// Waits for the rows of everything that was journaled before, and tells the shard what waits.
pub(super) async fn load(
    store: Store,
    rows: Rows,
    shard: ShardHandle,
    recordings: PathBuf,
    stopping: watch::Receiver<bool>,
) {
    let work = async {
        let mut tick = tokio::time::interval(AGAIN);
        loop {
            tick.tick().await;
            rows.written().await;
            match read(&store).await {
                Ok((people, all)) => {
                    shard
                        .order(ToShard::admin(Admin::PausedBefore(people)))
                        .await;
                    shard.order(ToShard::admin(Admin::Messages(all))).await;
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

async fn read(store: &Store) -> Result<(Vec<(String, bool)>, Vec<Held>), StoreError> {
    let people = store.paused_people().await?;
    let people = people
        .into_iter()
        .map(|(person, by)| (person, by == "unanswered"));
    let messages = store.messages(&MessageFilter::default()).await?;
    Ok((people.collect(), messages.into_iter().map(held).collect()))
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
