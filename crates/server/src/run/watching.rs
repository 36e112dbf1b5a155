//! `[node] watch = true`: files that were changed are taken by themselves.
//!
//! ```text
//!   files as in force, or as they were when they were refused --> nothing
//!   other files --the same again `EVERY` later--> reload --refused--> not tried again until they change
//! ```

use crate::{config, reload::Reloader};
use std::{sync::Arc, time::Duration};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::MissedTickBehavior,
};

/// An editor has written all of its files by then.
const EVERY: Duration = Duration::from_secs(2);

pub(super) fn watch_files(reloader: Arc<Reloader>, tasks: &mut JoinSet<()>) {
    tasks.spawn(async move {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut files = Files::default();
        loop {
            tick.tick().await;
            if !reloader.plan.load().node.watch {
                continue;
            }
            let dir = reloader.config_dir.clone();
            let Ok(Ok(found)) = spawn_blocking(move || config::sha256_in(&dir)).await else {
                continue; // in the middle of being replaced
            };
            let in_force = reloader.in_force.load().sha256.clone();
            if files.settled(&found, &in_force) && reloader.reload("file watch").await.is_err() {
                files.refused = found;
            }
        }
    });
}

/// By their hash.
#[derive(Default)]
struct Files {
    last: String,
    refused: String,
}

impl Files {
    /// They have changed, and are no longer being written.
    fn settled(&mut self, found: &str, in_force: &str) -> bool {
        let still = found == self.last;
        found.clone_into(&mut self.last);
        still && found != in_force && found != self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::Files;

    #[test]
    fn files_are_taken_once_they_rest_and_a_refusal_is_final() {
        let mut files = Files::default();
        assert!(!files.settled("a", "a"));
        assert!(!files.settled("b", "a"), "it may be half of it");
        assert!(!files.settled("c", "a"));
        assert!(files.settled("c", "a"));
        files.refused = "c".to_owned();
        assert!(!files.settled("c", "a"));
        assert!(!files.settled("d", "a"));
        assert!(files.settled("d", "a"));
        assert!(!files.settled("d", "d"), "in force by now");
    }
}
