//! Registered, refreshed, refused, gone.

use super::*;
use crate::api::Transport;
use tandem_types::Wall;

fn at(seconds: u64) -> Now {
    Now {
        mono: Mono(seconds * 1_000_000_000),
        wall: Wall(0),
    }
}

fn registration() -> Registration {
    let flow = Flow {
        transport: Transport::Udp,
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: "203.0.113.1:5060".parse().unwrap(),
    };
    let config = RegistrationConfig {
        at: RegistrarAt {
            flow,
            registrar: Uri::sip(None, "carrier.example"),
            aor: NameAddr::new(Uri::sip("49301234", "carrier.example")),
            contact: Uri::sip("49301234", "192.0.2.1:5060"),
        },
        route: Vec::new(),
        expires: 600,
        credentials: None,
    };
    Registration::new(config, Rng::seeded(3))
}

/// What came out: requests as `Expires` and number, and states.
fn drain(r: &mut Registration) -> (Vec<(String, u32)>, Vec<RegistrationState>) {
    let (mut sent, mut states) = (Vec::new(), Vec::new());
    while let Some(output) = r.poll_output() {
        match output {
            RegistrationOutput::Send(request) => {
                assert_eq!(
                    request.headers.first(&HeaderName::Contact),
                    Some("<sip:49301234@192.0.2.1:5060>")
                );
                let expires = request
                    .headers
                    .first(&HeaderName::Expires)
                    .unwrap()
                    .to_owned();
                sent.push((expires, request.cseq));
            }
            RegistrationOutput::Changed(state) => states.push(state),
        }
    }
    (sent, states)
}

fn ok(lines: &[(HeaderName, &str)]) -> RegistrationInput {
    let mut response = Response::new(200);
    for (name, value) in lines {
        response.headers.push(name, value);
    }
    RegistrationInput::Response(Ok(Box::new(response)))
}

fn refused(status: u16, lines: &[(HeaderName, &str)]) -> RegistrationInput {
    let mut response = Response::new(status);
    for (name, value) in lines {
        response.headers.push(name, value);
    }
    RegistrationInput::Response(Err(Failure::Response(Box::new(response))))
}

fn silence() -> RegistrationInput {
    RegistrationInput::Response(Err(Failure::TimedOut))
}

/// Seconds until the next deadline.
fn due(r: &Registration, now: u64) -> u64 {
    r.poll_timeout().unwrap().0.since(at(now).mono).as_secs()
}

#[test]
fn it_refreshes_before_the_time_that_the_registrar_gave() {
    let mut r = registration();
    r.handle_input(at(0), RegistrationInput::Start);
    let (sent, states) = drain(&mut r);
    assert_eq!((sent.len(), states), (1, vec![RegistrationState::Trying]));
    let contacts = "<sip:other@192.0.2.9>;expires=30, <sip:49301234@192.0.2.1:5060>;expires=120";
    r.handle_input(
        at(0),
        ok(&[
            (HeaderName::Contact, contacts),
            (HeaderName::Expires, "3600"),
        ]),
    );
    assert_eq!(
        drain(&mut r).1,
        [RegistrationState::Registered {
            until: at(120).mono
        }]
    );
    assert!((90..=102).contains(&due(&r, 0)), "{}", due(&r, 0));
    r.handle_timeout(at(60));
    assert_eq!(drain(&mut r), (vec![], vec![]), "early is a no-op");
    r.handle_timeout(at(102));
    let (again, states) = drain(&mut r);
    assert_eq!((again.len(), states.len()), (1, 0));
    assert!(again[0].1 > sent[0].1, "numbers rise");
    r.handle_input(at(103), ok(&[]));
    assert_eq!(
        r.state(),
        &RegistrationState::Registered {
            until: at(703).mono
        }
    );
}

#[test]
fn failures_back_off_up_to_half_an_hour() {
    let mut r = registration();
    r.handle_input(at(0), RegistrationInput::Start);
    let mut now = 0;
    for whole in [30, 60, 120, 240, 480, 960, 1800, 1800] {
        r.handle_input(at(now), silence());
        let wait = due(&r, now);
        assert!((whole / 2..=whole).contains(&wait), "{wait} of {whole}");
        assert!(matches!(
            r.state(),
            RegistrationState::Failed { status: 0, .. }
        ));
        now += wait + 1;
        r.handle_timeout(at(now));
        assert_eq!(r.state(), &RegistrationState::Trying);
    }
    assert_eq!(drain(&mut r).0.len(), 9);
    r.handle_input(at(now), ok(&[]));
    r.handle_timeout(at(now + 600));
    r.handle_input(at(now + 600), silence());
    assert!(due(&r, now + 600) <= 30, "a success forgets the failures");
}

#[test]
fn a_refusal_of_the_account_is_not_repeated_soon() {
    let mut r = registration();
    r.handle_input(at(0), RegistrationInput::Start);
    r.handle_input(at(0), refused(403, &[]));
    assert_eq!(due(&r, 0), 300);
    r.handle_input(at(1), RegistrationInput::Start);
    assert_eq!(drain(&mut r).0.len(), 2, "started by hand it tries at once");
    r.handle_input(
        at(1),
        refused(503, &[(HeaderName::RetryAfter, "700 (maintenance)")]),
    );
    assert_eq!(due(&r, 1), 700);
}

