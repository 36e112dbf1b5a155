//! `tandem init`: five questions, and a configuration of one's own that passes `tandem check`.
//!
//! ```text
//!   flags, then questions for what they leave open -> Answers -> the shipped beginnings, filled in -> files, secrets, schemas -> check
//! ```

mod answers;
mod beginnings;
mod kind;
mod server;

use crate::{calls::count, check::WRONG, import::secret, schema};
use answers::Answers;
pub(crate) use answers::Asked;
use anyhow::{Context, bail};
use std::{fs, io, process::ExitCode};
use tandem_dialplan::render;
use tandem_server::config::{ConfigError, read};

pub(crate) fn run(asked: &Asked) -> anyhow::Result<ExitCode> {
    let dir = &asked.dir;
    if dir.exists() {
        bail!(
            "{} is there already; name a directory that is not",
            dir.display()
        );
    }
    let answers = Answers::from(asked, &mut io::stdin().lock())?;
    for (path, text) in beginnings::files(&answers)? {
        let path = dir.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    let phones = answers.kind.phones();
    for (number, _) in phones {
        secret(&dir.join("secrets").join(number))?;
    }
    if answers.carrier.user.is_some() {
        secret(&dir.join("secrets/carrier"))?;
    }
    schema::write(&dir.join("schema"))?;
    let warnings = match read(dir) {
        Ok((_, warnings)) => warnings,
        Err(ConfigError::Wrong(found)) => {
            print!("{}", render(&found));
            eprintln!("tandem: written, but it has errors, which are a fault of ours");
            return Ok(ExitCode::from(WRONG));
        }
        Err(error) => return Err(error.into()),
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
