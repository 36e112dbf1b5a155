//! What holds where a file says nothing. One place, so that the documentation of a default and the
//! default itself cannot drift apart.

use crate::{AfterPerson, Bans, ColdRules, Door, Listen, ListenBy, Node, Profile, WarmRules};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use tandem_types::media::Family;

/// The profile that is always there: pocketsphinx for hearing, flite or espeak-ng for speaking, no
/// model.
pub const OFFLINE: &str = "offline";

/// The name under which the engine's own voice is asked for.
pub const DEFAULT_VOICE: &str = "";

/// Language of a dialplan that names none. BCP 47.
pub const DEFAULT_LANGUAGE: &str = "en-GB";

/// Country of a dialplan or trunk that names none: ISO 3166, for ringback.
pub const DEFAULT_COUNTRY: &str = "GB";

impl Profile {
    /// The built-in `offline` profile.
    pub fn offline() -> Self {
        let engine = || Door::Offline {
            engine: String::new(),
        };
        Self {
            name: OFFLINE.to_owned(),
            stt: engine(),
            llm: Door::None,
            tts: engine(),
            fallback: None,
        }
    }
}

/// | key | default |
/// |---|---|
/// | `node.name` | `tandem` |
/// | `node.data_dir` | `.`, the configuration's own directory |
/// | `node.max_calls` | 500 |
/// | `node.drain` | `30s` |
/// | `sip.listen` | `udp://0.0.0.0:5060` and `tcp://0.0.0.0:5060` |
/// | `sip.tls` | nothing is taken by TLS |
/// | `dns.servers` | those of the machine |
/// | `rtp.ports` | `30000-30999`: 500 legs, below Linux' ephemeral range (32768 up) |
/// | `rtp.reserve` | 8 pairs of ports, kept for consult legs |
/// | `rtp.address` | `0.0.0.0` |
/// | `rtp.address6` | none: far ends with IPv6 alone cannot be heard |
/// | `rtp.timeout` | `30s` |
/// | `rtp.drain_ports` | `30s` |
/// | `http.listen` | `127.0.0.1:8080`; `"off"` for none |
/// | `store.url` | `sqlite://tandem.db?mode=rwc` in `data_dir` |
/// | `store.journal` | `journal` in `data_dir` |
/// | `store.fsync` | `never`: a journal survives the process; `always`: the machine too |
/// | `store.prompt_cache` | `prompt-cache` in `data_dir` |
/// | `providers` | `offline` alone |
impl Default for Node {
    fn default() -> Self {
        let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let sip = SocketAddr::new(any, 5060);
        Self {
            name: "tandem".to_owned(),
            public_address: None,
            local_networks: Vec::new(),
            dns: Vec::new(),
            tls: None,
            session_timers: None,
            listen: vec![
                Listen {
                    by: ListenBy::Udp,
                    addr: sip,
                },
                Listen {
                    by: ListenBy::Tcp,
                    addr: sip,
                },
            ],
            rtp_ports: (30_000, 30_999),
            rtp_reserve: 8,
            rtp_address: any,
            rtp_address6: None,
            rtp_timeout: Duration::from_secs(30),
            drain_ports: Duration::from_secs(30),
            http: Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080)),
            data_dir: ".".to_owned(),
            store_url: "sqlite://tandem.db?mode=rwc".to_owned(),
            journal: "journal".to_owned(),
            fsync: false,
            prompt_cache: "prompt-cache".to_owned(),
            providers: BTreeMap::from([(OFFLINE.to_owned(), Profile::offline())]),
            drain: Duration::from_secs(30),
            max_calls: 500,
            watch: false,
            bans: Bans::default(),
            hep: None,
            recordings: crate::Recordings::default(),
            identity: None,
            mail: None,
            websocket_origins: Vec::new(),
        }
    }
}

/// | key of `[sip.bans]` | default |
/// |---|---|
/// | `after` | 30 |
/// | `within` | `10m` |
/// | `for` | `10m` |
///
/// A phone with a mistyped password that tries twice a minute does not lock its office out.
impl Default for Bans {
    fn default() -> Self {
        let ten_minutes = Duration::from_secs(600);
        Self {
            after: 30,
            within: ten_minutes,
            span: ten_minutes,
        }
    }
}

