//! `tandem doctor`: how the gateway does, and which calls it turned away; where none runs, what would keep one from it.

use crate::{Config, calls::count, check};
use serde_json::json;
use std::{
    collections::BTreeSet,
    net::{TcpListener, UdpSocket},
    path::Path,
    process::ExitCode,
};
use tandem_dialplan::{ListenBy, Plan, Severity};
use tandem_server::{
    config::{ConfigError, read},
    doctor::{Diagnosis, Finding, Grade, Rejected, disk, provider, recordings},
    profiles,
};
use tandem_sip::message::Uri;
use tandem_speech::{Providers, Settings};

pub(crate) async fn run(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let (plan, warnings) = match read(&config.config) {
        Ok(read) => read,
        Err(ConfigError::Wrong(_)) => return check::run(&config.config, json),
        Err(error @ ConfigError::Unreadable { .. }) => return Err(error.into()),
    };
    let mut findings = vec![configuration(config, &warnings)];
    findings.extend(names(&plan).await);
    let diagnosis = match asked(&plan).await {
        Ok(told) => told,
        Err(finding) => {
            findings.push(finding);
            at_rest(config, &plan).await?
        }
    };
    findings.extend(diagnosis.findings);
    let worst = findings.iter().map(|f| f.grade).max();
    if json {
        let all = json!({ "findings": findings, "rejected": diagnosis.rejected });
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        findings.iter().for_each(show);
        turned_away(&diagnosis.rejected);
    }
    Ok(match worst {
        Some(Grade::Error) => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

fn configuration(config: &Config, found: &[tandem_dialplan::Diagnostic]) -> Finding {
    let warnings = found.iter().filter(|d| d.severity == Severity::Warning);
    match warnings.count() {
        0 => Finding::ok("configuration", "no errors, no warnings"),
        n => Finding::not_ok(
            Grade::Warning,
            "configuration",
            format!("no errors, {}", count(n, "warning")),
            format!("see `tandem check {}`", config.config.display()),
        ),
    }
}

/// Peers and registrars that are named, by this machine's resolver.
async fn names(plan: &Plan) -> Vec<Finding> {
    let mut hosts = BTreeSet::new();
    for (name, trunk) in &plan.trunks {
        for text in trunk
            .peers
            .iter()
            .chain(&trunk.outbound_proxy)
            .chain(trunk.registrars())
        {
            let uri = Uri::parse(text).ok().filter(|uri| uri.ip().is_none());
            if let Some(host) = uri.as_ref().and_then(Uri::host) {
                hosts.insert((name.as_str(), host.to_string()));
            }
        }
    }
    let mut findings = Vec::new();
    for (trunk, host) in hosts {
        let about = format!("trunk {trunk}");
        let found = tokio::net::lookup_host((host.as_str(), 5060)).await;
        findings.push(match found.map(Iterator::count) {
            Ok(1..) => Finding::ok(about, format!("{host} resolves")),
            Ok(0) | Err(_) => Finding::not_ok(
                Grade::Warning,
                about,
                format!("{host} has no address of its own here"),
                format!("unless SRV records say where it is: see trunks/{trunk}.toml, and the machine's DNS (/etc/resolv.conf)"),
            ),
        });
    }
    findings
}

/// What the running gateway says.
async fn asked(plan: &Plan) -> Result<Diagnosis, Finding> {
    let Some(http) = plan.node.http else {
        return Err(Finding::not_ok(
            Grade::Warning,
            "gateway",
            "it cannot be asked",
            "write listen = \"127.0.0.1:8088\" under [http] in tandem.toml",
        ));
    };
    let answer = reqwest::get(format!("http://{http}/api/v1/doctor")).await;
    match answer.and_then(reqwest::Response::error_for_status) {
        Ok(answer) => answer.json().await.map_err(|e| {
            Finding::not_ok(
                Grade::Error,
                "gateway",
                format!("what answers at {http} is no gateway of this version: {e}"),
                "see who listens there: ss -ltnp",
            )
        }),
        Err(e) if e.is_connect() => Err(Finding::not_ok(
            Grade::Error,
            "gateway",
            format!("nobody answers at {http}"),
            "it does not run: `tandem serve --config DIR`",
        )),
        Err(e) => Err(Finding::not_ok(
            Grade::Error,
            "gateway",
            format!("{http}: {e}"),
            "see its log",
        )),
    }
}

/// Where no gateway runs: whether one could.
async fn at_rest(config: &Config, plan: &Plan) -> anyhow::Result<Diagnosis> {
    let node = plan
        .node
        .placed(&config.config.to_string_lossy(), config.data.as_deref());
    let mut findings: Vec<Finding> = node.listen.iter().map(listener).collect();
    findings.push(disk(Path::new(&node.journal)));
    findings.extend(recordings(plan, &node.recordings));
    let settings = Settings {
        cache_dir: Some(node.prompt_cache.clone().into()),
        ..Settings::default()
    };
    let providers = Providers::new(profiles(&plan.node.providers), settings)?;
    findings.extend(providers.probe().await.into_iter().map(provider));
    Ok(Diagnosis {
        findings,
        rejected: Vec::new(),
    })
}

fn listener(l: &tandem_dialplan::Listen) -> Finding {
    let (name, bound) = match l.by {
        ListenBy::Tcp => ("tcp", TcpListener::bind(l.addr).map(drop)),
        ListenBy::Tls => ("tls", TcpListener::bind(l.addr).map(drop)),
        ListenBy::Ws => ("ws", TcpListener::bind(l.addr).map(drop)),
        ListenBy::Wss => ("wss", TcpListener::bind(l.addr).map(drop)),
        ListenBy::Udp => ("udp", UdpSocket::bind(l.addr).map(drop)),
    };
    let about = format!("{name} {}", l.addr);
    match bound {
        Ok(()) => Finding::ok(about, "free"),
        Err(e) => Finding::not_ok(
            Grade::Error,
            about,
            e.to_string(),
            "see who has it (ss -lunp, ss -ltnp), or choose another listen under [sip]",
        ),
    }
}

fn show(finding: &Finding) {
    let grade = match finding.grade {
        Grade::Ok => "ok",
        Grade::Warning => "WARN",
        Grade::Error => "FAIL",
    };
    println!("{grade:<6}{:<22} {}", finding.about, finding.detail);
    if let Some(cure) = &finding.cure {
        println!("{:<29}{cure}", "");
    }
}

fn turned_away(all: &[Rejected]) {
    if all.is_empty() {
        println!("\nNo call was turned away in the last hour.");
        return;
    }
    println!("\nCalls turned away in the last hour, the newest first:");
    for r in all {
        let from = match r.call.from.as_str() {
            "" => "withheld",
            from => from,
        };
        let answer = r
            .call
            .status
            .map_or_else(|| "silence".to_owned(), |s| s.to_string());
        println!(
            "{}  {from} -> {} from {}: {answer}, {}",
            r.at,
            r.call.called,
            r.call.source,
            count(r.times as usize, "time")
        );
        println!("    {}", r.call.why);
        if let Some(cure) = &r.call.cure {
            println!("    {cure}");
        }
    }
}
