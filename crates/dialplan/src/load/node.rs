//! `tandem.toml`.

use super::{
    Load,
    read::{Section, Text, Val},
    spot::{did_you_mean, listed},
};
use crate::{Door, ListenBy, Node, OFFLINE, Profile, SessionTimers};
use std::{collections::BTreeMap, net::IpAddr, time::Duration};

/// OpenAI's own; a local server has `base_url`.
const OPENAI: &str = "https://api.openai.com/v1";
/// Raw PCM of OpenAI's speech endpoint.
const OPENAI_RATE: u32 = 24_000;
const SECOND: Duration = Duration::from_secs(1);

impl<'a> Load<'a> {
    pub(super) fn node(&mut self, root: &Section<'a>) -> Node {
        let mut node = Node::default();
        root.later(&[
            ("cluster", "more than one machine ([cluster])"),
            ("login", "logins ([login])"),
        ]);
        if let Some(s) = root.section("node") {
            self.machine(&s, &mut node);
        }
        if let Some(s) = root.section("sip") {
            sip(&s, &mut node);
            self.own_tls(&s, &mut node);
        }
        if let Some(s) = root.section("dns") {
            super::listen::dns(&s, &mut node);
        }
        if let Some(s) = root.section("rtp") {
            rtp(&s, &mut node);
        }
        if let Some(s) = root.section("http") {
            http(&s, &mut node);
        }
        if let Some(s) = root.section("store") {
            self.store(&s, &mut node);
        }
        if let Some(s) = root.section("telemetry") {
            node.hep = self.telemetry(&s);
        }
        node.recordings = self.recordings(root);
        if let Some(s) = root.section("mail") {
            node.mail = self.mail(&s);
        }
        if let Some(s) = root.section("identity") {
            node.identity = self.identity(&s);
        }
        self.ports(root, &node);
        self.profiles(root, &mut node);
        node
    }

    fn machine(&self, s: &Section<'a>, node: &mut Node) {
        if let Some(name) = s.opt("name").and_then(|v| v.words()) {
            if name
                .value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
            {
                node.name = name.value;
            } else {
                name.spot
                    .error("a node's name stands in SIP headers: letters, digits, - and . only");
            }
        }
        set(&mut node.watch, s.opt("watch").and_then(|v| v.yes_no()));
        if let Some(text) = s.opt("public_address").and_then(|v| v.words()) {
            node.public_address = public_address(&text);
        }
        if let Some(v) = s.opt("local_networks") {
            node.local_networks = v.networks();
        }
        set(
            &mut node.data_dir,
            s.opt("data_dir").and_then(|v| v.words()).map(|t| t.value),
        );
        set(
            &mut node.max_calls,
            s.opt("max_calls").and_then(|v| v.whole(1..=100_000)),
        );
        set(
            &mut node.drain,
            s.opt("drain").and_then(|v| v.duration(SECOND)),
        );
    }

    fn store(&self, s: &Section<'a>, node: &mut Node) {
        s.later(&[(
            "recordings",
            "recordings in the store; they are kept in the directory of [recordings]",
        )]);
        if let Some(v) = s.opt("url") {
            set(&mut node.store_url, self.store_url(&v));
        }
        set(
            &mut node.journal,
            s.opt("journal").and_then(|v| v.words()).map(|t| t.value),
        );
        set(
            &mut node.prompt_cache,
            s.opt("prompt_cache")
                .and_then(|v| v.words())
                .map(|t| t.value),
        );
        let fsync = s
            .opt("fsync")
            .and_then(|v| v.choice(&[("never", false), ("always", true)], &[]));
        set(&mut node.fsync, fsync);
    }

