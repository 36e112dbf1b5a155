//! An office in a folder of the test's own, the binary run on it, and the golden files.

use super::story;
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU8, Ordering},
};
use tandem_store::{Fsync, Journal, Projector, Store};
use tandem_tests::binary;
use tandem_types::{Wall, journal::Event};
use tempfile::TempDir;

/// Where a copy of the shipped office lies, with an address of its own.
pub(crate) struct Lab {
    dir: TempDir,
    pub(crate) ip: Ipv4Addr,
}

/// What a run of the binary said.
pub(crate) struct Said {
    words: Vec<String>,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: Option<i32>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        // Another run at the same time has another network.
        let run = 64 + u8::try_from(std::process::id() % 150).expect("below 150");
        let ip = Ipv4Addr::new(127, run, 250, NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = tempfile::Builder::new()
            .prefix("tandem-cli-")
            .tempdir()
            .expect("a folder below the system's temporary one");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dialplans");
        let this = Self { dir, ip };
        for folder in ["", "trunks", "dialplans", "prompts", "secrets"] {
            fs::create_dir_all(this.path("office").join(folder)).expect("a folder");
            for entry in fs::read_dir(root.join(folder)).expect("the shipped office") {
                let path = entry.expect("an entry").path();
                if path.is_file() {
                    let name = path.strip_prefix(&root).expect("below it");
                    fs::copy(&path, this.path("office").join(name)).expect("a copy");
                }
            }
        }
        this.change("tandem.toml", "127.0.0.1", &ip.to_string());
        this
    }

    /// A path in the test's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// One text for another in a file of the office.
    pub(crate) fn change(&self, file: &str, old: &str, new: &str) {
        let path = self.path("office").join(file);
        let text = fs::read_to_string(&path).expect("a file of the office");
        assert!(text.contains(old), "{file} does not have {old:?} any more");
        fs::write(&path, text.replace(old, new)).expect("a file");
    }

    /// More at the end of a file of the office, which may be new.
    pub(crate) fn add(&self, file: &str, more: &str) {
        let path = self.path("office").join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, format!("{text}\n{more}")).expect("a file");
    }

    /// Writes a journal of these events, and the database from it, as a gateway would have left them.
    pub(crate) async fn lived_through(&self, events: &[Event]) {
        let data = self.path("data");
        let (mut journal, _) =
            Journal::open(data.join("journal"), 0, Fsync::Never).expect("a journal");
        for event in events {
            let outcome = journal.append(Wall(0), [event.clone()]);
            assert_eq!(outcome.written, 1);
        }
        let store = self.store().await;
        let status = Projector::new(data.join("journal"), store.clone())
            .run(std::future::ready(()))
            .await;
        assert_eq!(status.projected, events.len() as u64);
        store.close().await;
    }

    /// The office with the calls of the story behind it.
    pub(crate) async fn with_story() -> Self {
        let this = Self::new();
        this.lived_through(&story::all()).await;
        this
    }

    /// The database.
    pub(crate) async fn store(&self) -> Store {
        let url = format!(
            "sqlite://{}?mode=rwc",
            self.path("data/tandem.db").display()
        );
        Store::connect(&url).await.expect("a database")
    }

    /// `tandem WORDS`, not yet started.
    pub(crate) fn command_of(&self, words: &str) -> Command {
        self.command(words).1
    }

    fn command(&self, words: &str) -> (Vec<String>, Command) {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let mut command = Command::new(binary());
        let here = self.dir.path().to_string_lossy();
        command
            .args(words.iter().map(|w| w.replace("DIR", &here)))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        for name in ["RUST_LOG", "TANDEM_CONFIG", "TANDEM_DATA", "OPENAI_API_KEY"] {
            command.env_remove(name);
        }
        (words, command)
    }

    /// `tandem WORDS`, where `DIR` is the test's folder.
    pub(crate) fn tandem(&self, words: &str) -> Said {
        let (words, mut command) = self.command(words);
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("it runs");
        self.said(words, &stdout, &stderr, status.code())
    }

    /// The same to somebody who answers its questions with these lines.
    pub(crate) fn answered(&self, words: &str, lines: &str) -> Said {
        let (words, mut command) = self.command(words);
        let input = self.path("answers");
        fs::write(&input, lines).expect("a file");
        let input = fs::File::open(input).expect("the file");
        let Output {
            status,
            stdout,
            stderr,
        } = command.stdin(input).output().expect("it runs");
        self.said(words, &stdout, &stderr, status.code())
    }

    /// `tandem WORDS`, running.
    pub(crate) fn running(&self, words: &str) -> Running<'_> {
        let (words, mut command) = self.command(words);
        let log = self.path("stderr.log");
        let errors = fs::File::create(&log).expect("a file");
        let child = command
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .expect("it starts");
        Running {
            lab: self,
            words,
            child,
            log,
        }
    }

    fn said(&self, words: Vec<String>, out: &[u8], err: &[u8], code: Option<i32>) -> Said {
        // What differs from run to run has a name.
        let plain = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .replace(&*self.dir.path().to_string_lossy(), "DIR")
                .replace(&self.ip.to_string(), "127.0.0.1")
        };
        Said {
            words,
            out: plain(out),
            err: plain(err),
            code,
        }
    }
}

