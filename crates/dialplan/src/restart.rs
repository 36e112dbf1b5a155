//! What of a configuration a running gateway cannot change: sockets, the store, and what every part was made with.

use crate::{Node, Plan};

/// The keys of `tandem.toml` that differ and need a restart, as they are written there. Both plans are [placed](Node::placed) alike.
pub fn needs_restart(running: &Plan, new: &Plan) -> Vec<String> {
    let (was, is) = (&running.node, &new.node);
    // All of them by name: a new key has to be put here, or among those that a running gateway takes.
    let Node {
        name,
        public_address,
        local_networks,
        listen,
        tls,
        dns,
        session_timers,
        rtp_ports,
        rtp_reserve,
        rtp_address,
        rtp_address6,
        rtp_timeout,
        drain_ports,
        http,
        data_dir,
        store_url,
        journal,
        fsync,
        prompt_cache,
        hep,
        recordings,
        identity,
        websocket_origins,
        mail: _,
        providers: _,
        drain: _,
        max_calls: _,
        watch: _,
        bans: _,
    } = was;
    let placed_alike = *data_dir == is.data_dir;
    let all = [
        ("[node] name", *name == is.name),
        (
            "[node] public_address",
            *public_address == is.public_address,
        ),
        (
            "[node] local_networks",
            *local_networks == is.local_networks,
        ),
        ("[node] data_dir", placed_alike),
        ("[sip] listen", *listen == is.listen),
        ("[sip.tls]", *tls == is.tls),
        ("[sip] session_timers", *session_timers == is.session_timers),
        ("[dns] servers", *dns == is.dns),
        ("[rtp] ports", *rtp_ports == is.rtp_ports),
        ("[rtp] reserve", *rtp_reserve == is.rtp_reserve),
        ("[rtp] address", *rtp_address == is.rtp_address),
        ("[rtp] address6", *rtp_address6 == is.rtp_address6),
        ("[rtp] timeout", *rtp_timeout == is.rtp_timeout),
        ("[rtp] drain_ports", *drain_ports == is.drain_ports),
        ("[http] listen", *http == is.http),
        ("[store] url", !placed_alike || *store_url == is.store_url),
        ("[store] journal", !placed_alike || *journal == is.journal),
        ("[store] fsync", *fsync == is.fsync),
        (
            "[store] prompt_cache",
            !placed_alike || *prompt_cache == is.prompt_cache,
        ),
        ("[telemetry] hep", *hep == is.hep),
        ("[identity]", *identity == is.identity),
        (
            "[sip] websocket_origins",
            *websocket_origins == is.websocket_origins,
        ),
        (
            "[recordings]",
            !placed_alike || *recordings == is.recordings,
        ),
    ];
    let differ = all.into_iter().filter(|(_, same)| !same);
    let mut keys: Vec<String> = differ.map(|(key, _)| key.to_owned()).collect();
    let has_tls = |p: &Plan| {
        p.node
            .listen
            .iter()
            .any(|l| matches!(l.by, crate::ListenBy::Tls | crate::ListenBy::Wss))
            || p.trunks.values().any(|t| t.asks_for_tls())
    };
    if !has_tls(running)
        && let Some(first) = new.trunks.values().find(|t| t.asks_for_tls())
    {
        keys.push(format!(
            "the first server by TLS, of trunks/{}.toml",
            first.name
        ));
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trunk;

    #[test]
    fn sockets_and_the_store_are_named_and_what_may_change_is_not() {
        let plan = |node| Plan {
            node,
            ..Plan::default()
        };
        let was = plan(Node::default());
        assert_eq!(needs_restart(&was, &was), [""; 0]);
        let mut node = Node::default();
        node.max_calls += 1;
        node.drain *= 2;
        node.bans.after += 1;
        node.providers.clear();
        assert_eq!(needs_restart(&was, &plan(node.clone())), [""; 0]);
        node.rtp_ports.1 -= 2;
        node.store_url = "postgres://db.example/tandem".into();
        node.listen.clear();
        assert_eq!(
            needs_restart(&was, &plan(node)),
            ["[sip] listen", "[rtp] ports", "[store] url"]
        );
        let moved = Node::default().placed("office", Some("/elsewhere"));
        assert_eq!(needs_restart(&was, &plan(moved)), ["[node] data_dir"]);
    }

    #[test]
    fn a_first_server_by_tls_is_named_and_a_second_is_none() {
        let carrier = |uri: &str| {
            let trunk = Trunk {
                name: "carrier".into(),
                peers: vec![uri.into()],
                ..Trunk::default()
            };
            Plan {
                trunks: [("carrier".to_owned(), trunk)].into(),
                ..Plan::default()
            }
        };
        let plain = carrier("sip:192.0.2.1");
        let secure = carrier("sips:carrier.example");
        assert_eq!(
            needs_restart(&plain, &secure),
            ["the first server by TLS, of trunks/carrier.toml"]
        );
        assert_eq!(needs_restart(&secure, &plain), [""; 0]);
        assert_eq!(needs_restart(&secure, &secure), [""; 0]);
    }
}
