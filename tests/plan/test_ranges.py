"""Which partitions are missing, and which must be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronon.base.errors import ConfigError
from chronon.base.time import DAY_MS, HOUR_MS, Partitions, window_start
from chronon.plan.ranges import bounded, first_partition, missing, steps, wanted

SPEC = Partitions()


def days(*numbers: int) -> list[str]:
    return [f"2024-01-{number:02d}" for number in numbers]


def test_what_lies_before_the_first_partition_is_left_alone() -> None:
    """Retention may have removed it on purpose."""
    asked, existing, inputs = days(*range(4, 9)), set(days(6)), set(days(5, 6, 8))
    assert missing(asked, existing, inputs) == days(8)
    assert missing(asked, existing, inputs, skip_first_hole=False) == days(5, 8)


def test_a_day_that_any_input_has_is_available() -> None:
    """Worked example 2: the days of two tables together."""
    inputs = set(days(5, 6, 8)) | set(days(4, 5, 7))
    assert missing(days(*range(1, 10)), set(), inputs) == days(4, 5, 6, 7, 8)


def test_everything_is_available_where_no_inputs_are_named() -> None:
    assert missing(days(1, 2, 3), set(days(2)), None, skip_first_hole=False) == days(1, 3)


def test_runs_of_days_are_cut_into_steps() -> None:
    assert list(steps(days(*range(1, 8)), 3, SPEC)) == [days(1, 2, 3), days(4, 5, 6), days(7)]
    assert list(steps(days(1, 2, 5), 3, SPEC)) == [days(1, 2), days(5)]


def test_a_step_of_a_day_is_24_hours() -> None:
    spec = Partitions(format="yyyy-MM-dd-HH")
    assert [len(step) for step in steps(spec.between("2024-01-05-03", "2024-01-06-05"), 1, spec)] == [24, 3]


def test_an_inverted_range_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="Invalid partition range"):
        wanted("2024-01-02", "2024-01-01", SPEC)


def test_bounds_may_be_open() -> None:
    assert bounded(days(1, 2, 3), None, "2024-01-02") == days(1, 2)
    assert bounded(days(1, 2, 3), "2024-01-02", None) == days(2, 3)


def test_the_whole_history_has_no_first_partition() -> None:
    assert first_partition(SPEC.start("2024-01-10"), None, SPEC) is None


@given(at=st.integers(10 * DAY_MS, 20_000 * DAY_MS), window=st.integers(1, 60 * 24).map(lambda hours: hours * HOUR_MS))
def test_the_first_partition_holds_every_row_that_a_query_sees(at: int, window: int) -> None:
    first = first_partition(at, window, SPEC)
    assert first is not None
    assert SPEC.start(first) <= window_start(at, window)