/// A verb that runs until it is told to end.
pub(crate) struct Running<'a> {
    lab: &'a Lab,
    words: Vec<String>,
    child: Child,
    log: PathBuf,
}

impl Running<'_> {
    /// Waits until it has said this.
    pub(crate) async fn says(&mut self, what: &str) {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(50));
        let said = async {
            loop {
                tick.tick().await;
                if fs::read_to_string(&self.log).is_ok_and(|t| t.contains(what)) {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(std::time::Duration::from_secs(60), said).await;
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        assert!(in_time.is_ok(), "it did not say {what:?}:\n{log}");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status();
        assert!(status.is_ok_and(|s| s.success()), "kill {name}");
    }

    /// What it has said when it ended.
    pub(crate) fn ended(mut self) -> Said {
        let status = self.child.wait().expect("it ends");
        let err = fs::read(&self.log).expect("its log");
        self.lab
            .said(std::mem::take(&mut self.words), b"", &err, status.code())
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Said {
    /// As it stands in a golden file.
    fn text(&self) -> String {
        let mut text = format!("$ tandem {}\n", self.words.join(" "));
        for (name, said) in [("stdout", &self.out), ("stderr", &self.err)] {
            if !said.is_empty() {
                text.push_str(&format!("--- {name}\n{said}"));
                if !said.ends_with('\n') {
                    text.push_str("[no end of line]\n");
                }
            }
        }
        let code = self.code.map_or("a signal".into(), |c| c.to_string());
        text.push_str(&format!("--- exit {code}\n\n"));
        text
    }

    /// With a name for what differs from run to run.
    #[must_use]
    pub(crate) fn naming(mut self, what: &str, name: &str) -> Self {
        for text in self.words.iter_mut().chain([&mut self.out, &mut self.err]) {
            *text = text.replace(what, name);
        }
        self
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("{e}: {} gave\n{}", self.words.join(" "), self.out))
    }
}

/// Compares with `golden/cli/NAME.txt`, or writes it where `TANDEM_BLESS` is set.
pub(crate) fn golden(name: &str, said: &[Said]) {
    golden_after(name, "", said);
}

/// The same, with a text in front.
pub(crate) fn golden_after(name: &str, text: &str, said: &[Said]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/cli/{name}.txt"));
    let said: String = said.iter().map(Said::text).collect();
    let found = format!("{text}{said}");
    if std::env::var_os("TANDEM_BLESS").is_some() {
        fs::write(&path, found).expect("golden/cli can be written");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == found,
        "{name} differs (TANDEM_BLESS=1 writes it anew)\n--- expected\n{expected}\n--- found\n{found}"
    );
}
