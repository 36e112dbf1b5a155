//! Figures for calls. INVITE to BYE without sound: what a call costs, how long its set-up takes, how many a core
//! carries, what memory does over many, and what happens at five times that. With sound: what a packet costs, and how late
//! it is; transcoded, recorded, in a room, with an agent. Kamailio as a proxy and rtpengine in user space, which do less, are
//! measured in the same run where they are installed.
//!
//!     cargo bench -p tandem --bench calls [-- signalling | capacity | memory | overload]
//!     cargo bench -p tandem --bench calls -- media | relay | lines | codecs | rooms | agents
//!     SOAK_MINUTES=30 cargo bench -p tandem --bench calls -- soak
//!
//! The device and the load have a core each and real-time priority where that is allowed. Bounded: loopback, some
//! minutes, 130,000 calls. The tables go to standard output, to `target/bench/calls.txt` and to `target/bench/media.txt`.

#[path = "calls/device.rs"]
mod device;
#[path = "calls/legs.rs"]
mod legs;
#[path = "calls/load.rs"]
mod load;
#[path = "calls/media.rs"]
mod media;
#[path = "calls/message.rs"]
mod message;
#[path = "calls/rtpengine.rs"]
mod rtpengine;
#[path = "calls/table.rs"]
mod table;
#[path = "calls/voice.rs"]
mod voice;

use device::{Cores, Device, gateway, kamailio, version};
use legs::{Legs, Payload, Shape};
use load::{Load, Outcome, carry};
use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};
use tandem_server::Clock;
use tandem_types::media::Codec;

/// The binary of the same build.
const TANDEM: &str = env!("CARGO_BIN_EXE_tandem");
/// Runs of the same kind, one after the other; the middle one is quoted.
const REPEATS: usize = 3;
/// Seconds of load in each.
const SECONDS: usize = 6;

/// Nanoseconds since the bench began.
fn clock() -> u64 {
    static CLOCK: OnceLock<Clock> = OnceLock::new();
    CLOCK.get_or_init(Clock::start).now().mono.0
}

fn caller() -> SocketAddr {
    ([127, 0, 2, 2], 5366).into()
}

fn callee() -> SocketAddr {
    ([127, 0, 2, 3], 5367).into()
}

fn load(device: &Device, rate: usize, calls: usize) -> Load<'static> {
    Load {
        device: device.sip,
        caller: caller(),
        callee: callee(),
        rate: rate as f64,
        calls,
        hold: Duration::from_millis(1000),
        options_every: None,
        user: |n| format!("{:06}", n % 1_000_000),
        legs: None,
    }
}

/// One run of a device.
struct Row {
    name: &'static str,
    rate: usize,
    out: Outcome,
    /// Of the device, for each call that was placed.
    us_per_call: f64,
    core: f64,
    memory_kb: u64,
    /// Every row is in the database.
    written: bool,
}

struct Bench {
    cores: Cores,
    runtime: tokio::runtime::Runtime,
    /// Where and with what.
    head: String,
    text: String,
}

impl Bench {
    fn say(&mut self, line: &str) {
        println!("{line}");
        let _ = writeln!(self.text, "{line}");
    }

    fn run(&mut self, device: &Device, load: Load<'_>) -> io::Result<Row> {
        let (cpu, begin) = (device.cpu_ns(), clock());
        let out = self.runtime.block_on(carry(load))?;
        // Work that was put off is work.
        let written = device.written();
        let (cpu, took) = (device.cpu_ns() - cpu, clock() - begin);
        let row = Row {
            name: device.name,
            rate: load.rate as usize,
            us_per_call: cpu as f64 / 1000.0 / out.placed.max(1) as f64,
            core: cpu as f64 / took as f64,
            memory_kb: device.memory_kb(),
            written,
            out,
        };
        let line = describe(&row);
        self.say(&line);
        Ok(row)
    }

    fn heading(&mut self) -> io::Result<()> {
        let cpu = fs::read_to_string("/proc/cpuinfo")?;
        let model = cpu
            .lines()
            .find_map(|l| l.strip_prefix("model name"))
            .map_or("", |l| l.trim_start_matches(['\t', ' ', ':']));
        let busy = fs::read_to_string("/proc/loadavg")?;
        // All of the machine's; this process has one of them by now.
        let cores = cpu.lines().filter(|l| l.starts_with("processor")).count();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        let tandem = version(Command::new(TANDEM).arg("version")).unwrap_or_default();
        let peer = version(Command::new("kamailio").arg("-v"));
        let Cores {
            device,
            load,
            real_time,
        } = self.cores;
        self.say(&format!("{cores} x {model}, Linux {}", kernel.trim()));
        self.say(&format!(
            "{tandem}; {}",
            peer.as_deref()
                .unwrap_or("no Kamailio is installed: no ratio")
        ));
        let priority = if real_time {
            "real-time priority"
        } else {
            "ordinary priority: chrt is not allowed"
        };
        self.say(&format!(
            "device on core {device}, load on core {load}, {priority}; load average before {}",
            busy.split_whitespace()
                .take(3)
                .collect::<Vec<_>>()
                .join(" ")
        ));
        if device == load {
            self.say("only one core: device and load take it from each other");
        }
        Ok(())
    }

