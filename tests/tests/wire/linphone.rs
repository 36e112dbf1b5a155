//! linphonec as a desk phone that transfers whom it has to somebody whom it asked: its configuration, and its commands, which it
//! reads from its standard input.

use super::{
    lab::{Lab, Place, SOON, eventually, tail},
    raw::SIP,
    sound,
};
use std::{
    io::Write,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
};

/// A running phone. Ended by its id when dropped.
pub(crate) struct Linphone {
    child: Child,
    commands: ChildStdin,
    out: PathBuf,
    voice: PathBuf,
}

impl Linphone {
    /// Starts phone `n` of the lab, which registers at the gateway. It answers nothing by itself, and its user says a tone.
    pub(crate) fn start(lab: &Lab, n: u8, user: &str, password: &str, hz: f64) -> Self {
        let folder = format!("phone-{n}");
        let dir = lab.folder(&folder);
        // Its database; without one it has no SIP port, and says nothing of it.
        lab.folder(&format!("{folder}/.local/share/linphone"));
        let voice = lab.write(
            &format!("{folder}/voice.wav"),
            sound::wav(tandem_codec::RATE, &sound::tone(hz, 120_000)),
        );
        let gateway = lab.gateway();
        let rc = lab.write(&format!("{folder}/rc"), config(&lab.phone(n)));
        let out = lab.path(&format!("{folder}/out"));
        let file = std::fs::File::create(&out).expect("a file");
        let mut child = Command::new("linphonec")
            .arg("-c")
            .arg(rc)
            .env("HOME", &dir)
            .current_dir(&dir)
            .stdin(Stdio::piped())
            .stdout(file.try_clone().expect("a file"))
            .stderr(file)
            .spawn()
            .expect("linphonec (package linphone-cli; `make setup` installs it)");
        let commands = child.stdin.take().expect("a pipe");
        let mut this = Self {
            child,
            commands,
            out,
            voice,
        };
        this.command("soundcard use files");
        let server = format!("sip:{gateway}:{SIP}");
        this.command(&format!(
            "register sip:{user}@{gateway}:{SIP} {server} {password}"
        ));
        this
    }

    /// Its user speaks in the call in its ear.
    pub(crate) fn speaks(&mut self) {
        let voice = self.voice.display().to_string();
        self.command(&format!("play {voice}"));
    }

    /// Gives a command.
    pub(crate) fn command(&mut self, text: &str) {
        let sent = writeln!(self.commands, "{text}").and_then(|()| self.commands.flush());
        sent.unwrap_or_else(|e| panic!("linphonec: {text}: {e}\n{}", tail(&self.out)));
    }

    /// Waits until it has said this.
    pub(crate) async fn says(&self, part: &str) {
        eventually(&format!("linphonec says {part:?}"), SOON, async || {
            std::fs::read_to_string(&self.out).is_ok_and(|said| said.contains(part))
        })
        .await;
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// It does not look whether there is a network: a machine without one has the loopback all the same.
fn config(place: &Place) -> String {
    let Place { sip, rtp, .. } = place;
    let (first, last) = rtp;
    format!(
        "[sip]
auto_net_state_mon=0
register_only_when_network_is_up=0
sip_port={sip}
sip_tcp_port=0
sip_tls_port=0
use_ipv6=0
media_encryption=none

[rtp]
audio_rtp_port={first}-{last}

[video]
enabled=0
capture=0
display=0

[sound]
echocancellation=0

[audio_codec_0]
mime=PCMA
rate=8000
enabled=1
"
    )
}
