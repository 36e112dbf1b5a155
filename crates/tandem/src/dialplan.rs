//! `tandem dialplan test`: the way a call takes, with the line that decided each step; `tandem dialplan graph`.

pub(crate) mod graph;
mod walk;

use crate::{Config, hours::moment};
use anyhow::{Context, bail};
use std::process::ExitCode;
use tandem_dialplan::{Arrival, Moment, NoRoute, Plan, Route, Via};
use tandem_server::config::read;
use tandem_types::Attested;
pub(crate) use walk::understood;
use walk::{Caller, Walk};

/// A call that is tried.
#[derive(clap::Args, Debug)]
pub(crate) struct Call {
    /// The called number.
    #[arg(long)]
    to: String,
    /// The caller's number; an extension of phones.toml calls from its phone. Withheld if left out.
    #[arg(long, default_value = "")]
    from: String,
    /// The trunk that the call comes in by; the first that takes the number if left out.
    #[arg(long, value_name = "TRUNK")]
    via: Option<String>,
    /// Local time of the dialplan, as "2026-12-25 10:00"; now if left out.
    #[arg(long)]
    at: Option<String>,
    /// As if this override of the hours were set by hand.
    #[arg(long = "override", value_name = "NAME")]
    manual: Option<String>,
    /// As if the caller's number were attested so: A, B, C, passed, failed, none.
    #[arg(long, value_name = "LEVEL", default_value = "none")]
    attestation: Attested,
    /// What the caller says to an agent; several in their order.
    #[arg(long)]
    say: Vec<String>,
    /// The keys that the caller presses, in menus, and to agents once all is said; several in their order.
    #[arg(long, value_name = "KEYS")]
    key: Vec<String>,
}

pub(crate) fn test(config: &Config, call: &Call, json: bool) -> anyhow::Result<ExitCode> {
    let (plan, _) = read(&config.config)?;
    if let Some(odd) = call
        .key
        .iter()
        .flat_map(|k| k.chars())
        .find(|c| !"0123456789*#ABCD".contains(*c))
    {
        bail!("{odd:?} is no key of a telephone: 0 to 9, * and #");
    }
    let (route, at) = match routed(&plan, call)? {
        Ok(found) => found,
        Err(no) => {
            println!(
                "{}",
                if json {
                    serde_json::json!({ "refused": no.reason }).to_string()
                } else {
                    format!("refused: {}", no.reason)
                }
            );
            return Ok(ExitCode::FAILURE);
        }
    };
    let caller = Caller {
        number: call.from.clone(),
        called: call.to.clone(),
        says: call.say.iter().cloned().collect(),
        keys: call.key.iter().flat_map(|k| k.chars()).collect(),
    };
    let steps = Walk::new(&plan, &route, caller, at).go(route.destination.clone());
    if json {
        let steps: Vec<_> = steps
            .iter()
            .map(|s| serde_json::json!({ "what": s.what, "line": s.line }))
            .collect();
        let all = serde_json::json!({ "dialplan": route.dialplan, "start": route.destination.to_string(), "why": route.why, "steps": steps });
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        println!("{}", route.why);
        for step in &steps {
            match &step.line {
                Some(line) => println!("  {} ({line})", step.what),
                None => println!("  {}", step.what),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The way in. A local time is by the clock of the dialplan that takes the call, so it is asked twice where it is given.
fn routed(
    plan: &Plan,
    call: &Call,
) -> anyhow::Result<Result<(Route, tandem_types::Wall), NoRoute>> {
    let vias: Vec<Via<'_>> = match &call.via {
        Some(name) if plan.trunks.contains_key(name) => vec![Via::Trunk(name)],
        Some(name) => bail!("there is no trunk {name:?}"),
        None => {
            let phone = plan.extension(&call.from);
            let phone = phone.and_then(|e| e.registers.as_ref());
            phone
                .map(|(user, _)| Via::Phone(user))
                .into_iter()
                .chain(plan.trunks.keys().map(|t| Via::Trunk(t)))
                .collect()
        }
    };
    let mut last = None;
    for via in vias {
        let mut at = tandem_server::Clock::start().now().wall;
        let arrival = |at| Arrival {
            via,
            called: &call.to,
            caller: &call.from,
            id: "",
            attested: call.attestation,
            now: Moment {
                at,
                manual: call.manual.as_deref(),
            },
        };
        match plan.route(&arrival(at)) {
            Ok(mut route) => {
                if let (Some(text), Some(d)) = (&call.at, plan.dialplans.get(&route.dialplan)) {
                    at = moment(d, Some(text))?;
                    route = plan
                        .route(&arrival(at))
                        .ok()
                        .context("the number has no way then")?;
                }
                return Ok(Ok((route, at)));
            }
            Err(no) => last = Some(no),
        }
    }
    last.map(Err)
        .context("there is no trunk that a call could come in by")
}
