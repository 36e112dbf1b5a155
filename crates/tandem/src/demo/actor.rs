//! A softphone of ours with real sockets and the real clock.

use bytes::Bytes;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tandem_phone::{Act, Input, Output, Phone, PhoneConfig, PhoneEvent};
use tandem_server::Clock;
use tandem_sip::api::{Flow, Transport};
use tandem_types::{Mono, Rng};
use tokio::{net::UdpSocket, sync::mpsc, task::JoinHandle, time::timeout};

/// Things that happened and were not looked at; a demo's phone has few.
const EVENTS: usize = 256;

/// A running phone. Dropping it ends its task.
pub(crate) struct Actor {
    pub(crate) name: String,
    phone: Arc<Mutex<Phone>>,
    acts: mpsc::Sender<Act>,
    happened: mpsc::Receiver<PhoneEvent>,
    clock: Clock,
    task: JoinHandle<()>,
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Wires {
    sip: UdpSocket,
    rtp: UdpSocket,
    phone: Arc<Mutex<Phone>>,
    clock: Clock,
    happened: mpsc::Sender<PhoneEvent>,
}

impl Actor {
    /// Binds its sockets (`sip` may have port 0) and starts it. `shape` changes what a plain phone is.
    #[expect(
        clippy::disallowed_methods,
        reason = "the handle is kept and aborted on drop"
    )]
    pub(crate) async fn start(
        name: &str,
        user: &str,
        domain: &str,
        sip: SocketAddr,
        clock: Clock,
        shape: impl FnOnce(&mut PhoneConfig),
    ) -> anyhow::Result<Self> {
        let sip = UdpSocket::bind(sip).await?;
        let local_sip = sip.local_addr()?;
        let rtp = UdpSocket::bind((local_sip.ip(), 0)).await?;
        let mut config = PhoneConfig::new(name, user, domain, local_sip, rtp.local_addr()?);
        shape(&mut config);
        let seed = u64::from(local_sip.port()) ^ clock.now().wall.0.unsigned_abs();
        let phone = Arc::new(Mutex::new(Phone::new(config, Rng::seeded(seed))));
        let (acts, wanted) = mpsc::channel(16);
        let (tell, happened) = mpsc::channel(EVENTS);
        let wires = Wires {
            sip,
            rtp,
            phone: phone.clone(),
            clock,
            happened: tell,
        };
        let task = tokio::spawn(wires.run(local_sip, wanted));
        Ok(Self {
            name: name.to_owned(),
            phone,
            acts,
            happened,
            clock,
            task,
        })
    }

    /// Its user does something.
    pub(crate) async fn act(&self, act: Act) {
        let _ = self.acts.send(act).await;
    }

    /// Waits until something like this happens to it.
    pub(crate) async fn until(
        &mut self,
        what: &str,
        limit: Duration,
        like: impl Fn(&PhoneEvent) -> bool,
    ) -> anyhow::Result<PhoneEvent> {
        let wait = async {
            while let Some(event) = self.happened.recv().await {
                if like(&event) {
                    return Some(event);
                }
            }
            None
        };
        match timeout(limit, wait).await {
            Ok(Some(event)) => Ok(event),
            _ => anyhow::bail!(
                "{}: {what} did not happen within {} s",
                self.name,
                limit.as_secs()
            ),
        }
    }

    /// What it heard between two times.
    pub(crate) fn heard(&self, from: Mono, to: Mono) -> Vec<i16> {
        lock(&self.phone).heard().between(from, to)
    }

    pub(crate) fn now(&self) -> Mono {
        self.clock.now().mono
    }
}

fn lock(phone: &Mutex<Phone>) -> MutexGuard<'_, Phone> {
    phone.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wires {
    async fn run(self, local: SocketAddr, mut acts: mpsc::Receiver<Act>) {
        let (mut a, mut b) = (vec![0u8; 65_536], vec![0u8; 2048]);
        loop {
            let wait = lock(&self.phone)
                .poll_timeout()
                .map_or(Duration::from_secs(1), |(at, _)| {
                    at.since(self.clock.now().mono)
                });
            let input = tokio::select! {
                got = self.sip.recv_from(&mut a) => got.ok().map(|(n, remote)| Input::Sip {
                    from: Flow { transport: Transport::Udp, local, remote },
                    bytes: Bytes::copy_from_slice(&a[..n]),
                }),
                got = self.rtp.recv_from(&mut b) => got.ok().map(|(n, from)| Input::Rtp { from, bytes: Bytes::copy_from_slice(&b[..n]) }),
                act = acts.recv() => match act {
                    Some(act) => Some(Input::Do(act)),
                    None => return,
                },
                _ = timeout(wait, std::future::pending::<()>()) => None,
            };
            let outputs: Vec<Output> = {
                let mut phone = lock(&self.phone);
                let now = self.clock.now();
                if let Some(input) = input {
                    phone.handle_input(now, input);
                }
                phone.handle_timeout(self.clock.now());
                std::iter::from_fn(|| phone.poll_output()).collect()
            };
            for output in outputs {
                match output {
                    Output::Sip { flow, bytes } => {
                        drop(self.sip.send_to(&bytes, flow.remote).await)
                    }
                    Output::Rtp { to, bytes } => drop(self.rtp.send_to(&bytes, to).await),
                    Output::Happened(event) => drop(self.happened.try_send(event)),
                }
            }
        }
    }
}
