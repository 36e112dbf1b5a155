//! `tandem check` and what `tandem serve` says before it starts: every mistake in one go, with the cure.

use super::lab::{Lab, golden};

/// A dialplan with five mistakes, in three files.
fn mistaken() -> Lab {
    let lab = Lab::new();
    lab.change("tandem.toml", "max_calls = 200", "max_cals = 200");
    lab.change(
        "trunks/carrier.toml",
        "called_from = \"request-uri\"",
        "called_from = \"requesturi\"",
    );
    lab.change(
        "dialplans/reception.toml",
        "start = \"agent:triage\"",
        "start = \"agent:triag\"",
    );
    lab.change(
        "dialplans/reception.toml",
        "\"2000\" = \"echo\"",
        "\"2000\" = \"ecko\"",
    );
    lab.change(
        "dialplans/reception.toml",
        "\"_20X\" = \"ext:{to}\"",
        "\"_20X\" = \"ext:299\"",
    );
    lab
}

#[test]
fn a_configuration_that_is_right() {
    let lab = Lab::new();
    golden(
        "check",
        &[
            lab.tandem("check office"),
            lab.tandem("check office --json"),
        ],
    );
}

#[test]
fn every_mistake_is_listed_by_check_and_by_serve() {
    let lab = mistaken();
    let check = lab.tandem("check office");
    let serve = lab.tandem("serve --config office --data data");
    let json = lab.tandem("check office --json");
    assert_eq!(
        (check.code, serve.code, json.code),
        (Some(3), Some(3), Some(3))
    );
    let found = json.json();
    let files: Vec<_> = found
        .as_array()
        .expect("a list")
        .iter()
        .map(|d| d["file"].as_str().expect("a file"))
        .collect();
    for file in [
        "tandem.toml",
        "trunks/carrier.toml",
        "dialplans/reception.toml",
    ] {
        assert!(files.contains(&file), "{file} in {files:?}");
    }
    golden("mistakes", &[check, serve]);
}

#[test]
fn the_views_say_that_the_configuration_is_wrong_in_one_line() {
    let lab = mistaken();
    golden(
        "mistakes_in_views",
        &[
            lab.tandem("calls --config office --data data"),
            lab.tandem("trace 01 --config office --data data"),
        ],
    );
}

#[test]
fn there_is_no_configuration() {
    let lab = Lab::new();
    golden(
        "no_configuration",
        &[
            lab.tandem("check nowhere"),
            lab.tandem("check data"),
            lab.tandem("serve --config nowhere"),
            lab.tandem("calls --config nowhere"),
            lab.tandem("check office/tandem.toml"),
        ],
    );
}

#[test]
fn there_is_no_trunk() {
    let lab = Lab::new();
    std::fs::remove_file(lab.path("office/trunks/carrier.toml")).expect("it was there");
    golden(
        "no_trunk",
        &[lab.tandem("serve --config office --data data")],
    );
}

#[test]
fn there_is_no_key_for_the_provider() {
    let lab = Lab::new();
    lab.add(
        "tandem.toml",
        "[providers.openai]\nllm = { kind = \"openai\", model = \"gpt-4o-mini\", key = \"env:OPENAI_API_KEY\" }\n",
    );
    golden(
        "no_provider_key",
        &[lab.tandem("serve --config office --data data")],
    );
}

#[test]
fn the_way_of_a_caller_who_is_asked_by_keys() {
    let lab = Lab::new();
    let route = "\"2000\" = \"echo\"";
    let more = "\"2000\" = \"echo\"\n\"2011\" = \"ask:account\"";
    lab.change("dialplans/reception.toml", route, more);
    lab.add(
        "dialplans/reception.toml",
        r#"
[ask.account]
prompt = "Please key your account number, then the hash key."
digits = "4-8"
wrong = "I do not know that number."
retries = 1
then = "queue:reception"
otherwise = "announce:notice"
[ask.account.lookup]
url = "https://crm.example/accounts/{account}"
keep = ["status"]
[[ask.account.branch]]
answer = "_9."
to = "queue:repairs"
[[ask.account.branch]]
fact = "status"
is = ["overdue", "closed"]
to = "queue:billing"
"#,
    );
    let to = "dialplan test --config office --to 2011";
    golden(
        "ask",
        &[
            lab.tandem("check office"),
            lab.tandem(&format!("{to} --key 42713#")),
            lab.tandem(&format!("{to} --key 12# --key 98765432#")),
            lab.tandem(&format!("{to} --key 1# --key 2#")),
            lab.tandem(to),
        ],
    );
}