    /// CPU and set-up time of a call, beside Kamailio's in the same run.
    fn signalling(&mut self) -> io::Result<()> {
        for rate in [100, 300] {
            let mut rows = Vec::new();
            for _ in 0..REPEATS {
                if let Some(peer) = kamailio(self.cores, callee())? {
                    rows.push(self.run(&peer, load(&peer, rate, rate * SECONDS))?);
                }
                let device = gateway(self.cores, callee())?;
                rows.push(self.run(&device, load(&device, rate, rate * SECONDS))?);
            }
            let ours = middle(&rows, "tandem", |r| r.us_per_call).unwrap_or(f64::NAN);
            let p99 = middle(&rows, "tandem", |r| r.out.setup_ms(0.99)).unwrap_or(f64::NAN);
            let mut line = format!("= {rate}/s: {ours:.0} us a call, set-up p99 {p99:.2} ms");
            if let Some(theirs) = middle(&rows, "kamailio", |r| r.us_per_call) {
                let _ = write!(
                    line,
                    "; kamailio {theirs:.0} us; ratio {:.2}",
                    ours / theirs
                );
            }
            self.say(&line);
        }
        Ok(())
    }

    /// The most calls a second that one core carries with none failed. Steps of a quarter.
    fn capacity(&mut self) -> io::Result<usize> {
        let mut carried = 0;
        for rate in [400, 600, 800, 1000, 1250, 1500, 1900, 2400] {
            let device = gateway(self.cores, callee())?;
            let row = self.run(&device, load(&device, rate, rate * SECONDS))?;
            if row.out.failed() > 0 || !row.written {
                break;
            }
            carried = rate;
        }
        self.say(&format!(
            "= capacity: {carried} calls/s without a failed one"
        ));
        Ok(carried)
    }

    /// Memory over 100,000 calls, and of calls that are up.
    fn memory(&mut self) -> io::Result<()> {
        let device = gateway(self.cores, callee())?;
        let rate = 400;
        let empty = device.memory_kb();
        let held = Load {
            hold: Duration::from_secs(15),
            ..load(&device, rate, 2000)
        };
        let watched = self.while_held(&device, held)?;
        let per_call = watched.saturating_sub(empty) as f64 / 2000.0;
        self.say(&format!(
            "= memory: {empty} kB empty, {per_call:.1} kB for each of 2,000 calls that are up"
        ));
        let mut sizes = Vec::new();
        for _ in 0..5 {
            let twenty_thousand = Load {
                hold: Duration::from_millis(500),
                ..load(&device, rate, 20_000)
            };
            let row = self.run(&device, twenty_thousand)?;
            sizes.push((row.memory_kb, device.files()));
        }
        let line: Vec<String> = sizes
            .iter()
            .map(|(kb, files)| format!("{kb} kB, {files} files"))
            .collect();
        self.say(&format!(
            "= memory after each 20,000 calls: {}",
            line.join("; ")
        ));
        Ok(())
    }

    /// The most memory while these calls are up.
    fn while_held(&mut self, device: &Device, load: Load<'_>) -> io::Result<u64> {
        let most = std::cell::Cell::new(0);
        let out = self.runtime.block_on(async {
            let mut tick = tokio::time::interval(Duration::from_millis(500));
            let carried = carry(load);
            tokio::pin!(carried);
            loop {
                tokio::select! {
                    out = &mut carried => return out,
                    _ = tick.tick() => most.set(most.get().max(device.memory_kb())),
                }
            }
        })?;
        if out.failed() > 0 {
            self.say(&format!("= memory: {} of the calls failed", out.failed()));
        }
        Ok(most.get())
    }

    /// Five times what it carries.
    fn overload(&mut self, capacity: usize) -> io::Result<()> {
        let device = gateway(self.cores, callee())?;
        let rate = capacity * 5;
        let out = self.run(
            &device,
            Load {
                options_every: Some(Duration::from_millis(20)),
                ..load(&device, rate, rate * SECONDS)
            },
        )?;
        let Outcome {
            ended,
            refused,
            retry_after,
            bye_refused,
            options,
            ..
        } = &out.out;
        let carried = *ended as f64 / out.out.seconds.max(1.0);
        self.say(&format!(
            "= overload: {carried:.0} calls/s carried of {capacity} ({:.0} %); refused {refused:?}, {retry_after} with \
             Retry-After; BYE refused {bye_refused:?}; OPTIONS answered {} of {}",
            100.0 * carried / capacity as f64, options.1, options.0
        ));
        Ok(())
    }

