"""What stands beside the left rows of a join before a part is computed: values of bootstrap tables, external fields.

A row that some bootstrap table knows has its values from there. A part is not computed for the rows whose tables give
all that is needed of it; their nulls are then meant. Elsewhere a null is filled by what is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chronon.base import types as t
from chronon.plan.scans import Scan

Need = tuple[frozenset[str], ...]
"""Sets of columns, any one of which is enough."""


@dataclass(frozen=True)
class BootstrapTable:
    """A table whose values are taken instead of being computed.

    Parameters
    ----------
    scan:
        Its rows.
    keys:
        Its columns that find left rows, each with the left column; the partition is one of them.
    fills:
        Its other columns, each with the column that it fills.
    logged:
        For a flattened log: what rows of each schema fill, by ``schema_hash``. ``None`` for other tables, which fill
        everything.
    """

    scan: Scan
    keys: dict[str, str]
    fills: dict[str, str]
    logged: Mapping[str, frozenset[str]] | None = None


@dataclass(frozen=True)
class Kept:
    """Columns that an older output has for the same left rows, in the same order.

    Parameters
    ----------
    table, days:
        Which partitions.
    columns:
        Which of their columns.
    """

    table: str
    days: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Given:
    """The columns beside the left rows.

    Parameters
    ----------
    columns:
        Those that the left side does not have itself, with their types; null where no table knows better.
    tables:
        The first one that has a value wins.
    contextual:
        Fields of the request and the column that shows each; both hold what either has.
    needs:
        For each part, by its prefix, what a row's tables must give so that the part is not computed for it: all needs.
    kept:
        What need not be computed at all, because an older output has it.
    """

    columns: t.Schema = field(default_factory=dict[str, t.DataType])
    tables: tuple[BootstrapTable, ...] = ()
    contextual: Mapping[str, str] = field(default_factory=dict[str, str])
    needs: Mapping[str, tuple[Need, ...]] = field(default_factory=dict[str, tuple[Need, ...]])
    kept: Kept | None = None
