"""The shop that the tests serve: uploads and stream rows without an engine, and the worked examples' definitions.

T0 is the batch end, Q the instant that most examples ask at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from chronon.aggregate import Aggregator
from chronon.api.enums import Accuracy, Operation, TimeUnit
from chronon.api.naming import name_of
from chronon.api.structs import (
    Aggregation,
    Derivation,
    EntitySource,
    EventSource,
    GroupBy,
    Join,
    JoinPart,
    MetaData,
    Query,
    Source,
    Window,
)
from chronon.api.wire import to_json
from chronon.base.arrow import to_arrow
from chronon.base.time import DAY_MS, instant_of
from chronon.base.types import LONG, STRING, DataType, ListType, MapType, StructType
from chronon.store import KVStore, StreamRow
from chronon.store.keys import encode
from chronon.store.names import batch_dataset, join_entry, streaming_dataset
from chronon.store.records import encode_rows
from chronon.store.serving_info import GroupByInfo
from chronon.store.serving_info import encode as encode_info

Schema = Mapping[str, DataType]


def ms(text: str) -> int:
    """``ms("Jan 10 06:15")``: an instant of 2024, in UTC."""
    return instant_of(datetime.strptime(f"2024 {text}", "%Y %b %d %H:%M").replace(tzinfo=UTC))


T0, Q = ms("Jan 10 00:00"), ms("Jan 10 06:15")
DAYS = TimeUnit.DAYS


def days(*lengths: int) -> list[Window]:
    return [Window(length, DAYS) for length in lengths]


def derivations(*pairs: tuple[str, str] | str) -> list[Derivation]:
    return [Derivation("*", "*") if pair == "*" else Derivation(*pair) for pair in pairs]


def group_by(name: str, keys: Sequence[str], aggregations: list[Aggregation] | None, **options: Any) -> GroupBy:
    source = options.pop("source", None) or Source(events=EventSource(table="t", topic="t", query=Query()))
    options.setdefault("accuracy", Accuracy.TEMPORAL if aggregations else Accuracy.SNAPSHOT)
    return GroupBy(MetaData(name=name), [source], list(keys), aggregations, **options)


ENTITIES = Source(entities=EntitySource(snapshotTable="t", mutationTable="m", mutationTopic="m", query=Query()))
P = group_by(
    "shop.purchases.v1",
    ["user_id"],
    [Aggregation("amount", Operation.SUM, windows=days(1, 7)), Aggregation("amount", Operation.COUNT)],
)
R = group_by(
    "shop.ratings.v1",
    ["vendor"],
    [Aggregation("stars", Operation.SUM, windows=days(30))],
    accuracy=Accuracy.SNAPSHOT,
)
U = group_by("shop.users.v1", ["user_id"], None, source=ENTITIES)
M = group_by(
    "shop.prices.v1",
    ["item"],
    [Aggregation("price", Operation.SUM), Aggregation("price", Operation.MAX)],
    source=ENTITIES,
)
PARTS = [JoinPart(P), JoinPart(R, {"seller": "vendor"}, "s")]


def join(name: str = "shop.checkout.v1", parts: list[JoinPart] | None = None, **options: Any) -> Join:
    left = Source(events=EventSource(table="left", query=Query()))
    return Join(MetaData(name=name), left, PARTS if parts is None else parts, **options)


J1 = join()
Row = tuple[int, Sequence[Any]] | tuple[int, Sequence[Any], int]
"""A time, the inputs in order, and what orders rows of the same time; without it, their place does."""
Rows = Mapping[tuple[Any, ...], Sequence[Row]]


def _ordered(rows: Sequence[Row], first: int = 0) -> list[tuple[int, Sequence[Any], int]]:
    """Rows with their sequence, sorted as the algebra takes them."""
    placed = [(row[0], row[1], row[2] if len(row) > 2 else place) for place, row in enumerate(rows, first)]
    return sorted(placed, key=lambda row: (row[0], row[2]))


class World:
    """A store with what has been uploaded to it."""

    def __init__(self, store: KVStore) -> None:
        self.store = store

    def upload(
        self,
        definition: GroupBy,
        keys: Schema,
        selected: Schema,
        rows: Rows,
        *,
        batch_end: int = T0,
        stale_after: int = 2 * DAY_MS,
        generation: str | None = None,
    ) -> None:
        """Batch records of the algebra, computed from rows."""
        aggregator = Aggregator(definition.aggregations or [], selected, definition=name_of(definition))
        order = list(rows)
        flat = [
            (number, ts, place, values) for number, key in enumerate(order) for ts, values, place in _ordered(rows[key])
        ]
        events = pa.record_batch(
            {
                "__key": pa.array([row[0] for row in flat], pa.int64()),
                "ts": pa.array([row[1] for row in flat], pa.int64()),
                "__seq": pa.array([row[2] for row in flat], pa.int64()),
                **{
                    name: pa.array([row[3][i] for row in flat], to_arrow(selected[name]))
                    for i, name in enumerate(selected)
                },
            }
        )
        records: list[tuple[bytes, bytes]] = []
        for batch in aggregator.uploads([events], batch_end, stale_after=stale_after):
            for number, value in zip(batch["key"].to_pylist(), batch["value"].to_pylist(), strict=True):
                key = encode(order[number], list(keys.values()))
                if key is not None:
                    records.append((key, value))
        self._publish(
            definition, keys, selected, aggregator.outputs, records, batch_end, stale_after, "temporal", generation
        )

    def upload_values(
        self,
        definition: GroupBy,
        keys: Schema,
        outputs: Schema,
        rows: Mapping[tuple[Any, ...], Sequence[Any]],
        *,
        batch_end: int = T0,
        generation: str | None = None,
    ) -> None:
        """Final values, as of a batch end."""
        columns = [
            pa.array([values[i] for values in rows.values()], to_arrow(kind)) for i, kind in enumerate(outputs.values())
        ]
        types = list(keys.values())
        pairs = zip((encode(key, types) for key in rows), encode_rows(columns).to_pylist(), strict=True)
        records = [(key, value) for key, value in pairs if key is not None]
        self._publish(definition, keys, outputs, outputs, records, batch_end, 2 * DAY_MS, "values", generation)

    def _publish(
        self,
        definition: GroupBy,
        keys: Schema,
        selected: Schema,
        outputs: Schema,
        records: Sequence[tuple[bytes, bytes]],
        batch_end: int,
        stale_after: int,
        record: Any,
        generation: str | None,
    ) -> None:
        name = name_of(definition)
        info = GroupByInfo(
            name=name,
            definition=to_json(definition),
            batch_end=batch_end,
            stale_after=stale_after,
            record=record,
            keys={name: str(kind) for name, kind in keys.items()},
            selected={name: str(kind) for name, kind in selected.items()},
            outputs={name: str(kind) for name, kind in outputs.items()},
            row_hash="r",
            batch_hash="b",
        )
        dataset, generation = batch_dataset(name), generation or str(batch_end)
        data = pa.record_batch(
            {
                "key": pa.array([key for key, _ in records], pa.binary()),
                "value": pa.array([value for _, value in records], pa.binary()),
            }
        )
        self.store.bulk_put(dataset, generation, [data])
        self.store.publish(dataset, generation, encode_info(info))

    def stream(
        self,
        definition: GroupBy,
        keys: Schema,
        selected: Schema,
        key: tuple[Any, ...],
        rows: Sequence[Row],
        *,
        offset: int = 0,
    ) -> None:
        """Stream rows of one entity, which came in this order from ``offset`` on."""
        serving = Aggregator(definition.aggregations or [], selected).serving()
        encoded = encode(key, list(keys.values()))
        assert encoded is not None
        names = list(selected)
        written: list[StreamRow] = []
        for place, row in enumerate(rows, offset):
            ((ts, values, sequence),) = _ordered([row], place)
            inputs = [values[names.index(name)] for name in serving.inputs]
            written.append(StreamRow(encoded, ts, serving.encode_row(ts, inputs, seq=sequence), b"0/%d" % place))
        self.store.multi_put(streaming_dataset(name_of(definition)), written)

    def change(self, item: int, made: int, ts: int, price: int, *, before: bool = False) -> None:
        """A change of an item's price: made at one instant, to a row of another."""
        serving = Aggregator(M.aggregations or [], {"price": LONG}).serving()
        encoded = encode([item], [LONG])
        assert encoded is not None
        row = serving.encode_row(ts, [price], reversal=before)
        self.store.multi_put(streaming_dataset(name_of(M)), [StreamRow(encoded, made, row, b"b" if before else b"a")])

    def put_join(self, definition: Join) -> None:
        self.store.put_meta({join_entry(name_of(definition)): to_json(definition).encode()})


