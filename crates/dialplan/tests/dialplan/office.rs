//! Reading the shipped office from disk, as the binary does.

use std::{fs, path::PathBuf};
use tandem_dialplan::{Plan, SourceFile, load, render, wanted};

/// `dialplans/` of this repository.
pub(crate) fn office_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../dialplans")
}

/// Its files.
pub(crate) fn office_files() -> Vec<SourceFile> {
    let dir = office_dir();
    let mut files = Vec::new();
    for folder in ["", "trunks", "dialplans", "prompts"] {
        let mut entries: Vec<_> = fs::read_dir(dir.join(folder))
            .expect("the office")
            .flatten()
            .collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().into_string().expect("a plain name");
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            if wanted(&path) {
                let text = fs::read_to_string(dir.join(&path)).expect("text");
                files.push(SourceFile { path, text });
            }
        }
    }
    files
}

/// What loading asks about secrets.
pub(crate) fn secret(reference: &str) -> Result<String, String> {
    let path = reference.strip_prefix("file:").ok_or("only files here")?;
    fs::read_to_string(office_dir().join(path)).map_err(|e| e.to_string())
}

/// What loading asks about files that are only named.
pub(crate) fn exists(path: &str) -> bool {
    office_dir().join(path).exists()
}

/// The office, loaded.
pub(crate) fn office() -> Plan {
    load(&office_files(), &secret, &exists)
        .unwrap_or_else(|found| panic!("{}", render(&found)))
        .0
}
