//! Recordings of real calls: who is on which side, read by a program that is not ours; and what is left of one when the process is
//! killed in mid-call.

use super::{
    baresip::Like,
    lab::{Lab, SOON, eventually, listen, tail},
    office::Office,
    raw,
    sipp::{Plays, Sipp},
    sound::{AI, BRIEF, CALLER, LOUD, PERSON},
    stage::Stage,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tandem_codec::ToneMeter;
use tandem_tests::binary;
use tandem_types::{journal::What, recording::RecordingEnd};

const RECORDS: &str = "[recording]\ncalls = \"from-answer\"\n";

/// What sox reads from a file: left and right, in samples of 8 kHz.
pub(super) fn sides(file: &Path) -> [Vec<i16>; 2] {
    [1, 2].map(|side: u8| {
        let out = Command::new("sox")
            .arg(file)
            .args(["-t", "raw", "-e", "signed", "-b", "16", "-", "remix"])
            .arg(side.to_string())
            .output()
            .expect("sox (`make setup` installs it)");
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let pairs = out.stdout.chunks_exact(2);
        pairs.map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
    })
}

/// What soxi says of a file.
fn soxi(what: &str, file: &Path) -> f64 {
    let out = Command::new("soxi").arg(what).arg(file).output();
    let out = out.expect("soxi (package sox)");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(
        out.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let text = String::from_utf8_lossy(&out.stdout);
    text.trim().parse().expect("a number")
}

pub(super) fn is(who: &str, pcm: &[i16], hz: f64) {
    let share = seconds_of(pcm, hz) * 8000.0 / pcm.len() as f64;
    eprintln!("{who}: {hz} Hz has {share:.2} of {} ms", pcm.len() / 8);
    assert!(share > 0.9, "{who}: {hz} Hz has {share:.2}");
}

/// How much of it is this tone and little else, told by windows of 100 ms: in a longer one, two stretches of a tone between which a
/// jitter buffer has taken or given 10 ms would cancel each other out.
pub(super) fn seconds_of(pcm: &[i16], hz: f64) -> f64 {
    let meter = ToneMeter::default();
    let windows = pcm.chunks_exact(800);
    windows.filter(|w| meter.hears(w, hz)).count() as f64 / 10.0
}

/// A tone of three seconds is all there, though 10 ms of it are missing in the middle.
#[test]
fn a_step_of_a_jitter_buffer_is_no_gap() {
    let mut pcm = super::sound::tone(CALLER, 3010);
    let whole = ToneMeter::default().share(&pcm, CALLER);
    pcm.drain(12_000..12_080);
    let slipped = ToneMeter::default().share(&pcm, CALLER);
    assert!(whole > 0.99 && slipped < 0.3, "{whole} and {slipped}");
    assert!(seconds_of(&pcm, CALLER) > 2.9);
}

/// No moment has 1 % of a voice of this frequency.
fn never_holds(who: &str, pcm: &[i16], hz: f64) {
    let loudest = super::audio::loudest(pcm, hz);
    assert!(loudest < LOUD / 100.0, "{who}: {hz} Hz with {loudest:.0}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_on_their_own_side_and_the_private_brief_on_none() {
    let mut stage = Stage::with(101, |_, office| {
        office.and("dialplans/reception.toml", RECORDS)
    })
    .await;
    let mut phone = stage.phone(1, "201", Like::default()).await;
    let mut caller = stage.put_through().await;
    phone.until("CALL_INCOMING").await;
    stage.speaks(BRIEF);
    stage.hears("is anybody there");
    caller.cue("tone").await;
    phone.command("accept", "").await;
    let briefed = |w: &What| matches!(w, What::TransferBriefed { .. });
    stage.running.until("the brief", briefed).await;
    let _ = listen(1500).await;
    phone.press("1").await;
    let bridged = |w: &What| matches!(w, What::TransferBridged { .. });
    stage.running.until("the bridge", bridged).await;
    let _ = listen(600).await;
    let together = listen(2500).await;
    caller.hangs_up().await;
    phone.until("CALL_CLOSED").await;
    stage.running.ended().await;
    let over = |w: &What| matches!(w, What::RecordingEnded { .. });
    let over = stage.running.until("the end of the recording", over).await;
    let What::RecordingEnded { sum } = over.what else {
        unreachable!("asked for it")
    };

    let row = stage.running.record(caller.call).await.recording;
    let row = row.expect("a row of the recording");
    assert_eq!(row.outcome.as_deref(), Some("whole"));
    assert_eq!((sum.end, sum.lost_ms), (RecordingEnd::Whole, 0));
    let file = stage.lab.path("data/recordings").join(&row.path);
    let hash = Command::new("sha256sum")
        .arg(&file)
        .output()
        .expect("coreutils");
    let hash = String::from_utf8_lossy(&hash.stdout).into_owned();
    assert!(hash.starts_with(sum.sha256.as_deref().expect("a hash")));
    assert_eq!(fs::metadata(&file).expect("a file").len(), sum.bytes);
    assert_eq!((soxi("-c", &file), soxi("-r", &file)), (2.0, 8000.0));
    let seconds = soxi("-D", &file);
    assert!((seconds * 1000.0 - sum.ms as f64).abs() < 1.0);

    let [left, right] = sides(&file);
    let at = |us: i64| ((us - row.started.0) / 1000) as usize * 8;
    // What was on its way when they hung up is in no file.
    let talk = at(together.0)..at(together.1 - 100_000);
    is("the caller, left", &left[talk.clone()], CALLER);
    is("the person, right", &right[talk.clone()], PERSON);
    // The music that they waited with has notes near their tone.
    never_holds("the caller, right", &right[talk], CALLER);
    for hz in [PERSON, AI, BRIEF] {
        never_holds("left", &left, hz);
    }
    never_holds("the brief, right", &right, BRIEF);
    never_holds(
        "the person before the bridge",
        &right[..at(together.0 - 1_500_000)],
        PERSON,
    );
    assert!(
        super::audio::loudest(&right, AI) > LOUD / 4.0,
        "the agents, right"
    );
    let _ = stage.strike().await;
}

/// The binary, serving.
pub(super) struct Served {
    child: Child,
    log: PathBuf,
}

impl Served {
    pub(super) async fn start(lab: &Lab, office: &Path) -> Self {
        let log = lab.path("serve.log");
        let errors = fs::File::create(&log).expect("a file");
        let child = tandem(office, lab)
            .arg("serve")
            .args(["--config".as_ref(), office.as_os_str()])
            .args(["--data".as_ref(), lab.folder("data").as_os_str()])
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .expect("it starts");
        let this = Self { child, log };
        let ready =
            async || fs::read_to_string(&this.log).is_ok_and(|t| t.contains("tandem: ready"));
        eventually("tandem: ready", SOON * 4, ready).await;
        this
    }

    pub(super) fn signal(&mut self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status();
        assert!(sent.is_ok_and(|s| s.success()), "{}", tail(&self.log));
        self.child.wait().expect("it ends");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn tandem(office: &Path, lab: &Lab) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(lab.path("."));
    command.env_remove("RUST_LOG").env("TANDEM_CONFIG", office);
    command
}

/// The only file with this ending, in the only folder of the day.
fn the_file(lab: &Lab, ending: &str) -> PathBuf {
    let days = fs::read_dir(lab.path("data/recordings")).expect("recordings");
    let files = days.flat_map(|day| fs::read_dir(day.expect("a day").path()).expect("a folder"));
    let mut files = files.map(|f| f.expect("a file").path());
    files
        .find(|f| f.extension().is_some_and(|e| e == ending))
        .expect("a recording")
}

/// A caller hums to the echo for some seconds, and the process is killed. What is left is theirs up to the last 2 s.
async fn killed(test: u8, encrypted: bool) {
    let lab = Lab::new(test);
    let mut office = Office::shipped(&lab).and("dialplans/reception.toml", RECORDS);
    if encrypted {
        lab.write("key", "0123456789abcdef".repeat(4));
        let key = lab.path("key");
        let keys = format!(
            "[recordings]\nkey = \"k1\"\n[recordings.keys]\nk1 = \"file:{}\"\n",
            key.display()
        );
        office = office.and("tandem.toml", &keys);
    }
    let office = office.write(&lab);
    let mut serving = Served::start(&lab, &office).await;
    let plays = Plays {
        more: &["-cid_str", "killed"],
        ..Plays::caller("2000")
    };
    let caller = Sipp::start(&lab, 3, plays);
    caller.hears_cues().await;
    raw::cue(caller.ip, "killed", "tone").await;
    let (from, to) = listen(6000).await;
    serving.signal("-9");

    let file = match encrypted {
        false => the_file(&lab, "wav"),
        true => {
            let (file, out) = (the_file(&lab, "tdr"), lab.path("opened.wav"));
            let run = tandem(&office, &lab)
                .args(["recording", "decrypt"])
                .args([file.as_os_str(), "--out".as_ref(), out.as_os_str()])
                .output()
                .expect("it runs");
            let said = String::from_utf8_lossy(&run.stderr);
            assert!(
                run.status.success() && said.contains("has no end"),
                "{said}"
            );
            out
        }
    };
    let seconds = soxi("-D", &file);
    let hummed = (to - from) as f64 / 1e6;
    assert!(seconds > hummed - 2.0, "{seconds} s of {hummed}");
    let [left, right] = sides(&file);
    let end = left.len();
    for (who, side) in [("the caller", left), ("their echo", right)] {
        is(who, &side[end - 3 * 8000..], CALLER);
    }

    // The next start closes what was left open, and says how it ended.
    serving = Served::start(&lab, &office).await;
    serving.signal("-INT");
    let data = lab.path("data");
    let calls = tandem(&office, &lab)
        .args(["calls", "--json", "--data"])
        .arg(&data)
        .output()
        .expect("it runs");
    let calls: serde_json::Value = serde_json::from_slice(&calls.stdout).expect("JSON");
    let id = calls[0]["uniqueid"].as_str().expect("an id").to_owned();
    let call = tandem(&office, &lab)
        .args(["call", &id, "--data"])
        .arg(&data)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&call.stdout);
    assert!(text.contains("cut off with the gateway"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_leaves_a_recording_that_any_program_plays() {
    killed(102, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_leaves_an_encrypted_recording_that_can_be_decrypted() {
    killed(103, true).await;
}
