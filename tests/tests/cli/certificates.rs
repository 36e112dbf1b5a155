//! Certificates: what `tandem check` says of them, and SIGHUP when they were renewed.

use super::lab::{Lab, golden};
use std::fs;
use tandem_standin::authority::{Authority, Signed};

/// An office with a TLS listener, and its folder for certificates, still empty.
fn office() -> Lab {
    let lab = Lab::new();
    let tcp = format!("\"tcp://{}:5070\"", lab.ip);
    let tls = format!("{tcp}, \"tls://{}:5071\"", lab.ip);
    lab.change("tandem.toml", &tcp, &tls);
    lab.add(
        "tandem.toml",
        "[sip.tls]\ncertificate = \"tls/gw.pem\"\nkey = \"tls/gw.key\"",
    );
    lab.add("trunks/carrier.toml", "[tls]\nca = \"tls/carrier-ca.pem\"");
    fs::create_dir(lab.path("office/tls")).expect("a folder");
    lab
}

fn signed(authority: &Authority, days: i64) -> Signed {
    authority
        .sign(&["phones.northgate.example"], days)
        .expect("signed")
}

fn put(lab: &Lab, name: &str, signed: &Signed) {
    signed
        .write(&lab.path("office/tls"), name)
        .expect("written");
}

#[test]
fn certificates_are_looked_into() {
    let lab = office();
    let authority = Authority::new("Northgate").expect("a key");
    let missing = lab.tandem("check office");
    let ca = lab.path("office/tls/carrier-ca.pem");
    fs::write(ca, authority.pem()).expect("written");
    put(&lab, "gw", &signed(&authority, 90));
    let usual = lab.tandem("check office");
    fs::write(lab.path("office/tls/gw.key"), signed(&authority, 90).key).expect("written");
    let mixed = lab.tandem("check office");
    let serve = lab.tandem("serve --config office --data data");
    assert_eq!((mixed.code, serve.code), (Some(3), Some(3)));
    assert_eq!(usual.code, Some(0));
    assert!(!usual.out.contains("tls/"), "{}", usual.out);
    golden("certificates", &[missing, mixed]);

    // A date that nobody knows beforehand; phones that do not look are served all the same.
    put(&lab, "gw", &signed(&authority, -1));
    let expired = lab.tandem("check office");
    assert_eq!(expired.code, Some(0));
    assert!(
        expired.out.contains("office/tls/gw.pem") && expired.out.contains("has expired on"),
        "{}",
        expired.out
    );
}

#[tokio::test]
async fn a_hang_up_signal_reads_certificates_again() {
    let lab = office();
    let authority = Authority::new("Northgate").expect("a key");
    let ca = lab.path("office/tls/carrier-ca.pem");
    fs::write(ca, authority.pem()).expect("written");
    put(&lab, "gw", &signed(&authority, 90));
    let mut running = lab.running("serve --config office --data data");
    running.says("tandem: SIP on tls").await;
    running.says("tandem: ready").await;
    put(&lab, "gw", &signed(&authority, 90));
    running.signal("-HUP");
    running
        .says("tandem: configuration and certificates read again")
        .await;
    fs::write(lab.path("office/tls/gw.key"), "no key").expect("written");
    running.signal("-HUP");
    running
        .says("tandem: not reloaded: the configuration has errors; the old configuration stays")
        .await;
    running.signal("-TERM");
    assert_eq!(running.ended().code, Some(0));
}
