//! The verbs that try a dialplan without a phone, on the shipped office.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn office() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dialplans")
}

fn tandem(words: &[&str]) -> Output {
    tandem_in(&office(), words)
}

fn tandem_in(office: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args(words)
        .arg("--config")
        .arg(office)
        .output()
        .expect("the binary runs")
}

fn printed(words: &[&str]) -> String {
    let out = tandem(words);
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).expect("text")
}

/// The text of the line that a step names.
fn decided_by(step: &str) -> String {
    let (_, place) = step.rsplit_once('(').expect("a line");
    let (file, line) = place
        .trim_end_matches(')')
        .rsplit_once(':')
        .expect("FILE:LINE");
    let text = fs::read_to_string(office().join(file)).expect("the file");
    let line: usize = line.parse().expect("a number");
    text.lines().nth(line - 1).expect("the line").to_owned()
}

/// The first step that says this, and the line behind it.
fn step(printed: &str, says: &str) -> (String, String) {
    let found = printed.lines().find(|l| l.contains(says));
    let step = found.unwrap_or_else(|| panic!("no {says:?} in\n{printed}"));
    (step.to_owned(), decided_by(step))
}

#[test]
fn a_phone_calls_for_help_by_the_lines_of_its_site() {
    let out = printed(&["dialplan", "test", "--from", "203", "--to", "999"]);
    let (first, line) = step(&out, "phones of Northgate House call for help by 999");
    assert_eq!(line, "[[emergency]]", "{first}");
    for says in [
        "999 is dialled by the first of carrier that is up, as +442079460100, past all limits",
        "ext:200 rings, and is told",
    ] {
        assert!(out.contains(says), "no {says:?} in\n{out}");
    }
}

#[test]
fn an_agent_hands_on_by_the_line_of_its_route() {
    let out = printed(&[
        "dialplan",
        "test",
        "--to",
        "+442079460100",
        "--from",
        "+441632960001",
        "--at",
        "2026-11-20 10:00",
        "--say",
        "i was charged twice this month",
        "--say",
        "please put me through to billing",
    ]);
    assert!(
        out.starts_with("called number +442079460100 is \"+442079460100\" in numbers"),
        "{out}"
    );
    assert_eq!(
        step(&out, "agent:triage has the caller").1,
        "[agents.triage]"
    );
    assert!(
        out.contains("it says: Good morning, this is Northgate."),
        "{out}"
    );
    let (handed, line) = step(&out, "handed to agent:billing: the intent is billing");
    assert_eq!(line, "billing = \"agent:billing\"", "{handed}");
    let (_, line) = step(&out, "handed to queue:billing");
    assert!(line.contains("queue:billing"), "{line}");
    let (rings, line) = step(&out, "queue:billing rings ext:201, ext:202");
    assert_eq!(line, "[queues.billing]", "{rings}");
    assert_eq!(
        step(&out, "nobody there: queue:reception").1,
        "otherwise = [\"queue:reception\"]"
    );
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("its type").is_dir() {
            true => copied(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("copied")),
        }
    }
}

#[test]
fn a_queue_that_is_closed_leads_where_it_says() {
    let dir = tempfile::tempdir().expect("a directory");
    copied(&office(), dir.path());
    let file = dir.path().join("dialplans/reception.toml");
    let text = fs::read_to_string(&file).expect("the plan");
    let own =
        "\"ext:202\"]\nmax_wait = \"5m\"\nwithin = \"accounts\"\nclosed = \"voicemail:office\"\n";
    let text = text.replacen("\"ext:202\"]\n", own, 1);
    let hours = "\n[hours.accounts]\nopen = \"Mo-Fr 09:00-17:00\"\n";
    fs::write(&file, text + hours).expect("written");
    let says = |at: &str| {
        let words = ["dialplan", "test", "--to", "+442079460100", "--at", at];
        let said = ["i was charged twice", "please put me through to billing"];
        let said = said.iter().flat_map(|s| ["--say", *s]);
        let words: Vec<&str> = words.into_iter().chain(said).collect();
        let out = tandem_in(dir.path(), &words);
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).expect("text")
    };
    let open = says("2026-11-20 10:00");
    assert!(open.contains("queue:billing rings ext:201"), "{open}");
    let shut = says("2026-11-20 20:00");
    let is_closed = "queue:billing is closed then (hours \"accounts\"): voicemail:office";
    assert!(shut.contains(is_closed), "{shut}");
    assert!(!shut.contains("queue:billing rings"), "{shut}");
    let tree = tandem_in(dir.path(), &["dialplan", "graph", "--json"]).stdout;
    let tree = String::from_utf8(tree).expect("text");
    assert!(tree.contains("\"closed\""), "{tree}");
}

