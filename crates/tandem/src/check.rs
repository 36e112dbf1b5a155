//! `tandem check DIR`.

use anyhow::Context;
use std::{path::Path, process::ExitCode};
use tandem_dialplan::{Diagnostic, Severity, render, to_json};
use tandem_server::config::{ConfigError, read};

/// The configuration has errors.
pub(crate) const WRONG: u8 = 3;

pub(crate) fn run(dir: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let (found, summary) = match read(dir) {
        Ok((plan, warnings)) => {
            let summary = format!(
                "{}: {} dialplans, {} trunks, {} extensions, {} prompts",
                dir.display(),
                plan.dialplans.len(),
                plan.trunks.len(),
                plan.phones.extensions.len(),
                plan.prompts.len()
            );
            (warnings, summary)
        }
        Err(ConfigError::Wrong(found)) => (found, String::new()),
        Err(error @ ConfigError::Unreadable { .. }) => return Err(error).context("check"),
    };
    let errors = count(&found, Severity::Error);
    let warnings = count(&found, Severity::Warning);
    if json {
        println!("{}", serde_json::to_string_pretty(&to_json(&found))?);
    } else {
        if !found.is_empty() {
            print!("{}", render(&found));
        }
        match errors {
            0 => println!("{summary}: no errors, {warnings} warnings"),
            n => println!("{}: {n} errors, {warnings} warnings", dir.display()),
        }
    }
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(WRONG)
    })
}

fn count(found: &[Diagnostic], severity: Severity) -> usize {
    found.iter().filter(|d| d.severity == severity).count()
}
