//! Both hang up at the same moment: the BYEs cross, each is answered, and there is one record.

use super::common::*;

#[test]
fn both_hang_up_at_the_same_moment() {
    scenario("both_hang_up_at_the_same_moment", |o| {
        let (caller, person) = (o.caller, o.desk("203", answers(1)));
        o.asks_for_repairs();
        o.answers(person);
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.hangs_up(person);
        o.is_over(caller, ms(100));
        o.is_over(person, ms(100));
        o.ends(Party::Caller, Reason::Normal);
        assert_eq!(o.count(|w| matches!(w, What::CallEnded { .. })), 1);
    });
}
