//! `tandem import asterisk`, on files of our own that have what published ones have (each says which): what is written passes the
//! check and the test of calls, and what could not be carried over is listed line by line.

use super::lab::{Lab, Said, golden};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// Copies the files of a case into the lab.
fn put(lab: &Lab, case: &str) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("import")
        .join(case);
    fs::create_dir_all(lab.path(case)).expect("a folder");
    for entry in fs::read_dir(from).expect("the case") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        fs::copy(&path, lab.path(case).join(name)).expect("a copy");
    }
}

/// What was written, as if a command had said it.
fn files(lab: &Lab, dir: &str, names: &[&str]) -> String {
    let of = |name: &&str| {
        let text = fs::read_to_string(lab.path(dir).join(name)).expect("it was written");
        format!("==> {name}\n{text}\n")
    };
    names.iter().map(of).collect()
}

fn imported(lab: &Lab, words: &str) -> Said {
    let said = lab.tandem(words);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    let check = lab.tandem("check new");
    assert_eq!(check.code, Some(0), "{}", check.out);
    said
}

#[test]
fn a_company_with_a_menu_that_takes_extensions() {
    let lab = Lab::new();
    put(&lab, "office");
    let words = "import asterisk office/extensions.conf office/pjsip.conf office/queues.conf office/voicemail.conf -o new --timezone America/Chicago";
    let said = imported(&lab, words);
    let text = files(
        &lab,
        "new",
        &[
            "import-report.md",
            "dialplans/main.toml",
            "phones.toml",
            "tandem.toml",
            "trunks/itsp.toml",
        ],
    );
    let test = |more: &str| {
        lab.tandem(&format!(
            "dialplan test --config new --to 2565551100 {more}"
        ))
    };
    let ways = ["", "--key 1", "--key 2", "--key 3", "--key 9"].map(test);
    let direct = lab.tandem("dialplan test --config new --to 2565551106");
    // Nobody outside dials outside by it.
    let outside = lab.tandem("dialplan test --config new --to 95551234");
    assert!(
        !outside.out.contains("trunk:") && !outside.out.contains("outside:"),
        "{}",
        outside.out
    );
    let mut all = vec![said];
    all.extend(ways);
    all.push(direct);
    golden_with("import_office", &text, &all);
}

#[test]
fn a_practice_with_hours_a_macro_and_digits_that_are_read() {
    let lab = Lab::new();
    put(&lab, "clinic");
    let words = "import asterisk clinic/extensions.conf -o new --number 02079460100";
    let said = imported(&lab, words);
    let text = files(
        &lab,
        "new",
        &[
            "import-report.md",
            "dialplans/from-pstn-s.toml",
            "phones.toml",
            "trunks/carrier.toml",
        ],
    );
    let test = |at: &str, more: &str| {
        let at = at.replace(' ', "T");
        lab.tandem(&format!(
            "dialplan test --config new --to 02079460100 --at {at} {more}"
        ))
    };
    let ways = [
        test("2026-11-23 10:00", "--key 1"),
        test("2026-11-23 10:00", "--key 2"),
        test("2026-11-23 18:30", ""),
        test("2026-12-25 10:00", "--key 9"),
    ];
    let mut all = vec![said];
    all.extend(ways);
    golden_with("import_clinic", &text, &all);
}

#[test]
fn a_school_whose_callers_dial_extensions_and_leave_messages() {
    let lab = Lab::new();
    put(&lab, "school");
    let words = "import asterisk school/extensions.conf school/sip.conf school/voicemail.conf -o new --timezone America/Toronto";
    let said = imported(&lab, words);
    let text = files(
        &lab,
        "new",
        &[
            "import-report.md",
            "dialplans/main.toml",
            "phones.toml",
            "tandem.toml",
        ],
    );
    let pin = lab.path("new/secrets/mailbox-main-101");
    assert_eq!(fs::read_to_string(&pin).expect("its PIN"), "0471\n");
    let mode = fs::metadata(&pin).expect("its PIN").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let test = |more: &str| {
        lab.tandem(&format!(
            "dialplan test --config new --to 4165550100 {more}"
        ))
    };
    let mut all = vec![said];
    all.extend(["", "--key 102", "--key 2", "--key 0", "--key 199"].map(test));
    golden_with("import_school", &text, &all);
}

#[test]
fn what_is_odd_in_a_plan_is_no_mistake_in_the_new_one() {
    let lab = Lab::new();
    put(&lab, "edges");
    let words =
        "import asterisk edges/extensions.conf edges/pjsip.conf edges/voicemail.conf -o new";
    let said = imported(&lab, words);
    let text = files(&lab, "new", &["import-report.md", "dialplans/main.toml"]);
    let test = |to: &str| lab.tandem(&format!("dialplan test --config new --to {to}"));
    let mut all = vec![said];
    all.extend(
        [
            "202",
            "301",
            "5551000 --key 202",
            "5551000 --key 301",
            "5555000",
        ]
        .map(test),
    );
    golden_with("import_edges", &text, &all);
}

#[test]
fn what_cannot_begin_says_why() {
    let lab = Lab::new();
    put(&lab, "clinic");
    fs::write(lab.path("odd.conf"), "[somewhere]\nexten => 1,1,Hangup()\n").expect("a file");
    golden(
        "import_refused",
        &[
            lab.tandem("import asterisk odd.conf -o new"),
            lab.tandem("import asterisk odd.conf -o new --from-outside nowhere"),
            lab.tandem("import asterisk clinic/extensions.conf -o clinic"),
            lab.tandem("import asterisk none.conf -o new"),
        ],
    );
    assert!(!lab.path("new").exists());
}

/// The files that were written stand before what was said.
fn golden_with(name: &str, files: &str, said: &[Said]) {
    super::lab::golden_after(name, files, said);
}
