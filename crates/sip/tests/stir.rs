//! Signatures of callers' numbers, made by openssl: which are believed, and why the others are not.

use std::{
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};
use tandem_sip::stir::{Authorities, Claim, Fault, Unusable, verify};
use tandem_types::{Attested, Mono, Now, Wall};

/// Runs a script in a folder of this test's own, and gives what it printed.
fn shell(folder: &PathBuf, script: &str) -> String {
    let script = format!("set -e\nurl() {{ basenc --base64url -w0 | tr -d =; }}\n{script}");
    let out = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder)
        .output()
        .expect("bash");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).expect("text")
}

/// openssl with an authority, an issuer below it, and a carrier's certificate below that.
struct Carrier {
    folder: PathBuf,
    /// Seconds since 1970.
    now: u64,
}

const HEADER: &str =
    r#"{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://c.example/own.pem"}"#;

impl Carrier {
    /// `list`: the certificate's list of numbers, in hexadecimal.
    fn new(list: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("stir-{n}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        // Without any extension it would be of the first version of X.509, which none of these is.
        let mut own = "basicConstraints=critical,CA:FALSE".to_owned();
        if !list.is_empty() {
            own += &format!("\n1.3.6.1.5.5.7.1.26=DER:{list}");
        }
        let script = format!(
            r#"
            for name in root issuer own stranger; do openssl ecparam -name prime256v1 -genkey -noout -out $name.key; done
            openssl req -x509 -new -key root.key -days 30 -subj /CN=Authority -out root.pem
            openssl req -x509 -new -key stranger.key -days 30 -subj /CN=Stranger -out stranger.pem
            sign() {{ # NAME ISSUER EXTENSIONS
                openssl req -new -key $1.key -subj "/CN=$1" -out $1.csr
                printf '%s\n' "$3" > $1.ext
                openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days 20 -extfile $1.ext -out $1.pem 2>&1
            }}
            sign issuer root 'basicConstraints=critical,CA:TRUE' > /dev/null
            sign own issuer '{own}' > /dev/null
            for name in root issuer own stranger; do openssl x509 -in $name.pem -outform DER -out $name.der; done
            date +%s"#
        );
        let now = shell(&folder, &script).trim().parse().expect("a time");
        Self { folder, now }
    }

    fn der(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(format!("{name}.der"))).expect("of openssl's")
    }

    fn believed(&self) -> Authorities {
        let chain = vec![self.der("own"), self.der("issuer")];
        let carriers = [("c.example/own.pem".to_owned(), chain)];
        let (all, left_out) = Authorities::new(&[self.der("root")], carriers);
        assert_eq!((all.len(), left_out), (1, Vec::new()));
        all
    }

    fn claims(&self, more: &str) -> String {
        let iat = self.now;
        format!(
            r#"{{"attest":"B","dest":{{"tn":["442079460100"]}},"iat":{iat},"orig":{{"tn":"441632960001"}},"origid":"1"{more}}}"#
        )
    }

    fn signs(&self, header: &str, claims: &str) -> String {
        let script = format!(
            r#"
            printf '%s.%s' "$(printf %s '{header}' | url)" "$(printf %s '{claims}' | url)" > message
            openssl dgst -sha256 -sign own.key -out der message
            openssl asn1parse -inform DER -in der | sed -n 's/.*INTEGER *://p' | while read n; do printf '%64s' "$n" | tr ' ' 0; done | basenc --base16 -d | url > signature
            printf '%s.%s' "$(cat message)" "$(cat signature)""#
        );
        let token = shell(&self.folder, &script);
        format!("{token};info=<https://c.example/own.pem>;alg=ES256;ppt=shaken")
    }

    fn judged(&self, identity: &str) -> Result<Attested, Fault> {
        self.judged_at(self.now, &[identity], &claim())
    }

    fn judged_at(&self, now: u64, identities: &[&str], claim: &Claim) -> Result<Attested, Fault> {
        verify(&self.believed(), at(now), identities.iter().copied(), claim)
    }
}

