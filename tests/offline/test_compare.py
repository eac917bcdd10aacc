"""A join's table against the query that says what it should be."""

from __future__ import annotations

import pyarrow as pa
import pytest

from chronon import Aggregation, EventSource, GroupBy, Join, Operation, Query, StagingQuery, select
from chronon.base import types as t
from chronon.base.arrow import schema_to_arrow
from chronon.base.errors import ChrononError
from chronon.offline import backfill_join
from chronon.offline.compare import ColumnComparison, compare_join
from chronon.offline.metrics import LEFT, RIGHT, by_day, measure

from .conftest import World, at


@pytest.fixture
def shop(world: World) -> World:
    rows = [("u1", at("01-05 12:00"), "01-05"), ("u2", at("01-05 13:00"), "01-05"), (None, at("01-06"), "01-06")]
    world.table("db.queries", {"user": "string", "ts": "long"}, rows)
    purchases = [("u1", 5.0, at("01-04"), "01-04"), ("u2", 7.0, at("01-04"), "01-04")]
    world.table("db.purchases", {"user": "string", "amount": "double", "ts": "long"}, purchases)
    backfill_join(training(), world.engine, end="2024-01-06")
    return world


def training() -> Join:
    query = Query(selects=select("user", "amount"), time_column="ts")
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=query),
        keys=["user"],
        aggregations=[Aggregation("amount", Operation.SUM), Aggregation("amount", Operation.COUNT)],
    )
    left = EventSource(table="db.queries", query=Query(selects=select("user"), time_column="ts"))
    return Join(left, [group_by], name="t.j", output_namespace="out")


def compared(world: World, value: str, where: str = "true"):
    query = f"""
        SELECT q.user, q.ts, {value} AS g_spend_amount_sum, q.ds
        FROM db.queries AS q LEFT JOIN (SELECT user, sum(amount) AS s FROM db.purchases GROUP BY user) AS p
        ON q.user = p.user WHERE q.ds BETWEEN '{{{{ start_date }}}}' AND '{{{{ end_date }}}}' AND {where}
    """
    expected = StagingQuery(query, name="t.expected", output_namespace="out")
    return compare_join(training(), expected, world.engine, start="2024-01-05", end="2024-01-06")


def test_equal_tables(shop: World) -> None:
    found = compared(shop, "s * (1 + 1e-12)")
    assert found.equal
    assert (found.both, found.only_left, found.only_right) == (3, 0, 0)
    assert found.keys == ["user", "ts", "ds"]
    assert found.columns == [ColumnComparison("g_spend_amount_sum", 3, 0, 0, 0)]
    assert found.not_compared == ["g_spend_amount_count"]


def test_what_differs_is_counted_by_column(shop: World) -> None:
    found = compared(shop, "CASE q.user WHEN 'u1' THEN 6D WHEN 'u2' THEN NULL ELSE 1D END")
    assert not found.equal
    assert found.columns == [ColumnComparison("g_spend_amount_sum", 0, 1, 1, 1)]


def test_rows_of_one_side_are_counted(shop: World) -> None:
    found = compared(shop, "s", "q.user = 'u1'")
    assert (found.both, found.only_left, found.only_right) == (1, 2, 0)
    shop.table("db.queries", {"user": "string", "ts": "long"}, [("u3", at("01-06 01:00"), "01-06")])
    found = compared(shop, "s")
    assert (found.both, found.only_left, found.only_right) == (2, 1, 1)


def test_rows_that_share_their_keys_are_told(shop: World) -> None:
    rows = [("u1", at("01-05 12:00"), "01-05"), ("u1", at("01-05 12:00"), "01-05")]
    shop.table("db.queries", {"user": "string", "ts": "long"}, rows)
    found = compared(shop, "s", "q.user = 'u1'")
    assert (found.doubled, found.equal) == (2, False)


@pytest.mark.parametrize(
    "query, words",
    [
        ("SELECT user, ds FROM db.queries", "gives no ts"),
        ("SELECT user, ts, ds, 1 AS more FROM db.queries", "the join has no column more"),
        ("SELECT user, ts, ds, 1 AS g_spend_amount_sum FROM db.queries", "a double in the join, a int in the query"),
    ],
)
def test_what_cannot_be_compared(shop: World, query: str, words: str) -> None:
    expected = StagingQuery(query, name="t.expected", output_namespace="out")
    with pytest.raises(ChrononError, match=words):
        compare_join(training(), expected, shop.engine, start="2024-01-05", end="2024-01-06")


# ---- what is written


def side_by_side(world: World) -> list[dict[str, object]]:
    found = world.engine.query("SELECT * FROM out.compare_join_query_t_j_t_expected").read_all()
    return found.to_pylist(maps_as_pydicts="strict")


