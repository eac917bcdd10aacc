"""Snapshots: a table of a production database becomes a partition of a table of the warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from chronon.base.errors import ConfigError, SettingsError
from chronon.engine.databases import Database
from chronon.offline.result import Backfill

if TYPE_CHECKING:
    import pyarrow as pa

    from chronon.base.clock import Clock
    from chronon.engine.protocol import Engine

KEYS = ("url", "table", "query", "into")
"""What the settings say about a source: ``[sources.<name>]``."""


def snapshot(
    name: str,
    sources: Mapping[str, Mapping[str, str]],
    engine: Engine,
    *,
    ds: str,
    clock: Clock,
    again: bool = False,
) -> Backfill:
    """Read a source of the settings and publish its rows as one partition.

    Parameters
    ----------
    name:
        Of the source.
    sources:
        The settings: for each source its ``url``, the ``table`` or the ``query`` that is read, and ``into``, the table
        that gets the partitions.
    engine:
        Has the warehouse.
    ds:
        The partition. The database is read as it is now, so this should be the day that has just ended.
    clock:
        Tells when that was.
    again:
        Read again where the partition is there already, which else is left as it is.

    Returns
    -------
    What was written; its ``left_out`` is empty, as every row is kept.

    Raises
    ------
    SettingsError
        If the settings do not name the source, or not all that it needs.
    MissingDataError
        If the database cannot be read; nothing is published then.
    """
    source, into = _source(name, sources)
    column = engine.partitions_spec.column
    engine.partitions_spec.start(ds)  # refuses what is no partition
    result = Backfill(into)
    with engine.warehouse.writing(into):
        if not again and ds in engine.warehouse.stamps(into, column):
            result.present = 1
            return result
        with source.reading() as (schema, batches):
            if column in schema.names:
                raise ConfigError(
                    f"the source {name} has a column {column}, which is the partition of {into}",
                    mend="name the columns in a query, and that one otherwise",
                )
            stamp = {"chronon.source": name, "chronon.taken_at": str(clock.now()), "chronon.engine": engine.name}
            result.rows = engine.warehouse.publish(into, (column, ds), _some(batches), schema.with_metadata(stamp))
        result.filled.append(ds)
    return result


def _some(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return (batch for batch in batches if batch.num_rows)


def _source(name: str, sources: Mapping[str, Mapping[str, str]]) -> tuple[Database, str]:
    """A source of the settings and the table that it goes into."""
    if name not in sources:
        raise SettingsError(
            f"there is no source {name!r}",
            expected=" or ".join(sorted(sources)) or None,
            mend=f"a section [sources.{name}] in chronon.toml with url, table (or query) and into",
        )
    given = sources[name]
    problems = [f"no {key}" for key in ("url", "into") if key not in given]
    problems += [f"an unknown {key}" for key in given if key not in KEYS]
    if ("table" in given) == ("query" in given):
        problems.append("both table and query" if "table" in given else "neither table nor query")
    if problems:
        raise SettingsError(f"the source {name} has {' and '.join(problems)}", expected=", ".join(KEYS))
    query = given.get("query") or f"SELECT * FROM {_quoted(given['table'])}"  # noqa: S608 - a quoted name
    return Database(name, given["url"], query), given["into"]


def _quoted(table: str) -> str:
    """A table's name as SQL takes it.

    >>> _quoted("public.Users")
    '"public"."Users"'
    """
    return ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))
