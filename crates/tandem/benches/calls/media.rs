//! What calls with sound cost: relayed, recorded, transcoded, in rooms, with an agent. rtpengine in user space carries the same
//! in the same run where it is installed. The goals are those that the media engine is built for.

use crate::{
    Bench, Device, callee, caller,
    device::{More, gateway_with},
    legs::{Heard, Legs, Payload, Shape},
    load::{Load, carry},
    rtpengine::{Control, installed, rtpengine},
    table::{Row, chart},
};
use std::{cell::Cell, io, net::IpAddr, time::Duration};
use tandem_types::media::Codec;
use tokio::time::interval;

/// Runs of a kind, one after the other; the middle one is quoted.
const REPEATS: usize = 3;
/// Calls of the row that is compared.
const CALLS: usize = 200;
/// Calls begin at this rate, and are left in peace for a while before they are measured.
const RATE: usize = 100;
const SETTLE: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(6);
/// Calls on one core, one after the other.
const STEPS: [usize; 9] = [100, 200, 400, 550, 700, 850, 1000, 1200, 1400];
/// Later than this, sound is late.
const LATE_MS: f64 = 5.0;
const ROOM: usize = 3;

const ANY: &str = "[media]\ncodecs = [\"opus\", \"g722\", \"pcmu\", \"pcma\"]\n";
const RECORDED: &str = "[recording]\ncalls = \"from-answer\"\n";

/// What is carried.
#[derive(Clone, Copy)]
struct Work<'a> {
    shape: Shape,
    user: fn(usize) -> String,
    more: More<'a>,
}

fn number(n: usize) -> String {
    format!("{n:06}")
}

fn marked(calls: usize) -> Work<'static> {
    Work {
        shape: Shape {
            calls,
            room: 0,
            codecs: [Codec::Pcmu; 2],
            payload: Payload::Marked,
        },
        user: number,
        more: More::default(),
    }
}

