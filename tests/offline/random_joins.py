"""Random joins: tables, a definition as JSON, and every output row recomputed from the tables by the naive oracle."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from chronon.api import structs
from chronon.api.wire import from_json
from chronon.base import types as t
from chronon.base.arrow import schema_from_arrow, schema_to_arrow
from chronon.base.time import DAY_MS, HOUR_MS, MINUTE_MS, day_of
from chronon.testing.near import Near
from chronon.testing.oracle import Oracle, Row

FIRST = 1_704_067_200_000 // DAY_MS  # 2024-01-01
DAYS = 8
ARROW = {
    "long": pa.int64(),
    "int": pa.int32(),
    "short": pa.int16(),
    "double": pa.float64(),
    "float": pa.float32(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "list": pa.list_(pa.string()),
}
SUM, COUNT, AVERAGE, MIN, MAX, FIRST_OP, LAST, UNIQUE, HISTOGRAM = 7, 6, 8, 0, 1, 2, 3, 4, 17
LAST_K, FIRST_K, TOP_K, BOTTOM_K, VARIANCE, APPROX = 13, 14, 15, 16, 9, 5
"""Operations as their codes on the wire."""
TAKEN = {
    "long": (SUM, COUNT, AVERAGE, MIN, MAX, FIRST_OP, LAST, UNIQUE, VARIANCE, LAST_K, FIRST_K, TOP_K, BOTTOM_K),
    "int": (SUM, COUNT, AVERAGE, MIN, MAX, LAST, TOP_K),
    "short": (SUM, COUNT, MAX, LAST),
    "double": (SUM, COUNT, AVERAGE, MIN, MAX, FIRST_OP, LAST, VARIANCE, TOP_K),
    "float": (SUM, COUNT, MIN, LAST),
    "string": (COUNT, MIN, MAX, FIRST_OP, LAST, UNIQUE, APPROX, HISTOGRAM, LAST_K),
    "bool": (COUNT, LAST),
    "list": (COUNT, LAST),
}
WINDOWS = [(30, 0), (1, 0), (5, 0), (14, 0), (1, 1), (2, 1), (3, 1), (13, 1)]


@dataclass
class Table:
    """Rows with their partition, as they are written and as the oracle sees them."""

    name: str
    columns: dict[str, str]
    rows: list[dict[str, Any]]

    def write(self, warehouse: Path, rng: random.Random) -> None:
        """As Parquet by partition, in one file or several; or as one file of CSV."""
        folder = warehouse / "db" / self.name
        schema = pa.schema([(name, ARROW[kind]) for name, kind in self.columns.items()])
        plain = not set(self.columns.values()) & {"list", "float", "int", "short", "bool"}
        plain = plain and not any("" in row.values() for row in self.rows)  # CSV cannot tell it from null
        if plain and rng.random() < 0.2 and self.rows:
            table = pa.Table.from_pylist(self.rows, schema.append(pa.field("ds", pa.string())))
            folder.parent.mkdir(parents=True, exist_ok=True)
            pyarrow.csv.write_csv(table, folder.with_suffix(".csv"))
            return
        for ds in sorted({row["ds"] for row in self.rows}):
            inside = [row for row in self.rows if row["ds"] == ds]
            target = folder / f"ds={ds}"
            target.mkdir(parents=True)
            cut = rng.randint(0, len(inside))
            for number, piece in enumerate(p for p in (inside[:cut], inside[cut:]) if p):
                pq.write_table(pa.Table.from_pylist(piece, schema), target / f"{number}.parquet")

    def pieces(self, rng: random.Random) -> list[tuple[Table, dict[str, str]]]:
        """The same rows in one to three tables with columns of their own, each with its selects in some order."""
        count = rng.choice([1, 1, 2, 3]) if len(self.rows) > 1 else 1
        found: list[tuple[Table, dict[str, str]]] = []
        for number in range(count):
            rows = self.rows[number::count] if count > 1 else self.rows
            if not rows:
                continue
            shown = {name: f"x{number}_{name}" if count > 1 else name for name in self.columns if name != "ts"}
            names = {**shown, "ts": "ts", "ds": "ds"}
            columns = {names[name]: kind for name, kind in self.columns.items()}
            renamed = [{names[name]: value for name, value in row.items()} for row in rows]
            selects = rng.sample(list(shown.items()), len(shown))
            table = Table(f"{self.name}_{number}" if count > 1 else self.name, columns, renamed)
            found.append((table, dict(selects)))
        return found

    def types(self) -> dict[str, t.DataType]:
        return schema_from_arrow(pa.schema([(name, ARROW[kind]) for name, kind in self.columns.items()]))


@dataclass
class Part:
    """A group-by in a join, and what it reads."""

    definition: dict[str, Any]
    table: Table
    pieces: list[tuple[Table, dict[str, str]]]  # what is written of it, with the selects of each
    keys: dict[str, str]  # of the group-by, each with the left column
    events: bool
    temporal: bool
    prefix: str
    lookup: list[str] = field(default_factory=list)

    @cached_property
    def oracle(self) -> Oracle | None:
        """Of its aggregations; ``None`` where it has none."""
        aggregations = [from_json(structs.Aggregation, json.dumps(a)) for a in self.definition.get("aggregations", [])]
        types = {n: k for n, k in self.table.types().items() if n not in self.keys}
        return Oracle(aggregations, types) if aggregations else None

    @property
    def outputs(self) -> dict[str, t.DataType]:
        """Its columns in the join."""
        types = self.table.types()
        plain = self.oracle.outputs if self.oracle else {name: types[name] for name in self.lookup}
        return {f"{self.prefix}_{name}": kind for name, kind in plain.items()}

    def expected(self, left: dict[str, Any], of_events: bool) -> dict[str, Any]:
        """The features of a left row."""
        oracle = self.oracle
        key = {right: left[column] for right, column in self.keys.items()}
        nothing = dict.fromkeys(oracle.outputs if oracle else self.lookup)
        if None in key.values() or (of_events and left["ts"] is None):
            return nothing
        rows = [row for row in self.table.rows if all(row[name] == value for name, value in key.items())]
        midnight = left["ts"] // DAY_MS * DAY_MS if of_events else _start(left["ds"]) + DAY_MS
        if not self.events:
            ds = day_of(midnight - DAY_MS)
            rows = [row for row in rows if row["ds"] == ds]
            if oracle is None:
                return {n: rows[0][n] for n in self.lookup} if rows else nothing
            return oracle.entities([_row(row) for row in rows], midnight)
        dated = [_row(row) for row in rows]
        return oracle.at(dated, left["ts"] if of_events and self.temporal else midnight) if oracle else nothing


def _row(row: dict[str, Any]) -> Row:
    return Row(row.get("ts"), {name: value for name, value in row.items() if name not in ("ts", "ds")})


def _start(ds: str) -> int:
    return (FIRST + int(ds[-2:]) - 1) * DAY_MS


class Case:
    """One random join."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.keys = {"user": "string", "item": rng.choice(["long", "int", "string"]), "city": "string"}
        self.of_events = rng.random() < 0.75
        self.left = self._left()
        self.parts = [self._part(number) for number in range(rng.randint(1, 5))]
        computed = self._computed()
        self.known = [self._known(computed) for _ in range(rng.choice([0, 0, 1, 2]))]
        self._rows_expected = self._with_known(computed)

    # ---- tables

    def _key(self, kind: str) -> Any:
        if self.rng.random() < 0.08:
            return None
        number = int(self.rng.random() ** 2 * 5)
        return number if kind in ("long", "int") else f"k{number}'\\"[: self.rng.randint(2, 4)]

    def _value(self, kind: str) -> Any:
        rng = self.rng
        if rng.random() < 0.15:
            return None
        if kind in ("long", "int", "short"):
            return rng.randint(-100, 100)
        if kind in ("double", "float"):
            return rng.randint(-64, 64) / 8
        if kind == "bool":
            return rng.random() < 0.5
        if kind == "list":
            return [rng.choice("abc") for _ in range(rng.randint(0, 3))]
        return rng.choice(["red", "green", "blue", "", "ümlaut", "😀"])

    def _time(self) -> int:
        at = FIRST * DAY_MS + self.rng.randrange(DAYS * DAY_MS)
        step = self.rng.choice([1, 1000, 5 * MINUTE_MS, HOUR_MS, DAY_MS])
        return at // step * step

    def _left(self) -> Table:
        rng = self.rng
        columns = {**self.keys, "req": "string", "note": "double"}
        rows = []
        for number in range(rng.randint(5, 60)):
            row = {name: self._key(kind) for name, kind in self.keys.items()}
            row |= {"req": f"r{number}", "note": self._value("double")}
            if self.of_events:
                row["ts"] = self._time() if rng.random() > 0.04 else None
                day = row["ts"] // DAY_MS if row["ts"] is not None else FIRST + rng.randrange(DAYS)
                row["ds"] = day_of(min(FIRST + DAYS - 1, day + (rng.random() < 0.1)) * DAY_MS)
            else:
                row["ds"] = day_of((FIRST + rng.randrange(DAYS)) * DAY_MS)
            rows.append(row)
        rng.shuffle(rows)
        return Table("left_rows", {**columns, **({"ts": "long"} if self.of_events else {})}, rows)

    def _part(self, number: int) -> Part:
        rng = self.rng
        events = rng.random() < 0.7
        lookup = not events and rng.random() < 0.4
        left_keys = rng.sample(list(self.keys), rng.randint(1, 2))
        renamed = rng.random() < 0.4
        keys = {f"right_{name}" if renamed else name: name for name in left_keys}
        kinds = {right: self.keys[left] for right, left in keys.items()}
        if rng.random() < 0.3:
            kinds = {name: {"long": "int", "int": "long"}.get(kind, kind) for name, kind in kinds.items()}
        values = {f"v{i}_{kind}": kind for i, kind in enumerate(rng.choices(list(TAKEN), k=rng.randint(1, 3)))}
        timed = events or (not lookup and rng.random() < 0.5)
        temporal = events and rng.random() < 0.6
        rows = self._rows(kinds, values, timed, events, unique=lookup)
        table = Table(f"t{number}", {**kinds, **values, **({"ts": "long"} if timed else {})}, rows)
        hours = temporal and self.of_events
        pieces = table.pieces(rng)
        definition = self._group_by(number, pieces, list(keys), values, events, temporal, timed, hours, lookup)
        prefix = rng.choice([None, None, f"p{number}"])
        name = f"g_part{number}"
        return Part(
            definition={**definition, "__prefix": prefix},
            table=table,
            pieces=pieces,
            keys=keys,
            events=events,
            temporal=temporal,
            prefix=f"{prefix}_{name}" if prefix else name,
            lookup=list(values) if lookup else [],
        )

    def _rows(
        self, keys: dict[str, str], values: dict[str, str], timed: bool, events: bool, *, unique: bool
    ) -> list[dict[str, Any]]:
        rng = self.rng
        rows: list[dict[str, Any]] = []
        for _ in range(rng.randint(3, 150)):
            row = {name: self._key(kind) for name, kind in keys.items()}
            row |= {name: self._value(kind) for name, kind in values.items()}
            if timed:
                row["ts"] = self._time() if rng.random() > 0.03 else None
            day = (row["ts"] // DAY_MS) if timed and events and row["ts"] is not None else FIRST + rng.randrange(DAYS)
            late = rng.random() < 0.1 and events
            row["ds"] = day_of((day + late) * DAY_MS)
            if unique and any(all(r[n] == row[n] for n in (*keys, "ds")) for r in rows):
                continue
            rows.append(row)
        return rows

    # ---- definitions, as the wire has them

    def _group_by(
        self,
        number: int,
        pieces: list[tuple[Table, dict[str, str]]],
        keys: list[str],
        values: dict[str, str],
        events: bool,
        temporal: bool,
        timed: bool,
        hours: bool,
        lookup: bool,
    ) -> dict[str, Any]:
        sources: list[dict[str, Any]] = []
        for table, selects in pieces:
            query: dict[str, Any] = {"selects": selects, **({"timeColumn": "ts"} if timed else {})}
            query |= self.rng.choice([{}, {"setups": [], "wheres": []}])
            full = f"db.{table.name}"
            sources.append({"events": {"table": full, "query": query}} if events else {
                "entities": {"snapshotTable": full, "query": query}
            })  # fmt: skip
        found: dict[str, Any] = {
            "metaData": {"name": f"g.part{number}", "team": "g"},
            "sources": sources,
            "keyColumns": keys,
            "accuracy": 0 if temporal else 1,
        }
        if not lookup:
            found["aggregations"] = [self._aggregation(values, hours, timed) for _ in range(self.rng.randint(1, 3))]
            found["aggregations"] = _distinct(found["aggregations"])
        return found

    def _aggregation(self, values: dict[str, str], hours: bool, timed: bool) -> dict[str, Any]:
        rng = self.rng
        name = rng.choice(list(values))
        untimed = [op for op in TAKEN[values[name]] if op not in (FIRST_OP, LAST, LAST_K, FIRST_K)]
        operation = rng.choice(TAKEN[values[name]] if timed else untimed)
        found: dict[str, Any] = {"inputColumn": name, "operation": operation}
        if operation in (LAST_K, FIRST_K, TOP_K, BOTTOM_K):
            found["argMap"] = {"k": str(rng.randint(1, 4))}
        elif rng.random() < 0.5:
            found["argMap"] = {}
        if timed and rng.random() < 0.8:
            chosen = rng.sample([w for w in WINDOWS if hours or w[1] == 1], rng.randint(1, 3))
            found["windows"] = [{"length": length, "timeUnit": unit} for length, unit in chosen]
        texts = [n for n, kind in values.items() if kind == "string" and n != name]
        if texts and values[name] != "list" and rng.random() < 0.3:
            found["buckets"] = [rng.choice(texts)]
        return found

    def join(self, name: str) -> structs.Join:
        """The definition under a name."""
        query: dict[str, Any] = {"selects": {n: n for n in self.left.columns if n != "ts"}}
        if self.of_events:
            query["timeColumn"] = "ts"
            query["selects"]["ts"] = "ts"
        table = "db.left_rows"
        left = {"events": {"table": table, "query": query}} if self.of_events else {
            "entities": {"snapshotTable": table, "query": query}
        }  # fmt: skip
        parts = []
        for part in self.parts:
            definition = {n: v for n, v in part.definition.items() if n != "__prefix"}
            made: dict[str, Any] = {"groupBy": definition}
            mapping = {left: right for right, left in part.keys.items() if left != right}
            if mapping:
                made["keyMapping"] = mapping
            if part.definition["__prefix"]:
                made["prefix"] = part.definition["__prefix"]
            parts.append(made)
        data: dict[str, Any] = {
            "metaData": {"name": name, "team": "t", "outputNamespace": "out"},
            "left": left,
            "joinParts": parts,
        }
        if any(self.known):
            data["rowIds"] = ["req"]
            data["bootstrapParts"] = [{"table": f"db.known{n}"} for n, rows in enumerate(self.known) if rows]
        return from_json(structs.Join, json.dumps(data))

    def write(self, warehouse: Path) -> None:
        for table in (self.left, *(table for part in self.parts for table, _ in part.pieces)):
            table.write(warehouse, self.rng)
        self._write_known(warehouse)

    # ---- what comes out

    def expected(self) -> dict[str, dict[str, Any]]:
        """Each output row by its request."""
        return {request: dict(row) for request, row in self._rows_expected.items()}

    def _computed(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for left in self.left.rows:
            row = dict(left)
            for part in self.parts:
                values = part.expected(left, self.of_events)
                row |= {f"{part.prefix}_{name}": value for name, value in values.items()}
            found[left["req"]] = row
        return found

    def _known(self, computed: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """A bootstrap table: some columns of some rows, with values that other rows have."""
        rng = self.rng
        columns = [name for part in self.parts if rng.random() < 0.7 for name in part.outputs if rng.random() < 0.8]
        rows = list(computed.values())
        return [
            {"req": row["req"], "ds": row["ds"] if rng.random() < 0.9 else day_of(FIRST * DAY_MS)}
            | {name: rng.choice(rows)[name] for name in columns}
            for row in rows
            if rng.random() < 0.6
        ]

    def _with_known(self, computed: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """The rows after bootstrap: the first value wins; a part that is known altogether is not computed."""
        for request, row in computed.items():
            matches = [k for table in self.known for k in table if (k["req"], k["ds"]) == (request, row["ds"])]
            for part in self.parts if matches else ():
                covered = all(any(name in match for match in matches) for name in part.outputs)
                for name in part.outputs:
                    given = next((match[name] for match in matches if match.get(name) is not None), None)
                    row[name] = given if covered or given is not None else row[name]
        return computed

    def _write_known(self, warehouse: Path) -> None:
        kinds = {name: kind for part in self.parts for name, kind in part.outputs.items()}
        for number, rows in enumerate(self.known):
            for ds in sorted({row["ds"] for row in rows}):
                inside = [
                    {name: _stored(v) for name, v in row.items() if name != "ds"} for row in rows if row["ds"] == ds
                ]
                schema = schema_to_arrow({n: kinds.get(n, t.STRING) for n in inside[0]})
                target = warehouse / "db" / f"known{number}" / f"ds={ds}"
                target.mkdir(parents=True)
                pq.write_table(pa.Table.from_pylist(inside, schema), target / "known.parquet")


def _stored(value: Any) -> Any:
    return float(value) if isinstance(value, Near) else value


def _distinct(aggregations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: set[str] = set()
    found = []
    for one in aggregations:
        identity = json.dumps([one["inputColumn"], one["operation"]])
        if identity not in seen:
            seen.add(identity)
            found.append(one)
    return found
