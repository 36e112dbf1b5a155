//! The caller hangs up while the model is still thinking about their words, and while their last words are still being
//! recognised: both are called off with the call. (That an answer for a call that is over never comes is an invariant of the
//! world; here is one that would.)

use super::common::*;
use super::config::with_model;

#[test]
fn no_provider_is_asked_for_a_call_that_is_over() {
    scenario_in(
        &with_model(),
        "no_provider_is_asked_for_a_call_that_is_over",
        |o| {
            let caller = o.caller;
            let slow = Reply {
                after: ms(2500),
                ..Reply::says("Let me think about that for a while.")
            };
            o.script.replies.push_back(slow);
            o.script.stt_after = ms(900);
            o.calls_the_office();
            o.caller_says("what is the meaning of all this");
            o.run(ms(100));
            assert_eq!(o.script.asked().len(), 1, "the model thinks");
            o.says(caller, "hello");
            o.run(ms(900));
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
