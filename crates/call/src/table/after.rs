//! Once somebody has the caller, or nobody wants them any more.

use super::{
    Cell::{self, Does, Never},
    Row,
    before::{LAST_WORD, NOT_ASKED},
};

const NOBODY_REACHED: Cell = Never("nobody else is being reached");
const KEY_PASSED_ON: Cell = Does(
    "passed on to the caller; *9 is not, and gives them back to the AI",
    &[
        "keys_in_a_call_reach_the_other_side_unless_they_are_a_code",
        "star_9_gives_the_caller_back_to_the_ai",
    ],
);
const PERSON_LEAVES: Cell = Does(
    "the AI, which remembers, or the end, as the plan says; within 10 s, or by a fault, always the AI",
    &[
        "the_person_hangs_up_first_and_the_ai_has_the_caller_again",
        "a_person_who_is_gone_within_seconds_was_cut_off",
        "the_plan_ends_the_call_with_the_person",
    ],
);
const TOO_LATE: Cell = Does("a key like any other", &["the_star_key_is_too_late"]);
const BYE_TO_PERSON: Cell = Does(
    "BYE to the person",
    &["a_person_takes_the_caller_with_key_1"],
);
const MUSIC_MEANWHILE: Cell = Does(
    "the other one hears music until they are back",
    &[
        "a_person_puts_the_caller_on_hold_and_resumes",
        "each_side_holds_and_resumes",
    ],
);
const OVER_WITH_THE_JOIN: Cell = Never("the transfer is over with the join");
const BOTH_TOLD: Cell = Does(
    "both are told goodbye, then BYE",
    &["the_longest_call_ends_with_a_word"],
);

pub(super) const BRIDGED: Row = Row {
    rings: NOBODY_REACHED,
    answers: Does(
        "a 200 that crosses the CANCEL: ACK and BYE",
        &["a_200_that_crosses_the_cancel_gets_ack_and_bye"],
    ),
    refuses: Does(
        "487 to the CANCEL: nothing",
        &["ring_all_first_to_accept_wins_and_the_others_are_cancelled"],
    ),
    rings_out: NOBODY_REACHED,
    takes: KEY_PASSED_ON,
    declines: KEY_PASSED_ON,
    wants_more: KEY_PASSED_ON,
    sends_on: KEY_PASSED_ON,
    silent: NOT_ASKED,
    leaves: PERSON_LEAVES,
    unheard: Does(
        "after 2.5 s the caller hears an open line, and the phone is asked: watching",
        &[
            "a_muted_person_is_kept_and_the_caller_is_told_nothing",
            "a_person_who_only_listens_leaves_no_silence",
        ],
    ),
    never_mind: TOO_LATE,
    hangs_up: BYE_TO_PERSON,
    holds: MUSIC_MEANWHILE,
    total_time: OVER_WITH_THE_JOIN,
    speechless: Does("nothing: nobody is told anything", &[]),
    told_to_end: BOTH_TOLD,
};

pub(super) const WATCHING: Row = Row {
    rings: NOBODY_REACHED,
    answers: NOBODY_REACHED,
    refuses: NOBODY_REACHED,
    rings_out: NOBODY_REACHED,
    takes: KEY_PASSED_ON,
    declines: KEY_PASSED_ON,
    wants_more: KEY_PASSED_ON,
    sends_on: KEY_PASSED_ON,
    silent: NOT_ASKED,
    leaves: PERSON_LEAVES,
    unheard: Does(
        "an answer keeps them; none for 4 s: a word and music; none for 8 s more (a trunk: 30), or 481: BYE, and the AI",
        &[
            "a_person_whose_phone_dies_gives_the_caller_back_to_the_ai",
            "a_person_whose_line_breaks_for_seconds_is_waited_for",
            "a_silent_person_behind_a_trunk_that_swallows_the_question_is_kept",
        ],
    ),
    never_mind: TOO_LATE,
    hangs_up: BYE_TO_PERSON,
    holds: MUSIC_MEANWHILE,
    total_time: OVER_WITH_THE_JOIN,
    speechless: Does("the word is left out: music", &[]),
    told_to_end: BOTH_TOLD,
};

const PHONES_FREE: Cell = Never("their phones are free");
const LATE_200: Cell = Does(
    "a 200 that crosses the CANCEL: ACK and BYE",
    &[
        "a_200_that_comes_instead_of_a_1xx_gets_ack_and_bye",
        "the_far_end_answers_while_our_cancel_crosses",
    ],
);

pub(super) const BACK_TO_AI: Row = Row {
    rings: Does("a late 18x: nothing", &[]),
    answers: LATE_200,
    refuses: Does("487 to the CANCEL: nothing", &["total_time_is_over"]),
    rings_out: PHONES_FREE,
    takes: Does(
        "of somebody who is told a last word: too late",
        &["a_key_that_comes_too_late_takes_nobody"],
    ),
    declines: Does("of somebody who is told a last word: nothing", &[]),
    wants_more: Does("of somebody who is told a last word: nothing", &[]),
    sends_on: Does("of somebody who is told a last word: nothing", &[]),
    silent: PHONES_FREE,
    leaves: Does("of somebody who is told a last word: nothing", &[]),
    unheard: PHONES_FREE,
    never_mind: Does("no to \"shall I try again\": anything else?", &[]),
    hangs_up: Does(
        "the call is over",
        &["nobody_answers_and_the_ai_is_back_with_its_memory"],
    ),
    holds: Does(
        "the agent sleeps, and resumes gently",
        &["the_caller_puts_us_on_hold_and_the_agent_sleeps"],
    ),
    total_time: Never("the transfer is over"),
    speechless: Does(
        "tones at once; the keys' menu",
        &["the_voice_is_down_and_keys_reach_a_person"],
    ),
    told_to_end: LAST_WORD,
};

pub(super) const ENDED: Row = Row {
    rings: Does("a late 18x: nothing", &[]),
    answers: LATE_200,
    refuses: Does(
        "487 to the CANCEL: nothing",
        &["the_caller_hangs_up_while_the_consult_leg_rings"],
    ),
    rings_out: PHONES_FREE,
    takes: Does("ignored: the caller is gone", &[]),
    declines: Does("ignored: the caller is gone", &[]),
    wants_more: Does("ignored: the caller is gone", &[]),
    sends_on: Does("ignored: the caller is gone", &[]),
    silent: PHONES_FREE,
    leaves: Does("their word is cut; the call's record is written", &[]),
    unheard: PHONES_FREE,
    never_mind: Never("the caller is gone"),
    hangs_up: Never("the caller is gone"),
    holds: Never("the caller is gone"),
    total_time: Never("the transfer is over; the last word has 3 s"),
    speechless: Does("BYE without a word", &[]),
    told_to_end: Does(
        "the last word has 3 s at most",
        &["the_caller_hangs_up_in_mid_brief"],
    ),
};
