//! What is measured: the gateway, or Kamailio as a proxy, alone on a core, and what the scheduler says it took.

use crate::TANDEM;
use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// A running device. Ended by its id when dropped.
pub(crate) struct Device {
    pub(crate) name: &'static str,
    pub(crate) sip: SocketAddr,
    child: Child,
    dir: TempDir,
}

/// How both ends are kept apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    pub(crate) device: usize,
    pub(crate) load: usize,
    /// Real-time priority is allowed.
    pub(crate) real_time: bool,
}

impl Cores {
    pub(crate) fn find() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let real_time = Command::new("chrt")
            .args(["-r", "1", "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success());
        Self {
            device: cores - 1,
            load: 0,
            real_time,
        }
    }

    /// Moves this process to its core.
    pub(crate) fn take_own(self) -> io::Result<()> {
        let me = std::process::id().to_string();
        quietly(Command::new("taskset").args(["-a", "-cp", &self.load.to_string(), &me]))?;
        if self.real_time {
            quietly(Command::new("chrt").args(["-a", "-r", "-p", "1", &me]))?;
        }
        Ok(())
    }

    fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("taskset");
        command.args(["-c", &self.device.to_string()]);
        if self.real_time {
            command.args(["chrt", "-r", "1"]);
        }
        command.arg(program.as_ref());
        command
    }
}

fn quietly(command: &mut Command) -> io::Result<()> {
    let status = command.stdout(Stdio::null()).status()?;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{command:?} failed"))),
    }
}

/// One address of loopback for all listeners; `data` is below the folder that is thrown away with the device.
const NODE: &str = r#"
[node]
name = "bench"
data_dir = "data"
max_calls = 20000
[sip]
listen = ["udp://GATEWAY:5060"]
[rtp]
address = "GATEWAY"
ports = "10000-32766"
reserve = 0
drain_ports = "1s"
[http]
listen = "GATEWAY:8088"
[store]
url = "sqlite://tandem.db?mode=rwc"
journal = "journal"
"#;

/// Takes calls from the load's address and sends them on to its other one.
const TRUNK: &str = r#"
direction = "both"
peers = ["sip:CALLEE"]
[auth]
allow_from = ["127.0.2.2/32"]
[limits]
may_dial = ["_X.", "_gX."]
"#;

/// Straight to a SIP address, by the trunk with its codecs, an echo and a conference: the routes of a load. What begins with `_` is a pattern of the dialplan, an X
/// any digit and a dot the rest: the load numbers its calls. The trunk and the plan allow the same numbers, since both are asked.
const DIALPLAN: &str = r#"
version = 1
trunks = ["carrier"]
start = "echo"
numbers = ["100"]
languages = ["en-GB"]
country = "GB"
[limits]
may_dial = ["sip:_X.@CALLEE", "_gX."]
[routes]
"_X." = "sip:{to}@CALLEE"
"_gX." = "trunk:carrier/{to}"
"_eX." = "echo"
"_cX." = "conference:{to}"
"#;

/// What a row wants besides, at the end of each file.
#[derive(Clone, Copy, Default)]
pub(crate) struct More<'a> {
    pub(crate) node: &'a str,
    pub(crate) trunk: &'a str,
    pub(crate) dialplan: &'a str,
}

/// `tandem serve`, with a database and a journal of its own.
pub(crate) fn gateway(cores: Cores, callee: SocketAddr) -> io::Result<Device> {
    gateway_with(cores, callee, More::default())
}

/// The same with more configuration.
pub(crate) fn gateway_with(cores: Cores, callee: SocketAddr, more: More<'_>) -> io::Result<Device> {
    let sip: SocketAddr = ([127, 0, 1, 9], 5060).into();
    let fill = |text: &str, more: &str| {
        (text.to_owned() + more)
            .replace("GATEWAY", &sip.ip().to_string())
            .replace("CALLEE", &callee.to_string())
    };
    let device = start(cores, "tandem", sip, TANDEM, |command, dir| {
        for folder in ["trunks", "dialplans"] {
            fs::create_dir(dir.join(folder))?;
        }
        fs::write(dir.join("tandem.toml"), fill(NODE, more.node))?;
        fs::write(dir.join("trunks/carrier.toml"), fill(TRUNK, more.trunk))?;
        fs::write(
            dir.join("dialplans/bench.toml"),
            fill(DIALPLAN, more.dialplan),
        )?;
        command.args(["serve", "--config"]).arg(dir);
        Ok(())
    })?;
    device.until("tandem: ready")?;
    Ok(device)
}

/// Starts a device; `prepare` has its command and a folder of its own.
pub(crate) fn start(
    cores: Cores,
    name: &'static str,
    sip: SocketAddr,
    program: &str,
    prepare: impl FnOnce(&mut Command, &Path) -> io::Result<()>,
) -> io::Result<Device> {
    let dir = TempDir::new()?;
    let mut command = cores.command(program);
    prepare(&mut command, dir.path())?;
    let log = fs::File::create(dir.path().join("log"))?;
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    Ok(Device {
        name,
        sip,
        child,
        dir,
    })
}

