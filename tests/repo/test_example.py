"""A repo with one of everything, compiled; the expected files are what the original compiler writes for it."""

import json
import shutil
from pathlib import Path

import pytest

from chronon.api import structs, wire
from chronon.repo import Repo

EXAMPLE = Path(__file__).parent / "example"
JOIN = "joins/grocer/checkout.train.v1"
PATHS = ["group_bys/grocer/baskets.spend", "group_bys/grocer/baskets.shop_dim", JOIN]


@pytest.fixture
def compiled(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected"))
    result = Repo(tmp_path).compile()
    assert not result.problems
    return tmp_path / "production"


def test_group_bys_are_equal_byte_for_byte(compiled):
    for path in PATHS[:2]:
        assert (compiled / path).read_text() == (EXAMPLE / "expected" / path).read_text()


def test_a_join_is_equal_but_for_what_is_filled_in_for_its_embedded_group_bys(compiled):
    """What those of an embedded group-by were depended on the entry point; here they are always there."""
    made = json.loads((compiled / JOIN).read_text())
    expected = json.loads((EXAMPLE / "expected" / JOIN).read_text())
    for conf in (made, expected):
        for part in (*conf["joinParts"], *conf["labelPart"]["labels"]):
            for name in ("outputNamespace", "tableProperties", "team"):
                part["groupBy"]["metaData"].pop(name, None)
    assert json.dumps(made) == json.dumps(expected)


def test_embedded_group_bys_have_the_team_of_the_owning_file(compiled):
    label = json.loads((compiled / JOIN).read_text())["labelPart"]["labels"][0]["groupBy"]["metaData"]
    assert (label["team"], label["outputNamespace"]) == ("grocer", "grocer_db")


def test_a_compiled_file_reads_back_to_the_same_text(compiled):
    for path, cls in zip(PATHS, (structs.GroupBy, structs.GroupBy, structs.Join), strict=True):
        text = (compiled / path).read_text()
        assert wire.to_json(wire.from_json(cls, text)) == text
