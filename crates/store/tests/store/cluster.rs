//! A throw-away PostgreSQL cluster: made in a temporary directory, on a unix socket there, by a
//! user other than root, and gone with the test process, however that ends.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::OnceLock,
};

/// One cluster.
pub(crate) struct Cluster {
    dir: PathBuf,
    bin: PathBuf,
    user: String,
    _guard: (Child, ChildStdin),
}

/// Stops the server and removes the directory once its standard input is closed, which the kernel
/// does when the test process is gone.
const GUARD: &str = r#"trap '' HUP INT TERM; cat >/dev/null
"$@" stop -s -m immediate >/dev/null 2>&1; cd /; rm -rf -- "$DIR""#;

impl Cluster {
    /// The one for tests that leave it running.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start_new)
    }

    /// One for a test that stops it.
    pub(crate) fn start_new() -> Self {
        let Some(bin) = bin() else {
            panic!("PostgreSQL is not installed: apt-get install postgresql (or `make setup`)")
        };
        // A socket's path has room for 107 bytes, so not under target/.
        let dir = tempfile::Builder::new()
            .prefix("tandem-pg-")
            .tempdir()
            .unwrap()
            .keep();
        let root = run(Command::new("id").arg("-u")).trim() == "0";
        let user = if root {
            "postgres".to_owned()
        } else {
            run(Command::new("id").arg("-un"))
        };
        if root {
            run(Command::new("chown").arg("postgres").arg(&dir));
        }
        let user = user.trim().to_owned();
        let mut stop = as_user(root, &bin.join("pg_ctl"));
        stop.arg("-D").arg(dir.join("data"));
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(stop.get_program())
            .args(stop.get_args())
            .env("DIR", &dir)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = guard.stdin.take().unwrap();
        let cluster = Self {
            dir,
            bin,
            user,
            _guard: (guard, stdin),
        };
        run(as_user(root, &cluster.bin.join("initdb"))
            .args(["-A", "trust", "-N", "--no-locale", "-E", "UTF8", "-U"])
            .arg(&cluster.user)
            .arg("-D")
            .arg(cluster.dir.join("data")));
        cluster.start();
        cluster
    }

    pub(crate) fn start(&self) {
        let options = format!("-k {} -h '' -F", self.dir.display());
        run(self
            .pg_ctl()
            .args(["-w", "-s", "-o", &options, "-l"])
            .arg(self.dir.join("log"))
            .arg("start"));
    }

    pub(crate) fn stop(&self) {
        run(self.pg_ctl().args(["-w", "-s", "-m", "fast", "stop"]));
    }

    /// A fresh database, by URL.
    pub(crate) fn create(&self, name: &str) -> String {
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    fn url(&self, name: &str) -> String {
        format!(
            "postgres:///{name}?host={}&user={}",
            self.dir.display(),
            self.user
        )
    }

    /// Runs SQL behind the store's back.
    pub(crate) fn psql(&self, database: &str, sql: &str) {
        run(Command::new(self.bin.join("psql"))
            .args([
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                &self.user,
                "-d",
                database,
                "-h",
            ])
            .arg(&self.dir)
            .args(["-c", sql]));
    }

    fn pg_ctl(&self) -> Command {
        let mut command = as_user(self.user == "postgres", &self.bin.join("pg_ctl"));
        command.arg("-D").arg(self.dir.join("data"));
        command
    }
}

/// Debian keeps the server's programs out of the PATH; others do not.
fn bin() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|dir| dir.join("initdb").exists())
    })
}

/// PostgreSQL refuses to run as root.
fn as_user(root: bool, program: &Path) -> Command {
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn run(command: &mut Command) -> String {
    // `pg_ctl start` hands its output on to the server: a pipe would never end.
    let server = command.get_args().any(|a| a == "start");
    let out = if server {
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map(|status| (status, vec![], vec![]))
    } else {
        command.output().map(|o| (o.status, o.stdout, o.stderr))
    };
    let (status, stdout, stderr) =
        out.unwrap_or_else(|e| panic!("{:?} cannot be run: {e}", command.get_program()));
    let mut said = String::from_utf8_lossy(&stderr).into_owned();
    let _ = write!(said, "{}", String::from_utf8_lossy(&stdout));
    assert!(status.success(), "{command:?}: {status}: {said}");
    String::from_utf8_lossy(&stdout).into_owned()
}
