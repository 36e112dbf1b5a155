//! Each machine alone: what is sent when, and when it is over.

use super::invite_client::Told;
use super::*;

const OWNER: Owner = Owner::Transaction(TransactionId(1));

/// A machine's surroundings in virtual time.
struct Bench {
    now: Mono,
    transport: Transport,
    timers: Timers,
    sends: Vec<Bytes>,
}

impl Bench {
    fn new(transport: Transport) -> Self {
        Self {
            now: Mono(0),
            transport,
            timers: Timers::default(),
            sends: Vec::new(),
        }
    }

    fn scope(&mut self) -> Scope<'_> {
        Scope {
            now: self.now,
            intervals: Intervals {
                t1: Duration::from_millis(500),
                t2: Duration::from_secs(4),
                t4: Duration::from_secs(5),
            },
            transport: self.transport,
            timers: &mut self.timers,
            owner: OWNER,
            sends: &mut self.sends,
        }
    }

    /// Goes to the next deadline.
    fn wake(&mut self) -> Option<Timer> {
        self.now = self.timers.next()?.0;
        self.timers.pop_due(self.now).map(|(_, timer)| timer)
    }

    fn millis(&self) -> u64 {
        self.now.0 / 1_000_000
    }
}

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[test]
fn an_unanswered_invite_is_sent_seven_times_in_32_seconds() {
    let mut bench = Bench::new(Transport::Udp);
    let mut machine = Some(InviteClient::start(&mut bench.scope(), bytes("INVITE")));
    let (mut at, mut told) = (vec![0], Told::Nothing);
    while let Some(state) = machine.take() {
        let timer = bench.wake().unwrap();
        let before = bench.sends.len();
        (machine, told) = state.on_timer(&mut bench.scope(), timer);
        if bench.sends.len() > before {
            at.push(bench.millis());
        }
    }
    assert_eq!(at, [0, 500, 1500, 3500, 7500, 15500, 31500]);
    assert_eq!((told, bench.millis()), (Told::TimedOut, 32_000));
}

#[test]
fn an_unanswered_request_is_sent_eleven_times_in_32_seconds() {
    let mut bench = Bench::new(Transport::Udp);
    let mut machine = Some(Client::start(&mut bench.scope(), bytes("BYE")));
    let (mut at, mut told) = (vec![0], Told::Nothing);
    while let Some(state) = machine.take() {
        let timer = bench.wake().unwrap();
        let before = bench.sends.len();
        (machine, told) = state.on_timer(&mut bench.scope(), timer);
        if bench.sends.len() > before {
            at.push(bench.millis());
        }
    }
    assert_eq!(
        at,
        [
            0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500
        ]
    );
    assert_eq!((told, bench.millis()), (Told::TimedOut, 32_000));
}

#[test]
fn on_a_stream_nothing_is_repeated_and_nothing_lingers() {
    let mut bench = Bench::new(Transport::Tcp);
    let machine = InviteClient::start(&mut bench.scope(), bytes("INVITE"));
    let (over, told) = machine.on_response(&mut bench.scope(), 486, || bytes("ACK"));
    assert_eq!((over, told), (None, Told::Response));
    assert_eq!(bench.sends, [bytes("INVITE"), bytes("ACK")]);
    assert_eq!(bench.timers, Timers::default());

    let mut bench = Bench::new(Transport::Tcp);
    let machine = Client::start(&mut bench.scope(), bytes("OPTIONS"));
    assert_eq!(
        machine.on_response(&mut bench.scope(), 200),
        (None, Told::Response)
    );
    assert_eq!(bench.timers, Timers::default());

    let machine = Server::start();
    assert_eq!(machine.respond(&mut bench.scope(), bytes("200")), None);
}

