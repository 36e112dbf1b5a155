//! Listeners: SIP over UDP and TCP, and HTTP.

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
    net::{SocketAddr, UdpSocket},
    sync::Arc,
};
use tandem_call::Input;
use tandem_dialplan::Node;
use tandem_net::{Frame, NetError, Outgoing, Patience, TcpEvent, bind_udp, serve_tcp};
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
    for l in node.listen.iter().filter(|l| !l.tcp) {
        let socket = bind_udp(l.addr)?;
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
    door: &Door,
    tasks: &mut JoinSet<()>,
) -> Result<(SocketAddr, mpsc::Sender<Outgoing>), StartError> {
    let (table, outgoing) = mpsc::channel(TCP_QUEUE);
    let (ready, bound) = oneshot::channel();
    let seen_ip = config::advertised(addr.ip(), public);
    let (shard, door) = (to_shard.clone(), door.clone());
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
            transport: Transport::Tcp,
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
