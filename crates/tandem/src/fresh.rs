//! A configuration that a command writes into a directory of its own.

use crate::check::WRONG;
use anyhow::{Context, bail};
use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::ExitCode,
};
use tandem_dialplan::{Diagnostic, render};
use tandem_server::config::{ConfigError, read};

/// Nothing is written over.
pub(crate) fn is_free(dir: &Path) -> anyhow::Result<()> {
    if dir.exists() {
        bail!(
            "{} is there already; name a directory that is not",
            dir.display()
        );
    }
    Ok(())
}

/// Writes files by their paths, and a password into `secrets/` for each of these names.
pub(crate) fn lay(
    dir: &Path,
    files: &[(String, String)],
    secrets: impl IntoIterator<Item = impl AsRef<Path>>,
) -> anyhow::Result<()> {
    for (path, text) in files {
        let path = dir.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    for name in secrets {
        secret(&dir.join("secrets").join(name))?;
    }
    Ok(())
}

/// What the check warns of. Its errors would be a fault of whatever wrote the files: they are shown, and that is how the command ends.
pub(crate) fn checked(
    dir: &Path,
    whose: &str,
) -> anyhow::Result<Result<Vec<Diagnostic>, ExitCode>> {
    match read(dir) {
        Ok((_, warnings)) => Ok(Ok(warnings)),
        Err(ConfigError::Wrong(found)) => {
            print!("{}", render(&found));
            eprintln!("tandem: written, but it has errors, which are a fault of {whose}");
            Ok(Err(ExitCode::from(WRONG)))
        }
        Err(error) => Err(error.into()),
    }
}

/// A password made at random, which only we can read.
fn secret(path: &Path) -> anyhow::Result<()> {
    let mut random = [0u8; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut f| f.read_exact(&mut random))
        .context("/dev/urandom")?;
    let word: String = random.iter().map(|b| format!("{b:02x}")).collect();
    keep(path, &word)
}

/// A word in a file that only we can read.
pub(crate) fn keep(path: &Path, word: &str) -> anyhow::Result<()> {
    let folder = path.parent().context("a folder")?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| path.display().to_string())?;
    writeln!(file, "{word}")?;
    Ok(())
}

/// Letters, digits and `-`.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() {
        "x".to_owned()
    } else {
        out.to_owned()
    }
}
