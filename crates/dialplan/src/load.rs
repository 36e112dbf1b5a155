//! Texts in, a [`Plan`] or diagnostics out.

use crate::{Diagnostic, Plan};

/// One file of the configuration's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to that directory, with `/`: `trunks/carrier.toml`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// What only the machine knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// First and last ephemeral port (`net.ipv4.ip_local_port_range`); RTP ports in it draw a
    /// warning, because any other program may be given one of them.
    pub ephemeral_ports: Option<(u16, u16)>,
}

/// What loading gives: the plan and its warnings, or everything that is wrong with it.
pub type Loaded = Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>>;

/// Checks a configuration as a whole.
pub fn load(
    files: &[SourceFile],
    secrets: &dyn Fn(&str) -> Result<String, String>,
    exists: &dyn Fn(&str) -> bool,
) -> Loaded {
    load_on(Host::default(), files, secrets, exists)
}

/// As [`load`], with what the machine knows.
pub fn load_on(
    _host: Host,
    _files: &[SourceFile],
    _secrets: &dyn Fn(&str) -> Result<String, String>,
    _exists: &dyn Fn(&str) -> bool,
) -> Loaded {
    Ok((Plan::default(), Vec::new()))
}
