//! The shape of the workspace, as architecture.md fixes it: which crate may use which, and which
//! may touch the world. A crate without a row here fails too.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Crates that decide: no socket, no clock, no task. With what each may use of the workspace.
const PURE: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("sip", &["types"]),
    ("sdp", &["types"]),
    ("rtp", &["types"]),
    ("codec", &["types"]),
    ("media", &["types", "rtp", "codec", "sdp"]),
    ("dialplan", &["types"]),
    ("agent", &["types"]),
    ("call", &["types", "sip", "sdp", "dialplan", "agent"]),
    // A softphone for the simulator and the demo.
    ("phone", &["types", "sip", "sdp", "rtp", "codec"]),
    (
        "sim",
        &[
            "types", "sip", "sdp", "rtp", "codec", "media", "dialplan", "agent", "call", "phone",
        ],
    ),
];

/// Crates that touch the world.
const WORLD: &[(&str, &[&str])] = &[
    ("net", &["types"]),
    // The resampler.
    ("speech", &["types", "codec"]),
    ("store", &["types"]),
    // A provider for tests, in nobody's product.
    ("standin", &["types", "codec"]),
    (
        "server",
        &[
            "types", "sip", "sdp", "rtp", "codec", "media", "dialplan", "agent", "call", "net",
            "speech", "store",
        ],
    ),
    // The binary; the demo's phones are part of it.
    (
        "tandem",
        &[
            "types", "sip", "sdp", "rtp", "codec", "media", "dialplan", "agent", "call", "phone",
            "net", "speech", "store", "server",
        ],
    ),
    ("tests", &[]),
];

/// What any crate's tests may use besides, where the crate touches the world.
const FOR_TESTS: &[&str] = &["standin", "sim", "phone"];

/// Crates from outside that do IO or decide the shape, and who alone may name them.
const OWNERS: &[(&str, &[&str])] = &[
    (
        "tokio",
        &["net", "speech", "store", "standin", "server", "tandem"],
    ),
    (
        "tokio-util",
        &["net", "speech", "standin", "server", "tandem"],
    ),
    (
        "futures-util",
        &["net", "speech", "standin", "server", "tandem"],
    ),
    ("mio", &["net", "server"]),
    ("socket2", &["net", "server", "standin"]),
    ("hickory-resolver", &["net"]),
    ("rustls", &["net"]),
    ("tokio-rustls", &["net"]),
    ("rustls-native-certs", &["net"]),
    // sip reads certificates of carriers (STIR), and fetches none.
    ("x509-parser", &["net", "sip"]),
    ("rustls-webpki", &["sip"]),
    ("rcgen", &["standin"]),
    ("sqlx", &["store"]),
    ("rusqlite", &["store"]),
    ("reqwest", &["speech", "tandem"]),
    ("lettre", &["server"]),
    ("async-openai", &["speech"]),
    ("tokio-tungstenite", &["net", "speech", "standin"]),
    ("libloading", &["speech"]),
    ("axum", &["server", "standin"]),
    ("hyper", &["server", "standin"]),
    ("tower", &["server", "standin"]),
    ("metrics", &["server"]),
    ("metrics-exporter-prometheus", &["server"]),
    ("tracing-subscriber", &["tandem"]),
    ("clap", &["tandem"]),
    ("ratatui", &["tandem"]),
    ("anyhow", &["tandem"]),
    // Not IO, but each has one home.
    ("rtp-rs", &["rtp"]),
    ("rtcp-types", &["rtp"]),
    ("sdp-types", &["sdp"]),
    ("opus", &["codec"]),
    // By a feature that the product does not ask for.
    ("rsip", &["sip"]),
    // In nobody's product; an oracle for tests.
    ("ezk-sip-types", &[]),
    // Randomness is handed in.
    ("rand", &[]),
    ("getrandom", &[]),
    ("audiopus", &[]),
];

/// Tests of a pure crate may read files and compare with an oracle, also one that is a C library, but not run tasks or
/// open sockets.
const TESTS_OF_PURE_MAY: &[&str] = &["rsip", "ezk-sip-types", "anyhow", "libloading"];

/// What a line of a pure crate must not say, besides what clippy.toml bans.
const IMPURE_WORDS: &[&str] = &[
    "std::fs",
    "std::process",
    "std::thread",
    "std::env::",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "Instant::now",
    "SystemTime",
    "thread_rng",
    "RandomState",
    "tokio::",
];

/// A direct dependency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: String,
    to: String,
    dev: bool,
}

fn edge(from: &str, to: &str, dev: bool) -> Edge {
    Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        dev,
    }
}

/// What is wrong with a workspace of these members and edges.
fn violations(members: &BTreeSet<String>, edges: &BTreeSet<Edge>) -> Vec<String> {
    let row = |table: &[(&str, &'static [&'static str])], name: &str| {
        table.iter().find(|(n, _)| *n == name).map(|(_, may)| *may)
    };
    let mut wrong = Vec::new();
    for member in members {
        if row(PURE, member).or(row(WORLD, member)).is_none() {
            wrong.push(format!("{member} has no row in the tables"));
        }
    }
    for Edge { from, to, dev } in edges {
        let is_pure = row(PURE, from).is_some();
        let ok = if members.contains(to) {
            let may = row(PURE, from).or(row(WORLD, from)).unwrap_or_default();
            let in_tests = *dev
                && (from == "tests"
                    || row(PURE, to).is_some()
                    || !is_pure && FOR_TESTS.contains(&to.as_str()));
            may.contains(&to.as_str()) || in_tests
        } else {
            let in_tests = *dev && (!is_pure || TESTS_OF_PURE_MAY.contains(&to.as_str()));
            in_tests || row(OWNERS, to).is_none_or(|owners| owners.contains(&from.as_str()))
        };
        if !ok {
            let kind = if *dev { " in its tests" } else { "" };
            wrong.push(format!("{from} must not use {to}{kind}"));
        }
    }
    wrong
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ is in the workspace")
        .to_owned()
}

