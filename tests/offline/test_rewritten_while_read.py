"""A table that is rewritten while it is read: no job publishes what is partly old and partly new."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile

import pytest

from chronon import (
    Aggregation,
    EntitySource,
    EventSource,
    GroupBy,
    Join,
    JoinPart,
    LabelPart,
    Operation,
    Query,
    StagingQuery,
    select,
)
from chronon.base.errors import ChrononError
from chronon.engine.tables.view import View
from chronon.offline import (
    backfill_group_by,
    backfill_join,
    backfill_labels,
    backfill_staging_query,
    upload_group_by,
)
from chronon.offline.compare import compare_join
from chronon.offline.features import features_of_rows
from chronon.store.lmdb import LmdbStore

from .conftest import World, at

DAYS = [f"01-{number:02d}" for number in range(4, 12)]
COLUMNS = {"user": "string", "amount": "long", "ts": "long"}


@pytest.fixture
def shop(world: World) -> World:
    rows = [(f"u{n}", n, at(f"{ds} 12:00"), ds) for ds in DAYS for n in range(50)]
    for table in ("db.queries", "db.purchases"):
        world.table(table, COLUMNS, rows)
    world.table("db.users", {"user": "string", "amount": "long"}, [(row[0], row[1], row[-1]) for row in rows])
    return world


@contextmanager
def rewritten(world: World, table: str) -> Iterator[None]:
    """Another writer replaces a partition of a table again and again."""
    (file,) = (world.root / table.replace(".", "/") / "ds=2024-01-10").iterdir()
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        staged = Path(f"{file}.staged")
        while not stop.is_set():
            copyfile(file, staged)
            staged.replace(file)
            begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def spend(**more) -> GroupBy:
    query = Query(selects=select("user", "amount"), time_column="ts")
    return GroupBy(
        **{
            "name": "g.spend",
            "sources": EventSource(table="db.purchases", query=query),
            "keys": ["user"],
            "aggregations": [Aggregation("amount", Operation.SUM, windows=["3d"])],
            "output_namespace": "out",
            "backfill_start_date": "2024-01-09",
            **more,
        }
    )


def users() -> GroupBy:
    source = EntitySource(snapshotTable="db.users", query=Query(selects=select("user", "amount")))
    return spend(name="g.users", sources=source, aggregations=None)


def training(**more) -> Join:
    query = Query(selects=select("user"), time_column="ts", start_partition="2024-01-09")
    left = EventSource(table="db.queries", query=query)
    return Join(left, [JoinPart(spend())], name="t.training", output_namespace="out", **more)


def staging(query: str = "SELECT user, ds FROM db.purchases", **more) -> StagingQuery:
    more = {"start_partition": "2024-01-09", **more}
    return StagingQuery(query, name="t.staged", output_namespace="out", **more)


END = "2024-01-11"
TWO_DAYS = spend(name="g.label", aggregations=[Aggregation("amount", Operation.SUM, windows=["2d"])])
LABELS = LabelPart([JoinPart(TWO_DAYS)], left_start_offset=2, left_end_offset=2)
JOBS: dict[str, tuple[str, str, Callable[[World], object]]] = {
    "a join": ("db.purchases", "out.t_training", lambda w: backfill_join(training(), w.engine, end=END)),
    "its left side": ("db.queries", "out.t_training", lambda w: backfill_join(training(), w.engine, end=END)),
    "a group-by": ("db.purchases", "out.g_spend", lambda w: backfill_group_by(spend(), w.engine, end=END)),
    "entities": ("db.users", "out.g_users", lambda w: backfill_group_by(users(), w.engine, end=END)),
    "partial aggregates": (
        "db.purchases",
        "out.g_spend",
        lambda w: backfill_group_by(spend(), w.engine, end=END, incremental=True),
    ),
    "a staging query": ("db.purchases", "out.t_staged", lambda w: backfill_staging_query(staging(), w.engine, end=END)),
    "without a first day": (
        "db.purchases",
        "out.t_staged",
        lambda w: backfill_staging_query(
            staging("SELECT user, count(*) AS n FROM db.purchases GROUP BY user", start_partition=None),
            w.engine,
            end=END,
        ),
    ),
    "labels": (
        "db.purchases",
        "out.t_training_labels",
        lambda w: backfill_labels(training(label_part=LABELS), w.engine, label_ds=END),
    ),
    "the left side of labels": (
        "db.queries",
        "out.t_training_labels",
        lambda w: backfill_labels(training(label_part=LABELS), w.engine, label_ds=END),
    ),
}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_ends_and_the_next_run_makes_the_rest(shop: World, job: str) -> None:
    table, output, run = JOBS[job]
    if "labels" in job:
        backfill_join(training(), shop.engine, end="2024-01-09")
    with rewritten(shop, table), pytest.raises(ChrononError, match=f"{table} was rewritten while it was read"):
        run(shop)
    there = shop.engine.partitions(output, "ds") if shop.engine.warehouse.exists(output) else []
    assert "2024-01-10" not in there
    run(shop)
    assert shop.engine.warehouse.exists(output)


def test_a_table_that_a_view_reads_counts_too(shop: World) -> None:
    with shop.engine.warehouse.writing("db.seen"):
        shop.engine.warehouse.publish_view("db.seen", View("SELECT * FROM db.purchases"))
    group_by = spend(
        sources=EventSource(table="db.seen", query=Query(selects=select("user", "amount"), time_column="ts"))
    )
    with rewritten(shop, "db.purchases"), pytest.raises(ChrononError, match=r"db\.purchases was rewritten"):
        backfill_group_by(group_by, shop.engine, end=END)
    done = backfill_group_by(group_by, shop.engine, end=END)
    assert (done.present, done.filled) == (1, ["2024-01-10", "2024-01-11"])  # the first day reads no later one


def test_an_upload_is_not_published(shop: World, tmp_path: Path) -> None:
    store = LmdbStore(tmp_path / "store")
    with rewritten(shop, "db.purchases"), pytest.raises(ChrononError, match=r"db\.purchases was rewritten"):
        upload_group_by(spend(), shop.engine, store, ds="2024-01-10")
    assert upload_group_by(spend(), shop.engine, store, ds="2024-01-10").keys == 50
    store.close()


def test_a_comparison_writes_nothing(shop: World) -> None:
    backfill_join(training(), shop.engine, end=END)
    query = staging("SELECT user, ts, sum(amount) AS g_spend_amount_sum_3d, ds FROM db.purchases GROUP BY user, ts, ds")
    days = {"start": "2024-01-09", "end": END}
    with rewritten(shop, "db.purchases"), pytest.raises(ChrononError, match=r"db\.purchases was rewritten"):
        compare_join(training(), query, shop.engine, **days)
    assert not [name for name in shop.engine.warehouse.tables() if "compare" in name]
    assert compare_join(training(), query, shop.engine, **days).both == 150


def test_features_of_given_rows_are_not_given(shop: World) -> None:
    rows = [{"user": f"u{n}", "ts": at("01-10 13:00")} for n in range(50)]
    with rewritten(shop, "db.purchases"), pytest.raises(ChrononError, match=r"db\.purchases was rewritten"):
        features_of_rows(spend(), shop.engine, rows)
    assert len(features_of_rows(spend(), shop.engine, rows)) == 50
