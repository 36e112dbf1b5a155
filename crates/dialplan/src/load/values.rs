//! Values with a form of their own: durations, numbers, addresses, URIs, secrets.

use super::{
    read::{Text, Val},
    spot::did_you_mean,
};
use crate::{Pattern, Secret};
use ipnet::IpNet;
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// `1m 30s`, `800ms`, `2h`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let amount: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?.trim_start();
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let millis: u64 = match rest.get(..letters)? {
            "ms" => 1,
            "s" | "sec" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(amount.checked_mul(millis)?))?;
        rest = rest.get(letters..)?.trim_start();
    }
    Some(total)
}

/// Longer than any setting makes sense: a week.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// How the three kinds of reference are written.
const SECRET_FORMS: &str =
    "env:NAME (an environment variable), file:PATH or cred:NAME (systemd LoadCredential)";

impl<'a> Val<'a> {
    /// A duration of at least `least`.
    pub(crate) fn duration(&self, least: Duration) -> Option<Duration> {
        let text = match self.text_or_number() {
            Ok(text) => text,
            Err(number) => {
                self.spot
                    .error(format!("`{}` needs a unit", self.key))
                    .label("of what?")
                    .help(format!(
                        "write {} = \"{number}s\" for seconds; ms, s, m, h and d are known",
                        self.key
                    ));
                return None;
            }
        }?;
        match parse_duration(&text.value) {
            Some(d) if d < least => {
                self.spot
                    .error(format!("`{}` must be at least {least:?}", self.key));
                None
            }
            Some(d) if d > LONGEST => {
                self.spot
                    .error(format!("`{}` is longer than a week", self.key));
                None
            }
            Some(d) => Some(d),
            None => {
                self.spot
                    .error(format!("{:?} is no duration", text.value))
                    .help("write it like \"20s\" or \"1m 30s\"; ms, s, m, h and d are known");
                None
            }
        }
    }

    fn text_or_number(&self) -> Result<Option<Text<'a>>, String> {
        let raw = self
            .spot
            .source
            .text
            .get(self.spot.start..self.spot.end)
            .unwrap_or_default();
        match !raw.is_empty() && raw.chars().all(|c| c.is_ascii_digit()) {
            true => Err(raw.to_owned()),
            false => Ok(self.text()),
        }
    }

    pub(crate) fn patterns(&self) -> Vec<(Pattern, Text<'a>)> {
        self.texts()
            .into_iter()
            .filter_map(|t| t.pattern().map(|p| (p, t)))
            .collect()
    }

    pub(crate) fn networks(&self) -> Vec<IpNet> {
        let network = |t: Text<'_>| {
            let net = t
                .value
                .parse::<IpNet>()
                .or_else(|_| t.value.parse::<IpAddr>().map(IpNet::from));
            if net.is_err() {
                t.spot
                    .error(format!("{:?} is no network", t.value))
                    .help("write an address and how many bits of it count, like \"203.0.113.0/28\"; names are not looked up here");
            }
            net.ok().map(|n| n.trunc())
        };
        self.texts().into_iter().filter_map(network).collect()
    }

    pub(crate) fn socket(&self, text: &str, like: &str) -> Option<SocketAddr> {
        let addr = text.parse().ok();
        if addr.is_none() {
            self.spot
                .error(format!("{text:?} is no address and port"))
                .help(format!(
                    "write it like {like:?}; an IPv6 address stands in [ ]"
                ));
        }
        addr
    }

    pub(crate) fn http_url(&self) -> Option<String> {
        let url = self.words()?.value;
        let host = url
            .strip_prefix("http://")
            .or_else(|| url.strip_prefix("https://"));
        match host {
            Some(h) if !h.is_empty() && !h.starts_with('/') => {
                Some(url.trim_end_matches('/').to_owned())
            }
            _ => {
                self.spot
                    .error(format!("{url:?} is no web address"))
                    .help("write it like \"http://127.0.0.1:8000/v1\"");
                None
            }
        }
    }

    /// Two letters, ISO 3166.
    pub(crate) fn country(&self) -> Option<String> {
        let text = self.words()?;
        if text.value.len() == 2 && text.value.chars().all(|c| c.is_ascii_uppercase()) {
            return Some(text.value);
        }
        self.spot
            .error(format!("{:?} is no country", text.value))
            .help("two capital letters of ISO 3166, like \"GB\"");
        None
    }

    /// One key of a telephone.
    pub(crate) fn phone_key(&self) -> Option<char> {
        one_key(&self.text()?)
    }

    /// A secret by reference; a literal one is refused without being repeated.
    pub(crate) fn secret(
        &self,
        resolve: &dyn Fn(&str) -> Result<String, String>,
    ) -> Option<Secret> {
        let text = self.hidden()?;
        let known = ["env:", "file:", "cred:"]
            .iter()
            .any(|k| text.value.len() > k.len() && text.value.starts_with(k));
        if !known {
            self.spot
                .error(format!(
                    "`{}` holds a secret, and files are read by too many eyes",
                    self.key
                ))
                .label("write where it is found instead")
                .help(format!(
                    "put it elsewhere and name the place: {SECRET_FORMS}"
                ));
            return None;
        }
        match resolve(&text.value) {
            Ok(secret) if secret.trim_end_matches(['\r', '\n']).is_empty() => {
                self.spot.error(format!("{:?} is empty", text.value));
                None
            }
            Ok(secret) => Some(Secret(secret.trim_end_matches(['\r', '\n']).to_owned())),
            Err(why) => {
                self.spot
                    .error(format!("cannot read {:?}: {why}", text.value))
                    .help(format!("known are {SECRET_FORMS}"));
                None
            }
        }
    }
}

