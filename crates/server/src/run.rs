//! Starting everything in order, and stopping it in the reverse one.

use crate::{
    Clock, ToShard, config,
    http::{self, App},
    media_worker::{self, MediaHandle, WorkerConfig},
    shard::{Shard, Snapshot, Wires},
    speech_desk::{Segments, desk},
    trace::TraceRing,
};
use secrecy::SecretString;
use std::{
    collections::BTreeMap,
    io::Read,
    net::{SocketAddr, UdpSocket},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};
use tandem_call::{Admin, Input, Switch, SwitchConfig, brains_of};
use tandem_dialplan::{Door, Plan};
use tandem_net::{Frame, NetError, TcpEvent, bind_udp, read_udp, resolve, serve_tcp};
use tandem_sip::{
    api::{Flow, Transport},
    message::{Framing, Uri, frame},
};
use tandem_speech::{DoorSpec, Line, ProfileSpec, Prompt, Providers, Settings};
use tandem_store::{Fsync, Journal, JournalError, Projector, Store, StoreError};
use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    task::JoinSet,
};

/// Inputs that may wait for the shard.
const SHARD_QUEUE: usize = 16_384;
/// Messages that may wait for the TCP table.
const TCP_QUEUE: usize = 4096;
/// Events that a slow onlooker may be behind.
const LIVE: usize = 4096;
/// Names of peers are looked up again this often.
const RESOLVE_EVERY: Duration = Duration::from_secs(60);
/// After the drain time, goodbyes and BYEs may take this long.
const LAST_WORDS: Duration = Duration::from_secs(12);

/// The gateway could not be started; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database's URL or file.
    #[error("the database: {0}; see [store] url in tandem.toml")]
    Store(#[from] StoreError),
    /// Providers.
    #[error("the providers: {0}; see [providers] in tandem.toml")]
    Providers(#[from] tandem_speech::SetupError),
    /// The system.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        error: std::io::Error,
    },
}

/// A running gateway.
pub struct Gateway {
    clock: Clock,
    app: App,
    stop: Arc<AtomicBool>,
    shutdown: watch::Sender<bool>,
    drain: Duration,
    shard: Option<JoinHandle<()>>,
    threads: Vec<JoinHandle<()>>,
    media: Vec<MediaHandle>,
    tasks: JoinSet<()>,
    projector: Option<tokio::task::JoinHandle<tandem_store::Status>>,
    live: broadcast::Sender<tandem_types::journal::Event>,
    /// SIP listeners as peers see them.
    pub sip: Vec<(Transport, SocketAddr)>,
    /// Where HTTP listens.
    pub http: Option<SocketAddr>,
    /// The first day's advice: what is missing on this machine.
    pub hints: Vec<String>,
}