#[test]
fn keys_phrases_and_a_wish_for_a_person_go_by_their_rules() {
    let main = ["dialplan", "test", "--to", "02079460100"];
    let with = |more: &[&str]| printed(&[&main, more].concat());
    assert_eq!(
        step(&with(&["--key", "0"]), "handed to queue:reception").1,
        "on = \"key:0\""
    );
    let gas = with(&["--say", "there is a smell of gas in the hall"]);
    assert_eq!(
        step(&gas, "handed to outside:engineer").1,
        "on = \"phrase\""
    );
    assert_eq!(
        step(&gas, "outside:engineer dials +441632960555 by carrier").1,
        "[outside.engineer]"
    );
    let person = with(&["--say", "can I speak to a person"]);
    assert_eq!(
        step(&person, "handed to queue:reception").1,
        "on = \"asked-for-human\""
    );
}

#[test]
fn a_menu_takes_its_keys_in_turn_and_goes_on_without() {
    let menu = printed(&[
        "dialplan", "test", "--to", "2002", "--key", "7", "--key", "2",
    ]);
    assert!(menu.contains("key 7 means nothing here"), "{menu}");
    assert!(
        step(&menu, "key 2 leads to queue:repairs")
            .1
            .starts_with("keys = { 1")
    );
    let silent = printed(&["dialplan", "test", "--to", "2002"]);
    let (_, line) = step(
        &silent,
        "no key within 6 s, 3 times: otherwise = \"queue:reception\"",
    );
    assert_eq!(line, "otherwise = \"queue:reception\"");
    let notice = printed(&["dialplan", "test", "--to", "2001"]);
    assert_eq!(step(&notice, "then = \"hangup\"").1, "then = \"hangup\"");
    assert!(notice.contains("the call ends"));
}

#[test]
fn words_in_a_menu_a_keyed_number_and_a_mailbox_have_their_lines() {
    let menu = printed(&[
        "dialplan",
        "test",
        "--to",
        "2002",
        "--say",
        "my heating is cold",
    ]);
    assert!(
        step(&menu, "which leads to queue:repairs as key 2")
            .1
            .starts_with("keys = { 1"),
        "{menu}"
    );
    let mut keyed = vec!["dialplan", "test", "--to", "2003"];
    keyed.extend(
        ["7", "0", "4", "2", "1", "7"]
            .into_iter()
            .flat_map(|k| ["--key", k]),
    );
    let lettings = printed(&keyed);
    assert!(
        lettings.contains("queue:lettings rings ext:204"),
        "{lettings}"
    );
    let night = printed(&["dialplan", "test", "--to", "2005"]);
    let (_, line) = step(&night, "voicemail:office takes a message of up to 180 s");
    assert_eq!(line, "[voicemail.office]");
    assert!(night.contains("the call ends"), "{night}");
}

#[test]
fn what_is_set_by_hand_comes_first() {
    let shut = printed(&[
        "dialplan",
        "test",
        "--to",
        "+442079460100",
        "--override",
        "night",
    ]);
    assert!(
        shut.contains("[[when]] \"closed by hand\": \"night\" is set"),
        "{shut}"
    );
    assert!(
        shut.contains("menu:closed says: This is Northgate. Our office is closed."),
        "{shut}"
    );
    let when = printed(&["when", "--at", "2026-07-01 10:00", "--override", "night"]);
    assert!(
        when.contains("Wed 01 July 2026, 10:00 (Europe/London)"),
        "{when}"
    );
    assert!(when.contains("starts at menu:closed"), "{when}");
    let open = printed(&["when", "--at", "2026-07-01 10:00"]);
    assert!(open.contains("starts at agent:triage"), "{open}");
}

