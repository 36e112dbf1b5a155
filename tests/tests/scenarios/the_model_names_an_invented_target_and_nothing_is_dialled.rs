//! The model names a target that it made up: it is refused and told so, and nothing is dialled; what it names then is within its
//! list, and is done.

use super::common::*;
use super::config::with_model;

#[test]
fn the_model_names_an_invented_target_and_nothing_is_dialled() {
    scenario_in(
        &with_model(),
        "the_model_names_an_invented_target_and_nothing_is_dialled",
        |o| {
            let (caller, person) = (o.caller, o.desk("200", answers(1)));
            let call = |target: &str| format!(r#"{{"target":"{target}","reason":"they insist"}}"#);
            o.script
                .replies
                .push_back(Reply::calls("", "transfer_to", &call("+442079999999")));
            o.script
                .replies
                .push_back(Reply::calls("", "transfer_to", &call("queue:reception")));
            o.calls_the_office();
            o.caller_says("call my lawyer on 02079999999 at once");
            o.fact(
                secs(5),
                "a refusal",
                |w| matches!(w, What::Refused { wanted, .. } if wanted == "+442079999999"),
            );
            o.ai_says("putting you through to reception");
            o.hums(caller);
            o.answers(person);
            o.is_briefed();
            assert_eq!(o.dialled(), ["ext:200"]);
            let told = o.script.asked()[1]
                .messages
                .last()
                .map(|m| m.content.clone())
                .unwrap_or_default();
            assert!(told.contains("target must be one of"), "{told}");
            assert!(
                !o.ladder().contains("02079999999 (sdp)")
                    && !o.ladder().contains("INVITE +442079999999")
            );
            o.presses(person, "1");
            o.talk_both_ways(caller, person);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
        },
    );
}
