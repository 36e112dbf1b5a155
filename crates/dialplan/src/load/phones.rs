//! `phones.toml`.

use super::{
    Load,
    codecs::{DEFAULT_CODECS, codecs, dtmf, srtp},
    node::set,
    read::{Section, Val},
    spot::{Spot, did_you_mean, listed},
};
use crate::{Class, DigestAlgorithm, Extension, Pattern, Patterns, Phones};
use std::collections::BTreeMap;

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `extensions.NUMBER.name` | the number |
    /// | `extensions.NUMBER.class` | none: `phones.may_dial` |
    /// | `extensions.NUMBER.pickup` | none: nobody else picks its calls up |
    /// | `classes.NAME.may_dial` | nothing |
    /// | `phones.codecs` | `["pcma", "pcmu"]` |
    /// | `phones.srtp` | `off` |
    /// | `phones.dtmf` | `auto` |
    /// | `phones.may_dial` | every extension, nothing outside |
    /// | `phones.digest` | `["md5"]` |
    pub(super) fn phones(&mut self, root: &Section<'a>) -> Phones {
        let mut phones = Phones {
            codecs: DEFAULT_CODECS.to_vec(),
            digest: vec![DigestAlgorithm::Md5],
            ..Phones::default()
        };
        let trunks = self.stems("trunks/");
        let mut spots: Vec<Spot<'a>> = Vec::new();
        let mut earlier = Patterns::default();
        let mut extensions = Vec::new();
        for (v, s) in root.each("classes") {
            let key = format!("classes.{}", v.key);
            let class = Class {
                may_dial: self.dial_list(&s, "may_dial", &key),
                never_dial: self.dial_list(&s, "never_dial", &key),
            };
            phones.classes.insert(v.key.clone(), class);
        }
        let classes: Vec<String> = phones.classes.keys().cloned().collect();
        for (v, s) in root.each("extensions") {
            let Some(ext) = self.extension(&v, &s, &trunks, &classes) else {
                continue;
            };
            let number = Some(ext.pattern.as_str()).filter(|_| ext.pattern.is_exact());
            let hidden = number.and_then(|n| earlier.find(n));
            if let Some(first) = hidden.and_then(|at| earlier.get(at)) {
                v.key_spot
                    .error(format!(
                        "extension {} is never reached: {first} stands before it and takes it",
                        v.key
                    ))
                    .help("the first match wins: put it further up");
            }
            self.place(format!("extensions.{}", extensions.len()), v.key_spot);
            spots.push(v.key_spot);
            earlier.push(ext.pattern.clone());
            extensions.push(ext);
        }
        phones.extensions = extensions.into_iter().collect();
        let registers = phones.extensions.iter().any(|e| e.registers.is_some());
        match root.section("phones") {
            Some(s) => {
                let domain = if registers {
                    s.need("domain", "\"phones.example\"")
                } else {
                    s.opt("domain")
                };
                phones.domain = domain
                    .and_then(|v| v.words())
                    .map_or_else(String::new, |t| t.value);
                set(&mut phones.codecs, codecs(&s));
                set(&mut phones.srtp, srtp(&s));
                set(&mut phones.dtmf, dtmf(&s));
                phones.may_dial = match s.opt("may_dial") {
                    Some(_) => self.dial_list(&s, "may_dial", "phones"),
                    None => phones
                        .extensions
                        .iter()
                        .map(|e| e.pattern.clone())
                        .collect(),
                };
                if let Some(v) = s.opt("digest") {
                    phones.digest = digest(&v);
                }
            }
            None => {
                if registers {
                    root.spot
                        .error("phones register here, but the registrar has no domain")
                        .help("add: [phones] and domain = \"phones.example\"; phones use it as their SIP domain and digest realm");
                }
                phones.may_dial = phones
                    .extensions
                    .iter()
                    .map(|e| e.pattern.clone())
                    .collect();
            }
        }
        same_user_twice(&phones, &spots);
        super::pickup::alone(&phones, &spots);
        self.emergencies(root, &mut phones);
        phones.features = self.features(root, &phones);
        phones
    }

    fn extension(
        &self,
        v: &Val<'a>,
        s: &Section<'a>,
        trunks: &[String],
        classes: &[String],
    ) -> Option<Extension> {
        let name = s
            .opt("name")
            .and_then(|v| v.words())
            .map_or_else(|| v.key.clone(), |t| t.value);
        let (registers, via) = (s.opt("registers"), s.opt("via"));
        let key = super::read::Text {
            value: v.key.clone(),
            spot: v.key_spot,
        };
        let pattern = key.pattern();
        match (&registers, &via) {
            (Some(r), Some(_)) => drop(
                r.key_spot
                    .error("an extension registers here or is reached by a trunk, not both"),
            ),
            (None, None) => {
                let help = match v.key.starts_with('_') {
                    true => "add: via = \"TRUNK\"".to_owned(),
                    false => format!(
                        "add: registers = {{ username = {0:?}, password = \"file:secrets/{0}\" }}, or via = \"TRUNK\"",
                        v.key
                    ),
                };
                s.spot
                    .error(format!("nothing says how extension {} is reached", v.key))
                    .help(help);
            }
            _ => {}
        }
        let via = via.and_then(|v| v.words()).and_then(|t| {
            let known = trunks.contains(&t.value);
            if !known {
                let all = if trunks.is_empty() {
                    "there is no file in trunks/: write trunks/NAME.toml for a carrier or PBX, or take the name out".to_owned()
                } else {
                    format!("known are {}", listed(trunks))
                };
                t.spot
                    .error(format!("there is no trunk {:?}", t.value))
                    .help(did_you_mean(&t.value, trunks).unwrap_or(all));
            } else if self.plan.trunks.get(&t.value).is_some_and(|t| !t.outbound) {
                t.spot.error(format!(
                    "trunk {:?} has direction = \"in\": nobody can be called by it",
                    t.value
                ));
            }
            known.then_some(t.value)
        });
        let class = s.opt("class").and_then(|v| v.words()).and_then(|t| {
            let known = classes.contains(&t.value);
            if !known {
                t.spot
                    .error(format!("there is no class {:?}", t.value))
                    .help(did_you_mean(&t.value, classes).unwrap_or_else(|| {
                        format!("add: [classes.{}] and may_dial = [\"_2XX\"]", t.value)
                    }));
            }
            known.then_some(t.value)
        });
        let pattern = pattern?;
        let registers = registers.and_then(|r| {
            if !pattern.is_exact() {
                r.key_spot.error("a pattern cannot register: each phone has its own number, user name and password");
                return None;
            }
            let r = r.section()?;
            let (user, word) = (r.need("username", &format!("{:?}", v.key)), r.need("password", &format!("\"file:secrets/{}\"", v.key)));
            Some((user?.words()?.value, word?.secret(self.secrets)?))
        });
        let pickup = super::pickup::groups(s, registers.is_some());
        Some(Extension {
            pattern,
            name,
            registers,
            via,
            class,
            pickup,
        })
    }
}

