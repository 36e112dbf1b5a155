//! From URIs to targets, with a zone of the test's own and virtual time.

use super::*;
use tandem_types::Wall;

struct Bench {
    now: Now,
    locator: Locator,
    zone: BTreeMap<Question, Answer>,
    down: bool,
    asked: Vec<String>,
    rng: Rng,
}

fn bench(ours: &[(Transport, bool)]) -> Bench {
    Bench {
        now: Now {
            mono: Mono(0),
            wall: Wall(0),
        },
        locator: Locator::new(ours.iter().copied()),
        zone: BTreeMap::new(),
        down: false,
        asked: Vec::new(),
        rng: Rng::seeded(7),
    }
}

/// UDP and TCP over IPv4.
fn usual() -> Bench {
    bench(&[(Transport::Udp, true), (Transport::Tcp, true)])
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn uri(text: &str) -> Uri {
    Uri::parse(text).expect("a URI")
}

impl Bench {
    fn knows(&mut self, kind: Kind, name: &str, ttl: u64, records: &[Record]) {
        let answer = Answer {
            records: records.to_vec(),
            ttl: seconds(ttl),
        };
        self.zone.insert(Question::new(kind, name), answer);
    }

    fn has(&mut self, name: &str, address: &str) {
        let address = Record::Address(address.parse().expect("an address"));
        let v6 = matches!(address, Record::Address(IpAddr::V6(_)));
        let kind = if v6 { Kind::Aaaa } else { Kind::A };
        self.knows(kind, name, 60, &[address]);
    }

    /// Answers what is asked until nothing is.
    fn settle(&mut self) {
        while let Some(question) = self.locator.poll_output() {
            self.asked.push(question.to_string());
            let nothing = Answer {
                records: Vec::new(),
                ttl: seconds(60),
            };
            let known = self.zone.get(&question).cloned().unwrap_or(nothing);
            let answer = Some(known).filter(|_| !self.down);
            self.locator.handle_answer(self.now, &question, answer);
        }
    }

    fn wants(&mut self, text: &str) -> String {
        self.locator.want(self.now, &uri(text));
        self.settle();
        self.targets(text)
    }

    fn targets(&mut self, text: &str) -> String {
        let found = self.locator.targets(&uri(text), &mut self.rng);
        let word = |t: &Target| format!("{} {}", t.transport.name(), t.addr);
        found.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    /// Goes from deadline to deadline, at most so far.
    fn pass(&mut self, time: Duration) {
        let end = self.now.mono + time;
        while let Some((at, _)) = self.locator.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now.mono = at;
            self.locator.handle_timeout(self.now);
            self.settle();
        }
        self.now.mono = end;
    }

    /// What was asked since the last time.
    fn asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asked)
    }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Record {
    let target = target.into();
    Record::Srv(Srv {
        priority,
        weight,
        port,
        target,
    })
}

fn naptr(order: u16, preference: u16, service: &str, replacement: &str) -> Record {
    Record::Naptr(Naptr {
        order,
        preference,
        service: service.into(),
        replacement: replacement.into(),
    })
}

#[test]
fn an_address_needs_nobody_and_its_port_and_transport_are_as_written() {
    let mut b = usual();
    for (text, target) in [
        ("sip:192.0.2.1", "UDP 192.0.2.1:5060"),
        ("sip:192.0.2.1:5080", "UDP 192.0.2.1:5080"),
        ("sip:anna@192.0.2.1;transport=TCP", "TCP 192.0.2.1:5060"),
        ("sip:192.0.2.1;transport=sctp", ""),
        ("sip:[2001:db8::1]", ""),
        ("tel:+442079460100", ""),
    ] {
        assert_eq!(b.wants(text), target, "{text}");
    }
    let mut six = bench(&[(Transport::Udp, false)]);
    assert_eq!(six.wants("sip:[2001:db8::1]"), "UDP [2001:db8::1]:5060");
    assert!(b.asked().is_empty());
}

#[test]
fn a_port_that_is_written_leaves_addresses_alone_to_be_asked_for() {
    let mut b = usual();
    b.has("sbc.example", "192.0.2.1");
    assert_eq!(b.wants("sip:SBC.example:5070"), "UDP 192.0.2.1:5070");
    assert_eq!(b.asked(), ["sbc.example A"]);
}

