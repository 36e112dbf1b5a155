//! Names of trunks' peers.

use crate::{places::ShardHandle, shard::ToShard};
use std::time::Duration;
use tandem_call::Input;
use tandem_dialplan::Plan;
use tandem_net::resolve;
use tandem_sip::message::Uri;
use tokio::{sync::watch, task::JoinSet};

/// Names of peers are looked up again this often.
const RESOLVE_EVERY: Duration = Duration::from_secs(60);

/// Looks the names of trunks' peers up, now and then.
pub(super) fn resolve_names(
    plan: &Plan,
    shard: ShardHandle,
    mut stopping: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) {
    let uris = plan.trunks.values().flat_map(|t| {
        t.peers
            .iter()
            .chain(&t.outbound_proxy)
            .chain(t.register.as_ref().map(|(uri, _)| uri))
    });
    let mut names: Vec<(String, u16)> = uris
        .filter_map(|text| Uri::parse(text).ok())
        .filter(|uri| uri.ip().is_none())
        .filter_map(|uri| Some((uri.host()?.to_string(), uri.port().unwrap_or(5060))))
        .collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return;
    }
    tasks.spawn(async move {
        let mut tick = tokio::time::interval(RESOLVE_EVERY);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                _ = stopping.changed() => return,
            }
            for (host, port) in &names {
                let addrs = resolve(host, *port).await;
                let host = host.clone();
                // Refused by a full queue: asked again in a minute.
                shard.wish(ToShard::Input(Input::Resolved { host, addrs }));
            }
        }
    });
}