#[test]
fn a_repeated_refusal_is_acked_again_until_d() {
    let mut bench = Bench::new(Transport::Udp);
    let machine = InviteClient::start(&mut bench.scope(), bytes("INVITE"));
    let (machine, told) = machine.on_response(&mut bench.scope(), 180, || bytes("ACK"));
    assert_eq!(told, Told::Response);
    assert_eq!(
        bench.timers,
        Timers::default(),
        "a ringing INVITE has no deadline"
    );
    let (machine, told) = machine
        .unwrap()
        .on_response(&mut bench.scope(), 486, || bytes("ACK"));
    assert_eq!(told, Told::Response);
    let (machine, told) = machine
        .unwrap()
        .on_response(&mut bench.scope(), 486, || bytes("not this"));
    assert_eq!(told, Told::Nothing);
    let (machine, told) = machine
        .unwrap()
        .on_response(&mut bench.scope(), 200, || bytes("not this"));
    assert_eq!(told, Told::Nothing, "a 2xx after a refusal is none of ours");
    assert_eq!(bench.sends, [bytes("INVITE"), bytes("ACK"), bytes("ACK")]);
    assert_eq!(bench.wake(), Some(Timer::D));
    assert_eq!(bench.millis(), 32_000);
    assert_eq!(
        machine.unwrap().on_timer(&mut bench.scope(), Timer::D),
        (None, Told::Nothing)
    );
}

#[test]
fn each_2xx_is_told_until_m() {
    let mut bench = Bench::new(Transport::Udp);
    let mut machine = InviteClient::start(&mut bench.scope(), bytes("INVITE"));
    for status in [200, 200, 202] {
        let (next, told) = machine.on_response(&mut bench.scope(), status, || bytes("ACK"));
        assert_eq!(told, Told::Response);
        machine = next.unwrap();
    }
    let (next, told) = machine.on_response(&mut bench.scope(), 183, || bytes("ACK"));
    assert_eq!(told, Told::Nothing);
    assert_eq!(bench.wake(), Some(Timer::M));
    assert_eq!(
        next.unwrap().on_timer(&mut bench.scope(), Timer::M),
        (None, Told::Nothing)
    );
    assert_eq!(bench.sends, [bytes("INVITE")], "the session ACKs a 2xx");
}

#[test]
fn a_broken_way_counts_while_we_send() {
    let mut bench = Bench::new(Transport::Udp);
    let machine = InviteClient::start(&mut bench.scope(), bytes("INVITE"));
    assert_eq!(
        machine.clone().on_transport_failed(&mut bench.scope()),
        (None, Told::Unreachable)
    );
    let (ringing, _) = machine.on_response(&mut bench.scope(), 180, || bytes("ACK"));
    let (ringing, told) = ringing.unwrap().on_transport_failed(&mut bench.scope());
    assert_eq!(told, Told::Nothing);
    bench.transport = Transport::Tcp;
    let gone = ringing.unwrap().on_transport_failed(&mut bench.scope());
    assert_eq!(
        gone,
        (None, Told::Unreachable),
        "a stream that is gone carries no response"
    );
}

#[test]
fn a_refusal_is_repeated_until_ack_and_then_absorbs() {
    let mut bench = Bench::new(Transport::Udp);
    let machine = InviteServer::start(&mut bench.scope(), Some(bytes("100")));
    let machine = machine.on_repeat(&mut bench.scope()).unwrap();
    let machine = machine
        .respond(&mut bench.scope(), 180, bytes("180"))
        .unwrap();
    let machine = machine.on_repeat(&mut bench.scope()).unwrap();
    let machine = machine
        .respond(&mut bench.scope(), 486, bytes("486"))
        .unwrap();
    let machine = machine
        .respond(&mut bench.scope(), 200, bytes("200"))
        .unwrap();
    let timer = bench.wake().unwrap();
    let machine = machine.on_timer(&mut bench.scope(), timer).unwrap();
    let sent: Vec<_> = ["100", "100", "180", "180", "486", "486"].map(bytes).into();
    assert_eq!(bench.sends, sent);
    let (machine, told) = machine.on_ack(&mut bench.scope());
    assert!(!told);
    let (machine, told) = machine.unwrap().on_ack(&mut bench.scope());
    assert!(!told);
    let timer = bench.wake().unwrap();
    assert_eq!((timer, bench.millis()), (Timer::I, 5_500));
    assert_eq!(machine.unwrap().on_timer(&mut bench.scope(), timer), None);
    assert_eq!(bench.sends.len(), sent.len());
}

