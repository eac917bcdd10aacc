"""Where backfills differ from the original's on purpose; see ``chronon.testing.deviations``."""

from __future__ import annotations

from chronon.testing.deviation import Deviation

_AREA = "tests/offline"

OFFLINE = (
    Deviation(
        "offline Q1",
        "Of two left rows with one key and time in different partitions of a step, one gets null features.",
        "Each row has the features of its own time.",
        "The partition of a left row says nothing about its time.",
        (f"{_AREA}/test_join_backfill.py::test_events_see_events_as_of_their_own_time",),
    ),
    Deviation(
        "offline Q2",
        "The parent of a chained temporal group-by is made a day short; rows of the last day are null.",
        "It is made through the day of the question, and each row is seen from its own time on.",
        "Otherwise training data lack what serving knows.",
        (f"{_AREA}/test_chaining.py::test_the_parent_is_made_in_the_same_run_through_the_day_of_the_question",),
    ),
    Deviation(
        "offline Q6",
        "The table of a part is a cache that only the day tells apart: left rows landed again keep old features.",
        "There are no such tables. Features are taken from an old output only if definition and input are the same.",
        "A cache must not change a result.",
        (
            f"{_AREA}/test_recompute.py::test_parts_that_are_what_they_were_are_taken_and_not_computed",
            f"{_AREA}/test_recompute.py::test_what_has_other_input_now_is_computed",
        ),
    ),
    Deviation(
        "offline Q11",
        "Left rows with a skewed key are left out, and with one skew key also those with a null key; some crash.",
        "skew_keys are accepted and not needed: every left row stays, with its features. This is noted in the result.",
        "A hot key is only a longer scan here.",
        (f"{_AREA}/test_recompute.py::test_skew_keys_leave_every_left_row_with_its_features",),
    ),
    Deviation(
        "offline Q12",
        "A derivation with the name of a feature is ignored; with a star it fails.",
        "It replaces the feature. What a bootstrap table has of that name is the replaced one.",
        "The definition asks for it.",
        (
            f"{_AREA}/test_join_derivations.py::test_a_derivation_replaces_the_feature_of_its_name",
            f"{_AREA}/test_bootstrap.py::test_a_derivation_that_replaces_a_feature_is_given_as_it_comes_out",
        ),
    ),
    Deviation(
        "offline Q13",
        "The keys of an external source that are not on the left are added to the output as empty columns.",
        "They are not.",
        "They say nothing.",
        (f"{_AREA}/test_external_parts.py::test_a_key_that_nobody_selects_adds_no_column",),
    ),
    Deviation(
        "offline Q14",
        "The derivations of a group-by in a join cannot read the time.",
        "They read the time and the partition of the row that asks.",
        "Serving can.",
        (f"{_AREA}/test_join_derivations.py::test_a_part_may_read_the_time_and_the_partition",),
    ),
    Deviation(
        "offline Q20",
        "Composite keys are compared by joined bytes: (ab, c) and (a, bc) are one key.",
        "Keys are compared column by column.",
        "It is silent corruption.",
        (f"{_AREA}/test_join_backfill.py::test_a_composite_key_needs_all_its_parts",),
    ),
    Deviation(
        "offline Q22",
        "A key that stands twice in a snapshot without aggregations doubles the left row.",
        "The left row comes out once, with the greatest of the two.",
        "A fetch gives one answer.",
        (f"{_AREA}/test_join_backfill.py::test_a_key_twice_in_a_snapshot_still_gives_one_row",),
    ),
    Deviation(
        "offline Q23",
        "A day without rows is never filled, and tried again by every run.",
        "It is filled with no rows.",
        "What is done is done.",
        (f"{_AREA}/test_join_backfill.py::test_a_day_whose_rows_are_all_filtered_out_is_filled_with_nothing",),
    ),
    Deviation(
        "offline Q24",
        "A group-by's day is computed when one of its sources has it, and not again when the others follow.",
        "It waits for all sources that reach to it, and the result says so; any_source computes it as the original.",
        "Half of the rows is a wrong feature.",
        (f"{_AREA}/test_recompute.py::test_a_day_of_a_group_by_waits_for_all_sources_that_reach_to_it",),
    ),
    Deviation(
        "offline Q25",
        "A first partition makes a join another one; a key mapping, row ids or external parts do not.",
        "What changes a value does; first and last partitions do not.",
        "What changed is computed again, and nothing else.",
        (
            f"{_AREA}/test_recompute.py::test_what_means_the_same_computes_nothing",
            f"{_AREA}/test_recompute.py::test_what_means_something_else_is_computed_again_and_the_old_rows_are_kept",
        ),
    ),
    Deviation(
        "offline Q26",
        "Of bootstrap rows with one row id, an arbitrary one is taken.",
        "The latest, then the greatest; how many there are is told.",
        "A backfill run twice must give the same table.",
        (f"{_AREA}/test_bootstrap.py::test_of_rows_with_one_row_id_the_greatest_is_taken_and_they_are_told",),
    ),
    Deviation(
        "offline Q27",
        "With a star, a left column that is called like a feature vanishes.",
        "It stays.",
        "Left columns are always kept.",
        (f"{_AREA}/test_join_derivations.py::test_a_left_column_of_a_features_name_stays_under_a_star",),
    ),
    Deviation(
        "offline Q35",
        "A chained group-by without an accuracy is temporal, whether its parent has a topic or not.",
        "It is temporal if its parent has one.",
        "So it is for every other group-by.",
        (f"{_AREA}/test_chaining.py::test_a_chained_group_by_is_as_accurate_as_the_topic_of_its_parent_makes_it",),
    ),
    Deviation(
        "offline Q36",
        "An archive that cannot be renamed is dropped.",
        "Nothing is dropped: old partitions are kept in <table>_<hash>, when their replacement is ready.",
        "Old training data may be the only copy.",
        (f"{_AREA}/test_recompute.py::test_a_table_holds_the_rows_of_one_definition",),
    ),
    Deviation(
        "offline Q41",
        "The table of bootstrapped rows has holes of its own: left rows vanish from the output.",
        "Bootstrap tables are read for the days that are computed.",
        "Every left row comes out exactly once.",
        (f"{_AREA}/test_bootstrap.py::test_what_a_day_had_before_does_not_matter",),
    ),
    Deviation(
        "offline Q42",
        "A bootstrap part with its own partition column is rejected.",
        "It is read.",
        "Other sources may have one too.",
        (f"{_AREA}/test_bootstrap.py::test_a_table_has_its_own_partition_column_and_bounds",),
    ),
    Deviation(
        "offline Q48",
        "A job that fails leaves its tables archived.",
        "The old partitions stay until new ones replace them.",
        "A failed job must not take data away.",
        (f"{_AREA}/test_recompute.py::test_a_job_that_fails_leaves_everything_as_it_was",),
    ),
    Deviation(
        "offline Q52",
        "A description of a parent archives the output of its children.",
        "Only what changes a value does.",
        "A comment is not a feature.",
        (f"{_AREA}/test_chaining.py::test_a_change_of_the_parent_is_a_change_of_the_child",),
    ),
    Deviation(
        "offline Q56",
        "A parent is checked again for every step and part of its child, and computed in one piece.",
        "Once, before the child, in the same steps.",
        "Memory is bounded by the steps.",
        (f"{_AREA}/test_chaining.py::test_a_parent_that_several_read_is_made_once_and_before_them",),
    ),
    Deviation(
        "offline Q62",
        "The values of an external source are compared with columns that begin like its name: a and a_b are mixed up.",
        "Each is compared with its own group-by.",
        "A name is not a prefix.",
        (f"{_AREA}/test_external_parts.py::test_two_sources_of_which_one_begins_like_the_other",),
    ),
)
