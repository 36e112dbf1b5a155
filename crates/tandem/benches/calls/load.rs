//! The load: a caller and a callee on two sockets, calls placed by the clock whatever becomes of those before
//! (an open loop), each INVITE to BYE without sound.

use crate::{
    clock,
    legs::Legs,
    message::{Caller, Dialog, called, reply, status, value},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
    net::SocketAddr,
    time::Duration,
};
use tokio::{
    net::UdpSocket,
    time::{MissedTickBehavior, interval},
};

/// T1 of RFC 3261.
const T1: u64 = 500_000_000;
/// A request that nobody answered is given up.
const PATIENCE: u64 = 12_000_000_000;
/// Calls placed before answers are read again.
const BURST: usize = 8;

/// What is to be done.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) device: SocketAddr,
    pub(crate) caller: SocketAddr,
    pub(crate) callee: SocketAddr,
    /// Calls a second.
    pub(crate) rate: f64,
    pub(crate) calls: usize,
    pub(crate) hold: Duration,
    /// Ask OPTIONS this often besides.
    pub(crate) options_every: Option<Duration>,
    /// Whom call `n` is to.
    pub(crate) user: fn(usize) -> String,
    /// Both ends speak; else they say that they would.
    pub(crate) legs: Option<&'a Legs>,
}

/// What became of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) placed: u64,
    pub(crate) answered: u64,
    /// Hung up, and that was answered with 200.
    pub(crate) ended: u64,
    /// Final refusals of INVITEs by status; 0: none came.
    pub(crate) refused: BTreeMap<u16, u64>,
    /// Answers to BYE other than 200; 0: none came.
    pub(crate) bye_refused: BTreeMap<u16, u64>,
    /// Refusals that had a Retry-After.
    pub(crate) retry_after: u64,
    /// OPTIONS asked, and answered with 200.
    pub(crate) options: (u64, u64),
    /// Requests and answers that had to be sent again.
    pub(crate) repeats: u64,
    /// INVITE to 200 in microseconds, sorted.
    pub(crate) setup_us: Vec<u64>,
    /// From the first INVITE to the last.
    pub(crate) seconds: f64,
}

impl Outcome {
    /// Everything that was not carried from INVITE to BYE.
    pub(crate) fn failed(&self) -> u64 {
        self.placed - self.ended
    }

