"""The ways that users take: a backfill on DuckDB over Parquet; an upload to LMDB, stream rows, a fetch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.base.arrow import to_arrow
from chronon.base.time import Partitions, day_of
from chronon.base.types import LONG, STRING, DataType, ListType, MapType, StructType
from chronon.plan.names import SEQUENCE
from chronon.testing.columns import Row
from chronon.testing.golden.cases import Case, Target
from chronon.testing.golden.paths import Answer

if TYPE_CHECKING:
    from chronon.engine.duckdb import DuckDBEngine
    from chronon.plan.group_by import GroupByPlan
    from chronon.store.protocol import KVStore

KEY = "entity"
"""The key column; a case has one key."""


class _World:
    """A warehouse that is removed at the end, with a table of rows for each case."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.root = Path(self.stack.enter_context(TemporaryDirectory()))
        self.count = 0

    def __del__(self) -> None:
        self.stack.close()

    @cached_property
    def engine(self) -> DuckDBEngine:
        """DuckDB over the warehouse."""
        from chronon.engine.duckdb import DuckDBEngine

        return DuckDBEngine(self.root, threads=2)

    def put(self, rows: Sequence[Row], schema: dict[str, DataType]) -> str:
        """Write rows as a new table, partitioned by the day of their time; its name."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.count += 1
        columns = {**schema, "ts": LONG, KEY: STRING, SEQUENCE: LONG}
        by_day: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            values = {**row.values, "ts": row.ts, KEY: "e", SEQUENCE: row.sequence}
            by_day.setdefault(day_of(row.ts or 0), []).append(values)
        for ds, inside in (by_day or {"1970-01-01": []}).items():
            arrays = [pa.array([row.get(name) for row in inside], to_arrow(kind)) for name, kind in columns.items()]
            folder = self.root / "golden" / f"t{self.count}" / f"ds={ds}"
            folder.mkdir(parents=True)
            pq.write_table(pa.table(arrays, names=list(columns)), folder / "rows.parquet")
        return f"golden.t{self.count}"


class BackfillPath:
    """Backfills of joins."""

    name = "backfill"
    modes = frozenset({"temporal", "snapshot"})

    @cached_property
    def _world(self) -> _World:
        return _World()

    def answer(self, case: Case, mode: str, target: Target) -> Answer:
        from chronon.offline import backfill_join
        from chronon.plan.group_by import plan_group_by

        world = self._world
        accuracy = Accuracy.TEMPORAL if mode == "temporal" else Accuracy.SNAPSHOT
        group_by = _definition(case, world.put(case.rows, case.schema), accuracy)
        plan = plan_group_by(group_by, world.engine)
        asked = [Row(at, {"place": place}) for place, at in enumerate(target.times)]
        left = structs.EventSource(
            table=world.put(asked, {"place": LONG}),
            query=structs.Query(selects={KEY: KEY, "place": "place"}, timeColumn="ts"),
        )
        join = structs.Join(
            metaData=structs.MetaData(name=f"golden.j{world.count}", outputNamespace="out"),
            left=structs.Source(events=left),
            joinParts=[structs.JoinPart(groupBy=group_by)],
        )
        done = backfill_join(join, world.engine, end=Partitions().of(max(target.times)), step_days=3_650)
        found = world.engine.query(f"SELECT * FROM {done.table} ORDER BY place").read_all()  # noqa: S608 - our name
        names = [f"golden_case_{name}" for name in plan.outputs]
        rows = [
            [plain(row[name], kind) for name, kind in zip(names, plan.outputs.values(), strict=True)]
            for row in found.to_pylist(maps_as_pydicts="strict")
        ]
        return Answer(plan.outputs, rows)


class ServingPath:
    """Uploads, stream rows and fetches."""

    name = "serving"
    modes = frozenset({"online"})

    @cached_property
    def _world(self) -> _World:
        return _World()

    @cached_property
    def _store(self) -> KVStore:
        from chronon.store import open_store

        store = open_store(f"lmdb://{self._world.root}/store")
        self._world.stack.callback(store.close)
        return store

    def answer(self, case: Case, mode: str, target: Target) -> Answer:
        del mode
        from chronon.offline.upload import upload_group_by
        from chronon.plan.group_by import plan_group_by
        from chronon.stream.ingest import Ingest

        world = self._world
        group_by = _definition(case, world.put(case.rows, case.schema), Accuracy.TEMPORAL, world.count)
        plan = plan_group_by(group_by, world.engine)
        self._need_day(group_by, target, world)
        ds = day_of(target.batch_end - 1)
        upload_group_by(group_by, world.engine, self._store, ds=ds, stale_after=target.stale_after)
        ingest = Ingest(self._store, plan.name)
        ingest.write(
            [{**row.values, "ts": row.ts, KEY: "e", SEQUENCE: row.sequence} for row in case.rows],
            partition="0",
            offset=0,
        )
        return Answer(plan.outputs, list(self._fetch(plan, target)))

    def _need_day(self, group_by: structs.GroupBy, target: Target, world: _World) -> None:
        """An upload needs the partition of its last day, which a case may have no row for."""
        table = (group_by.sources or [])[0].events
        assert table is not None  # noqa: S101 - made here
        assert table.table is not None  # noqa: S101
        folder = world.root / table.table.replace(".", "/")
        wanted = folder / f"ds={day_of(target.batch_end - 1)}"
        if not wanted.exists():
            import pyarrow.parquet as pq

            wanted.mkdir()
            other = next(iter(folder.glob("ds=*/rows.parquet")))
            pq.write_table(pq.ParquetFile(other).schema_arrow.empty_table(), wanted / "rows.parquet")

    def _fetch(self, plan: GroupByPlan, target: Target) -> Iterator[list[Any] | None]:
        from chronon.online import Fetcher, Request

        fetcher = Fetcher(self._store)
        for answer in fetcher.fetch_group_by(plan.name, [Request({KEY: "e"}, at=at) for at in target.times]):
            if answer.error is not None:
                yield None
            else:
                yield [plain(answer.values.get(name), kind) for name, kind in plan.outputs.items()]


def _definition(case: Case, table: str, accuracy: Accuracy, number: int | None = None) -> structs.GroupBy:
    """The group-by of a case over a table."""
    selects = {name: f"`{name}`" for name in (KEY, SEQUENCE, *case.schema) if name != "ts"}
    source = structs.EventSource(table=table, topic="golden", query=structs.Query(selects=selects, timeColumn="ts"))
    return structs.GroupBy(
        metaData=structs.MetaData(name="golden.case" if number is None else f"golden.case{number}"),
        sources=[structs.Source(events=source)],
        keyColumns=[KEY],
        aggregations=case.aggregations,
        accuracy=accuracy,
    )


def plain(value: Any, kind: DataType) -> Any:
    """A value as Arrow or a fetch gives it, in the form of the test kit: structs are tuples."""
    if value is None:
        return None
    if isinstance(kind, ListType):
        return [plain(item, kind.element) for item in value]
    if isinstance(kind, MapType):
        return {key: plain(item, kind.value) for key, item in value.items()}
    if isinstance(kind, StructType):
        items = [value[name] for name, _ in kind.fields] if isinstance(value, dict) else value
        return tuple(plain(item, part) for item, (_, part) in zip(items, kind.fields, strict=True))
    return value
