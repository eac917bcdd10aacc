"""Rows come to the algebra by key and time; where both are equal, by all other columns, nulls last."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from chronon.aggregate.gather import take
from chronon.aggregate.order import in_order


def rows(count: int, keys: int, times: int) -> pa.Table:
    source = np.random.default_rng(count)
    return pa.table(
        {
            "__key": source.integers(0, keys, count),
            "ts": source.integers(-times, times, count),
            "label": pa.array(source.choice(["a", "b", None], count).tolist(), pa.string()),
            "amount": pa.array(source.integers(0, 3, count).astype(float), mask=source.random(count) < 0.2),
        }
    )


def nulls_last(row: dict) -> list:
    return [math.inf if value is None else value for value in (row["__key"], row["ts"], row["amount"])]


@pytest.mark.parametrize("count, keys", [(0, 1), (1, 1), (500, 1), (500, 7), (500, 400), (70_000, 30_000)])
@pytest.mark.parametrize("times", [1, 40, 10**12])
def test_by_key_then_time_then_the_rest(count: int, keys: int, times: int) -> None:
    given = rows(count, keys, times).drop_columns(["label"])
    chunks = pa.concat_tables([given.slice(0, count // 3), given.slice(count // 3)])
    found = in_order(chunks, keys)
    assert found is not None
    assert found.to_pylist() == sorted(given.to_pylist(), key=nulls_last)


@pytest.mark.parametrize("files", [3, 40, 200])
def test_sorted_files_may_come_out_of_turn(files: int) -> None:
    """Each is in order of time; they overlap, as those of several sources do, or come in any order."""
    source = np.random.default_rng(files)
    overlapping = [np.sort(source.integers(0, 10**6, 300)) for _ in range(files)]
    apart = [times + 10**6 * place for place, times in zip(source.permutation(files), overlapping, strict=True)]
    for times in (np.concatenate(overlapping), np.concatenate(apart)):
        given = pa.table({"__key": source.integers(0, 3, len(times)), "ts": times, "number": np.arange(len(times))})
        found = in_order(given, 3)
        assert found is not None
        assert found.to_pylist() == sorted(given.to_pylist(), key=lambda row: tuple(row.values()))


def test_the_order_does_not_depend_on_that_of_arrival() -> None:
    given = rows(300, 5, 10)
    other = given.take(pa.array(np.random.default_rng(1).permutation(300)))
    assert in_order(given, 5) == in_order(other, 5)


def test_ties_between_lists_are_left_to_the_engine() -> None:
    apart = pa.table({"__key": [1, 0, 1], "ts": [5, 5, 6], "pair": [[1], [2], None]})
    tied = pa.table({"__key": [1, 1], "ts": [5, 5], "pair": [[2], [1]]})
    found = in_order(apart, 2)
    assert found is not None
    assert found.column("pair").to_pylist() == [[2], [1], None]
    assert in_order(tied, 2) is None


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1, 2], None, [], [3]]),
        pa.array([[0.5], [math.inf, -0.0], None, [1.0]]).slice(1),
        pa.array([[1, None], [2]]),
        pa.array([["a"], None, ["b", "c"]]),
        pa.array([1.5, None, 2.5]),
        pa.array([], pa.list_(pa.float64())),
    ],
    ids=["lists of longs", "a slice", "with a null inside", "lists of text", "doubles", "nothing"],
)
def test_values_are_taken_by_place(column: pa.Array) -> None:
    places = np.array([1, -1, 0, 1, 0], dtype=np.int64) if len(column) else np.full(3, -1)
    values = column.to_pylist()
    found = take(column, places)
    assert found.type == column.type
    assert found.to_pylist() == [values[place] if place >= 0 else None for place in places.tolist()]
