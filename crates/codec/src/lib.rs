//! Sound as samples: G.711, G.722, Opus, packet loss concealment, resampling, tones, levels and the built-in hold
//! music. Everything is 16-bit linear PCM; where no rate is named it is 8 kHz ([`RATE`]).
//!
//! | module | what | source |
//! |---|---|---|
//! | [`g711`] | both laws by table, and the change of law | ITU-T G.711, G.191 |
//! | [`g722`] | 7 kHz in 64 kbit/s | ITU-T G.722 |
//! | [`opus`] | Opus, in packets of any length | RFC 6716, 7587 |
//! | [`stream`] | one stream of any codec, to sound and back at any rate | |
//! | [`plc`] | concealment by pitch waveform substitution | ITU-T G.711 Appendix I |
//! | [`stretch`] | longer or shorter without a change of pitch | WSOLA, Verhelst and Roelands 1993 |
//! | [`resample`] | polyphase filter between any two rates | |
//! | [`tone`] | sine mixtures with a cadence; ringback by country | ITU-T E.180 Supplement 2 |
//! | [`dtmf`] | keys as tones: made and recognised | ITU-T Q.23, Q.24 |
//! | [`meter`] | how much of a window is one frequency; levels | Goertzel 1958 |
//! | [`music`] | the built-in hold music | composed here |
//! | [`comfort`] | comfort noise | levels of RFC 3389 |

pub mod comfort;
pub mod dtmf;
pub mod g711;
pub mod g722;
pub mod meter;
pub mod music;
pub mod opus;
pub mod plc;
pub mod resample;
pub mod stream;
pub mod stretch;
pub mod tone;

pub use dtmf::{DtmfDetector, DtmfTone};
pub use g711::Law;
pub use meter::ToneMeter;
pub use plc::Concealer;
pub use resample::Resampler;
pub use stream::{Decoder, Encoder};
pub use stretch::{Hurry, Stretcher};
pub use tone::ToneSource;

/// Samples per second of telephone sound.
pub const RATE: u32 = 8000;

/// Samples in a millisecond at [`RATE`].
pub const PER_MS: usize = 8;