    fn store_url(&self, v: &Val<'a>) -> Option<String> {
        let text = v.hidden()?;
        let referred = ["env:", "file:", "cred:"]
            .iter()
            .any(|k| text.value.starts_with(k));
        let url = if referred {
            v.secret(self.secrets)?.0
        } else {
            text.value
        };
        let scheme = url.split("://").next().unwrap_or_default();
        if !matches!(scheme, "sqlite" | "postgres" | "postgresql") || !url.contains("://") {
            v.spot
                .error("the database is named by a URL that begins with sqlite:// or postgres://")
                .help("for example \"sqlite://tandem.db?mode=rwc\" or \"postgres://tandem@db.example/tandem\"");
            return None;
        }
        let user = url
            .split("://")
            .nth(1)
            .and_then(|u| u.split('/').next())
            .and_then(|h| h.rsplit_once('@'));
        if !referred && user.is_some_and(|(u, _)| u.contains(':')) {
            v.spot
                .error("this database URL holds a password, and files are read by too many eyes")
                .label("write where it is found instead")
                .help("put the whole URL elsewhere and name the place: url = \"env:DATABASE_URL\", \"file:PATH\" or \"cred:NAME\"");
            return None;
        }
        Some(url)
    }

    /// Ports that get in each other's way.
    fn ports(&self, root: &Section<'a>, node: &Node) {
        let (first, last) = node.rtp_ports;
        let spot = root
            .section("rtp")
            .and_then(|s| {
                let _ = s.all();
                s.opt("ports").map(|v| v.spot)
            })
            .unwrap_or(root.spot);
        if let Some(l) = node
            .listen
            .iter()
            .find(|l| l.by == ListenBy::Udp && (first..=last).contains(&l.addr.port()))
        {
            spot.error(format!(
                "RTP ports {first}-{last} hold port {}, where SIP listens",
                l.addr.port()
            ));
        }
        let heard = node.rtp_addresses().iter().any(|ip| ip.is_ipv6());
        if let Some(l) = node.listen.iter().find(|l| l.addr.is_ipv6() && !heard) {
            spot.warning(format!(
                "SIP is taken at {}, and sound at no IPv6 address: phones with IPv6 alone are refused (488)",
                l.addr
            ))
            .help("[rtp] address6 = \"::\"");
        }
        let Some((low, high)) = self.host.ephemeral_ports else {
            return;
        };
        if first <= high && low <= last {
            spot.warning(format!(
                "RTP ports {first}-{last} reach into this machine's ephemeral ports {low}-{high}: another program may be given one"
            ))
            .help(format!("choose ports outside, or run: sysctl -w net.ipv4.ip_local_reserved_ports={first}-{last}"));
        }
    }

    fn profiles(&self, root: &Section<'a>, node: &mut Node) {
        let names: Vec<String> = root
            .names("providers")
            .into_iter()
            .chain([OFFLINE.to_owned()])
            .collect();
        let mut spots = BTreeMap::new();
        for (v, s) in root.each("providers") {
            let profile = self.profile(&v, &s, &names);
            spots.insert(v.key.clone(), v.key_spot);
            node.providers.insert(v.key.clone(), profile);
        }
        for (name, spot) in spots {
            let mut seen = vec![name.clone()];
            let mut at = node.providers.get(&name);
            while let Some(next) = at.and_then(|p| p.fallback.clone()) {
                if seen.contains(&next) {
                    if next != name || seen.iter().min() != Some(&name) {
                        break; // told at another of the ring
                    }
                    spot.error(format!(
                        "the fallbacks of {name:?} go round in a ring: {} -> {next}",
                        seen.join(" -> ")
                    ));
                    break;
                }
                seen.push(next.clone());
                at = node.providers.get(&next);
            }
        }
    }

    fn profile(&self, v: &Val<'a>, s: &Section<'a>, names: &[String]) -> Profile {
        let mut profile = Profile {
            name: v.key.clone(),
            ..Profile::offline()
        };
        let door = |key: &'static str| s.section(key).and_then(|d| self.door(key, &d));
        set(&mut profile.stt, door("stt"));
        set(&mut profile.llm, door("llm"));
        set(&mut profile.tts, door("tts"));
        if v.key != OFFLINE {
            profile.fallback = Some(OFFLINE.to_owned());
        }
        if let Some(text) = s.opt("fallback").and_then(|v| v.words()) {
            match text.value.as_str() {
                "none" => profile.fallback = None,
                name if names.iter().any(|n| n == name) => profile.fallback = Some(text.value),
                name => {
                    text.spot
                        .error(format!("there is no provider profile {name:?}"))
                        .help(did_you_mean(name, names).unwrap_or_else(|| {
                            format!("known are {}, and \"none\"", listed(names))
                        }));
                }
            }
        }
        profile
    }

