//! The table of the warm transfer as a page, `golden/warm_transfer.md`; and each scenario that a cell names is one that is played.
//! `TANDEM_BLESS=1` writes the page anew.

use std::{fs, path::Path};
use tandem_call::table::{Cell, Phase, row};

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn page() -> String {
    let mut out = String::from(
        "# The warm transfer: what each thing does in each phase\n\n\
         Written from `crates/call/src/table.rs`. A name in brackets is a scenario, and its ladder stands in `ladders/`.\n",
    );
    for phase in Phase::ALL {
        out += &format!(
            "\n## {}\n\n| what happens | what it does |\n|---|---|\n",
            phase.name()
        );
        for (event, cell) in row(phase).cells() {
            let does = match cell {
                Cell::Never(why) => format!("- ({why})"),
                Cell::Does(does, []) => does.to_owned(),
                Cell::Does(does, seen) => format!("{does} [{}]", seen.join(", ")),
            };
            out += &format!("| {event} | {does} |\n");
        }
    }
    out
}

#[test]
fn the_page_is_the_table() {
    let path = golden().join("warm_transfer.md");
    let found = page();
    if std::env::var_os("TANDEM_BLESS").is_some() {
        fs::write(&path, &found).expect("golden can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        expected, found,
        "TANDEM_BLESS=1 writes warm_transfer.md anew"
    );
}

#[test]
fn each_scenario_of_a_cell_has_its_ladder() {
    let (mut named, mut does) = (0, 0);
    for phase in Phase::ALL {
        for (event, cell) in row(phase).cells() {
            let Cell::Does(_, seen) = cell else { continue };
            does += 1;
            named += usize::from(!seen.is_empty());
            for name in seen {
                let ladder = golden().join(format!("ladders/{name}.txt"));
                assert!(
                    ladder.is_file(),
                    "{} x {event}: no scenario {name}",
                    phase.name()
                );
            }
        }
    }
    // Cells may only gain scenarios.
    assert!(named >= NAMED, "{named} of {does} cells name a scenario");
}

/// Cells with a scenario of their own; the others are met by the model test alone.
const NAMED: usize = 69;