fn metadata() -> Value {
    let out = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    serde_json::from_slice(&out.stdout).expect("cargo metadata is JSON")
}

fn short(package: &str) -> String {
    package
        .strip_prefix("tandem-")
        .unwrap_or(package)
        .to_owned()
}

fn graph() -> (BTreeSet<String>, BTreeSet<Edge>) {
    let metadata = metadata();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let mut members = BTreeSet::new();
    let mut edges = BTreeSet::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let from = short(&text(&package["name"]));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let name = text(&dependency["name"]);
            edges.insert(edge(&from, &short(&name), dependency["kind"] == "dev"));
        }
        members.insert(from);
    }
    (members, edges)
}

#[test]
fn the_workspace_is_as_the_tables_say() {
    let (members, edges) = graph();
    assert!(members.contains("types") && members.contains("tandem") && edges.len() > 40);
    let wrong = violations(&members, &edges);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Also not by way of some other crate.
#[test]
fn nothing_below_a_pure_crate_does_io() {
    const IO: &[&str] = &[
        "tokio",
        "mio",
        "socket2",
        "hyper",
        "reqwest",
        "axum",
        "sqlx",
        "libloading",
        "getrandom",
        "rand",
    ];
    for (name, _) in PURE {
        let out = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--offline",
                "-e",
                "normal",
                "--prefix",
                "none",
                "-p",
            ])
            .arg(format!("tandem-{name}"))
            .current_dir(root())
            .output()
            .expect("cargo runs");
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let tree = String::from_utf8_lossy(&out.stdout);
        let below: BTreeSet<&str> = tree
            .lines()
            .filter_map(|l| l.split_whitespace().next())
            .collect();
        assert!(below.contains(&*format!("tandem-{name}")), "{tree}");
        let found: Vec<_> = IO.iter().filter(|io| below.contains(**io)).collect();
        assert!(found.is_empty(), "below {name}: {found:?}");
    }
}

/// Each folder below `crates/` is a crate of its name.
#[test]
fn a_crate_bears_the_name_of_its_folder() {
    let (members, _) = graph();
    for entry in fs::read_dir(root().join("crates")).expect("crates/") {
        let name = entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned();
        assert!(
            members.contains(&name),
            "crates/{name} is no crate of that name"
        );
    }
}

#[test]
fn the_checker_sees_what_it_should() {
    let (members, _) = graph();
    let check = |e: Edge| violations(&members, &BTreeSet::from([e])).len();
    let fails = |e: Edge| assert_eq!(check(e.clone()), 1, "{e:?}");
    let passes = |e: Edge| assert_eq!(check(e.clone()), 0, "{e:?}");
    passes(edge("call", "sip", false));
    passes(edge("store", "sqlx", false));
    passes(edge("agent", "proptest", true));
    passes(edge("server", "standin", true));
    fails(edge("call", "media", false));
    fails(edge("sip", "sdp", false));
    fails(edge("types", "sip", false));
    fails(edge("agent", "tokio", false));
    fails(edge("agent", "tokio", true));
    fails(edge("call", "sqlx", false));
    fails(edge("sim", "tokio", false));
    fails(edge("media", "rtp-rs", false));
    fails(edge("server", "sqlx", false));
    fails(edge("server", "standin", false));
    fails(edge("speech", "call", false));
    fails(edge("server", "tandem", true));
    fails(edge("dialplan", "rand", false));
    let mut more = members.clone();
    more.insert("helper".to_owned());
    assert_eq!(
        violations(&more, &BTreeSet::new()),
        ["helper has no row in the tables"]
    );
}

/// Every Rust file below a folder, with its text.
fn sources(dir: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|x| x == "rs") {
            let text = fs::read_to_string(&path).expect("a source file is text");
            found.insert(path, text);
        }
    }
}

/// The lines of a file that are in the product: no tests, no comments.
fn product_lines(path: &Path, text: &str) -> Vec<(usize, String)> {
    let below = path.strip_prefix(root()).unwrap_or(path);
    let is_test = below.components().any(|c| c.as_os_str() == "tests")
        || path
            .file_stem()
            .is_some_and(|s| s.to_string_lossy().ends_with("tests"));
    if is_test {
        return Vec::new();
    }
    let product = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    (1..)
        .zip(product.lines())
        .map(|(n, line)| (n, line.split("//").next().unwrap_or_default().to_owned()))
        .collect()
}

#[test]
fn pure_crates_name_nothing_of_the_world() {
    let mut wrong = Vec::new();
    for (name, _) in PURE {
        let mut files = BTreeMap::new();
        sources(&root().join("crates").join(name).join("src"), &mut files);
        assert!(!files.is_empty(), "{name} has sources");
        for (path, text) in &files {
            for (n, line) in product_lines(path, text) {
                for word in IMPURE_WORDS.iter().filter(|w| line.contains(**w)) {
                    wrong.push(format!("{}:{n}: {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_small_and_named_by_their_module() {
    let mut files = BTreeMap::new();
    sources(&root().join("crates"), &mut files);
    sources(&root().join("tests"), &mut files);
    let mut wrong = Vec::new();
    for (path, text) in &files {
        let lines = text.lines().count();
        if lines > 800 {
            wrong.push(format!("{}: {lines} lines, split it", path.display()));
        }
        if path.file_name().is_some_and(|n| n == "mod.rs") {
            wrong.push(format!(
                "{}: foo.rs beside foo/, never mod.rs",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
