//! Starting everything in order, and stopping it in the reverse one.

mod error;
mod identity;
mod listen;
mod messages;
mod names;
mod record;
mod secure;
mod speech;
mod stop;
mod watching;

pub(crate) use self::speech::{Asked, render_prompts};
pub use self::{
    error::StartError,
    speech::{endpoints, profiles},
    stop::Gateway,
};

use self::{
    identity::Certificates,
    listen::{Inside, bind, bind_http, connections, serve_http},
};
use crate::{
    Clock, config,
    doctor::{LastHour, Surgery},
    door::Door,
    hep,
    hours::Override,
    http::App,
    intake::Intake,
    mailroom::Mailroom,
    media_worker::{self, MediaHandle, WorkerConfig},
    places::{ShardHandle, shard_queue},
    recorder::{self, RecorderHandle},
    reload::{InForce, Reloader},
    shard::{Shard, ToShard, Wires},
    speech_desk::{DeskHandle, Segments, desk},
    trace::TraceRing,
};
use arc_swap::ArcSwap;
use std::{
    collections::BTreeMap,
    io::Read,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    thread::JoinHandle,
    time::Duration,
};
use tandem_call::{Admin, Switch, SwitchConfig, brains_of};
use tandem_dialplan::{Node, Plan};
use tandem_net::NameService;
use tandem_sip::api::Transport;
use tokio::{
    sync::{Mutex, Notify, broadcast, watch},
    task::JoinSet,
};

/// Events that a slow onlooker may be behind.
const LIVE: usize = 4096;

