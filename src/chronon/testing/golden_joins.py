"""Join cases with known outputs: ``python -m chronon.testing.golden_joins DIR`` runs each by a real backfill.

A case is a folder with ``case.json`` (``end_ds``), ``join.json`` or ``group_by.json`` (the definition), ``tables/``
(``<namespace>.<table>/ds=.../*.parquet``, or ``<namespace>.<table>.csv``) and ``output.parquet``, or
``recommended.parquet`` where the recorded output shows a defect. Rows are matched by left columns and partition. With a
``label_ds`` in ``case.json`` there are also ``output_labels.parquet``, the labels of that day, and
``output_labeled.parquet``, the view that joins them to the features.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import click

from chronon.api import structs
from chronon.api.naming import output_table
from chronon.api.wire import from_json
from chronon.base.errors import ChrononError
from chronon.testing.tied_images import decided_by_tie
from chronon.testing.tolerance import differences

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.engine.protocol import Engine

SHOWN = 5
"""How many differences of a case are printed."""

ROW_IDS = ("ds", "ts", "request_id")
"""The columns that tell the rows of most cases apart."""

TOLERANCES = {"variance": 1e-8, "skew": 1e-7, "kurtosis": 1e-7}
"""Relative tolerances of columns whose name holds such a word; 1e-9 for all others."""


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--case", "prefixes", multiple=True, metavar="PREFIX", help="Only cases whose name starts so; repeatable."
)
def main(folder: Path, prefixes: Sequence[str]) -> None:
    """Run the cases in FOLDER and compare. The exit code is 1 if any fails."""
    passed = failed = 0
    for case in sorted(path.parent for path in folder.glob("*/case.json")):
        if prefixes and not case.name.startswith(tuple(prefixes)):
            continue
        found = check(case)
        for line in found[:SHOWN]:
            click.echo(f"{case.name}: {line}")
        if len(found) > SHOWN:
            click.echo(f"{case.name}: ... and {len(found) - SHOWN} more")
        failed += bool(found)
        passed += not found
    click.echo(f"{passed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)


def check(case: Path) -> list[str]:
    """Everything that our backfill of a case has otherwise than its recorded output."""
    with TemporaryDirectory() as folder:
        try:
            return [
                f"{output.file}: {found}" for output in compute(case, Path(folder)) for found in _wrong(case, output)
            ]
        except ChrononError as error:
            return [f"refused: {error}"]
        except Exception as crash:  # noqa: BLE001 - one case must not end the run
            return [f"crashed: {type(crash).__name__}: {crash}"]


def _wrong(case: Path, output: Output) -> Iterator[str]:
    import pyarrow.parquet as pq

    recorded = pq.read_table(case / output.file)
    untyped = any(path.is_file() for path in (case / "tables").iterdir())
    for difference in compare(recorded, output.table, output.identity, dates_as_text=untyped):
        if isinstance(difference, Wrong) and output.excused is not None and output.excused(difference):
            continue
        yield str(difference)


@dataclass(frozen=True)
class Output:
    """A table that we computed.

    Parameters
    ----------
    file:
        Of the case: the recorded output.
    table:
        Our own.
    identity:
        The columns by which rows are matched.
    excused:
        Whether one of our values may differ; ``None`` if none may.
    """

    file: str
    table: pa.Table
    identity: list[str]
    excused: Callable[[Wrong], bool] | None = None


@dataclass(frozen=True)
class Wrong:
    """A value that is not the recorded one.

    Parameters
    ----------
    row:
        The recorded row.
    column:
        The column.
    found:
        Our own value.
    text:
        What is printed.
    """

    row: Mapping[str, Any]
    column: str
    found: Any
    text: str

    def __str__(self) -> str:
        return self.text


def compute(case: Path, warehouse: Path) -> list[Output]:
    """Our own outputs of a case."""
    from chronon.engine.duckdb import DuckDBEngine
    from chronon.offline import backfill_group_by, backfill_join, backfill_labels
    from chronon.plan.group_by import plan_group_by
    from chronon.plan.join import plan_join
    from chronon.plan.labels import plan_labels

    lay_out(case / "tables", warehouse)
    engine: Engine = DuckDBEngine(warehouse)
    facts = json.loads((case / "case.json").read_text())
    end = facts["end_ds"]
    main = "recommended.parquet" if (case / "recommended.parquet").exists() else "output.parquet"
    if not (case / "join.json").exists():
        group_by = from_json(structs.GroupBy, (case / "group_by.json").read_text())
        backfill_group_by(group_by, engine, end=end, any_source=True)  # the recorded outputs have those days too
        return [Output(main, read(engine, output_table(group_by)), ["ds", *plan_group_by(group_by, engine).keys])]
    join = from_json(structs.Join, (case / "join.json").read_text())
    backfill_join(join, engine, end=end)
    table = output_table(join)
    plan = plan_join(join, engine)
    identity = ["ds", *plan.left_columns]

    def tied(wrong: Wrong) -> bool:
        return decided_by_tie(plan, engine, wrong.row, wrong.column, wrong.found)

    outputs = [Output(main, read(engine, table), identity, tied)]
    if "label_ds" in facts:
        backfill_labels(join, engine, label_ds=facts["label_ds"])
        ids = ["ds", "label_ds", *plan_labels(join, engine).row_ids]
        outputs.append(Output("output_labels.parquet", read(engine, f"{table}_labels"), ids))
        outputs.append(Output("output_labeled.parquet", read(engine, f"{table}_labeled"), [*identity, "label_ds"]))
    return outputs


def lay_out(tables: Path, warehouse: Path) -> None:
    """Copy the tables of a case into the folders of a warehouse."""
    for source in tables.iterdir():
        if source.name.startswith((".", "_")):  # checksums and marks of the engine that wrote the tables
            continue
        namespace, _, table = source.name.partition(".")
        target = warehouse / namespace / table
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)


def read(engine: Engine, table: str) -> pa.Table:
    """All rows of a table of the warehouse."""
    return engine.query(f"SELECT * FROM {table}").read_all()


def compare(
    recorded: pa.Table, computed: pa.Table, identity: Sequence[str], *, dates_as_text: bool = False
) -> Iterator[str | Wrong]:
    """What differs between two tables.

    Rows are matched by partition, time and request where that tells them apart, else by ``identity``, then by all their
    values.

    Parameters
    ----------
    recorded, computed:
        The expected table and our own; neither their rows nor their columns have an order.
    identity:
        The columns that tell rows apart.
    dates_as_text:
        A date is the same as its text: a CSV file does not say which of the two a column is.
    """
    missing = sorted(set(recorded.column_names) - set(computed.column_names))
    more = sorted(set(computed.column_names) - set(recorded.column_names))
    if missing or more:
        yield f"columns: missing {missing}, not expected {more}"
        return
    if recorded.num_rows != computed.num_rows:
        yield f"expected {recorded.num_rows} rows, got {computed.num_rows}"
        return
    expected, actual = (_rows(table, dates_as_text=dates_as_text) for table in (recorded, computed))
    names = _telling(expected, actual, identity)
    for wanted, found in zip(in_order(expected, names), in_order(actual, names), strict=True):
        for name, value in wanted.items():
            relative = next((t for word, t in TOLERANCES.items() if word in name), 1e-9)
            for difference in differences(value, found[name], relative=relative, absolute=1e-12, path=name):
                yield Wrong(wanted, name, found[name], f"{ {key: wanted[key] for key in names} } {difference}")


def _rows(table: pa.Table, *, dates_as_text: bool) -> list[dict[str, Any]]:
    """The rows of a table; instants as microseconds of UTC, whatever unit and zone they were stored in."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        column = table.column(place)
        if pa.types.is_timestamp(field.type):
            column = column.cast(pa.timestamp("us", field.type.tz), safe=False).cast(pa.timestamp("us"))
        elif dates_as_text and pa.types.is_date(field.type):
            column = column.cast(pa.string())
        table = table.set_column(place, field.name, column)
    return table.to_pylist(maps_as_pydicts="strict")


def _telling(
    expected: Sequence[dict[str, Any]], actual: Sequence[dict[str, Any]], identity: Sequence[str]
) -> list[str]:
    """The columns by which rows are matched."""
    known = [name for name in identity if expected and name in expected[0]]
    short = [name for name in ROW_IDS if expected and name in expected[0]]
    for rows in (expected, actual):
        if len({_sortable([row[name] for name in short]) for row in rows}) != len(rows):
            return known
    return short


def in_order(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows by the columns ``names``, and by all others where those are equal."""
    return sorted(rows, key=lambda row: (_sortable([row[name] for name in names]), _sortable(row)))


def _sortable(value: Any) -> str:
    """A text that is the same for the same value: maps by their keys, floats by their first digits."""
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return "{" + ", ".join(f"{key}: {_sortable(inner)}" for key, inner in sorted(items, key=str)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_sortable, cast("list[Any]", value))) + "]"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


if __name__ == "__main__":
    main()
