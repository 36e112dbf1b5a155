//! What no scenario can bring about: a fault of the gateway within a call.

use super::Switch;
use crate::{
    api::{Census, Input, Output, SwitchConfig},
    brains_of,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tandem_dialplan::{SourceFile, load};
use tandem_sip::api::{Flow, Transport};
use tandem_types::{
    CallId, LegId, Mono, Now, Party, Reason, Wall,
    dns::{Answer, Kind, Record},
    journal::{Event, What},
    media::{LegStats, MediaCommand, MediaEvent},
    provider::ProviderCommand,
};

const PLAN: &[(&str, &str)] = &[
    (
        "tandem.toml",
        "[node]\nname = \"gw\"\n[sip]\nlisten = [\"udp://10.0.0.1:5060\"]\n",
    ),
    (
        "trunks/carrier.toml",
        "peers = [\"sip:203.0.113.5\"]\n[auth]\nallow_from = [\"203.0.113.5/32\"]\n[numbers]\ncountry = \"GB\"\n",
    ),
    (
        "dialplans/head.toml",
        "numbers = [\"+442079460100\"]\ntrunks = [\"carrier\"]\nlanguages = [\"en-GB\"]\nstart = \"echo\"\n",
    ),
];

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 203.0.113.5\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n";

/// A switch, what it put out, and a clock.
struct Bench {
    switch: Switch,
    now: Now,
    rows: Vec<Event>,
    media: Vec<MediaCommand>,
    provider: Vec<ProviderCommand>,
    sent: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        Self::of(PLAN, &[Transport::Udp])
    }

    fn of(plan: &[(&str, &str)], listens: &[Transport]) -> Self {
        let files: Vec<SourceFile> = plan
            .iter()
            .map(|(path, text)| SourceFile {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        let (plan, _) =
            load(&files, &|_| Ok("secret".into()), &|_| true).expect("the plan is good");
        let now = Now {
            mono: Mono(0),
            wall: Wall(1_795_428_000_000_000),
        };
        let config = SwitchConfig {
            listen: listens
                .iter()
                .map(|t| (*t, address("10.0.0.1:5060")))
                .collect(),
            shard: 0,
            nonce_secret: [7; 32].into(),
            srtp_secret: [8; 32].into(),
            seed: 1,
        };
        let brains = brains_of(&plan);
        Self {
            switch: Switch::new(config, Arc::new(plan), brains, now),
            now,
            rows: Vec::new(),
            media: Vec::new(),
            provider: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn takes(&mut self, input: Input) {
        self.now = self.now + std::time::Duration::from_millis(10);
        self.switch.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.switch.poll_output() {
            match output {
                Output::Journal(event) => self.rows.push(*event),
                Output::Media(command) => self.media.push(command),
                Output::Provider(command) => self.provider.push(command),
                Output::Transmit { bytes, .. } => {
                    self.sent.push(String::from_utf8_lossy(&bytes).into_owned())
                }
                Output::Erase { .. }
                | Output::Trace { .. }
                | Output::Lookup(_)
                | Output::Servers(_)
                | Output::Peer { .. }
                | Output::Refused { .. }
                | Output::Limited { .. }
                | Output::TurnedAway(_)
                | Output::Banned { .. } => {}
            }
        }
    }

    fn packet(&mut self, text: &str) {
        let from = Flow {
            transport: Transport::Udp,
            local: address("10.0.0.1:5060"),
            remote: address("203.0.113.5:5060"),
        };
        let bytes = text.to_owned().into_bytes().into();
        self.takes(Input::Packet { from, bytes });
    }

    /// A call that is answered: its leg.
    fn a_call(&mut self) -> LegId {
        self.packet(&request("INVITE", 1, "", OFFER));
        let leg = LegId {
            call: self.rows[0].call,
            index: 1,
        };
        let local = address("10.0.0.1:30000");
        self.takes(Input::Media(MediaEvent::LegOpened { leg, local }));
        let ok = self.sent.last().expect("it is answered").clone();
        assert!(ok.starts_with("SIP/2.0 200"), "{ok}");
        let tag = ok
            .lines()
            .find_map(|l| l.strip_prefix("To: ")?.split(";tag=").nth(1))
            .expect("a 200 has a tag");
        self.packet(&request("ACK", 1, &format!(";tag={tag}"), ""));
        leg
    }

    fn fault(&mut self, call: CallId) {
        self.switch
            .with_call(self.now, call, |_, _| panic!("a fault of the gateway"));
        self.switch.settle(self.now);
        self.drain();
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn request(method: &str, cseq: u32, tag: &str, body: &str) -> String {
    format!(
        "{method} sip:+442079460100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.5:5060;branch=z9hG4bK{method}{cseq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+441632960001@203.0.113.5>;tag=a\r\nTo: <sip:+442079460100@10.0.0.1>{tag}\r\n\
         Call-ID: one\r\nCSeq: {cseq} {method}\r\nContact: <sip:203.0.113.5>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_fault_within_a_call_ends_it_with_bye_and_a_whole_journal() {
    let mut b = Bench::new();
    let leg = b.a_call();
    let before = b.rows.len();
    b.fault(leg.call);

    let what: Vec<&What> = b.rows[before..].iter().map(|e| &e.what).collect();
    assert!(
        matches!(what[..], [What::Alarm { .. }, What::LegEnded { leg: l, end: e }, What::CallEnded { end, .. }]
            if *l == leg && e == end && (end.by, end.reason) == (Party::Gateway, Reason::Internal)),
        "{what:?}"
    );
    assert!(b.sent.last().is_some_and(|s| s.starts_with("BYE ")));
    assert!(
        b.media
            .contains(&MediaCommand::CloseCall { call: leg.call })
    );
    assert!(b.provider.contains(&ProviderCommand::Forget { leg }));
    assert_eq!(b.switch.census().legs, 1, "its port is not given back yet");

    let stats = LegStats {
        sent: 7,
        ..LegStats::default()
    };
    b.takes(Input::Media(MediaEvent::LegClosed { leg, stats }));
    b.takes(Input::Media(MediaEvent::LegClosed { leg, stats }));
    let last = &b.rows.last().expect("rows").what;
    assert_eq!(*last, What::LegMeasured { leg, stats });
    let numbers: Vec<u32> = b.rows.iter().map(|e| e.seq).collect();
    assert_eq!(numbers, (1..=b.rows.len() as u32).collect::<Vec<_>>());
    let census = b.switch.census();
    assert_eq!((census.calls, census.legs), (0, 0));
}

#[test]
fn a_fault_after_the_end_of_a_call_ends_it_no_second_time() {
    let mut b = Bench::new();
    let leg = b.a_call();
    b.takes(Input::Admin(crate::Admin::Hangup(leg.call)));
    let before = b.rows.len();
    assert!(matches!(b.rows[before - 1].what, What::CallEnded { .. }));
    b.fault(leg.call);
    assert_eq!(b.rows.len(), before);
    let stats = LegStats::default();
    b.takes(Input::Media(MediaEvent::LegClosed { leg, stats }));
    assert!(matches!(
        b.rows[before..],
        [Event {
            what: What::LegMeasured { .. },
            ..
        }]
    ));
}

#[test]
fn a_fault_in_one_call_touches_no_other() {
    let mut b = Bench::new();
    let leg = b.a_call();
    let other = {
        let text = request("INVITE", 1, "", OFFER).replace("Call-ID: one", "Call-ID: two");
        b.packet(&text.replace("branch=z9hG4bK", "branch=z9hG4bKx"));
        b.rows.last().expect("rows").call
    };
    assert_ne!(other, leg.call);
    b.fault(leg.call);
    assert_eq!(b.switch.active(), 1);
    let local = address("10.0.0.1:30002");
    let leg = LegId {
        call: other,
        index: 1,
    };
    b.takes(Input::Media(MediaEvent::LegOpened { leg, local }));
    assert!(b.sent.last().is_some_and(|s| s.starts_with("SIP/2.0 200")));
    assert_ne!(b.switch.census(), Census::default());
}

/// A connection to a server that is not known yet to be ours would be refused.
#[test]
fn what_a_server_has_to_prove_is_said_before_the_first_message_to_it() {
    let carrier = "peers = [\"sip:carrier.example;transport=tls\"]\n[auth]\nallow_from = [\"203.0.113.5/32\"]\nusername = \"u\"\npassword = \"env:P\"\n\
        register = { registrar = \"sip:carrier.example;transport=tls\" }\n[numbers]\ncountry = \"GB\"\n";
    let plan = [PLAN[0], ("trunks/carrier.toml", carrier), PLAN[2]];
    let mut bench = Bench::of(&plan, &[Transport::Tls]);
    let mut order = Vec::new();
    bench.switch.handle_timeout(bench.now);
    while let Some(output) = bench.switch.poll_output() {
        match output {
            Output::Lookup(question) => {
                let records = match question.kind {
                    Kind::A => vec![Record::Address([203, 0, 113, 5].into())],
                    _ => Vec::new(),
                };
                let ttl = Duration::from_secs(60);
                let answer = Some(Answer { records, ttl });
                bench
                    .switch
                    .handle_input(bench.now, Input::Named { question, answer });
            }
            Output::Servers(servers) if !servers.is_empty() => order.push("servers"),
            Output::Transmit { .. } => order.push("transmit"),
            _ => {}
        }
    }
    assert_eq!(order, ["servers", "transmit"]);
}
