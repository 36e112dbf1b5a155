//! The command line as an admin reads it: what each verb prints, word for word, and its exit code.
//!
//! `TANDEM_BLESS=1 cargo test -p tandem-tests --test cli` writes the golden files anew; read them before they are
//! committed.

mod cli {
    mod lab;
    mod story;

    mod certificates;
    mod configuration;
    mod doctor;
    mod help;
    mod hep;
    mod import;
    mod init;
    mod phones;
    mod readme;
    mod reload;
    mod schema;
    mod serve;
    mod trace;
    mod views;
    mod watch;
}
