//! `tandem serve --config DIR`.

use crate::{Config, calls::count, check::WRONG};
use std::process::ExitCode;
use tandem_server::{
    config::{ConfigError, read},
    start,
};
use tokio::signal::unix::{SignalKind, signal};

pub(crate) async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let plan = match read(&config.config) {
        Ok((plan, warnings)) => {
            if !warnings.is_empty() {
                eprint!("{}", tandem_dialplan::render(&warnings));
            }
            plan
        }
        Err(error @ ConfigError::Wrong(_)) => {
            eprint!("{error}");
            eprintln!("tandem: not started, because of the errors above");
            return Ok(ExitCode::from(WRONG));
        }
        Err(error) => return Err(error.into()),
    };
    let gateway = start(plan, &config.config, config.data.as_deref(), |line| {
        eprintln!("tandem: {line}")
    })
    .await
    // Its text has everything that its source would say again.
    .map_err(|error| anyhow::anyhow!(error.to_string()))?;
    for (transport, addr) in &gateway.sip {
        eprintln!(
            "tandem: SIP on {} {addr}",
            format!("{transport:?}").to_lowercase()
        );
    }
    if let Some(http) = gateway.http {
        eprintln!("tandem: http://{http}/health/ready, /metrics");
    }
    for hint in &gateway.hints {
        eprintln!("tandem: {hint}");
    }
    eprintln!("tandem: ready");
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let mut hup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = term.recv() => break,
            _ = int.recv() => break,
            _ = hup.recv() => eprintln!(
                "tandem: {}",
                match gateway.reload_certificates() {
                    true => "certificates read again",
                    false => "the certificates cannot be used, and the old ones stand; `tandem check` says why",
                }
            ),
        }
    }
    eprintln!(
        "tandem: draining; running calls may end by themselves, a second signal ends them now"
    );
    let left = gateway
        .stop(async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
        })
        .await;
    match left {
        0 => eprintln!("tandem: stopped, every call had ended"),
        n => eprintln!("tandem: stopped, {} ended with a goodbye", count(n, "call")),
    }
    Ok(ExitCode::SUCCESS)
}
