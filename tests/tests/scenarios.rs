//! Scenarios in virtual time: one behaviour a file, named as a sentence. Each is played three times (the switch left alone; written
//! out, dropped and read in again after each of its steps; and after about every second), asserts who hears whom from the
//! phones' recordings, the facts from the journal, the invariants, and compares its ladder with `golden/ladders/`.
//!
//! `TANDEM_BLESS=1 cargo test -p tandem-tests --test scenarios` writes the ladders anew; read them before they are committed.

mod scenarios {
    mod common;
    mod config;

    mod keys_come_by_info_too;
    mod the_caller_talks_over_an_answer;
    mod a_phone_that_refuses_is_passed_over;
    mod a_number_is_keyed_in;
    mod the_caller_leaves_while_a_call_is_being_announced;
    mod a_person_puts_the_caller_on_hold_and_resumes;
    mod a_person_takes_the_caller_with_key_1;
    mod both_hang_up_at_the_same_moment;
    mod busy_then_no_answer_then_back;
    mod key_0_reaches_reception;
    mod key_3_tells_more;
    mod llm_fault_falls_back_to_the_classifier;
    mod no_phone_is_registered;
    mod nobody_answers_and_the_ai_is_back_with_its_memory;
    mod ring_all_first_to_accept_wins_and_the_others_are_cancelled;
    mod star_9_gives_the_caller_back_to_the_ai;
    mod stt_is_down_keys_work_and_then_a_person;
    mod the_caller_asks_for_a_person;
    mod the_caller_hangs_up_before_the_consult_invite_has_a_1xx;
    mod the_caller_hangs_up_in_mid_brief;
    mod the_caller_hangs_up_while_the_consult_leg_rings;
    mod the_caller_never_speaks;
    mod the_caller_puts_us_on_hold_and_the_agent_sleeps;
    mod the_model_names_an_invented_target_and_nothing_is_dialled;
    mod the_person_declines_with_2_and_the_next_one_takes_it;
    mod the_person_hangs_up_in_mid_brief;
    mod the_person_is_silent_after_the_brief;
    mod total_time_is_over;
    mod triage_hands_to_a_specialist_who_knows_what_was_said;
    mod tts_is_down_for_the_brief;
}
