//! Suites: what every implementation of a port must do.
//!
//! Each behaviour is a function of the port alone, named as a sentence. [`sync_store_suite!`](crate::sync_store_suite) makes a
//! test of each, for one implementation.
#![expect(clippy::missing_panics_doc, reason = "a behaviour that is not met panics: that is the point")]

pub mod alerting;
pub mod attention;
pub mod auditing;
pub mod claiming;
pub mod exporting;
pub mod facets;
pub mod leases;
pub mod long_lists;
pub mod operating;
pub mod paging;
pub mod prelude;
pub mod pulling;
pub mod recording;
pub mod running;
pub mod searching;
pub mod settings;
pub mod sorting;
pub mod speed;
pub mod stock;
pub mod stock_lists;
pub mod visiting;
pub mod writing;

/// Makes one test of each behaviour of `SyncStore`.
///
/// `$fresh` is an async function without arguments that answers an empty, migrated store in a box,
/// and something to be kept until the test ends.
#[macro_export]
macro_rules! sync_store_suite {
    ($fresh:path) => {
        $crate::sync_store_suite! { @tests $fresh;
            pulling {
                new_orders_enter_at_their_first_stage
                an_unchanged_order_writes_nothing
                only_present_payloads_are_known
                a_changed_payload_never_touches_stage_or_evidence
                only_an_order_that_awaits_its_push_follows_the_channel
                an_order_claimed_by_another_run_is_not_moved_by_a_pull
                an_order_with_an_open_create_is_not_moved_by_a_pull
                an_older_payload_is_ignored
                a_status_change_is_in_the_timeline
                news_of_the_channels_status_makes_an_order_due
                news_of_an_order_that_a_run_holds_makes_it_due_afterwards
                an_order_that_a_pull_moves_has_no_reason_to_stay
                a_second_order_with_the_same_po_is_kept_unread
                an_order_repeated_within_a_page_is_one_order
                unreadable_orders_are_kept
                an_order_that_can_be_read_again_is_not_listed_as_unreadable
                whatever_can_be_read_again_is_not_listed_as_unreadable
                a_payload_is_kept_byte_for_byte
                payloads_that_were_replaced_are_kept_the_newest_few
                odd_characters_do_not_fail_a_page
                a_page_of_many_orders_is_saved_at_once
                orders_saved_by_two_runs_at_once_are_stored_once
                marks_move_forward_only
            }
            claiming {
                a_look_claims_nothing
                never_tried_orders_come_first_then_the_least_recently_tried
                sixty_waiting_orders_do_not_starve_twenty_ready_ones
                a_claimed_order_is_not_claimed_again
                claims_at_the_same_time_never_share_an_order
                an_order_whose_next_try_is_to_come_is_left_alone
                an_order_is_claimed_by_its_po
                a_claim_is_about_one_stage_of_one_route
            }
            recording {
                an_advanced_order_starts_anew_in_its_next_stage
                an_order_that_stays_counts_its_attempts
                an_order_that_stands_elsewhere_is_not_recorded
                an_order_that_is_not_claimed_is_not_recorded
                a_recorded_order_is_free_again
                evidence_may_grow_but_never_change
                equal_outcomes_in_a_row_are_one_event
                an_outcome_after_an_act_of_a_person_is_news
                writes_are_settled_with_their_order
            }
            running {
                one_run_of_a_job_at_a_time
                two_runs_on_one_order_exclude_each_other
                a_run_on_one_order_does_not_wait_for_its_job
                a_run_on_an_order_that_is_worked_on_is_refused
                a_dead_run_is_interrupted_and_its_orders_are_free
                a_run_that_was_taken_over_writes_nothing
                a_finished_run_writes_nothing
                finishing_frees_the_lock_and_the_claims
                the_history_shows_the_newest_runs_first
                the_runs_of_one_job_and_one_run_are_found
                the_history_of_runs_reaches_back_for_ninety_days
                the_schema_is_checked_and_migrating_twice_is_harmless
            }
            writing {
                an_open_write_is_not_intended_again
                a_rejected_write_is_intended_anew
                a_key_named_twice_is_intended_once
                a_note_keeps_what_it_does_not_replace
                what_is_applied_is_not_unknown_afterwards
                ends_and_doubts_are_in_the_timeline
                a_note_without_an_intent_is_kept
                writes_belong_to_their_route
                a_stock_figure_may_follow_one_that_was_applied
                stock_figures_are_in_no_timeline
                open_writes_are_those_without_an_end
            }
            searching {
                every_filter_finds_its_orders_and_no_others
                a_list_is_walked_to_its_end_without_repeats
                wildcards_are_ordinary_characters
                orders_are_found_by_the_items_that_they_have_now
                a_place_that_is_nonsense_is_refused
                counts_know_every_stage_and_who_waits_longest
            }
            sorting {
                a_list_has_the_order_that_was_asked_for
                every_order_of_a_list_is_walked_to_its_end_without_repeats
                a_place_in_a_list_of_another_order_is_refused
                orders_are_found_by_a_list_of_whole_po_numbers
                orders_are_found_by_how_long_they_are_in_their_stage
                orders_are_counted_up_to_a_cap
            }
            long_lists {
                a_list_of_very_many_orders_is_walked_to_its_end
            }
            facets {
                the_stored_values_of_a_member_are_offered
                moves_are_counted_where_orders_came_and_left
                totals_are_what_counting_gives
            }
            auditing {
                acts_come_back_as_they_were_kept_and_every_filter_finds_its_own
                a_list_of_acts_is_walked_to_its_end_without_repeats
                a_place_in_a_list_of_acts_that_is_nonsense_is_refused
                an_export_of_acts_has_every_cell
            }
            visiting {
                a_session_is_found_by_its_hash_until_it_is_closed
                a_use_is_noted_every_half_minute
                a_session_ends_when_it_is_unused_or_old
                sessions_that_nobody_came_back_to_are_forgotten
                a_key_is_claimed_once
            }
            operating {
                a_person_moves_an_order_in_any_direction
                an_order_in_work_is_not_moved_by_a_person
                an_order_of_a_dead_run_is_moved_by_a_person
                an_order_that_is_not_there_is_not_moved
                retrying_makes_orders_due
                an_act_of_a_person_outlives_the_run_that_holds_the_order
                the_timeline_gives_the_newest_facts_oldest_first
                a_held_order_is_left_alone_until_it_is_released
                holding_and_releasing_are_in_the_timeline
                a_person_lets_the_service_cancel_in_the_erp
                an_order_that_is_not_there_is_neither_held_nor_cancelled
            }
            settings {
                every_save_is_a_version
                saving_makes_blocked_orders_due
                saving_makes_an_order_due_that_a_run_blocks_afterwards
                every_version_can_be_read_again
                a_save_on_top_of_another_version_is_refused
            }
            attention {
                orders_that_stay_are_grouped_by_why_the_largest_group_first
                only_reasons_with_one_remedy_are_grouped_by_their_detail
                held_finished_and_advanced_orders_have_no_cause
                causes_are_those_of_a_route_or_of_all
                slow_and_stuck_orders_are_counted_apart
            }
            alerting {
                a_new_condition_gives_one_message
                a_message_that_was_not_sent_is_due_again
                an_end_is_told_once_and_then_forgotten
                a_condition_that_ends_untold_gives_no_message
                a_condition_that_is_back_before_its_end_was_told_is_the_same
                a_condition_that_is_back_while_its_end_is_told_is_told_anew
                a_message_on_its_way_when_its_condition_ends_is_followed_by_its_end
                of_callers_at_the_same_time_one_gets_the_message
                alerts_are_the_conditions_that_hold
            }
            leases {
                no_more_slots_are_taken_than_there_are
                a_freed_slot_and_one_whose_time_is_up_are_free
                a_kept_slot_is_ours_for_longer_and_a_lost_one_stays_lost
                slots_are_taken_apart_even_when_they_were_freed
                callers_at_the_same_time_never_share_a_slot
                a_minute_holds_no_more_calls_than_allowed
                a_second_holds_no_more_calls_than_allowed
                callers_at_the_same_time_never_share_a_call
                a_shared_value_is_replaced_by_whoever_knows_its_version
                of_two_who_share_at_once_one_wins
            }
            stock {
                a_stock_record_comes_back_as_it_was_saved
                a_run_that_was_taken_over_saves_no_stock
                known_stock_has_units_on_either_side_in_its_newest_record
                forgetting_stock_keeps_the_newest_of_each_key
                much_stock_is_saved_and_forgotten_at_once
            }
            stock_lists {
                every_stock_filter_finds_its_records_and_no_others
                the_newest_record_is_chosen_before_the_other_filters
                a_stock_list_is_walked_to_its_end_without_repeats
                the_newest_records_of_a_past_day_are_walked_to_their_end
                a_place_in_a_stock_list_that_is_nonsense_is_refused
            }
            exporting {
                an_exported_order_has_every_cell
                an_export_has_the_orders_of_the_list_in_its_order
                an_exported_stock_record_has_every_cell
                an_export_has_the_stock_records_of_the_list_in_its_order
                a_sink_that_cannot_go_on_ends_the_export
            }
        }
    };
    (@tests $fresh:path; $($module:ident { $($name:ident)+ })+) => {
        $($(
            #[tokio::test]
            async fn $name() {
                let (store, kept) = $fresh().await;
                $crate::suite::$module::$name(&*store).await;
                store.close().await;
                drop(kept);
            }
        )+)+
    };
}