#[test]
fn a_refusal_that_nobody_acks_is_given_up_at_h() {
    let mut bench = Bench::new(Transport::Udp);
    let machine = InviteServer::start(&mut bench.scope(), Some(bytes("100")));
    let mut machine = machine.respond(&mut bench.scope(), 404, bytes("404"));
    while let Some(state) = machine.take() {
        let timer = bench.wake().unwrap();
        machine = state.on_timer(&mut bench.scope(), timer);
    }
    assert_eq!(bench.millis(), 32_000);
    assert_eq!(bench.sends.len(), 12, "100, 404 and ten repetitions");
}

#[test]
fn an_accepted_invite_absorbs_its_repetitions() {
    let mut bench = Bench::new(Transport::Udp);
    let machine = InviteServer::start(&mut bench.scope(), Some(bytes("100")));
    let machine = machine
        .respond(&mut bench.scope(), 200, bytes("200"))
        .unwrap();
    let machine = machine.on_repeat(&mut bench.scope()).unwrap();
    let machine = machine
        .respond(&mut bench.scope(), 200, bytes("200"))
        .unwrap();
    assert_eq!(
        bench.sends.len(),
        3,
        "the session repeats the 2xx, the INVITE draws none"
    );
    let (machine, told) = machine.on_ack(&mut bench.scope());
    assert!(told, "an ACK that kept the branch belongs to the session");
    assert_eq!(bench.wake(), Some(Timer::L));
    assert_eq!(
        machine.unwrap().on_timer(&mut bench.scope(), Timer::L),
        None
    );
}

#[test]
fn a_repeated_request_draws_the_same_response_until_j() {
    let mut bench = Bench::new(Transport::Udp);
    let machine = Server::start().on_repeat(&mut bench.scope()).unwrap();
    assert!(bench.sends.is_empty());
    let machine = machine.respond(&mut bench.scope(), bytes("200")).unwrap();
    let machine = machine.respond(&mut bench.scope(), bytes("500")).unwrap();
    let machine = machine.on_repeat(&mut bench.scope()).unwrap();
    assert_eq!(bench.sends, [bytes("200"), bytes("200")]);
    assert_eq!(bench.wake(), Some(Timer::J));
    assert_eq!(machine.on_timer(Timer::J), None);
}

#[test]
fn a_request_with_a_1xx_is_sent_each_t2_until_f() {
    let mut bench = Bench::new(Transport::Udp);
    let machine = Client::start(&mut bench.scope(), bytes("INFO"));
    assert!(machine.is_trying());
    let (machine, told) = machine.on_response(&mut bench.scope(), 100);
    assert_eq!(told, Told::Response);
    let (mut machine, told) = machine.unwrap().on_response(&mut bench.scope(), 183);
    assert_eq!(told, Told::Response);
    assert!(machine.as_ref().is_some_and(|m| !m.is_trying()));
    let (mut at, mut told) = (Vec::new(), Told::Nothing);
    while let Some(state) = machine.take() {
        let timer = bench.wake().unwrap();
        let before = bench.sends.len();
        (machine, told) = state.on_timer(&mut bench.scope(), timer);
        if bench.sends.len() > before {
            at.push(bench.millis());
        }
    }
    assert_eq!(
        at,
        [4000, 8000, 12_000, 16_000, 20_000, 24_000, 28_000, 32_000]
    );
    assert_eq!((told, bench.millis()), (Told::TimedOut, 32_000));
}

