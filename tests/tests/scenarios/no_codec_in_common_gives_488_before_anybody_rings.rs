//! The caller speaks a law that the trunk's file does not have: 488 at once. Nobody's phone rings for a call that cannot be.

use super::{common::*, steps::*};
use tandem_types::media::Codec;

#[test]
fn no_codec_in_common_gives_488_before_anybody_rings() {
    let config = Config::office().with("refer = \"on\"", "refer = \"on\"\ncodecs = [\"pcma\"]");
    scenario_in(
        &config,
        "no_codec_in_common_gives_488_before_anybody_rings",
        |o| {
            let desk = o.desk("203", answers(1));
            let other = o.outside_with("u-law caller", "+441632960002", |c| {
                c.codecs = vec![Codec::Pcmu]
            });
            o.calls(other, "203");
            is_refused(o, other, 488);
            never_rang(o, desk);
            o.ends(Party::Gateway, Reason::NoCodec);
        },
    );
}
