"""Staging queries: tables that a SQL query makes, and sources that read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from chronon.api import structs
from chronon.api.coerce import day, strings
from chronon.api.metadata import Environment, environment
from chronon.api.provenance import stamp
from chronon.api.tables import get_staging_query_output_table_name


def StagingQuery(
    query: str,
    start_partition: str | date | None = None,
    setups: Iterable[str] | str | None = None,
    create_view: bool | None = None,
    *,
    name: str | None = None,
    dependencies: Iterable[str] | str | None = None,
    table_properties: Mapping[str, str] | None = None,
    output_namespace: str | None = None,
    env: Environment | None = None,
    offline_schedule: str | None = None,
    description: str | None = None,
    metaData: structs.MetaData | None = None,
) -> structs.StagingQuery:
    """A table that a SQL query makes.

    Parameters
    ----------
    query:
        Spark SQL; ``{{ start_date }}``, ``{{ end_date }}`` and ``{{ latest_date }}`` stand for days.
    start_partition:
        The first day to compute.
    setups:
        Statements that are run before it.
    create_view:
        Make a view instead of a table.
    name, dependencies, table_properties, output_namespace, env, offline_schedule, description:
        Written to the metadata.
    metaData:
        The metadata as an object, instead of the arguments before.

    >>> StagingQuery("SELECT * FROM raw.users", start_partition="2025-01-01").startPartition
    '2025-01-01'
    """
    made = structs.StagingQuery(
        metaData=metaData
        or structs.MetaData(
            name=name,
            dependencies=strings(dependencies),
            tableProperties=dict(table_properties) if table_properties is not None else None,
            outputNamespace=output_namespace,
            modeToEnvMap=environment(env),
            offlineSchedule=offline_schedule,
            description=description,
        ),
        query=query,
        startPartition=day(start_partition),
        setups=strings(setups),
        createView=create_view,
    )
    return stamp(made)


def StagingQueryEventSource(
    staging_query: structs.StagingQuery, query: structs.Query, is_cumulative: bool = False
) -> structs.Source:
    """The output of a staging query as a source of events."""
    table = get_staging_query_output_table_name(staging_query, full_name=True)
    return structs.Source(events=structs.EventSource(table=table, query=query, isCumulative=is_cumulative))


def StagingQueryEntitySource(staging_query: structs.StagingQuery, query: structs.Query) -> structs.Source:
    """The output of a staging query as a source of entities."""
    table = get_staging_query_output_table_name(staging_query, full_name=True)
    return structs.Source(entities=structs.EntitySource(snapshotTable=table, query=query))


def get_staging_query_dependencies(staging_query: structs.StagingQuery, lag: int = 0) -> list[str]:  # noqa: ARG001
    """What waits for a staging query to have written its day; ``lag`` is accepted and changes nothing."""
    table = get_staging_query_output_table_name(staging_query, full_name=True)
    namespace = table.partition(".")[0]
    return [f"{namespace}.chronon_signal_partitions/ds={{{{ ds }}}}/table_name={table}"]
