//! The help of every verb, wrong usage, and the version.

use super::lab::{Lab, golden};

#[test]
fn every_verb_has_its_help() {
    let lab = Lab::new();
    let whole = lab.tandem("--help");
    let verbs: Vec<String> = whole
        .out
        .lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter_map(|l| l.split_whitespace().next().map(str::to_owned))
        .collect();
    assert!(verbs.len() > 7, "{verbs:?}");
    let mut said = vec![whole];
    said.extend(
        verbs
            .iter()
            .filter(|v| *v != "help")
            .map(|v| lab.tandem(&format!("{v} --help"))),
    );
    assert!(said.iter().all(|s| s.code == Some(0)));
    golden("help", &said);
}

#[test]
fn wrong_usage_is_exit_2() {
    let lab = Lab::new();
    let said = [
        lab.tandem(""),
        lab.tandem("srve"),
        lab.tandem("call"),
        lab.tandem("calls --limit many"),
        lab.tandem("serve --confg office"),
    ];
    assert!(said.iter().all(|s| s.code == Some(2)));
    golden("usage", &said);
}

#[test]
fn the_version() {
    let lab = Lab::new();
    let said = lab.tandem("version");
    assert_eq!(said.out, format!("tandem {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(lab.tandem("--version").out, said.out);
    assert_eq!(
        lab.tandem("version --json").json()["version"],
        env!("CARGO_PKG_VERSION")
    );
}
