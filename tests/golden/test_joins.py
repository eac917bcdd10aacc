"""Whole join backfills against the outputs that the original's engine wrote."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from chronon.testing.golden_joins import check

CASES = ("p01-temporal-events", "p02-snapshot-entities", "p03-multi-parts", "p04-derivations", "p05-left-entities")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("joins")
    with tarfile.open(Path(__file__).parent / "joins.tar.xz") as archive:
        archive.extractall(root, filter="data")
    return root


@pytest.mark.parametrize("case", CASES)
def test_a_backfill_is_the_originals(folder: Path, case: str) -> None:
    assert check(folder / case) == []


def test_a_wrong_output_is_noticed(folder: Path, tmp_path: Path) -> None:
    """The check itself can fail: one value of the recorded output is changed."""
    import shutil

    import pyarrow as pa
    import pyarrow.parquet as pq

    case = tmp_path / "case"
    shutil.copytree(folder / CASES[0], case)
    table = pq.read_table(case / "output.parquet")
    place = table.column_names.index("cart")
    changed = pa.array([1e9, *table.column("cart").to_pylist()[1:]], table.schema.field("cart").type)
    pq.write_table(table.set_column(place, "cart", changed), case / "output.parquet")
    assert check(case) != []


def labeled_case(root: Path) -> Path:
    """A case with labels: the worked example of the original's label join."""
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    from chronon import EntitySource, EventSource, GroupBy, Join, JoinPart, LabelPart, Query, select
    from chronon.api.wire import to_json

    def write(file: Path, rows: list[dict[str, object]], schema: list[tuple[str, pa.DataType]]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, pa.schema(schema)), file)

    views = [(1, "g1", "2024-01-02"), (1, "g2", "2024-01-02"), (2, "g3", "2024-01-02"), (3, "g4", "2024-01-03")]
    columns = [("listing", pa.int64()), ("guest", pa.string()), ("ts", pa.int64())]
    for ds in ("2024-01-02", "2024-01-03"):
        rows = [{"listing": n, "guest": g, "ts": 1_704_200_000_000} for n, g, day in views if day == ds]
        write(root / "tables" / "db.views" / f"ds={ds}" / "x.parquet", rows, columns)
    rooms = [{"listing": 1, "room": "ENTIRE"}, {"listing": 2, "room": "PRIVATE"}]
    room = [("listing", pa.int64()), ("room", pa.string())]
    write(root / "tables" / "db.rooms" / "ds=2024-01-10" / "x.parquet", rooms, room)
    snapshot = EntitySource(snapshot_table="db.rooms", query=Query(selects=select("listing", "room")))
    label = GroupBy(name="g.lab", sources=snapshot, keys=["listing"], aggregations=None)
    left = EventSource(table="db.views", query=Query(selects=select("listing", "guest"), time_column="ts"))
    part = LabelPart([JoinPart(label)], left_start_offset=9, left_end_offset=8)
    join = Join(left, [], name="t.j", output_namespace="out", label_part=part)
    (root / "join.json").write_text(to_json(join))
    (root / "case.json").write_text(json.dumps({"end_ds": "2024-01-03", "label_ds": "2024-01-10"}))
    kinds = {"listing": pa.int64(), "ts": pa.int64()}
    value = {1: "ENTIRE", 2: "PRIVATE", 3: None}
    features = [{"listing": n, "guest": g, "ts": 1_704_200_000_000, "ds": ds} for n, g, ds in views]
    labels = [{"listing": n, "g_lab_room": value[n], "label_ds": "2024-01-10", "ds": ds} for n, _, ds in views[1:]]
    shown = [{**row, "label_g_lab_room": value[row["listing"]], "label_ds": "2024-01-10"} for row in features]
    for name, rows in {"output": features, "output_labels": labels, "output_labeled": shown}.items():
        write(root / f"{name}.parquet", rows, [(column, kinds.get(column, pa.string())) for column in rows[0]])
    return root


def test_labels_are_compared_too(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    case = labeled_case(tmp_path)
    assert check(case) == []
    for name in ("output_labels", "output_labeled"):
        file = case / f"{name}.parquet"
        table = pq.read_table(file)
        pq.write_table(table.slice(1), file)
        assert check(case) == [f"{name}.parquet: expected {table.num_rows - 1} rows, got {table.num_rows}"]
        pq.write_table(table, file)
