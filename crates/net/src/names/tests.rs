//! The library and a name server that was written without it.

use super::*;
use tandem_standin::dns::{Mood, NameServer};

async fn served() -> (NameServer, NameService) {
    let server = NameServer::start((Ipv4Addr::LOCALHOST, 0).into())
        .await
        .expect("a port");
    let service = NameService::new(&[server.addr]);
    (server, service)
}

fn address(text: &str) -> Record {
    Record::Address(text.parse().expect("an address"))
}

#[tokio::test]
async fn each_type_of_record_is_read_with_its_time() {
    let (server, service) = served().await;
    let srv = Record::Srv(Srv {
        priority: 10,
        weight: 60,
        port: 5080,
        target: "sbc1.carrier.example".into(),
    });
    let naptr = |service: &str| {
        Record::Naptr(Naptr {
            order: 50,
            preference: 7,
            service: service.into(),
            replacement: "_sip._tcp.carrier.example".into(),
        })
    };
    let all = [
        (Kind::A, vec![address("192.0.2.1"), address("192.0.2.2")]),
        (Kind::Aaaa, vec![address("2001:db8::1")]),
        (Kind::Srv, vec![srv]),
        (Kind::Naptr, vec![naptr("SIP+D2T"), naptr("SIP+D2U")]),
    ];
    for (kind, records) in all {
        server.knows(kind, "carrier.example", records.clone(), 300);
        let question = Question::new(kind, "Carrier.Example.");
        let answer = service.answer(&question).await.expect("an answer");
        let ttl = Duration::from_secs(300);
        assert_eq!(answer, Answer { records, ttl }, "{question}");
    }
}

#[tokio::test]
async fn a_host_has_its_addresses_and_an_address_is_itself() {
    let (server, service) = served().await;
    server.knows(
        Kind::Aaaa,
        "homer.example",
        vec![address("2001:db8::1")],
        60,
    );
    server.knows(Kind::A, "homer.example", vec![address("192.0.2.1")], 60);
    let told = async |host: &'static str| {
        let found = service.addresses(host, 9060).await;
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        told("homer.example").await,
        ["192.0.2.1:9060", "[2001:db8::1]:9060"]
    );
    let asked = server.asked().len();
    assert_eq!(told("192.0.2.7").await, ["192.0.2.7:9060"]);
    assert_eq!(told("2001:db8::7").await, ["[2001:db8::7]:9060"]);
    assert_eq!(server.asked().len(), asked);
    assert!(told("nobody.example").await.is_empty());
}

#[tokio::test]
async fn no_such_name_is_an_answer_and_a_failure_is_none() {
    let (server, service) = served().await;
    let question = Question::new(Kind::Srv, "_sip._udp.carrier.example");
    let nothing = Answer {
        records: Vec::new(),
        ttl: NOTHING,
    };
    assert_eq!(service.answer(&question).await, Some(nothing.clone()));
    server.is(Mood::Fails);
    assert_eq!(service.answer(&question).await, None);
    // Nothing is remembered: neither the failure nor the answer before it.
    server.is(Mood::Answers);
    assert_eq!(service.answer(&question).await, Some(nothing));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_no_answer_and_the_next_one_is_asked() {
    let (silent, service) = served().await;
    silent.is(Mood::Silent);
    let question = Question::new(Kind::A, "sbc1.carrier.example");
    assert_eq!(service.answer(&question).await, None);

    let (second, _) = served().await;
    second.knows(Kind::A, &question.name, vec![address("192.0.2.1")], 60);
    let both = NameService::new(&[silent.addr, second.addr]);
    let answer = both.answer(&question).await.expect("by the second");
    assert_eq!(answer.records, [address("192.0.2.1")]);
}

#[tokio::test]
async fn the_machines_own_settings_know_this_machine() {
    let here = NameService::new(&[]);
    let answer = here.answer(&Question::new(Kind::A, "localhost")).await;
    assert_eq!(answer.map(|a| a.records), Some(vec![address("127.0.0.1")]));
}
