//! The media worker is another thread: what it says of a call crosses the end of the call. Nothing but measures may follow the end in
//! the journal. (The proof of a leg's sound after a resume did.)

use super::common::*;
use tandem_sdp::Direction;

#[test]
fn what_the_media_worker_says_after_the_end_changes_nothing() {
    scenario(
        "what_the_media_worker_says_after_the_end_changes_nothing",
        |o| {
            o.media_after = ms(40);
            let caller = o.caller;
            o.calls(caller, "2000");
            o.answers(caller);
            o.run(secs(1));
            o.does(caller, Act::Hold(Direction::SendOnly));
            o.run(secs(1));
            let proved = o.count(|w| matches!(w, What::LegProved { .. }));
            o.does(caller, Act::Resume);
            o.run(ms(30));
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
            assert!(proved > 0);
        },
    );
}
