//! `tandem check DIR`.

use crate::calls::count as counted;
use std::{path::Path, process::ExitCode};
use tandem_dialplan::{Diagnostic, Nat, Plan, Severity, Trunk, render, to_json};
use tandem_server::config::{ConfigError, read};
use tandem_types::SrtpPolicy;

/// The configuration has errors.
pub(crate) const WRONG: u8 = 3;

pub(crate) fn run(dir: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let (found, summary, note) = match read(dir) {
        Ok((plan, warnings)) => {
            let summary = format!(
                "{}: {}, {}, {}, {}",
                dir.display(),
                counted(plan.dialplans.len(), "dialplan"),
                counted(plan.trunks.len(), "trunk"),
                counted(plan.phones.extensions.len(), "extension"),
                counted(plan.prompts.len(), "prompt"),
            );
            (warnings, summary, without_srtp(&plan))
        }
        Err(ConfigError::Wrong(found)) => (found, String::new(), None),
        Err(error @ ConfigError::Unreadable { .. }) => return Err(error.into()),
    };
    let errors = count(&found, Severity::Error);
    let warnings = count(&found, Severity::Warning);
    if json {
        println!("{}", serde_json::to_string_pretty(&to_json(&found))?);
    } else {
        if let Some(note) = &note {
            println!("{note}\n");
        }
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

/// What is not promised of those who may be behind NAT and need not speak SRTP.
fn without_srtp(plan: &Plan) -> Option<String> {
    let open = |srtp: SrtpPolicy| srtp != SrtpPolicy::Required;
    let register = plan.phones.extensions.iter().any(|e| e.registers.is_some());
    let phones = (register && open(plan.phones.srtp)).then(|| "phones".to_owned());
    let behind_nat = |t: &&Trunk| t.nat == Nat::Yes && open(t.srtp);
    let trunks = plan.trunks.values().filter(behind_nat);
    let who: Vec<String> = phones
        .into_iter()
        .chain(trunks.map(|t| format!("trunk {}", t.name)))
        .collect();
    (!who.is_empty()).then(|| {
        format!(
            "note: without SRTP, sound from behind NAT is known by its address alone. There is no promise against an attacker at the\n      \
             same address: {}. `srtp = \"required\"` ([phones]; [media] of a trunk) makes one.",
            who.join(", ")
        )
    })
}

fn count(found: &[Diagnostic], severity: Severity) -> usize {
    found.iter().filter(|d| d.severity == severity).count()
}
