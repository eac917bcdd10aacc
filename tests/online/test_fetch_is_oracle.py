"""A fetch answers exactly from what is visible: the batch before its end, the stream from then until the instant."""

from __future__ import annotations

import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st

from chronon.api.structs import Aggregation, JoinPart
from chronon.base.time import DAY_MS, HOUR_MS
from chronon.base.types import LONG, STRING
from chronon.online import Fetcher, Request
from chronon.store.lmdb import LmdbStore
from chronon.testing.oracle import Row
from chronon.testing.strategies import histories, instants, scenarios
from chronon.testing.tolerance import assert_same

from . import world as w

KEYS = {"who": STRING, "where": LONG}
OTHER = ("u2", -1)


@st.composite
def worlds(draw):
    """A definition, the rows of two keys, a batch end, when it is stale, instants, and how the stream arrived."""
    scenario = draw(scenarios())
    other = draw(histories(scenario.definition.schema, tensors=scenario.definition.tensors))
    edges = [*scenario.queries, *(row.ts for row in [*scenario.rows, *other])]
    batch_end = draw(st.sampled_from([edge // HOUR_MS * HOUR_MS for edge in edges]))
    times = draw(instants(scenario.oracle, [*scenario.rows, *other]))
    late = batch_end + draw(st.integers(2, 30)) * DAY_MS
    return (
        scenario,
        {("u1", 7): list(scenario.rows), OTHER: other},
        batch_end,
        draw(st.sampled_from([0, HOUR_MS, 2 * DAY_MS])),
        [*(at for at in times if at >= batch_end), batch_end, late],
        draw(st.randoms(use_true_random=False)),
    )


def plain(row: Row, schema) -> tuple:
    """A row as the world takes it: structs by name, as Arrow gives them."""
    return (row.ts, [w.by_name(row.values[name], kind) for name, kind in schema.items()], row.sequence)


def writable(aggregations):
    """The same columns with the whole history in aggregations of their own: JSON has no other place for it."""
    parted = [
        (each, windows)
        for each in aggregations
        for windows in ([window for window in each.windows if window is not None], None)
        if (windows if windows is not None else None in each.windows)
    ]
    return [
        Aggregation(each.inputColumn, each.operation, each.argMap, windows, each.buckets, each.elementWise)
        for each, windows in parted
    ]


@given(worlds())
@settings(max_examples=100, deadline=None)
def test_a_fetch_is_the_oracle_of_what_is_visible(drawn):
    scenario, rows, batch_end, stale_after, times, chance = drawn
    definition = w.group_by("shop.any.v1", list(KEYS), writable(scenario.definition.aggregations))
    schema = scenario.definition.schema
    batch = {key: [row for row in found if row.ts < batch_end] for key, found in rows.items()}
    with tempfile.TemporaryDirectory() as folder:
        world = w.World(LmdbStore(folder))
        table = {key: [plain(row, schema) for row in found] for key, found in batch.items()}
        world.upload(definition, KEYS, schema, table, batch_end=batch_end, stale_after=stale_after)
        for key, found in rows.items():  # late rows among them, in any order, and delivered twice
            stream = [plain(row, schema) for row in found]
            chance.shuffle(stream)
            for _ in range(2):
                world.stream(definition, KEYS, schema, key, stream)
        world.put_join(w.join("shop.any.v1", [JoinPart(definition, {"buyer": "who"}, "p")]))
        fetcher = Fetcher(world.store)
        asked = [(key, at) for key in [*rows, ("u3", 0)] for at in times]
        direct = fetcher.fetch_group_by(
            "shop.any.v1", [Request(dict(zip(KEYS, k, strict=True)), at) for k, at in asked]
        )
        joined = fetcher.fetch_join(
            "shop.any.v1", [Request({"buyer": who, "where": str(where)}, at) for (who, where), at in asked]
        )
        for (key, at), own, of_join in zip(asked, direct, joined, strict=True):
            assert own.error is None
            expected = scenario.oracle.visible(
                batch.get(key, []), rows.get(key, []), batch_end, at, stale_after=stale_after
            )
            answered = {name: value for name, value in own.values.items() if name != "shop_any_v1_exception"}
            if own.found:
                assert_same(expected, answered)
            else:
                assert answered == {}
                assert all(value is None for value in expected.values())
            prefixed = {f"p_shop_any_v1_{name}": value for name, value in answered.items()}
            found = {name: value for name, value in of_join.values.items() if name != "p_shop_any_v1_exception"}
            assert_same(prefixed, found)
        world.store.close()
