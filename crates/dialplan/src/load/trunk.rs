//! `trunks/NAME.toml`.

use super::{
    Load,
    codecs::{DEFAULT_CODECS, codecs, dtmf, srtp},
    node::set,
    read::Section,
};
use crate::{
    Account, CalledFrom, DEFAULT_COUNTRY, Forwarded, Health, IdentityIn, Nat, NumberFormat, OnFull,
    Prack, ReferPolicy, Trunk, Where, numbering,
};
use ipnet::IpNet;
use std::time::Duration;

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `direction` | `both` |
    /// | `auth.called_from` | `request-uri` |
    /// | `auth.challenge` | `false` |
    /// | `auth.realm` | any that the trunk names |
    /// | `auth.register.expires` | `10m` |
    /// | `media.codecs` | `["pcma", "pcmu"]` |
    /// | `media.srtp` | `off` |
    /// | `media.nat` | `auto` |
    /// | `media.early_media` | `on` |
    /// | `media.prack` | `off` |
    /// | `media.session_timers` | `on` |
    /// | `media.refer` | `off` |
    /// | `numbers.country` | `GB` |
    /// | `numbers.inbound_format`, `numbers.outbound_format` | as they are |
    /// | `numbers.identity` | `pai` |
    /// | `numbers.diversion` | `off` |
    /// | `numbers.anonymous` | `allow` |
    /// | `numbers.verstat` | `ignore` |
    /// | `hosts.from`, `hosts.contact` | our address |
    /// | `auth.only` | every call from its addresses |
    /// | `limits.calls` | no limit |
    /// | `limits.reserve` | 0 |
    /// | `limits.calls_per_second` | no limit |
    /// | `limits.on_full` | `503` |
    /// | `limits.may_dial` | nothing |
    /// | `emergency.location` | `caller-id` |
    /// | `health` | peers are not asked |
    /// | `health.options` | `30s` |
    /// | `health.down_after` | 3 |
    /// | `health.up_after` | 2 |
    pub(super) fn trunk(&mut self, name: &str, root: &Section<'a>) -> Trunk {
        let mut t = Trunk {
            name: name.to_owned(),
            inbound: true,
            outbound: true,
            codecs: DEFAULT_CODECS.to_vec(),
            session_timers: true,
            early_media: true,
            country: DEFAULT_COUNTRY.to_owned(),
            ..Trunk::default()
        };
        set(
            &mut t.description,
            root.opt("description")
                .and_then(|v| v.text())
                .map(|t| t.value),
        );
        let directions = [
            ("in", (true, false)),
            ("out", (false, true)),
            ("both", (true, true)),
        ];
        if let Some((inbound, outbound)) = root
            .opt("direction")
            .and_then(|v| v.choice(&directions, &[]))
        {
            (t.inbound, t.outbound) = (inbound, outbound);
        }
        let peers = if t.outbound {
            root.need("peers", "[\"sip:sbc.carrier.example\"]")
        } else {
            root.opt("peers")
        };
        if let Some(v) = peers {
            t.peers = v.texts().iter().filter_map(|p| p.sip_server()).collect();
            if t.outbound && v.list().is_some_and(|l| l.is_empty()) {
                v.spot
                    .error("there is nobody to call: `peers` is empty")
                    .help("name one, or write direction = \"in\"");
            }
        }
        t.outbound_proxy = root
            .opt("outbound_proxy")
            .and_then(|v| v.words())
            .and_then(|p| p.sip_server());
        self.auth(root, &mut t);
        self.trunk_tls(root, &mut t);
        if let Some(s) = root.section("media") {
            media(&s, &mut t);
        }
        if let Some(s) = root.section("numbers") {
            numbers(&s, &mut t);
        }
        if let Some(s) = root.section("limits") {
            self.trunk_limits(&s, &mut t);
        }
        if let Some(s) = root.section("hosts") {
            let host = |key| s.opt(key).and_then(|v| v.words()).and_then(|h| h.host());
            (t.from_host, t.contact_host) = (host("from"), host("contact"));
        }
        if let Some(s) = root.section("emergency") {
            let ways = [("caller-id", false), ("pidf-lo", true)];
            set(
                &mut t.conveys_location,
                s.opt("location").and_then(|v| v.choice(&ways, &[])),
            );
        }
        t.health = root.section("health").map(|s| health(&s));
        t
    }

    fn auth(&self, root: &Section<'a>, t: &mut Trunk) {
        let Some(s) = root.section("auth") else {
            if t.inbound {
                root.spot
                    .error("nobody can call in by this trunk: it has no [auth] allow_from")
                    .help("add: [auth] and allow_from = [\"203.0.113.0/28\"], or write direction = \"out\"");
            }
            return;
        };
        let from = if t.inbound {
            s.need("allow_from", "[\"203.0.113.0/28\"]")
        } else {
            s.opt("allow_from")
        };
        if let Some(v) = from {
            t.allow_from = v.networks();
            if t.inbound && v.list().is_some_and(|l| l.is_empty()) {
                v.spot
                    .error("nobody can call in by this trunk: `allow_from` is empty");
            }
            if t.allow_from.iter().any(|n: &IpNet| n.prefix_len() == 0) {
                v.spot
                    .warning("the whole internet may call in by this trunk")
                    .help("name the carrier's networks");
            }
        }
        let places = [
            ("request-uri", CalledFrom::RequestUri),
            ("to", CalledFrom::To),
            ("p-called-party-id", CalledFrom::PCalledPartyId),
            ("diversion", CalledFrom::Diversion),
            ("history-info", CalledFrom::HistoryInfo),
        ];
        set(
            &mut t.called_from,
            s.opt("called_from").and_then(|v| v.choice(&places, &[])),
        );
        t.only = s.section("only").map(|o| only(&o)).unwrap_or_default();
        let (challenge, username, password) =
            (s.opt("challenge"), s.opt("username"), s.opt("password"));
        t.username = username.as_ref().and_then(|v| v.words()).map(|u| u.value);
        t.password = password.as_ref().and_then(|v| v.secret(self.secrets));
        set(
            &mut t.challenge,
            challenge.as_ref().and_then(|v| v.yes_no()),
        );
        let realm = s.opt("realm");
        t.realm = realm.as_ref().and_then(|v| v.words()).map(|r| r.value);
        let register = s.opt("register");
        t.register = register
            .as_ref()
            .and_then(|v| v.section())
            .and_then(|r| self.registrar(&r));
        let complete = username.is_some() && password.is_some();
        if username.is_some() != password.is_some() {
            s.spot
                .error("a user name and a password go together")
                .help("add the other: username = \"...\", password = \"cred:NAME\"");
        } else if let Some(v) = register.filter(|_| !complete) {
            v.key_spot
                .error("to register, a user name and a password are needed")
                .help("add: username = \"...\" and password = \"cred:NAME\"");
        } else if let Some(v) = realm.filter(|_| !complete) {
            v.key_spot
                .error("a realm is answered with a user name and a password")
                .help("add: username = \"...\" and password = \"cred:NAME\"");
        } else if let Some(v) = challenge.filter(|_| t.challenge && !complete) {
            v.key_spot
                .error("to challenge, a user name and a password are needed")
                .help("add: username = \"...\" and password = \"cred:NAME\"");
        }
    }

    fn registrar(&self, r: &Section<'a>) -> Option<Account> {
        let servers = r.need("registrar", "\"sip:carrier.example\"");
        let texts = servers.map(|v| v.text_or_texts()).unwrap_or_default();
        let registrars: Vec<String> = texts.iter().filter_map(|t| t.sip_server()).collect();
        let expires = r
            .opt("expires")
            .and_then(|v| v.duration(Duration::from_secs(60)));
        let account = Account {
            registrars,
            expires: expires.unwrap_or(Duration::from_secs(600)),
        };
        (!account.registrars.is_empty()).then_some(account)
    }

    fn trunk_limits(&mut self, s: &Section<'a>, t: &mut Trunk) {
        set(
            &mut t.calls_per_second,
            s.opt("calls_per_second").and_then(|v| v.whole(0..=10_000)),
        );
        let answers = [("503", OnFull::Unavailable), ("486", OnFull::Busy)];
        set(
            &mut t.on_full,
            s.opt("on_full").and_then(|v| v.choice(&answers, &[])),
        );
        set(
            &mut t.calls,
            s.opt("calls").and_then(|v| v.whole(0..=100_000)),
        );
        if let Some(v) = s.opt("reserve") {
            set(&mut t.reserve, v.whole(0..=100_000));
            if t.calls == 0 && t.reserve > 0 {
                v.spot
                    .warning("nothing is kept of a trunk without a limit")
                    .help("add: calls = 30, the channels that the carrier gives you");
            }
            if t.calls > 0 && t.reserve >= t.calls {
                v.spot.error(format!(
                    "{} of {} channels are kept for consult legs: no call could come in",
                    t.reserve, t.calls
                ));
            }
        }
        let key = format!("trunks.{}", t.name);
        t.may_dial = self.dial_list(s, "may_dial", &key);
        t.never_dial = self.dial_list(s, "never_dial", &key);
    }

    /// A list of patterns, each with its place remembered.
    pub(super) fn dial_list(
        &mut self,
        s: &Section<'a>,
        key: &'static str,
        of: &str,
    ) -> crate::Patterns {
        let Some(v) = s.opt(key) else {
            return crate::Patterns::default();
        };
        self.place(format!("{of}.{key}"), v.key_spot);
        let found = v.patterns();
        if v.list().is_none_or(|l| l.len() != found.len()) {
            self.unsure.insert(of.to_owned());
        }
        for (i, (_, text)) in found.iter().enumerate() {
            self.place(format!("{of}.{key}.{i}"), text.spot);
        }
        found.into_iter().map(|(p, _)| p).collect()
    }
}

