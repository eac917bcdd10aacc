"""Functions that Spark has and that are refused, with the reason and what to use instead."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


AGGREGATES = _names(
    """
    any any_value approx_count_distinct approx_percentile array_agg avg bit_and bit_or bool_and bool_or
    collect_list collect_set corr count count_if covar_pop covar_samp every first first_value kurtosis last
    last_value max max_by mean median min min_by mode percentile percentile_approx regr_slope skewness some std
    stddev stddev_pop stddev_samp sum try_avg try_sum var_pop var_samp variance
    """
)
WINDOWS = _names("cume_dist dense_rank lag lead nth_value ntile percent_rank rank row_number")
GENERATORS = _names("explode explode_outer inline inline_outer json_tuple posexplode posexplode_outer stack")
RANDOM = _names("monotonically_increasing_id rand randn random randstr shuffle spark_partition_id uniform uuid")
CLOCK = _names("curdate current_date current_time current_timestamp current_timezone localtimestamp now")
ENGINE = _names("current_catalog current_database current_schema current_user input_file_name user version")
HASHES = _names("crc32 hash xxhash64")

_REASONS = (
    (AGGREGATES, "it is an aggregate, and an expression sees one row", "an Aggregation of a group-by"),
    (WINDOWS, "it is a window function, and an expression sees one row", "an Aggregation of a group-by"),
    (GENERATORS, "it makes several rows of one", "a staging query"),
    (RANDOM, "it gives another value each time, so training and serving would differ", "a value stored in the source"),
    (CLOCK, "it reads the clock, so a backfill would differ from a fetch", "the column ts or ds"),
    (ENGINE, "it depends on the engine that runs it", None),
    (HASHES, "no other engine has Spark's hash", "MD5(x), SHA1(x) or SHA2(x, 256)"),
)


def reason(name: str) -> tuple[str, str | None] | None:
    """Why a function is refused and what to use instead; None if it is only unknown."""
    for names, why, instead in _REASONS:
        if name in names:
            return why, f"use {instead}" if instead else None
    return None
