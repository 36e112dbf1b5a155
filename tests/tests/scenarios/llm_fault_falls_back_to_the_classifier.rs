//! The language model fails in each way that it can: the classifier and the templates answer, and the caller waits no longer than
//! 3 s for a word.

use super::common::*;
use super::config::with_model;

#[test]
fn llm_fault_falls_back_to_the_classifier() {
    scenario_in(
        &with_model(),
        "llm_fault_falls_back_to_the_classifier",
        |o| {
            let caller = o.caller;
            o.script
                .replies
                .push_back(Reply::fails(ms(200), ProviderFault::RateLimited));
            o.script.replies.push_back(Reply::hangs());
            o.calls_the_office();
            o.caller_says("what are your opening hours");
            o.ai_says("We are open from Monday to Friday, nine to five.");
            o.caller_says("are you open on saturday");
            o.ai_says("We are open from Monday to Friday, nine to five.");
            let fault = |wanted| move |w: &What| matches!(w, What::ProviderFailed { door, fault, .. } if door == "llm" && *fault == wanted);
            assert_eq!(o.count(fault(ProviderFault::RateLimited)), 1);
            assert_eq!(o.count(fault(ProviderFault::TimedOut)), 1);
            assert_eq!(o.script.asked().len(), 2);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