/// Stronger ones are of use to phones that pick the first that they know. baresip 1.0 and SIPp 3.6 give up at a challenge that they
/// cannot answer, though one that they could stands beside it.
fn digest(v: &Val<'_>) -> Vec<DigestAlgorithm> {
    let known = [
        ("md5", DigestAlgorithm::Md5),
        ("sha-256", DigestAlgorithm::Sha256),
        ("sha-512-256", DigestAlgorithm::Sha512256),
    ];
    let named = v.list().unwrap_or_default();
    let mut all = Vec::new();
    for one in &named {
        match one.choice(&known, &[]) {
            Some(algorithm) if all.contains(&algorithm) => drop(
                one.spot
                    .error("it stands in the list twice")
                    .help("the preferred one first, each once"),
            ),
            found => all.extend(found),
        }
    }
    if v.list().is_some_and(|l| l.is_empty()) {
        v.spot
            .error("phones cannot prove who they are by nothing")
            .help("digest = [\"md5\"]");
    }
    all
}

fn same_user_twice(phones: &Phones, spots: &[Spot<'_>]) {
    let mut seen: BTreeMap<&str, &Pattern> = BTreeMap::new();
    for (ext, spot) in phones.extensions.iter().zip(spots) {
        let Some((user, _)) = &ext.registers else {
            continue;
        };
        match seen.get(user.as_str()) {
            Some(other) => drop(spot.error(format!(
                "extensions {other} and {} register with one user name, {user:?}",
                ext.pattern
            ))),
            None => {
                seen.insert(user, &ext.pattern);
            }
        }
    }
}
