//! What holds for any text that comes as a challenge or as its answer.

use tandem_sip::{
    api::Credentials,
    digest::{Authorization, Challenge, Verifier, answer},
};

/// A challenge that can be read can be answered, and the answer read. Nobody gets in with what is not ours.
pub(crate) fn digest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let who = Credentials {
        username: "u".into(),
        password: "p".to_owned().into(),
        realm: None,
        hosts: Vec::new(),
    };
    if let Some(challenge) = Challenge::choose([text], None) {
        let header = answer(&challenge, &who, "INVITE", "sip:a@b", b"body", "cnonce", 1);
        Authorization::parse(&header).expect("an answer of ours can be read");
    }
    let mut verifier = Verifier::new([7; 32]);
    let now = tandem_types::Now::default();
    let verdict = verifier.verify(now, text, "b", "INVITE", "sip:a@b", b"body", |_| {
        Some("p".to_owned())
    });
    assert!(!matches!(verdict, tandem_sip::digest::Verdict::Ok { .. }));
}
