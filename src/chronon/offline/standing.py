"""How the published partitions of a table stand against what its definition means now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chronon.api import structs
from chronon.api.naming import output_table
from chronon.offline.partitions import HASH
from chronon.plan.hashes import output_hash

if TYPE_CHECKING:
    from chronon.engine.protocol import Engine


@dataclass(frozen=True)
class Standing:
    """The partitions of an output table.

    Parameters
    ----------
    table:
        Its name.
    current:
        Those that the definition has made as it is now, ascending.
    outdated:
        Those that it has made when it meant something else; they are computed again by the next backfill of their days.
    """

    table: str
    current: tuple[str, ...]
    outdated: tuple[str, ...]

    def __str__(self) -> str:
        days = self.outdated[0] if len(self.outdated) == 1 else f"{self.outdated[0]} to {self.outdated[-1]}"
        return f"{self.table}: {len(self.outdated)} partitions to be computed again, {days}"

    def data(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"table": self.table, "current": len(self.current), "outdated": list(self.outdated)}


def standing(definition: structs.GroupBy | structs.Join | structs.StagingQuery, engine: Engine) -> Standing:
    """How the table of a definition stands; one that is not there yet has no partitions."""
    table = output_table(definition)
    now = output_hash(definition)
    stamps = engine.warehouse.stamps(table, engine.partitions_spec.column)
    made = {ds: stamp.get(HASH, now) == now for ds, stamp in stamps.items()}
    return Standing(
        table,
        tuple(sorted(ds for ds, current in made.items() if current)),
        tuple(sorted(ds for ds, current in made.items() if not current)),
    )
