//! Where SIP listens, and who is asked for names.

use super::read::Section;
use crate::{Listen, ListenBy, Node};
use std::net::SocketAddr;

/// `sip.listen`.
pub(super) fn listen(s: &Section<'_>, node: &mut Node) {
    let Some(v) = s.opt("listen") else { return };
    node.listen.clear();
    for text in v.texts() {
        let (scheme, rest) = text.value.split_once("://").unwrap_or(("", &text.value));
        match scheme {
            "udp" | "tcp" | "tls" | "ws" | "wss" => {
                let by = match scheme {
                    "udp" => ListenBy::Udp,
                    "tcp" => ListenBy::Tcp,
                    "tls" => ListenBy::Tls,
                    "ws" => ListenBy::Ws,
                    _ => ListenBy::Wss,
                };
                let addr = rest.parse().ok();
                if addr.is_none() {
                    text.spot
                        .error(format!("{rest:?} is no address and port"))
                        .help("write it like \"udp://0.0.0.0:5060\"");
                }
                node.listen.extend(addr.map(|addr| Listen { by, addr }));
            }
            _ => {
                text.spot
                    .error(format!("{:?} is no listener", text.value))
                    .help("write it like \"udp://0.0.0.0:5060\" or \"tcp://0.0.0.0:5060\"");
            }
        }
    }
    if node.listen.is_empty() && v.list().is_some_and(|l| l.is_empty()) {
        v.spot
            .error("SIP listens nowhere, so nobody can call")
            .help("listen = [\"udp://0.0.0.0:5060\", \"tcp://0.0.0.0:5060\"]");
    }
}

/// `sip.websocket_origins`.
pub(super) fn origins(s: &Section<'_>, node: &mut Node) {
    let Some(v) = s.opt("websocket_origins") else {
        return;
    };
    let by_web = |l: &Listen| matches!(l.by, ListenBy::Ws | ListenBy::Wss);
    if !node.listen.iter().any(by_web) {
        v.key_spot
            .warning("nothing listens by WebSocket")
            .help("add \"wss://0.0.0.0:8443\" to listen");
    }
    for text in v.texts() {
        let origin = text.value.split_once("://");
        let whole = origin.is_some_and(|(scheme, host)| {
            matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains('/')
        });
        if !whole {
            text.spot
                .error(format!("{:?} is no origin of a web page", text.value))
                .help("scheme and host, as browsers send it: \"https://phones.example\"");
            continue;
        }
        node.websocket_origins.push(text.value.to_ascii_lowercase());
    }
}

/// `[dns]`.
pub(super) fn dns(s: &Section<'_>, node: &mut Node) {
    let Some(v) = s.opt("servers") else { return };
    for text in v.texts() {
        let alone = text.value.parse().map(|ip| SocketAddr::new(ip, 53));
        match alone.or_else(|_| text.value.parse()) {
            Ok(addr) => node.dns.push(addr),
            Err(_) => drop(
                text.spot
                    .error(format!("{:?} is no address of a name server", text.value))
                    .help("write it like \"192.0.2.53\" or \"192.0.2.53:5353\""),
            ),
        }
    }
}
