//! rtpengine in user space: what it is asked to do (its control protocol `ng`: dictionaries of bencode over UDP).

use crate::{
    device::{Cores, Device, start, version, wait_until},
    legs::Legs,
};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    process::Command,
    time::Duration,
};
use tandem_types::media::Codec;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 2);
const CONTROL: u16 = 2223;

/// What is installed.
pub(crate) fn installed() -> Option<String> {
    version(Command::new("rtpengine").arg("--version"))
}

/// Without its kernel module, one thread for media.
pub(crate) fn rtpengine(cores: Cores) -> io::Result<Device> {
    let control = SocketAddr::from((ADDRESS, CONTROL));
    let device = start(cores, "rtpengine", control, "rtpengine", |command, _| {
        command.args([
            "--foreground",
            "--config-file=none",
            "--table=-1",
            "--num-threads=1",
        ]);
        command.args([
            "--port-min=10000",
            "--port-max=19998",
            "--log-level=3",
            "--log-stderr",
            "--timeout=3600",
        ]);
        command.arg(format!("--interface={ADDRESS}"));
        command.arg(format!("--listen-ng={control}"));
        Ok(())
    })?;
    let control = Control::new(1)?;
    match wait_until(|| control.ask("ping", "d7:command4:pinge").is_some()) {
        true => Ok(device),
        false => Err(io::Error::other("rtpengine does not answer")),
    }
}

/// A connection to it.
pub(crate) struct Control {
    socket: UdpSocket,
    run: u64,
}

fn text(value: &str) -> String {
    format!("{}:{value}", value.len())
}

/// The description in an answer.
fn description(answer: &str) -> Option<&str> {
    let (_, rest) = answer.split_once("3:sdp")?;
    let (length, rest) = rest.split_once(':')?;
    rest.get(..length.parse().ok()?)
}

impl Control {
    pub(crate) fn new(run: u64) -> io::Result<Self> {
        let socket = UdpSocket::bind((ADDRESS, 0))?;
        socket.connect((ADDRESS, CONTROL))?;
        socket.set_read_timeout(Some(Duration::from_millis(500)))?;
        Ok(Self { socket, run })
    }

    fn ask(&self, cookie: &str, question: &str) -> Option<String> {
        let mut answer = vec![0; 65_536];
        // A cookie is answered once and the same again.
        (0..4).find_map(|_| {
            self.socket
                .send(format!("{cookie} {question}").as_bytes())
                .ok()?;
            let n = self.socket.recv(&mut answer).ok()?;
            let answer = String::from_utf8_lossy(&answer[..n]).into_owned();
            answer.starts_with(cookie).then_some(answer)
        })
    }

    /// Call `n`, from offer to answer. False: it was refused.
    pub(crate) fn open(&self, legs: &Legs, n: usize) -> bool {
        self.open_call(legs, n).is_some()
    }

    fn open_call(&self, legs: &Legs, n: usize) -> Option<()> {
        let [ours, theirs] = legs.shape().codecs;
        let name = |codec: Codec| codec.rtpmap_name();
        let mut flags = text("trust-address");
        if ours != theirs {
            flags += &text(&format!("codec-mask-{}", name(ours)));
            flags += &text(&format!("codec-transcode-{}", name(theirs)));
        }
        let run = self.run;
        let call = text(&format!("{run}x{n}"));
        let offer = legs.description(n, None);
        // The keys of a dictionary are in order.
        let question = format!(
            "d3:ICE6:remove7:call-id{call}7:command5:offer5:flagsl{flags}e8:from-tag1:a3:sdp{}e",
            text(&offer)
        );
        let offered = self.ask(&format!("o{run}x{n}"), &question)?;
        let offered = description(&offered)?;
        let callee = legs.callee(n);
        let answer = legs.description(callee, Some(offered));
        let question = format!(
            "d7:call-id{call}7:command6:answer5:flagsl{flags}e8:from-tag1:a3:sdp{}6:to-tag1:be",
            text(&answer)
        );
        let answered = self.ask(&format!("a{run}x{n}"), &question)?;
        legs.speak(n, description(&answered)?);
        legs.speak(callee, offered);
        Some(())
    }

    pub(crate) fn close(&self, n: usize) {
        let run = self.run;
        let call = text(&format!("{run}x{n}"));
        let _ = self.ask(
            &format!("d{run}x{n}"),
            &format!("d7:call-id{call}7:command6:delete8:from-tag1:ae"),
        );
    }
}
