//! An account at a PBX: registration, endpoint, digest and registrar together.

use crate::world::*;
use tandem_sip::api::*;
use tandem_sip::digest::{Verdict, Verifier};
use tandem_sip::message::{HeaderName, Headers, Method, NameAddr, Uri};
use tandem_sip::registrar::{Registrar, RegistrarConfig};
use tandem_sip::registration::{
    RegistrarAt, Registration, RegistrationConfig, RegistrationInput, RegistrationOutput,
    RegistrationState,
};
use tandem_types::Rng;

/// A registers at B.
struct Office {
    registration: Registration,
    registrar: Registrar,
    verifier: Verifier,
}

impl Office {
    fn new(w: &World, password: &str) -> Self {
        let credentials = Credentials {
            username: "200".into(),
            password: password.to_owned().into(),
            realm: None,
            hosts: vec![World::addr(B).ip().into()],
        };
        let config = RegistrationConfig {
            at: RegistrarAt {
                flow: w.flow(A, B),
                registrar: Uri::sip(None, "office"),
                aor: NameAddr::new(Uri::sip("200", "office")),
                contact: Uri::sip("200", &World::addr(A).to_string()),
            },
            route: Vec::new(),
            expires: 3600,
            credentials: Some(credentials),
        };
        let limits = RegistrarConfig {
            min_expires: 60,
            max_expires: 300,
            default_expires: 300,
            max_contacts: 5,
        };
        Self {
            registration: Registration::new(config, Rng::seeded(1)),
            registrar: Registrar::new(limits),
            verifier: Verifier::new([3; 32]),
        }
    }

    /// Carries what comes out of each machine to the next until all is quiet.
    fn carry(&mut self, w: &mut World) {
        loop {
            let mut idle = true;
            while let Some(output) = self.registration.poll_output() {
                if let RegistrationOutput::Send(request) = output {
                    let key = w.nodes[A].endpoint.allocate_key();
                    w.command(A, Command::Send { key, request });
                    idle = false;
                }
            }
            while let Some(event) = w.nodes[A].events.pop_front() {
                let Event::Response { result, .. } = event else {
                    panic!("{event:?}")
                };
                self.registration
                    .handle_input(w.now, RegistrationInput::Response(result));
                idle = false;
            }
            while let Some(event) = w.nodes[B].events.pop_front() {
                let Event::OutOfDialog { key, flow, request } = event else {
                    panic!("{event:?}")
                };
                let (status, headers) = self.judge(w, flow, &request);
                let phrase = String::new();
                w.command(
                    B,
                    Command::Respond {
                        key,
                        status,
                        phrase,
                        headers,
                        body: None,
                    },
                );
                idle = false;
            }
            if idle && !w.arrive_all() {
                return;
            }
        }
    }

    fn judge(
        &mut self,
        w: &World,
        flow: Flow,
        request: &tandem_sip::message::Request,
    ) -> (u16, Headers) {
        assert_eq!(request.method, Method::Register);
        let header = request
            .headers
            .first(&HeaderName::Authorization)
            .unwrap_or_default();
        let uri = request.uri.to_string();
        let secret = |_: &str| Some("p".to_owned());
        match self.verifier.verify(
            w.now,
            header,
            "office",
            "REGISTER",
            &uri,
            &request.body,
            secret,
        ) {
            Verdict::Ok { username } => {
                let reply = self
                    .registrar
                    .handle_register(w.now, request, flow, &username);
                (reply.status, reply.headers)
            }
            _ => {
                let challenges = self.verifier.challenge(w.now, "office", false);
                let mut headers = Headers::new();
                for challenge in challenges {
                    headers.push(HeaderName::WwwAuthenticate, challenge);
                }
                (401, headers)
            }
        }
    }
}

#[test]
fn an_account_is_registered_refreshed_and_unregistered() {
    scenario(|w| {
        let mut office = Office::new(w, "p");
        office
            .registration
            .handle_input(w.now, RegistrationInput::Start);
        office.carry(w);
        let RegistrationState::Registered { until } = *office.registration.state() else {
            panic!()
        };
        assert_eq!(
            until.since(w.now.mono).as_secs(),
            300,
            "what the registrar gave"
        );
        assert!(office.registrar.is_bound_as(World::addr(A), "200"));
        for _ in 0..3 {
            let at = office.registration.poll_timeout().unwrap().0;
            w.pass(at.since(w.now.mono).as_millis() as u64 + 1);
            office.registration.handle_timeout(w.now);
            office.carry(w);
            office.registrar.handle_timeout(w.now);
            assert_eq!(
                office.registrar.contacts("200").len(),
                1,
                "never unbound between"
            );
        }
        office
            .registration
            .handle_input(w.now, RegistrationInput::Stop);
        office.carry(w);
        assert_eq!(office.registration.state(), &RegistrationState::Idle);
        assert!(!office.registrar.is_bound(World::addr(A)));
        assert_eq!(w.count("B->A", "401 REGISTER"), 5);
    });
}

#[test]
fn a_wrong_password_fails_and_waits() {
    scenario(|w| {
        let mut office = Office::new(w, "wrong");
        office
            .registration
            .handle_input(w.now, RegistrationInput::Start);
        office.carry(w);
        let state = office.registration.state();
        assert!(
            matches!(state, RegistrationState::Failed { status: 401, .. }),
            "{state:?}"
        );
        assert!(!office.registrar.is_bound(World::addr(A)));
        assert_eq!(
            w.count("A->B", "REGISTER"),
            2,
            "asked, answered once, no more"
        );
    });
}