/// The least that relays calls statefully: record-routing, no authentication, no database.
const KAMAILIO: &str = r#"#!KAMAILIO
debug=0
log_stderror=yes
fork=yes
children=2
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:127.0.1.3:5062
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (has_totag()) {
        if (loose_route()) { t_relay(); } else if (is_method("ACK") && t_check_trans()) { t_relay(); }
        exit;
    }
    if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
    if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
    t_check_trans();
    record_route();
    $du = "sip:CALLEE";
    if (!t_relay()) sl_reply_error();
    exit;
}
"#;

/// Kamailio, if it is installed.
pub(crate) fn kamailio(cores: Cores, callee: SocketAddr) -> io::Result<Option<Device>> {
    if version(Command::new("kamailio").arg("-v")).is_none() {
        return Ok(None);
    }
    let sip = ([127, 0, 1, 3], 5062).into();
    let device = start(cores, "kamailio", sip, "kamailio", |command, dir| {
        let config = dir.join("kamailio.cfg");
        fs::write(&config, KAMAILIO.replace("CALLEE", &callee.to_string()))?;
        command.arg("-f").arg(&config);
        command
            .args(["-DD", "-E", "-m", "256", "-M", "16", "-Y"])
            .arg(dir);
        Ok(())
    })?;
    wait_until(|| device.pids().len() >= 4);
    Ok(Some(device))
}

/// The first line that a command prints, where it is installed.
pub(crate) fn version(command: &mut Command) -> Option<String> {
    let out = command.output().ok()?;
    // Some say it as an error.
    let text = [out.stdout, out.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().next().map(str::to_owned)
}

/// Between two looks at a process: a hundredth of a core at the most, and no run is measured meanwhile.
const LOOK: Duration = Duration::from_millis(50);
/// Rows are gathered for a second before they are work: what a run put off has begun by then.
const PUT_OFF: Duration = Duration::from_millis(1500);

/// Nothing here tells a bench that another process is ready, or idle, but another look at it.
#[expect(
    clippy::disallowed_methods,
    reason = "a bench waits for a process that is not told when to speak"
)]
fn pause(time: Duration) {
    // Between two looks at a log or a metric of the device's: there is nothing to wait on.
    std::thread::sleep(time);
}

/// Looks for half a minute.
pub(crate) fn wait_until(yes: impl Fn() -> bool) -> bool {
    (0..600).any(|_| {
        let done = yes();
        if !done {
            pause(LOOK);
        }
        done
    })
}

impl Device {
    fn until(&self, text: &str) -> io::Result<()> {
        let log = self.dir.path().join("log");
        let read = || fs::read_to_string(&log).unwrap_or_default();
        match wait_until(|| read().contains(text)) {
            true => Ok(()),
            false => Err(io::Error::other(format!("{} says\n{}", self.name, read()))),
        }
    }

    /// Its processes.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let mut all = vec![self.child.id()];
        let mut at = 0;
        while let Some(parent) = all.get(at).copied() {
            all.extend(children(parent));
            at += 1;
        }
        all
    }

    /// Nanoseconds that its threads have run, by the scheduler's own count.
    pub(crate) fn cpu_ns(&self) -> u64 {
        let tasks = self.pids().into_iter().flat_map(|pid| {
            let tasks = fs::read_dir(format!("/proc/{pid}/task"));
            tasks.into_iter().flatten().flatten()
        });
        tasks
            .filter_map(|t| {
                let text = fs::read_to_string(t.path().join("schedstat")).ok()?;
                text.split_whitespace().next()?.parse::<u64>().ok()
            })
            .sum()
    }

    /// Kilobytes in memory.
    pub(crate) fn memory_kb(&self) -> u64 {
        self.pids().iter().filter_map(|pid| resident(*pid)).sum()
    }

    /// Open files of all its processes.
    pub(crate) fn files(&self) -> usize {
        let count = |pid: &u32| fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        self.pids().iter().map(count).sum()
    }

    /// Gives what was put off time to be done: at the most until all rows are in the database.
    pub(crate) fn written(&self) -> bool {
        pause(PUT_OFF);
        let http = SocketAddr::new(self.sip.ip(), 8088);
        self.name != "tandem"
            || wait_until(|| metric(http, "tandem_store_behind_bytes") == Some(0.0))
    }
}

/// One number of /metrics.
pub(crate) fn metric(http: SocketAddr, name: &str) -> Option<f64> {
    let mut stream = std::net::TcpStream::connect(http).ok()?;
    write!(
        stream,
        "GET /metrics HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let text = io::read_to_string(stream).ok()?;
    let line = text.lines().find(|l| l.starts_with(name))?;
    line.rsplit(' ').next()?.trim().parse().ok()
}

fn children(parent: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task"))
        .into_iter()
        .flatten()
        .flatten();
    tasks
        .filter_map(|t| fs::read_to_string(t.path().join("children")).ok())
        .flat_map(|text| {
            let pids: Vec<u32> = text
                .split_whitespace()
                .filter_map(|p| p.parse().ok())
                .collect();
            pids
        })
        .collect()
}

fn resident(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let child = std::cell::RefCell::new(&mut self.child);
        if !wait_until(|| matches!(child.borrow_mut().try_wait(), Ok(Some(_)))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
