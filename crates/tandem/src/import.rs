//! `tandem import asterisk`: an old dialplan becomes one of ours, that does the same with keys alone; what could not be carried over
//! is listed line by line.

mod asterisk;

use crate::{calls::count, check::WRONG};
use anyhow::{Context, bail};
use std::{fs, path::PathBuf, process::ExitCode};
use tandem_server::config::{ConfigError, read};

/// What, and where to.
#[derive(clap::Args, Debug)]
pub(crate) struct OldPlan {
    /// extensions.conf, as many as there are; queues.conf, pjsip.conf and sip.conf beside it say who is in a queue, and which phones
    /// there are.
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
    if ask.output.exists() {
        bail!(
            "{} is there already; name a directory that is not",
            ask.output.display()
        );
    }
    for (path, text) in &new.files {
        let path = ask.output.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    for user in &new.secrets {
        secret(&ask.output.join("secrets").join(user))?;
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
    match read(&ask.output) {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(ConfigError::Wrong(found)) => {
            print!("{}", tandem_dialplan::render(&found));
            eprintln!("tandem: written, but it has errors, which are a fault of the importer");
            Ok(ExitCode::from(WRONG))
        }
        Err(error) => Err(error.into()),
    }
}

/// A password of its own for each phone, which only we can read.
pub(crate) fn secret(path: &std::path::Path) -> anyhow::Result<()> {
    use std::{
        io::{Read, Write},
        os::unix::fs::OpenOptionsExt,
    };
    let folder = path.parent().context("a folder")?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut random = [0u8; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut f| f.read_exact(&mut random))
        .context("/dev/urandom")?;
    let word: String = random.iter().map(|b| format!("{b:02x}")).collect();
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| path.display().to_string())?;
    writeln!(file, "{word}")?;
    Ok(())
}
