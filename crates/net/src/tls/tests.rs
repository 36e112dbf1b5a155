//! Handshakes over loopback between our two sides, certificates by an authority of the test's own; and what is wrong with files.

use super::*;
use std::fs;
use tandem_standin::authority::{Authority, Signed};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

struct Lab {
    dir: TempDir,
    authority: Authority,
}

impl Lab {
    fn new() -> Self {
        let lab = Self {
            dir: TempDir::new().expect("a folder"),
            authority: Authority::new("test authority").expect("a key"),
        };
        lab.write("ca.pem", &lab.authority.pem());
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    /// Signs a certificate for these names, and says where it is.
    fn own(&self, name: &str, names: &[&str], days: i64) -> Own {
        let signed = self.authority.sign(names, days).expect("signed");
        self.put(name, &signed);
        Own {
            certificate: self.path(&format!("{name}.pem")),
            key: self.path(&format!("{name}.key")),
            client_ca: None,
            client_required: false,
        }
    }

    fn put(&self, name: &str, signed: &Signed) {
        signed.write(self.dir.path(), name).expect("written");
    }

    /// A client of this trunk that believes our authority.
    fn client(&self, own: Option<Own>) -> Tls {
        let ca = Some(self.path("ca.pem"));
        let trusts = [("carrier".to_owned(), ca)].into();
        Tls::new(TlsFiles { own, trusts }).expect("usable files")
    }
}

fn server(own: Own) -> Tls {
    let trusts = BTreeMap::new();
    let own = Some(own);
    Tls::new(TlsFiles { own, trusts }).expect("usable files")
}

fn named(remote: SocketAddr, name: &str) -> TlsServer {
    TlsServer {
        remote,
        name: name.into(),
        trunk: "carrier".into(),
    }
}

/// Both sides shake hands where the client expects these names, and say a word; what each of them heard.
async fn shake(client: &Tls, server: &Tls, names: &[&str]) -> (Result<(), String>, Option<u8>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let remote = listener.local_addr().expect("bound");
    client.expect(names.iter().map(|name| named(remote, name)).collect());
    let accept = async {
        let (stream, _) = listener.accept().await.ok()?;
        let mut stream = server.accept(stream).await.ok()?;
        let word = stream.read_u8().await.ok()?;
        stream.write_u8(word + 1).await.ok()?;
        stream.flush().await.ok()?;
        Some(word)
    };
    let connect = async {
        let stream = TcpStream::connect(remote).await.expect("it listens");
        let mut stream = client.connect(remote, stream).await?;
        stream.write_u8(7).await.map_err(|e| e.to_string())?;
        stream.flush().await.map_err(|e| e.to_string())?;
        let word = stream.read_u8().await.map_err(|e| e.to_string())?;
        assert_eq!(word, 8);
        Ok(())
    };
    tokio::join!(connect, accept)
}

#[tokio::test]
async fn a_server_that_proves_its_name_is_spoken_to() {
    let lab = Lab::new();
    let own = lab.own("sbc", &["sbc.carrier.example", "127.0.0.1"], 90);
    let (client, server) = (lab.client(None), server(own));
    for names in [
        &["sbc.carrier.example"][..],
        &["127.0.0.1"],
        &["SBC.Carrier.Example", "127.0.0.1"],
    ] {
        assert_eq!(
            shake(&client, &server, names).await,
            (Ok(()), Some(7)),
            "{names:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_does_not_is_not_and_the_reason_names_the_cure() {
    let lab = Lab::new();
    let client = lab.client(None);
    let good = server(lab.own("sbc", &["sbc.carrier.example"], 90));
    let old = server(lab.own("old", &["sbc.carrier.example"], -1));
    let stranger = server(Lab::new().own("sbc", &["sbc.carrier.example"], 90));
    for (server, names, cure) in [
        (&good, &["carrier.example"][..], "server_name = "),
        // Two trunks at one address: it has to be both.
        (
            &good,
            &["sbc.carrier.example", "other.example"],
            "server_name = ",
        ),
        (&good, &[], "no trunk has a server by TLS there"),
        (&old, &["sbc.carrier.example"], "has expired"),
        (
            &stranger,
            &["sbc.carrier.example"],
            "ca = \"...\" under [tls] of trunks/carrier.toml",
        ),
    ] {
        let (refused, heard) = shake(&client, server, names).await;
        let why = refused.expect_err("no connection");
        assert!(why.contains(cure), "{names:?}: {why}");
        assert_eq!(heard, None, "nothing was said");
    }
}

#[tokio::test]
async fn a_connection_from_a_servers_host_may_be_opened_again_to_another_port_of_it() {
    let lab = Lab::new();
    let server = server(lab.own("sbc", &["sbc.carrier.example"], 90));
    let client = lab.client(None);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let remote = listener.local_addr().expect("bound");
    client.expect(vec![named(
        "127.0.0.1:1".parse().expect("an address"),
        "sbc.carrier.example",
    )]);
    let (accepted, connected) = tokio::join!(
        async { server.accept(listener.accept().await.expect("one").0).await },
        async {
            let stream = TcpStream::connect(remote).await.expect("it listens");
            client.connect(remote, stream).await
        }
    );
    assert!(accepted.is_ok() && connected.is_ok());
}

#[tokio::test]
async fn clients_are_asked_for_certificates_where_that_is_wished() {
    let lab = Lab::new();
    let asks = |required| Own {
        client_ca: Some(lab.path("ca.pem")),
        client_required: required,
        ..lab.own("sbc", &["sbc.carrier.example"], 90)
    };
    let (nameless, named) = (
        lab.client(None),
        lab.client(Some(lab.own("gw", &["gw.example"], 90))),
    );
    let name = &["sbc.carrier.example"][..];
    let (optional, required) = (server(asks(false)), server(asks(true)));
    assert_eq!(shake(&nameless, &optional, name).await.1, Some(7));
    assert_eq!(shake(&named, &optional, name).await.1, Some(7));
    assert_eq!(shake(&named, &required, name).await.1, Some(7));
    let (refused, heard) = shake(&nameless, &required, name).await;
    assert!(refused.is_err() && heard.is_none());
    let other = Lab::new();
    let forged = Own {
        ..other.own("gw", &["gw.example"], 90)
    };
    let trusts = [("carrier".to_owned(), Some(lab.path("ca.pem")))].into();
    let own = Some(forged);
    let forged = Tls::new(TlsFiles { own, trusts }).expect("usable files");
    assert_eq!(shake(&forged, &required, name).await.1, None);
}

#[tokio::test]
async fn a_renewed_certificate_is_the_next_handshakes_and_a_bad_one_changes_nothing() {
    let lab = Lab::new();
    let server = server(lab.own("sbc", &["old.example"], 90));
    let client = lab.client(None);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let remote = listener.local_addr().expect("bound");
    client.expect(vec![named(remote, "old.example")]);
    let (accepted, connected) = tokio::join!(
        async { server.accept(listener.accept().await.expect("one").0).await },
        async {
            let stream = TcpStream::connect(remote).await.expect("it listens");
            client.connect(remote, stream).await
        }
    );
    let (mut there, mut here) = (accepted.expect("shaken"), connected.expect("shaken"));

    assert!(matches!(server.reload(false), Ok(false)), "nothing is new");
    // Half of a renewal: the key is there already.
    let new = lab.authority.sign(&["new.example"], 90).expect("signed");
    lab.write("sbc.key", &new.key);
    let mismatch = server.reload(true);
    assert!(
        matches!(mismatch, Err(TlsError::Mismatch { .. })),
        "{mismatch:?}"
    );
    assert_eq!(shake(&client, &server, &["old.example"]).await.1, Some(7));
    lab.write("sbc.pem", &new.certificate);
    assert!(matches!(server.reload(true), Ok(true)));
    assert_eq!(shake(&client, &server, &["new.example"]).await.1, Some(7));
    assert!(shake(&client, &server, &["old.example"]).await.0.is_err());

    // The connection that was there goes on.
    here.write_u8(5).await.expect("open");
    here.flush().await.expect("open");
    assert_eq!(there.read_u8().await.expect("open"), 5);
}

#[test]
fn files_that_were_written_are_noticed() {
    let lab = Lab::new();
    let server = server(lab.own("sbc", &["old.example"], 90));
    let new = lab.authority.sign(&["new.example"], 90).expect("signed");
    lab.put("sbc", &new);
    let later = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000);
    let key = fs::File::options().write(true).open(lab.path("sbc.key"));
    key.and_then(|file| file.set_modified(later))
        .expect("touched");
    assert!(matches!(server.reload(false), Ok(true)));
    assert!(matches!(server.reload(false), Ok(false)));
}

#[test]
fn each_complaint_names_the_file_and_the_fact() {
    let lab = Lab::new();
    let now = 1_000_000_000 * 2; // in 2033: what is signed today for 90 days has expired by then
    let own = lab.own("sbc", &["sbc.example", "127.0.0.1"], 90);
    let all = |own: &Own, domain: Option<&str>, now: i64| {
        let found = complaints(own, domain, now);
        found
            .into_iter()
            .map(|c| (c.part, c.fatal, c.what))
            .collect::<Vec<_>>()
    };
    let today = i64::try_from(
        fs::metadata(&own.key)
            .and_then(|m| m.modified())
            .expect("it is there")
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("later")
            .as_secs(),
    )
    .expect("in this era");
    assert_eq!(all(&own, Some("sbc.example"), today), []);
    let one = |found: Vec<(Part, bool, String)>, part: Part, fatal: bool, words: &[&str]| {
        let [(p, f, what)] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!((*p, *f), (part, fatal), "{what}");
        for word in words {
            assert!(what.contains(word), "{word}: {what}");
        }
    };
    let expired = ["sbc.pem", "has expired on"];
    one(all(&own, None, now), Part::Certificate, false, &expired);
    let soon = all(&own, None, today + 80 * DAY + 100);
    one(
        soon,
        Part::Certificate,
        false,
        &["sbc.pem", "expires in 9 days"],
    );
    let early = all(&own, None, today - 30 * DAY);
    one(early, Part::Certificate, false, &["is not valid before"]);
    let named = all(&own, Some("phones.example"), today);
    let words = ["is for sbc.example, an IP address", "phones.example"];
    one(named, Part::Certificate, false, &words);

    lab.own("other", &["other.example"], 90);
    let with = |certificate: &str, key: &str| Own {
        certificate: lab.path(certificate),
        key: lab.path(key),
        ..own.clone()
    };
    let check = |certificate, key| all(&with(certificate, key), None, today);
    let mixed = check("sbc.pem", "other.key");
    one(
        mixed,
        Part::Key,
        true,
        &["other.key", "sbc.pem", "renewed together"],
    );
    one(
        check("gone.pem", "sbc.key"),
        Part::Certificate,
        true,
        &["gone.pem", "No such file"],
    );
    one(
        check("sbc.pem", "gone.key"),
        Part::Key,
        true,
        &["gone.key", "No such file"],
    );
    one(
        check("sbc.key", "sbc.key"),
        Part::Certificate,
        true,
        &["sbc.key", "no certificate"],
    );
    one(
        check("sbc.pem", "sbc.pem"),
        Part::Key,
        true,
        &["sbc.pem", "no private key"],
    );

    let authorities = |name: &str, now| {
        let found = complaints_of_authorities(&lab.path(name), now);
        found
            .into_iter()
            .map(|c| (c.part, c.fatal, c.what))
            .collect::<Vec<_>>()
    };
    assert_eq!(authorities("ca.pem", today), []);
    one(
        authorities("gone.pem", today),
        Part::Authorities,
        true,
        &["gone.pem"],
    );
}

const DAY: i64 = 24 * 60 * 60;
