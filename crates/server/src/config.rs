//! Reading a configuration directory: files, secrets, and what only this machine knows.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    path::{Path, PathBuf},
};
use tandem_dialplan::{
    Diagnostic, Host, Inspect, NodeTls, Plan, SourceFile, TlsComplaint, TlsPart, Trunk, load_on,
    wanted,
};
use tandem_net::tls;
use tandem_types::{Wall, canonical::sha256_hex};

/// A configuration could not be read or is wrong.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The directory cannot be read.
    #[error("{}: {error}; give the directory that holds tandem.toml", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Everything that is wrong with it, at least one of them an error.
    #[error("{}", tandem_dialplan::render(.0))]
    Wrong(Vec<Diagnostic>),
}

/// A configuration that was read and has no errors.
#[derive(Debug)]
pub struct Read {
    /// Checked.
    pub plan: Plan,
    /// What is odd about it.
    pub warnings: Vec<Diagnostic>,
    /// SHA-256 of its files, their names among them, in hexadecimal digits. Secrets and sounds are only named in them.
    pub sha256: String,
}

/// Reads and checks a directory: the plan and its warnings.
///
/// # Errors
/// As [`read_hashed`].
pub fn read(dir: &Path) -> Result<(Plan, Vec<Diagnostic>), ConfigError> {
    read_hashed(dir).map(|read| (read.plan, read.warnings))
}

/// Reads and checks a directory, and says which files it was.
///
/// # Errors
/// It cannot be read, or has errors.
pub fn read_hashed(dir: &Path) -> Result<Read, ConfigError> {
    let files = files(dir).map_err(|error| ConfigError::Unreadable {
        path: dir.to_owned(),
        error,
    })?;
    let exists = |path: &str| dir.join(path).exists();
    let now = crate::Clock::start().now().wall;
    let look = |what: Inspect<'_>| inspect(dir, what, now);
    let host = Host {
        ephemeral_ports: ephemeral_ports(),
        now,
        inspect: Some(&look),
    };
    let loaded = load_on(host, &files, &|reference| secret(dir, reference), &exists);
    let (plan, warnings) = loaded.map_err(ConfigError::Wrong)?;
    let sha256 = sha256_of(&files);
    Ok(Read {
        plan,
        warnings,
        sha256,
    })
}

/// As [`Read::sha256`], of the files as they are now.
pub(crate) fn sha256_in(dir: &Path) -> std::io::Result<String> {
    files(dir).map(|files| sha256_of(&files))
}

/// Lengths stand before names and texts: no other files have the same bytes.
fn sha256_of(files: &[SourceFile]) -> String {
    let mut all = Vec::new();
    for part in files.iter().flat_map(|f| [&f.path, &f.text]) {
        all.extend((part.len() as u64).to_be_bytes());
        all.extend_from_slice(part.as_bytes());
    }
    sha256_hex(&all)
}

/// What is in certificates.
fn inspect(dir: &Path, what: Inspect<'_>, now: Wall) -> Vec<TlsComplaint> {
    let now = now.millis() / 1000;
    let found = match what {
        Inspect::Own(own, domain) => {
            let domain = domain.filter(|d| d.parse::<IpAddr>().is_err());
            tls::complaints(&own_files(dir, own), domain, now)
        }
        Inspect::Authorities(file) => tls::complaints_of_authorities(&dir.join(file), now),
    };
    let part = |part| match part {
        tls::Part::Certificate => TlsPart::Certificate,
        tls::Part::Key => TlsPart::Key,
        tls::Part::Authorities => TlsPart::Authorities,
    };
    found
        .into_iter()
        .map(|c| TlsComplaint {
            part: part(c.part),
            fatal: c.fatal,
            what: c.what,
        })
        .collect()
}

fn own_files(dir: &Path, own: &NodeTls) -> tls::Own {
    tls::Own {
        certificate: dir.join(&own.certificate),
        key: dir.join(&own.key),
        client_ca: own.client_ca.as_ref().map(|path| dir.join(path)),
        client_required: own.client_required,
    }
}

/// All files of TLS.
pub(crate) fn tls_files(dir: &Path, plan: &Plan) -> tls::TlsFiles {
    let trust = |t: &Trunk| t.tls.ca.as_ref().map(|path| dir.join(path));
    tls::TlsFiles {
        own: plan.node.tls.as_ref().map(|own| own_files(dir, own)),
        trusts: plan
            .trunks
            .iter()
            .map(|(name, t)| (name.clone(), trust(t)))
            .collect(),
    }
}

fn files(dir: &Path) -> std::io::Result<Vec<SourceFile>> {
    let mut found = BTreeSet::new();
    for folder in ["", "trunks", "dialplans", "prompts", "holidays"] {
        let Ok(entries) = std::fs::read_dir(dir.join(folder)) else {
            if folder.is_empty() {
                std::fs::read_dir(dir)?;
            }
            continue;
        };
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            if wanted(&path) {
                found.insert(path);
            }
        }
    }
    found
        .into_iter()
        .map(|path| std::fs::read_to_string(dir.join(&path)).map(|text| SourceFile { path, text }))
        .collect()
}

/// `env:NAME`, `file:PATH` (relative to the configuration), `cred:NAME` (systemd's LoadCredential).
fn secret(dir: &Path, reference: &str) -> Result<String, String> {
    let (kind, name) = reference
        .split_once(':')
        .ok_or_else(|| "no env:, file: or cred: in front".to_owned())?;
    let from_file = |path: PathBuf| {
        std::fs::read_to_string(&path)
            .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
            .map_err(|e| format!("{}: {e}", path.display()))
    };
    match kind {
        "env" => std::env::var(name).map_err(|_| format!("the environment has no {name}")),
        "file" => from_file(dir.join(name)),
        "cred" => match std::env::var("CREDENTIALS_DIRECTORY") {
            Ok(credentials) => from_file(Path::new(&credentials).join(name)),
            Err(_) => Err(
                "no CREDENTIALS_DIRECTORY: the service was not started with LoadCredential".into(),
            ),
        },
        other => Err(format!("`{other}:` is none of env:, file: and cred:")),
    }
}

/// The file of a SQLite database; `None`: the URL is another's, or a database in memory.
pub fn database_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://")?.split('?').next()?;
    (!path.is_empty() && !path.starts_with(":memory:")).then(|| path.into())
}

fn ephemeral_ports() -> Option<(u16, u16)> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut numbers = text.split_whitespace().filter_map(|n| n.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// The address that peers shall see for a listener: the configured public one, or for a wildcard the one that routes
/// to the outside, or loopback on a machine without any.
pub(crate) fn advertised(bound: IpAddr, public: Option<IpAddr>) -> IpAddr {
    if let Some(public) = public.filter(|p| p.is_ipv4() == bound.is_ipv4()) {
        return public;
    }
    if !bound.is_unspecified() {
        return bound;
    }
    // A documentation address (RFC 5737, RFC 3849): only the routing table is asked.
    let outside: IpAddr = if bound.is_ipv4() {
        [192, 0, 2, 1].into()
    } else {
        [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into()
    };
    let loopback: IpAddr = if bound.is_ipv4() {
        [127, 0, 0, 1].into()
    } else {
        [0, 0, 0, 0, 0, 0, 0, 1].into()
    };
    tandem_net::local_address_towards(outside).unwrap_or(loopback)
}
