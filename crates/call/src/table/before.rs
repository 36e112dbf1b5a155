//! Until somebody has the caller.

use super::{
    Cell::{self, Does, Never},
    Row,
};

const NOBODY_RUNG: Cell = Never("nobody is rung");
const NOT_RUNG_YET: Cell = Never("nobody is rung just now");
const NOT_ANSWERED: Cell = Never("nobody has answered");
pub(super) const NOT_ASKED: Cell = Never("nobody was asked for a key");
const EARLY_KEY: Cell = Does("ignored: a key before the answer counts for nothing", &[]);
const OTHER_RINGS: Cell = Does(
    "another phone of the round: it rings beside",
    &["ring_all_first_to_accept_wins_and_the_others_are_cancelled"],
);
const OTHER_REFUSES: Cell = Does("another phone of the round: the others go on", &[]);
const OTHER_RINGS_OUT: Cell = Does("another phone of the round: CANCEL, the others go on", &[]);
pub(super) const LAST_WORD: Cell = Does(
    "everybody rung is let go; the caller is told goodbye, then BYE",
    &["the_drain_time_is_over_and_callers_are_told_goodbye"],
);

pub(super) const OFFERED: Row = Row {
    rings: NOBODY_RUNG,
    answers: NOBODY_RUNG,
    refuses: NOBODY_RUNG,
    rings_out: NOBODY_RUNG,
    takes: NOBODY_RUNG,
    declines: NOBODY_RUNG,
    wants_more: NOBODY_RUNG,
    sends_on: NOBODY_RUNG,
    silent: NOBODY_RUNG,
    leaves: NOBODY_RUNG,
    unheard: NOBODY_RUNG,
    never_mind: Does("the agent goes on with them", &[]),
    hangs_up: Does("the call is over", &["both_hang_up_at_the_same_moment"]),
    holds: Does(
        "the agent sleeps, and resumes gently",
        &["the_caller_puts_us_on_hold_and_the_agent_sleeps"],
    ),
    total_time: Never("it counts from the first INVITE"),
    speechless: Does(
        "tones at once, and the keys' menu within 3 s",
        &["the_voice_is_down_and_keys_reach_a_person"],
    ),
    told_to_end: Does(
        "the caller is told goodbye, then BYE",
        &[
            "the_longest_call_ends_with_a_word",
            "the_drain_time_is_over_and_callers_are_told_goodbye",
        ],
    ),
};

pub(super) const PRE_DIAL: Row = Row {
    rings: Does(
        "the agent goes on with its words",
        &["the_persons_phone_rings_while_the_ai_still_speaks"],
    ),
    answers: Does(
        "our words are not waited for, the caller's are; then the brief",
        &[
            "the_persons_phone_rings_while_the_ai_still_speaks",
            "the_brief_has_what_the_caller_said_meanwhile",
        ],
    ),
    refuses: Does(
        "the next round; when none is left that is said after the announcement",
        &["no_phone_is_registered", "busy_then_no_answer_then_back"],
    ),
    rings_out: Does("CANCEL; then as refused", &[]),
    takes: EARLY_KEY,
    declines: EARLY_KEY,
    wants_more: EARLY_KEY,
    sends_on: EARLY_KEY,
    silent: NOT_ASKED,
    leaves: NOT_ANSWERED,
    unheard: NOT_ANSWERED,
    never_mind: Does(
        "CANCEL at once; the announcement is cut, and they stay with the agent",
        &["the_star_key_brings_the_caller_back_while_it_is_announced"],
    ),
    hangs_up: Does(
        "CANCEL at once; the handoff is on record as abandoned",
        &["the_caller_leaves_while_a_call_is_being_announced"],
    ),
    holds: Does(
        "the agent sleeps and phones ring on; whoever answers is briefed within 4 s",
        &["whoever_answers_is_not_kept_waiting_for_a_caller_who_holds"],
    ),
    total_time: Does(
        "CANCEL; said after the announcement, or when the caller is back",
        &[],
    ),
    speechless: Does("the announcement is left out; music", &[]),
    told_to_end: LAST_WORD,
};

pub(super) const QUEUED: Row = Row {
    rings: Does(
        "somebody is free and is rung: ringing",
        &["callers_wait_in_order_until_somebody_is_free"],
    ),
    answers: NOT_RUNG_YET,
    refuses: NOT_RUNG_YET,
    rings_out: NOT_RUNG_YET,
    takes: NOT_RUNG_YET,
    declines: NOT_RUNG_YET,
    wants_more: NOT_RUNG_YET,
    sends_on: NOT_RUNG_YET,
    silent: NOT_ASKED,
    leaves: NOT_RUNG_YET,
    unheard: NOT_RUNG_YET,
    never_mind: Does(
        "out of the queue at once; back to the agent, or to `leave_to`",
        &[
            "the_star_brings_a_caller_who_waits_back_to_the_agent",
            "a_caller_leaves_the_queue_by_its_key",
        ],
    ),
    hangs_up: Does(
        "out of the queue at once; who was rung for them is rung for the next one",
        &["a_caller_who_waits_hangs_up"],
    ),
    holds: Does("they keep their place, and whoever is free is rung", &[]),
    total_time: Does(
        "`max_wait`, or nobody is there any more: said, then `overflow`, the agent, or `otherwise`",
        &[
            "a_caller_who_waits_too_long_is_led_on",
            "an_agent_has_a_caller_back_who_waited_too_long",
            "everybody_of_the_queue_goes_home",
            "who_does_not_answer_twice_is_paused",
        ],
    ),
    speechless: Does("nothing is announced; music needs no words", &[]),
    told_to_end: Does(
        "the caller is told goodbye, then BYE; when the gateway begins to drain, they are led on as above",
        &["draining_leads_those_on_who_wait"],
    ),
};