/// Starts a gateway. `progress` hears one line for each thing that takes a moment.
///
/// # Errors
/// Whatever keeps it from taking calls; a database that is away does not.
pub async fn start(
    read: config::Read,
    config_dir: &Path,
    data_dir: Option<&str>,
    mut progress: impl FnMut(&str) + Send,
) -> Result<Gateway, StartError> {
    let config::Read { plan, sha256, .. } = read;
    let node = plan.node.placed(&config_dir.to_string_lossy(), data_dir);
    let plan = Arc::new(Plan {
        node: node.clone(),
        ..plan
    });
    let in_force = Arc::new(ArcSwap::new(plan.clone()));
    let clock = Clock::start();
    let (to_shard, queue) =
        shard_queue().map_err(|error| StartError::system("the signalling queue", error))?;
    let metrics = metrics_handle();
    let door = Door::new(in_force.clone(), u64::from_le_bytes(random()?));

    // Listeners first: a taken port is the most common mistake, and nothing is left behind by it.
    let udp = bind(&node)?;
    let mut listen: Vec<_> = udp.keys().map(|seen| (Transport::Udp, *seen)).collect();
    let mut tasks = JoinSet::new();
    tasks.spawn(upkeep(metrics.clone()));
    let tls = secure::of(config_dir, &plan)?;
    let mut streams = BTreeMap::new();
    for (by, at) in secure::streams(&plan) {
        let inside = Inside {
            public: node.public_address,
            shard: &to_shard,
            door: &door,
            origins: &node.websocket_origins,
        };
        let tls = tls
            .clone()
            .filter(|_| matches!(by, Transport::Tls | Transport::Wss));
        let (seen, table) = connections(by, at, tls, inside, &mut tasks).await?;
        listen.push((by, seen));
        streams.insert((by, seen), table);
    }
    let http = match node.http {
        Some(addr) => Some(bind_http(addr).await?),
        None => None,
    };

    let (journal, store, projector) = record::open(&node, clock, &mut progress)?;
    let rows = projector.rows();
    let (shutdown, stopping) = watch::channel(false);
    let projector = tokio_task(projector.run(until(stopping)));

    let asked = Asked::default().with(&plan);
    let providers = asked.providers(&plan)?;
    render_prompts(&plan, &providers, &mut progress).await;
    let hints = providers
        .probe()
        .await
        .into_iter()
        .filter(|line| !line.ok)
        .map(|line| format!("{}: {}", line.what, line.detail))
        .collect();

    let providers = Arc::new(ArcSwap::new(providers));
    let turned_away = Arc::new(LastHour::default());
    let surgery = Surgery {
        providers: providers.clone(),
        turned_away: turned_away.clone(),
        data: node.journal.clone(),
        clock,
    };
    let segments = Segments::default();
    let (desk_handle, make_desk) = desk(
        providers.clone(),
        segments.clone(),
        to_shard.clone(),
        node.recordings.clone(),
    );
    let (recordings, sounds) = recorder::queue();
    let around = Around {
        clock,
        recordings: &recordings,
        shard: &to_shard,
        desk: &desk_handle,
        segments: &segments,
    };
    let (media, mut threads) = start_media(&node, config_dir, &around)?;
    let recorder = recorder::start(node.recordings.clone(), clock, to_shard.clone(), sounds)
        .map_err(|error| StartError::system("the recorder", error))?;
    // The last: it ends when no worker is left.
    threads.push(recorder);
    tasks.spawn(make_desk(media.clone()).run());

    let brains = brains_of(&plan);
    let config = SwitchConfig {
        listen: listen.clone(),
        shard: 0,
        nonce_secret: tandem_types::Pii::new(random()?),
        srtp_secret: tandem_types::Pii::new(random()?),
        seed: u64::from_le_bytes(random()?),
    };
    let mut switch = Switch::new(config, plan.clone(), brains, clock.now());
    if let Some(identity) = &node.identity {
        let certificates = Certificates::new(config_dir, identity);
        switch.believe(certificates.read()?);
        certificates.watch(to_shard.clone(), shutdown.subscribe(), &mut tasks);
    }
    let hours = Override::read(&plan);
    to_shard
        .order(ToShard::admin(Admin::Override(hours.now())))
        .await;
    let trace = Arc::new(TraceRing::default());
    let service = Arc::new(NameService::new(&node.dns));
    let (hep, copies) = match node.hep.clone() {
        Some(to) => {
            let (handle, copies) = hep::copies(to, node.name.clone(), service.clone());
            (Some(handle), Some(tokio_task(copies)))
        }
        None => (None, None),
    };
    let live = broadcast::Sender::new(LIVE);
    let left = Arc::new(Notify::new());
    let intake = Intake::new(udp, door, &queue)
        .map_err(|error| StartError::system("the SIP sockets", error))?;
    let names = names::look_up(service, to_shard.clone(), &mut tasks);
    let wires = Wires {
        names,
        streams,
        tls: tls.clone(),
        media: media.clone(),
        desk: desk_handle,
        recorder: recordings,
        left: left.clone(),
        trace: trace.clone(),
        hep,
        turned_away,
        live: live.clone(),
    };
    let shard = Shard {
        clock,
        switch,
        journal,
        wires,
        queue,
        intake,
        commanded: vec![None; media.len()],
        closing: clock.now().mono,
    };
    let shard = std::thread::Builder::new()
        .name("shard-0".into())
        .spawn(move || shard.run())
        .map_err(|error| StartError::system("the signalling thread", error))?;

    if let Some(tls) = &tls {
        secure::watch(tls.clone(), shutdown.subscribe(), &mut tasks);
    }
    let stopping = shutdown.subscribe();
    let waiting = messages::load(
        store.clone(),
        rows.clone(),
        to_shard.clone(),
        node.recordings.dir.clone().into(),
        clock,
        stopping,
    );
    tasks.spawn(waiting);
    let mailroom = Mailroom {
        plan: in_force.clone(),
        providers: providers.clone(),
        config_dir: config_dir.to_owned(),
        store: store.clone(),
        rows: rows.clone(),
        shard: to_shard.clone(),
        clock,
        left: left.clone(),
    };
    tasks.spawn(mailroom.run());
    let hours = Arc::new(Mutex::new(hours));
    let draining = Arc::new(AtomicBool::new(false));
    let reloader = Arc::new(Reloader {
        config_dir: config_dir.to_owned(),
        data_dir: data_dir.map(str::to_owned),
        clock,
        shard: to_shard.clone(),
        plan: in_force.clone(),
        providers,
        tls: tls.clone(),
        hours: hours.clone(),
        draining: draining.clone(),
        asked: Mutex::new(asked),
        in_force: ArcSwap::from_pointee(InForce {
            sha256,
            since: clock.now().wall,
            by: "start".to_owned(),
        }),
    });
    watching::watch_files(reloader.clone(), &mut tasks);
    let app = App {
        shard: to_shard.clone(),
        store,
        rows,
        trace,
        metrics,
        draining,
        drain: watch::channel(false).0,
        plan: in_force,
        reloader,
        hours,
        surgery,
    };
    let http = match http {
        Some(listener) => {
            let bound = listener
                .local_addr()
                .map_err(|error| StartError::system("HTTP", error))?;
            serve_http(listener, app.clone(), shutdown.subscribe(), &mut tasks);
            Some(bound)
        }
        None => None,
    };
    Ok(Gateway {
        clock,
        app,
        shutdown,
        copies,
        shard: Some(shard),
        threads,
        media,
        tasks,
        projector: Some(projector),
        live,
        sip: listen,
        http,
        hints,
    })
}