#[test]
fn a_transport_that_is_written_leads_to_its_servers() {
    let mut b = usual();
    b.has("sbc1.example", "192.0.2.1");
    let servers = [srv(0, 0, 5075, "sbc1.example")];
    b.knows(Kind::Srv, "_sip._tcp.example", 60, &servers);
    assert_eq!(b.wants("sip:example;transport=tcp"), "TCP 192.0.2.1:5075");
    assert_eq!(b.asked(), ["_sip._tcp.example SRV", "sbc1.example A"]);
}

#[test]
fn a_name_alone_is_followed_by_its_services_in_their_order() {
    let mut b = usual();
    b.has("a.example", "192.0.2.1");
    b.has("b.example", "192.0.2.2");
    let services = [
        naptr(20, 1, "SIP+D2U", "_u.example"),
        naptr(10, 2, "sip+d2t", "_t.example"),
        naptr(10, 1, "SIP+D2S", "_sctp.example"),
        naptr(1, 1, "E2U+sip", "_enum.example"),
    ];
    b.knows(Kind::Naptr, "example", 60, &services);
    b.knows(Kind::Srv, "_t.example", 60, &[srv(1, 0, 5061, "a.example")]);
    b.knows(Kind::Srv, "_u.example", 60, &[srv(1, 0, 5062, "b.example")]);
    let found = b.wants("sip:example");
    assert_eq!(found, "TCP 192.0.2.1:5061, UDP 192.0.2.2:5062");
    let asked = b.asked();
    assert!(!asked.iter().any(|q| q.contains("_sip.")), "{asked:?}");
}

#[test]
fn without_services_each_transport_is_looked_for_and_without_those_the_name_itself() {
    let mut b = usual();
    b.has("a.example", "192.0.2.1");
    b.knows(
        Kind::Srv,
        "_sip._tcp.example",
        60,
        &[srv(1, 0, 5080, "a.example")],
    );
    assert_eq!(b.wants("sip:example"), "TCP 192.0.2.1:5080");

    b.has("plain.example", "192.0.2.3");
    assert_eq!(b.wants("sip:plain.example"), "UDP 192.0.2.3:5060");
    // `.` as a target: decidedly not there.
    b.has("gone.example", "192.0.2.4");
    b.knows(Kind::Srv, "_sip._udp.gone.example", 60, &[srv(0, 0, 0, "")]);
    assert_eq!(b.wants("sip:gone.example"), "UDP 192.0.2.4:5060");
}

#[test]
fn sips_is_tls_whatever_else_there_is() {
    let mut b = bench(&[(Transport::Udp, true), (Transport::Tls, true)]);
    b.has("a.example", "192.0.2.1");
    b.has("example", "192.0.2.2");
    assert_eq!(b.wants("sips:192.0.2.9"), "TLS 192.0.2.9:5061");
    assert_eq!(
        b.wants("sips:192.0.2.9:5071;transport=tcp"),
        "TLS 192.0.2.9:5071"
    );
    assert_eq!(b.wants("sips:192.0.2.9;transport=udp"), "");
    assert_eq!(b.wants("sips:example"), "TLS 192.0.2.2:5061");
    let services = [
        naptr(1, 1, "SIP+D2U", "_udp.example"),
        naptr(2, 1, "SIPS+D2T", "_tls.example"),
    ];
    b.knows(Kind::Naptr, "two.example", 60, &services);
    b.knows(
        Kind::Srv,
        "_tls.example",
        60,
        &[srv(1, 0, 5081, "a.example")],
    );
    b.knows(
        Kind::Srv,
        "_udp.example",
        60,
        &[srv(1, 0, 5080, "a.example")],
    );
    assert_eq!(b.wants("sips:two.example"), "TLS 192.0.2.1:5081");
    let both = "UDP 192.0.2.1:5080, TLS 192.0.2.1:5081";
    assert_eq!(b.wants("sip:two.example"), both);
    b.knows(
        Kind::Srv,
        "_sips._tcp.three.example",
        60,
        &[srv(1, 0, 5082, "a.example")],
    );
    assert_eq!(
        b.wants("sip:three.example;transport=tls"),
        "TLS 192.0.2.1:5082"
    );
    // Where we have no TLS there is no way, and not another one.
    assert_eq!(usual().wants("sips:192.0.2.9"), "");
}

