"""What a job tells: while it runs, and when it has ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class Progress(Protocol):
    """Told of each step of a long job."""

    def step(self, what: str, done: int, total: int) -> None:
        """``what`` begins now; ``done`` of ``total`` pieces of the job are finished."""
        ...


class Silent:
    """A progress that nobody watches."""

    def step(self, what: str, done: int, total: int) -> None:
        pass


@dataclass
class Backfill:
    """The outcome of a backfill.

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
    """

    table: str
    filled: list[str] = field(default_factory=list[str])
    present: int = 0
    rows: int = 0
    left_out: dict[str, int] = field(default_factory=dict[str, int])
    notes: list[str] = field(default_factory=list[str])

    def count(self, reason: str, rows: int) -> None:
        """Add rows that were left out for a reason."""
        if rows:
            self.left_out[reason] = self.left_out.get(reason, 0) + rows


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