/// Whom media workers speak to.
struct Around<'a> {
    clock: Clock,
    shard: &'a ShardHandle,
    desk: &'a DeskHandle,
    segments: &'a Segments,
    recordings: &'a RecorderHandle,
}

/// A media worker for each core.
fn start_media(
    node: &Node,
    config_dir: &Path,
    around: &Around<'_>,
) -> Result<(Vec<MediaHandle>, Vec<JoinHandle<()>>), StartError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut started = Vec::new();
    for index in 0..workers {
        let worker = WorkerConfig {
            index,
            workers,
            ports: node.rtp_ports,
            reserve: usize::from(node.rtp_reserve) / workers,
            addresses: node
                .rtp_addresses()
                .into_iter()
                .map(|ip| (ip, config::advertised(ip, node.public_address)))
                .collect(),
            rtp_timeout: node.rtp_timeout,
            drain: node.drain_ports,
            config_dir: config_dir.to_owned(),
        };
        let one = media_worker::start(
            worker,
            around.clock,
            around.shard.clone(),
            around.desk.clone(),
            around.segments.clone(),
            around.recordings.clone(),
        )
        .map_err(|error| StartError::system("a media worker", error))?;
        started.push(one);
    }
    Ok(started.into_iter().unzip())
}

#[expect(
    clippy::disallowed_methods,
    reason = "its handle is kept and awaited in Gateway::stop"
)]
fn tokio_task<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(work)
}

/// Whether files were written is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Times to look whether files were written.
struct Looks {
    tick: tokio::time::Interval,
    stopping: watch::Receiver<bool>,
}

impl Looks {
    fn until(stopping: watch::Receiver<bool>) -> Self {
        let tick = tokio::time::interval(LOOK_EVERY);
        Self { tick, stopping }
    }

    /// Waits for the next one; `false`: the gateway stops.
    async fn again(&mut self) -> bool {
        tokio::select! {
            _ = self.tick.tick() => true,
            () = until(self.stopping.clone()) => false,
        }
    }
}

async fn until(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn random<const N: usize>() -> Result<[u8; N], StartError> {
    let mut bytes = [0u8; N];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut f| f.read_exact(&mut bytes))
        .map_err(|error| StartError::system("/dev/urandom", error))?;
    Ok(bytes)
}

/// Samples are folded into their histograms when somebody asks for them. Where nobody does, they would be kept for ever.
async fn upkeep(metrics: metrics_exporter_prometheus::PrometheusHandle) {
    let mut tick = tokio::time::interval(Duration::from_secs(60));
    loop {
        tick.tick().await;
        metrics.run_upkeep();
    }
}

/// One recorder for the process: tests start several gateways in it.
fn metrics_handle() -> metrics_exporter_prometheus::PrometheusHandle {
    static HANDLE: std::sync::OnceLock<metrics_exporter_prometheus::PrometheusHandle> =
        std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // Another recorder (an embedder's) keeps its place; ours then renders nothing.
            let _ = metrics::set_global_recorder(recorder);
            handle
        })
        .clone()
}
