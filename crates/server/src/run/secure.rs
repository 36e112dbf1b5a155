//! TLS of a gateway: where it is needed, and certificates that are renewed while it runs.

use super::{Looks, StartError};
use crate::config::tls_files;
use std::{net::SocketAddr, path::Path, sync::Arc};
use tandem_dialplan::{ListenBy, Plan};
use tandem_net::tls::{Tls, TlsError};
use tandem_sip::api::Transport;
use tokio::{sync::watch, task::JoinSet};

/// Where connections are taken and made: transport, and where we listen.
pub(super) fn streams(plan: &Plan) -> Vec<(Transport, Option<SocketAddr>)> {
    let mut all: Vec<_> = plan
        .node
        .listen
        .iter()
        .filter_map(|l| match l.by {
            ListenBy::Udp => None,
            ListenBy::Tcp => Some((Transport::Tcp, Some(l.addr))),
            ListenBy::Tls => Some((Transport::Tls, Some(l.addr))),
            ListenBy::Ws => Some((Transport::Ws, Some(l.addr))),
            ListenBy::Wss => Some((Transport::Wss, Some(l.addr))),
        })
        .collect();
    let by_tls = |(by, _): &(Transport, _)| *by == Transport::Tls;
    if !all.iter().any(by_tls) && plan.trunks.values().any(|t| t.asks_for_tls()) {
        all.push((Transport::Tls, None));
    }
    all
}

/// TLS, if anything of the plan needs it.
pub(super) fn of(config_dir: &Path, plan: &Plan) -> Result<Option<Arc<Tls>>, StartError> {
    let by_tls = |(by, _): &(Transport, _)| matches!(by, Transport::Tls | Transport::Wss);
    let needed = streams(plan).iter().any(by_tls);
    let made = needed.then(|| Tls::new(tls_files(config_dir, plan)));
    Ok(made.transpose()?.map(Arc::new))
}

/// Reads the files of TLS again when they were written.
pub(super) fn watch(tls: Arc<Tls>, stopping: watch::Receiver<bool>, tasks: &mut JoinSet<()>) {
    tasks.spawn(async move {
        let mut looks = Looks::until(stopping);
        while looks.again().await {
            told(tls.reload(false));
        }
    });
}

/// What came of reading them again, for the log. What was read before stands where that failed.
pub(super) fn told(read: Result<bool, TlsError>) -> bool {
    match read {
        Ok(new) => {
            if new {
                tracing::info!("certificates were read again; connections that are open go on");
            }
            true
        }
        Err(error) => {
            tracing::error!(target: "tandem::alarm", %error, "certificates could not be read again; the old ones stand");
            false
        }
    }
}
