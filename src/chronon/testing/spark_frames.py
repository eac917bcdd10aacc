"""A group-by over Spark frames: its keys and aggregations, without its sources and derivations."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.base.handover import to_spark
from chronon.base.time import Partitions

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "frames.events"
TIME = "ts"


def create_mock_group_by(gb: structs.GroupBy, input_df: Any, spark: Any) -> structs.GroupBy:
    """The keys and aggregations of a group-by, over the columns of a frame.

    Parameters
    ----------
    gb:
        The group-by.
    input_df:
        The events, with their times in ms as ``ts``.
    spark:
        Taken, and not needed.
    """
    del spark
    columns = {name: name for name in input_df.columns if name not in (TIME, Partitions().column)}
    events = structs.EventSource(table=TABLE, query=structs.Query(selects=columns, timeColumn=TIME))
    made = copy(gb)
    made.metaData = structs.MetaData(name=(gb.metaData or structs.MetaData()).name or "frames.group_by")
    made.sources = [structs.Source(events=events)]
    made.derivations = made.backfillStartDate = None
    return made


def run_group_by_with_inputs(gb: structs.GroupBy, input_df: Any, query_df: Any, spark: Any) -> Any:
    """The queries of a frame with the features of a group-by over another, each as of its ``ts``.

    Parameters
    ----------
    gb:
        A group-by that is exact to the instant; its derivations are left out.
    input_df, query_df:
        Spark frames: the events, and keys with times in ms as ``ts``.
    spark:
        The session that the result belongs to.

    Raises
    ------
    NotImplementedError
        For another accuracy than ``TEMPORAL``.
    """
    from chronon.base.settings import load_settings
    from chronon.engine.registry import open_engine
    from chronon.offline.features import features_of_rows

    if gb.accuracy != Accuracy.TEMPORAL:
        raise NotImplementedError("a group-by over frames is as of an instant: accuracy=Accuracy.TEMPORAL")
    queries = _arrow(query_df)
    with TemporaryDirectory() as folder:
        _write(_arrow(input_df), Path(folder))
        engine = open_engine(load_settings(Path(folder), flags={"warehouse": folder}))
        found = features_of_rows(create_mock_group_by(gb, input_df, spark), engine, queries, time=TIME)
        for name in found.features.column_names:
            queries = queries.append_column(name, found.features[name])
    return to_spark(queries, spark)


def _arrow(frame: Any) -> pa.Table:
    """The rows of a Spark frame, which are few; not by its own way, which goes through pandas."""
    import pyarrow as pa
    from pyspark.sql.pandas.types import to_arrow_schema

    rows = [row.asDict(recursive=True) for row in frame.collect()]
    return pa.Table.from_pylist(rows, to_arrow_schema(frame.schema))


def _write(events: pa.Table, folder: Path) -> None:
    """The events as a table, each in the partition of its time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    spec = Partitions()
    if spec.column in events.column_names:
        events = events.drop_columns([spec.column])
    days = [spec.of(at) if at is not None else "" for at in events[TIME].to_pylist()]
    for day in set(days) - {""}:
        part = folder.joinpath(*TABLE.split("."), f"{spec.column}={day}")
        part.mkdir(parents=True)
        pq.write_table(events.filter(pa.array([one == day for one in days])), part / "part-0.parquet")