    /// Calls with sound for so long; whether memory and files stayed as they were, and everything arrived.
    fn soak(&mut self, minutes: u64) -> io::Result<bool> {
        let device = gateway(self.cores, callee())?;
        let mut seen = Vec::new();
        let mut well = true;
        for minute in 1..=minutes {
            let shape = Shape {
                calls: 110,
                room: 0,
                codecs: [Codec::Pcma; 2],
                payload: Payload::Marked,
            };
            let legs = Legs::open([[127, 0, 2, 2].into(), [127, 0, 2, 3].into()], shape)?;
            legs.count(Duration::from_secs(600));
            let load = Load {
                hold: Duration::from_secs(20),
                legs: Some(&legs),
                ..load(&device, 3, shape.calls)
            };
            let (out, heard) = legs.during(|| self.runtime.block_on(carry(load)))?;
            let (sent, arrived) = (heard.sent, heard.heard);
            let (kb, files) = (device.memory_kb(), device.files());
            seen.push((kb, files));
            // The last packets of a call cross its BYE.
            let lost = sent.saturating_sub(arrived);
            let fine = out.failed() == 0 && lost <= 4 * out.placed;
            well &= fine;
            self.say(&format!(
                "soak {minute:>3}: {} calls, {} failed, {sent} packets, {lost} did not arrive, {kb} kB, {files} files{}",
                out.placed,
                out.failed(),
                if fine { "" } else { "  WRONG" }
            ));
        }
        // The first minutes fill caches and the ring of traces.
        let settled = seen.get(seen.len() / 3).copied().unwrap_or_default();
        let last = seen.last().copied().unwrap_or_default();
        let flat = last.0 <= settled.0 + settled.0 / 20 + 2048 && last.1 <= settled.1 + 2;
        self.say(&format!(
            "= soak: from {} kB and {} files to {} kB and {} files: {}",
            settled.0,
            settled.1,
            last.0,
            last.1,
            if flat { "flat" } else { "NOT FLAT" }
        ));
        Ok(well && flat)
    }

    fn keep(&self, name: &str) -> io::Result<PathBuf> {
        let target = Path::new(TANDEM).ancestors().nth(2);
        let dir = target.unwrap_or(Path::new(".")).join("bench");
        fs::create_dir_all(&dir)?;
        let path = dir.join(name);
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)?;
        writeln!(file, "{}{}", self.head, self.text)?;
        Ok(path)
    }
}

fn describe(row: &Row) -> String {
    let out = &row.out;
    let mut line = format!(
        "{:<9}{:>6}/s {:>6} calls {:>5} failed {:>6.0} us/call {:>5.1} % core  set-up p50 {:>7.2} p99 {:>7.2} ms  {:>7} kB",
        row.name,
        row.rate,
        out.placed,
        out.failed(),
        row.us_per_call,
        100.0 * row.core,
        out.setup_ms(0.5),
        out.setup_ms(0.99),
        row.memory_kb,
    );
    if out.repeats > 0 || out.failed() > 0 {
        let _ = write!(
            line,
            "  repeats {} refused {:?} BYE {:?}",
            out.repeats, out.refused, out.bye_refused
        );
    }
    if !row.written {
        line.push_str("  rows are missing");
    }
    line
}

fn middle(rows: &[Row], name: &str, of: impl Fn(&Row) -> f64) -> Option<f64> {
    let mut all: Vec<f64> = rows.iter().filter(|r| r.name == name).map(of).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

fn main() -> io::Result<()> {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let want = |what: &str| wanted.is_empty() || wanted.iter().any(|w| w == what);
    let cores = Cores::find();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    cores.take_own()?;
    let mut bench = Bench {
        cores,
        runtime,
        head: String::new(),
        text: String::new(),
    };
    bench.heading()?;
    bench.head = std::mem::take(&mut bench.text);
    let sound = ["media", "relay", "lines", "codecs", "rooms", "agents"];
    let names_sound = wanted.iter().any(|w| sound.contains(&w.as_str()));
    if wanted.is_empty() || names_sound {
        let all = wanted.is_empty() || wanted.iter().any(|w| w == "media");
        bench.media(|row| all || wanted.iter().any(|w| w == row))?;
        println!("kept in {}", bench.keep("media.txt")?.display());
        bench.text.clear();
    }
    if want("signalling") {
        bench.signalling()?;
    }
    if want("capacity") || want("overload") {
        let capacity = bench.capacity()?;
        if want("overload") && capacity > 0 {
            bench.overload(capacity)?;
        }
    }
    if want("memory") {
        bench.memory()?;
    }
    let mut well = true;
    if wanted.iter().any(|w| w == "soak") {
        let minutes = std::env::var("SOAK_MINUTES")
            .ok()
            .and_then(|m| m.parse().ok());
        well = bench.soak(minutes.unwrap_or(30).min(240))?;
    }
    if !bench.text.is_empty() {
        println!("kept in {}", bench.keep("calls.txt")?.display());
    }
    match well {
        true => Ok(()),
        false => Err(io::Error::other("the soak did not go well")),
    }
}
