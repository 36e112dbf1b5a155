//! The three calls of the demo.

use super::{
    actor::Actor,
    office::{CALLER_HZ, DESK_HZ, Office, VIEWINGS_HZ},
};
use anyhow::Context;
use std::time::Duration;
use tandem_codec::meter::{ToneMeter, level_dbov};
use tandem_phone::{Act, Incoming, PhoneEvent, Voice};
use tandem_server::Gateway;
use tandem_sip::message::{Headers, Uri};
use tandem_types::{
    CallId, Mono,
    context::Speaker,
    journal::{Event, What},
};
use tokio::{sync::broadcast, time::timeout};

const SOON: Duration = Duration::from_secs(15);
/// Two agents' sentences and an utterance's silence fit into this.
const WORDS: Duration = Duration::from_secs(40);

/// What was found in one call.
pub(crate) struct Scene {
    pub(crate) title: &'static str,
    pub(crate) call: CallId,
    pub(crate) checks: Vec<(String, bool)>,
}

/// The journal as it is written, printed as it goes.
struct Live {
    events: broadcast::Receiver<Event>,
    call: Option<CallId>,
    began: i64,
    quiet: bool,
}

impl Live {
    async fn until(
        &mut self,
        what: &str,
        limit: Duration,
        like: impl Fn(&What) -> bool,
    ) -> anyhow::Result<What> {
        let wait = async {
            loop {
                let event = match self.events.recv().await {
                    Ok(event) => event,
                    Err(broadcast::error::RecvError::Lagged(_)) => continue,
                    Err(broadcast::error::RecvError::Closed) => return None,
                };
                if let What::CallStarted { .. } = event.what
                    && self.call.is_none()
                {
                    self.call = Some(event.call);
                    self.began = event.at.millis();
                }
                if self.call != Some(event.call) {
                    continue;
                }
                if !self.quiet
                    && let Some(line) = in_words(&event.what)
                {
                    println!(
                        "  {:>7.2}  {line}",
                        (event.at.millis() - self.began) as f64 / 1000.0
                    );
                }
                if like(&event.what) {
                    return Some(event.what);
                }
            }
        };
        match timeout(limit, wait).await {
            Ok(Some(event)) => Ok(event),
            _ => anyhow::bail!("{what}: not within {} s", limit.as_secs()),
        }
    }

    async fn agent_said(&mut self, agent: &str, part: &str) -> anyhow::Result<()> {
        let what = format!("the {agent} agent saying \"{part}\"");
        self.until(&what, WORDS, |w| {
            matches!(w, What::TurnEnded { speaker: Speaker::Agent(a), text, .. } if a == agent && text.contains(part))
        })
        .await
        .map(drop)
    }
}

/// What is worth a line while it happens.
fn in_words(what: &What) -> Option<String> {
    Some(match what {
        What::CallStarted {
            from, to, start, ..
        } => format!("{from} calls {to}: {start}"),
        What::Disclosed { .. } => "the caller knows that this is an AI".into(),
        What::TurnEnded {
            speaker: Speaker::Caller,
            text,
            ..
        } => format!("caller: {text}"),
        What::TurnEnded {
            speaker: Speaker::CallerKeys,
            text,
            ..
        } => format!("caller presses {text}"),
        What::TurnEnded {
            speaker: Speaker::Agent(a),
            text,
            ..
        } => format!("{a}: {text}"),
        What::Understood {
            intent: Some(intent),
            confidence,
            by,
            ..
        } => {
            format!(
                "         understood: {intent} ({:.2}, by {by})",
                f64::from(*confidence) / 1000.0
            )
        }
        What::HandoffOffered { package, sha256 } => {
            format!(
                "-------- handoff {:?} -> {:?}, package {}",
                package.from,
                package.to,
                &sha256[..12.min(sha256.len())]
            )
        }
        What::HandoffEnded { end, .. } => format!("-------- handoff {end:?}"),
        What::TransferDialled { target, .. } => format!("-------- ringing {target}"),
        What::TransferRang { .. } => "         it rings".into(),
        What::TransferBriefed { text, .. } => format!("brief:   {text}"),
        What::TransferAccepted { by, .. } => format!("-------- taken by {by}"),
        What::TransferBridged { .. } => "-------- caller and person are connected".into(),
        What::TransferAttemptFailed { reason, .. } => format!("-------- nobody there: {reason:?}"),
        What::CallEnded { end, .. } => format!("call ended by {:?}: {:?}", end.by, end.reason),
        _ => return None,
    })
}

