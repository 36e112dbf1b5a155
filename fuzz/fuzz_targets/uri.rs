#![no_main]

#[path = "../checks/uri.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::uri(data));
