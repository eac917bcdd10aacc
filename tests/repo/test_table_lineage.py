"""Lineage by tables, in the original's form: which columns a job reads for each column that it writes."""

import json

import pytest

from ai.chronon.lineage.lineage_metadata import ColumnTransform, TableType
from ai.chronon.lineage.lineage_parser import LineageParser, append_transform, build_lineage
from chronon import Aggregation, Derivation, EventSource, GroupBy, Join, JoinPart, Operation, Query, select
from chronon.api import structs, wire


def edges(sql, **how):
    found = build_lineage("out", sql, **how)
    return {column: inputs for (_, column), inputs in found.items()}


@pytest.mark.parametrize(
    "sql, inputs",
    [
        ("SELECT a FROM t", {(("t", "a"), ())}),
        ("SELECT a + b AS c FROM t", {(("t", "a"), ("Add",)), (("t", "b"), ("Add",))}),
        ("SELECT SUM(x) AS c FROM (SELECT a * 2 AS x FROM db.t)", {(("db.t", "a"), ("Sum", "Mul"))}),
        ("SELECT AGG(a) AS c FROM t", {(("t", "a"), ("AGG",))}),
        ("SELECT MY_FUNCTION(a) AS c FROM t", {(("t", "a"), ("MY_FUNCTION",))}),
        ("SELECT address.city AS c FROM db.t", {(("db.t", "address.city"), ("Dot",))}),
        ("SELECT a FROM (SELECT * FROM t)", {(("t", "*"), ())}),
        ("SELECT u.a FROM t JOIN u ON t.k = u.k", {(("u", "a"), ())}),
        ("SELECT a FROM t JOIN (SELECT b FROM u) ON a = b", {(("t", "a"), ())}),
        ("SELECT a FROM t UNION SELECT b FROM u", {(("t", "a"), ()), (("u", "b"), ())}),
        ("WITH w AS (SELECT a FROM t) SELECT CAST(a AS INT) AS c FROM w", {(("t", "a"), ("TryCast",))}),
        ("SELECT a * 2 AS a FROM t WHERE a > 0", {(("t", "a"), ("Mul",))}),
        ("SELECT COUNT(*) AS c FROM t", set()),
    ],
)
def test_the_inputs_of_a_column(sql, inputs):
    (found,) = edges(sql).values()
    assert found == inputs


def test_a_column_may_read_one_that_stands_before_it():
    assert edges("SELECT a + 1 AS b, b * 2 AS c FROM t")["c"] == {(("t", "a"), ("Mul",))}


def test_a_star_needs_the_columns_of_its_table():
    assert edges("SELECT * FROM t") == {}
    assert edges("SELECT * FROM t", schema={"t": {"a": "INT"}}) == {"a": {(("t", "a"), ())}}


def test_what_happens_twice_in_a_row_is_told_once():
    assert append_transform(["Add"], "Add") == ["Add"]
    assert append_transform(["Add"], None) == ["Add"]


def test_tables_of_a_query():
    sql = "SELECT a FROM (SELECT a.x FROM a JOIN b ON a.x = b.x) c JOIN d ON c.x = d.x"
    assert LineageParser.find_all_tables(sql) == {"a", "b", "d"}


EVENTS = EventSource(
    table="raw.orders/city=berlin", query=Query(selects=select(user="usr", price="price * qty"), time_column="ts")
)
SPENT = GroupBy(
    sources=EVENTS,
    keys=["user"],
    aggregations=[Aggregation("price", Operation.SUM)],
    derivations=[Derivation("*", "*"), Derivation("twice", "price_sum * 2")],
    online=True,
    name="shop.spent",
    output_namespace="db",
)


def test_a_group_by_has_a_table_and_an_upload():
    parser = LineageParser()
    parser.parse_group_by(SPENT)
    tables = {name: (table.table_type, table.columns) for name, table in parser.metadata.tables.items()}
    assert tables == {
        "raw.orders": (TableType.OTHER, {"usr", "price", "qty"}),
        "db.shop_spent": (TableType.GROUP_BY_BACKFILL, {"user", "price_sum", "twice"}),
        "db.shop_spent_upload": (TableType.GROUP_BY_UPLOAD, {"key_json", "value_json"}),
    }
    (edge,) = [
        edge
        for edge in parser.metadata.filter_lineages("raw.orders", "db.shop_spent")
        if (edge.input_column, edge.output_column) == ("qty", "twice")
    ]
    assert edge.transforms == ("Mul", "AGG_SUM", "Mul")
    assert parser.metadata.features["shop.spent.twice"].table_name == "db.shop_spent"


def test_a_join_goes_through_the_tables_of_its_left_side_and_its_parts():
    left = EventSource(table="raw.views", query=Query(selects=select(buyer="who", x="x"), time_column="ts"))
    join = Join(left, [JoinPart(SPENT, {"buyer": "user"}, prefix="p")], name="shop.train", output_namespace="db")
    parser = LineageParser()
    parser.parse_join(join)
    assert parser.metadata.filter_lineages(output_table="db.shop_train") == {
        ColumnTransform(f"db.shop_train{table}", column, "db.shop_train", output, ())
        for table, column, output in [
            ("_bootstrap", "buyer", "buyer"),
            ("_bootstrap", "x", "x"),
            ("_bootstrap", "ts", "ts"),
            ("_p_shop_spent", "price_sum", "p_shop_spent_price_sum"),
            ("_p_shop_spent", "twice", "p_shop_spent_twice"),
        ]
    }
    assert parser.metadata.tables["db.shop_train"].key_columns == {"buyer"}


def test_a_key_that_is_not_mapped_is_still_a_key():
    two = GroupBy(EVENTS, ["user", "price"], [Aggregation("price", Operation.SUM)], name="shop.two")
    join = Join(EVENTS, [JoinPart(two, {"buyer": "user"})], name="shop.j")
    assert LineageParser.get_join_key_columns(join) == {"buyer", "price"}


def test_a_staging_query_is_expanded_by_the_schemas_that_are_provided():
    query = structs.StagingQuery(
        query="SELECT * FROM raw", metaData=structs.MetaData(name="shop.base", outputNamespace="db")
    )
    parser = LineageParser(schema_provider=lambda table: {"a": "INT"} if table == "raw" else {})
    parser.parse_staging_query(query)
    assert parser.metadata.lineages == {ColumnTransform("raw", "a", "db.shop_base", "a", ())}


def test_what_cannot_be_read_is_named_and_its_neighbours_are_read(tmp_path):
    (tmp_path / "teams.json").write_text(json.dumps({"shop": {"namespace": "db"}}))
    folder = tmp_path / "production/group_bys/shop"
    folder.mkdir(parents=True)
    (folder / "spent").write_text(wire.to_json(SPENT))
    broken = GroupBy(
        EVENTS, ["user"], [Aggregation("price", Operation.SUM)], derivations=[Derivation("x", "((")], name="shop.bad"
    )
    (folder / "bad").write_text(wire.to_json(broken))
    (folder / "torn").write_text('{"metaData": {"na')
    metadata = LineageParser().parse_lineage(str(tmp_path))
    assert metadata.unparsed_configs["group_bys"] == ["shop.bad", "shop.torn"]
    assert "db.shop_spent" in metadata.tables
    assert LineageParser().parse_lineage(str(tmp_path), {"shop.other"}).tables == {}