#[test]
fn a_stream_repeats_no_request_and_none_after_a_1xx() {
    let mut bench = Bench::new(Transport::Tcp);
    let machine = Client::start(&mut bench.scope(), bytes("INFO"));
    let (machine, _) = machine.on_response(&mut bench.scope(), 100);
    assert_eq!(bench.wake(), Some(Timer::F));
    let over = machine.unwrap().on_timer(&mut bench.scope(), Timer::F);
    assert_eq!(over, (None, Told::TimedOut));
    assert_eq!(bench.sends, [bytes("INFO")]);

    let mut bench = Bench::new(Transport::Tcp);
    let machine = InviteServer::start(&mut bench.scope(), None);
    assert!(machine.is_open());
    let machine = machine
        .respond(&mut bench.scope(), 404, bytes("404"))
        .unwrap();
    assert!(!machine.is_open());
    assert_eq!(bench.timers.next().map(|(_, t)| t), Some(Timer::H));
    assert_eq!(machine.on_ack(&mut bench.scope()), (None, false));
    assert_eq!(bench.timers, Timers::default());
    assert_eq!(bench.sends, [bytes("404")]);
}

#[test]
fn an_answered_request_absorbs_until_k() {
    let mut bench = Bench::new(Transport::Udp);
    let machine = Client::start(&mut bench.scope(), bytes("BYE"));
    let (machine, _) = machine.on_response(&mut bench.scope(), 200);
    let (machine, told) = machine.unwrap().on_response(&mut bench.scope(), 200);
    assert_eq!(told, Told::Nothing);
    let (machine, told) = machine.unwrap().on_timer(&mut bench.scope(), Timer::F);
    assert_eq!(told, Told::Nothing, "it was answered");
    let (machine, told) = machine.unwrap().on_transport_failed(&mut bench.scope());
    assert_eq!(told, Told::Nothing);
    assert_eq!((bench.wake(), bench.millis()), (Some(Timer::K), 5000));
    let over = machine.unwrap().on_timer(&mut bench.scope(), Timer::K);
    assert_eq!(over, (None, Told::Nothing));
    assert_eq!(bench.sends, [bytes("BYE")]);
}

#[test]
fn a_broken_way_counts_for_other_requests_while_we_send() {
    let mut bench = Bench::new(Transport::Udp);
    let machine = Client::start(&mut bench.scope(), bytes("BYE"));
    let unreachable = (None, Told::Unreachable);
    assert_eq!(
        machine.clone().on_transport_failed(&mut bench.scope()),
        unreachable
    );
    let (machine, _) = machine.on_response(&mut bench.scope(), 100);
    let (machine, told) = machine.unwrap().on_transport_failed(&mut bench.scope());
    assert_eq!(told, Told::Nothing);
    bench.transport = Transport::Tcp;
    assert_eq!(
        machine.unwrap().on_transport_failed(&mut bench.scope()),
        unreachable
    );
}

#[test]
fn a_broken_way_ends_what_only_absorbs_and_not_what_waits_for_forks() {
    for (status, over) in [(486, true), (200, false)] {
        let mut bench = Bench::new(Transport::Udp);
        let machine = InviteClient::start(&mut bench.scope(), bytes("INVITE"));
        assert!(machine.is_calling());
        let (machine, _) = machine.on_response(&mut bench.scope(), status, || bytes("ACK"));
        let machine = machine.unwrap();
        assert!(!machine.is_calling());
        let (machine, told) = machine.on_transport_failed(&mut bench.scope());
        assert_eq!((machine.is_none(), told), (over, Told::Nothing), "{status}");
    }
}

#[test]
fn each_timer_says_what_it_is_for() {
    use Timer::{
        A, Accepted, Ack, B, Cancelled, D, E, Expires, F, G, H, I, J, K, L, Lapse, M, Pracked,
        Provisional, Refresh, Reliable,
    };
    let all = [
        A,
        B,
        D,
        E,
        F,
        G,
        H,
        I,
        J,
        K,
        L,
        M,
        Accepted,
        Ack,
        Cancelled,
        Provisional,
        Expires,
        Reliable,
        Pracked,
        Refresh,
        Lapse,
    ];
    let mut said: Vec<&str> = all.iter().map(|t| t.why()).collect();
    assert!(said.iter().all(|why| why.starts_with("sip")), "{said:?}");
    said.sort_unstable();
    said.dedup();
    assert_eq!(said.len(), all.len());
}
