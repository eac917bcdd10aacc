"""Retention: partitions of our own tables that are older than their tables keep them are removed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chronon.base.errors import ChrononError, SettingsError, raise_all
from chronon.base.time import DAY_MS
from chronon.offline.partitions import HASH

if TYPE_CHECKING:
    from chronon.base.clock import Clock
    from chronon.engine.protocol import Engine


@dataclass
class Retained:
    """What retention did to a table.

    Parameters
    ----------
    table:
        ``namespace.table``.
    before:
        Partitions before this one are not kept.
    removed:
        Those that were removed (would be, in a dry run), ascending.
    bytes:
        Of their files.
    foreign:
        Older partitions that were not made here, which stay.
    """

    table: str
    before: str
    removed: list[str] = field(default_factory=list[str])
    bytes: int = 0
    foreign: list[str] = field(default_factory=list[str])


def retain(
    tables: Mapping[str, Mapping[str, str]],
    engine: Engine,
    *,
    clock: Clock,
    only: Iterable[str] = (),
    dry_run: bool = False,
) -> list[Retained]:
    """Remove what the settings do not keep: ``keep = "90d"`` of a table or of a namespace.

    Only partitions that a backfill made are removed; they can be computed again from their inputs. Source tables, kept
    archives and files of others stay. A backfill does not fill the removed days again, as they lie before the first
    partition that is there.

    Parameters
    ----------
    tables:
        The settings of tables.
    engine:
        Has the warehouse.
    clock:
        Says which day it is.
    only:
        These tables; all that have a ``keep`` if empty.
    dry_run:
        Only tell.

    Raises
    ------
    ChrononError
        What is wrong with some tables, after the others were done.
    """
    known = engine.warehouse.tables()
    done: list[Retained] = []
    problems: list[ChrononError] = []
    for table in list(only) or [name for name in known if not _is_archive(name, known)]:
        keep = tables.get(table, {}).get("keep") or tables.get(table.partition(".")[0], {}).get("keep")
        try:
            if keep is not None:
                done.append(_table(table, _days(table, keep), engine, clock, dry_run=dry_run))
            elif only:
                raise SettingsError(f"nothing says how long {table} is kept", mend=f'keep = "90d" in [tables.{table}]')
        except ChrononError as problem:  # the other tables go on
            problems.append(problem)
    raise_all(problems)
    return done


def _is_archive(table: str, known: Collection[str]) -> bool:
    """Whether a table holds the partitions of another that another definition had made."""
    name, _, digest = table.rpartition("_")
    return name in known and re.fullmatch("[0-9a-f]{8}", digest) is not None


def _table(table: str, days: int, engine: Engine, clock: Clock, *, dry_run: bool) -> Retained:
    spec = engine.partitions_spec
    result = Retained(table, spec.of(clock.now() - days * DAY_MS))
    with engine.warehouse.writing(table):
        sizes: dict[str, int] = {}
        for file in engine.warehouse.files(table).files:
            ds = file.partition.get(spec.column)
            if ds is not None and ds < result.before:
                sizes[ds] = sizes.get(ds, 0) + file.size
        stamps = engine.warehouse.stamps(table, spec.column)
        for ds in sorted(sizes):
            if HASH not in stamps.get(ds, {}):
                result.foreign.append(ds)
                continue
            if not dry_run:
                engine.warehouse.remove(table, (spec.column, ds))
            result.removed.append(ds)
            result.bytes += sizes[ds]
    return result


def _days(table: str, text: str) -> int:
    found = re.fullmatch(r"([1-9]\d*)d", text)
    if found is None:
        raise SettingsError(f"keep of {table} is {text!r}", expected='a number of days, such as "90d"')
    return int(found[1])
