//! What keeps `tandem serve` from starting, and how it ends.

use super::lab::{Lab, golden};
use std::{
    fs,
    net::{TcpListener, UdpSocket},
};

#[test]
fn a_port_is_taken() {
    let lab = Lab::new();
    let udp = UdpSocket::bind((lab.ip, 5070)).expect("a port");
    let by_udp = lab.tandem("serve --config office --data data");
    drop(udp);
    let tcp = TcpListener::bind((lab.ip, 5070)).expect("a port");
    let by_tcp = lab.tandem("serve --config office --data data");
    drop(tcp);
    let http = TcpListener::bind((lab.ip, 8088)).expect("a port");
    let by_http = lab.tandem("serve --config office --data data");
    drop(http);
    golden("port_taken", &[by_udp, by_tcp, by_http]);
}

#[test]
fn an_address_is_nobodys() {
    let lab = Lab::new();
    let old = format!("udp://{}:5070", lab.ip);
    // A documentation address (RFC 5737).
    lab.change("tandem.toml", &old, "udp://192.0.2.7:5070");
    golden(
        "no_such_address",
        &[lab.tandem("serve --config office --data data")],
    );
}

#[test]
fn nothing_can_be_written() {
    let lab = Lab::new();
    // Root may write into any folder, but nobody into a file's inside.
    fs::write(lab.path("data"), "a file").expect("a file");
    let folder = lab.tandem("serve --config office --data data");
    let lab_2 = Lab::new();
    fs::create_dir(lab_2.path("data")).expect("a folder");
    fs::write(lab_2.path("data/journal"), "a file").expect("a file");
    let journal = lab_2.tandem("serve --config office --data data");
    golden("nothing_can_be_written", &[folder, journal]);
}

#[test]
fn a_database_url_is_none() {
    let lab = Lab::new();
    lab.change(
        "tandem.toml",
        "sqlite://tandem.db?mode=rwc",
        "mysql://tandem",
    );
    golden(
        "no_database_url",
        &[lab.tandem("serve --config office --data data")],
    );
}

/// Lines that say what this machine lacks are its own.
fn without_hints(text: &str) -> String {
    text.lines()
        .filter(|l| l.starts_with("tandem: ") && !l.contains("prompts are ready"))
        .map(|l| format!("{l}\n"))
        .collect()
}

#[tokio::test]
async fn it_starts_and_ctrl_c_ends_it() {
    let lab = Lab::new();
    let mut serving = lab.running("serve --config office --data data");
    serving.says("tandem: ready").await;
    // Another one on the same machine is told so.
    let second = lab.tandem("serve --config office --data data");
    serving.signal("-INT");
    let mut said = serving.ended();
    said.err = without_hints(&said.err);
    assert_eq!((said.code, second.code), (Some(0), Some(1)));
    golden("serve", &[said, second]);
    let calls = lab.tandem("calls --config office --data data");
    assert_eq!(calls.code, Some(0), "{}", calls.err);
    assert!(calls.out.contains("no calls yet"), "{}", calls.out);
}
