//! TLS with software that nobody here wrote: baresip as a desk phone, Kamailio as the carrier, openssl for the handshake.

use super::{
    baresip::Like,
    echo::hears_its_echo_and_is_called,
    kamailio::{Kamailio, Role},
    lab::{Lab, SOON, eventually, listen},
    office::Office,
    raw::{SIP, SIPS},
    sipp::{Plays, Sipp},
    sound::{CALLER, OTHER},
    stage::Stage,
    trunk::{account, talk, with_account},
};
use std::{net::Ipv4Addr, process::Command};
use tandem_standin::{
    Script,
    authority::{Authority, Signed},
    dns::NameServer,
};
use tandem_types::dns::{Kind, Record, Srv};

/// The office with a TLS listener, its certificate for its own address and for the phones' domain.
pub(super) fn with_tls(lab: &Lab, office: Office, authority: &Authority) -> Office {
    let gateway = lab.gateway();
    let signed = signed(
        authority,
        &[&gateway.to_string(), "phones.northgate.example"],
    );
    let tcp = format!("\"tcp://{gateway}:{SIP}\"");
    office
        .with(
            "tandem.toml",
            &tcp,
            &format!("{tcp}, \"tls://{gateway}:{SIPS}\""),
        )
        .and(
            "tandem.toml",
            "[sip.tls]\ncertificate = \"tls/gw.pem\"\nkey = \"tls/gw.key\"\n",
        )
        .and("tls/gw.pem", &signed.certificate)
        .and("tls/gw.key", &signed.key)
        .and("tls/ca.pem", &authority.pem())
}

