//! baresip as a desk phone without a screen: its configuration, its one control connection, its commands and events.
//!
//! What 1.0.0 wants, each met: no `mwi` module where nobody is registered (unanswered SUBSCRIBEs make it spin), the address itself in
//! `net_interface` (`lo` fails), a microphone file that does not end (its end hangs up), `account` as `module_app`.

use super::{
    lab::{Lab, Place, SOON, tail},
    raw::{SIP, SIPS},
    sound,
};
use serde_json::{Value, json};
use std::{
    net::Ipv4Addr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time::timeout,
};

/// The control connection's port is so much above that of SIP.
const CONTROL: u16 = 2;
const MODULES: &str = "/usr/lib/baresip/modules";

/// What a phone is like.
pub(crate) struct Like<'a> {
    /// User part of its address, and its name in the digest.
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    /// What its user says all the time.
    pub(crate) hz: f64,
    /// It answers by itself.
    pub(crate) answers: bool,
    /// It registers at the gateway.
    pub(crate) registers: bool,
    /// The proxy that it sends everything by, if there is one.
    pub(crate) by: Option<Ipv4Addr>,
    pub(crate) transport: &'a str,
    /// Whom it believes by TLS: a file of authorities.
    pub(crate) ca: Option<&'a str>,
    /// `rtpevent` or `info`.
    pub(crate) dtmf: &'a str,
    pub(crate) codecs: &'a str,
    /// Of its microphone, in Hz.
    pub(crate) rate: u32,
    /// Its user says nothing until told ([`Baresip::speaks`]).
    pub(crate) silent: bool,
    /// It says what it hears, in place of its tone: whoever hears themselves knows that it heard them.
    pub(crate) echoes: bool,
    /// It asks for messages that wait.
    pub(crate) mwi: bool,
    /// Nothing, `srtp` (if the other can) or `srtp-mand`.
    pub(crate) mediaenc: &'a str,
    /// It is at `::1`, and has no IPv4.
    pub(crate) ipv6: bool,
}

impl Default for Like<'_> {
    fn default() -> Self {
        Self {
            user: "201",
            password: "",
            hz: sound::PERSON,
            answers: false,
            registers: true,
            by: None,
            transport: "udp",
            ca: None,
            dtmf: "rtpevent",
            codecs: "PCMA,PCMU",
            rate: tandem_codec::RATE,
            silent: false,
            echoes: false,
            mwi: false,
            mediaenc: "",
            ipv6: false,
        }
    }
}

/// A running phone. Ended by its id when dropped.
pub(crate) struct Baresip {
    name: String,
    child: Child,
    log: PathBuf,
    control: OwnedWriteHalf,
    /// Everything that the control connection said.
    said: watch::Receiver<Vec<Value>>,
    reader: JoinSet<()>,
    /// What its user says, and silence.
    sounds: [PathBuf; 2],
    /// Events before this one were waited for already.
    at: usize,
    commands: u32,
}

impl Baresip {
    /// Starts phone `n` of the lab and waits for its control connection, and for its registration where it has one.
    pub(crate) async fn start(lab: &Lab, n: u8, like: Like<'_>) -> Self {
        let registers = like.registers;
        let mut this = Self::unregistered(lab, n, like).await;
        if registers {
            this.until("REGISTER_OK").await;
        }
        this
    }

