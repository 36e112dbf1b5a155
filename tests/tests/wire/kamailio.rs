//! Kamailio as what stands between the gateway and others: a carrier's proxy, or the edge that desk phones are behind.

use super::{
    lab::{Lab, SOON, eventually, tail},
    raw::{SIP, SIPS},
};
use std::{
    net::Ipv4Addr,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use tandem_standin::authority::Signed;

/// Which of both it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    /// Registrar and proxy with digest; calls of the gateway go on to this address.
    Carrier { beyond: Ipv4Addr },
    /// In front of desk phones, with Path.
    Edge,
}

/// A running Kamailio. Ended by its id when dropped.
pub(crate) struct Kamailio {
    child: Child,
    dir: PathBuf,
    pub(crate) ip: Ipv4Addr,
}

impl Kamailio {
    /// Starts it and waits until it listens.
    pub(crate) async fn start(lab: &Lab, ip: Ipv4Addr, role: Role) -> Self {
        Self::start_with(lab, ip, role, None).await
    }

    /// As `start`, listening by TLS as well where it has a certificate.
    pub(crate) async fn start_with(
        lab: &Lab,
        ip: Ipv4Addr,
        role: Role,
        tls: Option<&Signed>,
    ) -> Self {
        let dir = lab.folder(&format!("kamailio-{ip}"));
        if let Some(signed) = tls {
            signed.write(&dir, "tls").expect("a file");
        }
        let secure = if tls.is_some() { "SECURE" } else { "PLAIN" };
        let at = |name: &str| dir.join(name).to_string_lossy().into_owned();
        let (define, beyond) = match role {
            Role::Carrier { beyond } => ("CARRIER", beyond),
            Role::Edge => ("EDGE", ip),
        };
        let config = include_str!("kamailio/kamailio.cfg")
            .replace("HERE", &ip.to_string())
            .replace("GATEWAY", &lab.gateway().to_string())
            .replace("BEYOND", &beyond.to_string())
            .replace("RUN", &dir.to_string_lossy());
        std::fs::write(dir.join("kamailio.cfg"), config).expect("a file");
        let gateway = format!("1 sip:{}:{SIP} 0 0\n", lab.gateway());
        std::fs::write(dir.join("dispatcher.list"), gateway).expect("a file");
        let out = std::fs::File::create(dir.join("log")).expect("a file");
        let child = Command::new("kamailio")
            .args([
                "-f",
                &at("kamailio.cfg"),
                "-DD",
                "-E",
                "-A",
                define,
                "-A",
                secure,
            ])
            .args(["-m", "32", "-M", "4", "-P", &at("pid")])
            .args(["-Y", &dir.to_string_lossy(), "-w", &dir.to_string_lossy()])
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a file"))
            .stderr(out)
            // A group of its own: its processes are ended with it.
            .process_group(0)
            .spawn()
            .expect("kamailio (package kamailio; `make setup` installs it)");
        let mut this = Self { child, dir, ip };
        let (child, log) = (&mut this.child, this.dir.join("log"));
        let at = u32::from_ne_bytes(ip.octets());
        let mut places = vec![("/proc/net/udp", format!("{at:08X}:{SIP:04X} "))];
        if tls.is_some() {
            // Bound after the other; a connection before that would be refused.
            places.push((
                "/proc/net/tcp",
                format!("{at:08X}:{SIPS:04X} 00000000:0000 0A "),
            ));
        }
        eventually("Kamailio listens", SOON, async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("kamailio ended, {status}: {}", tail(&log));
            }
            places.iter().all(|(sockets, place)| {
                std::fs::read_to_string(sockets).is_ok_and(|open| open.contains(place))
            })
        })
        .await;
        this
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// How often its log has this.
    pub(crate) fn said(&self, what: &str) -> usize {
        self.log().matches(what).count()
    }

    /// How many contacts are registered here.
    pub(crate) fn contacts(&self) -> usize {
        self.rpc("ul.dump").matches("Address:").count()
    }

    /// The flags of the gateway in its dispatcher: `AP` is active, `IP` is not.
    pub(crate) fn dispatches(&self) -> String {
        let text = self.rpc("dispatcher.list");
        let flags = text.split("FLAGS:").nth(1).unwrap_or_default();
        flags
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    fn rpc(&self, what: &str) -> String {
        let ctl = format!("unix:{}", self.dir.join("ctl").display());
        let out = Command::new("kamcmd")
            .args(["-s", &ctl, what])
            .output()
            .expect("kamcmd (package kamailio)");
        String::from_utf8_lossy(&out.stdout).into_owned()
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // Asked, not killed: it ends its own processes, and nobody else would.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.child.wait();
    }
}
