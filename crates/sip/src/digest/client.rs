//! Answering a challenge.

use super::{
    Challenge, Qop,
    algorithm::Question,
    pairs::{escape, write_pair},
};
use crate::api::Credentials;
use std::fmt::Write;

/// The value of Authorization or Proxy-Authorization for a request. `nc` counts the answers to this nonce from 1; `cnonce` is a
/// fresh token. `auth` is preferred to `auth-int`: bodies are changed by middleboxes on the way.
pub fn answer(
    challenge: &Challenge,
    credentials: &Credentials,
    method: &str,
    uri: &str,
    body: &[u8],
    cnonce: &str,
    nc: u32,
) -> String {
    let nc = format!("{nc:08x}");
    let qop = if challenge.qop.contains(&Qop::Auth) {
        Some(Qop::Auth)
    } else {
        challenge.qop.first().copied()
    };
    let username = escape(&credentials.username);
    let response = Question {
        algorithm: challenge.algorithm,
        username: &username,
        realm: &challenge.realm,
        password: credentials.password.reveal(),
        method,
        uri,
        body,
        nonce: &challenge.nonce,
        qop: qop.map(|q| (q, nc.as_str())),
        cnonce,
    }
    .response();
    let mut out = String::from("Digest ");
    write_pair(&mut out, "username", &username);
    write_pair(&mut out, "realm", &challenge.realm);
    write_pair(&mut out, "nonce", &challenge.nonce);
    write_pair(&mut out, "uri", uri);
    write_pair(&mut out, "response", &response);
    let _ = write!(out, ", algorithm={}", challenge.algorithm);
    if let Some(opaque) = &challenge.opaque {
        write_pair(&mut out, "opaque", opaque);
    }
    match qop {
        Some(qop) => {
            let _ = write!(out, ", qop={}, nc={nc}", qop.as_str());
            write_pair(&mut out, "cnonce", cnonce);
        }
        // A session key needs it even so.
        None if challenge.algorithm.as_str().ends_with("-sess") => {
            write_pair(&mut out, "cnonce", cnonce)
        }
        None => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7616_is_answered_as_there() {
        let challenge = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
        let who = Credentials {
            username: "Mufasa".into(),
            password: "Circle of Life".to_owned().into(),
            realm: None,
            hosts: Vec::new(),
        };
        let header = answer(
            &Challenge::parse(challenge).unwrap(),
            &who,
            "GET",
            "/dir/index.html",
            b"",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            1,
        );
        assert_eq!(
            header,
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", \
             response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", algorithm=SHA-256, \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", qop=auth, nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\""
        );
    }
}