    /// As `start`, without waiting for its registration.
    pub(crate) async fn unregistered(lab: &Lab, n: u8, like: Like<'_>) -> Self {
        let place = lab.phone(n);
        let name = format!("phone {n} ({})", like.user);
        let dir = lab.folder(&format!("phone-{n}"));
        let sounds = [("tone", like.hz), ("silence", 0.0)].map(|(name, hz)| {
            lab.write(
                &format!("phone-{n}/{name}.wav"),
                sound::wav(like.rate, &sound::tone_at(like.rate, hz, 180_000)),
            )
        });
        let microphone = &sounds[usize::from(like.silent)];
        let source = if like.echoes {
            format!("aubridge,ear{n}")
        } else {
            format!("aufile,{}", microphone.to_string_lossy())
        };
        lab.write(
            &format!("phone-{n}/config"),
            config(&place, n, &like, &source),
        );
        lab.write(&format!("phone-{n}/accounts"), "");
        lab.write(&format!("phone-{n}/contacts"), "");
        let log = lab.path(&format!("phone-{n}/log"));
        let out = std::fs::File::create(&log).expect("a file");
        let child = Command::new("baresip")
            .arg("-f")
            .arg(&dir)
            .args(like.ipv6.then_some("-6"))
            .env("HOME", &dir)
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a file"))
            .stderr(out)
            .spawn()
            .expect("baresip (package baresip-core; `make setup` installs it)");
        let mut child = Ending(Some(child));
        let connected = timeout(SOON, connect(place)).await;
        let Ok(stream) = connected else {
            drop(child);
            panic!("{name} does not listen: {}", tail(&log));
        };
        let (read, control) = stream.into_split();
        let (tell, said) = watch::channel(Vec::new());
        let mut reader = JoinSet::new();
        reader.spawn(hear(read, Arc::new(Mutex::new(tell))));
        let child = child.0.take().expect("it runs");
        let mut this = Self {
            name,
            child,
            log,
            control,
            said,
            sounds,
            reader,
            at: 0,
            commands: 0,
        };
        // Made now, so that nothing of its registration is missed.
        this.command("uanew", &account(&like, lab)).await;
        this
    }

    /// From now on, in the call that goes on, its user says their tone, or nothing.
    pub(crate) async fn speaks(&mut self, aloud: bool) {
        let file = self.sounds[usize::from(!aloud)].display().to_string();
        self.command("ausrc", &format!("aufile,{file}")).await;
    }

    /// Gives a command and its answer's text.
    pub(crate) async fn command(&mut self, command: &str, params: &str) -> String {
        self.commands += 1;
        let token = format!("t{}", self.commands);
        let text = json!({ "command": command, "params": params, "token": token }).to_string();
        let framed = format!("{}:{text},", text.len());
        self.control
            .write_all(framed.as_bytes())
            .await
            .unwrap_or_else(|e| panic!("{}: {command}: {e}\n{}", self.name, tail(&self.log)));
        let answer = self
            .said
            .wait_for(|said| said.iter().any(|v| v["token"] == *token));
        let Ok(Ok(said)) = timeout(SOON, answer).await else {
            panic!(
                "{} did not answer {command}: {}",
                self.name,
                tail(&self.log)
            );
        };
        let answer = said.iter().find(|v| v["token"] == *token);
        answer
            .and_then(|v| v["data"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    /// Waits for the next event of a type, such as `CALL_INCOMING`, that was not waited for yet.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        self.within(kind, SOON).await
    }

    /// As `until`, with a time of one's own.
    pub(crate) async fn within(&mut self, kind: &str, limit: Duration) -> Value {
        let from = self.at;
        let position = |said: &Vec<Value>| {
            let mut after = said.iter().enumerate().skip(from);
            after
                .find(|(_, v)| v["event"] == true && v["type"] == kind)
                .map(|(n, _)| n)
        };
        let seen = timeout(limit, self.said.wait_for(|said| position(said).is_some())).await;
        let Ok(Ok(said)) = seen else {
            panic!(
                "{}: no {kind} within {} s\n{}",
                self.name,
                limit.as_secs(),
                tail(&self.log)
            );
        };
        let n = position(&said).expect("it was there");
        let event = said[n].clone();
        drop(said);
        self.at = n + 1;
        event
    }

    /// How many events of a type there were so far.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.said
            .borrow()
            .iter()
            .filter(|v| v["event"] == true && v["type"] == kind)
            .count()
    }

    /// Presses keys in the call.
    pub(crate) async fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.command("sndcode", &key.to_string()).await;
        }
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        self.reader.abort_all();
        // Killed, not asked: it would un-register for seconds.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A child that does not outlive a failed start.
struct Ending(Option<Child>);

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

async fn connect(place: Place) -> TcpStream {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    loop {
        tick.tick().await;
        if let Ok(stream) = TcpStream::connect((place.ip, place.sip + CONTROL)).await {
            return stream;
        }
    }
}

/// Reads netstrings (`LENGTH:JSON,`) until the phone is gone.
async fn hear(mut from: OwnedReadHalf, tell: Arc<Mutex<watch::Sender<Vec<Value>>>>) {
    let mut buffer = Vec::new();
    let mut piece = vec![0; 16_384];
    loop {
        match from.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(n) => buffer.extend_from_slice(&piece[..n]),
        }
        while let Some((json, used)) = netstring(&buffer) {
            let value = serde_json::from_slice(json).unwrap_or_default();
            buffer.drain(..used);
            let tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
            tell.send_modify(|said: &mut Vec<Value>| said.push(value));
        }
    }
}

