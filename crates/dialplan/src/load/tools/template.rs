//! URL, headers and body of a request: what is fixed, and where the gaps are.

use crate::{
    Secret,
    load::{
        read::{Section, Text, Val},
        values::good_host,
    },
};
use serde_json::Value;
use tandem_types::tool::{HttpMethod, Piece, UrlTemplate};

/// Headers that belong to the client, with what to write instead.
const OURS: [(&str, &str); 8] = [
    ("authorization", "write bearer = \"env:NAME\""),
    ("host", "it is the host of `url`"),
    ("content-length", "it is counted"),
    ("content-type", "bodies are JSON"),
    ("transfer-encoding", "take it out"),
    ("connection", "take it out"),
    ("idempotency-key", "each act has one of its own"),
    ("cookie", "take it out"),
];

/// An address of fixed scheme, host and port.
pub(super) fn url(v: &Val<'_>, known: &[&str]) -> Option<UrlTemplate> {
    let text = v.words()?;
    text.placeholders(known);
    let wrong = |what: &str| {
        text.spot
            .error(format!("{:?} cannot be asked: {what}", text.value))
            .help("write it like \"https://crm.example/api/tenants/{tenant}\"");
        None
    };
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|s| text.value.starts_with(s));
    let Some(scheme) = scheme else {
        return wrong("it begins with neither https:// nor http://");
    };
    let rest = &text.value[scheme.len()..];
    let (host, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if host.contains('{') {
        return wrong("the host must be written out, so that nobody can choose another");
    }
    if host.contains('@') {
        // It is not repeated.
        text.spot
            .error("this address holds a user and a password, and files are read by too many eyes")
            .help("take them out, and write bearer = \"env:NAME\"");
        return None;
    }
    if !good_host(host) {
        return wrong("it has no host");
    }
    if rest.contains('#') {
        return wrong("what follows # is never sent");
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (path, query) = (pieces(path), pieces(query));
    let fixed = path.iter().chain(&query).filter_map(|p| match p {
        Piece::Text(text) => Some(text.as_str()),
        Piece::Fill(_) => None,
    });
    if let Some(odd) = fixed.into_iter().find_map(odd) {
        return wrong(&format!("{odd:?} has to be encoded"));
    }
    Some(UrlTemplate {
        origin: format!("{scheme}{}", host.to_ascii_lowercase()),
        path,
        query,
    })
}

pub(super) fn loopback(url: &UrlTemplate) -> bool {
    let host = url.origin.split("://").nth(1).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |h| h.0);
    let ip: Option<std::net::IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || ip.is_some_and(|ip| ip.is_loopback())
}

/// The first character that may not stand in a path or query as it is (RFC 3986 section 3.3).
fn odd(text: &str) -> Option<char> {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => {
                let hex = chars.by_ref().take(2).filter(char::is_ascii_hexdigit);
                if hex.count() < 2 {
                    return Some('%');
                }
            }
            c if c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?".contains(c) => {}
            c => return Some(c),
        }
    }
    None
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        if !before.is_empty() {
            out.push(Piece::Text(before.to_owned()));
        }
        let Some((name, tail)) = after.split_once('}') else {
            return out; // told by `placeholders`
        };
        out.push(Piece::Fill(name.to_owned()));
        rest = tail;
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest.to_owned()));
    }
    out
}

/// Fixed ones; a value may be a secret by reference.
pub(super) fn headers(
    s: &Section<'_>,
    resolve: &dyn Fn(&str) -> Result<String, String>,
) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for v in s.section("headers").iter().flat_map(Section::all) {
        let name = v.key.to_ascii_lowercase();
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(token) {
            v.key_spot
                .error(format!("{:?} is no name of a header", v.key));
            continue;
        }
        if let Some((_, help)) = OURS.iter().find(|o| o.0 == name) {
            v.key_spot
                .error(format!("header {} is not set here", v.key))
                .help(*help);
            continue;
        }
        let secret = ["key", "token", "secret", "auth", "password"];
        let named = secret.iter().any(|w| name.contains(w));
        let Some(text) = (if named { v.hidden() } else { v.words() }) else {
            continue;
        };
        let referred = ["env:", "file:", "cred:"]
            .iter()
            .any(|k| text.value.starts_with(k));
        let value = match named || referred {
            true => v.secret(resolve).map(|Secret(value)| value),
            false => Some(text.value),
        };
        match value {
            Some(value) if value.chars().all(|c| c == ' ' || c.is_ascii_graphic()) => {
                all.push((name, value));
            }
            Some(_) => {
                v.spot.error(format!(
                    "the value of header {} is not plain ASCII in one line",
                    v.key
                ));
            }
            None => {}
        }
    }
    all
}

/// What is sent; texts in it may have gaps.
pub(super) fn body(v: &Val<'_>, method: HttpMethod, known: &[&str]) -> Option<Value> {
    if !method.has_body() {
        v.key_spot
            .error(format!("{} has no body", method.as_str()))
            .help("write method = \"POST\", or take it out: arguments are the query");
        return None;
    }
    let section = v.section()?;
    let _ = section.all();
    let json = v.json()?;
    gaps(v, &json, known);
    Some(json)
}

fn gaps(v: &Val<'_>, json: &Value, known: &[&str]) {
    match json {
        Value::String(value) => Text {
            value: value.clone(),
            spot: v.spot,
        }
        .placeholders(known),
        Value::Array(items) => items.iter().for_each(|i| gaps(v, i, known)),
        Value::Object(fields) => fields.values().for_each(|f| gaps(v, f, known)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
