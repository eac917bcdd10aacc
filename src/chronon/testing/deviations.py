"""Where our results differ from the original's on purpose: what it does, what we do, why, and the test that shows it.

The numbers are those of the original's lists of quirks: of its aggregations, with ``offline`` before them, of its
backfills, with ``authoring``, of its definitions and scripts, and with ``sql`` they name what is Spark's own; without a
Q, they name the chapter that describes it. The golden runner takes the recommended value of a case only if all the
quirks of the case stand here.
"""

from __future__ import annotations

from collections.abc import Mapping

from chronon.testing.authoring_deviations import AUTHORING
from chronon.testing.deviation import Deviation
from chronon.testing.offline_deviations import OFFLINE
from chronon.testing.sql_deviations import EXPRESSIONS

__all__ = ["DEVIATIONS", "Deviation"]


_AREA = "tests/testing"
_ALGEBRA = "tests/aggregate"

_LISTED = (
    Deviation(
        "Q1",
        "Merging an exact APPROX_HISTOGRAM_K into a sketch changes the sketch, so that later windows and later fetches "
        "count too much.",
        "A merge never changes what it merges.",
        "A result depends on the rows it sees, not on what was asked before.",
        (
            f"{_AREA}/test_serving.py::test_windows_do_not_add_to_each_others_counts",
            f"{_AREA}/test_serving.py::test_a_second_fetch_answers_the_same",
        ),
    ),
    Deviation(
        "Q2",
        "APPROX_HISTOGRAM_K beyond k distinct values over-counts and drops keys, down to an empty map.",
        "Exact up to max(64, 8 k) distinct values, then a summary with a stated error; ties go by key.",
        "The most frequent keys are what it is asked for.",
        (
            f"{_AREA}/test_operations.py::test_frequent_keys_are_exact_and_written_as_the_original_writes_numbers",
            f"{_AREA}/test_operations.py::test_frequent_keys_beyond_the_counters_come_with_their_error",
        ),
    ),
    Deviation(
        "Q3",
        "HISTOGRAM with k may keep keys of the smallest kept count and drop a more frequent one.",
        "The k most frequent keys; ties go by key.",
        "Otherwise the answer depends on a hash order.",
        (f"{_AREA}/test_operations.py::test_histogram_keeps_the_k_most_frequent_and_breaks_ties_by_key",),
    ),
    Deviation(
        "Q4",
        "element_wise fails or is dropped silently under windows.",
        "One result per position everywhere.",
        "The definition asks for it.",
        (f"{_AREA}/test_serving.py::test_element_wise_is_honoured_under_windows",),
    ),
    Deviation(
        "Q5",
        "A reversal fails on a map or element-wise column whose operation cannot take values back.",
        "It is ignored, as on every other column.",
        "One row must not take its neighbours down.",
        (f"{_AREA}/test_shapes.py::test_reversals_take_back_what_can_be_taken_back",),
    ),
    Deviation(
        "Q6",
        "The backfill decides on each mutation once a day: what leaves a short window stays, what is dated later is "
        "lost.",
        "Every query is evaluated for itself.",
        "Only so is the backfill what serving answered.",
        (
            f"{_AREA}/test_serving.py::test_each_query_sees_the_changes_for_itself",
            f"{_AREA}/test_serving.py::test_changes_count_once_made_and_once_their_row_has_happened",
        ),
    ),
    Deviation(
        "Q7",
        "Serving misses a row exactly at the start of the window, until the window has moved by a hop.",
        "The start is included, as in a backfill.",
        "Online must equal offline.",
        (
            f"{_AREA}/test_serving.py::test_a_row_exactly_at_the_start_of_the_window_counts",
            f"{_AREA}/test_windows.py::test_the_shared_dataset_served_gives_the_same",
        ),
    ),
    Deviation(
        "Q8",
        "A window in hours from 12 days on, if not of whole days, starts later than its hop says, depending on the "
        "earliest query of the job.",
        "The start is floored to the hop, always.",
        "A result must not depend on the other queries of a job.",
        (
            f"{_AREA}/test_windows.py::test_hours_that_are_not_whole_days_start_at_their_hop_too",
            f"{_AREA}/test_windows.py::test_the_first_row_that_a_window_sees_on_a_grid_of_five_minutes",
        ),
    ),
    Deviation(
        "Q9",
        "With a batch older than two days, longer windows count rows that have left them.",
        "Exact until the batch is older than stale_after; then null.",
        "No answer is better than one over a wider window.",
        (
            f"{_AREA}/test_serving.py::test_an_old_batch_never_answers_a_wider_window",
            f"{_AREA}/test_serving.py::test_a_window_that_moves_by_days_grows_stale_by_days",
        ),
    ),
    Deviation(
        "Q12",
        "TOP_K and BOTTOM_K lose valid values where there is a NaN.",
        "NaN counts as null.",
        "The k best numbers are what it is asked for.",
        (f"{_AREA}/test_operations.py::test_top_and_bottom_k_leave_nan_out",),
    ),
    Deviation(
        "Q13",
        "Among rows of one time, FIRST and LAST pick the one processed first, FIRST_K and LAST_K mostly the one "
        "processed last; neither is the same from run to run on a cluster.",
        "Rows have a total order (time, sequence, payload); FIRST and FIRST_K read from its front, the others from its "
        "back.",
        "The same rows give the same answer, and LAST is the head of LAST_K. Golden cases of mutations hold what one "
        "execution gave for rows updated in place, which all have one time: there the runner expects this order.",
        (
            f"{_AREA}/test_order.py::test_rows_of_one_time_stand_in_order_of_their_sequence",
            f"{_AREA}/test_order.py::test_without_a_sequence_the_payload_decides_and_arrival_never_does",
        ),
    ),
    Deviation(
        "Q14",
        "LAST keeps the old value of a row that was updated in place, until the next batch.",
        "The image that is later in the order of Q13 wins: by sequence, then by payload.",
        "It follows from the total order.",
        (f"{_AREA}/test_serving.py::test_changes_count_once_made_and_once_their_row_has_happened",),
    ),
    Deviation(
        "Q16",
        "Distinct counts take every binary value for a new one.",
        "Binary values compare by content.",
        "The operation counts values.",
        (
            f"{_AREA}/test_operations.py::test_plain_operations",
            f"{_AREA}/test_operations.py::test_bounded_unique_count_stops_at_k",
        ),
    ),
    Deviation(
        "Q17",
        "BOUNDED_UNIQUE_COUNT that has reached k cannot be stored for numbers and binary values: the upload fails.",
        "The k least values are kept, of every type.",
        "One busy key must not stop an upload.",
        (f"{_ALGEBRA}/test_rules.py::test_a_bounded_count_beyond_k_is_stored_for_every_type",),
    ),
    Deviation(
        "Q20",
        "APPROX_PERCENTILE without arguments fails; beyond k values its result differs from run to run.",
        "Without arguments it gives the median; a result is the same in every run, within the stated rank error.",
        "A backfill run twice must give the same table.",
        (
            f"{_AREA}/test_operations.py::test_percentiles_are_exact_up_to_k_values",
            f"{_AREA}/test_operations.py::test_percentiles_beyond_k_values_come_with_their_bounds",
        ),
    ),
    Deviation(
        "Q21",
        "HISTOGRAM of anything but text is accepted and fails on the first value.",
        "The definition is refused.",
        "An error belongs to the definition, before a job starts.",
        (f"{_AREA}/test_definitions.py::test_wrong_definitions_are_refused_with_the_reason",),
    ),
    Deviation(
        "Q23",
        "An empty list of windows or buckets makes the aggregation vanish.",
        "An empty list is the same as none.",
        "Nobody means to define no feature.",
        (f"{_AREA}/test_definitions.py::test_an_empty_list_is_the_same_as_none",),
    ),
    Deviation(
        "Q24",
        "A null among the windows crashes the job.",
        "It is the whole history.",
        "The original's own documentation uses it so.",
        (f"{_AREA}/test_definitions.py::test_a_null_window_and_the_longest_one_are_the_whole_history",),
    ),
    Deviation(
        "Q25",
        "Two aggregations may give columns of one name.",
        "The definition is refused.",
        "One of the two would be lost.",
        (f"{_AREA}/test_definitions.py::test_two_columns_of_one_name_are_refused",),
    ),
    Deviation(
        "Q26",
        "The counters of AVERAGE, VARIANCE and HISTOGRAM have 32 bits.",
        "They have 64; what a HISTOGRAM gives has 32, as its type says.",
        "Counts that wrap give averages that look plausible.",
        (f"{_ALGEBRA}/test_rules.py::test_counters_have_64_bits",),
    ),
    Deviation(
        "Q27",
        "A window in hours at daily accuracy fails in the job.",
        "The definition is refused.",
        "An error belongs to the definition, before a job starts.",
        (f"{_AREA}/test_windows.py::test_daily_windows_are_in_days",),
    ),
    Deviation(
        "Q29",
        "A tile counts with all its events, also those after the instant that is asked for.",
        "So it does, and the answer is marked inexact; only tiles that are closed are made.",
        "A tile cannot tell its rows apart.",
        (f"{_ALGEBRA}/test_tiles.py::test_a_tile_counts_with_all_its_rows_and_the_answer_is_marked_inexact",),
    ),
    Deviation(
        "Q30",
        "Tiles of a group-by without windows fail.",
        "They are an hour wide.",
        "Nothing cuts them.",
        (f"{_ALGEBRA}/test_tiles.py::test_a_tile_is_as_wide_as_the_windows_allow",),
    ),
    Deviation(
        "Q31",
        "The reversal of a row exactly at the start of the window counts -1.",
        "It takes back the row, which is counted.",
        "It follows from Q7.",
        (f"{_AREA}/test_serving.py::test_each_query_sees_the_changes_for_itself",),
    ),
    Deviation(
        "Q33",
        "Window starts before 1970 are rounded towards 1970.",
        "They are floored.",
        "A window is never shorter than declared.",
        (f"{_AREA}/test_windows.py::test_windows_before_1970_start_at_their_hop_too",),
    ),
    Deviation(
        "Q36",
        "Finalising sorts what FIRST_K, LAST_K, TOP_K and BOTTOM_K remember in place, which must not be updated then.",
        "Finalising changes nothing.",
        "An answer must not change the next one.",
        (f"{_ALGEBRA}/test_states.py::test_finalising_a_state_leaves_it_as_it_is",),
    ),
    Deviation(
        "Q37",
        "k below 1 gives one value, or none.",
        "The definition is refused, for every operation that keeps k values.",
        "It cannot be meant.",
        (f"{_AREA}/test_definitions.py::test_wrong_definitions_are_refused_with_the_reason",),
    ),
    Deviation(
        "Q39",
        "A row whose time is null counts as one of 1970 in a backfill and not at all in the stream.",
        "It is left out, everywhere.",
        "Online must equal offline.",
        (f"{_AREA}/test_windows.py::test_a_row_without_its_time_is_left_out",),
    ),
    Deviation(
        "Q41",
        "Sums of doubles depend on the order in which hops are merged.",
        "They are rounded once, as far as two doubles carry.",
        "The same rows give the same answer.",
        (f"{_AREA}/test_operations.py::test_plain_operations",),
    ),
    Deviation(
        "Q43",
        "Lists that hold a null and maps with a null key can be answered but not stored.",
        "Nulls in lists are stored; a map with a null key is refused, by the row that has it.",
        "What is answered offline must be answered online.",
        (
            f"{_ALGEBRA}/test_rules.py::test_lists_with_nulls_are_stored",
            f"{_ALGEBRA}/test_rules.py::test_a_null_key_of_a_map_is_refused",
        ),
    ),
)

_ALL = (*_LISTED, *OFFLINE, *AUTHORING, *EXPRESSIONS)

DEVIATIONS: Mapping[str, Deviation] = {deviation.quirk: deviation for deviation in _ALL}
"""Every deviation by the quirk it replaces."""
