"""Labels of a join: which left rows get them, from where, and the queries that put them together.

The queries are Spark SQL over tables of the warehouse: no engine is needed to say what a label is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

from chronon.api import structs
from chronon.api.enums import Accuracy, TimeUnit
from chronon.api.inspect import is_events
from chronon.api.naming import name_of, output_table
from chronon.api.provenance import place_of
from chronon.base import types as t
from chronon.base.errors import ChrononError, ConfigError, Place, raise_all
from chronon.base.time import DAY_MS, Partitions
from chronon.plan.derivations import quoted
from chronon.plan.join import JoinPlan, PartPlan, plan_join
from chronon.plan.scans import Tables

LABEL_DS = "label_ds"
"""The partition of labels: the day as of whose end they are known."""

_NUMBER = "`__row`"


@dataclass(frozen=True)
class LabelPlan:
    """The labels of a join, checked against their tables.

    Parameters
    ----------
    join:
        The join, with its left side and its labels as parts.
    table:
        The table of the join's features.
    start_offset, end_offset:
        Between how many days before the day after the labels' the left rows lie.
    row_ids:
        The left columns that tell one row from another, besides its partition.
    underived:
        Group-bys whose derivations are not computed here, as in the original.
    """

    join: JoinPlan
    table: str
    start_offset: int
    end_offset: int
    row_ids: tuple[str, ...]
    underived: tuple[str, ...]

    @property
    def labels(self) -> str:
        """The table of labels."""
        return f"{self.table}_labels"

    def part_table(self, part: PartPlan) -> str:
        """The table of the values of one part, for all keys."""
        return f"{self.table}_{part.prefix}"

    def days(self, label_ds: str, spec: Partitions) -> list[str]:
        """The partitions of the left side whose labels are known at the end of ``label_ds``."""
        first = spec.shift(label_ds, 1 - self.start_offset)
        return spec.between(first, spec.shift(label_ds, 1 - self.end_offset))

    @property
    def columns(self) -> dict[str, t.DataType]:
        """The columns of the table of labels but its partition."""
        ids = {name: self.join.left_columns[name] for name in self.row_ids}
        return {**ids, **self.join.features, "ds": t.STRING}

    def query(self, days: Sequence[str], label_ds: str, spec: Partitions) -> str:
        """The rows of the table of labels: one for each left row that is told apart, in the order of days."""
        ids = [*map(quoted, self.row_ids), "`ds`"]
        values = [
            f"`p{number}`.{quoted(name)} AS {quoted(column)}"
            for number, part in enumerate(self.join.parts)
            for name, column in part.columns.items()
        ]
        keys = dict.fromkeys(quoted(left) for part in self.join.parts for left in part.keys.values())
        # rows that are not told apart have the same keys, unless the row ids leave some out; then the first keys count
        order = ", ".join(keys) or "1"
        left = (
            f"SELECT *, row_number() OVER (PARTITION BY {', '.join(ids)} ORDER BY {order}) AS {_NUMBER} "
            f"FROM ({self._left(days, spec)})"
        )
        joins = "".join(self._join(number, part, label_ds) for number, part in enumerate(self.join.parts))
        listed = ", ".join([*(f"`l`.{name}" for name in ids[:-1]), *values, "`l`.`ds`"])
        ordered = ", ".join(f"`l`.{name}" for name in ["`ds`", *ids[:-1]])
        return f"SELECT {listed} FROM ({left}) AS `l`{joins} WHERE `l`.{_NUMBER} = 1 ORDER BY {ordered}"

    def _left(self, days: Sequence[str], spec: Partitions) -> str:
        scan = self.join.left
        needed = {*self.row_ids, *(left for part in self.join.parts for left in part.keys.values())}
        selects = [f"{text} AS {quoted(name)}" for name, text in scan.selects.items() if name in needed]
        if "ts" in needed and scan.time is not None:
            selects.append(f"{scan.time} AS `ts`")
        partition = quoted(scan.partition or spec.column)
        conditions = [f"({where})" for where in scan.wheres]
        conditions += [f"{quoted(name)} = '{value}'" for name, value in scan.subs.items()]
        conditions.append(f"{partition} IN ({', '.join(repr(ds) for ds in days)})")
        return (
            f"SELECT {', '.join([*selects, f'{partition} AS `ds`'])} FROM {scan.table} WHERE {' AND '.join(conditions)}"
        )

    def _join(self, number: int, part: PartPlan, label_ds: str) -> str:
        alias = f"`p{number}`"
        match = " AND ".join(f"`l`.{quoted(left)} = {alias}.{quoted(key)}" for key, left in part.keys.items())
        return (
            f" LEFT JOIN (SELECT * FROM {self.part_table(part)} WHERE {LABEL_DS} = '{label_ds}') AS {alias} ON {match}"
        )

    def view(self, features: Sequence[str]) -> str:
        """The query of the labeled features: each row of the join with each version of its labels.

        Parameters
        ----------
        features:
            All columns of the join's table.
        """
        ids = [*self.row_ids, "ds"]
        others = [name for name in features if name not in ids]
        labels = [f"`l`.{quoted(name)} AS {quoted(labeled(name))}" for name in self.join.features]
        listed = [*(f"`f`.{quoted(name)}" for name in [*ids, *others]), *labels, f"`l`.{LABEL_DS}"]
        match = " AND ".join(f"`f`.{quoted(name)} = `l`.{quoted(name)}" for name in ids)
        return f"SELECT {', '.join(listed)}\nFROM {self.table} AS `f`\nLEFT JOIN {self.labels} AS `l` ON {match}"

    def latest_view(self) -> str:
        """The query of the labeled features with the last version of their labels.

        A day without any labels keeps its rows; a row without labels of a day that has some is left out.
        """
        latest = f"SELECT ds, max({LABEL_DS}) AS `__latest` FROM {self.labels} GROUP BY ds"
        return (
            f"SELECT `v`.*\nFROM {self.table}_labeled AS `v`\nLEFT JOIN ({latest}) AS `m` ON `v`.ds = `m`.ds\n"
            f"WHERE `m`.`__latest` IS NULL OR `v`.{LABEL_DS} = `m`.`__latest`"
        )


def labeled(name: str) -> str:
    """How a label is called beside the features.

    >>> labeled("g_lab_room"), labeled("label_g_room")
    ('label_g_lab_room', 'label_g_room')
    """
    return name if name.startswith("label") else f"label_{name}"


def plan_labels(join: structs.Join, tables: Tables) -> LabelPlan:
    """Check the labels of a join against their tables.

    Raises
    ------
    ConfigError, SchemaError, MissingDataError
        With everything that is wrong.
    """
    labels = join.labelPart
    place = place_of(join, "labelPart")
    if labels is None or not labels.labels:
        raise ConfigError("the join has no labels", place=place, mend="label_part=LabelPart(...)")
    if tables.partitions_spec.span != DAY_MS:
        raise ConfigError(
            f"labels are counted in days, the partitions here are hours ({tables.partitions_spec.format})",
            place=place,
            mend="partition_format='yyyy-MM-dd' in an environment of its own",
        )
    start, end = labels.leftStartOffset or 0, labels.leftEndOffset or 0
    raise_all(_problems(join, labels, start, end, place))
    parts = [_as_of_day(part) for part in labels.labels]
    metadata = structs.MetaData(name=name_of(join))
    plan = plan_join(structs.Join(metaData=metadata, left=join.left, joinParts=parts), tables)
    keys = dict.fromkeys(left for part in plan.parts for left in part.keys.values())
    unknown = [name for name in join.rowIds or [] if name not in plan.left_columns]
    if unknown:
        raise ConfigError(
            f"the left side has no {', '.join(unknown)}",
            place=place_of(join, "rowIds"),
            expected=f"columns among {', '.join(plan.left_columns)}",
        )
    listed = [*(key for key in keys if key in join.rowIds), *join.rowIds] if join.rowIds else [*keys]
    ids = tuple(name for name in dict.fromkeys(listed) if name != "ds")
    underived = tuple(name_of(p.groupBy) for p in labels.labels if p.groupBy is not None and p.groupBy.derivations)
    return LabelPlan(plan, output_table(join), start, end, ids, underived)


def _problems(
    join: structs.Join, labels: structs.LabelPart, start: int, end: int, place: Place
) -> Iterator[ChrononError]:
    if join.left is not None and not is_events(join.left):
        yield ConfigError("labels are joined to events, and the left side is of entities", place=place)
    if start < end:
        yield ConfigError(f"Start time offset {start} must be earlier than end offset {end}", place=place)
    elif end < 1:
        yield ConfigError(
            f"the offset {end} means rows of the day after the labels",
            place=place,
            expected="1 and more: 1 is the day of the labels itself",
        )
    for number, part in enumerate(labels.labels or []):
        problem = _shape(part.groupBy)
        if problem is not None:
            yield ConfigError(problem, place=place_of(join, f"labelPart.labels[{number}]"))


def _shape(group_by: structs.GroupBy | None) -> str | None:
    """What is wrong with the group-by of a label: it takes no aggregation of entities, or one of events."""
    if group_by is None:
        return "a label has no group-by"
    events = {is_events(source) for source in group_by.sources or []}
    if group_by.aggregations is None:
        entities = events == {False}
        return (
            None
            if entities
            else ("To perform a none-aggregation label join, the groupBy.dataModel must be entities, and it is events")
        )
    windows = [window for aggregation in group_by.aggregations for window in aggregation.windows or []]
    if events != {True}:
        return "groupBy.dataModel must be Events for label join with aggregations, and it is entities"
    if len(group_by.aggregations) != 1:
        return f"Multiple aggregations not yet supported for label join: there are {len(group_by.aggregations)}"
    if len(windows) != 1:
        return f"Multiple aggregation windows not yet supported for label join: there are {len(windows)}"
    if windows[0].timeUnit != TimeUnit.DAYS:
        return "the window time unit not supported for label aggregations: it must be DAYS"
    return None


def _as_of_day(part: structs.JoinPart) -> structs.JoinPart:
    """A label as a part that is seen at the end of a day, before derivations."""
    group_by = copy(part.groupBy or structs.GroupBy())
    group_by.accuracy, group_by.derivations = Accuracy.SNAPSHOT, None
    return structs.JoinPart(groupBy=group_by, keyMapping=part.keyMapping, prefix=part.prefix)
