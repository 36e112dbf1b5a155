//! The journal, the database and the projector between them.

use super::StartError;
use crate::{Clock, config};
use std::path::Path;
use tandem_dialplan::Node;
use tandem_store::{Fsync, Journal, Projector, Store};

/// Opens the journal, closes what the last stop cut off, and makes ready for the database, which may be away.
pub(super) fn open(
    node: &Node,
    clock: Clock,
    progress: &mut (impl FnMut(&str) + Send),
) -> Result<(Journal, Store, Projector), StartError> {
    let fsync = if node.fsync {
        Fsync::Always
    } else {
        Fsync::Never
    };
    let (mut journal, recovered) = Journal::open(&node.journal, 0, fsync)?;
    let left = recovered.closing();
    if !left.is_empty() {
        progress(&format!(
            "{} calls were cut off by the last stop; their records are closed",
            recovered.open.len()
        ));
        let _ = journal.append(clock.now().wall, left);
    }
    make_database_folder(&node.store_url)?;
    let store = Store::connect_lazy(&node.store_url)?;
    let projector = Projector::new(&node.journal, store.clone());
    journal.set_follower(projector.follower());
    Ok((journal, store, projector))
}

fn make_database_folder(url: &str) -> Result<(), StartError> {
    let file = config::database_file(url);
    match file.as_deref().and_then(Path::parent) {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|error| {
                let what = format!(
                    "the database's folder {} (data_dir and [store] url in tandem.toml, or --data)",
                    folder.display()
                );
                StartError::system(&what, error)
            })
        }
        _ => Ok(()),
    }
}
