//! No word can be spoken: the caller hears tones at once and all along, is in the keys' menu within 3 s, and reaches a person, who is
//! told nothing and takes the call all the same.

use super::common::*;
use tandem_sim::hear;

/// Of the tones that stand for words.
const BEEP_HZ: f64 = 880.0;

fn beeps(o: &Office, over: u64) -> f64 {
    hear::audible(&o.last_heard(o.caller, over), BEEP_HZ)
}

#[test]
fn the_voice_is_down_and_keys_reach_a_person() {
    scenario("the_voice_is_down_and_keys_reach_a_person", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        o.script.tts_down = true;
        o.calls(caller, MAIN);
        o.fact(secs(3), "the keys' menu", |w| {
            matches!(
                w,
                What::HandoffEnded {
                    end: HandoffEnd::Completed,
                    ..
                }
            )
        });
        o.run(secs(4));
        assert!(beeps(o, 4000) > 0.08, "{}\n{}", beeps(o, 4000), o.ladder());
        o.presses(caller, "0");
        o.answers(person);
        o.hears_music(caller, secs(2));
        assert!(beeps(o, 1500) < 0.01, "music instead\n{}", o.ladder());
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

/// One text that cannot be spoken: the tones end with the next that can.
#[test]
fn tones_end_with_the_next_words() {
    scenario("tones_end_with_the_next_words", |o| {
        let caller = o.caller;
        o.script.tts_fails_on.push("How can I help".into());
        o.calls(caller, MAIN);
        o.ai_says("You are speaking with our automated assistant");
        o.run(secs(4));
        assert!(beeps(o, 4000) > 0.08, "{}\n{}", beeps(o, 4000), o.ladder());
        o.caller_says("what are your opening hours");
        o.ai_says("We are open from Monday to Friday");
        o.run(secs(4));
        assert!(beeps(o, 4000) < 0.01, "{}\n{}", beeps(o, 4000), o.ladder());
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
