//! The caller talks over an answer: it stops, what they heard of it is on record, and their words count. A cough or an "okay"
//! stops nothing for good.

use super::common::*;

#[test]
fn the_caller_talks_over_an_answer() {
    let long = "We are open from Monday to Friday from nine in the morning until five in the afternoon, and on the first Saturday of each \
                month from ten until one, apart from bank holidays, when nobody is in the office at all and urgent repairs are taken by the emergency line.";
    let config = Config::office().with("We are open from Monday to Friday, nine to five.", long);
    scenario_in(&config, "the_caller_talks_over_an_answer", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.calls_the_office();
        o.caller_says("what are your opening hours");
        o.until(secs(3), "the answer begins", |w| {
            w.text_with("We are open").is_some()
        });
        o.run(ms(300));
        o.caller_says("my heating is broken");
        let cut = |w: &What| matches!(w, What::TurnEnded { text, interrupted: true, generated: Some(whole), .. } if text.len() < whole.len());
        assert_eq!(o.count(cut), 1, "{}", o.ladder());
        o.ai_says("putting you through to the repairs team");
        o.hums(caller);
        o.answers(person);
        let brief = o.is_briefed();
        assert!(brief.contains("my heating is broken"), "{brief}");
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
