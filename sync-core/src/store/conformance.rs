//! What every [`Store`](super::Store) has to do, as one test per rule. [`store_conformance!`](crate::store_conformance) turns
//! the rules into the tests of one store; nothing here knows which.
#![allow(clippy::unwrap_used, reason = "these functions are tests that happen to live in a library")]

mod drift;
mod fixture;
mod identity;
mod journal;
mod listing;
mod refusal;
mod scope;

pub use drift::*;
pub use identity::*;
pub use journal::*;
pub use listing::*;
pub use refusal::*;
pub use scope::*;

/// Tests a [`Store`](crate::store::Store). The argument is a closure that gives an empty store and whatever has to
/// live as long as the store does, such as its folder.
///
/// ```ignore
/// sync_core::store_conformance!(|| (MemoryStore::new(), ()));
/// ```
#[macro_export]
macro_rules! store_conformance {
    ($factory:expr) => {
        $crate::store_conformance! { @cases $factory;
            an_empty_store_knows_nothing
            identity_and_progress_read_back
            the_device_key_outlives_a_failed_enrolment
            lines_name_their_records_once
            a_new_identity_begins_a_new_journal
            a_new_identity_keeps_what_is_parted
            what_a_former_identity_sent_is_confirmed_later
            another_installation_writes_under_another_actor
            a_wipe_leaves_nothing_but_a_tombstone
            a_commit_is_all_there
            a_line_out_of_order_changes_nothing
            every_head_of_the_journal_is_known
            the_outbox_keeps_the_order_and_the_limits
            the_backlog_counts_what_is_not_acknowledged
            verdicts_are_kept_and_replaced
            verdicts_about_unknown_lines_are_passed_over
            pulled_changes_come_once_and_in_order
            a_record_that_can_t_be_read_waits
            a_record_that_left_goes_at_once
            a_record_with_unsent_changes_stays_until_they_are_through
            own_changes_outlive_their_record_until_the_backup_has_them
            a_record_that_comes_back_is_whole
            lines_are_found_by_their_record
            what_is_not_settled_is_told_apart
            a_record_that_comes_whole_replaces_what_is_there
            what_is_held_is_named_in_order
            authors_and_profiles_are_replaced
            a_refused_change_leaves_its_record
            refused_changes_are_sent_again_until_the_backup_has_them
            a_refused_record_disappears_and_its_text_stays
            a_settled_refusal_is_no_problem_any_more
            what_comes_back_is_refused_no_more
            lists_show_the_newest_first_page_by_page
            lists_narrow_by_every_filter
            filters_combine
            unsent_follows_the_acknowledgement
            searches_find_names_and_ends_of_numbers
            an_edit_replaces_what_is_found
        }
    };
    (@cases $factory:expr; $($case:ident)+) => {$(
        #[test]
        fn $case() {
            let (mut store, _guard) = $factory();
            $crate::store::conformance::$case(&mut store);
        }
    )+};
}
