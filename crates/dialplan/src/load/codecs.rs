//! `codecs`, `srtp` and `dtmf` of a trunk and of the phones.

use super::read::Section;
use tandem_types::{
    SrtpPolicy,
    media::{Codec, DtmfPolicy},
};

/// What every trunk and every phone has.
pub(super) const DEFAULT_CODECS: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

/// Which codecs, and which rather than which: the list as it is written, the most wanted first.
pub(super) fn codecs(s: &Section<'_>) -> Option<Vec<Codec>> {
    let names = [
        ("pcma", Codec::Pcma),
        ("pcmu", Codec::Pcmu),
        ("g722", Codec::G722),
        ("opus", Codec::Opus),
    ];
    let later = ["g729", "amr", "amr-wb"];
    let v = s.opt("codecs")?;
    let written = v.list()?;
    if written.is_empty() {
        v.spot
            .error("a call needs a codec, and this list is empty")
            .help("codecs = [\"pcma\", \"pcmu\"]");
    }
    let named = written.iter();
    Some(named.filter_map(|c| c.choice(&names, &later)).collect())
}

/// How keys come and go, as exchanges name it.
pub(super) fn dtmf(s: &Section<'_>) -> Option<DtmfPolicy> {
    let policies = [
        ("auto", DtmfPolicy::Auto),
        ("rfc4733", DtmfPolicy::Rfc4733),
        ("info", DtmfPolicy::Info),
        ("inband", DtmfPolicy::Inband),
    ];
    s.opt("dtmf")?.choice(&policies, &[])
}

/// Whether sound is encrypted.
pub(super) fn srtp(s: &Section<'_>) -> Option<SrtpPolicy> {
    let policies = [
        ("off", SrtpPolicy::Off),
        ("preferred", SrtpPolicy::Preferred),
        ("required", SrtpPolicy::Required),
    ];
    s.opt("srtp")?.choice(&policies, &[])
}