fn at(seconds: u64) -> Now {
    Now {
        mono: Mono(0),
        wall: Wall(i64::try_from(seconds).expect("a date") * 1_000_000),
    }
}

fn claim() -> Claim {
    Claim {
        caller: vec!["+441632960001".into(), "sip:+441632960001@192.0.2.1".into()],
        called: vec!["+44 20 7946 0100".into()],
    }
}

#[test]
fn a_right_signature_is_worth_what_it_says() {
    let carrier = Carrier::new("");
    let identity = carrier.signs(HEADER, &carrier.claims(""));
    assert_eq!(carrier.judged(&identity), Ok(Attested::Partial));
    // Among others that say something else, or nothing that can be read.
    let others = [
        "x.y.z;info=<https://c.example/own.pem>;ppt=div",
        "nonsense",
        &identity,
    ];
    assert_eq!(
        carrier.judged_at(carrier.now, &others, &claim()),
        Ok(Attested::Partial)
    );
    let none: [&str; 0] = [];
    for identities in [&none[..], &others[..1]] {
        let judged = carrier.judged_at(carrier.now, identities, &claim());
        assert_eq!(judged, Ok(Attested::Unsigned));
    }
    // Without `shaken` there is no level; SIP addresses are signed for as well.
    let header = HEADER.replace(r#""ppt":"shaken","#, "");
    let claims = format!(
        r#"{{"dest":{{"uri":["sip:Alice@example.com"]}},"iat":{},"orig":{{"tn":"441632960001"}}}}"#,
        carrier.now
    );
    let identity = carrier.signs(&header, &claims).replace(";ppt=shaken", "");
    let to_alice = Claim {
        called: vec!["sip:alice@example.com;user=phone".into()],
        ..claim()
    };
    let judged = carrier.judged_at(carrier.now, &[&identity], &to_alice);
    assert_eq!(judged, Ok(Attested::Passed));
}

#[test]
fn what_is_not_of_this_call_is_not_believed() {
    let carrier = Carrier::new("");
    let identity = carrier.signs(HEADER, &carrier.claims(""));
    for (now, right) in [(60, true), (61, false), (-60, true), (-61, false)] {
        let judged = carrier.judged_at(
            carrier.now.saturating_add_signed(now),
            &[&identity],
            &claim(),
        );
        let expected = match right {
            // Before it was made the certificate was not valid either.
            true if now < 0 => continue,
            true => Ok(Attested::Partial),
            false => Err(Fault::Stale),
        };
        assert_eq!(judged, expected, "{now}");
    }
    let other = |caller: &str, called: &str| Claim {
        caller: vec![caller.into()],
        called: vec![called.into()],
    };
    for (claim, fault) in [
        (other("+441632960002", "+442079460100"), Fault::Caller),
        (other("", "+442079460100"), Fault::Caller),
        (other("+441632960001", "+442079460101"), Fault::Called),
    ] {
        assert_eq!(
            carrier.judged_at(carrier.now, &[&identity], &claim),
            Err(fault)
        );
    }
}

#[test]
fn what_is_not_signed_so_is_not_believed() {
    let carrier = Carrier::new("");
    let identity = carrier.signs(HEADER, &carrier.claims(""));
    let (token, params) = identity.split_once(';').expect("parameters");
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let another = carrier.signs(HEADER, &carrier.claims(r#","more":1"#));
    let (other_signed, _) = another
        .split_once(';')
        .expect("it")
        .0
        .rsplit_once('.')
        .expect("it");
    let zeros = "A".repeat(86);
    let cases = [
        (
            format!("{other_signed}.{signature};{params}"),
            Fault::Signature,
        ),
        (format!("{signed}.{zeros};{params}"), Fault::Signature),
        (
            format!("{signed}.{};{params}", &signature[..80]),
            Fault::Unreadable,
        ),
        (format!("..{signature};{params}"), Fault::Unsupported),
        (format!("{signed};{params}"), Fault::Unreadable),
        (
            format!("{signed}.{signature};info=<https://c.example/other.pem>"),
            Fault::Info,
        ),
        (String::new(), Fault::Unreadable),
        (
            carrier.signs(&HEADER.replace("ES256", "none"), &carrier.claims("")),
            Fault::Unsupported,
        ),
        (
            carrier.signs(HEADER, &carrier.claims("").replace("\"B\"", "\"D\"")),
            Fault::Unreadable,
        ),
        (
            // Which of two, nobody knows.
            carrier.signs(HEADER, &carrier.claims(r#","attest":"A""#)),
            Fault::Unreadable,
        ),
        (
            carrier
                .signs(
                    &HEADER.replace("own.pem", "theirs.pem"),
                    &carrier.claims(""),
                )
                .replace("info=<https://c.example/own.pem>;", ""),
            Fault::NoCertificate("https://c.example/theirs.pem".into()),
        ),
    ];
    for (identity, fault) in cases {
        assert_eq!(carrier.judged(&identity), Err(fault), "{identity}");
    }
}

#[test]
fn certificates_are_believed_that_come_from_an_authority_while_they_are_valid() {
    let carrier = Carrier::new("");
    let left_out = |chain: &[&str], root: &str| {
        let chain = chain.iter().map(|name| carrier.der(name)).collect();
        let (all, mut left_out) = Authorities::new(&[carrier.der(root)], [("x".to_owned(), chain)]);
        assert_eq!(all.len() + left_out.len(), 1);
        left_out.pop().map(|(_, why)| why)
    };
    assert_eq!(left_out(&["own", "issuer"], "root"), None);
    assert_eq!(left_out(&["own"], "root"), Some(Unusable::Untrusted));
    assert_eq!(
        left_out(&["own", "issuer"], "stranger"),
        Some(Unusable::Untrusted)
    );
    assert_eq!(left_out(&[], "root"), Some(Unusable::Unreadable));
    let (_, unreadable) =
        Authorities::new(&[carrier.der("root")], [("x".into(), vec![vec![1, 2]])]);
    assert_eq!(unreadable, [("x".to_owned(), Unusable::Unreadable)]);

    let later = carrier.now + 21 * 24 * 3600;
    let claims = carrier
        .claims("")
        .replace(&carrier.now.to_string(), &later.to_string());
    let identity = carrier.signs(HEADER, &claims);
    let judged = carrier.judged_at(later, &[&identity], &claim());
    assert_eq!(judged, Err(Fault::Expired));
}

#[test]
fn a_certificate_for_some_numbers_is_for_no_others() {
    // One number; a range of a hundred; a carrier's code.
    for (list, ours) in [
        ("3010A20E160C343431363332393630303031", true),
        ("3010A20E160C343431363332393630303032", false),
        ("3015A1133011160C343431363332393630303030020164", true),
        ("3015A1133011160C343431363332393630303032020164", false),
        ("3008A006160431323334", true),
    ] {
        let carrier = Carrier::new(list);
        let identity = carrier.signs(HEADER, &carrier.claims(""));
        let expected = match ours {
            true => Ok(Attested::Partial),
            false => Err(Fault::NotTheirs),
        };
        assert_eq!(carrier.judged(&identity), expected, "{list}");
    }
}

/// The example of RFC 8225, appendix A: what it says is read, and too old by years.
#[test]
fn the_example_of_rfc_8225_is_read() {
    let carrier = Carrier::new("");
    let identity = "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9.\
                    eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6MTQ3MTM3NTQxOCwib3JpZyI6eyJ0biI6IjEyMTU1NTUxMjEyIn19.\
                    VLBCIVDCaeK6M4hLJb6SHQvacAQVvoiiEOWQ_iUkqk79UD81fHQ0E1b3_GluIkba7UWYRM47ZbNFdOJquE35cw";
    let claim = Claim {
        caller: vec!["+1 215 555 1212".into()],
        called: vec!["sip:alice@example.com".into()],
    };
    let judged = |now| carrier.judged_at(now, &[identity], &claim);
    assert_eq!(judged(carrier.now), Err(Fault::Stale));
    // In its time it lacks nothing but the certificate.
    let missing = Fault::NoCertificate("https://cert.example.org/passport.cer".into());
    assert_eq!(judged(1_471_375_418), Err(missing));
}
