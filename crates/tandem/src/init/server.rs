//! A server that calls come from.

use std::net::{IpAddr, ToSocketAddrs};

/// A SIP server, and where its calls come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) user: Option<String>,
    /// Host, and port if there is one.
    pub(super) at: String,
    /// Empty: its name is not known here.
    pub(super) addresses: Vec<IpAddr>,
}

impl Server {
    /// `[USER@]HOST[:PORT]`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let text = text.trim().trim_start_matches("sip:");
        let (user, at) = match text.rsplit_once('@') {
            Some((user, at)) => (Some(user), at),
            None => (None, text),
        };
        let fine = |part: &str, more: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        if !fine(at, ".-:[]") || user.is_some_and(|u| !fine(u, ".-_+")) {
            return Err("write an address like sip.carrier.example or 198.51.100.1:5080, with the account's user name and @ before it if there is one".to_owned());
        }
        Ok(Self {
            user: user.map(str::to_owned),
            at: at.to_owned(),
            addresses: addresses(at),
        })
    }

    /// As `allow_from` has it: addresses of the moment, or one of documentation (RFC 5737) that nobody has.
    pub(super) fn allow_from(&self) -> String {
        let list = |all: &[IpAddr]| {
            all.iter()
                .map(|a| format!("\"{a}\""))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match self.addresses.is_empty() {
            true => "\"198.51.100.1\"".to_owned(),
            false => list(&self.addresses),
        }
    }
}

/// The addresses of a host as the machine finds them now.
fn addresses(at: &str) -> Vec<IpAddr> {
    if let Ok(ip) = at.trim_matches(['[', ']']).parse() {
        return vec![ip];
    }
    let port = |at: &str| {
        at.rsplit_once(':')
            .is_some_and(|(_, p)| p.parse::<u16>().is_ok())
    };
    let at = if port(at) {
        at.to_owned()
    } else {
        format!("{at}:5060")
    };
    let mut all: Vec<IpAddr> = at
        .to_socket_addrs()
        .map(|found| found.map(|a| a.ip()).collect())
        .unwrap_or_default();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_with_its_account_and_port() {
        let plain = Server::read("198.51.100.7:5080").expect("an address");
        assert_eq!(
            (plain.user.as_deref(), plain.at.as_str()),
            (None, "198.51.100.7:5080")
        );
        assert_eq!(plain.allow_from(), "\"198.51.100.7\"");
        let account = Server::read("sip:4420@198.51.100.7").expect("an account");
        assert_eq!(account.user.as_deref(), Some("4420"));
        for bad in ["", "a b", "x@", "@host", "ho\"st", "host;x"] {
            assert!(Server::read(bad).is_err(), "{bad:?}");
        }
    }
}
