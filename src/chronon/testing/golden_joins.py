"""Join cases with known outputs: ``python -m chronon.testing.golden_joins DIR`` runs each by a real backfill.

A case is a folder with ``case.json`` (``end_ds``), ``join.json`` or ``group_by.json`` (the definition), ``tables/``
(``<namespace>.<table>/ds=.../*.parquet``, or ``<namespace>.<table>.csv``) and ``output.parquet``, or
``recommended.parquet`` where the recorded output shows a defect. Rows are matched by left columns and partition.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from chronon.api import structs
from chronon.api.naming import output_table
from chronon.api.wire import from_json
from chronon.base.errors import ChrononError
from chronon.testing.tolerance import differences

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine

SHOWN = 5
"""How many differences of a case are printed."""

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
    import pyarrow.parquet as pq

    recommended = case / "recommended.parquet"
    expected = pq.read_table(recommended if recommended.exists() else case / "output.parquet").to_pylist(
        maps_as_pydicts="strict"
    )
    with TemporaryDirectory() as folder:
        try:
            actual, identity = compute(case, Path(folder))
        except ChrononError as error:
            return [f"refused: {error}"]
        except Exception as crash:  # noqa: BLE001 - one case must not end the run
            return [f"crashed: {type(crash).__name__}: {crash}"]
    return list(compare(expected, actual, identity))


def compute(case: Path, warehouse: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of our own output of a case, and the columns by which rows are matched."""
    from chronon.engine.duckdb import DuckDBEngine
    from chronon.offline import backfill_group_by, backfill_join
    from chronon.plan.group_by import plan_group_by
    from chronon.plan.join import plan_join

    lay_out(case / "tables", warehouse)
    engine: Engine = DuckDBEngine(warehouse)
    end = json.loads((case / "case.json").read_text())["end_ds"]
    if (case / "join.json").exists():
        join = from_json(structs.Join, (case / "join.json").read_text())
        backfill_join(join, engine, end=end)
        return read(engine, output_table(join)), ["ds", *plan_join(join, engine).left_columns]
    group_by = from_json(structs.GroupBy, (case / "group_by.json").read_text())
    backfill_group_by(group_by, engine, end=end)
    return read(engine, output_table(group_by)), ["ds", *plan_group_by(group_by, engine).keys]


def lay_out(tables: Path, warehouse: Path) -> None:
    """Copy the tables of a case into the folders of a warehouse."""
    for source in tables.iterdir():
        namespace, _, table = source.name.partition(".")
        target = warehouse / namespace / table
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)


def read(engine: Engine, table: str) -> list[dict[str, Any]]:
    """All rows of a table of the warehouse."""
    return engine.query(f"SELECT * FROM {table}").read_all().to_pylist(maps_as_pydicts="strict")


def compare(
    expected: Sequence[dict[str, Any]], actual: Sequence[dict[str, Any]], identity: Sequence[str]
) -> Iterator[str]:
    """What differs between two tables whose rows are matched by ``identity``, then by all their values."""
    if len(expected) != len(actual):
        yield f"expected {len(expected)} rows, got {len(actual)}"
        return
    if expected and set(expected[0]) != set(actual[0]):
        missing, more = sorted(set(expected[0]) - set(actual[0])), sorted(set(actual[0]) - set(expected[0]))
        yield f"columns: missing {missing}, not expected {more}"
        return
    names = [name for name in identity if not expected or name in expected[0]]
    for wanted, found in zip(in_order(expected, names), in_order(actual, names), strict=True):
        for name, value in wanted.items():
            relative = next((t for word, t in TOLERANCES.items() if word in name), 1e-9)
            for difference in differences(value, found[name], relative=relative, absolute=1e-12, path=name):
                yield f"{ {key: wanted[key] for key in names} } {difference}"


def in_order(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows by the columns ``names``, and by all others where those are equal."""
    return sorted(
        rows, key=lambda row: (repr([row[name] for name in names]), repr(sorted((k, str(v)) for k, v in row.items())))
    )


if __name__ == "__main__":
    main()
