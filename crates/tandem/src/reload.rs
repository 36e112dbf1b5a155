//! `tandem reload`: the running gateway reads its configuration again, all of it or none.

use crate::{
    Config,
    ask::{Gateway, words},
    calls::count,
    check::{self, WRONG},
};
use serde_json::{Value, json};
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let Some(gateway) = Gateway::whatever_else_is_wrong(config)? else {
        // Nobody can be asked, and this says why.
        let code = check::run(&config.config, json)?;
        eprintln!("tandem: not reloaded: no gateway can be asked before that is mended");
        return Ok(code);
    };
    let answer = gateway
        .post("/api/v1/reload", &json!({ "by": who() }))
        .await?;
    let body = answer.body;
    if json {
        println!("{}", serde_json::to_string_pretty(&body)?);
    }
    if answer.refused {
        return Ok(refused(&body, json));
    }
    if json {
        return Ok(ExitCode::SUCCESS);
    }
    print!("{}", words(&body, "text"));
    let sha256 = words(&body["in_force"], "sha256");
    let calls = body["calls_of_older_plans"].as_u64().unwrap_or(0);
    let warnings = body["findings"].as_array().map_or(0, Vec::len);
    let kept = match calls {
        0 => "no call goes by an older one".to_owned(),
        1 => "1 call keeps the plan that it began with".to_owned(),
        n => format!("{n} calls keep the plan that they began with"),
    };
    println!(
        "reloaded: configuration {} is in force, {}; {kept}",
        sha256.get(..12).unwrap_or(sha256),
        count(warnings, "warning"),
    );
    Ok(ExitCode::SUCCESS)
}

fn refused(body: &Value, json: bool) -> ExitCode {
    let stays = "the configuration that was in force stays";
    let Some(findings) = body["findings"].as_array() else {
        eprintln!("tandem: not reloaded: {}; {stays}", words(body, "error"));
        return ExitCode::FAILURE;
    };
    if !json {
        print!("{}", words(body, "text"));
    }
    let of = |what: &str| findings.iter().filter(|f| f["severity"] == *what).count();
    let (errors, warnings) = (count(of("error"), "error"), count(of("warning"), "warning"));
    eprintln!("tandem: not reloaded: {errors}, {warnings}; {stays}");
    ExitCode::from(WRONG)
}

/// Who asks, as the machine knows them.
fn who() -> String {
    let known = ["SUDO_USER", "USER", "LOGNAME"];
    let name = known.iter().find_map(|name| std::env::var(name).ok());
    name.unwrap_or_else(|| "tandem reload".to_owned())
}
