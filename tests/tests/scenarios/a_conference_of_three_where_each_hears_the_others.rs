//! Three in a room: each hears the two others and never themselves. One leaves, the others go on; the last one hears music.

use super::common::*;
use tandem_sim::hear;

#[test]
fn a_conference_of_three_where_each_hears_the_others() {
    scenario("a_conference_of_three_where_each_hears_the_others", |o| {
        let one = o.caller;
        let two = o.outside("second caller", "+441632960002", Incoming::Wait);
        let three = o.desk("203", Incoming::Wait);
        o.calls(one, "3001");
        o.answers(one);
        o.run(ms(300));
        o.hears_music(one, secs(2));
        o.calls(two, "3001");
        o.answers(two);
        o.talk_both_ways(one, two);
        o.calls(three, "3001");
        o.answers(three);
        o.hums(three);
        o.run(ms(1300));
        for me in [one, two, three] {
            for whom in [one, two, three] {
                let heard = hear::audible(&o.last_heard(me, 1000), hz(o, whom));
                let (least, most) = if me == whom { (0.0, 0.05) } else { (0.9, 1.0) };
                let names = (&o.phone(me).config().name, &o.phone(whom).config().name);
                assert!(
                    (least..=most).contains(&heard),
                    "{names:?}: {heard}\n{}",
                    o.ladder()
                );
            }
        }
        o.hangs_up(one);
        o.is_over(one, secs(1));
        o.run(ms(300));
        o.talk_both_ways(two, three);
        let gone = hear::audible(&o.last_heard(two, 1000), hz(o, one));
        assert!(gone < 0.05, "{gone}");
        o.hangs_up(three);
        o.run(ms(300));
        o.hears_music(two, secs(2));
        o.hangs_up(two);
        o.ends(Party::Caller, Reason::Normal);
        assert_eq!(o.count(|w| matches!(w, What::CallStarted { .. })), 1);
    });
}

fn hz(o: &Office, id: PhoneId) -> f64 {
    match o.phone(id).config().voice {
        tandem_phone::Voice::Tone { hz } => hz,
        _ => unreachable!("every phone of the office has a tone"),
    }
}