    /// Milliseconds of set-up at this share of the calls.
    pub(crate) fn setup_ms(&self, share: f64) -> f64 {
        let at = ((self.setup_us.len() as f64 - 1.0) * share)
            .round()
            .max(0.0) as usize;
        self.setup_us
            .get(at)
            .map_or(f64::NAN, |us| *us as f64 / 1000.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Invite(u8),
    HangUp,
    Bye(u8),
}

enum State {
    Inviting { heard: bool },
    Up,
    Leaving,
    Over,
}

struct Call {
    state: State,
    invited: u64,
    dialog: Dialog,
}

struct Run<'a> {
    load: Load<'a>,
    caller: Caller,
    a: UdpSocket,
    b: UdpSocket,
    calls: Vec<Call>,
    live: usize,
    due: BinaryHeap<Reverse<(u64, usize, Due)>>,
    /// Answers of the callee that wait for their ACK.
    unacked: HashMap<String, (String, SocketAddr)>,
    again: BinaryHeap<Reverse<(u64, String, u8)>>,
    /// Of the callee's calls.
    legs: HashMap<String, usize>,
    options: u64,
    out: Outcome,
}

/// Sound that nobody sends: both ends take PCMA where nobody listens.
fn sdp(at: SocketAddr) -> String {
    let ip = at.ip();
    format!(
        "v=0\r\no=load 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 39998 RTP/AVP 8\r\n\
         a=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

/// Carries the load.
pub(crate) async fn carry(load: Load<'_>) -> std::io::Result<Outcome> {
    let caller = Caller {
        at: load.caller,
        device: load.device,
        run: clock() / 1000 % 1_000_000_000,
        user: load.user,
    };
    let mut run = Run {
        load,
        caller,
        a: UdpSocket::bind(load.caller).await?,
        b: UdpSocket::bind(load.callee).await?,
        calls: Vec::with_capacity(load.calls),
        live: 0,
        due: BinaryHeap::new(),
        unacked: HashMap::new(),
        again: BinaryHeap::new(),
        legs: HashMap::new(),
        options: 0,
        out: Outcome::default(),
    };
    let mut tick = interval(Duration::from_millis(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let begin = clock();
    let mut buffer = vec![0u8; 65_536];
    while run.calls.len() < load.calls || run.live > 0 {
        tokio::select! {
            biased;
            r = run.a.readable() => r?,
            r = run.b.readable() => r?,
            _ = tick.tick() => {}
        }
        for _ in 0..64 {
            let Ok((n, _)) = run.a.try_recv_from(&mut buffer) else {
                break;
            };
            run.caller_hears(&String::from_utf8_lossy(&buffer[..n]));
        }
        for _ in 0..64 {
            let Ok((n, from)) = run.b.try_recv_from(&mut buffer) else {
                break;
            };
            run.callee_hears(&String::from_utf8_lossy(&buffer[..n]), from);
        }
        run.place(begin);
        run.timers();
    }
    run.out.setup_us.sort_unstable();
    Ok(run.out)
}

impl Run<'_> {
    fn send(&self, text: &str) {
        // A full buffer loses it, as a full link would; it is sent again.
        let _ = self.a.try_send_to(text.as_bytes(), self.load.device);
    }

    fn invite(&self, n: usize) {
        let sdp = match self.load.legs {
            Some(legs) => legs.description(n, None),
            None => sdp(self.load.caller),
        };
        self.send(&self.caller.invite(n, &sdp));
    }

    fn place(&mut self, begin: u64) {
        let seconds = (clock() - begin) as f64 / 1e9;
        let due = ((seconds * self.load.rate) as usize + 1).min(self.load.calls);
        for _ in 0..BURST {
            let n = self.calls.len();
            if n >= due {
                break;
            }
            self.invite(n);
            let now = clock();
            self.calls.push(Call {
                state: State::Inviting { heard: false },
                invited: now,
                dialog: Dialog::default(),
            });
            self.due.push(Reverse((now + T1, n, Due::Invite(1))));
            self.live += 1;
            self.out.placed += 1;
            self.out.seconds = seconds;
        }
        if let Some(every) = self.load.options_every
            && seconds / every.as_secs_f64() > self.options as f64
            && self.calls.len() < self.load.calls
        {
            self.send(&self.caller.options(self.options));
            self.options += 1;
            self.out.options.0 += 1;
        }
    }

    fn caller_hears(&mut self, text: &str) {
        let Some(status) = status(text) else {
            // The device hangs up or asks; the callee's answer will do.
            let ok = reply(text, "200 OK", self.load.caller, "");
            return self.send(&ok);
        };
        let cseq = value(text, "CSeq");
        if cseq.ends_with("OPTIONS") {
            self.out.options.1 += u64::from(status == 200);
            return;
        }
        let Some(n) = self.caller.number(value(text, "Call-ID")) else {
            return;
        };
        let now = clock();
        let Some(call) = self.calls.get_mut(n) else {
            return;
        };
        match &mut call.state {
            State::Inviting { heard } if cseq.ends_with("INVITE") => match status {
                100..=199 => *heard = true,
                200..=299 => {
                    call.state = State::Up;
                    call.dialog = Dialog::answered(text);
                    self.out.setup_us.push((now - call.invited) / 1000);
                    self.out.answered += 1;
                    let hang_up = now + self.load.hold.as_nanos() as u64;
                    self.due.push(Reverse((hang_up, n, Due::HangUp)));
                    let ack = self.caller.ack_answer(n, &call.dialog);
                    self.send(&ack);
                    if let Some(legs) = self.load.legs {
                        legs.speak(n, text);
                    }
                }
                _ => {
                    call.state = State::Over;
                    self.live -= 1;
                    *self.out.refused.entry(status).or_default() += 1;
                    self.out.retry_after += u64::from(!value(text, "Retry-After").is_empty());
                    let ack = self.caller.ack(n, None, value(text, "To"));
                    self.send(&ack);
                }
            },
            // A repeated final answer wants its ACK again.
            State::Up if cseq.ends_with("INVITE") && status >= 200 => {
                let ack = self.caller.ack_answer(n, &call.dialog);
                self.send(&ack);
            }
            State::Over if cseq.ends_with("INVITE") && status >= 300 => {
                let ack = self.caller.ack(n, None, value(text, "To"));
                self.send(&ack);
            }
            State::Leaving if cseq.ends_with("BYE") && status >= 200 => {
                if status == 200 {
                    self.out.ended += 1;
                } else {
                    *self.out.bye_refused.entry(status).or_default() += 1;
                }
                call.state = State::Over;
                call.dialog = Dialog::default();
                self.live -= 1;
            }
            State::Inviting { .. } | State::Up | State::Leaving | State::Over => {}
        }
    }

    fn callee_hears(&mut self, text: &str, from: SocketAddr) {
        let at = self.load.callee;
        let send = |text: &str| {
            let _ = self.b.try_send_to(text.as_bytes(), from);
        };
        let call_id = value(text, "Call-ID");
        if text.starts_with("INVITE ") {
            if let Some((ok, _)) = self.unacked.get(call_id) {
                return send(ok);
            }
            send(&reply(text, "180 Ringing", at, ""));
            let answer = match (self.load.legs, called(text)) {
                (Some(legs), Some(n)) => {
                    let leg = legs.callee(n);
                    legs.speak(leg, text);
                    self.legs.insert(call_id.to_owned(), leg);
                    legs.description(leg, Some(text))
                }
                _ => sdp(at),
            };
            let ok = reply(text, "200 OK", at, &answer);
            send(&ok);
            self.unacked.insert(call_id.to_owned(), (ok, from));
            self.again
                .push(Reverse((clock() + T1, call_id.to_owned(), 1)));
        } else if text.starts_with("ACK ") {
            self.unacked.remove(call_id);
        } else if status(text).is_none() {
            if text.starts_with("BYE ") {
                self.unacked.remove(call_id);
                let leg = self.legs.remove(call_id);
                if let Some((legs, leg)) = self.load.legs.zip(leg) {
                    legs.hush(leg);
                }
            }
            send(&reply(text, "200 OK", at, ""));
        }
    }

    fn timers(&mut self) {
        let now = clock();
        while let Some(Reverse((at, n, what))) = self.due.peek().copied() {
            if at > now {
                break;
            }
            self.due.pop();
            self.timer(now, n, what);
        }
        while let Some(Reverse((at, ..))) = self.again.peek() {
            if *at > now {
                break;
            }
            let Some(Reverse((_, id, tries))) = self.again.pop() else {
                break;
            };
            if let Some((ok, to)) = self.unacked.get(&id)
                && tries < 6
            {
                let _ = self.b.try_send_to(ok.as_bytes(), *to);
                self.out.repeats += 1;
                self.again
                    .push(Reverse((now + (T1 << tries), id, tries + 1)));
            }
        }
    }

    fn timer(&mut self, now: u64, n: usize, what: Due) {
        let Some(call) = self.calls.get_mut(n) else {
            return;
        };
        match (what, &call.state) {
            (Due::Invite(tries), State::Inviting { heard }) => {
                if now - call.invited > PATIENCE {
                    call.state = State::Over;
                    self.live -= 1;
                    *self.out.refused.entry(0).or_default() += 1;
                    return;
                }
                if !heard {
                    self.out.repeats += 1;
                    self.invite(n);
                }
                let again = now + (T1 << tries.min(4));
                self.due.push(Reverse((again, n, Due::Invite(tries + 1))));
            }
            (Due::HangUp, State::Up) => {
                call.state = State::Leaving;
                if let Some(legs) = self.load.legs {
                    legs.hush(n);
                }
                let bye = self.caller.bye(n, &call.dialog);
                self.send(&bye);
                self.due.push(Reverse((now + T1, n, Due::Bye(1))));
            }
            (Due::Bye(tries), State::Leaving) => {
                if tries > 6 {
                    call.state = State::Over;
                    self.live -= 1;
                    *self.out.bye_refused.entry(0).or_default() += 1;
                    return;
                }
                let bye = self.caller.bye(n, &call.dialog);
                self.send(&bye);
                self.out.repeats += 1;
                let again = now + (T1 << tries.min(3));
                self.due.push(Reverse((again, n, Due::Bye(tries + 1))));
            }
            _ => {}
        }
    }
}
