//! What a test has for itself: addresses, a folder, and the clock.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// Long enough for anything that should happen soon, on a machine that is busy building.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// Desk phones that a test may have.
const PHONES: usize = 3;
/// Ports of a phone: SIP and its TLS, control, and sound.
const BLOCK: u16 = 40;
/// Where they begin.
const FIRST: u16 = 10_000;
/// So many: each phone of each test has one of its own.
const BLOCKS: u16 = 550;
/// The gateway's ports for sound, from behind the phones' to Linux' ephemeral ones. A phone binds its own to no address, so that they may be
/// open at no other either: a gateway that keeps pairs in stock has hundreds.
pub(crate) const GATEWAY_RTP: (u16, u16) = (FIRST + BLOCKS * BLOCK, 32_767);

/// The first of so many ports that nobody has, and no other phone of this program will be given.
fn free_block() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let taken = NEXT.fetch_add(1, Ordering::Relaxed);
        let last = GATEWAY_RTP.0 - 1;
        assert!(
            taken < BLOCKS.into(),
            "no ports are free from {FIRST} to {last}"
        );
        // Another run at the same time begins elsewhere.
        let nth = (std::process::id() * 37 + taken) % u32::from(BLOCKS);
        let first = FIRST + u16::try_from(nth).expect("below it") * BLOCK;
        let free = |port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        let open = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if (first..first + BLOCK).all(free) && (first..first + 4).all(open) {
            return first;
        }
    }
}

/// Where somebody is: an address, and of its ports these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) ip: Ipv4Addr,
    pub(crate) sip: u16,
    /// First and last port for sound.
    pub(crate) rtp: (u16, u16),
}

impl From<Ipv4Addr> for Place {
    /// Somebody who has the address alone.
    fn from(ip: Ipv4Addr) -> Self {
        Self {
            ip,
            sip: 5060,
            rtp: (1024, u16::MAX),
        }
    }
}

/// A test's own network and folder. Kept for a look when the test fails.
pub(crate) struct Lab {
    run: u8,
    test: u8,
    dir: TempDir,
    blocks: [u16; PHONES],
}

impl Lab {
    /// `test` is the number of a test, used once in this program.
    pub(crate) fn new(test: u8) -> Self {
        static USED: Mutex<BTreeSet<u8>> = Mutex::new(BTreeSet::new());
        let is_first = USED.lock().expect("no panic within").insert(test);
        assert!(
            is_first,
            "two tests have the number {test}, and its addresses"
        );
        // Two runs at once (another checkout, CI) are on different networks.
        let run = 64 + u8::try_from(std::process::id() % 150).unwrap_or(0);
        let dir = tempfile::Builder::new()
            .prefix("tandem-wire-")
            .tempdir()
            .expect("a folder below the system's temporary one");
        Self {
            run,
            test,
            dir,
            blocks: std::array::from_fn(|_| free_block()),
        }
    }

    fn ip(&self, host: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, self.run, self.test, host)
    }

    /// The gateway.
    pub(crate) fn gateway(&self) -> Ipv4Addr {
        self.ip(1)
    }

    /// A desk phone, from 1. Phones are at 127.0.0.1, each with a block of ports: baresip binds RTP to no address, so the
    /// kernel sends it from there, and from no other address would it be taken.
    pub(crate) fn phone(&self, n: u8) -> Place {
        let first = self.blocks[usize::from(n) - 1];
        Place {
            ip: Ipv4Addr::LOCALHOST,
            sip: first,
            rtp: (first + 4, first + BLOCK - 1),
        }
    }

    /// The gateway's port for SIP at `::1`, where all are at one address: a port of a phone's that has no use for it.
    pub(crate) fn gateway6(&self) -> u16 {
        self.blocks[PHONES - 1] + 3
    }

    /// What comes from the carrier: a caller, a far end. From 1; the trunk trusts all 14 of them.
    pub(crate) fn carrier(&self, n: u8) -> Ipv4Addr {
        self.ip(32 + n)
    }

    /// The carrier's network.
    pub(crate) fn carrier_network(&self) -> String {
        format!("{}/28", self.ip(32))
    }

    /// The edge that phones may be behind. No trunk: only what is registered through it is known there.
    pub(crate) fn edge(&self) -> Ipv4Addr {
        self.ip(50)
    }

    /// Somebody whom nobody knows.
    pub(crate) fn stranger(&self) -> Ipv4Addr {
        self.ip(66)
    }

    /// The whole network, as a capture filter has it.
    pub(crate) fn network(&self) -> String {
        format!("net {}/24", self.ip(0))
    }

    /// A path in the test's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A folder in the test's folder.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(&path).expect("a folder");
        path
    }

    /// Writes a file into the test's folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file in the test's folder");
        path
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.dir.disable_cleanup(true);
            eprintln!("what is left of the test: {}", self.dir.path().display());
        }
    }
}

/// The wall clock in microseconds since 1970, as captures and the journal have it.
#[expect(
    clippy::disallowed_methods,
    reason = "a test of the wire lives in real time"
)]
pub(crate) fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    i64::try_from(since.as_micros()).expect("a date")
}

/// Lets time pass: a stretch of the call that is listened to, never a way to wait for something.
pub(crate) async fn listen(ms: u64) -> (i64, i64) {
    let from = now();
    let _ = tokio::time::timeout(Duration::from_millis(ms), std::future::pending::<()>()).await;
    (from, now())
}

/// Asks every 50 ms until the answer is yes; panics with `what` after `limit`.
pub(crate) async fn eventually(what: &str, limit: Duration, mut yes: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let asked = async {
        loop {
            tick.tick().await;
            if yes().await {
                return;
            }
        }
    };
    if tokio::time::timeout(limit, asked).await.is_err() {
        panic!("{what}: not within {} s", limit.as_secs());
    }
}

/// The end of a log, for a failure's message.
pub(crate) fn tail(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
