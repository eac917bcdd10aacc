"""Functions that Spark has and that are refused, with the reason and what to use instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refused:
    """Functions that are refused for one reason.

    Parameters
    ----------
    title:
        What they are, for the documentation.
    names:
        The functions.
    why:
        The reason.
    instead:
        What to use.
    """

    title: str
    names: frozenset[str]
    why: str
    instead: str | None = None


def _of(title: str, names: str, why: str, instead: str | None = None) -> Refused:
    return Refused(title, frozenset(names.split()), why, instead)


CLOCK = "functions that read the clock"

GROUPS = (
    _of(
        "aggregates",
        """
        any any_value approx_count_distinct approx_percentile approx_top_k array_agg avg bit_and bit_or bit_xor bool_and
        bool_or collect_list collect_set collect_union corr count count_if count_min_sketch counter_diff covar_pop
        covar_samp every first first_value grouping grouping_id histogram_numeric kurtosis last last_value listagg max
        max_by mean measure median min min_by mode percentile percentile_approx percentile_cont percentile_disc
        regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
        schema_of_variant_agg skewness some std stddev stddev_pop stddev_samp string_agg sum try_avg try_sum var_pop
        var_samp variance vector_avg vector_sum
        """,
        "it is an aggregate, and an expression sees one row",
        "an Aggregation of a group-by",
    ),
    _of(
        "window functions",
        """
        cume_dist dense_rank lag lead nth_value ntile percent_rank rank row_number session_window window window_time
        """,
        "it is a window function, and an expression sees one row",
        "an Aggregation of a group-by",
    ),
    _of(
        "functions that make rows",
        """
        explode explode_outer inline inline_outer json_tuple posexplode posexplode_outer python_worker_logs range
        sql_keywords stack variant_explode variant_explode_outer collations
        """,
        "it makes several rows of one",
        "a staging query",
    ),
    _of(
        "functions that give another value each time",
        """
        aes_encrypt monotonically_increasing_id rand randn random randstr shuffle spark_partition_id uniform uuid
        """,
        "it gives another value each time, so training and serving would differ",
        "a value stored in the source",
    ),
    _of(
        CLOCK,
        "curdate current_date current_time current_timestamp current_timezone localtime localtimestamp now",
        "it reads the clock, so a backfill would differ from a fetch",
        "the column ts or ds",
    ),
    _of(
        "functions of the engine",
        """
        current_catalog current_database current_path current_schema current_user input_file_block_length
        input_file_block_start input_file_name session_user user version java_method reflect try_reflect
        """,
        "it depends on the engine that runs it",
    ),
    _of(
        "functions that stop the job",
        "assert_true raise_error",
        "one bad row would take down its neighbours",
        "a condition in wheres",
    ),
    _of(
        "secrets",
        "aes_decrypt try_aes_decrypt hmac",
        "a key does not belong in a definition",
        "decrypt in a staging query, or name a Python function",
    ),
    _of(
        "sketches",
        """
        approx_top_k_accumulate approx_top_k_combine approx_top_k_estimate bitmap_and_agg bitmap_bit_position
        bitmap_bucket_number bitmap_construct_agg bitmap_count bitmap_or_agg hll_sketch_agg hll_sketch_estimate
        hll_union hll_union_agg kll_merge_agg_bigint kll_merge_agg_double kll_merge_agg_float kll_sketch_agg_bigint
        kll_sketch_agg_double kll_sketch_agg_float kll_sketch_get_n_bigint kll_sketch_get_n_double
        kll_sketch_get_n_float kll_sketch_get_quantile_bigint kll_sketch_get_quantile_double
        kll_sketch_get_quantile_float kll_sketch_get_rank_bigint kll_sketch_get_rank_double kll_sketch_get_rank_float
        kll_sketch_merge_bigint kll_sketch_merge_double kll_sketch_merge_float kll_sketch_to_string_bigint
        kll_sketch_to_string_double kll_sketch_to_string_float theta_difference theta_intersection
        theta_intersection_agg theta_sketch_agg theta_sketch_estimate theta_union theta_union_agg
        tuple_difference_double tuple_difference_integer tuple_difference_theta_double tuple_difference_theta_integer
        tuple_intersection_agg_double tuple_intersection_agg_integer tuple_intersection_double
        tuple_intersection_integer tuple_intersection_theta_double tuple_intersection_theta_integer
        tuple_sketch_agg_double tuple_sketch_agg_integer tuple_sketch_estimate_double tuple_sketch_estimate_integer
        tuple_sketch_summary_double tuple_sketch_summary_integer tuple_sketch_theta_double tuple_sketch_theta_integer
        tuple_union_agg_double tuple_union_agg_integer tuple_union_double tuple_union_integer tuple_union_theta_double
        tuple_union_theta_integer
        """,
        "its bytes are Spark's own",
        "APPROX_UNIQUE_COUNT, APPROX_PERCENTILE or UNIQUE_COUNT of a group-by",
    ),
    _of(
        "other formats of documents",
        """
        from_avro from_csv from_protobuf from_xml schema_of_avro schema_of_csv schema_of_json schema_of_xml to_avro
        to_csv to_protobuf to_xml xpath xpath_boolean xpath_double xpath_float xpath_int xpath_long xpath_number
        xpath_short xpath_string
        """,
        "only JSON is read in an expression",
        "a decoder of the topic or a staging query; for JSON GET_JSON_OBJECT or FROM_JSON",
    ),
    _of(
        "variants",
        """
        is_valid_variant is_variant_null parse_json schema_of_variant to_variant_object try_parse_json
        try_variant_array_append try_variant_get try_variant_insert try_variant_set variant_array_append variant_delete
        variant_get variant_insert variant_set variant_strip_nulls
        """,
        "features have no type VARIANT",
        "GET_JSON_OBJECT or FROM_JSON",
    ),
    _of(
        "times of day",
        """
        make_time time time_diff time_from_micros time_from_millis time_from_seconds time_to_micros time_to_millis
        time_to_seconds time_trunc to_time try_to_time
        """,
        "features have no type TIME",
        "HOUR, MINUTE and SECOND of a timestamp",
    ),
    _of(
        "intervals as values",
        "make_dt_interval make_interval make_ym_interval try_make_interval time_bucket",
        "features have no type INTERVAL",
        "x + INTERVAL 3 DAYS, TIMESTAMPADD(DAY, n, x), DATE_ADD or ADD_MONTHS",
    ),
    _of(
        "timestamps without a zone",
        """
        convert_timezone make_timestamp_ntz to_timestamp_ntz try_make_timestamp_ntz timestamp_nanos unix_nanos
        """,
        "there is one type of timestamps, in UTC and microseconds",
        "TO_TIMESTAMP, MAKE_TIMESTAMP, FROM_UTC_TIMESTAMP or TO_UTC_TIMESTAMP",
    ),
    _of(
        "formats of one country",
        "sentences to_char to_number to_varchar try_to_number",
        "its format has no meaning that is stated anywhere but in Spark",
        "FORMAT_NUMBER, FORMAT_STRING, DATE_FORMAT, or CAST after REGEXP_REPLACE",
    ),
    _of("collations", "collate collation", "texts are compared by their code points only", "LOWER(x) on both sides"),
    _of(
        "checks of UTF-8",
        "is_valid_utf8 make_valid_utf8 try_validate_utf8 validate_utf8",
        "every text is valid UTF-8 here",
        "the text itself",
    ),
    _of(
        "places and vectors",
        """
        st_asbinary st_geogfromwkb st_geomfromwkb st_setsrid st_srid vector_cosine_similarity vector_inner_product
        vector_l2_distance vector_norm vector_normalize
        """,
        "its sums depend on the order in which the engine adds",
        "a Python function, or AGGREGATE(ZIP_WITH(a, b, (x, y) -> x * y), 0D, (s, x) -> s + x)",
    ),
    _of(
        "similarities",
        "jaro_winkler_similarity from_base32",
        "it is new in Spark and has no fixed meaning yet",
        "LEVENSHTEIN or a Python function",
    ),
)


def reason(name: str) -> tuple[str, str | None] | None:
    """Why a function is refused and what to use instead; None if it is only unknown."""
    for group in GROUPS:
        if name in group.names:
            return group.why, f"use {group.instead}" if group.instead else None
    return None


def reads_clock(name: str) -> bool:
    """Whether a bare word is a function that reads the clock."""
    return any(name in group.names for group in GROUPS if group.title == CLOCK)
