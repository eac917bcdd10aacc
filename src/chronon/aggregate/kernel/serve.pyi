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
    def course(
        self,
        batch: bytes | None,
        rows: Sequence[bytes],
        batch_end: int,
        since: int,
        ats: Sequence[int],
        ends: Sequence[int],
    ) -> list[list[Any]]: ...

def cut_off() -> DataError: ...
def hop_starts(
    batch: bytes, part_count: int, widths: Sequence[int], hop_columns: Sequence[Sequence[int]]
) -> list[list[int]]: ...
