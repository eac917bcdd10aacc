"""analyze, export-metadata, labels, compare and a join with models, from a terminal."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from chronon.cli.main import cli

from .conftest import Commands

DAY = 86_400_000
MIDNIGHT = 1_704_412_800_000
"""2024-01-05"""

SPEND = """\
from chronon import *

def spend(window):
    orders = EventSource(table="raw.orders", query=Query(select("user", "price"), time_column="ts"))
    return GroupBy(orders, ["user"], [Aggregation("price", Operation.SUM, window)])

before, after = spend("30d"), spend("2d")
"""
JOINS = """\
from chronon import *
from chronon.api.datatypes import DataType
from group_bys.grocer.spend import before, after

visits = EventSource(table="raw.visits", query=Query(select("user"), time_column="ts"))
v1 = Join(visits, [JoinPart(before)], label_part=LabelPart([JoinPart(after)], left_start_offset=2, left_end_offset=2))
model = Model(
    name="double",
    inference_spec=InferenceSpec(model_backend="python", model_backend_params={"function": "scoring:double"}),
    input_schema=[("spent", DataType.DOUBLE)],
    output_schema=[("twice", DataType.DOUBLE)],
)
scored = Join(
    visits,
    [JoinPart(before)],
    model_transforms=ModelTransforms(
        [ModelTransform(model, input_mappings={"spent": "grocer_spend_before_price_sum_30d"})]
    ),
)
"""
QUERY = """\
from chronon import *
SQL = '''SELECT user, ts, {value} AS grocer_spend_before_price_sum_30d, ds FROM raw.visits
WHERE ds BETWEEN '{{{{ start_date }}}}' AND '{{{{ end_date }}}}' '''
same = StagingQuery(SQL.format(value="CASE user WHEN 'u1' THEN 9D END"), start_partition="2024-01-01")
other = StagingQuery(SQL.format(value="1D"), start_partition="2024-01-01")
"""
SCORING = "import pyarrow.compute as pc\n\ndef double(spent):\n    return {'twice': pc.multiply(spent, 2)}\n"


def partition(commands, table, ds, rows):
    folder = commands.root / ".chronon/warehouse" / table.replace(".", "/") / f"ds={ds}"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")


@pytest.fixture
def shop(tmp_path):
    made = Commands(tmp_path)
    made.write("teams.json", json.dumps({"default": {"namespace": "ns", "table_properties": {}}, "grocer": {}}))
    made.write("group_bys/grocer/spend.py", SPEND)
    made.write("joins/grocer/train.py", JOINS)
    made.write("staging_queries/grocer/expected.py", QUERY)
    made.write("scoring.py", SCORING)
    visits = [{"user": user, "ts": MIDNIGHT + 1} for user in ("u1", "u2")]
    partition(made, "raw.visits", "2024-01-05", visits)
    partition(made, "raw.orders", "2024-01-04", [{"user": "u1", "price": 9.0, "ts": MIDNIGHT - 1}])
    partition(made, "raw.orders", "2024-01-06", [{"user": "u1", "price": 5.0, "ts": MIDNIGHT + DAY}])
    return made


def rows(commands, query):
    return [json.loads(line) for line in commands.run("sql", query, "--format", "json").splitlines()]


def test_an_analysis_says_what_is_wrong_and_ends_with_1(shop):
    days = ("--start-date", "2024-01-05", "--end-date", "2024-01-05")
    found = shop.json("analyze", "grocer.train.v1", *days, "--enable-hitter", "--count", "1", code=1)
    assert found["keys"] == {"user": "string"}
    assert found["features"][0]["window"] == "30d"
    assert [(c["what"], c["of"]) for c in found["checks"] if c["outcome"] == "failed"] == [
        ("history", "grocer.spend.before")
    ]
    assert {"column": "total_count", "value": "rows", "rows": 2} in found["heavy_hitters"]
    assert "2023-12-05" in shop.run("analyze", "grocer.train.v1", *days, "--skip-timestamp-check", code=1)


def test_labels_are_joined_to_the_rows_of_a_join(shop):
    shop.run("backfill", "grocer.train.v1", "--end", "2024-01-05")
    said = shop.run("labels", "grocer.train.v1", "--ds", "2024-01-06")
    assert "ns.grocer_train_v1_labels: 2 rows in 1 partitions, 2024-01-06" in said
    assert "ns.grocer_train_v1_labeled and ns.grocer_train_v1_labeled_latest show them" in said
    columns = "grocer_spend_before_price_sum_30d AS before, label_grocer_spend_after_price_sum_2d AS after"
    found = rows(shop, f"SELECT user, {columns} FROM ns.grocer_train_v1_labeled_latest ORDER BY user")
    assert found == [{"user": "u1", "before": 9.0, "after": 5.0}, {"user": "u2", "before": None, "after": None}]


def test_a_join_is_compared_with_a_query(shop):
    shop.run("backfill", "grocer.train.v1", "--end", "2024-01-05")
    days = ("--start", "2024-01-05", "--end", "2024-01-05")
    same = shop.run("compare", "grocer.train.v1", "grocer.expected.same", *days)
    assert "2 rows on both sides, matched by user, ts, ds; 0 only in the join, 0 only in the query" in same
    line, by_day, tables = shop.run("compare", "grocer.train.v1", "grocer.expected.other", *days, code=1).splitlines()[
        -3:
    ]
    assert line.split() == ["grocer_spend_before_price_sum_30d", "0", "1", "1", "0"]
    assert by_day == "2024-01-05: 2 discrepancies"
    assert tables.startswith("ns.compare_join_query_grocer_train_v1_grocer_expected_other has both sides")
    assert "cannot be compared" in str(shop.refused("compare", "grocer.train.v1", "grocer.train.scored"))


def test_a_join_with_models_has_two_tables(shop):
    said = shop.run("backfill", "grocer.train.scored", "--end", "2024-01-05")
    assert "ns.grocer_train_scored_pre_mt: 2 rows" in said
    assert "ns.grocer_train_scored: 2 rows" in said
    found = rows(shop, "SELECT user, twice FROM ns.grocer_train_scored ORDER BY user")
    assert found == [{"user": "u1", "twice": 18.0}, {"user": "u2", "twice": None}]
    done = CliRunner().invoke(cli, ["labels", "grocer.train.scored", "--repo", str(shop.root)])
    assert "the join has no labels" in str(done.exception)


def test_metadata_are_files_under_the_paths_of_their_definitions_or_a_table(shop):
    shop.run("compile")
    (shop.root / "production/joins/grocer/torn.v1").write_text("{")
    said = shop.run("export-metadata", "--to", str(shop.root / "out"), "--ds", "2024-01-06", "--embedded")
    assert "5 definitions in" in said
    assert "not read, as it is no JSON: joins/grocer/torn.v1" in said
    written = json.loads((shop.root / "out/embedded_group_bys/grocer.spend.before").read_text())
    assert [feature["name"] for feature in written["features"]] == ["price_sum_30d"]
    assert len(list((shop.root / "out/staging_queries/grocer").iterdir())) == 2
    assert "4 definitions" in shop.run("export-metadata", "--table", "meta.features", "--ds", "2024-01-06")
    found = rows(shop, "SELECT entityType, count(*) AS n FROM meta.features GROUP BY 1 ORDER BY 1")
    assert found == [{"entityType": kind, "n": 2} for kind in ("join", "stagingQueries")]
    assert "Missing output destination" in str(shop.refused("export-metadata"))
