//! Callers' numbers that are signed for (STIR/SHAKEN), by certificates and signatures that openssl makes.

use super::{
    baresip::Like,
    lab::now,
    office::{FRONT_DESK, Office},
    sipp::Plays,
    stage::{Caller, Stage},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};
use tandem_types::{Attested, journal::What};

const X5U: &str = "https://cert.example.org/carrier.pem";

/// A folder in which openssl has made an authority, and a carrier's certificate.
struct Carrier(tempfile::TempDir);

impl Carrier {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().expect("a folder"));
        let script = "set -e
            openssl ecparam -name prime256v1 -genkey -noout -out root.key
            openssl req -x509 -new -key root.key -days 30 -subj '/CN=Authority' -out root.pem
            openssl ecparam -name prime256v1 -genkey -noout -out own.key
            openssl req -new -key own.key -subj '/CN=SHAKEN 1234' -out own.csr
            printf 'basicConstraints=critical,CA:FALSE\n1.3.6.1.5.5.7.1.26=DER:3008A006160431323334\n' > ext
            openssl x509 -req -in own.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile ext -out own.pem";
        this.runs(script);
        this
    }

    /// What a script that uses openssl prints.
    fn runs(&self, script: &str) -> String {
        let out = Command::new("sh")
            .args(["-c", script])
            .current_dir(self.path())
            .output();
        let out = out.expect("openssl (`make setup` installs it)");
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).expect("text")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).expect("a file of openssl's")
    }

    /// The office that believes it.
    fn believed(&self, office: Office) -> Office {
        office
            .and("stir/roots.pem", &self.text("root.pem"))
            .and("stir/certificates/cert.example.org/carrier.pem", &self.text("own.pem"))
            .and("tandem.toml", "[identity]\nauthorities = \"stir/roots.pem\"\ncertificates = \"stir/certificates\"\n")
            .and(
                "dialplans/reception.toml",
                "[[when]]\nattestation = [\"A\"]\nstart = \"ext:201\"\n[[when]]\nattestation = [\"failed\"]\nstart = \"echo\"\n",
            )
    }

    /// An Identity header that says that `caller` may use its number.
    fn signs(&self, caller: &str) -> String {
        let header = format!(
            "{{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"{X5U}\"}}"
        );
        let (to, iat) = (FRONT_DESK.trim_start_matches('+'), now() / 1_000_000);
        let claims = format!(
            "{{\"attest\":\"A\",\"dest\":{{\"tn\":[\"{to}\"]}},\"iat\":{iat},\"orig\":{{\"tn\":\"{caller}\"}},\"origid\":\"123e4567-e89b-12d3-a456-426655440000\"}}"
        );
        let message: PathBuf = self.path().join("message");
        // base64url by coreutils, the signature's two numbers by openssl's own reading of it.
        let script = format!(
            "set -e
            url() {{ basenc --base64url -w0 | tr -d =; }}
            printf '%s.%s' \"$(printf %s '{header}' | url)\" \"$(printf %s '{claims}' | url)\" > message
            openssl dgst -sha256 -sign own.key -out der message
            openssl asn1parse -inform DER -in der | sed -n 's/.*INTEGER *://p' | while read n; do printf '%64s' \"$n\" | tr ' ' 0; done | basenc --base16 -d | url"
        );
        let signature = self.runs(&script);
        assert_eq!(signature.len(), 86, "{signature}");
        let signed = std::fs::read_to_string(message).expect("it was written");
        format!("{signed}.{signature};info=<{X5U}>;alg=ES256;ppt=shaken")
    }
}

async fn rings_in(stage: &mut Stage, identity: &str) -> Caller {
    let plays = Plays {
        and: Some("signed"),
        more: &["-key", "identity", identity],
        ..Plays::caller(FRONT_DESK)
    };
    stage.ring_in_as(plays).await
}

fn verified(stage: &Stage) -> Vec<(Attested, Option<String>)> {
    let all = stage.running.journal().into_iter();
    let verified = all.filter_map(|e| match e.what {
        What::CallerVerified { attested, why } => Some((attested, why)),
        _ => None,
    });
    verified.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_signed_for_reaches_a_person_and_their_phone_shows_it() {
    let carrier = Carrier::new();
    let mut stage = Stage::with(112, |_, office| carrier.believed(office)).await;
    let like = Like {
        answers: true,
        ..Like::default()
    };
    let mut phone = stage.phone(1, "201", like).await;
    let identity = carrier.signs("447700900123");
    let mut caller = rings_in(&mut stage, &identity).await;
    phone.until("CALL_ESTABLISHED").await;
    caller.hangs_up().await;
    stage.running.ended().await;
    assert_eq!(verified(&stage), [(Attested::Full, None)]);
    let record = stage.running.record(caller.call).await;
    assert_eq!(record.call.attested.as_deref(), Some("A"));
    let trace = stage.running.gateway().trace(caller.call);
    let shown =
        "<sip:+447700900123;verstat=TN-Validation-Passed@phones.northgate.example;user=phone>";
    let rung = trace
        .iter()
        .find(|m| m.sent && m.text.starts_with("INVITE "))
        .expect("it rang");
    assert!(rung.text.contains(shown), "{}", rung.text);
    let _ = stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_for_somebody_elses_number_is_told_from_a_right_one() {
    let carrier = Carrier::new();
    let mut stage = Stage::with(113, |_, office| carrier.believed(office)).await;
    let identity = carrier.signs("447700900999");
    let mut caller = rings_in(&mut stage, &identity).await;
    caller.hangs_up().await;
    stage.running.ended().await;
    let why = "another caller was signed for".to_owned();
    assert_eq!(verified(&stage), [(Attested::Failed, Some(why))]);
    let record = stage.running.record(caller.call).await;
    assert_eq!(record.call.start, "echo");
    assert_eq!(record.call.attested.as_deref(), Some("failed"));
    let _ = stage.strike().await;
}
