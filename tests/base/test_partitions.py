"""The time model: ranges of days and of hours."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronon.base.errors import ConfigError
from chronon.base.settings import Settings
from chronon.base.time import DAY_MS, HOUR_MS, Partitions, runs
from chronon.plan.ranges import first_partition, steps

FORMATS = ("yyyy-MM-dd", "yyyyMMdd", "yyyy-MM-dd-HH", "yyyyMMddHH", "yyyy-MM-dd HH")
SPECS = st.sampled_from([Partitions(format=text) for text in FORMATS])
INSTANTS = st.integers(-60 * 365 * DAY_MS, 100 * 365 * DAY_MS)


@given(SPECS, INSTANTS)
def test_a_partition_holds_the_instants_from_its_start_to_its_end(spec: Partitions, instant: int) -> None:
    name = spec.of(instant)
    assert spec.start(name) <= instant < spec.end(name)
    assert spec.end(name) - spec.start(name) == spec.span
    assert spec.of(spec.start(name)) == spec.of(spec.end(name) - 1) == name


@given(SPECS, INSTANTS, st.integers(0, 60))
def test_a_range_has_each_of_its_partitions_once_and_in_order(spec: Partitions, instant: int, more: int) -> None:
    first = spec.of(instant)
    last = spec.shift(first, more)
    found = spec.between(first, last)
    assert len(found) == more + 1
    assert (found[0], found[-1]) == (first, last)
    assert found == sorted(set(found))
    assert all(spec.end(one) == spec.start(other) for one, other in pairwise(found))
    assert spec.between(last, first) == ([first] if more == 0 else [])


@given(SPECS, INSTANTS, st.integers(-1_000, 1_000))
def test_shifts_undo_each_other(spec: Partitions, instant: int, by: int) -> None:
    name = spec.of(instant)
    assert spec.shift(spec.shift(name, by), -by) == name
    assert spec.start(spec.shift(name, by)) - spec.start(name) == by * spec.span


@given(SPECS, INSTANTS, st.sets(st.integers(0, 40), max_size=20), st.integers(1, 7))
def test_runs_and_steps_lose_nothing(spec: Partitions, instant: int, places: set[int], size: int) -> None:
    names = sorted(spec.shift(spec.of(instant), place) for place in places)
    found = [name for first, last in runs(names, spec) for name in spec.between(first, last)]
    assert found == names
    pieces = list(steps(names, size, spec))
    assert [name for piece in pieces for name in piece] == names
    assert all(len(piece) <= size * DAY_MS // spec.span for piece in pieces)


@given(INSTANTS, st.integers(5 * 60_000, 400 * DAY_MS))
def test_the_first_partition_that_is_read_holds_all_that_a_window_can_see(instant: int, window: int) -> None:
    for spec in (Partitions(), Partitions(format="yyyy-MM-dd-HH")):
        first = first_partition(instant, window, spec)
        assert first is not None
        assert spec.start(first) <= instant - window - DAY_MS + spec.span


def test_the_span_is_in_the_format() -> None:
    assert [Partitions(format=text).span for text in FORMATS] == [DAY_MS, DAY_MS, HOUR_MS, HOUR_MS, HOUR_MS]
    with pytest.raises(ConfigError, match="'2024-01-05' is not a partition"):
        Partitions(format="yyyy-MM-dd-HH").start("2024-01-05")


def test_the_settings_say_what_outputs_are(tmp_path) -> None:
    hours = Settings(root=tmp_path, partition_format="yyyy-MM-dd-HH").partitions
    assert (hours.unit, Settings(root=tmp_path).partitions.unit) == ("hour", "day")


@given(INSTANTS)
def test_the_partition_before_an_instant_had_ended_by_then(instant: int) -> None:
    for spec in (Partitions(), Partitions(format="yyyy-MM-dd-HH")):
        assert spec.end(spec.before(instant)) <= instant < spec.end(spec.before(instant)) + spec.span
