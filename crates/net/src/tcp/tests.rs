//! Connections that do not come to the point.

use super::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::oneshot,
};

/// A message ends with a full stop.
fn stops(bytes: &[u8]) -> Frame {
    match (bytes.first(), bytes.iter().position(|b| *b == b'.')) {
        (Some(b'\r'), _) if bytes.starts_with(b"\r\n\r\n") => Frame::Keepalive(4),
        (Some(b'\r'), _) if bytes.starts_with(b"\r\n") => Frame::Keepalive(2),
        (_, Some(n)) => Frame::Whole(n + 1),
        _ => Frame::More,
    }
}

type Served = (
    SocketAddr,
    mpsc::Receiver<Bytes>,
    JoinSet<()>,
    mpsc::Sender<Outgoing>,
);

async fn served(patience: Patience) -> Served {
    served_by(patience, None).await
}

async fn served_by(patience: Patience, web: Option<Web>) -> Served {
    let (ready, bound) = oneshot::channel();
    let (tell, told) = mpsc::channel(16);
    let (send, outgoing) = mpsc::channel(16);
    let mut tasks = JoinSet::new();
    let deliver = move |event| match event {
        TcpEvent::Message { bytes, .. } => tell.try_send(bytes).is_ok(),
        TcpEvent::Failed { .. } | TcpEvent::Closed { .. } => true,
    };
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    let streams = Streams {
        listen: Some(addr),
        tls: None,
        web,
        framer: stops,
        patience,
    };
    tasks.spawn(serve_tcp(streams, deliver, outgoing, |r| {
        let _ = ready.send(r);
    }));
    let addr = bound.await.expect("it starts").expect("a port");
    let addr = addr.expect("it listens");
    (addr, told, tasks, send)
}

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(50);

/// Everything that comes until the connection is closed.
async fn to_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.expect("closed in order");
    all
}