#[test]
fn what_cannot_be_is_said() {
    let out = tandem(&["dialplan", "test", "--to", "2999"]);
    assert!(!out.status.success());
    assert_eq!(
        String::from_utf8_lossy(&out.stdout),
        "refused: no dialplan that takes calls of trunk `carrier` has 2999\n"
    );
    for (words, says) in [
        (
            &["dialplan", "test", "--to", "2000", "--via", "carier"][..],
            "there is no trunk \"carier\"",
        ),
        (
            &["dialplan", "test", "--to", "2002", "--key", "x"],
            "'x' is no key of a telephone",
        ),
        (
            &["dialplan", "test", "--to", "+442079460100", "--at", "noon"],
            "\"noon\" is no time",
        ),
        (
            &["dialplan", "graph", "recepton"],
            "there is no dialplan \"recepton\"; known are reception",
        ),
        (
            &["when", "--override", "nihgt"],
            "no [[when]] rule knows the override \"nihgt\"",
        ),
    ] {
        let out = tandem(words);
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(
            !out.status.success() && error.contains(says),
            "{words:?}: {error}"
        );
    }
}

#[test]
fn the_graph_has_every_part_of_the_office() {
    let tree = printed(&["dialplan", "graph"]);
    for part in [
        "agent:triage",
        "agent:billing",
        "agent:repairs",
        "agent:lettings",
        "queue:reception",
        "menu:main",
        "announce:notice",
        "voicemail:office",
        "ask:tenancy",
        "menu:closed",
        "outside:engineer",
        "ext:204",
        "conference:{to}",
        "when closed by hand",
    ] {
        assert!(tree.contains(part), "{part}\n{tree}");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("office.svg");
    printed(&["dialplan", "graph", "--svg", &file.to_string_lossy()]);
    let svg = fs::read_to_string(file).expect("the drawing");
    assert!(svg.starts_with("<svg") && svg.contains(">agent:triage<"));
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["dialplan", "graph", "--json"])).expect("JSON");
    assert!(json.as_array().is_some_and(|a| a.len() > 30));
}

#[test]
fn intents_are_judged() {
    let dir = tempfile::tempdir().expect("a directory");
    let rows = |name: &str, rows: &[(&str, &str)]| {
        let text: String = rows.iter().map(|(l, s)| format!("{l}\t{s}\n")).collect();
        let path = dir.path().join(name);
        fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };
    let learnt = [
        ("repairs", "my boiler is broken"),
        ("repairs", "the heating is broken"),
        ("repairs", "a broken window"),
        ("billing", "a question about my bill"),
        ("billing", "my bill is wrong"),
        ("billing", "i want to pay a bill"),
    ];
    let train = rows("train.tsv", &learnt);
    let validate = rows(
        "validate.tsv",
        &[
            ("repairs", "the boiler is broken"),
            ("billing", "pay my bill"),
        ],
    );
    let oos = rows("oos.tsv", &[("oos", "who won the cricket")]);
    let test = rows(
        "test.tsv",
        &[
            ("repairs", "a broken boiler"),
            ("billing", "the bill is wrong"),
            ("oos", "sing me a song"),
        ],
    );
    let out = Command::new(env!("CARGO_BIN_EXE_tandem"))
        .args([
            "intents",
            "eval",
            "--train",
            &train,
            "--validate",
            &validate,
            "--oos-validate",
            &oos,
        ])
        .args(["--test", &test, "--json"])
        .output()
        .expect("the binary runs");
    let found: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    for rule in ["paper", "ours"] {
        for share in ["in_scope", "oos_recall"] {
            let share = found[rule][share].as_f64();
            assert!(share.is_some_and(|s| (0.0..=100.0).contains(&s)), "{found}");
        }
    }
    assert_eq!(found["auroc"], 100.0);
    for key in ["ece", "train_seconds", "microseconds"] {
        assert!(found[key].is_number(), "{key}");
    }
}