    /// One of `stt`, `llm`, `tts`.
    fn door(&self, of: &'static str, s: &Section<'a>) -> Option<Door> {
        #[derive(Clone, Copy)]
        enum Kind {
            OpenAi,
            Offline,
            None,
        }
        let kinds = [
            ("openai", Kind::OpenAi),
            ("offline", Kind::Offline),
            ("none", Kind::None),
        ];
        let kind = s.need("kind", "\"openai\"");
        let chosen = kind
            .as_ref()
            .and_then(|v| v.choice(&kinds, &["openai-realtime", "whisper", "anthropic"]));
        let Some(chosen) = chosen else {
            let _ = s.all(); // which keys belong here, nobody can tell
            return None;
        };
        match chosen {
            Kind::None => Some(Door::None),
            Kind::Offline if of == "llm" => {
                kind?.spot
                    .error("there is no language model that works offline inside Tandem")
                    .help("write kind = \"none\" (agents speak from their templates), or point kind = \"openai\" at a server of your own");
                None
            }
            Kind::Offline => {
                let engines: &[(&str, &str)] = match of {
                    "stt" => &[("pocketsphinx", "pocketsphinx")],
                    _ => &[("flite", "flite"), ("espeak-ng", "espeak-ng")],
                };
                let engine = s.opt("engine").and_then(|v| v.choice(engines, &[]));
                Some(Door::Offline {
                    engine: engine.unwrap_or_default().to_owned(),
                })
            }
            Kind::OpenAi => {
                let model = if of == "tts" {
                    s.opt("model")
                } else {
                    s.need("model", "\"...\"")
                };
                let spoken = |key| if of == "tts" { s.opt(key) } else { None };
                Some(Door::OpenAi {
                    base_url: s
                        .opt("base_url")
                        .and_then(|v| v.http_url())
                        .unwrap_or_else(|| OPENAI.to_owned()),
                    model: model
                        .and_then(|v| v.words())
                        .map_or_else(String::new, |t| t.value),
                    key: s.opt("key").and_then(|v| v.secret(self.secrets)),
                    voice: spoken("voice")
                        .and_then(|v| v.words())
                        .map_or_else(String::new, |t| t.value),
                    sample_rate: spoken("sample_rate")
                        .and_then(|v| v.whole(8_000..=48_000))
                        .unwrap_or(OPENAI_RATE),
                })
            }
        }
    }
}

fn public_address(text: &Text<'_>) -> Option<IpAddr> {
    if text.value == "auto" || text.value.starts_with("stun:") {
        text.spot
            .error(
                "this version does not have finding the public address by itself (auto, stun:) yet",
            )
            .label("not yet")
            .help("write the address, like \"198.51.100.10\"");
        return None;
    }
    let ip = text.value.parse().ok();
    if ip.is_none() {
        text.spot
            .error(format!("{:?} is no IP address", text.value))
            .help("write the address, like \"198.51.100.10\"");
    }
    ip
}

/// RFC 4028 section 4 has 90 s as the shortest that anybody may ask for.
fn session_timers(s: &Section<'_>) -> Option<SessionTimers> {
    let shortest = Duration::from_secs(90);
    let expires = s
        .need("expires", "\"30m\"")
        .and_then(|v| v.duration(shortest));
    let min_se = s
        .opt("min_se")
        .map_or(Some(shortest), |v| v.duration(shortest));
    let (expires, min_se) = (expires?, min_se?);
    if min_se > expires {
        s.spot
            .error(
                "`min_se` is longer than `expires`: every call would be refused its own interval",
            )
            .help("session_timers = { expires = \"30m\", min_se = \"90s\" }");
        return None;
    }
    Some(SessionTimers { expires, min_se })
}

