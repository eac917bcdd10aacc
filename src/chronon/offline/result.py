"""What a job tells: while it runs, and when it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from chronon.base.display import Grid, Page, Shown, instant
from chronon.base.errors import MissingDataError
from chronon.base.handover import Handover
from chronon.base.progress import Progress, Silent

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Backfill", "Progress", "Silent", "Told", "Upload", "Uploads"]


class Told(Protocol):
    """A result that says what was left out."""

    notes: list[str]

    def count(self, reason: str, rows: int) -> None:
        """Add rows that were left out for a reason."""
        ...


@dataclass(repr=False)
class Backfill(Handover, Shown):
    """The outcome of a backfill; as rows, the partitions that were asked for, read from the published table.

    Parameters
    ----------
    table:
        The table that was written.
    filled:
        The partitions that were computed, ascending.
    present:
        How many of the requested partitions were there already.
    rows:
        How many rows were written.
    left_out:
        Rows that were left out or stayed without features, by reason.
    notes:
        What the reader should know: partitions that inputs lack, definitions that changed.
    read:
        Reads the published partitions.
    """

    table: str
    filled: list[str] = field(default_factory=list[str])
    present: int = 0
    rows: int = 0
    left_out: dict[str, int] = field(default_factory=dict[str, int])
    notes: list[str] = field(default_factory=list[str])
    read: Callable[[], pa.RecordBatchReader] | None = None

    def count(self, reason: str, rows: int) -> None:
        """Add rows that were left out for a reason."""
        if rows:
            self.left_out[reason] = self.left_out.get(reason, 0) + rows

    def reader(self) -> pa.RecordBatchReader:
        if self.read is None:
            raise MissingDataError(f"nobody said where {self.table} is", mend="join.backfill(...), from a session")
        return self.read()

    def page(self) -> Page:
        facts: dict[str, Any] = {"computed": "nothing, all partitions are there"}
        if self.filled:
            days = self.filled[0] if len(self.filled) == 1 else f"{self.filled[0]} to {self.filled[-1]}"
            facts = {"computed": f"{self.rows:,} rows in {len(self.filled)} partitions, {days}"}
        if self.present:
            facts["there already"] = f"{self.present} partitions"
        counted = [f"{rows:,} {reason}" for reason, rows in self.left_out.items()]
        return Page(self.table, "backfill", facts, notes=[*counted, *self.notes])


@dataclass(frozen=True)
class Upload:
    """The outcome of an upload.

    Parameters
    ----------
    dataset:
        Where the records went.
    generation:
        The name of what was published.
    keys:
        How many keys it holds.
    batch_end:
        The instant in ms as of which it answers.
    notes:
        What the reader should know.
    """

    dataset: str
    generation: str
    keys: int
    batch_end: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Uploads(Shown):
    """The outcome of the uploads of a join's group-bys, or of one."""

    uploads: list[Upload]

    def __iter__(self) -> Iterator[Upload]:
        return iter(self.uploads)

    def __len__(self) -> int:
        return len(self.uploads)

    def page(self) -> Page:
        rows = [[u.dataset, u.keys, instant(u.batch_end), u.generation] for u in self.uploads]
        notes = [note for upload in self.uploads for note in upload.notes]
        title = f"{len(self.uploads)} group-by{'s' if len(self.uploads) != 1 else ''}"
        return Page(
            title, "uploaded", grids=[Grid(["dataset", "keys", "as of (UTC)", "generation"], rows)], notes=notes
        )
