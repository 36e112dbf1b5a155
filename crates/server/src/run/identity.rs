//! The certificates of STIR/SHAKEN: read at the start, and again when they were written. None is ever fetched: whoever keeps the folder up to
//! date does that.

use super::Looks;
use crate::{places::ShardHandle, shard::ToShard};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};
use tandem_dialplan::Identity;
use tandem_net::tls::{TlsError, pem_certificates};
use tandem_sip::stir::Authorities;
use tokio::{
    sync::watch,
    task::{JoinSet, spawn_blocking},
};

/// Certificates that are read: there are some thousand carriers.
const MOST: usize = 20_000;
/// Folders within folders.
const DEEPEST: usize = 8;

/// Where they are.
#[derive(Clone, Debug)]
pub(super) struct Certificates {
    authorities: PathBuf,
    folder: PathBuf,
}

/// What tells whether a file was written: its size, and when.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl Certificates {
    pub(super) fn new(config_dir: &Path, identity: &Identity) -> Self {
        Self {
            authorities: config_dir.join(&identity.authorities),
            folder: config_dir.join(&identity.certificates),
        }
    }

    /// Reads all of them. A carrier's that cannot be used is told of and left out.
    pub(super) fn read(&self) -> Result<Arc<Authorities>, TlsError> {
        let roots = pem_certificates(&self.authorities)?;
        let files = self.files();
        let carriers = files.iter().filter_map(|file| {
            let address = file.strip_prefix(&self.folder).ok()?.to_str()?.to_owned();
            let chain = pem_certificates(file).map_err(|error| {
                tracing::warn!(target: "tandem::identity", %error, "a certificate is left out");
            });
            Some((address, chain.ok()?))
        });
        let (authorities, left_out) = Authorities::new(&roots, carriers);
        for (certificate, why) in left_out {
            tracing::warn!(target: "tandem::identity", certificate, %why, "a certificate is left out");
        }
        tracing::info!(target: "tandem::identity", certificates = authorities.len(), "signatures of callers' numbers are verified");
        Ok(Arc::new(authorities))
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        below(&self.folder, DEEPEST, &mut found);
        found.sort();
        found
    }

    fn stamp(&self) -> Stamp {
        let files = self.files().into_iter().chain([self.authorities.clone()]);
        let of = |file: PathBuf| {
            let about = std::fs::metadata(&file).ok();
            let size = about.as_ref().map_or(0, std::fs::Metadata::len);
            (file, size, about.and_then(|a| a.modified().ok()))
        };
        files.map(of).collect()
    }

    /// Reads them again when they were written, for as long as the gateway runs. What was read before stands where that fails.
    pub(super) fn watch(
        self,
        shard: ShardHandle,
        stopping: watch::Receiver<bool>,
        tasks: &mut JoinSet<()>,
    ) {
        let mut known = self.stamp();
        tasks.spawn(async move {
            let mut looks = Looks::until(stopping);
            while looks.again().await {
                let files = self.clone();
                // Thousands of files: on no thread for which others wait.
                let looked = spawn_blocking(move || {
                    let found = files.stamp();
                    let read = (found != known).then(|| files.read());
                    (found, read)
                });
                let Ok((found, read)) = looked.await else {
                    return;
                };
                known = found;
                let Some(read) = read else {
                    continue;
                };
                match read {
                    Ok(authorities) => {
                        if !shard.order(ToShard::Believe(authorities)).await {
                            return;
                        }
                    }
                    Err(error) => {
                        tracing::error!(target: "tandem::alarm", %error, "certificates of carriers could not be read again; the old ones stand");
                    }
                }
            }
        });
    }
}

fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let path = entry.path();
        if found.len() >= MOST {
            return;
        }
        if path.is_dir() && depth > 0 {
            below(&path, depth - 1, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}
