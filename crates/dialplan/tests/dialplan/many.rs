//! A configuration with as many routes as a test wants.

use std::fmt::Write;
use tandem_dialplan::{Arrival, Moment, Plan, Route, SourceFile, Via, load, render};

/// So many dialplans with so many routes each: of two, one is a number and one a pattern. As many extensions as all have.
pub(crate) fn files(plans: usize, routes: usize) -> Vec<SourceFile> {
    let mut files = Vec::new();
    let mut add = |path: String, text: String| files.push(SourceFile { path, text });
    add("tandem.toml".to_owned(), String::new());
    add(
        "trunks/carrier.toml".to_owned(),
        "direction = \"in\"\n[auth]\nallow_from = [\"203.0.113.0/28\"]\n".to_owned(),
    );
    let mut phones = "[phones]\ndomain = \"phones.example\"\n".to_owned();
    for n in 0..plans * routes {
        let registers = format!("{{ username = \"u{n}\", password = \"file:p\" }}");
        let _ = writeln!(phones, "[extensions.7{n:05}]\nregisters = {registers}");
    }
    add("phones.toml".to_owned(), phones);
    for plan in 0..plans {
        let mut text = "start = \"echo\"\n[routes]\n".to_owned();
        for n in (plan * routes..(plan + 1) * routes).step_by(2) {
            let _ = writeln!(text, "\"+4420{n:08}\" = \"ext:7{n:05}\"");
            let _ = writeln!(text, "\"_0033{n:06}XX\" = \"echo\"");
        }
        text.push_str("[limits]\nmay_dial = [\"_7X.\"]\n");
        add(format!("dialplans/p{plan:04}.toml"), text);
    }
    files
}

/// Read and checked.
pub(crate) fn plan(files: &[SourceFile]) -> Plan {
    match load(files, &|_| Ok("secret".to_owned()), &|_| true) {
        Ok((plan, _)) => plan,
        Err(found) => panic!("{}", render(&found)),
    }
}

/// The way of a call from the trunk.
pub(crate) fn route(plan: &Plan, called: &str) -> Option<Route> {
    let arrival = Arrival {
        via: Via::Trunk("carrier"),
        called,
        caller: "+441632960001",
        id: "",
        attested: tandem_types::Attested::Unsigned,
        now: Moment::default(),
    };
    plan.route(&arrival).ok()
}