#[test]
fn ipv6_comes_after_ipv4_and_only_where_we_have_it() {
    let mut b = bench(&[(Transport::Udp, true), (Transport::Udp, false)]);
    b.has("sbc.example", "2001:db8::1");
    b.has("sbc.example", "192.0.2.1");
    let found = b.wants("sip:sbc.example:5060");
    assert_eq!(found, "UDP 192.0.2.1:5060, UDP [2001:db8::1]:5060");
}

#[test]
fn priorities_are_kept_and_weights_are_shares() {
    let mut b = usual();
    for n in 1..=4 {
        b.has(&format!("s{n}.example"), &format!("192.0.2.{n}"));
    }
    let servers = [
        srv(20, 0, 5060, "s4.example"),
        srv(10, 60, 5060, "s1.example"),
        srv(10, 20, 5060, "s2.example"),
        srv(10, 20, 5060, "s3.example"),
    ];
    b.knows(Kind::Srv, "_sip._udp.example", 60, &servers);
    b.wants("sip:example;transport=udp");
    let mut first = BTreeMap::new();
    for _ in 0..10_000 {
        let all = b.targets("sip:example;transport=udp");
        let all: Vec<&str> = all.split(", ").collect();
        assert_eq!(all.len(), 4, "all are tried: {all:?}");
        assert_eq!(all[3], "UDP 192.0.2.4:5060", "the other priority is last");
        *first.entry(all[0].to_owned()).or_insert(0) += 1;
    }
    let share = |n: u8| first[&format!("UDP 192.0.2.{n}:5060")];
    assert!((5_700..6_300).contains(&share(1)), "{first:?}");
    assert!((1_750..2_250).contains(&share(2)), "{first:?}");
    assert!((1_750..2_250).contains(&share(3)), "{first:?}");
}

#[test]
fn an_answer_is_kept_for_its_time_and_asked_again_then() {
    let mut b = usual();
    b.has("sbc.example", "192.0.2.1");
    b.wants("sip:sbc.example:5060");
    b.asked();
    b.has("sbc.example", "192.0.2.2");
    b.pass(seconds(59));
    assert_eq!(b.targets("sip:sbc.example:5060"), "UDP 192.0.2.1:5060");
    assert!(b.asked().is_empty());
    b.pass(seconds(1));
    assert_eq!(b.targets("sip:sbc.example:5060"), "UDP 192.0.2.2:5060");
    assert_eq!(b.asked(), ["sbc.example A"]);
    // None at all is no reason to ask without end.
    b.knows(Kind::A, "zero.example", 0, &[]);
    b.wants("sip:zero.example:5060");
    b.asked();
    b.pass(seconds(50));
    let zero = b.asked().iter().filter(|q| q.starts_with("zero")).count();
    assert_eq!(zero, 5);
}

#[test]
fn while_the_name_service_is_down_old_answers_stand() {
    let mut b = usual();
    b.has("a.example", "192.0.2.1");
    b.knows(
        Kind::Srv,
        "_sip._udp.example",
        60,
        &[srv(1, 0, 5080, "a.example")],
    );
    assert_eq!(b.wants("sip:example"), "UDP 192.0.2.1:5080");
    b.down = true;
    b.asked();
    b.pass(seconds(3 * 86_400));
    assert_eq!(b.targets("sip:example"), "UDP 192.0.2.1:5080");
    // Asked again after 5, 10, 20, 40 s, and then each minute: NAPTR, two SRV, one A.
    let asked = b.asked().len();
    assert!((4 * 4_300..4 * 4_330).contains(&asked), "{asked}");
    // What changed meanwhile is known within a minute of its return, and that a name is gone is an answer.
    b.down = false;
    b.has("a.example", "192.0.2.9");
    b.pass(seconds(60));
    assert_eq!(b.targets("sip:example"), "UDP 192.0.2.9:5080");
    b.zone.clear();
    b.pass(seconds(60));
    assert_eq!(b.targets("sip:example"), "");
}

#[test]
fn a_resolver_that_knows_addresses_alone_is_enough() {
    let mut b = usual();
    b.locator.want(b.now, &uri("sip:sbc.example"));
    let mut asked = Vec::new();
    while let Some(question) = b.locator.poll_output() {
        let answer = (question.kind == Kind::A).then(|| Answer {
            records: vec![Record::Address([192, 0, 2, 1].into())],
            ttl: seconds(60),
        });
        asked.push(question.to_string());
        b.locator.handle_answer(b.now, &question, answer);
    }
    assert_eq!(b.targets("sip:sbc.example"), "UDP 192.0.2.1:5060");
    let all = [
        "sbc.example NAPTR",
        "_sip._tcp.sbc.example SRV",
        "_sip._udp.sbc.example SRV",
        "sbc.example A",
    ];
    asked.sort_by_key(|q| all.iter().position(|a| a == q));
    assert_eq!(asked, all);
}

