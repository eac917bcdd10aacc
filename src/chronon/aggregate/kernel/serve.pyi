from collections.abc import Sequence
from typing import Any

from chronon.base.errors import DataError

class Reader:
    def __init__(
        self,
        parts: Sequence[tuple[int, ...]],
        hop_columns: Sequence[Sequence[int]],
        inputs: Sequence[int],
        bases: Sequence[int],
    ) -> None: ...
    def answer(
        self,
        batch: bytes | None,
        rows: Sequence[bytes],
        batch_end: int,
        since: int,
        at: int,
        tiles: Sequence[bytes] = (),
        raw: bool = False,
    ) -> list[Any]: ...

def cut_off() -> DataError: ...
def hop_starts(
    batch: bytes, part_count: int, widths: Sequence[int], hop_columns: Sequence[Sequence[int]]
) -> list[list[int]]: ...
def rows_sound(rows: Sequence[bytes], head: bytes) -> bool: ...
def tiles_sound(tiles: Sequence[bytes], head: bytes, hop: int) -> bool: ...
def batch_sound(batch: bytes, head: bytes, batch_end: int, stale_after: int) -> bool: ...
