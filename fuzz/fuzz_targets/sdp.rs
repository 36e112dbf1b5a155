#![no_main]

#[path = "../checks/sdp.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::sdp(data));