#[test]
fn a_longer_minimum_is_accepted_once() {
    let mut r = registration();
    r.handle_input(at(0), RegistrationInput::Start);
    r.handle_input(at(0), refused(423, &[(HeaderName::MinExpires, "1800")]));
    let sent = drain(&mut r).0;
    assert_eq!(
        sent.iter().map(|s| s.0.as_str()).collect::<Vec<_>>(),
        ["600", "1800"]
    );
    r.handle_input(at(0), refused(423, &[(HeaderName::MinExpires, "1800")]));
    assert!(matches!(
        r.state(),
        RegistrationState::Failed { status: 423, .. }
    ));
}

#[test]
fn silence_to_a_refresh_leaves_it_registered_while_time_is_left() {
    let mut r = registration();
    r.handle_input(at(0), RegistrationInput::Start);
    r.handle_input(at(0), ok(&[]));
    r.handle_timeout(at(510));
    drain(&mut r);
    r.handle_input(at(542), silence());
    assert!(matches!(r.state(), RegistrationState::Registered { .. }));
    r.handle_timeout(at(572));
    assert_eq!(
        drain(&mut r).0.len(),
        1,
        "tried again before the time is over"
    );
    r.handle_timeout(at(600));
    assert!(matches!(
        r.state(),
        RegistrationState::Failed { status: 0, .. }
    ));
    r.handle_input(at(604), silence());
    assert!(matches!(
        r.state(),
        RegistrationState::Failed { status: 0, .. }
    ));
    assert!(r.poll_timeout().is_some());
}

#[test]
fn it_unregisters_at_shutdown() {
    let mut r = registration();
    r.handle_input(at(0), RegistrationInput::Start);
    drain(&mut r);
    r.handle_input(at(0), RegistrationInput::Stop);
    assert_eq!(
        drain(&mut r),
        (vec![], vec![]),
        "the answer under way is waited for"
    );
    r.handle_input(at(1), ok(&[]));
    let (sent, _) = drain(&mut r);
    assert_eq!(sent[0].0, "0");
    assert_eq!(r.poll_timeout(), None);
    r.handle_input(at(2), silence());
    assert_eq!(drain(&mut r).1, [RegistrationState::Idle]);
    r.handle_input(at(3), RegistrationInput::Stop);
    assert_eq!(drain(&mut r), (vec![], vec![]));
}

#[test]
fn a_failed_one_stops_without_a_word() {
    let mut r = registration();
    r.handle_input(at(0), RegistrationInput::Start);
    r.handle_input(at(0), silence());
    drain(&mut r);
    r.handle_input(at(1), RegistrationInput::Stop);
    assert_eq!(drain(&mut r), (vec![], vec![RegistrationState::Idle]));
    assert_eq!(r.poll_timeout(), None);
}

#[test]
fn it_registers_anew_soon_after_its_connection_closed_and_never_at_once() {
    let mut r = registration();
    r.handle_input(at(0), RegistrationInput::Start);
    drain(&mut r);
    r.handle_input(at(0), RegistrationInput::Closed);
    assert_eq!(drain(&mut r).0, [], "its REGISTER is under way");
    r.handle_input(at(0), ok(&[(HeaderName::Expires, "600")]));
    drain(&mut r);
    r.handle_input(at(1), RegistrationInput::Closed);
    assert_eq!(drain(&mut r).0, []);
    let soon = due(&r, 1);
    assert!((5..=10).contains(&soon), "{soon}");
    r.handle_timeout(at(12));
    assert_eq!(drain(&mut r).0.len(), 1);
    // While it leaves, or where the registrar has us no more, nothing is begun by it.
    r.handle_input(at(12), refused(403, &[]));
    drain(&mut r);
    let next = due(&r, 12);
    r.handle_input(at(13), RegistrationInput::Closed);
    assert_eq!(due(&r, 12), next);
}

#[test]
fn another_server_is_asked_at_once_where_the_first_is_silent() {
    let mut r = registration();
    r.handle_input(at(0), RegistrationInput::Start);
    drain(&mut r);
    let other = Flow {
        remote: "192.0.2.99:5060".parse().unwrap(),
        ..r.flow()
    };
    r.move_to(RegistrarAt {
        flow: other,
        registrar: Uri::sip(None, "second.example"),
        aor: NameAddr::new(Uri::sip("49301234", "second.example")),
        contact: Uri::parse("sip:us@192.0.2.1").unwrap(),
    });
    r.handle_input(at(4), RegistrationInput::Elsewhere);
    let Some(RegistrationOutput::Send(request)) = r.poll_output() else {
        panic!("no REGISTER");
    };
    assert_eq!(request.flow, other);
    assert_eq!(request.target.to_string(), "sip:second.example");
    assert_eq!(request.to.uri.to_string(), "sip:49301234@second.example");
    assert_eq!(
        request.headers.first(&HeaderName::Contact),
        Some("<sip:us@192.0.2.1>")
    );
    assert_eq!(*r.state(), RegistrationState::Trying);
    // One that leaves is not kept by it.
    r.handle_input(at(5), RegistrationInput::Stop);
    r.handle_input(at(8), RegistrationInput::Elsewhere);
    assert_eq!(
        r.poll_output(),
        Some(RegistrationOutput::Changed(RegistrationState::Idle))
    );
    assert_eq!(r.poll_output(), None);
}
