//! Scenarios in virtual time: one behaviour a file, named as a sentence. Each is played three times (the switch left alone; written
//! out, dropped and read in again after each of its steps; and after about every second), asserts who hears whom from the
//! phones' recordings, the facts from the journal, the invariants, and compares its ladder with `golden/ladders/`.
//!
//! `TANDEM_BLESS=1 cargo test -p tandem-tests --test scenarios` writes the ladders anew; read them before they are committed.

mod scenarios {
    mod common;
    mod config;

    mod a_call_is_recorded;
    mod a_carrier_by_name_is_reached_by_its_next_server_when_the_first_is_dead;
    mod a_menu_that_waits_for_a_key_is_not_silent;
    mod a_number_is_keyed_in;
    mod a_person_asks_a_colleague_and_passes_the_caller_on;
    mod a_person_goes_on_at_another_desk;
    mod a_person_passes_the_caller_on_by_their_phone;
    mod a_person_puts_the_caller_on_hold_and_resumes;
    mod a_person_takes_the_caller_with_key_1;
    mod a_person_whose_phone_dies_gives_the_caller_back_to_the_ai;
    mod a_phone_calls_for_help;
    mod a_phone_calls_whom_it_may;
    mod a_phone_proves_itself_by_the_hash_that_the_office_prefers;
    mod a_phone_that_refuses_is_passed_over;
    mod a_registrar_by_name_is_changed_when_it_is_silent;
    mod both_hang_up_at_the_same_moment;
    mod busy_then_no_answer_then_back;
    mod key_0_reaches_reception;
    mod key_3_tells_more;
    mod keys_come_by_info_too;
    mod keys_in_a_call_reach_the_other_side_unless_they_are_a_code;
    mod llm_fault_falls_back_to_the_classifier;
    mod no_phone_is_registered;
    mod nobody_answers_and_the_ai_is_back_with_its_memory;
    mod ring_all_first_to_accept_wins_and_the_others_are_cancelled;
    mod star_9_gives_the_caller_back_to_the_ai;
    mod stt_is_down_keys_work_and_then_a_person;
    mod the_caller_asks_for_a_person;
    mod the_caller_changes_their_mind;
    mod the_caller_hangs_up_before_the_consult_invite_has_a_1xx;
    mod the_caller_hangs_up_in_mid_brief;
    mod the_caller_hangs_up_while_the_consult_leg_rings;
    mod the_caller_leaves_while_a_call_is_being_announced;
    mod the_caller_never_speaks;
    mod the_caller_puts_us_on_hold_and_the_agent_sleeps;
    mod the_caller_talks_over_an_answer;
    mod the_model_names_an_invented_target_and_nothing_is_dialled;
    mod the_person_declines_with_2_and_the_next_one_takes_it;
    mod the_person_hangs_up_first_and_the_ai_has_the_caller_again;
    mod the_person_hangs_up_in_mid_brief;
    mod the_person_is_silent_after_the_brief;
    mod the_persons_phone_rings_while_the_ai_still_speaks;
    mod the_voice_is_down_and_keys_reach_a_person;
    mod total_time_is_over;
    mod triage_hands_to_a_specialist_who_knows_what_was_said;
    mod tts_is_down_for_the_brief;
    mod what_happens_before_somebody_has_the_caller;

    // Calls straight to somebody, cold transfers, and what the network does to them.
    mod steps;

    mod a_busy_cause_behind_503_tries_no_other_trunk;
    mod a_busy_far_end_gives_486_to_the_caller;
    mod a_busy_target_after_202_is_bridged;
    mod a_bye_after_202_counts_as_transferred;
    mod a_bye_overtakes_the_ack;
    mod a_bye_that_nobody_answers_is_given_up;
    mod a_call_straight_to_a_sip_address;
    mod a_call_straight_to_an_extension;
    mod a_caller_without_an_offer_gets_ours;
    mod a_conference_of_three_where_each_hears_the_others;
    mod a_far_end_that_dies_is_found_by_asking;
    mod a_key_typed_ahead_in_a_menu_counts;
    mod a_lamp_shows_a_colleagues_calls;
    mod a_long_call_is_refreshed_by_update;
    mod a_lost_ack_is_repeated_and_the_call_goes_on;
    mod a_lost_bye_is_repeated;
    mod a_muted_phone_is_asked_and_kept;
    mod a_notify_may_overtake_the_202;
    mod a_number_that_the_plan_forbids_is_never_dialled;
    mod a_person_who_only_listens_leaves_no_silence;
    mod a_phone_that_refuses_srtp_is_offered_plain_rtp;
    mod a_phone_with_a_wrong_password_is_not_registered;
    mod a_refer_accepted_and_never_heard_of_again_dials_nobody;
    mod a_refer_followed_to_its_200_ends_the_call_as_transferred;
    mod a_refer_that_nobody_answers_is_bridged;
    mod a_refused_refer_is_bridged_with_music_meanwhile;
    mod a_repeated_invite_is_one_call;
    mod a_room_where_nobody_speaks_is_not_silent;
    mod a_room_whose_last_one_leaves_is_opened_anew;
    mod a_trunk_takes_so_many_calls;
    mod a_trunk_that_answers_no_options_is_tried_last_until_it_does;
    mod a_trunk_that_demands_prack_gets_it;
    mod a_trunk_that_does_not_answer_is_passed_over;
    mod a_trunk_that_knows_no_refer_is_bridged;
    mod a_trunk_without_refer_is_bridged;
    mod a_wrong_key_and_silence_in_a_menu_lead_on;
    mod an_announcement_is_heard_out_then_the_call_ends;
    mod an_echo_gives_the_caller_their_own_voice;
    mod an_extension_that_is_not_registered_gives_480;
    mod an_extension_that_rings_out_gives_480;
    mod an_invite_that_would_replace_a_call_is_refused;
    mod an_unknown_source_gets_silence;
    mod both_sides_hold_at_the_same_moment;
    mod carriers_of_the_field_notes;
    mod draining_refuses_new_calls_and_keeps_running_ones;
    mod each_side_holds_and_resumes;
    mod every_message_comes_twice;
    mod hold_by_address_0_is_hold;
    mod invites_and_answers_are_lost_on_both_legs;
    mod more_calls_than_the_node_takes_get_503;
    mod no_codec_in_common_gives_488_before_anybody_rings;
    mod no_free_port_gives_503;
    mod no_other_trunk_is_tried_after_486;
    mod no_provider_is_asked_for_a_call_that_is_over;
    mod the_caller_cancels_while_it_rings;
    mod the_caller_cancels_while_our_answer_crosses;
    mod the_caller_hangs_up_before_the_refer_is_answered;
    mod the_caller_hangs_up_while_the_bridge_after_a_refer_rings;
    mod the_drain_time_is_over_and_callers_are_told_goodbye;
    mod the_far_end_answers_while_our_cancel_crosses;
    mod the_longest_call_ends_with_a_word;
    mod the_next_trunk_is_tried_after_503;
    mod what_is_set_by_hand_decides_where_calls_start;
    mod what_the_media_worker_says_after_the_end_changes_nothing;
    mod whoever_guesses_a_password_too_often_is_not_heard_for_a_while;
    mod without_any_ack_the_call_ends_with_bye;
}