pub(super) const RINGING: Row = Row {
    rings: Does(
        "the ring time counts from the first 18x, or from the INVITE where there is none",
        &["busy_then_no_answer_then_back"],
    ),
    answers: Does(
        "the brief, which the caller never hears",
        &["a_person_takes_the_caller_with_key_1"],
    ),
    refuses: Does(
        "a typed reason (Q.850 before the code); the next round; when none is left the agent, with the reason",
        &[
            "busy_then_no_answer_then_back",
            "a_phone_that_refuses_is_passed_over",
        ],
    ),
    rings_out: Does(
        "CANCEL; then as refused",
        &["nobody_answers_and_the_ai_is_back_with_its_memory"],
    ),
    takes: EARLY_KEY,
    declines: EARLY_KEY,
    wants_more: EARLY_KEY,
    sends_on: EARLY_KEY,
    silent: NOT_ASKED,
    leaves: NOT_ANSWERED,
    unheard: NOT_ANSWERED,
    never_mind: Does(
        "CANCEL at once; they stay with the agent, and it is no failed attempt",
        &["the_caller_says_never_mind_while_it_rings"],
    ),
    hangs_up: Does(
        "CANCEL at once, or as soon as there is a 1xx",
        &[
            "the_caller_hangs_up_while_the_consult_leg_rings",
            "the_caller_hangs_up_before_the_consult_invite_has_a_1xx",
        ],
    ),
    holds: Does(
        "phones ring on; whoever takes the caller hears music until they are back",
        &["a_caller_who_holds_is_taken_all_the_same"],
    ),
    total_time: Does(
        "CANCEL; the agent, with the reason",
        &["total_time_is_over"],
    ),
    speechless: Does(
        "nothing: music needs no words",
        &["the_voice_is_down_and_keys_reach_a_person"],
    ),
    told_to_end: LAST_WORD,
};

pub(super) const ANSWERED: Row = Row {
    rings: OTHER_RINGS,
    answers: Does("another phone of the round: it waits as well", &[]),
    refuses: OTHER_REFUSES,
    rings_out: OTHER_RINGS_OUT,
    takes: Does(
        "kept: joined without a brief as soon as the caller has finished",
        &["whoever_takes_the_caller_before_it_is_announced_is_joined_after_it"],
    ),
    declines: Does(
        "BYE, the next round; when none is left that is said after the announcement",
        &["whoever_declines_before_it_is_announced_is_passed_over"],
    ),
    wants_more: Does("ignored: nothing is known yet", &[]),
    sends_on: Does("ignored: nothing is known yet", &[]),
    silent: NOT_ASKED,
    leaves: Does("the next round, as when they decline", &[]),
    unheard: Does("ignored", &[]),
    never_mind: Does(
        "a word of it (3 s at most), BYE; they stay with the agent",
        &[],
    ),
    hangs_up: Does("a word of it (3 s at most), BYE", &[]),
    holds: Does(
        "they are briefed within 4 s of the first INVITE",
        &["whoever_answers_is_not_kept_waiting_for_a_caller_who_holds"],
    ),
    total_time: Never("the total is 10 s at least, and this lasts 4 s at most"),
    speechless: Does("the announcement is left out: the brief", &[]),
    told_to_end: LAST_WORD,
};

pub(super) const BRIEF: Row = Row {
    rings: OTHER_RINGS,
    answers: Does(
        "another phone of the round: briefed as well",
        &["of_two_who_answered_the_one_who_pressed_the_key_wins"],
    ),
    refuses: OTHER_REFUSES,
    rings_out: OTHER_RINGS_OUT,
    takes: Does(
        "the brief is cut; joined; phones that ring get CANCEL (completed elsewhere), who had answered a word",
        &[
            "a_person_takes_the_caller_with_key_1",
            "ring_all_first_to_accept_wins_and_the_others_are_cancelled",
            "a_key_that_comes_too_late_takes_nobody",
        ],
    ),
    declines: Does(
        "BYE, the next round; when none is left the agent, with the reason",
        &["the_person_declines_with_2_and_the_next_one_takes_it"],
    ),
    wants_more: Does(
        "all of it is told, and the keys again",
        &["key_3_tells_more"],
    ),
    sends_on: Does(
        "BYE, the others are let go, and the caller waits in the queue that `send_to` names; in it already, as when they decline",
        &["a_person_sends_the_caller_to_the_queue"],
    ),
    silent: Does(
        "asked once more; then BYE and the next round",
        &["the_person_is_silent_after_the_brief"],
    ),
    leaves: Does("the next round", &["the_person_hangs_up_in_mid_brief"]),
    unheard: Does(
        "a muted phone can press keys: asked by OPTIONS whether it is there",
        &[],
    ),
    never_mind: Does(
        "a word of it (3 s at most), BYE; they stay with the agent",
        &["the_star_key_brings_the_caller_back_in_mid_brief"],
    ),
    hangs_up: Does(
        "a word of it (3 s at most), BYE",
        &["the_caller_hangs_up_in_mid_brief"],
    ),
    holds: Does(
        "the brief goes on; whoever takes the caller hears music until they are back",
        &["a_caller_who_holds_is_taken_all_the_same"],
    ),
    total_time: Does(
        "a word of it (3 s at most), BYE; the agent, with the reason",
        &["the_total_time_is_over_in_mid_brief"],
    ),
    speechless: Does(
        "an alarm; the keys work, and the ledger does not claim that anything was told",
        &["tts_is_down_for_the_brief"],
    ),
    told_to_end: LAST_WORD,
};
