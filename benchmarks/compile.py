"""Compile 200 joins of 10 parts each, from nothing to files; CPU seconds, and what a tenth of it costs.

python benchmarks/compile.py [joins]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from chronon.repo import Repo

PARTS = 10
HEAD = """\
from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.group_by import Aggregation, GroupBy, Operation, TimeUnit, Window
from ai.chronon.join import Join, JoinPart
from ai.chronon.query import Query, select
EVENTS = EventSource(table="raw.views", topic="views", query=Query(select("user", "price"), time_column="ts"))
WINDOWS = [Window(1, TimeUnit.DAYS), Window(7, TimeUnit.DAYS), Window(30, TimeUnit.DAYS)]
"""


def write(root: Path, joins: int) -> None:
    """A repo with as many joins, each in a file with a file of its own group-bys."""
    (root / "teams.json").write_text('{"shop": {"namespace": "shop", "table_properties": {}}}')
    for folder in ("group_bys", "joins"):
        (root / folder / "shop").mkdir(parents=True)
    for number in range(joins):
        group_bys = [
            f"g{part} = GroupBy(EVENTS, ['user'], [Aggregation('price', op, WINDOWS) for op in"
            f" (Operation.SUM, Operation.COUNT, Operation.LAST_K({part + 1}))], online=True)\n"
            for part in range(PARTS)
        ]
        names = ", ".join(f"g{part}" for part in range(PARTS))
        (root / "group_bys/shop" / f"f{number}.py").write_text(HEAD + "".join(group_bys))
        (root / "joins/shop" / f"j{number}.py").write_text(
            f"{HEAD}from group_bys.shop.f{number} import {names}\n"
            f"v1 = Join(Source(events=EVENTS), [JoinPart(g) for g in ({names})], online=True)\n"
        )


def measure(joins: int) -> tuple[float, float]:
    """CPU seconds of the first compilation, and of a second one that changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, joins)
        seconds = []
        for _ in range(2):
            start = time.process_time()
            result = Repo(root).compile()
            seconds.append(time.process_time() - start)
            assert not result.problems
            assert len(result.written) + len(result.unchanged) == joins * (PARTS + 1)
    return seconds[0], seconds[1]


def main() -> None:
    joins = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    small, whole = measure(joins // 10), measure(joins)
    print(f"{joins} joins x {PARTS} parts: {whole[0]:.2f} s CPU, again {whole[1]:.2f} s; the target is 5 s for 200")
    print(f"a tenth of them: {small[0]:.2f} s, so the whole costs {whole[0] / small[0]:.1f} times as much")


if __name__ == "__main__":
    main()
