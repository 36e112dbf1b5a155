//! `tandem init`: five questions, and a configuration of one's own that passes `tandem check`.
//!
//! ```text
//!   flags, then questions for what they leave open -> Answers -> the shipped beginnings, filled in -> files, secrets, schemas -> check
//! ```

mod answers;
mod beginnings;
mod kind;
mod server;

use crate::{calls::count, fresh, schema};
use answers::Answers;
pub(crate) use answers::Asked;
use std::{io, process::ExitCode};
use tandem_dialplan::render;

pub(crate) fn run(asked: &Asked) -> anyhow::Result<ExitCode> {
    let dir = &asked.dir;
    fresh::is_free(dir)?;
    let answers = Answers::from(asked, &mut io::stdin().lock())?;
    let phones = answers.kind.phones();
    let accounts = answers.carrier.user.as_ref().map(|_| "carrier");
    let secrets = phones.iter().map(|(number, _)| *number).chain(accounts);
    fresh::lay(dir, &beginnings::files(&answers)?, secrets)?;
    schema::write(&dir.join("schema"))?;
    let warnings = match fresh::checked(dir, "ours")? {
        Ok(warnings) => warnings,
        Err(code) => return Ok(code),
    };
    println!(
        "{}: {} for {}, {}",
        dir.display(),
        answers.kind.title(),
        answers.number,
        count(phones.len(), "desk phone"),
    );
    if !warnings.is_empty() {
        print!("\n{}", render(&warnings));
    }
    println!("\n{}", next_steps(&answers, &dir.display().to_string()));
    Ok(ExitCode::SUCCESS)
}

/// What is left to do, in its order.
fn next_steps(answers: &Answers, dir: &str) -> String {
    let mut steps = Vec::new();
    if answers.carrier.user.is_some() {
        steps.push(format!(
            "write the password of the carrier's account into {dir}/secrets/carrier, in place of what stands there"
        ));
    }
    let unknown: Vec<&str> = answers
        .servers()
        .filter(|(_, server)| server.addresses.is_empty())
        .map(|(name, _)| name)
        .collect();
    for name in unknown {
        steps.push(format!(
            "its name was not found: write the addresses that calls come from into {dir}/trunks/{name}.toml, allow_from"
        ));
    }
    steps.push(format!(
        "read {dir}/dialplans/{}.toml, and put your own words in; the clock is that of {}",
        answers.kind.word(),
        answers.timezone
    ));
    steps.push(format!(
        "tandem dialplan test --config {dir} --to {} {}",
        answers.number,
        answers.kind.example()
    ));
    if let Some((number, _)) = answers.kind.phones().first() {
        steps.push(format!(
            "phones register at this machine: user {number}, domain {}, password in {dir}/secrets/{number}",
            answers.domain()
        ));
    }
    steps.push(format!("tandem serve --config {dir}"));
    let numbered: Vec<String> = steps
        .iter()
        .enumerate()
        .map(|(n, step)| format!("  {}. {step}", n + 1))
        .collect();
    format!("next:\n{}", numbered.join("\n"))
}