def test_both_sides_are_written_beside_each_other_and_measured_by_hour(shop: World) -> None:
    found = compared(shop, "CASE q.user WHEN 'u1' THEN 6D WHEN 'u2' THEN NULL ELSE 1D END")
    assert (found.table, found.metrics_table) == (
        "out.compare_join_query_t_j_t_expected",
        "out.compare_stats_join_query_t_j_t_expected",
    )
    noon, midnight = at("01-05 12:00"), at("01-06")
    name = "g_spend_amount_sum"
    assert side_by_side(shop) == [
        {"user": None, "ts": midnight, "ds": "2024-01-06", f"{name}_left": None, f"{name}_right": 1.0},
        {"user": "u1", "ts": noon, "ds": "2024-01-05", f"{name}_left": 5.0, f"{name}_right": 6.0},
        {"user": "u2", "ts": at("01-05 13:00"), "ds": "2024-01-05", f"{name}_left": 7.0, f"{name}_right": None},
    ]
    assert shop.columns(found.metrics_table) == [
        "JoinPath", f"{name}_both_null_sum", f"{name}_left_null_sum", f"{name}_right_null_sum", f"{name}_smape_average",
        f"{name}_left_minus_right_approx_percentile", f"{name}_left_approx_percentile",
        f"{name}_right_approx_percentile", f"{name}_mismatch_sum", f"{name}_total_count", "ts",
    ]  # fmt: skip
    listed = "JoinPath", *(f"{name}_{what}_sum" for what in ("left_null", "right_null", "mismatch")), "ts"
    assert shop.rows(f"{found.metrics_table} ORDER BY ts", *listed) == [
        ("t/j", 0, 0, 1, noon),
        ("t/j", 0, 1, 0, at("01-05 13:00")),
        ("t/j", 1, 0, 0, midnight),
    ]
    assert found.discrepancies == {"2024-01-05": 2, "2024-01-06": 1}


def test_a_comparison_replaces_the_one_before(shop: World) -> None:
    compared(shop, "s")
    found = compared(shop, "s", "q.user = 'u1'")
    assert len(side_by_side(shop)) == 3
    assert found.discrepancies == {"2024-01-05": 1}
    assert compared(shop, "s").discrepancies == {}


KINDS = {"x": t.LONG, "d": t.DOUBLE, "s": t.STRING, "l": t.ListType(t.STRING), "m": t.MapType(t.STRING, t.LONG)}
KINDS["b"] = t.BOOLEAN
NINE, ELEVEN = at("01-05 09:00"), at("01-05 11:00")


def frame(world: World, columns: dict[str, t.DataType], rows: list[tuple[str, int, dict[str, tuple]]]) -> None:
    """Both sides beside each other; a column that a row does not name is null on both."""
    written = {"k": t.STRING, "ts": t.LONG}
    written |= {f"{name}{side}": kind for name, kind in columns.items() for side in (LEFT, RIGHT)}
    schema = schema_to_arrow(written)
    made = [
        {"k": k, "ts": ts}
        | {name + side: pair[side == RIGHT] for name, pair in values.items() for side in (LEFT, RIGHT)}
        for k, ts, values in rows
    ]
    batches = pa.Table.from_pylist(made, schema).to_batches()
    with world.engine.warehouse.writing("out.frame"):
        world.engine.warehouse.publish("out.frame", ("ds", "2024-01-05"), batches, schema)


