//! Workspace tests: architecture, scenarios in virtual time, wire tests with real phones.

use std::path::PathBuf;

/// The binary `tandem` of the build that these tests belong to. Cargo builds it only with its own
/// package, so `make test` builds the workspace first.
///
/// # Panics
/// It was not built.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test program knows where it is");
    let profile = test.parent().and_then(|deps| deps.parent());
    let path = profile.expect("target/PROFILE/deps").join("tandem");
    assert!(
        path.exists(),
        "{} is not there: run `cargo build -p tandem` first (with the same profile and CARGO_TARGET_DIR)",
        path.display()
    );
    path
}