/// A WebSocket on which nothing but pings ever come.
#[tokio::test]
async fn a_websocket_without_a_message_is_cut_whatever_pings_come() {
    const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
    const PING: &[u8] = &[0x89, 0x80, 0, 0, 0, 0];
    let patience = Patience {
        first: Duration::from_millis(500),
        ..Patience::default()
    };
    let (addr, mut told, _tasks, _send) = served_by(patience, Some(Web::default())).await;
    let mut stream = TcpStream::connect(addr).await.expect("listens");
    stream.write_all(UPGRADE).await.expect("sent");
    let mut read = [0; 1024];
    let n = stream.read(&mut read).await.expect("an answer");
    assert!(read[..n].starts_with(b"HTTP/1.1 101"), "it is open");
    let (mut reader, mut writer) = stream.into_split();
    let pings = async {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        while writer.write_all(PING).await.is_ok() {
            tick.tick().await;
        }
    };
    let cut = async { while reader.read(&mut read).await.is_ok_and(|n| n > 0) {} };
    let over = async {
        tokio::select! { () = pings => {}, () = cut => {} }
    };
    timeout(Duration::from_secs(10), over).await.expect("cut");
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn whoever_sends_half_a_message_or_keepalives_alone_is_cut() {
    let patience = Patience {
        first: SHORT,
        message: LONG,
        idle: LONG,
        ..Patience::default()
    };
    let (addr, mut told, _tasks, _send) = served(patience).await;
    let mut half = TcpStream::connect(addr).await.expect("listens");
    half.write_all(b"INVI").await.expect("sent");
    let mut alive = TcpStream::connect(addr).await.expect("listens");
    alive.write_all(b"\r\n\r\n").await.expect("sent");
    assert_eq!(to_the_end(&mut half).await, b"");
    assert_eq!(
        to_the_end(&mut alive).await,
        b"\r\n",
        "answered, and cut all the same"
    );
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn a_message_that_stops_halfway_is_cut_and_a_quiet_phone_is_not() {
    let patience = Patience {
        first: LONG,
        message: SHORT,
        idle: LONG,
        ..Patience::default()
    };
    let (addr, mut told, _tasks, _send) = served(patience).await;
    let mut phone = TcpStream::connect(addr).await.expect("listens");
    phone.write_all(b"REGISTER.\r\n\r\n").await.expect("sent");
    assert_eq!(told.recv().await.as_deref(), Some(&b"REGISTER."[..]));
    let mut slow = TcpStream::connect(addr).await.expect("listens");
    slow.write_all(b"INVITE.INVI").await.expect("sent");
    assert_eq!(told.recv().await.as_deref(), Some(&b"INVITE."[..]));
    assert_eq!(to_the_end(&mut slow).await, b"");
    // The phone has been quiet for longer, and is heard.
    phone.write_all(b"BYE.").await.expect("still open");
    assert_eq!(told.recv().await.as_deref(), Some(&b"BYE."[..]));
}

#[tokio::test]
async fn a_connection_without_a_word_is_closed_in_the_end() {
    let patience = Patience {
        first: LONG,
        message: LONG,
        idle: SHORT,
        ..Patience::default()
    };
    let (addr, mut told, _tasks, _send) = served(patience).await;
    let mut phone = TcpStream::connect(addr).await.expect("listens");
    phone.write_all(b"REGISTER.").await.expect("sent");
    assert_eq!(told.recv().await.as_deref(), Some(&b"REGISTER."[..]));
    assert_eq!(to_the_end(&mut phone).await, b"");
}

/// A far end that we connect to, and the events of our side.
async fn far_end(
    patience: Patience,
) -> (
    TcpListener,
    SocketAddr,
    mpsc::Receiver<TcpEvent>,
    mpsc::Sender<Outgoing>,
    JoinSet<()>,
) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let remote = listener.local_addr().expect("bound");
    let (tell, told) = mpsc::channel(1024);
    let (send, outgoing) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    let streams = Streams {
        listen: None,
        tls: None,
        web: None,
        framer: stops,
        patience,
    };
    let deliver = move |event| tell.try_send(event).is_ok();
    tasks.spawn(serve_tcp(streams, deliver, outgoing, |_| {}));
    (listener, remote, told, send, tasks)
}

async fn reads(stream: &mut TcpStream, expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    stream.read_exact(&mut bytes).await.expect("it comes");
    assert_eq!(bytes, expected);
}

const QUICK: Patience = Patience {
    first: LONG,
    message: LONG,
    idle: LONG,
    ping: SHORT,
    pong: SHORT,
};

#[tokio::test]
async fn a_connection_of_ours_is_kept_alive_and_one_whose_pongs_cease_is_closed() {
    let (listener, remote, mut told, send, _tasks) = far_end(QUICK).await;
    let bytes = Bytes::from_static(b"REGISTER.");
    send.send(Outgoing { remote, bytes }).await.expect("taken");
    let (mut far, _) = listener.accept().await.expect("a connection");
    reads(&mut far, b"REGISTER.\r\n\r\n").await;
    far.write_all(b"\r\n").await.expect("sent");
    reads(&mut far, b"\r\n\r\n").await;
    // From here on it is silent.
    assert_eq!(to_the_end(&mut far).await, b"");
    let closed = told.recv().await;
    assert!(matches!(closed, Some(TcpEvent::Closed { remote: r }) if r == remote));
}

#[tokio::test]
async fn who_never_answers_a_ping_knows_none_and_keeps_its_connection() {
    let (listener, remote, mut told, send, _tasks) = far_end(QUICK).await;
    let bytes = Bytes::from_static(b"REGISTER.");
    send.send(Outgoing { remote, bytes }).await.expect("taken");
    let (mut far, _) = listener.accept().await.expect("a connection");
    reads(&mut far, b"REGISTER.\r\n\r\n\r\n\r\n\r\n\r\n").await;
    assert!(told.try_recv().is_err());
    far.write_all(b"OK.").await.expect("still open");
    assert!(matches!(told.recv().await, Some(TcpEvent::Message { .. })));
}

#[tokio::test]
async fn the_end_of_an_old_connection_does_not_end_the_new_one_to_the_same_address() {
    let (listener, remote, mut told, send, _tasks) = far_end(Patience::default()).await;
    // A far end that does not read: its connection is given up when too much waits for it.
    let large = Bytes::from(vec![b'x'; 1 << 20]);
    let mut far = None;
    loop {
        let bytes = large.clone();
        send.send(Outgoing { remote, bytes }).await.expect("taken");
        if far.is_none() {
            far = Some(listener.accept().await.expect("a connection").0);
        }
        if let Ok(event) = told.try_recv() {
            assert!(matches!(event, TcpEvent::Failed { .. }), "{event:?}");
            break;
        }
        tokio::task::yield_now().await;
    }
    // Whatever was on its way when it was given up is the next one's.
    let bytes = Bytes::from_static(b"INVITE.");
    send.send(Outgoing { remote, bytes }).await.expect("taken");
    let (mut next, _) = listener.accept().await.expect("another connection");
    let mut first = vec![0; 7];
    next.read_exact(&mut first).await.expect("it comes");
    drop(far);
    next.write_all(b"OK.").await.expect("open");
    assert!(matches!(told.recv().await, Some(TcpEvent::Message { .. })));
    let bytes = Bytes::from_static(b"BYE.");
    send.send(Outgoing { remote, bytes }).await.expect("taken");
    let mut all = Vec::new();
    while !all.ends_with(b"BYE.") {
        assert!(next.read_buf(&mut all).await.expect("open") > 0, "closed");
    }
}
