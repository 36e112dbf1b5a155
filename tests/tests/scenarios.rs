//! Scenarios in virtual time: one behaviour a file, named as a sentence. Each is played three times (the switch left alone; written
//! out, dropped and read in again after each of its steps; and after about every second), asserts who hears whom from the
//! phones' recordings, the facts from the journal, the invariants, and compares its ladder with `golden/ladders/`.
//!
//! `TANDEM_BLESS=1 cargo test -p tandem-tests --test scenarios` writes the ladders anew; read them before they are committed.

mod scenarios {
    mod common;
    mod config;

    mod a_person_takes_the_caller_with_key_1;
}
