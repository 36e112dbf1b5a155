//! Listeners: SIP over UDP, TCP, TLS and WebSocket, and HTTP.

use super::{StartError, until};
use crate::{
    config,
    door::{Door, Verdict},
    http::{self, App},
    places::ShardHandle,
    shard::ToShard,
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::Arc,
};
use tandem_call::Input;
use tandem_dialplan::{ListenBy, Node};
use tandem_net::{
    Frame, NetError, Outgoing, Patience, Streams, TcpEvent, Web, bind_udp, serve_tcp, tls::Tls,
};
use tandem_sip::{
    api::{Flow, Transport},
    message::{Framing, frame},
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

/// Messages that may wait for the TCP table.
const TCP_QUEUE: usize = 4096;

/// UDP sockets by the address that peers see.
pub(super) fn bind(node: &Node) -> Result<BTreeMap<SocketAddr, UdpSocket>, StartError> {
    let mut sockets = BTreeMap::new();
    for l in node.listen.iter().filter(|l| l.by == ListenBy::Udp) {
        let socket = bind_udp(l.addr)?;
        let local = socket
            .local_addr()
            .map_err(|error| StartError::system("the SIP socket", error))?;
        let ip = config::advertised(l.addr.ip(), node.public_address);
        sockets.insert(SocketAddr::new(ip, local.port()), socket);
    }
    Ok(sockets)
}

/// What connections need of the rest.
pub(super) struct Inside<'a> {
    pub(super) public: Option<IpAddr>,
    pub(super) shard: &'a ShardHandle,
    pub(super) door: &'a Door,
    /// Web pages that may connect.
    pub(super) origins: &'a [String],
}

/// Connections by one of the streams, with TLS where that is given: the address that peers see, and their table. Without an address to listen at
/// there are those that we open, and a far end that wants to call back is told the usual port.
pub(super) async fn connections(
    transport: Transport,
    listen: Option<SocketAddr>,
    tls: Option<Arc<Tls>>,
    Inside {
        public,
        shard,
        door,
        origins,
    }: Inside<'_>,
    tasks: &mut JoinSet<()>,
) -> Result<(SocketAddr, mpsc::Sender<Outgoing>), StartError> {
    let (table, outgoing) = mpsc::channel(TCP_QUEUE);
    let (ready, bound) = oneshot::channel();
    let usual = SocketAddr::from((Ipv4Addr::UNSPECIFIED, transport.default_port()));
    let seen_ip = config::advertised(listen.unwrap_or(usual).ip(), public);
    let (shard, door) = (shard.clone(), door.clone());
    // Weak: the table ends when the shard has let it go.
    let answers = table.downgrade();
    // The port is known once it is bound (port 0 in tests); messages come only after that.
    let seen = Arc::new(std::sync::OnceLock::new());
    let local = seen.clone();
    let deliver = move |event: TcpEvent| {
        let Some(local) = local.get().copied() else {
            return false;
        };
        let flow = |remote| Flow {
            transport,
            local,
            remote,
        };
        match event {
            TcpEvent::Message { remote, bytes } => {
                match door.judge(shard.waiting(), remote, &bytes) {
                    Verdict::Enter => shard.packet(flow(remote), bytes),
                    // By the connection that it came by, wherever the Via points.
                    Verdict::Refuse(_, bytes) => {
                        let table = answers.upgrade();
                        table.is_some_and(|t| t.try_send(Outgoing { remote, bytes }).is_ok())
                    }
                    Verdict::Forget => true,
                    Verdict::Drop => false,
                }
            }
            TcpEvent::Failed { remote } => {
                let flow = flow(remote);
                shard.wish(ToShard::Input(Input::TransportFailed { flow }))
            }
            TcpEvent::Closed { remote } => {
                let flow = flow(remote);
                shard.wish(ToShard::Input(Input::Closed { flow }))
            }
        }
    };
    let told = seen.clone();
    let streams = Streams {
        listen,
        tls,
        web: matches!(transport, Transport::Ws | Transport::Wss).then(|| Web {
            origins: origins.to_vec(),
        }),
        framer,
        patience: Patience::default(),
    };
    let serve = serve_tcp(streams, deliver, outgoing, move |result| {
        let result = result.map(|bound| {
            let seen = SocketAddr::new(seen_ip, bound.unwrap_or(usual).port());
            let _ = told.set(seen);
            seen
        });
        let _ = ready.send(result);
    });
    tasks.spawn(serve);
    let seen = bound.await.map_err(|_| {
        StartError::system("TCP", std::io::Error::other("the listener ended at once"))
    })??;
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

/// A socket for HTTP; nobody is answered yet.
pub(super) async fn bind_http(addr: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(addr).await;
    Ok(bound.map_err(|error| NetError::of("http", addr, error))?)
}

/// Health, metrics and the API.
pub(super) fn serve_http(
    listener: TcpListener,
    app: App,
    stopping: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) {
    tasks.spawn(async move {
        let served = axum::serve(listener, http::router(app))
            .with_graceful_shutdown(until(stopping))
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "HTTP ended");
        }
    });
}
