//! Connections that do not come to the point.

use super::*;
use tokio::sync::oneshot;

/// A message ends with a full stop.
fn stops(bytes: &[u8]) -> Frame {
    match (bytes.first(), bytes.iter().position(|b| *b == b'.')) {
        (Some(b'\r'), _) if bytes.starts_with(b"\r\n\r\n") => Frame::Keepalive(4),
        (_, Some(n)) => Frame::Whole(n + 1),
        _ => Frame::More,
    }
}

async fn served(
    patience: Patience,
) -> (
    SocketAddr,
    mpsc::Receiver<Bytes>,
    JoinSet<()>,
    mpsc::Sender<Outgoing>,
) {
    let (ready, bound) = oneshot::channel();
    let (tell, told) = mpsc::channel(16);
    let (send, outgoing) = mpsc::channel(16);
    let mut tasks = JoinSet::new();
    let deliver = move |event| match event {
        TcpEvent::Message { bytes, .. } => tell.try_send(bytes).is_ok(),
        TcpEvent::Failed { .. } => true,
    };
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    tasks.spawn(serve_tcp(addr, stops, patience, deliver, outgoing, |r| {
        let _ = ready.send(r);
    }));
    let addr = bound.await.expect("it starts").expect("a port");
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

#[tokio::test]
async fn whoever_sends_half_a_message_or_keepalives_alone_is_cut() {
    let patience = Patience {
        first: SHORT,
        message: LONG,
        idle: LONG,
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
    };
    let (addr, mut told, _tasks, _send) = served(patience).await;
    let mut phone = TcpStream::connect(addr).await.expect("listens");
    phone.write_all(b"REGISTER.").await.expect("sent");
    assert_eq!(told.recv().await.as_deref(), Some(&b"REGISTER."[..]));
    assert_eq!(to_the_end(&mut phone).await, b"");
}
