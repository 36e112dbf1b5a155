//! Plans for scenarios, from texts.

use tandem_dialplan::{Plan, SourceFile, load, render};

/// Loads a configuration from (path, text) pairs. Each secret (`env:X`, `file:dir/X`, `cred:X`) is `secret-X`, and a `pin` 4711; every
/// file that is only named is there.
///
/// # Panics
/// With the diagnostics, if it is refused.
pub fn plan(files: &[(&str, &str)]) -> Plan {
    let files: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| SourceFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    let secrets = |reference: &str| {
        let name = reference.rsplit([':', '/']).next().unwrap_or(reference);
        Ok(match name {
            "pin" => "4711".to_owned(),
            _ => format!("secret-{name}"),
        })
    };
    match load(&files, &secrets, &|_| true) {
        Ok((plan, _)) => plan,
        Err(found) => panic!("{}", render(&found)),
    }
}