impl Text<'_> {
    pub(crate) fn pattern(&self) -> Option<Pattern> {
        match Pattern::parse(&self.value) {
            Ok(p) => Some(p),
            Err(e) => {
                let here = self
                    .value
                    .get(e.at..)
                    .and_then(|s| s.chars().next())
                    .map_or(0, char::len_utf8);
                let spaced = self.value.contains(' ') && !self.value.starts_with("sip:");
                self.spot
                    .inside(&self.value, e.at, here)
                    .error(format!("{:?} is no number and no pattern: {e}", self.value))
                    .maybe_help(spaced.then(|| {
                        format!("write it without spaces: {:?}", self.value.replace(' ', ""))
                    }));
                None
            }
        }
    }

    /// A number that can be dialled as it stands.
    pub(crate) fn number(&self) -> Option<String> {
        let pattern = self.pattern()?;
        if pattern.is_exact() && !self.value.starts_with("sip:") {
            return Some(self.value.clone());
        }
        self.spot.error(format!(
            "{:?} is a pattern, and a number is needed here",
            self.value
        ));
        None
    }

    /// What can be keyed in a call.
    pub(crate) fn code(&self) -> Option<String> {
        let keys = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
        if self.value.len() <= 4 && self.value.chars().all(keys) {
            return Some(self.value.clone());
        }
        self.spot
            .error(format!("{:?} cannot be keyed in a call", self.value))
            .help("one to four of 0-9 * #, like \"*9\"");
        None
    }

    /// A host name or an address, without a port.
    pub(crate) fn host(&self) -> Option<String> {
        if good_host(&self.value) && !self.value.contains(':') {
            return Some(self.value.clone());
        }
        self.spot
            .error(format!("{:?} is no host name", self.value))
            .help("a name like \"northgate.carrier.example\", or an IPv4 address; no port");
        None
    }

    /// A peer or registrar: `sip:HOST[:PORT][;transport=udp|tcp|tls]...`, or `sips:`.
    pub(crate) fn sip_server(&self) -> Option<String> {
        let text = &self.value;
        if text.contains("transport=ws") {
            self.spot
                .error("nobody can be called by WebSocket: whoever is there has opened it")
                .help("write ;transport=tls or tcp, or leave the transport out for UDP");
            return None;
        }
        let host = text
            .strip_prefix("sip:")
            .or_else(|| text.strip_prefix("sips:"))
            .map(|h| h.split(';').next().unwrap_or(h));
        match host {
            Some(h) if good_host(h.rsplit('@').next().unwrap_or(h)) => Some(text.clone()),
            _ => {
                let bare = !text.contains(':') && good_host(text);
                self.spot
                    .error(format!("{text:?} is no SIP address"))
                    .help(match bare {
                        true => format!("write \"sip:{text}\""),
                        false => "write it like \"sip:sbc.carrier.example:5060;transport=tcp\""
                            .to_owned(),
                    });
                None
            }
        }
    }

    /// Checks the `{placeholders}` of a template.
    pub(crate) fn placeholders(&self, known: &[&str]) {
        let mut rest = self.value.as_str();
        while let Some(open) = rest.find('{') {
            let at = self.value.len() - rest.len() + open;
            rest = &rest[open + 1..];
            let Some(close) = rest.find('}') else {
                self.spot
                    .inside(&self.value, at, 1)
                    .error("this `{` has no `}`");
                return;
            };
            let name = &rest[..close];
            rest = &rest[close + 1..];
            if known.contains(&name) {
                continue;
            }
            let braced = |m: String| m.replacen('"', "{", 1).replacen('"', "}", 1);
            let near = did_you_mean(name, known).map(braced);
            let all = known
                .iter()
                .map(|n| format!("{{{n}}}"))
                .collect::<Vec<_>>()
                .join(", ");
            let help = near.unwrap_or_else(|| match known.is_empty() {
                true => "nothing is filled in here".to_owned(),
                false => format!("known here: {all}"),
            });
            self.spot
                .inside(&self.value, at, close + 2)
                .error(format!("nothing is known as {{{name}}} here"))
                .help(help);
        }
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets, with or without a port.
pub(super) fn good_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((v6, port)) => (v6, port),
        None => host.find(':').map_or((host, ""), |i| host.split_at(i)),
    };
    let port_ok = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|p| p.parse::<u16>().is_ok_and(|p| p > 0));
    let name_ok = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    port_ok && name_ok
}