/// Plays all calls, one after the other.
pub(crate) async fn play(
    gateway: &Gateway,
    office: &mut Office,
    quiet: bool,
) -> anyhow::Result<Vec<Scene>> {
    let mut scenes = Vec::new();
    scenes.push(
        warm(gateway, office, quiet)
            .await
            .context("the warm transfer")?,
    );
    scenes.push(
        nobody(gateway, office, quiet)
            .await
            .context("nobody answers")?,
    );
    scenes.push(
        cold(gateway, office, quiet)
            .await
            .context("the cold transfer")?,
    );
    Ok(scenes)
}

async fn ring_in(
    gateway: &Gateway,
    office: &Office,
    quiet: bool,
    title: &str,
) -> anyhow::Result<Live> {
    if !quiet {
        println!("\n== {title}");
    }
    let live = Live {
        events: gateway.events(),
        call: None,
        began: 0,
        quiet,
    };
    let target = Uri::sip("+442079460100", &office.gateway.to_string());
    office.caller.act(Act::Speak(Voice::Silence)).await;
    office
        .caller
        .act(Act::Call {
            target,
            flow: None,
            headers: Headers::new(),
        })
        .await;
    Ok(live)
}

async fn say(office: &Office, text: &str) -> anyhow::Result<()> {
    let pcm = office.words(text).await?;
    office.caller.act(Act::Say(pcm)).await;
    Ok(())
}

/// Lets time pass: people do.
async fn pause(ms: u64) {
    let _ = timeout(Duration::from_millis(ms), std::future::pending::<()>()).await;
}

fn hears(who: &Actor, hz: f64, from: Mono, to: Mono) -> bool {
    let pcm = who.heard(from, to);
    let meter = ToneMeter::new(8000);
    let windows: Vec<&[i16]> = pcm.chunks_exact(1600).collect();
    let hits = windows.iter().filter(|w| meter.hears(w, hz)).count();
    !windows.is_empty() && hits * 10 >= windows.len() * 8
}

/// Triage, billing, a person who is briefed and presses 1.
async fn warm(gateway: &Gateway, office: &mut Office, quiet: bool) -> anyhow::Result<Scene> {
    let title = "Warm transfer: a question about a bill, put through to a person";
    let mut live = ring_in(gateway, office, quiet, title).await?;
    let mut checks = Vec::new();
    office
        .billing_one
        .act(Act::Incoming(Incoming::Answer {
            after: Duration::from_millis(1200),
        }))
        .await;
    live.agent_said("triage", "help").await?;
    say(office, "i was charged twice this month").await?;
    live.until(
        "the handoff to billing",
        WORDS,
        |w| matches!(w, What::AgentEntered { agent, .. } if agent == "billing"),
    )
    .await?;
    live.agent_said("billing", "charged").await?;
    checks.push((
        "billing's first words show what the caller had said".to_owned(),
        true,
    ));
    say(office, "please put me through to billing").await?;
    let briefed = live
        .until("the brief", WORDS, |w| {
            matches!(w, What::TransferBriefed { .. })
        })
        .await?;
    let told = matches!(&briefed, What::TransferBriefed { text, .. } if text.to_lowercase().contains("charged twice"));
    checks.push(("the brief has what the caller said".to_owned(), told));
    let brief_began = office.caller.now();
    pause(5000).await;
    let (from, to) = (Mono(brief_began.0 + 1_000_000_000), office.caller.now());
    checks.push((
        "the caller hears music meanwhile".to_owned(),
        level_dbov(&office.caller.heard(from, to)) > -50.0,
    ));
    checks.push((
        "the person hears the brief".to_owned(),
        level_dbov(&office.billing_one.heard(from, to)) > -50.0,
    ));
    office.billing_one.act(Act::Press('1')).await;
    live.until("the bridge", SOON, |w| {
        matches!(w, What::TransferBridged { .. })
    })
    .await?;
    office
        .caller
        .act(Act::Speak(Voice::Tone { hz: CALLER_HZ }))
        .await;
    office
        .billing_one
        .act(Act::Speak(Voice::Tone { hz: DESK_HZ }))
        .await;
    pause(1000).await;
    let from = office.caller.now();
    pause(2000).await;
    let to = office.caller.now();
    checks.push((
        "the caller hears the person".to_owned(),
        hears(&office.caller, DESK_HZ, from, to),
    ));
    checks.push((
        "the person hears the caller".to_owned(),
        hears(&office.billing_one, CALLER_HZ, from, to),
    ));
    office.caller.act(Act::Hangup).await;
    office.billing_one.act(Act::Speak(Voice::Silence)).await;
    finish(live, title, checks).await
}