/// | key of `[transfers.warm]` | default |
/// |---|---|
/// | `brief_max` | `12s` |
/// | `accept` | `{ key = "1" }` |
/// | `decline_key` | `2` |
/// | `more_key` | `3` |
/// | `queue_key` | `4` |
/// | `send_to` | none: the key does nothing |
/// | `cancel_key` | `*` |
/// | `back_to_ai_key` | `*9` |
/// | `after_person` | `ai` |
/// | `answer_wait` | `8s` |
/// | `attempts` | 3 |
/// | `total` | `90s` |
/// | `show_on_phone` | `{intent}: {caller_name}` |
/// | `alert_info` | none |
impl Default for WarmRules {
    fn default() -> Self {
        Self {
            brief_max: Duration::from_secs(12),
            accept_key: '1',
            decline_key: '2',
            more_key: '3',
            queue_key: '4',
            send_to: None,
            cancel_key: '*',
            back_to_ai: "*9".to_owned(),
            after_person: AfterPerson::Ai,
            answer_wait: Duration::from_secs(8),
            attempts: 3,
            total: Duration::from_secs(90),
            show_on_phone: "{intent}: {caller_name}".to_owned(),
            alert_info: None,
        }
    }
}

/// | key of `[transfers.cold]` | default |
/// |---|---|
/// | `method` | `refer-then-bridge` |
/// | `ring` | `25s` |
/// | `refer_wait` | `30s` |
impl Default for ColdRules {
    fn default() -> Self {
        Self {
            method: crate::ColdMethod::ReferThenBridge,
            ring: Duration::from_secs(25),
            refer_wait: Duration::from_secs(30),
        }
    }
}

impl Node {
    /// The addresses that RTP binds, one for each family.
    pub fn rtp_addresses(&self) -> Vec<IpAddr> {
        let second = self.rtp_address6.map(IpAddr::from);
        std::iter::once(self.rtp_address).chain(second).collect()
    }

    /// The family in which sound is spoken to a far end that has this one, or (`None`) one that nobody knows: the same, where it
    /// is there.
    pub fn rtp_family(&self, theirs: Option<Family>) -> Family {
        let ours: Vec<Family> = self.rtp_addresses().into_iter().map(Family::of).collect();
        theirs
            .filter(|f| ours.contains(f))
            .unwrap_or_else(|| Family::of(self.rtp_address))
    }

    /// The same with every relative path (database, journal, prompt cache, recordings) made to start from
    /// `data_dir`, or from this file's own `data_dir` under `config_dir`. Text in, text out:
    /// nothing is created.
    pub fn placed(&self, config_dir: &str, data_dir: Option<&str>) -> Self {
        let base = match data_dir {
            Some(dir) => dir.to_owned(),
            None => join(config_dir, &self.data_dir),
        };
        let store_url = match self.store_url.strip_prefix("sqlite://") {
            Some(path) if !path.starts_with('/') && !path.starts_with(":memory:") => {
                format!("sqlite://{}", join(&base, path))
            }
            _ => self.store_url.clone(),
        };
        Self {
            journal: join(&base, &self.journal),
            prompt_cache: join(&base, &self.prompt_cache),
            store_url,
            recordings: crate::Recordings {
                dir: join(&base, &self.recordings.dir),
                ..self.recordings.clone()
            },
            data_dir: base,
            ..self.clone()
        }
    }
}

fn join(base: &str, path: &str) -> String {
    if path.starts_with('/') || base.is_empty() || base == "." {
        path.to_owned()
    } else if path == "." || path.is_empty() {
        base.to_owned()
    } else {
        format!("{}/{path}", base.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_start_from_the_data_directory() {
        let node = Node {
            data_dir: "var".to_owned(),
            ..Node::default()
        };
        let placed = node.placed("/etc/tandem", None);
        assert_eq!(
            placed.store_url,
            "sqlite:///etc/tandem/var/tandem.db?mode=rwc"
        );
        assert_eq!(placed.journal, "/etc/tandem/var/journal");
        let told = node.placed("/etc/tandem", Some("/tmp/x"));
        assert_eq!(told.prompt_cache, "/tmp/x/prompt-cache");
        assert_eq!(told.store_url, "sqlite:///tmp/x/tandem.db?mode=rwc");
    }

    #[test]
    fn absolute_paths_and_other_databases_stay() {
        let node = Node {
            store_url: "postgres://db/tandem".to_owned(),
            journal: "/var/lib/tandem/journal".to_owned(),
            ..Node::default()
        };
        let placed = node.placed("conf", Some("data"));
        assert_eq!(placed.store_url, "postgres://db/tandem");
        assert_eq!(placed.journal, "/var/lib/tandem/journal");
    }
}
