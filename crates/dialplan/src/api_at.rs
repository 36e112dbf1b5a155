//! Where the gateway of a configuration is asked, whatever else is wrong with that configuration.

use crate::Node;
use std::net::SocketAddr;

/// `[http] listen` of a `tandem.toml`, or where it listens by default; `None`: it is off, or not to be read.
pub fn api_at(tandem_toml: &str) -> Option<SocketAddr> {
    let file: toml::Table = tandem_toml.parse().ok()?;
    match file.get("http").and_then(|http| http.get("listen")) {
        None => Node::default().http,
        Some(listen) => listen.as_str()?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_else_is_wrong_does_not_matter() {
        let at = |text| api_at(text).map(|a| a.to_string());
        let file = "[http]\nlisten = \"127.0.0.1:8088\"\n[sipp]\nlisten = 7\n";
        assert_eq!(at(file).as_deref(), Some("127.0.0.1:8088"));
        assert_eq!(api_at("[node]"), Node::default().http);
        assert_eq!(at("[http]\nlisten = \"off\""), None);
        assert_eq!(at("[http\n"), None);
    }
}
