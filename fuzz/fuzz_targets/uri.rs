#![no_main]

#[path = "../checks/sip.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::uri(data));
