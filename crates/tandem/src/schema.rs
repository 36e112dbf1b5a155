//! `tandem schema`: JSON Schema of the files, for editors.

use anyhow::{Context, bail};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use tandem_dialplan::schemas;

/// Which, and where to.
#[derive(clap::Args, Debug)]
pub(crate) struct Wanted {
    /// `tandem`, `phones`, `trunk` or `dialplan`: printed. Without it, all are written into a directory.
    name: Option<String>,
    /// Directory for all four.
    #[arg(long, short, default_value = "schema", conflicts_with = "name")]
    output: PathBuf,
}

pub(crate) fn run(wanted: &Wanted) -> anyhow::Result<ExitCode> {
    match &wanted.name {
        Some(name) => print(name)?,
        None => {
            for path in write(&wanted.output)? {
                println!("{}", path.display());
            }
            println!(
                "editors take them by the first line of a file: #:schema {}/dialplan.json",
                wanted.output.display()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(name: &str) -> anyhow::Result<()> {
    let file = format!("{name}.json");
    let Some((_, schema)) = schemas().into_iter().find(|(known, _)| *known == file) else {
        bail!("there is no schema {name:?}: write tandem, phones, trunk or dialplan");
    };
    println!("{}", serde_json::to_string_pretty(&schema)?);
    Ok(())
}

/// All of them into a directory: which files.
pub(crate) fn write(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let mut written = Vec::new();
    for (name, schema) in schemas() {
        let path = dir.join(name);
        let text = serde_json::to_string_pretty(&schema)?;
        std::fs::write(&path, format!("{text}\n")).with_context(|| path.display().to_string())?;
        written.push(path);
    }
    Ok(written)
}
