//! One line while it is being made, and those who listen to it.

use crate::door::{MAX_CHUNK, PcmStream};
use futures_util::StreamExt;
use std::sync::Arc;
use tandem_types::provider::ProviderFault;
use tokio::{sync::watch, task::JoinHandle};

#[derive(Default)]
struct Progress {
    pcm: Vec<i16>,
    end: Option<Result<(), ProviderFault>>,
}

/// The growing sound; its maker is stopped when the last holder drops it.
pub(super) struct Rendering {
    progress: watch::Receiver<Progress>,
    maker: JoinHandle<()>,
}

impl Rendering {
    #[expect(
        clippy::disallowed_methods,
        reason = "the handle is kept: dropping the rendering aborts the task"
    )]
    pub(super) fn start(mut chunks: PcmStream) -> Self {
        let (sender, progress) = watch::channel(Progress::default());
        let maker = tokio::spawn(async move {
            while let Some(chunk) = chunks.next().await {
                match chunk {
                    Ok(chunk) => {
                        sender.send_modify(|progress| progress.pcm.extend_from_slice(&chunk))
                    }
                    Err(fault) => {
                        return sender.send_modify(|progress| progress.end = Some(Err(fault)));
                    }
                }
            }
            sender.send_modify(|progress| progress.end = Some(Ok(())));
        });
        Self { progress, maker }
    }

    pub(super) fn reader(self: &Arc<Self>) -> Reader {
        Reader {
            progress: self.progress.clone(),
            at: 0,
            _rendering: self.clone(),
        }
    }
}

impl Drop for Rendering {
    fn drop(&mut self) {
        self.maker.abort();
    }
}

/// One listener.
pub(super) struct Reader {
    progress: watch::Receiver<Progress>,
    at: usize,
    _rendering: Arc<Rendering>,
}

impl Reader {
    /// The next chunk of at most [`MAX_CHUNK`] samples; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<i16>>, ProviderFault> {
        let at = self.at;
        // The maker ends with a verdict; without one it panicked.
        let progress = self
            .progress
            .wait_for(|progress| progress.pcm.len() > at || progress.end.is_some())
            .await
            .map_err(|_| ProviderFault::Malformed)?;
        let rest = &progress.pcm[at..];
        if rest.is_empty() {
            return match progress.end {
                Some(Err(fault)) => Err(fault),
                _ => Ok(None),
            };
        }
        let chunk = rest[..rest.len().min(MAX_CHUNK)].to_vec();
        self.at += chunk.len();
        Ok(Some(chunk))
    }

    /// All of it, once it has ended well.
    pub(super) fn whole(&self) -> Option<Vec<i16>> {
        let progress = self.progress.borrow();
        matches!(progress.end, Some(Ok(()))).then(|| progress.pcm.clone())
    }
}