fn sip(s: &Section<'_>, node: &mut Node) {
    node.session_timers = s.section("session_timers").and_then(|s| session_timers(&s));
    if let Some(v) = s.opt("unknown_source") {
        v.choice(&[("drop", ())], &["403"]);
    }
    if let Some(b) = s.section("bans") {
        set(
            &mut node.bans.after,
            b.opt("after").and_then(|v| v.whole(0..=100_000)),
        );
        let least = Duration::from_secs(1);
        set(
            &mut node.bans.within,
            b.opt("within").and_then(|v| v.duration(least)),
        );
        set(
            &mut node.bans.span,
            b.opt("for").and_then(|v| v.duration(least)),
        );
    }
    super::listen::listen(s, node);
    super::listen::origins(s, node);
}

fn rtp(s: &Section<'_>, node: &mut Node) {
    if let Some(v) = s.opt("symmetric")
        && v.yes_no() == Some(false)
    {
        v.spot
            .error("RTP always goes back to where it comes from")
            .help("take it out; nat = \"no\" of a trunk takes RTP from SDP's address alone");
    }
    set(
        &mut node.rtp_ports,
        s.opt("ports").and_then(|v| rtp_ports(&v)),
    );
    let pairs = u32::from(node.rtp_ports.1 - node.rtp_ports.0).div_ceil(2);
    if let Some(v) = s.opt("reserve")
        && let Some(n) = v.whole(0..=10_000)
    {
        if n >= pairs {
            v.spot.error(format!(
                "{n} pairs of ports are kept for consult legs, and there are only {pairs}"
            ));
        }
        node.rtp_reserve = u16::try_from(n).unwrap_or(u16::MAX);
    }
    if let Some(t) = s.opt("address").and_then(|v| v.words()) {
        match t.value.parse() {
            Ok(ip) => node.rtp_address = ip,
            Err(_) => drop(t.spot.error(format!("{:?} is no IP address", t.value))),
        }
    }
    if let Some(t) = s.opt("address6").and_then(|v| v.words()) {
        match t.value.parse() {
            Ok(_) if node.rtp_address.is_ipv6() => drop(
                t.spot
                    .error("`address` is IPv6 already")
                    .help("address = \"0.0.0.0\" beside it takes both"),
            ),
            Ok(ip) => node.rtp_address6 = Some(ip),
            Err(_) => drop(t.spot.error(format!("{:?} is no IPv6 address", t.value))),
        }
    }
    set(
        &mut node.rtp_timeout,
        s.opt("timeout").and_then(|v| v.duration(SECOND)),
    );
    set(
        &mut node.drain_ports,
        s.opt("drain_ports")
            .and_then(|v| v.duration(Duration::ZERO)),
    );
}

/// `FIRST-LAST`, both inclusive.
fn rtp_ports(v: &Val<'_>) -> Option<(u16, u16)> {
    let text = v.words()?;
    let port = |t: &str| t.trim().parse::<u16>().ok();
    let Some((first, last)) = text
        .value
        .split_once('-')
        .and_then(|(a, b)| Some((port(a)?, port(b)?)))
    else {
        v.spot
            .error(format!("{:?} is no range of ports", text.value))
            .help("write it like \"30000-30999\"; ports end at 65535");
        return None;
    };
    let what = match () {
        () if first > last => format!("this range runs backwards: write \"{last}-{first}\""),
        () if first < 1024 => "ports under 1024 belong to root".to_owned(),
        () if first % 2 == 1 => format!(
            "RTP stands on even ports: begin at {}",
            first.saturating_add(1)
        ),
        () if last - first < 7 => {
            "a call takes two pairs of ports, and a transfer a third: give it eight ports at least"
                .to_owned()
        }
        () => return Some((first, last)),
    };
    v.spot.error(what);
    None
}

fn http(s: &Section<'_>, node: &mut Node) {
    s.later(&[
        (
            "metrics",
            "a port of its own for metrics; /metrics is served at http.listen",
        ),
        ("public_url", "public_url"),
    ]);
    let Some(v) = s.opt("listen") else { return };
    let Some(text) = v.words() else { return };
    node.http = match text.value.as_str() {
        "off" => None,
        addr => v.socket(addr, "127.0.0.1:8080").or(node.http),
    };
}

/// Replaces a default by what was read.
pub(super) fn set<T>(field: &mut T, read: Option<T>) {
    if let Some(value) = read {
        *field = value;
    }
}
