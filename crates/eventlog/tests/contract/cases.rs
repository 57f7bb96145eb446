/// Names each case once, for whoever makes tests of them: `with` gets the modules and the cases of each.
macro_rules! cases {
    ($with:ident) => {
        $with! {
            appending {
                an_append_gets_revisions_and_positions
                every_field_survives
                a_wrong_expectation_conflicts_and_writes_nothing
                a_repeated_append_is_answered_with_what_is_stored
                a_partial_repetition_is_refused
                events_of_one_append_are_taken_together_or_not_at_all
                appends_of_one_stream_queued_at_once_see_each_other
                of_many_first_appends_at_once_one_wins
                an_empty_or_too_large_append_is_refused
                any_payload_survives
            }
            reading {
                a_stream_is_read_from_a_revision_on
                a_page_of_a_stream_ends_at_its_bytes
                the_log_is_read_page_by_page
                a_selection_is_complete_up_to_where_it_looked
                a_reader_beyond_the_head_is_told
            }
            moments {
                commit_times_rise_whatever_the_writers_clocks_say
                a_moment_is_found
                an_entry_is_found_by_its_position_and_a_fact_by_its_id
                a_page_ends_at_its_bytes
                a_log_knows_which_it_is
            }
            ordering {
                a_tailing_reader_sees_every_event_of_sixteen_writers_in_order
            }
            telemetry {
                telemetry_and_facts_share_one_order
                telemetry_survives
                dropped_telemetry_is_no_hole
                empty_or_too_large_telemetry_is_refused
            }
            following {
                a_subscription_catches_up_and_then_follows
                a_subscription_to_facts_gets_past_telemetry
                a_subscription_resumes_where_it_is_told
            }
            executing {
                a_command_is_decided_on_the_stream_and_appended
                a_rejected_command_appends_nothing
                a_command_that_changes_nothing_appends_nothing
                a_repeated_command_is_answered_with_its_first_outcome
                commands_at_once_are_decided_one_after_another
                the_same_command_at_once_has_one_effect
                a_long_stream_is_loaded_whole
            }
        }
    };
}
