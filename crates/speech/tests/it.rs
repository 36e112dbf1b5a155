//! The doors from outside: real pocketsphinx, flite and espeak-ng, and a stand-in server over real
//! HTTP. What is missing on the machine fails the test and names the Debian package.

#[path = "it/cache.rs"]
mod cache;
#[path = "it/chat.rs"]
mod chat;
#[path = "it/common.rs"]
mod common;
#[path = "it/faults.rs"]
mod faults;
#[path = "it/offline_stt.rs"]
mod offline_stt;
#[path = "it/offline_tts.rs"]
mod offline_tts;
#[path = "it/profiles.rs"]
mod profiles;
#[path = "it/secrecy.rs"]
mod secrecy;
#[path = "it/sound.rs"]
mod sound;
#[path = "it/tools.rs"]
mod tools;
