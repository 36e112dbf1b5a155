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
            "udp" | "tcp" | "tls" => {
                let by = match scheme {
                    "udp" => ListenBy::Udp,
                    "tcp" => ListenBy::Tcp,
                    _ => ListenBy::Tls,
                };
                let addr = rest.parse().ok();
                if addr.is_none() {
                    text.spot
                        .error(format!("{rest:?} is no address and port"))
                        .help("write it like \"udp://0.0.0.0:5060\"");
                }
                node.listen.extend(addr.map(|addr| Listen { by, addr }));
            }
            "ws" | "wss" => {
                text.spot
                    .error(format!(
                        "this version does not have {scheme}:// listeners yet"
                    ))
                    .label("not yet")
                    .help("udp://, tcp:// and tls:// are here");
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
