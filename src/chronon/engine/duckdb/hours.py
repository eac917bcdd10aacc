"""Where outputs are hours: what tables must be so that an hour can be asked of them."""

from __future__ import annotations

from chronon.base.errors import ConfigError, DataError
from chronon.base.time import DAY_MS, Partitions
from chronon.engine.duckdb.sorted import Reader
from chronon.plan.join import AsOf, PartPlan
from chronon.plan.scans import ENTITIES


def require_hours(table: str, found: list[str], spec: Partitions) -> list[str]:
    """The partitions of a table, ascending; ``DataError`` where outputs are hours and these are not."""
    if spec.span != DAY_MS and found:
        try:
            spec.start(found[0])
            spec.start(found[-1])
        except ConfigError as error:
            raise DataError(
                f"{table}: {error.problem}",
                expected=error.expected,
                mend=f'partition_format = "..." in [tables.{table}], such as yyyy-MM-dd where its partitions are days',
            ) from error
    return found


def require_snapshots(reader: Reader, part: PartPlan) -> None:
    """Raise where the entities of a part are needed at the end of any hour, and are only there by day."""
    if part.plan.kind != ENTITIES or part.as_of is AsOf.MIDNIGHT:
        return
    for scan in (*part.plan.scans, *part.changes):
        own = reader.source_of(scan.table).files.own
        if own is not None and own.span > reader.spec.span:
            raise ConfigError(
                f"{scan.table} has partitions of days, {part.plan.name} is seen as of {part.as_of.value}",
                place=scan.place,
                expected=f"partitions of hours, as the outputs have ({reader.spec.format})",
                mend="a table by hour; or accuracy=Accuracy.SNAPSHOT and a left side of events, which see midnights",
            )
