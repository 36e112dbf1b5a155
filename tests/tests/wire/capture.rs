//! What was on the wire: dumpcap on the loopback device, from before a test's first packet to after its last.

use super::{
    audio::Streams,
    lab::{Lab, SOON, eventually, tail},
};
use std::{
    net::Ipv4Addr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// A running capture. Ended by its id when dropped.
pub(crate) struct Capture {
    child: Child,
    file: PathBuf,
    log: PathBuf,
    marks: Ipv4Addr,
}

impl Capture {
    /// Everything on the test's network from now on.
    pub(crate) async fn start(lab: &Lab) -> Self {
        let (file, log) = (lab.path("wire.pcap"), lab.path("dumpcap.log"));
        let errors = std::fs::File::create(&log).expect("a file");
        let child = Command::new("dumpcap")
            // -P: the old format, which is read in thirty lines. A buffer of 16 MiB loses nothing.
            .args([
                "-q",
                "-P",
                "-B",
                "16",
                "-i",
                "lo",
                "-f",
                &lab.network(),
                "-w",
            ])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .expect("dumpcap (package tshark; `make setup` installs it)");
        let mut this = Self {
            child,
            file,
            log,
            marks: lab.gateway(),
        };
        this.marked("the capture began (it needs root, or dumpcap with cap_net_raw)")
            .await;
        this
    }

    /// Sends a datagram of its own and waits until it is in the file: all before it is there too.
    async fn marked(&mut self, what: &str) {
        let mark = format!("mark {}", super::lab::now());
        let socket = std::net::UdpSocket::bind((self.marks, 0)).expect("a port");
        let to = socket.local_addr().expect("its number");
        let (file, log, child) = (&self.file, &self.log, &mut self.child);
        let what = format!("{what}; dumpcap says: {}", tail(log));
        eventually(&what, SOON, async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("dumpcap ended, {status}: {}", tail(log));
            }
            let _ = socket.send_to(mark.as_bytes(), to);
            let bytes = std::fs::read(file).unwrap_or_default();
            bytes.windows(mark.len()).any(|w| w == mark.as_bytes())
        })
        .await;
    }

    /// Ends it and reads the sound in it.
    pub(crate) async fn stop(mut self) -> Streams {
        self.marked("the capture holds the last packet").await;
        let file = self.file.clone();
        drop(self);
        Streams::read(&std::fs::read(file).expect("the capture's file"))
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
