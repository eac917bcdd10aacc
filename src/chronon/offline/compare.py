"""Comparing a join's table with what a staging query says it should be, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronon.api import structs
from chronon.api.inspect import is_events
from chronon.api.naming import name_of, output_table
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import MissingDataError, SchemaError, raise_all
from chronon.plan.derivations import quoted
from chronon.plan.names import part_keys
from chronon.plan.staging import END, LATEST, START, fill

if TYPE_CHECKING:
    from chronon.base.types import DataType, Schema
    from chronon.engine.protocol import Engine

RELATIVE = 1e-9
"""How far floats may be apart, relative to the larger, and still agree."""


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
    """

    keys: list[str]
    both: int
    only_left: int
    only_right: int
    doubled: int
    columns: list[ColumnComparison]
    not_compared: list[str]

    @property
    def equal(self) -> bool:
        """Whether both sides have the same rows, with the same values in the columns that are compared."""
        wrong = any(c.differ or c.left_null or c.right_null for c in self.columns)
        return not (self.only_left or self.only_right or self.doubled or wrong)


def compare_join(
    join: structs.Join, staging_query: structs.StagingQuery, engine: Engine, *, start: str, end: str
) -> Comparison:
    """Compare a join's table with the result of a staging query. Nothing is written.

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
    names = [name for name in right if name not in keys]
    key = ", ".join(map(quoted, keys))
    within = f"{quoted(column)} BETWEEN '{start}' AND '{end}'"
    numbered = f"count(*) OVER (PARTITION BY {key}) AS `__same`, true AS `__here`"
    sides = {
        "l": f"SELECT *, {numbered} FROM {table} WHERE {within}",
        "r": f"SELECT *, {numbered} FROM ({text}\n) AS `given` WHERE {within}",
    }
    match = " AND ".join(f"`l`.{quoted(name)} <=> `r`.{quoted(name)}" for name in keys)
    counts = [
        "count_if(`l`.`__here` AND `r`.`__here`) AS `both`",
        "count_if(`r`.`__here` IS NULL) AS `only_left`",
        "count_if(`l`.`__here` IS NULL) AS `only_right`",
        "count_if(`l`.`__same` > 1 OR `r`.`__same` > 1) AS `doubled`",
        *(text for at, name in enumerate(names) for text in _counts(at, name, right[name])),
    ]
    query = f"SELECT {', '.join(counts)} FROM ({sides['l']}) AS `l` FULL JOIN ({sides['r']}) AS `r` ON {match}"
    (found,) = engine.query(query).read_all().to_pylist()
    columns = [
        ColumnComparison(name, *(found[f"{what}{at}"] for what in ("agree", "differ", "left_null", "right_null")))
        for at, name in enumerate(names)
    ]
    main = {what: found[what] for what in ("both", "only_left", "only_right", "doubled")}
    others = [name for name in left if name not in right]
    return Comparison(keys=keys, columns=columns, not_compared=others, **main)


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


def _counts(at: int, name: str, kind: DataType) -> list[str]:
    """What is counted of a column over the rows that both sides have."""
    one, other = f"`l`.{quoted(name)}", f"`r`.{quoted(name)}"
    same = f"{one} <=> {other}"
    if kind in t.FLOATS:
        same = f"({same} OR abs({one} - {other}) <= {RELATIVE!r}D * greatest(abs({one}), abs({other})))"
    here = "`l`.`__here` AND `r`.`__here`"
    return [
        f"count_if({here} AND {same}) AS `agree{at}`",
        f"count_if({here} AND NOT {same} AND {one} IS NOT NULL AND {other} IS NOT NULL) AS `differ{at}`",
        f"count_if({here} AND {one} IS NULL AND {other} IS NOT NULL) AS `left_null{at}`",
        f"count_if({here} AND {one} IS NOT NULL AND {other} IS NULL) AS `right_null{at}`",
    ]
