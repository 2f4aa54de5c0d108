//! What every store has to do, whichever database it stands on: `store_conformance!` expands to one test for each
//! rule.

pub(in crate::store) mod bundling;
pub(in crate::store) mod deciding;
pub(in crate::store) mod drifting;
pub(in crate::store) mod enrolling;
pub(in crate::store) mod feeding;
pub(in crate::store) mod keeping;
pub(in crate::store) mod organising;
pub(in crate::store) mod photographing;
pub(in crate::store) mod publishing;
pub(in crate::store) mod reading;
pub(in crate::store) mod receiving;
pub(in crate::store) mod signing_in;
pub(in crate::store) mod world;

/// Tests a store. `$open` is an async function that answers a guard which dereferences to an empty `Store`.
macro_rules! store_conformance {
    ($open:path) => {
        mod conformance {
            $crate::store::conformance::rules! { $open =>
                organising: an_organisation_is_found_as_it_was_founded, names_are_unique_where_they_must_be,
                    people_change_and_their_past_is_kept,
                    a_new_development_is_announced_to_everybody, a_place_has_to_exist;
                enrolling: staff_sign_in_and_out, only_active_people_sign_in, a_code_makes_one_device,
                    a_code_is_refused_when_it_is_late_or_unknown, a_device_can_be_cut_off,
                    a_forked_identity_is_replaced_once_by_each_twin, a_device_is_parted_with_step_by_step, a_reminder_reaches_a_device_once, the_servers_key_stays_what_it_was_first;
                signing_in: sessions_are_told_apart_and_ended, a_code_counts_once;
                receiving: what_was_judged_before_is_published_with_its_lines,
                    what_is_no_longer_so_when_it_is_stored_is_judged_again, a_journal_is_kept_line_by_line, a_push_on_another_head_changes_nothing,
                    pushes_of_one_batch_stand_for_themselves, a_repeated_change_is_set_aside_under_its_true_name,
                    reports_are_noted, actors_belong_to_one_device_for_ever, large_pushes_are_kept_whole;
                publishing: what_waits_longest_comes_first, a_record_is_loaded_in_the_order_of_its_dependencies,
                    whoever_did_not_know_what_waits_judges_again,
                    positions_are_taken_one_by_one, whoever_comes_too_late_is_told, what_is_set_aside_is_listed,
                    verdicts_reach_the_device, a_verdict_is_not_repeated_while_nothing_changes,
                    a_failed_publication_leaves_no_trace, staff_changes_stand_after_the_devices,
                    a_record_is_published_twice_in_a_batch;
                bundling: what_lies_together_is_read_like_everything_else,
                    a_journal_is_read_in_order_wherever_its_lines_lie, what_lies_together_and_comes_again_is_known,
                    where_something_can_t_be_placed_changes_lie_for_themselves, lines_are_put_back_where_none_lies,
                    what_is_judged_anew_lies_for_itself, of_one_record_only_what_is_published_lies_together, what_is_too_large_together_lies_for_itself;
                deciding: what_is_accepted_is_judged_again_with_what_waited, what_is_refused_is_told_and_remembered,
                    held_changes_are_grouped_by_record_and_device;
                feeding: a_device_gets_what_it_lacks, pages_end_where_they_say,
                    what_was_passed_over_comes_on_a_later_page, a_record_that_moves_is_gone_and_whole,
                    a_record_that_comes_back_brings_the_devices_own_changes,
                    who_begins_again_gets_their_own_and_no_old_departures,
                    a_move_there_and_back_between_two_pages_leaves_the_record_whole,
                    places_are_told_within_the_organisation, authors_are_named;
                reading: lists_are_narrowed_by_each_filter, lists_are_paged_newest_first, scopes_hide_what_is_outside,
                    searches_find_names_and_numbers, common_words_are_found_too, origins_tell_who_and_when,
                    totals_follow_their_records, rebuilt_rows_are_the_same, whatever_a_row_keeps_is_compared,
                    a_row_without_changes_is_refused,
                    texts_may_hold_any_character, a_book_of_words_is_stored;
                drifting: strays_wait_within_limits, an_order_to_compare_stands_until_it_is_obeyed;
                keeping: backups_count_once_no_older_one_is_restored;
                photographing: an_upload_goes_on_where_it_stands, a_finished_upload_is_a_photo_once,
                    photos_are_seen_through_records, the_newest_records_that_name_a_photo_stand_for_all,
                    what_may_be_needed_is_not_forgotten,
                    photo_backups_count_once_no_older_one_is_restored;
            }

            #[test]
            fn a_needed_photo_is_never_forgotten() {
                $crate::store::conformance::a_needed_photo_is_never_forgotten(|| $open());
            }

            #[test]
            fn a_reader_of_the_feed_ends_with_exactly_what_it_may_see() {
                $crate::store::conformance::a_reader_of_the_feed_ends_with_exactly_what_it_may_see(|| $open());
            }
        }
    };
}

/// One test for each rule of each room.
macro_rules! rules {
    ($open:path => $($room:ident: $($rule:ident),+;)+) => {$($(
        #[tokio::test]
        async fn $rule() {
            let store = $open().await;
            $crate::store::conformance::$room::$rule(&*store).await;
            $crate::store::Store::close(&*store).await;
        }
    )+)+};
}

pub(super) use feeding::a_reader_of_the_feed_ends_with_exactly_what_it_may_see;
pub(super) use photographing::a_needed_photo_is_never_forgotten;
pub(super) use {rules, store_conformance};
