"""Which jobs a definition asks for, and which tables each of them writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from chronon.api import structs
from chronon.api.enums import Accuracy
from chronon.api.inspect import accuracy_of
from chronon.api.tables import join_part_output_table_name, output_table_name

Definition = structs.GroupBy | structs.Join | structs.StagingQuery
ChrononJobTypes = Definition


@dataclass
class Modes:
    """The names of the jobs, as ``run.py --mode`` takes them."""

    backfill: ClassVar[str] = "backfill"
    upload: ClassVar[str] = "upload"
    streaming: ClassVar[str] = "streaming"
    stats_summary: ClassVar[str] = "stats-summary"
    label_join: ClassVar[str] = "label-join"
    log_flattener: ClassVar[str] = "log-flattener"
    consistency_metrics_compute: ClassVar[str] = "consistency-metrics-compute"


@dataclass
class SubStage:
    """The steps of a join's backfill that write tables of their own."""

    bootstrap: ClassVar[str] = "bootstrap"
    join_parts: ClassVar[str] = "join_parts"


def get_offline_schedule(conf: Definition) -> str | None:
    """How often a definition is computed; ``None`` if never.

    >>> get_offline_schedule(structs.Join(metaData=structs.MetaData(offlineSchedule="@never")))
    """
    schedule = (conf.metaData or structs.MetaData()).offlineSchedule or "@daily"
    return None if schedule == "@never" else schedule


def requires_log_flattening_task(conf: Definition) -> bool:
    """Whether fetches of a definition are logged."""
    return ((conf.metaData or structs.MetaData()).samplePercent or 0) > 0


def get_modes_tables(conf: Definition) -> dict[str, list[str] | None]:
    """The tables that each job of a definition writes; streaming writes none.

    >>> shop = structs.MetaData(name="shop.v1", outputNamespace="db")
    >>> get_modes_tables(structs.GroupBy(metaData=shop, backfillStartDate="2025-01-01"))
    {'backfill': ['db.shop_v1']}
    """
    if isinstance(conf, structs.GroupBy):
        return dict(_of_group_by(conf))
    if isinstance(conf, structs.Join):
        return dict(_of_join(conf))
    return {Modes.backfill: [output_table_name(conf, full_name=True)]}


def get_applicable_modes(conf: Definition) -> list[str]:
    """The jobs that a definition asks for."""
    return [mode for mode in get_modes_tables(conf) if mode not in (SubStage.bootstrap, SubStage.join_parts)]


def get_related_table_names(conf: Definition, skip_join_parts: bool = True) -> list[str]:
    """The tables that all jobs of a definition write."""
    left_out = {SubStage.join_parts} if skip_join_parts else set[str]()
    return [name for mode, tables in get_modes_tables(conf).items() if mode not in left_out for name in tables or []]


def _of_group_by(conf: structs.GroupBy) -> Iterator[tuple[str, list[str] | None]]:
    table = output_table_name(conf, full_name=True)
    if conf.backfillStartDate:
        yield Modes.backfill, [table]
    if (conf.metaData or structs.MetaData()).online:
        yield Modes.upload, [f"{table}_upload"]
        if conf.sources and accuracy_of(conf) == Accuracy.TEMPORAL:
            yield Modes.streaming, None


def _of_join(conf: structs.Join) -> Iterator[tuple[str, list[str] | None]]:
    table = output_table_name(conf, full_name=True)
    scheduled = get_offline_schedule(conf) is not None
    if scheduled:
        yield Modes.backfill, [table]
        yield Modes.stats_summary, [f"{table}_daily_stats"]
    if json.loads((conf.metaData or structs.MetaData()).customJson or "{}").get("check_consistency") is True:
        yield Modes.consistency_metrics_compute, [f"{table}_consistency"]
    if requires_log_flattening_task(conf):
        yield Modes.log_flattener, [f"{table}_logged"]
    if conf.labelPart is not None:
        yield Modes.label_join, [f"{table}_labels", f"{table}_labeled", f"{table}_labeled_latest"]
    if scheduled or conf.bootstrapParts:
        yield SubStage.bootstrap, [f"{table}_bootstrap"]
    if conf.joinParts:
        yield SubStage.join_parts, [join_part_output_table_name(conf, part) for part in conf.joinParts]
