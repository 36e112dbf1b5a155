//! The Identity header and the PASSporT in it (RFC 8224 section 4, RFC 8225).

use super::Fault;
use crate::message::lexer::find_outside;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use tandem_types::Attested;

/// A number in E.164, digits alone, or a URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Number(String),
    Uri(String),
}

impl Party {
    /// As RFC 8224 section 8 wants it: of a number its digits, of a URI scheme, user and host.
    pub(super) fn of(text: &str) -> Self {
        if text.contains('@') {
            let plain = text.split([';', '?']).next().unwrap_or_default();
            return Self::Uri(plain.to_ascii_lowercase());
        }
        Self::Number(
            text.chars()
                .filter(|c| c.is_ascii_digit() || "*#".contains(*c))
                .collect(),
        )
    }
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passport {
    /// The bytes that were signed.
    pub(super) signed: String,
    /// r and s.
    pub(super) signature: [u8; 64],
    pub(super) x5u: String,
    /// Seconds since 1970.
    pub(super) iat: u64,
    pub(super) orig: Party,
    pub(super) dest: Vec<Party>,
    pub(super) attested: Attested,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    x5u: String,
    #[serde(default)]
    ppt: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iat: u64,
    orig: Orig,
    dest: Dest,
    #[serde(default)]
    attest: Option<String>,
}

#[derive(Deserialize)]
struct Orig {
    #[serde(default)]
    tn: Option<String>,
    #[serde(default)]
    uri: Option<String>,
}

#[derive(Deserialize)]
struct Dest {
    #[serde(default)]
    tn: Vec<String>,
    #[serde(default)]
    uri: Vec<String>,
}

impl Passport {
    /// Reads a value of Identity; nothing, where it is of a kind that does not say who calls.
    pub(super) fn parse(value: &str) -> Result<Option<Self>, Fault> {
        let value = value.trim();
        let end = value.find(';').unwrap_or(value.len());
        let (token, params) = value.split_at(end);
        let params = params_of(params).ok_or(Fault::Unreadable)?;
        let param = |name: &str| {
            let mut all = params.iter();
            let found = all.find(|(n, _)| n.eq_ignore_ascii_case(name))?;
            Some(found.1.trim_matches(['<', '>', '"']))
        };
        let said = param("ppt");
        if said.is_some_and(|ppt| !is_shaken(ppt)) {
            return Ok(None);
        }
        let (signed, signature) = token.trim().rsplit_once('.').ok_or(Fault::Unreadable)?;
        let (header, claims) = signed.split_once('.').ok_or(Fault::Unreadable)?;
        if header.is_empty() && claims.is_empty() {
            return Err(Fault::Unsupported); // the short form has no attestation
        }
        let header: Header = json(header)?;
        if header.ppt.as_deref().is_some_and(|ppt| !is_shaken(ppt)) {
            return Ok(None);
        }
        if header.alg != "ES256" || header.typ != "passport" {
            return Err(Fault::Unsupported);
        }
        let info = param("info");
        if info.is_some_and(|info| info != header.x5u) {
            return Err(Fault::Info);
        }
        let shaken = header.ppt.is_some();
        let claims: Claims = json(claims)?;
        let attested = match (shaken, claims.attest.as_deref()) {
            (true, Some(level)) => Attested::of_level(level).ok_or(Fault::Unreadable)?,
            (true, None) => return Err(Fault::Unreadable),
            (false, _) => Attested::Passed,
        };
        let orig = match (claims.orig.tn, claims.orig.uri) {
            (Some(tn), None) => Party::of(&tn),
            (None, Some(uri)) => Party::of(&uri),
            _ => return Err(Fault::Unreadable),
        };
        let uris = claims.dest.uri.iter().map(|uri| Party::of(uri));
        let tns = claims.dest.tn.iter().map(|tn| Party::of(tn));
        let dest = tns.chain(uris);
        let signature = URL_SAFE_NO_PAD.decode(signature).ok();
        let signature = signature.and_then(|s| s.try_into().ok());
        Ok(Some(Self {
            signed: signed.to_owned(),
            signature: signature.ok_or(Fault::Unreadable)?,
            x5u: header.x5u,
            iat: claims.iat,
            orig,
            dest: dest.collect(),
            attested,
        }))
    }
}

fn is_shaken(ppt: &str) -> bool {
    ppt.eq_ignore_ascii_case("shaken")
}

/// `;info=<...>;alg=ES256;ppt="shaken"`, names and values.
fn params_of(mut rest: &str) -> Option<Vec<(&str, &str)>> {
    let mut all = Vec::new();
    while let Some(after) = rest.strip_prefix(';') {
        let end = find_outside(after, b';').ok()?.unwrap_or(after.len());
        let (one, tail) = after.split_at(end);
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        all.push((name.trim(), value.trim()));
        rest = tail;
    }
    Some(all)
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, Fault> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Fault::Unreadable)?;
    serde_json::from_slice(&bytes).map_err(|_| Fault::Unreadable)
}