/// One phone is busy, the other rings out: the agent is back and knows it.
async fn nobody(gateway: &Gateway, office: &mut Office, quiet: bool) -> anyhow::Result<Scene> {
    let title = "Nobody answers: the AI is back on the line";
    let mut live = ring_in(gateway, office, quiet, title).await?;
    let mut checks = Vec::new();
    office.billing_one.act(Act::Incoming(Incoming::Busy)).await;
    office
        .billing_two
        .act(Act::Incoming(Incoming::RingThenReject {
            after: Duration::from_secs(3),
            status: 480,
        }))
        .await;
    live.agent_said("triage", "help").await?;
    say(office, "there is a mistake on my bill").await?;
    live.agent_said("billing", "mistake").await?;
    say(office, "i want a refund").await?;
    live.until("a phone that is busy", WORDS, |w| {
        matches!(w, What::TransferAttemptFailed { .. })
    })
    .await?;
    live.until("the end of the transfer", WORDS, |w| {
        matches!(
            w,
            What::TransferEnded {
                failed: Some(_),
                ..
            }
        )
    })
    .await?;
    live.agent_said("billing", "billing again").await?;
    checks.push((
        "the agent is back, says why, and asks how to go on".to_owned(),
        true,
    ));
    say(office, "when is my rent due").await?;
    live.agent_said("billing", "first day").await?;
    checks.push(("and goes on helping".to_owned(), true));
    office.caller.act(Act::Hangup).await;
    finish(live, title, checks).await
}

/// By REFER: the carrier takes the caller over, and the gateway is out of the call once that is certain.
async fn cold(gateway: &Gateway, office: &mut Office, quiet: bool) -> anyhow::Result<Scene> {
    let title = "Cold transfer: by REFER to the viewings desk, followed to its last NOTIFY";
    let mut live = ring_in(gateway, office, quiet, title).await?;
    let mut checks = Vec::new();
    live.agent_said("triage", "help").await?;
    say(office, "i would like to book a viewing").await?;
    live.agent_said("lettings", "viewing").await?;
    say(office, "i would like to book a viewing").await?;
    let accepted = live
        .until("the REFER's success", WORDS, |w| {
            matches!(w, What::TransferAccepted { .. })
        })
        .await?;
    checks.push((
        "the transfer counted only once its last NOTIFY said 200".to_owned(),
        matches!(accepted, What::TransferAccepted { by, .. } if by.contains("200")),
    ));
    office
        .caller
        .act(Act::Speak(Voice::Tone { hz: CALLER_HZ }))
        .await;
    pause(1000).await;
    let from = office.caller.now();
    pause(2000).await;
    let to = office.caller.now();
    checks.push((
        "the caller hears the viewings desk".to_owned(),
        hears(&office.caller, VIEWINGS_HZ, from, to),
    ));
    checks.push((
        "the viewings desk hears the caller".to_owned(),
        hears(&office.carrier, CALLER_HZ, from, to),
    ));
    office.caller.act(Act::Hangup).await;
    office
        .carrier
        .until("the end of the call", SOON, |e| {
            matches!(e, PhoneEvent::Ended { .. })
        })
        .await?;
    finish(live, title, checks).await
}

async fn finish(
    mut live: Live,
    title: &'static str,
    checks: Vec<(String, bool)>,
) -> anyhow::Result<Scene> {
    if !matches!(
        live.until("the end of the call", SOON, |w| matches!(
            w,
            What::CallEnded { .. }
        ))
        .await?,
        What::CallEnded { .. }
    ) {
        anyhow::bail!("the call did not end");
    }
    pause(500).await;
    let call = live.call.context("a call began")?;
    Ok(Scene {
        title,
        call,
        checks,
    })
}