#[test]
fn nothing_is_guessed_while_an_answer_is_still_to_come() {
    let mut b = usual();
    b.has("example", "192.0.2.1");
    b.locator.want(b.now, &uri("sip:example"));
    let naptr = b.locator.poll_output().expect("the first question");
    assert_eq!(naptr.to_string(), "example NAPTR");
    assert_eq!(b.locator.poll_output(), None);
    b.locator
        .handle_answer(b.now, &naptr, Some(Answer::default()));
    let first = b.locator.poll_output().expect("a service");
    b.locator
        .handle_answer(b.now, &first, Some(Answer::default()));
    // The other service may be there.
    assert_eq!(b.targets("sip:example"), "");
    b.settle();
    assert_eq!(b.targets("sip:example"), "UDP 192.0.2.1:5060");
}

#[test]
fn a_question_that_is_lost_is_asked_again_and_a_late_answer_is_taken() {
    let mut b = usual();
    b.has("sbc.example", "192.0.2.1");
    b.locator.want(b.now, &uri("sip:sbc.example:5060"));
    let lost = b.locator.poll_output().expect("a question");
    b.now.mono = b.now.mono + LOST;
    b.locator.handle_timeout(b.now);
    assert_eq!(b.locator.poll_output(), Some(lost.clone()));
    let answer = b.zone.get(&lost).cloned();
    b.locator.handle_answer(b.now, &lost, answer);
    assert_eq!(b.targets("sip:sbc.example:5060"), "UDP 192.0.2.1:5060");
    // Whatever nobody asked changes nothing.
    let stranger = Question::new(Kind::A, "evil.example");
    b.locator
        .handle_answer(b.now, &stranger, Some(Answer::default()));
    assert!(!b.locator.table.contains_key(&stranger));
}

#[test]
fn servers_that_are_gone_are_not_asked_for_any_more() {
    let mut b = usual();
    b.has("old.example", "192.0.2.1");
    b.has("new.example", "192.0.2.2");
    b.knows(
        Kind::Srv,
        "_sip._udp.example",
        30,
        &[srv(1, 0, 5060, "old.example")],
    );
    b.wants("sip:example;transport=udp");
    b.knows(
        Kind::Srv,
        "_sip._udp.example",
        30,
        &[srv(1, 0, 5060, "new.example")],
    );
    b.pass(seconds(30));
    assert_eq!(b.targets("sip:example;transport=udp"), "UDP 192.0.2.2:5060");
    b.asked();
    b.pass(seconds(120));
    assert!(!b.asked().contains(&"old.example A".to_owned()));
}

#[test]
fn a_dead_target_is_last_for_a_minute_or_until_it_is_heard() {
    let mut b = usual();
    let both = [
        Record::Address([192, 0, 2, 1].into()),
        Record::Address([192, 0, 2, 2].into()),
    ];
    b.knows(Kind::A, "sbc.example", 3600, &both);
    let (in_turn, turned) = (
        "UDP 192.0.2.1:5060, UDP 192.0.2.2:5060",
        "UDP 192.0.2.2:5060, UDP 192.0.2.1:5060",
    );
    let name = "sip:sbc.example:5060";
    assert_eq!(b.wants(name), in_turn);
    let first = Target {
        transport: Transport::Udp,
        addr: "192.0.2.1:5060".parse().expect("an address"),
    };
    b.locator.shun(b.now, first);
    assert_eq!(b.targets(name), turned);
    b.pass(seconds(59));
    assert_eq!(b.targets(name), turned);
    b.pass(seconds(1));
    assert_eq!(b.targets(name), in_turn);
    b.locator.shun(b.now, first);
    b.locator.heard(&first);
    assert_eq!(b.targets(name), in_turn);
}

#[test]
fn a_zone_without_end_is_tried_in_part() {
    let mut b = usual();
    let many: Vec<Record> = (1..=50)
        .map(|n| Record::Address([192, 0, 2, n].into()))
        .collect();
    b.knows(Kind::A, "sbc.example", 60, &many);
    let found = b.wants("sip:sbc.example:5060");
    assert_eq!(found.split(", ").count(), MOST);
}
