"""Columns and types are checked at compile time against ``schemas.lock``."""

import json

import pytest

from chronon.base import types as t
from chronon.base.errors import ConfigError
from chronon.repo.schemas import Lock, read_lock, tables_of, write_lock

VIEWS = {"user": "long", "price": "double", "city": "string", "at": "long", "ds": "string"}
HEAD = """\
from chronon import *
views = EventSource(table="raw.views", query=Query(select("user", "city", cost="price * 2"), time_column="at"))
"""
SPEND = HEAD + "v1 = GroupBy(views, ['user'], [Aggregation('cost', Operation.SUM, '7d')], online=True)\n"
TRAIN = HEAD + "from group_bys.grocer.spend import v1 as spend\nv1 = Join(views, [JoinPart(spend)], online=True)\n"


@pytest.fixture
def locked(folder):
    (folder.root / "schemas.lock").write_text(json.dumps({"tables": {"raw.views": VIEWS}}))
    return folder


def messages(folder, spend=SPEND, train=None):
    files = {"group_bys/grocer/spend.py": spend, **({"joins/grocer/train.py": train} if train else {})}
    result = folder.write(files).compile()
    return [str(problem) for problem in result.problems], result


def test_sound_definitions_are_written(locked):
    problems, result = messages(locked, train=TRAIN)
    assert (problems, len(result.written), result.unchecked) == ([], 2, {})


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("price * 2", "pirce * 2", ["there is no column 'pirce'", "did you mean 'price'?"]),
        ("price * 2", "city + 1D > 'x' AND city", ["a condition is a string"]),
        ("price * 2", "UPER(city)", ["did you mean upper?"]),
        ('time_column="at"', 'time_column="city"', ["the time 'city' is a string", "time_column"]),
        ('time_column="at"', 'time_column="at", wheres=["price"]', ["'price' is a double", "wheres[0]"]),
        ("'cost', Operation.SUM", "'city', Operation.SUM", ["SUM", "string"]),
        ("['user']", "['uesr']", ["no column 'uesr'", "did you mean 'user'?"]),
        ("online=True", "online=True, derivations=[Derivation('x', 'cost_sum_7d + ctiy')]", ["ctiy"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(locked, old, new, words):
    problems, result = messages(locked, SPEND.replace(old, new))
    assert (len(problems), result.written) == (1, ())
    for word in ["grocer.spend.v1", "group_bys/grocer/spend.py:3", *words]:
        assert word in problems[0]


def test_a_problem_of_a_part_is_told_once(locked):
    problems, result = messages(locked, SPEND.replace("price * 2", "pirce * 2"), TRAIN)
    assert len(problems) == 1
    assert result.written == ()


def test_a_join_of_a_part_with_a_problem_is_not_taken_for_removed(locked):
    assert messages(locked, SPEND, TRAIN)[0] == []
    locked.write({"group_bys/grocer/spend.py": SPEND.replace("price * 2", "pirce * 2")})
    result = locked.compile(force=True)
    assert len(result.problems) == 1
    assert (result.stale, result.before) == ((), {})


def test_keys_of_another_type_than_the_left_side(locked):
    left = TRAIN.replace('select("user", "city", ', 'select("city", user="city", ')
    problems, _ = messages(locked, SPEND, left)
    assert len(problems) == 1
    assert "user" in problems[0]
    assert "joins/grocer/train.py" in problems[0]


def test_what_the_file_lacks_is_not_checked(locked):
    problems, result = messages(locked, SPEND.replace("raw.views", "raw.other").replace("price", "pirce"))
    assert problems == []
    assert result.unchecked == {"group_bys/grocer/spend.v1": ("raw.other",)}


def test_without_the_file_nothing_is_checked(folder):
    problems, result = messages(folder, SPEND.replace("price", "pirce"))
    assert (problems, result.unchecked) == ([], {})


def test_the_file_is_written_and_read(folder):
    schemas = {"b.t": {"x": t.parse_type("map<string,list<int>>"), "y": t.DataType("interval")}, "a.t": {"z": t.LONG}}
    lock = Lock(schemas, {"clicks": {"x": t.LONG}})
    write_lock(folder.root, lock)
    text = (folder.root / "schemas.lock").read_text()
    assert read_lock(folder.root) == lock
    write_lock(folder.root, Lock(dict(reversed(schemas.items())), lock.topics))
    assert (folder.root / "schemas.lock").read_text() == text
    (folder.root / "schemas.lock").write_text("{")
    with pytest.raises(ConfigError, match=r"schemas.lock cannot be read"):
        read_lock(folder.root)


def test_the_tables_of_a_definition(folder):
    folder.write({"group_bys/grocer/spend.py": SPEND, "joins/grocer/train.py": TRAIN})
    assert tables_of(folder.repo.get("grocer.train.v1")) == ["raw.views"]


STREAM = SPEND.replace('table="raw.views",', 'table="raw.views", topic="views/host=kafka",')


@pytest.mark.parametrize(
    "messages_of_topic, words",
    [
        ({"price": "double"}, None),
        ({"price": "string"}, None),  # a text times a number is a double, too
        ({"price": "int"}, ["cost is a int in the topic views, and a double in the table raw.views", "CAST("]),
        ({"cost": "double", "price": None}, ["in the topic views: ", "there is no column 'price'"]),
    ],
)
def test_a_topic_whose_columns_were_written_by_hand_must_give_what_its_table_gives(folder, messages_of_topic, words):
    columns = {k: v for k, v in {**VIEWS, **messages_of_topic}.items() if v is not None and k != "ds"}
    lock = {"tables": {"raw.views": VIEWS}, "topics": {"views": columns}}
    (folder.root / "schemas.lock").write_text(json.dumps(lock))
    problems, _ = messages(folder, STREAM)
    assert bool(problems) is bool(words)
    for word in words or []:
        assert word in problems[0]
        assert "field sources[0]" in problems[0]