fn signed(authority: &Authority, names: &[&str]) -> Signed {
    authority.sign(names, 90).expect("signed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_on_tls_hears_its_own_echo_and_is_called_over_its_connection() {
    let authority = Authority::new("Northgate").expect("a key");
    let stage = Stage::with(71, |lab, office| with_tls(lab, office, &authority)).await;
    let ca = stage.lab.path("office/tls/ca.pem");
    let over_tls = Like {
        transport: "tls",
        ca: ca.to_str(),
        ..Like::default()
    };
    hears_its_echo_and_is_called(stage, over_tls).await;
}

/// The handshake as openssl sees it: what it says of our certificate.
fn handshake(ip: Ipv4Addr, ca: &std::path::Path, name: &str) -> String {
    let out = Command::new("openssl")
        .args(["s_client", "-connect", &format!("{ip}:{SIPS}"), "-CAfile"])
        .arg(ca)
        .args(["-verify_return_error", "-verify_hostname", name, "-brief"])
        .stdin(std::process::Stdio::null())
        .output()
        .expect("openssl (`make setup` installs it)");
    let (said, errors) = (
        String::from_utf8_lossy(&out.stdout).into_owned(),
        String::from_utf8_lossy(&out.stderr).into_owned(),
    );
    format!("{}\n{said}{errors}", out.status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssl_takes_our_certificate_and_the_renewed_one_while_a_phone_stays_connected() {
    let authority = Authority::new("Northgate").expect("a key");
    let stage = Stage::with(72, |lab, office| with_tls(lab, office, &authority)).await;
    let (gateway, ca) = (stage.gateway(), stage.lab.path("office/tls/ca.pem"));
    let looks = async |name: &'static str| {
        let ca = ca.clone();
        let looked = tokio::task::spawn_blocking(move || handshake(gateway, &ca, name));
        looked.await.expect("no panic")
    };
    let said = looks("phones.northgate.example").await;
    assert!(
        said.starts_with("true") && said.contains("TLSv1.3") && said.contains("Verification: OK"),
        "{said}"
    );
    let said = looks("new.northgate.example").await;
    assert!(said.starts_with("false"), "{said}");

    let over_tls = Like {
        transport: "tls",
        ca: ca.to_str(),
        ..Like::default()
    };
    let mut phone = stage.phone(1, "201", over_tls).await;
    let renewed = signed(&authority, &[&gateway.to_string(), "new.northgate.example"]);
    let folder = stage.lab.path("office/tls");
    renewed.write(&folder, "gw").expect("written");
    let renewed = stage.running.gateway().reload("the test").await;
    assert!(renewed.is_ok(), "{renewed:?}");
    let said = looks("new.northgate.example").await;
    assert!(said.contains("Verification: OK"), "{said}");
    // Its connection is the one that it had.
    phone
        .command("dial", &format!("sip:2000@{gateway}:{SIPS};transport=tls"))
        .await;
    phone.until("CALL_ESTABLISHED").await;
    phone.command("hangup", "").await;
    // What cannot be used changes nothing.
    std::fs::write(folder.join("gw.key"), "no key").expect("written");
    let refused = stage.running.gateway().reload("the test").await;
    assert!(refused.is_err(), "{refused:?}");
    let said = looks("new.northgate.example").await;
    assert!(said.contains("Verification: OK"), "{said}");
    let _ = stage.strike().await;
}

/// A carrier by name and TLS, whose certificate is for `named`; the office has an account there.
async fn carrier(test: u8, named: &str) -> (Stage, Kamailio, NameServer) {
    let lab = Lab::new(test);
    let (ours, theirs) = (
        Authority::new("Northgate").expect("a key"),
        Authority::new("Carrier").expect("a key"),
    );
    let role = Role::Carrier {
        beyond: lab.carrier(1),
    };
    let certificate = signed(&theirs, &[named]);
    let kamailio = Kamailio::start_with(&lab, lab.carrier(5), role, Some(&certificate)).await;
    let dns = NameServer::start((lab.carrier(7), 5353).into())
        .await
        .expect("a port");
    let server = Srv {
        priority: 1,
        weight: 0,
        port: SIPS,
        target: "edge.carrier.test".into(),
    };
    dns.knows(
        Kind::Srv,
        "_sips._tcp.carrier.test",
        vec![Record::Srv(server)],
        60,
    );
    dns.knows(
        Kind::A,
        "edge.carrier.test",
        vec![Record::Address(kamailio.ip.into())],
        60,
    );
    let addr = dns.addr;
    let stage = Stage::over(lab, false, Script::default(), |lab, office| {
        let register = "called_from = \"to\"\nregister = { registrar = \"sip:carrier.test;transport=tls\", expires = \"1m\" }";
        with_tls(lab, with_account(office), &ours)
            .and("tandem.toml", &format!("[dns]\nservers = [\"{addr}\"]\n"))
            .with("trunks/carrier.toml", "called_from = \"request-uri\"", register)
            .with(
                "trunks/carrier.toml",
                &format!("sip:{}:{SIP}", lab.carrier(1)),
                "sip:carrier.test;transport=tls",
            )
            .and("trunks/carrier.toml", "[tls]\nca = \"tls/carrier-ca.pem\"\n")
            .and("tls/carrier-ca.pem", &theirs.pem())
    })
    .await;
    (stage, kamailio, dns)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_on_tls_has_our_account_and_calls_go_both_ways() {
    let (mut stage, kamailio, _dns) = carrier(73, "carrier.test").await;
    eventually("registered", SOON, async || {
        account(&stage).await == "registered"
    })
    .await;

    // Outward: a proof of who we are, and a dialog along the record route.
    let mut far = Sipp::start(&stage.lab, 1, Plays::called(OTHER));
    far.listens().await;
    let mut caller = stage.ring_in("2011").await;
    let talked = talk(&mut stage, &caller, far.ip).await;
    caller.hangs_up().await;
    far.finished().await;
    stage.running.ended().await;
    let trace = stage.running.gateway().trace(caller.call);
    let with_carrier = trace.iter().filter(|m| m.remote.ip() == kamailio.ip);
    let ways: Vec<&str> = with_carrier.map(|m| m.transport.as_str()).collect();
    assert!(
        ways.len() >= 8 && ways.iter().all(|way| *way == "TLS"),
        "{ways:?}"
    );

    // Inward, by the Contact that we registered.
    let plays = Plays {
        by: Some(kamailio.ip),
        ..Plays::caller("2000")
    };
    let mut caller = stage.ring_in_as(plays).await;
    caller.cue("tone").await;
    let _ = listen(600).await;
    let echo = listen(1500).await;
    let anna = caller.ip();
    caller.hangs_up().await;
    stage.running.ended().await;
    let trace = stage.running.gateway().trace(caller.call);
    assert!(
        trace.len() >= 5 && trace.iter().all(|m| m.transport == "TLS"),
        "{trace:?}"
    );
    let streams = talked.heard(stage).await;
    streams.to(anna, echo).is("the caller, their echo", CALLER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_whose_certificate_is_anothers_gets_no_account_of_ours() {
    let (stage, kamailio, _dns) = carrier(74, "evil.test").await;
    eventually("refused", SOON, async || {
        account(&stage).await.starts_with("failed")
    })
    .await;
    assert_eq!(
        kamailio.said("registered northgate"),
        0,
        "{}",
        kamailio.log()
    );
    assert_eq!(kamailio.contacts(), 0);
    let _ = stage.strike().await;
}