fn netstring(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let colon = bytes.iter().position(|b| *b == b':')?;
    let length: usize = std::str::from_utf8(&bytes[..colon]).ok()?.parse().ok()?;
    let end = colon + 1 + length;
    (bytes.len() > end).then(|| (&bytes[colon + 1..end], end + 1))
}

fn account(like: &Like<'_>, lab: &Lab) -> String {
    let Like {
        user,
        password,
        transport,
        dtmf,
        codecs,
        ..
    } = like;
    let (register, answer) = (
        if like.registers { 60 } else { 0 },
        if like.answers { "auto" } else { "manual" },
    );
    let mediaenc = match like.mediaenc {
        "" => String::new(),
        mediaenc => format!(";mediaenc={mediaenc}"),
    };
    let outbound = like.by.map_or_else(String::new, |proxy| {
        format!(";outbound=\"sip:{proxy}:{SIP}\"")
    });
    let gateway = match like.ipv6 {
        true => format!("[::1]:{}", lab.gateway6()),
        false => format!("{}:{}", lab.gateway(), sip_port(transport)),
    };
    format!(
        "<sip:{user}@{gateway};transport={transport}>;auth_user={user};auth_pass={password};\
         regint={register};answermode={answer};audio_codecs={codecs};dtmfmode={dtmf}{mediaenc}{outbound}"
    )
}

/// Where a transport of the gateway is.
pub(crate) fn sip_port(transport: &str) -> u16 {
    match transport {
        "tls" => SIPS,
        _ => SIP,
    }
}

fn config(place: &Place, n: u8, like: &Like<'_>, source: &str) -> String {
    let Place { ip, sip, rtp } = place;
    let (own, listens) = match like.ipv6 {
        true => ("::1".to_owned(), format!("[::1]:{sip}")),
        false => (ip.to_string(), format!("{ip}:{sip}")),
    };
    let rate = like.rate;
    let ca = like
        .ca
        .map_or_else(String::new, |file| format!("sip_cafile {file}\n"));
    let (first, last, control) = (rtp.0, rtp.1, sip + CONTROL);
    let mwi = if like.mwi { "module_app mwi.so\n" } else { "" };
    format!(
        "{ca}poll_method epoll
sip_listen {listens}
net_interface {own}
call_local_timeout 60
call_max_calls 4
audio_player aubridge,ear{n}
audio_source {source}
audio_alert aubridge,bell{n}
ausrc_srate {rate}
auplay_srate {rate}
ausrc_channels 1
auplay_channels 1
rtp_ports {first}-{last}
jitter_buffer_delay 2-10
rtcp_mux no
rtp_timeout 0
module_path {MODULES}
module g711.so
module g722.so
module opus.so
opus_stereo no
opus_sprop_stereo no
opus_inbandfec yes
module aufile.so
module aubridge.so
module srtp.so
module uuid.so
{mwi}module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {ip}:{control}
ringback_disabled yes
menu_bell no
redial_attempts 0
statmode_default off
"
    )
}