/// A key of a telephone: 0 to 9, `*`, `#`, A to D.
pub(crate) fn one_key(text: &Text<'_>) -> Option<char> {
    let mut chars = text.value.chars();
    match (chars.next(), chars.next()) {
        (Some(c @ ('0'..='9' | '*' | '#' | 'A'..='D')), None) => Some(c),
        _ => {
            text.spot
                .error(format!("{:?} is no key of a telephone", text.value))
                .help("0 to 9, * or #, one of them");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let ms = |t: &str| parse_duration(t).map(|d| d.as_millis());
        assert_eq!(ms("20s"), Some(20_000));
        assert_eq!(ms("1m 30s"), Some(90_000));
        assert_eq!(ms("1m30s"), Some(90_000));
        assert_eq!(ms("800 ms"), Some(800));
        assert_eq!(ms("2h"), Some(7_200_000));
        for bad in [
            "",
            " ",
            "s",
            "20",
            "20x",
            "-5s",
            "1.5s",
            "99999999999999999999s",
            "184467440737095516h",
        ] {
            assert_eq!(ms(bad), None, "{bad}");
        }
    }

    #[test]
    fn hosts_with_and_without_ports() {
        for good in [
            "a.example",
            "10.0.0.5",
            "10.0.0.5:5070",
            "[2001:db8::1]",
            "[2001:db8::1]:5060",
        ] {
            assert!(good_host(good), "{good}");
        }
        for bad in ["", ":5060", "a b", "a:0", "a:70000", "a:x", "[::1]5060"] {
            assert!(!good_host(bad), "{bad}");
        }
    }
}