USER, AMOUNT = {"user_id": STRING}, {"amount": LONG}
BATCH: Rows = {("u1",): [(ms("Jan 8 05:30"), [10]), (ms("Jan 9 12:10"), [20])]}


def put_purchases(world: World, definition: GroupBy = P) -> None:
    world.upload(definition, USER, AMOUNT, BATCH)
    world.stream(definition, USER, AMOUNT, ("u1",), [(ms("Jan 10 05:00"), [5])])
    world.stream(definition, USER, AMOUNT, ("u2",), [(ms("Jan 10 05:00"), [7])])


def put_ratings(world: World, definition: GroupBy = R) -> None:
    world.upload_values(definition, {"vendor": LONG}, {"stars_sum_30d": LONG}, {(7,): [120]})


def put_all(world: World) -> None:
    put_purchases(world)
    put_ratings(world)
    world.upload_values(U, USER, {"country": STRING, "age": LONG}, {("u1",): ["FR", 31]})
    world.upload(M, {"item": LONG}, {"price": LONG}, {(1,): [(ms("Jan 6 00:00"), [30]), (ms("Jan 6 01:00"), [40])]})
    world.put_join(J1)


def by_name(value: Any, kind: DataType) -> Any:
    """A value with its structs as dicts."""
    if value is None:
        return None
    if isinstance(kind, StructType):
        return {name: by_name(item, part) for (name, part), item in zip(kind.fields, value, strict=True)}
    if isinstance(kind, ListType):
        return [by_name(item, kind.element) for item in value]
    if isinstance(kind, MapType):
        return {key: by_name(item, kind.value) for key, item in value.items()}
    return value
