//! Names to addresses by the system's resolver (A and AAAA).

use std::net::SocketAddr;

/// The addresses of `host`, IPv4 first, with `port`; empty when it has none just now.
pub async fn resolve(host: &str, port: u16) -> Vec<SocketAddr> {
    match tokio::net::lookup_host((host, port)).await {
        Ok(found) => {
            let mut all: Vec<SocketAddr> = found.collect();
            all.sort_by_key(|a| (a.is_ipv6(), a.to_string()));
            all.dedup();
            all
        }
        Err(error) => {
            tracing::warn!(host, %error, "a peer's name does not resolve");
            Vec::new()
        }
    }
}
