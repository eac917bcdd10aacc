"""Comparing a join's table with what a staging query says it should be, column by column.

Both sides are written beside each other, to ``<namespace>.compare_join_query_<join>_<staging query>``, and what is
measured of each column by hour, to ``<namespace>.compare_stats_join_query_<join>_<staging query>``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.inspect import is_events
from chronon.api.naming import name_of, output_table, sanitize, slashed
from chronon.api.provenance import place_of
from chronon.base.arrow import compute, schema_to_arrow
from chronon.base.errors import MissingDataError, SchemaError, raise_all
from chronon.offline.metrics import LEFT, RIGHT, Sides, by_day, measure
from chronon.offline.partitions import Inputs
from chronon.plan.derivations import quoted
from chronon.plan.names import part_keys
from chronon.plan.staging import END, LATEST, START, fill

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.types import Schema
    from chronon.engine.protocol import Engine


@dataclass(frozen=True)
class ColumnComparison:
    """What the rows that both sides have say of a column.

    Parameters
    ----------
    name:
        The column.
    agree, differ:
        In how many rows both have a value, the same or another; both null is the same.
    left_null, right_null:
        In how many rows only that side is null.
    """

    name: str
    agree: int
    differ: int
    left_null: int
    right_null: int


@dataclass(frozen=True)
class Comparison:
    """The outcome of a comparison.

    Parameters
    ----------
    keys:
        The columns by which rows are matched; null matches null.
    both, only_left, only_right:
        How many rows both sides have, and how many only one of them.
    doubled:
        How many rows of either side share their keys with another row, so that they cannot be matched one to one.
    columns:
        Each column that the query gives, but the keys.
    not_compared:
        Columns that only the join has.
    table, metrics_table:
        Both sides beside each other, and what is measured of them by hour; each is replaced as a whole.
    discrepancies:
        For each day that has some, the hours' greatest numbers of nulls on one side and of values that differ, summed.
    """

    keys: list[str]
    both: int
    only_left: int
    only_right: int
    doubled: int
    columns: list[ColumnComparison]
    not_compared: list[str]
    table: str
    metrics_table: str
    discrepancies: dict[str, int]

    @property
    def equal(self) -> bool:
        """Whether both sides have the same rows, with the same values in the columns that are compared."""
        wrong = any(c.differ or c.left_null or c.right_null for c in self.columns)
        return not (self.only_left or self.only_right or self.doubled or wrong)


def compare_join(
    join: structs.Join, staging_query: structs.StagingQuery, engine: Engine, *, start: str, end: str
) -> Comparison:
    """Compare a join's table with the result of a staging query; two tables say where they differ.

    Rows are matched by the join's row ids; without them by the left columns that are keys, the time and the partition.

    Parameters
    ----------
    join:
        Its table must be there.
    staging_query:
        Gives the expected rows; its macros stand for ``start`` and ``end``.
    engine:
        Where both are read.
    start, end:
        The first and last partition that are compared.

    Raises
    ------
    SchemaError
        If the query gives no column of the keys, or one that the join has not, or has with another type.
    """
    table, column = output_table(join), engine.partitions_spec.column
    if not engine.warehouse.exists(table):
        raise MissingDataError(f"there is no table {table}", mend=f"chronon backfill {name_of(join)} first")
    days = {START: start, END: end, LATEST: end}
    text = fill(staging_query, days, lambda written, by: engine.partitions(written, by or column)[-1])
    left, right = engine.columns(table), engine.translate(text).schema
    keys = _keys(join, column)
    raise_all(_problems(left, right, keys, staging_query))
    columns = {name: kind for name, kind in right.items() if name not in keys}
    inputs = Inputs.named([(table, column, 0)], engine)
    read = Inputs.named([(name, column, None) for name in engine.translate(text).tables], engine)
    within = f"{quoted(column)} BETWEEN '{start}' AND '{end}'"
    frame = _side_by_side(f"{table} WHERE {within}", f"({text}\n) AS `given` WHERE {within}", keys, columns)
    written, metrics = _written(join, staging_query)
    tally = _Tally(columns)
    rows = read.still(inputs.still(engine.query(frame), [start, end], engine), None, engine)
    schema = {name: kind for name, kind in engine.translate(frame).schema.items() if name not in _MARKS}
    _publish(written, tally.counted(rows), schema, engine)
    measured = measure(written, columns, keys, slashed(name_of(join)), engine)
    _publish(metrics, measured.table.to_batches(), measured.schema, engine)
    return Comparison(
        keys=keys,
        both=tally.both,
        only_left=tally.only_left,
        only_right=tally.only_right,
        doubled=tally.doubled,
        columns=[ColumnComparison(name, *counts) for name, counts in tally.of_columns.items()],
        not_compared=[name for name in left if name not in right],
        table=written,
        metrics_table=metrics,
        discrepancies=by_day(measured.discrepancies(), engine),
    )


_MARKS = ("__left", "__right", "__same")
"""Whether a row is on each side, and whether its keys are those of several."""


@dataclass
class _Tally:
    """Counts the rows of both sides as they come."""

    kinds: Schema
    both: int = 0
    only_left: int = 0
    only_right: int = 0
    doubled: int = 0
    of_columns: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def counted(self, rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same rows without their marks."""
        self.of_columns = {name: [0, 0, 0, 0] for name in self.kinds}
        for batch in rows:
            left, right, same = (batch.column(name) for name in _MARKS)
            here = compute().and_(left, right)
            self.both += _count(here)
            self.only_left += _count(compute().invert(right))
            self.only_right += _count(compute().invert(left))
            self.doubled += _count(same)
            matched = batch.filter(here)
            for name, kind in self.kinds.items():
                sides = Sides.of(matched, name, kind)
                wrong = [_count(found) for found in (sides.differ, sides.left_only, sides.right_only)]
                counts = [matched.num_rows - sum(wrong), *wrong]
                self.of_columns[name] = [one + more for one, more in zip(self.of_columns[name], counts, strict=True)]
            yield batch.drop_columns(list(_MARKS))