fn health(s: &Section<'_>) -> Health {
    let every = s
        .opt("options")
        .and_then(|v| v.duration(Duration::from_secs(1)));
    let times = |key, otherwise| {
        let given = s.opt(key).and_then(|v| v.whole(1..=100));
        given.unwrap_or(otherwise)
    };
    Health {
        every: every.unwrap_or(Duration::from_secs(30)),
        down_after: times("down_after", 3),
        up_after: times("up_after", 2),
    }
}

fn media(s: &Section<'_>, t: &mut Trunk) {
    set(&mut t.codecs, codecs(s));
    set(&mut t.srtp, srtp(s));
    set(&mut t.dtmf, dtmf(s));
    let pracks = [
        ("off", Prack::Off),
        ("supported", Prack::Supported),
        ("required", Prack::Required),
    ];
    set(
        &mut t.prack,
        s.opt("prack").and_then(|v| v.choice(&pracks, &[])),
    );
    let switch = [("on", true), ("off", false)];
    set(
        &mut t.session_timers,
        s.opt("session_timers").and_then(|v| v.choice(&switch, &[])),
    );
    set(
        &mut t.early_media,
        s.opt("early_media").and_then(|v| v.choice(&switch, &[])),
    );
    let nats = [("auto", Nat::Auto), ("yes", Nat::Yes), ("no", Nat::No)];
    set(&mut t.nat, s.opt("nat").and_then(|v| v.choice(&nats, &[])));
    let refers = [("off", ReferPolicy::Off), ("on", ReferPolicy::On)];
    set(
        &mut t.refer,
        s.opt("refer").and_then(|v| v.choice(&refers, &["learn"])),
    );
}

