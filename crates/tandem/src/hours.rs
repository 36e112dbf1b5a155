//! `tandem hours` (what is set by hand) and `tandem when` (what happens at a time).

use crate::{Config, calls::node};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::process::ExitCode;
use tandem_dialplan::{Dialplan, Moment, Opening, Plan, Who, lot};
use tandem_server::{Clock, config::read};
use tandem_types::{Attested, Wall};

/// How a local time is shown.
const SHOWN: &str = "%a %d %B %Y, %H:%M";

/// Which moment, and for whom.
#[derive(clap::Args, Debug)]
pub(crate) struct Then {
    /// Local time of each dialplan, as "2026-12-25 10:00"; now if left out.
    #[arg(long)]
    at: Option<String>,
    /// The caller's number, for rules by caller and by share.
    #[arg(long, default_value = "")]
    from: String,
    /// As if this override were set by hand.
    #[arg(long = "override", value_name = "NAME")]
    manual: Option<String>,
    /// As if the caller's number were attested so: A, B, C, passed, failed, none.
    #[arg(long, value_name = "LEVEL", default_value = "none")]
    attestation: Attested,
}

/// The moment of a local time in a dialplan's zone.
pub(crate) fn moment(plan: &Dialplan, at: Option<&str>) -> anyhow::Result<Wall> {
    let Some(text) = at else {
        return Ok(Clock::start().now().wall);
    };
    plan.timezone
        .read(text)
        .with_context(|| format!("{text:?} is no time: write it like \"2026-12-25 10:00\""))
}

pub(crate) fn when(config: &Config, ask: &Then, json: bool) -> anyhow::Result<ExitCode> {
    let (plan, _) = read(&config.config)?;
    known(&plan, ask.manual.as_deref())?;
    let mut told = Vec::new();
    for dialplan in plan.dialplans.values() {
        let now = Moment {
            at: moment(dialplan, ask.at.as_deref())?,
            manual: ask.manual.as_deref(),
        };
        let who = Who {
            caller: &ask.from,
            lot: lot(&ask.from),
            attested: ask.attestation,
        };
        told.push(of(&plan, dialplan, &who, &now));
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(ExitCode::SUCCESS);
    }
    for (i, one) in told.iter().enumerate() {
        if i > 0 {
            println!();
        }
        print(one);
    }
    Ok(ExitCode::SUCCESS)
}

fn known(plan: &Plan, manual: Option<&str>) -> anyhow::Result<()> {
    let all: Vec<&str> = plan
        .dialplans
        .values()
        .flat_map(Dialplan::overrides)
        .collect();
    match manual {
        Some(name) if !all.contains(&name) => {
            bail!("no [[when]] rule knows the override {name:?}; known are {all:?}")
        }
        _ => Ok(()),
    }
}

/// What a dialplan does then.
fn of(plan: &Plan, dialplan: &Dialplan, who: &Who<'_>, now: &Moment<'_>) -> Value {
    let place = |key: String| {
        plan.places
            .get(&format!("dialplans.{}.{key}", dialplan.name))
    };
    let hours: Vec<Value> = dialplan
        .hours()
        .map(|(name, hours)| {
            let Opening {
                open,
                comment,
                until,
            } = hours.opening(now.at);
            json!({
                "name": name,
                "open": open,
                "comment": comment,
                "until": until.map(|t| t.format(SHOWN).to_string()),
                "timezone": hours.zone().to_string(),
            })
        })
        .collect();
    let (start, why, at) = match dialplan.when(who, now) {
        Some(m) => (
            Some(m.rule.start.to_string()),
            m.to_string(),
            place(format!("when.{}", m.index)),
        ),
        None => (
            dialplan.start.as_ref().map(ToString::to_string),
            "no [[when]] rule holds".to_owned(),
            place("start".to_owned()),
        ),
    };
    json!({
        "dialplan": dialplan.name,
        "numbers": dialplan.numbers.iter().map(|p| p.as_str()).collect::<Vec<_>>(),
        "local": dialplan.timezone.local(now.at).format(SHOWN).to_string(),
        "timezone": dialplan.timezone.to_string(),
        "hours": hours,
        "start": start,
        "why": why,
        "line": at,
    })
}

fn print(one: &Value) {
    let text = |key: &str| one[key].as_str().unwrap_or_default();
    println!(
        "{}: {} ({})",
        text("dialplan"),
        text("local"),
        text("timezone")
    );
    for hours in one["hours"].as_array().into_iter().flatten() {
        let state = if hours["open"] == json!(true) {
            "open"
        } else {
            "closed"
        };
        let until = match hours["until"].as_str() {
            Some(until) => format!("until {until}"),
            None => "for more than a year".to_owned(),
        };
        let comment = match hours["comment"].as_str() {
            Some(c) if !c.is_empty() => format!(": {c}"),
            _ => String::new(),
        };
        println!(
            "  {} {state} {until}{comment}",
            hours["name"].as_str().unwrap_or_default()
        );
    }
    match one["start"].as_str() {
        Some(start) => println!(
            "  a call to one of its numbers starts at {start}\n    {} ({})",
            text("why"),
            text("line")
        ),
        None => println!("  it has no numbers of its own, only [routes]"),
    }
}

/// What is set in the running gateway; with `set`, sets it first.
pub(crate) async fn hours(
    config: &Config,
    set: Option<&str>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let Some(http) = node(config)?.http else {
        bail!("[http] listen is not set in tandem.toml")
    };
    let url = format!("http://{http}/api/v1/hours");
    let client = reqwest::Client::new();
    let request = match set {
        Some(name) => client.post(&url).json(&json!({ "set": name })),
        None => client.get(&url),
    };
    let answer = request
        .send()
        .await
        .with_context(|| format!("no gateway answers at http://{http}"))?;
    let refused = !answer.status().is_success();
    let body: Value = answer.json().await.context("the gateway's answer")?;
    if refused {
        bail!("{}", body["error"].as_str().unwrap_or("refused"));
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&body)?);
        return Ok(ExitCode::SUCCESS);
    }
    match body["override"].as_str() {
        Some(name) => println!("{name:?} is set by hand; `tandem hours set auto` takes it back"),
        None => println!("nothing is set by hand: calls go by the hours"),
    }
    let known: Vec<&str> = body["known"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !known.is_empty() {
        println!("overrides that rules know: {}", known.join(", "));
    }
    Ok(ExitCode::SUCCESS)
}