def _count(found: pa.Array) -> int:
    """How often something is true."""
    return compute().sum(found).as_py() or 0


def _written(join: structs.Join, staging_query: structs.StagingQuery) -> tuple[str, str]:
    """The tables of a comparison."""
    namespace, _, name = output_table(join).partition(".")
    both = f"{name}_{sanitize(name_of(staging_query))}"
    return f"{namespace}.compare_join_query_{both}", f"{namespace}.compare_stats_join_query_{both}"


def _side_by_side(left: str, right: str, keys: Sequence[str], columns: Iterable[str]) -> str:
    """The query of both sides beside each other: keys, the columns of the join, those of the query, and marks."""
    listed = [f"coalesce(`l`.{quoted(name)}, `r`.{quoted(name)}) AS {quoted(name)}" for name in keys]
    for side, ending in (("l", LEFT), ("r", RIGHT)):
        listed += [f"`{side}`.{quoted(name)} AS {quoted(name + ending)}" for name in columns]
    listed += ["`l`.`__here` IS NOT NULL AS `__left`", "`r`.`__here` IS NOT NULL AS `__right`"]
    listed.append("coalesce(`l`.`__times` > 1, false) OR coalesce(`r`.`__times` > 1, false) AS `__same`")
    key = ", ".join(map(quoted, keys))
    numbered = f"*, count(*) OVER (PARTITION BY {key}) AS `__times`, true AS `__here`"
    match = " AND ".join(f"`l`.{quoted(name)} <=> `r`.{quoted(name)}" for name in keys)
    joined = f"(SELECT {numbered} FROM {left}) AS `l` FULL JOIN (SELECT {numbered} FROM {right}) AS `r` ON {match}"
    return f"SELECT {', '.join(listed)} FROM {joined} ORDER BY {key}"


def _publish(table: str, batches: Iterable[pa.RecordBatch], schema: Schema, engine: Engine) -> None:
    """Replace a table without partitions."""
    written = schema_to_arrow(schema)
    with engine.warehouse.writing(table):
        engine.warehouse.publish(table, None, (batch.cast(written) for batch in batches), written)


def _keys(join: structs.Join, column: str) -> list[str]:
    if join.rowIds:
        return list(dict.fromkeys([*join.rowIds, column]))
    keys = [left for part in join.joinParts or [] for left in part_keys(part).values()]
    time = ["ts"] if join.left is not None and is_events(join.left) else []
    return list(dict.fromkeys([*keys, *time, column]))


def _problems(left: Schema, right: Schema, keys: list[str], staging_query: structs.StagingQuery) -> list[SchemaError]:
    place = place_of(staging_query, "query")
    found = [
        SchemaError(f"the query gives no {name}, by which rows are matched", place=place, expected=", ".join(keys))
        for name in keys
        if name not in right
    ]
    for name, kind in right.items():
        if name not in left:
            found.append(
                SchemaError(f"the join has no column {name}", place=place, expected=f"one of {', '.join(left)}")
            )
        elif left[name] != kind:
            found.append(
                SchemaError(f"{name} is a {left[name]} in the join, a {kind} in the query", place=place, mend="cast it")
            )
    return found