/// Starts a gateway. `progress` hears one line for each thing that takes a moment.
///
/// # Errors
/// Whatever keeps it from taking calls; a database that is away does not.
pub async fn start(
    plan: Plan,
    config_dir: &Path,
    data_dir: Option<&str>,
    mut progress: impl FnMut(&str) + Send,
) -> Result<Gateway, StartError> {
    let node = plan.node.placed(&config_dir.to_string_lossy(), data_dir);
    let plan = Arc::new(Plan {
        node: node.clone(),
        ..plan
    });
    let clock = Clock::start();
    let stop = Arc::new(AtomicBool::new(false));
    let (to_shard, queue) = sync_channel::<ToShard>(SHARD_QUEUE);
    let metrics = metrics_handle();

    // Listeners first: a taken port is the most common mistake, and nothing is left behind by it.
    let mut listen = Vec::new();
    let mut udp: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
    for l in node.listen.iter().filter(|l| !l.tcp) {
        let socket = Arc::new(bind_udp(l.addr)?);
        let local = socket
            .local_addr()
            .map_err(|error| system("the SIP socket", error))?;
        let seen = SocketAddr::new(
            config::advertised(l.addr.ip(), node.public_address),
            local.port(),
        );
        listen.push((Transport::Udp, seen));
        udp.insert(seen, socket);
    }
    let mut tasks = JoinSet::new();
    let mut tcp = BTreeMap::new();
    for l in node.listen.iter().filter(|l| l.tcp) {
        let (seen, table) = listen_tcp(l.addr, node.public_address, &to_shard, &mut tasks).await?;
        listen.push((Transport::Tcp, seen));
        tcp.insert(seen, table);
    }

    let fsync = if node.fsync {
        Fsync::Always
    } else {
        Fsync::Never
    };
    let (mut journal, recovered) = Journal::open(&node.journal, 0, fsync)?;
    let left = recovered.closing();
    if !left.is_empty() {
        progress(&format!(
            "{} calls were cut off by the last stop; their records are closed",
            recovered.open.len()
        ));
        let _ = journal.append(clock.now().wall, &left);
    }
    make_database_folder(&node.store_url)?;
    let store = Store::connect_lazy(&node.store_url)?;
    let projector = Projector::new(&node.journal, store.clone());
    journal.set_wake(projector.wake());
    let projector_status = projector.status();
    let (shutdown, stopping) = watch::channel(false);
    let projector = tokio_task(projector.run(until(stopping)));

    let providers = Providers::new(
        profiles(&plan),
        Settings {
            cache_dir: Some(node.prompt_cache.clone().into()),
            ..Settings::default()
        },
    )?;
    render_prompts(&plan, &providers, &mut progress).await;
    let hints = providers
        .probe()
        .await
        .into_iter()
        .filter(|line| !line.ok)
        .map(|line| format!("{}: {}", line.what, line.detail))
        .collect();

    let segments = Segments::default();
    let (desk_handle, make_desk) = desk(providers, segments.clone(), to_shard.clone());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut media = Vec::new();
    let mut threads = Vec::new();
    for index in 0..workers {
        let worker = WorkerConfig {
            index,
            workers,
            ports: node.rtp_ports,
            reserve: usize::from(node.rtp_reserve) / workers,
            address: node.rtp_address,
            advertise: config::advertised(node.rtp_address, node.public_address),
            rtp_timeout: node.rtp_timeout,
            drain: node.drain_ports,
            config_dir: config_dir.to_owned(),
        };
        let (handle, thread) = media_worker::start(
            worker,
            clock,
            to_shard.clone(),
            desk_handle.clone(),
            segments.clone(),
        )
        .map_err(|error| system("a media worker", error))?;
        media.push(handle);
        threads.push(thread);
    }
    let working_desk = make_desk(media.clone());
    tasks.spawn(working_desk.run());

    let brains = brains_of(&plan);
    let config = SwitchConfig {
        listen: listen.clone(),
        shard: 0,
        nonce_secret: random()?,
        seed: u64::from_le_bytes(random()?),
    };
    let switch = Switch::new(config, plan.clone(), brains, clock.now());
    let trace = Arc::new(TraceRing::default());
    let live = broadcast::Sender::new(LIVE);
    let wires = Wires {
        udp: udp.clone(),
        tcp,
        media: media.clone(),
        desk: desk_handle,
        trace: trace.clone(),
        live: live.clone(),
    };
    let shard = Shard {
        clock,
        switch,
        journal,
        wires,
        queue,
    };
    let shard = std::thread::Builder::new()
        .name("shard-0".into())
        .spawn(move || shard.run())
        .map_err(|error| system("the signalling thread", error))?;
    resolve_names(&plan, to_shard.clone(), shutdown.subscribe(), &mut tasks);

    let draining = Arc::new(AtomicBool::new(false));
    let app = App {
        shard: to_shard.clone(),
        store,
        projector: projector_status,
        trace,
        metrics,
        draining,
        capacity: node.max_calls,
    };
    let http = match node.http {
        Some(addr) => Some(listen_http(addr, app.clone(), shutdown.subscribe(), &mut tasks).await?),
        None => None,
    };
    // Everything is there: let calls in.
    for (local, socket) in udp {
        threads.push(take_calls(local, socket, stop.clone(), to_shard.clone())?);
    }
    Ok(Gateway {
        clock,
        app,
        stop,
        shutdown,
        drain: node.drain,
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

impl Gateway {
    /// How things stand.
    pub async fn snapshot(&self) -> Option<Snapshot> {
        self.app.snapshot().await
    }

    /// The clock of everything in here.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The journal as it is written, from now on.
    pub fn events(&self) -> broadcast::Receiver<tandem_types::journal::Event> {
        self.live.subscribe()
    }

    /// The SIP messages of a call.
    pub fn trace(&self, call: tandem_types::CallId) -> Vec<crate::trace::Traced> {
        self.app.trace.of(call)
    }

    /// Waits until everything that was journaled is in the database, if that answers.
    pub async fn written(&self) {
        let mut status = self.app.projector.clone();
        let done = status.wait_for(|s| s.behind_bytes == 0 || s.away.is_some());
        let _ = tokio::time::timeout(LAST_WORDS, done).await;
    }

    /// The database, for views.
    pub fn store(&self) -> &Store {
        &self.app.store
    }

    /// Drains and stops: no new calls, running ones may end by themselves until the drain time or `hurry`; then they hear a
    /// goodbye. Everything is written. Gives the number of calls that had to be ended.
    pub async fn stop(mut self, hurry: impl Future<Output = ()>) -> usize {
        self.app.draining.store(true, Ordering::Relaxed);
        let _ = self.app.shard.try_send(ToShard::admin(Admin::Drain));
        tokio::pin!(hurry);
        tokio::select! {
            () = self.idle(self.drain) => {}
            () = &mut hurry => {}
        }
        let left = self.snapshot().await.map_or(0, |s| s.calls);
        if left > 0 {
            let _ = self.app.shard.try_send(ToShard::admin(Admin::HangupAll));
            self.idle(LAST_WORDS).await;
        }
        let _ = self.app.shard.try_send(ToShard::Stop);
        if let Some(shard) = self.shard.take() {
            let _ = tokio::task::spawn_blocking(move || shard.join()).await;
        }
        self.stop.store(true, Ordering::Relaxed);
        self.media.iter().for_each(MediaHandle::stop);
        let threads = std::mem::take(&mut self.threads);
        let _ =
            tokio::task::spawn_blocking(move || threads.into_iter().for_each(|t| drop(t.join())))
                .await;
        let _ = self.shutdown.send(true);
        if let Some(projector) = self.projector.take() {
            let _ = projector.await;
        }
        self.app.store.close().await;
        self.tasks.shutdown().await;
        left
    }

    /// Until no call runs, or `limit` is over.
    async fn idle(&self, limit: Duration) {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        let wait = async {
            loop {
                tick.tick().await;
                if self.snapshot().await.is_none_or(|s| s.calls == 0) {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(limit, wait).await;
    }
}

fn system(what: &str, error: std::io::Error) -> StartError {
    StartError::System {
        what: what.to_owned(),
        error,
    }
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

async fn until(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn random<const N: usize>() -> Result<[u8; N], StartError> {
    let mut bytes = [0u8; N];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut f| f.read_exact(&mut bytes))
        .map_err(|error| system("/dev/urandom", error))?;
    Ok(bytes)
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

fn make_database_folder(url: &str) -> Result<(), StartError> {
    let Some(path) = url.strip_prefix("sqlite://") else {
        return Ok(());
    };
    let file = path.split('?').next().unwrap_or(path);
    match Path::new(file).parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !file.starts_with(":memory:") => {
            std::fs::create_dir_all(folder).map_err(|error| {
                system(
                    &format!("the database's folder {}", folder.display()),
                    error,
                )
            })
        }
        _ => Ok(()),
    }
}

fn profiles(plan: &Plan) -> Vec<ProfileSpec> {
    let door = |d: &Door| match d {
        Door::None => DoorSpec::None,
        Door::Offline { engine } => DoorSpec::Offline {
            engine: engine.clone(),
        },
        Door::OpenAi {
            base_url,
            model,
            key,
            voice,
            sample_rate,
        } => DoorSpec::OpenAi {
            base_url: base_url.clone(),
            model: model.clone(),
            key: key.as_ref().map(|k| SecretString::from(k.0.clone())),
            voice: Some(voice.clone()).filter(|v| !v.is_empty()),
            sample_rate: Some(*sample_rate).filter(|r| *r != 0),
        },
    };
    plan.node
        .providers
        .values()
        .map(|p| ProfileSpec {
            name: p.name.clone(),
            stt: door(&p.stt),
            llm: door(&p.llm),
            tts: door(&p.tts),
            fallback: p.fallback.clone(),
        })
        .collect()
}

async fn render_prompts(
    plan: &Plan,
    providers: &Arc<Providers>,
    progress: &mut (impl FnMut(&str) + Send),
) {
    let prompts: Vec<Prompt> = plan
        .prompts
        .iter()
        .map(|(text, voice, language, profile)| Prompt {
            profile: profile.clone(),
            line: Line::new(text.clone(), voice.clone(), language.clone()),
        })
        .collect();
    let count = prompts.len();
    if count > 0 {
        let done = providers.render_all(prompts, |_| {}).await;
        progress(&format!(
            "{} of {count} prompts are ready to be played",
            done.done - done.failed
        ));
    }
}

async fn listen_tcp(
    addr: SocketAddr,
    public: Option<std::net::IpAddr>,
    to_shard: &SyncSender<ToShard>,
    tasks: &mut JoinSet<()>,
) -> Result<(SocketAddr, mpsc::Sender<tandem_net::Outgoing>), StartError> {
    let (table, outgoing) = mpsc::channel(TCP_QUEUE);
    let (ready, bound) = oneshot::channel();
    let seen_ip = config::advertised(addr.ip(), public);
    let shard = to_shard.clone();
    // The port is known once it is bound (port 0 in tests); messages come only after that.
    let seen = Arc::new(std::sync::OnceLock::new());
    let local = seen.clone();
    let deliver = move |event: TcpEvent| {
        let Some(local) = local.get().copied() else {
            return false;
        };
        let flow = |remote| Flow {
            transport: Transport::Tcp,
            local,
            remote,
        };
        let input = match event {
            TcpEvent::Message { remote, bytes } => Input::Packet {
                from: flow(remote),
                bytes,
            },
            TcpEvent::Failed { remote } => Input::TransportFailed { flow: flow(remote) },
        };
        shard.try_send(ToShard::Input(input)).is_ok()
    };
    let told = seen.clone();
    tasks.spawn(serve_tcp(addr, framer, deliver, outgoing, move |result| {
        let result = result.map(|bound| {
            let seen = SocketAddr::new(seen_ip, bound.port());
            let _ = told.set(seen);
            seen
        });
        let _ = ready.send(result);
    }));
    let seen = bound
        .await
        .map_err(|_| system("TCP", std::io::Error::other("the listener ended at once")))??;
    Ok((seen, table))
}

fn framer(bytes: &[u8]) -> Frame {
    match frame(bytes) {
        Framing::NeedMore => Frame::More,
        Framing::Keepalive(n) => Frame::Keepalive(n),
        Framing::Whole(n) => Frame::Whole(n),
        Framing::Bad => Frame::Bad,
    }
}

fn take_calls(
    local: SocketAddr,
    socket: Arc<UdpSocket>,
    stop: Arc<AtomicBool>,
    shard: SyncSender<ToShard>,
) -> Result<JoinHandle<()>, StartError> {
    read_udp(socket, stop, move |remote, bytes| {
        // CRLF keepalives of phones behind NAT (RFC 5626) are no messages.
        if bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return;
        }
        let from = Flow {
            transport: Transport::Udp,
            local,
            remote,
        };
        if let Err(TrySendError::Full(_)) =
            shard.try_send(ToShard::Input(Input::Packet { from, bytes }))
        {
            metrics::counter!("tandem_sip_dropped_total").increment(1);
        }
    })
    .map_err(|error| system("a SIP reader", error))
}

async fn listen_http(
    addr: SocketAddr,
    app: App,
    stopping: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, StartError> {
    let listener = tokio::net::TcpListener::bind(addr).await.map_err(|error| {
        system(
            &format!("HTTP on {addr} ([http] listen in tandem.toml)"),
            error,
        )
    })?;
    let bound = listener
        .local_addr()
        .map_err(|error| system("HTTP", error))?;
    tasks.spawn(async move {
        let served = axum::serve(listener, http::router(app))
            .with_graceful_shutdown(until(stopping))
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "HTTP ended");
        }
    });
    Ok(bound)
}

/// Looks the names of trunks' peers up, now and then.
fn resolve_names(
    plan: &Plan,
    shard: SyncSender<ToShard>,
    mut stopping: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) {
    let uris = plan.trunks.values().flat_map(|t| {
        t.peers
            .iter()
            .chain(&t.outbound_proxy)
            .chain(t.register.as_ref().map(|(uri, _)| uri))
    });
    let mut names: Vec<(String, u16)> = uris
        .filter_map(|text| Uri::parse(text).ok())
        .filter(|uri| uri.ip().is_none())
        .filter_map(|uri| Some((uri.host()?.to_string(), uri.port().unwrap_or(5060))))
        .collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return;
    }
    tasks.spawn(async move {
        let mut tick = tokio::time::interval(RESOLVE_EVERY);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                _ = stopping.changed() => return,
            }
            for (host, port) in &names {
                let addrs = resolve(host, *port).await;
                let _ = shard.try_send(ToShard::Input(Input::Resolved {
                    host: host.clone(),
                    addrs,
                }));
            }
        }
    });
}
