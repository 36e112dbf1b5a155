//! Voicemail with a real phone and a real mail server: baresip's lamp (`message-summary`), the message heard there and deleted; mail by
//! Debian's aiosmtpd, also one that is down at first and wants STARTTLS and a password; what a killed process leaves of a message.

use super::{
    baresip::Like,
    lab::{Lab, SOON, eventually, listen, tail},
    office::Office,
    raw,
    recording::{Served, is, seconds_of, tandem},
    sipp::{Plays, Sipp},
    sound::{AI, CALLER},
    stage::{Caller, Stage},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tandem_standin::authority::Authority;
use tandem_types::journal::{MessageEnd, What};

/// Nobody but the mailbox answers it.
const BOX: &str = "+442079460199";
/// Where mail servers of the tests listen, on the gateway's address.
const SMTP: u16 = 2525;

/// A dialplan of its own, whose number leads to a mailbox, and how mail goes out.
fn with_mailbox(lab: &Lab, office: Office, more: &str, mail: &str) -> Office {
    let gateway = lab.gateway();
    let plan = format!(
        "version = 1\nnumbers = [{BOX:?}]\ntrunks = [\"carrier\"]\nlanguages = [\"en-GB\"]\nstart = \"voicemail:general\"\n{more}\n"
    );
    let mail = format!(
        "[mail]\nserver = \"{gateway}:{SMTP}\"\nfrom = \"Northgate <voicemail@northgate.example>\"\n{mail}\n"
    );
    office
        .and("dialplans/box.toml", &plan)
        .and("tandem.toml", &mail)
}

const GENERAL: &str =
    "[voicemail.general]\nphones = [\"201\"]\nmail_to = [\"office@northgate.example\"]\n";

/// Debian's aiosmtpd. Ended by its id when dropped.
struct Smtp {
    child: Child,
    folder: PathBuf,
    out: PathBuf,
}

impl Smtp {
    async fn start(lab: &Lab, more: &[&str]) -> Self {
        let folder = lab.folder("mails");
        let out = lab.path("smtp");
        let file = fs::File::create(&out).expect("a file");
        let child = Command::new("/usr/bin/python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/smtp.py"))
            .args([lab.gateway().to_string(), SMTP.to_string()])
            .arg(&folder)
            .args(more)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file"))
            .stderr(file)
            .spawn()
            .expect("python3 (package python3-aiosmtpd; `make setup` installs it)");
        let this = Self { child, folder, out };
        eventually("the mail server listens", SOON, async || {
            fs::read_to_string(&this.out).is_ok_and(|t| t.contains("listens"))
        })
        .await;
        this
    }

    /// The first mail that it took, and its attachment.
    async fn mail(&self, limit: Duration) -> (Value, PathBuf) {
        let file = self.folder.join("1.json");
        let there = async || file.exists();
        eventually(&format!("a mail: {}", tail(&self.out)), limit, there).await;
        let mail = fs::read(&file).expect("a mail");
        let mail = serde_json::from_slice(&mail).expect("JSON");
        (mail, self.folder.join("1.wav"))
    }

    fn count(&self) -> usize {
        let all = fs::read_dir(&self.folder).expect("a folder");
        let is_mail = |p: PathBuf| p.extension().is_some_and(|e| e == "json");
        all.filter(|f| is_mail(f.as_ref().expect("a file").path()))
            .count()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What any program reads of one channel.
fn mono(file: &Path) -> Vec<i16> {
    let out = Command::new("sox")
        .arg(file)
        .args(["-t", "raw", "-e", "signed", "-b", "16", "-"])
        .output()
        .expect("sox (`make setup` installs it)");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let pairs = out.stdout.chunks_exact(2);
    pairs.map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

/// A caller has left a message.
async fn leaves_a_message(stage: &mut Stage) {
    let caller = stage.ring_in(BOX).await;
    speaks_at_the_tone(stage, caller).await;
}

/// Three seconds of their tone, after which they hang up.
async fn speaks_at_the_tone(stage: &mut Stage, mut caller: Caller) {
    let begun = |w: &What| matches!(w, What::MessageStarted { .. });
    stage.running.until("the tone", begun).await;
    caller.cue("tone").await;
    let _ = listen(3000).await;
    caller.hangs_up().await;
    stage.running.ended().await;
    // Its file is closed after the call.
    let over = |w: &What| matches!(w, What::MessageEnded { by: MessageEnd::HungUp, kept: true, sum, .. } if sum.ms > 2500);
    stage.running.until("the message", over).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_lights_the_lamp_is_mailed_with_its_words_heard_and_deleted() {
    let mut stage = Stage::with(150, |lab, office| {
        let more = format!("providers = \"standin\"\n{GENERAL}");
        with_mailbox(lab, office, &more, "tls = \"off\"")
    })
    .await;
    let smtp = Smtp::start(&stage.lab, &[]).await;
    stage.hears("please call me back");
    let like = Like {
        mwi: true,
        ..Like::default()
    };
    let mut phone = stage.phone(1, "201", like).await;
    let told = phone.until("MWI_NOTIFY").await["param"].to_string();
    assert!(told.contains("Messages-Waiting: no"), "{told}");
    leaves_a_message(&mut stage).await;
    let told = phone.until("MWI_NOTIFY").await["param"].to_string();
    assert!(
        told.contains("Messages-Waiting: yes") && told.contains("Voice-Message: 1/0"),
        "{told}"
    );

    let (mail, wav) = smtp.mail(SOON).await;
    assert_eq!(mail["to"][0], "office@northgate.example");
    let text = mail["text"].as_str().unwrap_or_default();
    assert!(text.contains("please call me back"), "{mail}");
    let heard = mono(&wav);
    is("the attachment", &heard[heard.len() - 2 * 8000..], CALLER);

    phone
        .command("dial", &format!("sip:*97@{}", stage.gateway()))
        .await;
    phone.until("CALL_ESTABLISHED").await;
    let heard = |w: &What| matches!(w, What::MessageHeard { by, .. } if by == "phone:201");
    let heard = stage.running.until("the message is heard", heard).await;
    // The last second of it, before the keys are named.
    let message = (heard.at.0 - 1_500_000, heard.at.0 - 500_000);
    let told = phone.until("MWI_NOTIFY").await["param"].to_string();
    assert!(told.contains("Voice-Message: 0/1"), "{told}");
    let _ = listen(300).await;
    let keys = listen(600).await;
    phone.press("3").await;
    let told = phone.until("MWI_NOTIFY").await["param"].to_string();
    assert!(told.contains("Voice-Message: 0/0"), "{told}");
    phone.until("CALL_CLOSED").await;
    stage.running.ended().await;
    let all = tandem_store::MessageFilter::default();
    // Rows are written after what is heard and seen.
    let gone = async || {
        let left = stage.running.gateway().store().messages(&all);
        left.await.expect("rows").is_empty()
    };
    eventually("it is gone", SOON, gone).await;
    assert_eq!(smtp.count(), 1, "once");

    let place = stage.lab.phone(1);
    let streams = stage.strike().await;
    streams.to(place, message).is("the message", CALLER);
    streams.to(place, keys).is("the keys", AI);
}

/// The person declines, and whoever calls them is answered by their mailbox.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_declines_a_call_has_their_mailbox_answer() {
    let mut stage = Stage::with(192, |lab, office| {
        let own = "[voicemail.general]\nphones = [\"201\"]\nanswers_for = [\"201\"]\n[limits]\nmay_dial = [\"201\"]\n";
        with_mailbox(lab, office, own, "tls = \"off\"").with(
            "dialplans/box.toml",
            "start = \"voicemail:general\"",
            "start = \"ext:201\"",
        )
    })
    .await;
    let like = Like {
        mwi: true,
        ..Like::default()
    };
    let mut phone = stage.phone(1, "201", like).await;
    phone.until("MWI_NOTIFY").await;
    let caller = stage.ring_in(BOX).await;
    phone.until("CALL_INCOMING").await;
    phone.command("hangup", "").await;
    speaks_at_the_tone(&mut stage, caller).await;
    let told = phone.until("MWI_NOTIFY").await["param"].to_string();
    assert!(told.contains("Voice-Message: 1/0"), "{told}");
    // Rows are written after what is heard and seen.
    let all = tandem_store::MessageFilter::default();
    let rows = async || {
        let rows = stage.running.gateway().store().messages(&all);
        rows.await.expect("rows")
    };
    eventually("its row", SOON, async || !rows().await.is_empty()).await;
    let file = Path::new("data/recordings").join(&rows().await[0].path);
    let file = stage.lab.path(&file.display().to_string());
    let heard = mono(&file);
    is("the message", &heard[heard.len() - 2 * 8000..], CALLER);
    let _ = stage.strike().await;
}

/// The server is down when the message is left, and when it is up it wants STARTTLS, and a password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_is_down_loses_nothing() {
    let authority = Authority::new("mail").expect("a key");
    let mut stage = Stage::with(151, |lab, office| {
        let signed = authority
            .sign(&[&lab.gateway().to_string()], 90)
            .expect("signed");
        with_mailbox(
            lab,
            office,
            GENERAL,
            "username = \"gw\"\npassword = \"file:secrets/mail\"\nca = \"mail-ca.pem\"",
        )
        .and("secrets/mail", "open sesame")
        .and("mail-ca.pem", &authority.pem())
        .and("smtp.pem", &signed.certificate)
        .and("smtp.key", &signed.key)
    })
    .await;
    leaves_a_message(&mut stage).await;
    let failed = |w: &What| {
        matches!(
            w,
            What::MailFailed {
                given_up: false,
                ..
            }
        )
    };
    stage.running.until("nobody takes the mail", failed).await;
    let [certificate, key] =
        ["smtp.pem", "smtp.key"].map(|f| stage.lab.path("office").join(f).display().to_string());
    let smtp = Smtp::start(&stage.lab, &[&certificate, &key, "gw", "open sesame"]).await;
    let (mail, wav) = smtp.mail(SOON * 3).await;
    assert_eq!(mail["tls"], true);
    assert_eq!(mail["from"], "voicemail@northgate.example");
    assert!(mail["text"].as_str().is_some_and(|t| t.contains("Length:")));
    let heard = mono(&wav);
    is("the attachment", &heard[heard.len() - 2 * 8000..], CALLER);
    let taken = |w: &What| matches!(w, What::MessageMailed { .. });
    stage.running.until("the mail is taken", taken).await;
    let _ = stage.strike().await;
}

/// A caller speaks to a mailbox, and the process is killed: the message is there at the next start, up to its last two seconds.
async fn killed(test: u8, encrypted: bool) {
    let lab = Lab::new(test);
    let mut office = with_mailbox(
        &lab,
        Office::shipped(&lab),
        "[voicemail.general]\nphones = [\"201\"]\n",
        "tls = \"off\"",
    );
    if encrypted {
        lab.write("key", "0123456789abcdef".repeat(4));
        let keys = format!(
            "[recordings]\nkey = \"k1\"\n[recordings.keys]\nk1 = \"file:{}\"\n",
            lab.path("key").display()
        );
        office = office.and("tandem.toml", &keys);
    }
    let office = office.write(&lab);
    let mut serving = Served::start(&lab, &office).await;
    let plays = Plays {
        more: &["-cid_str", "killed"],
        ..Plays::caller(BOX)
    };
    let caller = Sipp::start(&lab, 3, plays);
    caller.hears_cues().await;
    let messages = lab.path("data/recordings/messages");
    eventually("the tone", SOON, async || messages.exists()).await;
    raw::cue(caller.ip, "killed", "tone").await;
    let (from, to) = listen(6000).await;
    serving.signal("-9");

    serving = Served::start(&lab, &office).await;
    let ask = |what: &[&str]| {
        let out = tandem(&office, &lab)
            .arg("voicemail")
            .args(what)
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{what:?}: {said}");
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    let listed = ask(&["list", "--mailbox", "general"]);
    assert!(
        listed.contains("new ") && listed.contains("box/general") && listed.contains("cut off"),
        "{listed}"
    );
    let id = listed.split_whitespace().next().expect("an id").to_owned();
    let wav = lab.path("message.wav");
    ask(&["play", &id, "--out", &wav.display().to_string()]);
    let pcm = mono(&wav);
    let (kept, hummed) = (seconds_of(&pcm, CALLER), (to - from) as f64 / 1e6);
    eprintln!("{kept:.1} s of {hummed:.1} s are kept");
    assert!(kept > hummed - 2.0, "{kept} s of {hummed}");
    is("the caller", &pcm[pcm.len() - 3 * 8000..], CALLER);
    let saved = async || ask(&["list"]).contains("saved");
    eventually("it is saved", SOON, saved).await;
    ask(&["delete", &id]);
    let gone = async || ask(&["list"]).contains("no messages");
    eventually("it is gone", SOON, gone).await;
    let erased = async || {
        let days = fs::read_dir(&messages).expect("a folder");
        days.flat_map(|d| fs::read_dir(d.expect("a day").path()).expect("a folder"))
            .count()
            == 0
    };
    eventually("its file is erased", SOON, erased).await;
    serving.signal("-INT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_leaves_the_message_that_was_being_left() {
    killed(152, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_leaves_an_encrypted_message_that_can_be_heard() {
    killed(153, true).await;
}
