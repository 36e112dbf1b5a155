use super::super::{Challenge, Qop, answer};
use super::*;
use crate::api::Credentials;
use tandem_types::{Mono, Wall};

const REALM: &str = "office";
const URI: &str = "sip:office.example";

fn at(seconds: i64) -> Now {
    Now {
        mono: Mono(0),
        wall: Wall((1_800_000_000 + seconds) * 1_000_000),
    }
}

fn who(password: &str) -> Credentials {
    Credentials {
        username: "200".into(),
        password: password.to_owned().into(),
        realm: None,
        hosts: Vec::new(),
    }
}

fn challenged(v: &mut Verifier, now: Now) -> Challenge {
    let lines = v.challenge(now, REALM, false);
    Challenge::choose(lines.iter().map(String::as_str), None).unwrap()
}

fn judge(v: &mut Verifier, now: Now, header: &str) -> Verdict {
    v.verify(now, header, REALM, "REGISTER", URI, b"", |user| {
        (user == "200").then(|| "right".to_owned())
    })
}

fn ok() -> Verdict {
    Verdict::Ok {
        username: "200".into(),
    }
}

#[test]
fn the_right_password_is_taken_with_every_algorithm() {
    let all = vec![
        Algorithm::Md5,
        Algorithm::Md5Sess,
        Algorithm::Sha256,
        Algorithm::Sha256Sess,
        Algorithm::Sha512256,
        Algorithm::Sha512256Sess,
    ];
    let mut v = Verifier::new([1; 32]).with_algorithms(all);
    for line in v.challenge(at(0), REALM, false) {
        let mut v = v.clone();
        let c = Challenge::parse(&line).unwrap();
        assert_eq!(c.qop, [Qop::Auth]);
        let right = answer(&c, &who("right"), "REGISTER", URI, b"", "c", 1);
        assert_eq!(judge(&mut v, at(1), &right), ok(), "{line}");
        let wrong = answer(&c, &who("wrong"), "REGISTER", URI, b"", "c", 2);
        assert_eq!(judge(&mut v, at(1), &wrong), Verdict::Wrong);
        let none = answer(
            &Challenge { qop: vec![], ..c },
            &who("right"),
            "REGISTER",
            URI,
            b"",
            "c",
            2,
        );
        assert_eq!(
            judge(&mut v, at(1), &none),
            Verdict::Stale,
            "without qop a nonce is good once"
        );
    }
}

#[test]
fn an_answer_is_for_one_request() {
    let mut v = Verifier::new([1; 32]);
    let c = challenged(&mut v, at(0));
    let answered = |method, uri| answer(&c, &who("right"), method, uri, b"", "c", 1);
    assert_eq!(
        judge(&mut v.clone(), at(0), &answered("INVITE", URI)),
        Verdict::Wrong
    );
    assert_eq!(
        judge(
            &mut v.clone(),
            at(0),
            &answered("REGISTER", "sip:elsewhere.example")
        ),
        Verdict::Wrong
    );
    assert_eq!(
        judge(
            &mut v.clone(),
            at(0),
            &answered("REGISTER", "sip:a@office.example")
        ),
        Verdict::Wrong
    );
    let port = answered("REGISTER", "sip:OFFICE.example:5060;transport=udp");
    assert_eq!(judge(&mut v.clone(), at(0), &port), ok());
    let stranger = Credentials {
        username: "201".into(),
        ..who("right")
    };
    let stranger = answer(&c, &stranger, "REGISTER", URI, b"", "c", 1);
    assert_eq!(judge(&mut v, at(0), &stranger), Verdict::Wrong);
}

#[test]
fn nc_must_rise() {
    let mut v = Verifier::new([1; 32]);
    let c = challenged(&mut v, at(0));
    let mut send = |nc| {
        let header = answer(&c, &who("right"), "REGISTER", URI, b"", "c", nc);
        judge(&mut v, at(1), &header)
    };
    assert_eq!(send(0), Verdict::Stale);
    assert_eq!(send(1), ok());
    assert_eq!(send(1), Verdict::Stale, "a replay");
    assert_eq!(send(7), ok(), "with a gap");
    assert_eq!(send(3), Verdict::Stale);
    assert_eq!(send(8), ok());
}

