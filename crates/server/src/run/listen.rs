//! Listeners: SIP over UDP and TCP, and HTTP.

use super::{StartError, until};
use crate::{
    config,
    http::{self, App},
    places::ShardHandle,
    shard::ToShard,
};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, UdpSocket},
    sync::{Arc, atomic::AtomicBool},
    thread::JoinHandle,
};
use tandem_call::Input;
use tandem_dialplan::Node;
use tandem_net::{Frame, Patience, TcpEvent, bind_udp, read_udp, serve_tcp};
use tandem_sip::{
    api::{Flow, Transport},
    message::{Framing, frame},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

/// Messages that may wait for the TCP table.
const TCP_QUEUE: usize = 4096;

/// UDP sockets by the address that peers see.
pub(super) fn bind(node: &Node) -> Result<BTreeMap<SocketAddr, Arc<UdpSocket>>, StartError> {
    let mut sockets = BTreeMap::new();
    for l in node.listen.iter().filter(|l| !l.tcp) {
        let socket = Arc::new(bind_udp(l.addr)?);
        let local = socket
            .local_addr()
            .map_err(|error| StartError::system("the SIP socket", error))?;
        let ip = config::advertised(l.addr.ip(), node.public_address);
        sockets.insert(SocketAddr::new(ip, local.port()), socket);
    }
    Ok(sockets)
}

/// Listens on TCP: the address that peers see, and the table of connections.
pub(super) async fn listen_tcp(
    addr: SocketAddr,
    public: Option<std::net::IpAddr>,
    to_shard: &ShardHandle,
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
        match event {
            TcpEvent::Message { remote, bytes } => shard.packet(flow(remote), bytes),
            TcpEvent::Failed { remote } => {
                let flow = flow(remote);
                shard.wish(ToShard::Input(Input::TransportFailed { flow }))
            }
        }
    };
    let told = seen.clone();
    let patience = Patience::default();
    let serve = serve_tcp(addr, framer, patience, deliver, outgoing, move |result| {
        let result = result.map(|bound| {
            let seen = SocketAddr::new(seen_ip, bound.port());
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

/// Lets packets in.
pub(super) fn take_calls(
    local: SocketAddr,
    socket: Arc<UdpSocket>,
    stop: Arc<AtomicBool>,
    shard: ShardHandle,
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
        shard.packet(from, bytes);
    })
    .map_err(|error| StartError::system("a SIP reader", error))
}

/// Health, metrics and the API.
pub(super) async fn listen_http(
    addr: SocketAddr,
    app: App,
    stopping: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, StartError> {
    let listener = tokio::net::TcpListener::bind(addr).await.map_err(|error| {
        StartError::system(
            &format!("HTTP on {addr} ([http] listen in tandem.toml)"),
            error,
        )
    })?;
    let bound = listener
        .local_addr()
        .map_err(|error| StartError::system("HTTP", error))?;
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
