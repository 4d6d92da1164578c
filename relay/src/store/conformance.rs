//! What every engine passes: the seam's promises, one by one, at random, and in
//! races.
//!
//! An engine says how it is opened ([`Engine`]); [`suite`] then makes one test of
//! each case, [`durable_suite`] those of what outlives a process, and
//! [`owned_suite`] or [`shared_suite`] those of a store that has one node, or several. Times are
//! made up, so a month passes in no time.

pub(crate) mod accounts;
pub(crate) mod blobs;
mod dice;
pub(crate) mod epochs;
pub(crate) mod invitations;
pub(crate) mod knocks;
pub(crate) mod laboratory;
pub(crate) mod mailboxes;
pub(crate) mod nodes;
mod operation;
mod outcome;
pub(crate) mod portable;
pub(crate) mod prekeys;
pub(crate) mod races;
pub(crate) mod random;
pub(crate) mod records;
pub(crate) mod reopening;
pub(crate) mod rights;
pub(crate) mod upkeep;
mod world;

use std::sync::Arc;

use super::{Store, Wake};

/// How an engine is tested.
pub(crate) trait Engine: Send + Sync + 'static {
    /// The engine.
    type Store: Store;

    /// Whether what it needs is installed here. Says so where it is not.
    fn is_there() -> bool {
        true
    }

    /// A place in which there is no store yet.
    fn fresh() -> Self;

    /// Opens the store that is in that place, or makes it.
    async fn open(&self, wake: Arc<dyn Wake>) -> Self::Store;

    /// The same for a move that has not ended.
    async fn open_to_move(&self, wake: Arc<dyn Wake>) -> Self::Store {
        self.open(wake).await
    }
}

/// An engine that several nodes may share.
pub(crate) trait Shared: Engine {
    /// One more node on the store that is in that place, or that is made.
    async fn join(&self, wake: Arc<dyn Wake>) -> Self::Store;
}

/// One test of each case.
macro_rules! cases {
    ($engine:ty; $($module:ident: $($case:ident)*;)*) => {
        $(mod $module {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if <$engine as $crate::store::conformance::Engine>::is_there() {
                    $crate::store::conformance::$module::$case::<$engine>().await;
                }
            })*
        })*
    };
}

/// What every engine passes.
macro_rules! suite {
    ($engine:ty) => {
        $crate::store::conformance::cases! { $engine;
            accounts:
                an_account_is_found_by_name_id_and_mailbox
                a_name_and_an_identity_are_taken_once
                a_card_is_taken_only_as_the_successor
                cards_come_in_pages
                a_device_comes_and_goes_with_its_card
                a_device_that_comes_back_begins_anew
                a_change_needs_the_credential_it_names
                the_door_before_is_kept_with_its_end
                suspension_quota_and_mark_are_kept
                a_counter_only_rises
                accounts_are_listed_by_name
                a_deleted_account_leaves_nothing;
            invitations:
                an_invitation_is_used_up_with_the_registration
                a_registration_that_fails_uses_nothing_up
                an_invitation_expires_on_time
                invitations_are_limited_listed_and_revoked;
            prekeys:
                each_pair_is_handed_out_once_and_the_lowest_first
                bundles_are_for_the_devices_that_are_named
                a_right_fetches_pairs_once
                a_pair_that_is_there_stays_as_it_is
                a_pair_that_was_handed_out_never_comes_back
                too_many_pairs_change_nothing;
            rights:
                a_right_is_kept_once
                rights_are_counted_by_kind_until_they_expire
                a_token_is_listed_and_revoked
                a_right_is_good_at_its_account_alone;
            mailboxes:
                envelopes_come_in_their_order
                an_envelope_is_stored_once
                a_mailbox_is_full_at_its_envelopes
                a_mailbox_is_full_at_its_bytes_with_their_overhead
                pages_are_bounded_and_give_one_at_least
                what_is_acknowledged_is_forgotten
                an_envelope_expires_on_time
                an_append_wakes
                a_mailbox_that_is_not_there_holds_nothing;
            knocks:
                tickets_are_refused_before_tokens
                a_knock_spends_its_right
                a_duplicate_spends_nothing
                a_knock_that_is_refused_spends_nothing
                a_ticket_knocks_at_each_device;
            records:
                a_record_is_replaced_at_its_revision
                the_same_call_once_more_is_done
                records_are_limited_in_number_and_bytes
                records_come_in_the_order_of_their_ids
                a_record_is_deleted_at_its_revision;
            blobs:
                a_blob_is_made_of_pieces_in_any_order
                a_blob_has_one_owner_and_one_length
                blobs_count_whole_from_their_first_piece
                a_blob_expires_on_time
                a_blob_is_deleted_by_its_owner;
            upkeep:
                a_new_store_takes_the_wall_clocks_time
                sweeping_removes_all_that_is_over_and_nothing_else
                sweeping_keeps_the_time
                figures_and_holdings_say_what_is_there
                a_check_finds_no_fault;
            races:
                each_pair_goes_to_one_caller
                one_card_wins_a_version
                an_envelope_that_comes_often_is_stored_once
                the_last_use_of_an_invitation_goes_to_one
                a_name_goes_to_one
                an_account_takes_along_what_comes_while_it_goes
                a_device_takes_along_what_comes_while_it_goes
                the_last_knock_goes_to_one
                the_last_place_in_a_mailbox_goes_to_one
                the_last_place_for_a_token_goes_to_one
                the_last_place_for_an_invitation_goes_to_one
                the_last_place_for_a_record_goes_to_one
                one_writer_wins_a_revision
                a_reader_skips_nothing_while_others_append;
            random:
                random_operations_do_what_they_do_in_memory;
        }
    };
}

/// What an engine passes besides that outlives its process.
macro_rules! durable_suite {
    ($engine:ty) => {
        $crate::store::conformance::cases! { $engine;
            reopening:
                everything_is_there_after_a_restart
                a_restart_keeps_the_secret
                sequence_numbers_go_on_rising;
        }
    };
}

/// What an engine passes besides that one process owns.
macro_rules! owned_suite {
    ($engine:ty) => {
        $crate::store::conformance::cases! { $engine;
            epochs:
                a_restart_is_a_new_epoch;
        }
    };
}

/// What an engine passes that can be moved.
macro_rules! portable_suite {
    ($engine:ty) => {
        $crate::store::conformance::cases! { $engine;
            portable:
                everything_moves_and_goes_on_as_before
                a_move_that_is_cut_off_at_any_page_goes_on
                a_page_that_comes_twice_changes_nothing
                only_an_empty_store_is_filled
                sequence_numbers_go_on_rising_after_a_move
                numbers_that_two_mailboxes_share_stay_apart;
        }
    };
}

/// What an engine passes besides that several nodes may share.
macro_rules! shared_suite {
    ($engine:ty) => {
        $crate::store::conformance::cases! { $engine;
            nodes:
                nodes_are_of_one_epoch_and_one_secret
                a_node_reads_what_another_was_answered
                an_arrival_wakes_at_every_node
                a_word_is_heard_by_the_other_node
                a_bucket_is_one_for_all_nodes
                what_was_taken_from_a_bucket_comes_back
                the_first_nodes_pin_is_kept;
        }
    };
}

pub(crate) use {cases, durable_suite, owned_suite, portable_suite, shared_suite, suite};