#[test]
fn a_nonce_expires_and_is_bound_to_its_realm_and_secret() {
    let mut v = Verifier::new([1; 32]).with_lifetime(Duration::from_secs(60));
    let c = challenged(&mut v, at(0));
    let header = answer(&c, &who("right"), "REGISTER", URI, b"", "c", 1);
    assert_eq!(judge(&mut v.clone(), at(61), &header), Verdict::Stale);
    assert_eq!(
        judge(&mut v.clone(), at(-1), &header),
        Verdict::Stale,
        "made in the future"
    );
    assert_eq!(
        judge(&mut Verifier::new([2; 32]), at(0), &header),
        Verdict::Stale,
        "another secret"
    );
    assert_eq!(judge(&mut v.clone(), at(60), &header), ok());
    let other = Challenge {
        realm: "other".into(),
        ..c
    };
    let header = answer(&other, &who("right"), "REGISTER", URI, b"", "c", 1);
    assert_eq!(judge(&mut v.clone(), at(0), &header), Verdict::Missing);
    let elsewhere = v.verify(at(0), &header, "other", "REGISTER", URI, b"", |_| {
        Some("right".to_owned())
    });
    assert_eq!(
        elsewhere,
        Verdict::Stale,
        "the nonce was made for another realm"
    );
    assert!(
        v.challenge(at(0), REALM, true)
            .iter()
            .all(|line| line.ends_with("stale=true"))
    );
}

#[test]
fn what_is_no_answer_is_missing() {
    let mut v = Verifier::new([1; 32]);
    for header in [
        "",
        "Digest",
        "Basic QWxhZGRpbg==",
        "Digest realm=\"office\"",
        "NoOneKnowsThisScheme a=b",
    ] {
        assert_eq!(judge(&mut v, at(0), header), Verdict::Missing, "{header}");
    }
    let c = challenged(&mut v, at(0));
    let header = answer(&c, &who("right"), "REGISTER", URI, b"", "c", 1).replace("00000001", "1");
    assert_eq!(
        judge(&mut v, at(0), &header),
        Verdict::Wrong,
        "nc has eight digits"
    );
}

#[test]
fn memory_is_bounded_and_forgetting_opens_no_replay() {
    let mut v = Verifier::new([1; 32]).with_capacity(3);
    let mut headers = Vec::new();
    for _ in 0..10 {
        let c = challenged(&mut v, at(0));
        headers.push(answer(&c, &who("right"), "REGISTER", URI, b"", "c", 1));
    }
    for header in &headers {
        assert_eq!(judge(&mut v, at(1), header), ok());
        assert!(v.used.len() <= 3);
    }
    for header in &headers {
        assert_eq!(judge(&mut v, at(1), header), Verdict::Stale);
    }
    let c = challenged(&mut v, at(301));
    let header = answer(&c, &who("right"), "REGISTER", URI, b"", "c", 1);
    assert_eq!(judge(&mut v, at(301), &header), ok());
    assert_eq!(v.used.len(), 1, "what has expired is forgotten");
}

#[test]
fn the_secret_is_not_printed() {
    let printed = format!("{:?}", Verifier::new([171; 32]));
    assert!(
        printed.contains("[redacted]") && !printed.contains("171"),
        "{printed}"
    );
}

#[test]
fn it_goes_on_where_it_was_stored() {
    let mut v = Verifier::new([1; 32]);
    let c = challenged(&mut v, at(0));
    let header = |nc| answer(&c, &who("right"), "REGISTER", URI, b"", "c", nc);
    assert_eq!(judge(&mut v, at(1), &header(1)), ok());
    let stored = serde_json::to_string(&v).unwrap();
    let mut restored: Verifier = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored, v);
    assert_eq!(judge(&mut restored, at(2), &header(1)), Verdict::Stale);
    assert_eq!(judge(&mut restored, at(2), &header(2)), ok());
}