/// `[auth.only]`.
fn only(s: &Section<'_>) -> Where {
    let host = |key| s.opt(key).and_then(|v| v.words()).and_then(|h| h.host());
    let header = s.section("header").and_then(|h| {
        let name = h.need("name", "\"X-Account\"").and_then(|v| v.words());
        let value = h.need("value", "\"100200\"").and_then(|v| v.words());
        Some((name?.value, value?.value))
    });
    let only = Where {
        from_host: host("from_host"),
        to_host: host("to_host"),
        header,
    };
    if only == Where::default() {
        s.spot
            .error("[auth.only] says nothing of the calls that are this trunk's own")
            .help("from_host = \"a.example\", to_host = \"b.example\" or header = { name = \"X-Account\", value = \"100200\" }");
    }
    only
}

fn numbers(s: &Section<'_>, t: &mut Trunk) {
    s.later(&[("ours", "numbers.ours"), ("stir", "STIR")]);
    let country = s.opt("country");
    set(&mut t.country, country.as_ref().and_then(|v| v.country()));
    let formats = [
        ("as-is", NumberFormat::AsIs),
        ("e164", NumberFormat::E164),
        ("e164-no-plus", NumberFormat::E164NoPlus),
        ("national", NumberFormat::National),
        ("international-00", NumberFormat::International00),
    ];
    let format = |key| {
        let v = s.opt(key)?;
        let found = v.choice(&formats, &[])?;
        let plain = matches!(found, NumberFormat::AsIs | NumberFormat::E164);
        if !plain && !numbering::is_known(&t.country) {
            v.spot
                .error(format!(
                    "how {} dials is not known to this version",
                    t.country
                ))
                .help(
                    "write \"as-is\" or \"e164\", and list the numbers as the carrier writes them",
                );
        }
        Some(found)
    };
    let (inbound, outbound) = (format("inbound_format"), format("outbound_format"));
    set(&mut t.inbound_format, inbound);
    set(&mut t.outbound_format, outbound);
    t.caller_id = s
        .opt("caller_id")
        .and_then(|v| v.words())
        .and_then(|n| n.number());
    let identities = [
        ("pai", IdentityIn::Asserted),
        ("rpid", IdentityIn::RemoteParty),
        ("from", IdentityIn::From),
    ];
    set(
        &mut t.identity,
        s.opt("identity").and_then(|v| v.choice(&identities, &[])),
    );
    let forwarded = [
        ("off", Forwarded::Off),
        ("diversion", Forwarded::Diversion),
        ("history-info", Forwarded::HistoryInfo),
    ];
    let diversion = s.opt("diversion");
    set(
        &mut t.forwarded,
        diversion.as_ref().and_then(|v| v.choice(&forwarded, &[])),
    );
    if let Some(v) = diversion.filter(|_| t.forwarded != Forwarded::Off && t.caller_id.is_none()) {
        v.spot
            .error("a caller's own number is shown only beside one of ours, and there is no `caller_id`")
            .help("caller_id = \"+44...\": the number that the carrier knows to be yours");
    }
    let anonymous = [("allow", false), ("reject-433", true)];
    set(
        &mut t.rejects_anonymous,
        s.opt("anonymous").and_then(|v| v.choice(&anonymous, &[])),
    );
    let verstat = [("ignore", false), ("trust", true)];
    set(
        &mut t.trusts_verstat,
        s.opt("verstat").and_then(|v| v.choice(&verstat, &[])),
    );
}
