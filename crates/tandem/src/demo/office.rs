//! The people of the demo: a caller, the desk phones of billing, and a carrier beyond the trunk.

use super::actor::Actor;
use anyhow::Context;
use futures_util::StreamExt;
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tandem_phone::{Act, Incoming, PhoneEvent, Voice};
use tandem_server::Gateway;
use tandem_sip::api::{Flow, Transport};
use tandem_speech::{Line, Providers, Settings};

/// Everybody has a tone of their own, so that who hears whom can be measured.
pub(crate) const CALLER_HZ: f64 = 440.0;
pub(crate) const DESK_HZ: f64 = 660.0;
pub(crate) const VIEWINGS_HZ: f64 = 880.0;
/// Where the shipped trunk's carrier is.
const CARRIER: ([u8; 4], u16) = ([127, 0, 0, 1], 5080);
const SOON: Duration = Duration::from_secs(5);

pub(crate) struct Office {
    pub(crate) gateway: SocketAddr,
    pub(crate) caller: Actor,
    pub(crate) billing_one: Actor,
    pub(crate) billing_two: Actor,
    pub(crate) carrier: Actor,
    voices: Arc<Providers>,
}

/// Starts everybody and registers the desk phones.
pub(crate) async fn open(gateway: &Gateway, config: &Path) -> anyhow::Result<Office> {
    let sip = gateway
        .sip
        .iter()
        .find_map(|(t, addr)| (*t == Transport::Udp).then_some(*addr))
        .context("the demo needs a udp:// listener in tandem.toml")?;
    let here: SocketAddr = ([127, 0, 0, 1], 0).into();
    let clock = gateway.clock();
    let caller = Actor::start("Anna", "+447700900123", "127.0.0.1", here, clock, |_| {}).await?;
    let carrier = Actor::start(
        "Viewings",
        "+441632960700",
        "127.0.0.1",
        CARRIER.into(),
        clock,
        |c| {
            c.incoming = Incoming::Answer {
                after: Duration::from_millis(800),
            };
            c.voice = Voice::Tone { hz: VIEWINGS_HZ };
        },
    )
    .await
    .context("the demo's carrier, at the address that trunks/carrier.toml names")?;
    let mut desks = Vec::new();
    for (name, user) in [("Billing one", "201"), ("Billing two", "202")] {
        let password = std::fs::read_to_string(config.join("secrets").join(user))
            .context("the desk phones' passwords")?;
        let mut desk = Actor::start(name, user, "phones.northgate.example", here, clock, |c| {
            c.password = Some(password.trim().to_owned());
            c.registrar = Some(Flow {
                transport: Transport::Udp,
                local: c.local_sip,
                remote: sip,
            });
        })
        .await?;
        desk.act(Act::Register).await;
        desk.until("registration", SOON, |e| {
            matches!(e, PhoneEvent::Registered { .. })
        })
        .await?;
        desks.push(desk);
    }
    let mut desks = desks.into_iter();
    let (Some(billing_one), Some(billing_two)) = (desks.next(), desks.next()) else {
        anyhow::bail!("two desk phones were made");
    };
    let voices = Providers::new(Vec::new(), Settings::default())?;
    Ok(Office {
        gateway: sip,
        caller,
        billing_one,
        billing_two,
        carrier,
        voices,
    })
}

impl Office {
    /// The caller's words as sound.
    pub(crate) async fn words(&self, text: &str) -> anyhow::Result<Arc<Vec<i16>>> {
        let mut pcm = Vec::new();
        let mut sound = self
            .voices
            .tts("offline")
            .speak(Line::new(text, "rms", "en-US"));
        while let Some(chunk) = sound.next().await {
            let chunk = chunk.map_err(|fault| anyhow::anyhow!("the caller cannot be given a voice ({fault:?}); is flite installed? `make setup`"))?;
            pcm.extend(chunk);
        }
        Ok(Arc::new(pcm))
    }
}

/// Leaves everything running for a softphone, until Ctrl-C.
pub(crate) async fn stay(gateway: &Gateway) -> anyhow::Result<()> {
    let Some((_, sip)) = gateway.sip.first() else {
        return Ok(());
    };
    println!("\nThe gateway stays. With any softphone on this machine:");
    println!(
        "  call  sip:+442079460100@{sip}   the front desk (no account needed from this machine)"
    );
    println!("  call  sip:2000@{sip}            an echo");
    println!(
        "  register 200 to 204 at {sip}, passwords in dialplans/secrets/, and be the one who is put through to"
    );
    if let Some(http) = gateway.http {
        println!("  see   http://{http}/health/ready, /metrics, /api/v1/calls");
    }
    println!("Ctrl-C ends it.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
