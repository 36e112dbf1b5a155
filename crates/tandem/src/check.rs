//! `tandem check DIR`.

use crate::calls::count as counted;
use std::{path::Path, process::ExitCode};
use tandem_dialplan::{Diagnostic, Severity, render, to_json};
use tandem_server::config::{ConfigError, read};

/// The configuration has errors.
pub(crate) const WRONG: u8 = 3;

pub(crate) fn run(dir: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let (found, summary) = match read(dir) {
        Ok((plan, warnings)) => {
            let summary = format!(
                "{}: {}, {}, {}, {}",
                dir.display(),
                counted(plan.dialplans.len(), "dialplan"),
                counted(plan.trunks.len(), "trunk"),
                counted(plan.phones.extensions.len(), "extension"),
                counted(plan.prompts.len(), "prompt"),
            );
            (warnings, summary)
        }
        Err(ConfigError::Wrong(found)) => (found, String::new()),
        Err(error @ ConfigError::Unreadable { .. }) => return Err(error.into()),
    };
    let errors = count(&found, Severity::Error);
    let warnings = count(&found, Severity::Warning);
    if json {
        println!("{}", serde_json::to_string_pretty(&to_json(&found))?);
    } else {
        if !found.is_empty() {
            print!("{}", render(&found));
        }
        let warnings = counted(warnings, "warning");
        match errors {
            0 => println!("{summary}: no errors, {warnings}"),
            n => println!("\n{}: {}, {warnings}", dir.display(), counted(n, "error")),
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
