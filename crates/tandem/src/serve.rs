//! `tandem serve --config DIR`.

use crate::{Config, calls::count, check::WRONG};
use std::process::ExitCode;
use tandem_server::{
    NotReloaded,
    config::{ConfigError, read_hashed},
    start,
};
use tokio::signal::unix::{SignalKind, signal};

pub(crate) async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let read = match read_hashed(&config.config) {
        Ok(read) => {
            if !read.warnings.is_empty() {
                eprint!("{}", tandem_dialplan::render(&read.warnings));
            }
            read
        }
        Err(error @ ConfigError::Wrong(_)) => {
            eprint!("{error}");
            eprintln!("tandem: not started, because of the errors above");
            return Ok(ExitCode::from(WRONG));
        }
        Err(error) => return Err(error.into()),
    };
    let gateway = start(read, &config.config, config.data.as_deref(), |line| {
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
            () = gateway.asked_to_stop() => break,
            _ = hup.recv() => {
                match gateway.reload("SIGHUP").await {
                    Ok(_) => eprintln!("tandem: configuration and certificates read again"),
                    Err(error) => {
                        if let NotReloaded::Wrong(found) = &error {
                            eprint!("{}", tandem_dialplan::render(found));
                        }
                        eprintln!("tandem: not reloaded: {error}; the old configuration stays");
                    }
                }
            }
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