def test_what_is_measured_of_each_kind_of_column(world: World) -> None:
    """Worked example 50, but that nulls have no length and no error."""
    frame(world, KINDS, [
        ("a", NINE, {"x": (1, 3), "d": (1.0, 1.0), "s": ("p", "p"), "l": (["u", "v"], ["v", "w"]),
                     "m": ({"z": 1, "y": 2}, {"y": 2, "z": 1}), "b": (True, False)}),
        ("b", NINE + 1, {"x": (2, 2), "d": (None, 4.0), "s": ("p", "r"), "l": (["u"], ["u"]),
                         "m": ({"z": 1}, {"z": 2}), "b": (True, True)}),
        ("c", NINE + 2, {"d": (0.0, 0.0), "s": (None, "t"), "l": (["u"], ["u", "x", "y"])}),
        ("d", ELEVEN, {"x": (5, None)}),
        ("e", ELEVEN + 1, {"x": (None, 5)}),
    ])  # fmt: skip
    found = measure("out.frame", KINDS, ["k", "ts", "ds"], "t/j", world.engine)
    nine, eleven = found.table.to_pylist()
    assert (nine["ts"], eleven["ts"]) == (NINE, ELEVEN)

    def sums(row: dict, column: str) -> tuple[int, ...]:
        return tuple(row[f"{column}_{what}_sum"] for what in ("both_null", "left_null", "right_null", "mismatch"))

    assert {column: sums(nine, column) for column in KINDS} == {
        "x": (1, 0, 0, 1),
        "d": (0, 1, 0, 0),
        "s": (0, 1, 0, 1),
        "l": (0, 0, 0, 2),
        "m": (1, 0, 0, 1),
        "b": (1, 0, 0, 1),
    }
    assert all(nine[f"{column}_total_count"] == 3 for column in KINDS)
    assert nine["x_smape_average"] == pytest.approx(0.5)  # of the two rows that have both sides
    assert nine["d_smape_average"] == 0
    of_two = nine["x_left_minus_right_approx_percentile"]
    assert (len(of_two), of_two[:21], of_two[21:]) == (42, [-2.0] * 21, [0.0] * 21)
    assert nine["l_mismatch_length_sum"] == 1
    assert set(nine["l_edit_distance_insert_approx_percentile"]) == {0.0, 1.0}
    assert set(nine["l_edit_distance_delete_approx_percentile"]) == {0.0, 1.0, 2.0}
    assert sums(eleven, "x") == (0, 1, 1, 0)
    assert eleven["x_total_count"] == 2
    assert sums(eleven, "l") == (2, 0, 0, 0)
    assert eleven["l_left_length_approx_percentile"] is None
    assert by_day(found.discrepancies(), world.engine) == {"2024-01-05": (1 + 0 + 2) + (1 + 1 + 0)}


def test_errors_are_relative_to_both_sides(world: World) -> None:
    """Worked example 51."""
    frame(world, {"x": t.LONG}, [
        ("u1", NINE, {"x": (10, 10)}),
        ("u2", NINE + 1, {"x": (7, None)}),
        ("u3", at("01-06 09:00"), {"x": (31, 30)}),
    ])  # fmt: skip
    first, second = measure("out.frame", {"x": t.LONG}, ["k", "ts", "ds"], "t/j", world.engine).table.to_pylist()
    names = "x_right_null_sum", "x_mismatch_sum", "x_smape_average", "x_total_count"
    assert [first[name] for name in names] == [1, 0, 0.0, 2]
    assert [second[name] for name in names] == [0, 1, pytest.approx(0.032786885), 1]


def test_a_row_without_a_time_is_in_the_first_hour_of_its_partition(world: World) -> None:
    frame(world, {"x": t.LONG}, [("u1", None, {"x": (1, 1)})])
    found = measure("out.frame", {"x": t.LONG}, ["k", "ts", "ds"], "t/j", world.engine).table
    assert found.column("ts").to_pylist() == [at("01-05")]
    found = measure("out.frame", {"x": t.LONG}, ["k", "ds"], "t/j", world.engine).table
    assert found.column("ts").to_pylist() == [at("01-05")]


def test_lists_maps_and_floats_are_compared_by_value(world: World) -> None:
    """Not by the order of a map's entries, and floats to the last digits."""
    rows = [("u1", 1.0, at("01-04 01:00"), "01-04"), ("u1", 2.0, at("01-04 02:00"), "01-04")]
    world.table("db.purchases", {"user": "string", "amount": "double", "ts": "long"}, rows)
    world.table("db.queries", {"user": "string", "ts": "long"}, [("u1", at("01-05"), "01-05")])
    query = Query(selects=select("user", "amount", kind="cast(amount as string)"), time_column="ts")
    group_by = GroupBy(
        name="g.spend",
        sources=EventSource(table="db.purchases", query=query),
        keys=["user"],
        aggregations=[Aggregation("amount", Operation.LAST_K(2)), Aggregation("kind", Operation.HISTOGRAM)],
    )
    left = EventSource(table="db.queries", query=Query(selects=select("user"), time_column="ts"))
    join = Join(left, [group_by], name="t.j", output_namespace="out")
    backfill_join(join, world.engine, end="2024-01-05")

    def found(last: str, kinds: str) -> list[ColumnComparison]:
        text = f"SELECT user, ts, {last} AS g_spend_amount_last2, {kinds} AS g_spend_kind_histogram, ds FROM db.queries"
        expected = StagingQuery(text, name="t.expected", output_namespace="out")
        return compare_join(join, expected, world.engine, start="2024-01-05", end="2024-01-05").columns

    for kinds in ("map('1.0', 1, '2.0', 1)", "map('2.0', 1, '1.0', 1)"):
        assert [c.agree for c in found("array(2D * (1D + 1e-12D), 1D)", kinds)] == [1, 1]
    assert [c.differ for c in found("array(1D, 2D)", "map('2.0', 2, '1.0', 1)")] == [1, 1]