fn spoken(calls: usize, codecs: [Codec; 2], more: More<'_>) -> Work<'_> {
    let payload = Payload::Voice;
    let shape = Shape {
        calls,
        room: 0,
        codecs,
        payload,
    };
    Work {
        shape,
        user: |n| format!("g{n:06}"),
        more,
    }
}

/// What it took.
pub(crate) struct Sample {
    pub(crate) device: &'static str,
    pub(crate) calls: usize,
    /// Rooms, or calls.
    units: usize,
    /// Of the device's core.
    core: f64,
    /// CPU of the device for each packet that was heard.
    ns_per_packet: f64,
    kb_per_call: f64,
    failed: u64,
    pub(crate) heard: Heard,
}

impl Sample {
    fn percent_per_unit(&self) -> f64 {
        100.0 * self.core / self.units as f64
    }

    /// Nothing was lost, and nothing late. A packet of a thousand calls that the load itself sent late is nobody's fault.
    pub(crate) fn is_clean(&self) -> bool {
        self.failed == 0
            && self.heard.lost() == 0
            && self.heard.wrong == 0
            && self.heard.silent == 0
            && self.heard.way_ms(0.99) < LATE_MS
    }

    fn line(&self, what: &str) -> String {
        let Heard {
            sent,
            wrong,
            silent,
            late,
            ..
        } = &self.heard;
        let mut line = format!(
            "{:<22}{:<10}{:>5} calls {:>5.1} % core {:>7.4} % each {:>6.0} ns/packet {:>6.0} kB/call  {:>3} lost of {sent}  on the \
             way p50 {:.2} p99 {:.2} max {:.2} ms",
            what,
            self.device,
            self.calls,
            100.0 * self.core,
            self.percent_per_unit(),
            self.ns_per_packet,
            self.kb_per_call,
            self.heard.lost(),
            self.heard.way_ms(0.5),
            self.heard.way_ms(0.99),
            self.heard.way_ms(1.0),
        );
        for (n, word) in [
            (*wrong, "wrong"),
            (*silent as u64, "legs silent"),
            (self.failed, "calls failed"),
            (*late, "turns of the load late"),
        ] {
            if n > 0 {
                line += &format!("  {n} {word}");
            }
        }
        line
    }
}

fn v4(address: std::net::SocketAddr) -> std::net::Ipv4Addr {
    match address.ip() {
        IpAddr::V4(ip) => ip,
        IpAddr::V6(_) => std::net::Ipv4Addr::LOCALHOST,
    }
}

impl Bench {
    /// What the device did in the window while `up` keeps the calls up, which `hold` after it began are over.
    fn sample<T>(
        &mut self,
        device: &Device,
        legs: &Legs,
        up: impl Future<Output = io::Result<T>>,
    ) -> io::Result<(T, Sample)> {
        let shape = legs.shape();
        let empty = device.memory_kb();
        let settled = Duration::from_secs_f64(shape.calls as f64 / RATE as f64) + SETTLE;
        let (took, memory) = (Cell::new(0), Cell::new(0));
        let ((done, ()), heard) = legs.during(|| {
            self.runtime.block_on(async {
                let watch = async {
                    let mut tick = interval(settled);
                    // The first is at once.
                    tick.tick().await;
                    tick.tick().await;
                    let before = device.cpu_ns();
                    legs.count(MEASURED);
                    let mut tick = interval(MEASURED);
                    tick.tick().await;
                    tick.tick().await;
                    took.set(device.cpu_ns() - before);
                    memory.set(device.memory_kb());
                    Ok(())
                };
                tokio::try_join!(up, watch)
            })
        })?;
        let units = shape.calls / shape.room.max(1);
        let sample = Sample {
            device: device.name,
            calls: shape.calls,
            units,
            core: took.get() as f64 / MEASURED.as_nanos() as f64,
            ns_per_packet: took.get() as f64 / heard.heard.max(1) as f64,
            kb_per_call: memory.get().saturating_sub(empty) as f64 / units as f64,
            failed: 0,
            heard,
        };
        Ok((done, sample))
    }

    fn ours(&mut self, what: &str, work: Work<'_>) -> io::Result<Sample> {
        let legs = Legs::open([v4(caller()), v4(callee())], work.shape)?;
        let device = gateway_with(self.cores, callee(), work.more)?;
        let begin = Duration::from_secs_f64(work.shape.calls as f64 / RATE as f64);
        let load = Load {
            device: device.sip,
            caller: caller(),
            callee: callee(),
            rate: RATE as f64,
            calls: work.shape.calls,
            // The first is up until all have been measured, and their last packets have come.
            hold: begin + SETTLE + MEASURED + Duration::from_secs(1),
            options_every: None,
            user: work.user,
            legs: Some(&legs),
        };
        let (out, mut sample) = self.sample(&device, &legs, carry(load))?;
        sample.failed = out.failed();
        self.say(&sample.line(what));
        if !out.refused.is_empty() {
            self.say(&format!("  refused {:?}", out.refused));
        }
        Ok(sample)
    }

    /// The same by rtpengine; `None`: it is not installed.
    fn theirs(&mut self, what: &str, work: Work<'_>) -> io::Result<Option<Sample>> {
        if installed().is_none() {
            return Ok(None);
        }
        let legs = Legs::open([v4(caller()), v4(callee())], work.shape)?;
        let device = rtpengine(self.cores)?;
        let control = Control::new(crate::clock())?;
        let calls = work.shape.calls;
        let hold = Duration::from_secs_f64(calls as f64 / RATE as f64)
            + SETTLE
            + MEASURED
            + Duration::from_secs(1);
        let up = async {
            let mut pace = interval(Duration::from_secs(1) / RATE as u32);
            let mut refused = 0;
            for n in 0..calls {
                pace.tick().await;
                refused += u64::from(!control.open(&legs, n));
            }
            let mut end = interval(hold - pace.period() * calls as u32);
            end.tick().await;
            end.tick().await;
            (0..calls).for_each(|n| control.close(n));
            Ok(refused)
        };
        let (refused, mut sample) = self.sample(&device, &legs, up)?;
        sample.failed = refused;
        self.say(&sample.line(what));
        Ok(Some(sample))
    }

    /// All rows; each is left out unless it is wanted.
    pub(crate) fn media(&mut self, want: impl Fn(&str) -> bool) -> io::Result<()> {
        let peer = installed().unwrap_or_else(|| {
            "no rtpengine is installed: no ratio (apt-get install rtpengine-daemon)".to_owned()
        });
        self.say(&format!("rtpengine: {peer}"));
        let mut rows = Vec::new();
        if want("relay") {
            self.relayed(&mut rows)?;
        }
        if want("lines") {
            self.lines(&mut rows)?;
        }
        if want("codecs") {
            self.codecs(&mut rows)?;
        }
        if want("rooms") {
            self.rooms(&mut rows)?;
        }
        if want("agents") {
            self.agents(&mut rows)?;
        }
        self.say(&format!(
            "| {:<44} | {:>9} | {:>8} | {:<13} | {:>5} | {:<16} | {:<12} |",
            "work", "rtpengine", "tandem", "", "ratio", "goal", ""
        ));
        for row in rows {
            self.say(&row.text());
        }
        Ok(())
    }

    fn relayed(&mut self, rows: &mut Vec<Row>) -> io::Result<()> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..REPEATS {
            theirs.extend(self.theirs("G.711 relayed", marked(CALLS))?);
            ours.push(self.ours("G.711 relayed", marked(CALLS))?);
        }
        let row = |what, unit, goal, of_peer, of: &dyn Fn(&Sample) -> f64| Row {
            what,
            peer: middle(&theirs, of),
            ours: middle(&ours, of).unwrap_or(f64::NAN),
            unit,
            goal,
            of_peer,
            more: false,
        };
        rows.push(row(
            "G.711 relayed, 200 calls: CPU per packet",
            "us",
            0.6,
            true,
            &|s| s.ns_per_packet / 1000.0,
        ));
        rows.push(row("  added latency, p99", "ms", 1.0, true, &|s| {
            s.heard.way_ms(0.99)
        }));
        rows.push(row("  packets lost", "", 0.0, false, &|s| {
            s.heard.lost() as f64
        }));
        rows.push(row(
            "  memory of a call, signalling included",
            "kB",
            64.0,
            false,
            &|s| s.kb_per_call,
        ));
        Ok(())
    }

    /// How many calls a core carries, and how late their sound is.
    fn lines(&mut self, rows: &mut Vec<Row>) -> io::Result<()> {
        let mut carried: [Vec<Sample>; 2] = [Vec::new(), Vec::new()];
        for calls in STEPS {
            for (peer, all) in [true, false].into_iter().zip(&mut carried) {
                if all.last().is_some_and(|s: &Sample| !s.is_clean()) {
                    continue;
                }
                match peer {
                    true => all.extend(self.theirs("calls on one core", marked(calls))?),
                    false => all.push(self.ours("calls on one core", marked(calls))?),
                }
            }
        }
        let most = |all: &[Sample]| all.iter().filter(|s| s.is_clean()).map(|s| s.calls).max();
        for line in chart(&carried) {
            self.say(&line);
        }
        rows.push(Row {
            what: "calls on one core, none lost, p99 under 5 ms",
            peer: most(&carried[0]).map(|n| n as f64),
            ours: most(&carried[1]).unwrap_or(0) as f64,
            unit: "calls",
            goal: 800.0,
            of_peer: false,
            more: true,
        });
        Ok(())
    }

    fn codecs(&mut self, rows: &mut Vec<Row>) -> io::Result<()> {
        let any = More {
            trunk: ANY,
            ..More::default()
        };
        let recorded = More {
            dialplan: RECORDED,
            ..any
        };
        let opus = spoken(20, [Codec::Pcmu, Codec::Opus], any);
        let all = [
            (
                "G.711 decoded at both ends, recorded",
                spoken(CALLS, [Codec::Pcmu; 2], recorded),
                0.25,
            ),
            (
                "G.722 to G.711",
                spoken(50, [Codec::Pcmu, Codec::G722], any),
                0.4,
            ),
            ("Opus to G.711", opus, 0.8),
        ];
        for (what, work, goal) in all {
            let peer = match work.shape.codecs {
                [_, Codec::Opus] => self.theirs(what, work)?,
                _ => None,
            };
            let ours = self.ours(what, work)?;
            rows.push(Row {
                what,
                peer: peer.map(|s| s.percent_per_unit()),
                ours: ours.percent_per_unit(),
                unit: "% core a call",
                goal,
                of_peer: false,
                more: false,
            });
            if work.shape.codecs[1] == Codec::Opus {
                rows.push(late("  latency, p50 (a frame is 20 ms)", &ours, 0.5, 20.0));
            }
        }
        Ok(())
    }

    fn rooms(&mut self, rows: &mut Vec<Row>) -> io::Result<()> {
        let shape = Shape {
            calls: 20 * ROOM,
            room: ROOM,
            codecs: [Codec::Pcmu; 2],
            payload: Payload::Voice,
        };
        let work = Work {
            shape,
            user: |n| format!("c{:04}", n / ROOM),
            more: More::default(),
        };
        let ours = self.ours("conference of three", work)?;
        rows.push(Row {
            what: "conference of three",
            peer: None,
            ours: ours.percent_per_unit(),
            unit: "% core each",
            goal: 0.35,
            of_peer: false,
            more: false,
        });
        rows.push(late("  latency, p50", &ours, 0.5, 12.0));
        rows.push(late("  latency, p99", &ours, 0.99, 20.0));
        Ok(())
    }

    /// Callers with an agent who hears them, and has nobody to ask what they said.
    fn agents(&mut self, rows: &mut Vec<Row>) -> io::Result<()> {
        let more = More {
            node: "[providers.none]\nstt = { kind = \"none\" }\nllm = { kind = \"none\" }\nfallback = \"none\"\n",
            dialplan: AGENT,
            ..More::default()
        };
        let shape = Shape {
            calls: 100,
            room: 1,
            codecs: [Codec::Pcmu; 2],
            payload: Payload::Voice,
        };
        let work = Work {
            shape,
            user: |n| format!("a{n:04}"),
            more,
        };
        let ours = self.ours("AI leg, no provider", work)?;
        rows.push(Row {
            what: "AI leg, no provider",
            peer: None,
            ours: ours.percent_per_unit(),
            unit: "% core a call",
            goal: 0.2,
            of_peer: false,
            more: false,
        });
        rows.push(Row {
            what: "  memory of a call",
            peer: None,
            ours: ours.kb_per_call,
            unit: "kB",
            goal: 512.0,
            of_peer: false,
            more: false,
        });
        Ok(())
    }
}

/// One who greets, and hears; nobody makes words of what is heard.
const AGENT: &str = r#""_aX." = "agent:desk"
[agents.desk]
providers = "none"
spoken = "the desk"
greeting = "Good morning, this is the desk. How can I help you?"
max_turns = 1000
[agents.desk.intents]
bill = ["a question about my bill", "there is a mistake on my bill", "i was charged twice"]
[agents.desk.answers]
bill = "Your bill is on its way."
[notice.disclosure]
en-GB = "You are speaking with our automated assistant."
"#;

fn late(what: &'static str, sample: &Sample, share: f64, goal: f64) -> Row {
    Row {
        what,
        peer: None,
        ours: sample.heard.way_ms(share),
        unit: "ms",
        goal,
        of_peer: false,
        more: false,
    }
}

fn middle(samples: &[Sample], of: &dyn Fn(&Sample) -> f64) -> Option<f64> {
    let mut all: Vec<f64> = samples.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}
