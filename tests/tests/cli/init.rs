//! `tandem init`: by answers, by flags, and what is refused. What it writes passes the check, and calls take their way in it.

use super::lab::{Lab, golden};

/// The beginnings, what is answered, and what callers do there.
const KINDS: [(&str, &str, &[&str]); 4] = [
    (
        "pbx",
        "1\nNorthgate\n+44 20 7946 0111\n198.51.100.7\n192.0.2.10\n",
        &["--key 213", "--key 1", "--key 399", ""],
    ),
    (
        "clinic",
        "2\nHillside Clinic\n+442079460111\n4420794601@198.51.100.7:5080\nMo-Fr 08:00-18:30; Sa 09:00-12:00\n",
        &["--key 0", "--say prescription"],
    ),
    (
        "shop",
        "3\nThe Tea Shop\n+14155550123\n198.51.100.7\n\n",
        &["--key 0"],
    ),
    (
        "answering-service",
        "answering-service\nKeller & Sons\n+442079460111\n198.51.100.7\n+447700900123\n",
        &["--key 0", "--say urgent"],
    ),
];

#[test]
fn each_beginning_is_checked_and_leads_calls_to_people() {
    let lab = Lab::new();
    let mut all = Vec::new();
    for (kind, answers, tries) in KINDS {
        let clock = match kind {
            "shop" => "America/Los_Angeles",
            _ => "Europe/London",
        };
        all.push(lab.answered(&format!("init {kind} --timezone {clock}"), answers));
        all.push(lab.tandem(&format!("check {kind}")));
        let to = match kind {
            "shop" => "+14155550123",
            _ => "+442079460111",
        };
        for at in ["2026-11-24T10:00", "2026-11-29T10:00"] {
            for by in tries {
                all.push(lab.tandem(&format!(
                    "dialplan test --config {kind} --to {to} --from +447700900001 --at {at} {by}"
                )));
            }
        }
    }
    for said in &all {
        assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    }
    golden("init", &all);
}

#[test]
fn what_is_no_answer_is_told_and_nothing_is_written() {
    let lab = Lab::new();
    let flags = "init new --kind shop --carrier 198.51.100.7 --open 24/7";
    let bad = [
        "--number +442079460111 --name a\"b",
        "--number 02079460111 --name Shop",
        "--number +442079460111 --name Shop --carrier a;b",
        "--number +442079460111 --name Shop --open always",
        "--number +442079460111 --name Shop --timezone Here",
        "--number +442079460111",
    ];
    let mut all: Vec<_> = bad
        .iter()
        .map(|words| {
            let left_out: String = flags
                .split(" --")
                .filter(|f| !words.contains(f.split(' ').next().unwrap_or_default()))
                .collect::<Vec<_>>()
                .join(" --");
            lab.tandem(&format!("{left_out} {words}"))
        })
        .collect();
    all.push(lab.tandem("init office --kind shop"));
    for said in &all {
        assert_eq!(said.code, Some(1), "{}\n{}", said.out, said.err);
    }
    assert!(!lab.path("new").exists());
    golden("init_refused", &all);
}
