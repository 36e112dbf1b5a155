//! `tandem import asterisk`: an old dialplan becomes one of ours, that does the same with keys alone; what could not be carried over
//! is listed line by line.

mod asterisk;

use crate::{calls::count, fresh};
use anyhow::Context;
use std::{fs, path::PathBuf, process::ExitCode};

/// What, and where to.
#[derive(clap::Args, Debug)]
pub(crate) struct OldPlan {
    /// extensions.conf, as many as there are; queues.conf, voicemail.conf, pjsip.conf and sip.conf beside it say who is in a queue,
    /// whose mailboxes there are, and which phones.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Directory for the new configuration. It must not be there yet.
    #[arg(long, short)]
    output: PathBuf,
    /// The context that callers from outside come into, if its name does not say so.
    #[arg(long = "from-outside", value_name = "CONTEXT")]
    from_outside: Vec<String>,
    /// A number that is called, for contexts that have only `s`.
    #[arg(long = "number", value_name = "NUMBER")]
    numbers: Vec<String>,
    /// Whose clock the hours go by.
    #[arg(long, default_value = "Europe/London")]
    timezone: String,
}

pub(crate) fn run(ask: &OldPlan) -> anyhow::Result<ExitCode> {
    let mut old = asterisk::Old::default();
    for path in &ask.files {
        let text = fs::read(path).with_context(|| path.display().to_string())?;
        let name = path.file_name().map_or_else(
            || path.display().to_string(),
            |n| n.to_string_lossy().into_owned(),
        );
        old.read(&name, &String::from_utf8_lossy(&text));
    }
    let wishes = asterisk::Wishes {
        from_outside: ask.from_outside.clone(),
        numbers: ask.numbers.clone(),
        timezone: ask.timezone.clone(),
    };
    let new = old.convert(&wishes).map_err(anyhow::Error::msg)?;
    fresh::is_free(&ask.output)?;
    fresh::lay(&ask.output, &new.files, &new.secrets)?;
    for (name, pin) in &new.pins {
        fresh::keep(&ask.output.join("secrets").join(name), pin)?;
    }
    let dir = ask.output.display();
    println!(
        "{dir}: {}, {}, {}",
        count(new.ways, "number"),
        count(new.secrets.len(), "phone"),
        count(new.left, "line") + " not carried over"
    );
    println!(
        "read {dir}/import-report.md, then: tandem check {dir}; tandem dialplan test --config {dir} --to {}",
        new.first
    );
    Ok(match fresh::checked(&ask.output, "the importer")? {
        Ok(_) => ExitCode::SUCCESS,
        Err(code) => code,
    })
}
