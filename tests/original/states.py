"""Rules of validation that need several files, raw structs, or what is compiled already.

Each is the files of a repo, the place that is compiled, the original's words, ours where they differ, and the files
that ours must not write.
"""

import json
from dataclasses import dataclass

from tests.original.catalogue import BATCH, GOOD, HEAD, LEFT, STREAM, SUM
from tests.original.definitions import TEAMS

BAD = "bad.v1"


@dataclass(frozen=True)
class State:
    """A repo in which one rule is broken, or bent."""

    files: dict[str, str]
    conf: str
    original: str | None
    ours: str | None = None
    written: tuple[str, ...] = ()

    @property
    def repo(self):
        """As the comparison takes it."""
        return {"files": {"teams.json": json.dumps(TEAMS), **self.files}, "runs": [[f"--conf={self.conf}", "-y"]]}


def raw(selects="{'user': 'user', 'price': 'price'}", keys="['user']", column="price"):
    """A group-by written with the structs, which nothing checks until a join takes it."""
    return (
        "raw = ttypes.GroupBy(MetaData(name='shop.raw', dependencies=[]), [Source(events=EventSource(table='a.b', "
        f"query=Query(selects={selects}, time_column='t')))], {keys}, [ttypes.Aggregation({column!r}, 7)])\n"
    )


def join_of(before, arguments="Source(events=L), [JoinPart(raw)]"):
    left = f"L = {BATCH}\n"
    return {"joins/shop/bad.py": f"{HEAD}{GOOD}{left}{before}v1 = Join({arguments})\n"}


def compiled_join(part, name="shop.user.v1", **metadata):
    """A compiled join with one part, of another file; of one without a file if its name has two words."""
    query = {"selects": {"user": "user", "ts": "t"}, "timeColumn": "t", "setups": []}
    conf = {
        "metaData": {"name": name, **metadata},
        "left": {"events": {"table": "a.b", "query": query}},
        "joinParts": [{"groupBy": {"metaData": {"name": part}, "keyColumns": ["user"]}}],
    }
    return {f"production/joins/{name.replace('.', '/', 1)}": json.dumps(conf, indent=2)}


def one(arguments, kind="group_bys"):
    return {f"{kind}/shop/bad.py": f"{HEAD}v1 = GroupBy({arguments})\n"}


PARENT = f"{HEAD}{GOOD}v1 = Join({LEFT}, [JoinPart(good)])\n"
CHAINED = "JoinSource(join=parent, query=Query(selects=select('user', 'price'), time_column='ts'))"
USER = f"{HEAD}from group_bys.shop.bad import v1 as bad\nv1 = Join({LEFT}, [JoinPart(bad)])\n"
GROUP_BY, JOIN = "group_bys/shop/bad.py", "joins/shop/bad.py"

STATES = {
    "G4 and J6: the time is selected": State(
        join_of(raw("{'user': 'user', 'price': 'price', 'ts': 't'}")), JOIN, "'ts' is a reserved key word"
    ),
    "G9: the parent join has no topic": State(
        {
            "joins/shop/parent.py": PARENT,
            GROUP_BY: f"{HEAD}from joins.shop.parent import v1 as parent\n"
            f"v1 = GroupBy(Source(joinSource={CHAINED}), ['user'], {SUM})\n",
        },
        GROUP_BY,
        "parent join must have a topic",
    ),
    "G16 and J6: a key is not selected": State(join_of(raw("{'price': 'price'}")), JOIN, "are unselected in source"),
    "G19 and J6: an input is not selected": State(
        join_of(raw(column="amount")), JOIN, "input_column: for aggregation is not part of the query"
    ),
    "G22: no source at all": State(
        one(f"'raw.views', ['user'], {SUM}"), GROUP_BY, "has no attribute", ours="str is not a source"
    ),
    "J2: the left reads a join that has no name": State(
        join_of("", f"Source(joinSource={CHAINED.replace('join=parent', 'join=Join(Source(events=L), [])')}), []"),
        JOIN,
        "NOT supported by Chronon",
    ),
    "V1: offline, in a compiled online join": State(
        one(f"{BATCH}, ['user'], {SUM}, online=False, backfill_start_date='2025-01-01'")
        | compiled_join("shop.bad.v1", online=1),
        GROUP_BY,
        "is explicitly marked offline but included in",
        written=("joins/shop/user.v1",),
    ),
    "V2: not for production, in a compiled production join": State(
        one(f"{BATCH}, ['user'], {SUM}, production=False, backfill_start_date='2025-01-01'")
        | compiled_join("shop.bad.v1", production=1),
        GROUP_BY,
        "explicitly marked as non-production",
        written=("joins/shop/user.v1",),
    ),
    "V9: a production join of a group-by that is not": State(
        join_of(
            f"raw = GroupBy({BATCH}, ['user'], {SUM}, production=False, backfill_start_date='2025-01-01',"
            " name='shop.raw')\n",
            "Source(events=L), [JoinPart(raw)], production=True",
        )
        | {"production/group_bys/shop/raw": '{"metaData": {"name": "shop.raw", "production": 0}}'},
        JOIN,
        "is production but includes the following non production",
        written=("group_bys/shop/raw",),
    ),
    "X2: something builds on it": State(
        one(f"{STREAM}, ['user'], {SUM}, online=True") | {"joins/shop/user.py": USER} | compiled_join("shop.bad.v1"),
        GROUP_BY,
        "Detected dependencies are as follows: ['shop.user.v1']",
        written=("joins/shop/user.v1",),
    ),
    "X3: a number for a text": State(
        one(f"{STREAM}, ['user'], {SUM}, online=True, env={{'backfill': {{'MEMORY': 4}}}}"),
        GROUP_BY,
        "object is not iterable",
        ours="4 cannot be written",
    ),
    "X4: a compiled file that cannot be read": State(
        one(f"{STREAM}, ['user'], {SUM}, online=True") | {"production/joins/shop/rotten.v1": "{"},
        GROUP_BY,
        "Error decoding file into a",
        written=("joins/shop/rotten.v1",),
    ),
}
"""What is refused."""

BENT = {
    "V1: what does not say whether it is online may be in an online join": State(
        one(f"{BATCH}, ['user'], {SUM}, backfill_start_date='2025-01-01'")
        | compiled_join("shop.bad.v1", "shop.user", online=1),
        GROUP_BY,
        None,
    ),
    "V3: a compiled production join makes its group-bys production too": State(
        one(f"{BATCH}, ['user'], {SUM}, backfill_start_date='2025-01-01'")
        | compiled_join("shop.bad.v1", "shop.user", production=1),
        GROUP_BY,
        None,
    ),
}
"""What is let through; the join that holds it has no file, so that nothing else is compiled with it."""
