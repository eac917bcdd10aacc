"""What a change of definitions means: fields, and what is computed again."""

import pytest

from chronon.repo.diff import ABSENT, Effect, diff

SPEND = """\
from chronon import *
views = EventSource(
    table="raw.views",
    topic="views",
    query=Query(select("user", price="cents / 100"), wheres=["cents > 0"], time_column="at"),
)
v1 = GroupBy(
    views, ["user"], [Aggregation("price", Operation.SUM, ["7d"])], online=True, backfill_start_date="2024-01-01"
)
"""
TRAIN = """\
from chronon import *
from group_bys.grocer.spend import v1 as spend
v1 = Join(EventSource(table="raw.views", query=Query(select("user"), time_column="at")), [JoinPart(spend)])
"""
GROUP_BY, JOIN = "group_bys/grocer/spend.v1", "joins/grocer/train.v1"


@pytest.fixture
def changes(folder):
    """Compile the repo, edit its files, and compare."""
    folder.write({"group_bys/grocer/spend.py": SPEND, "joins/grocer/train.py": TRAIN}).compile()

    def changed(old, new, file="group_bys/grocer/spend.py"):
        text = (folder.root / file).read_text()
        assert old in text
        folder.write({file: text.replace(old, new)})
        result = folder.compile(write=False, force=True)
        assert result.ok
        return {change.path: change for change in diff(result.before, result.after)}

    return changed


def test_nothing_differs_from_itself(changes):
    assert changes("7d", "7d") == {}


def test_another_window_is_a_new_upload_and_a_new_table_but_no_new_stream(changes):
    found = changes('"7d"', '"14d"')
    assert [str(field) for field in found[GROUP_BY].fields] == ["aggregations[0].windows[0].length: 7 -> 14"]
    assert found[GROUP_BY].effects == (Effect.UPLOAD, Effect.TABLE)
    assert found[GROUP_BY].table == "grocer_db.grocer_spend_v1"


def test_a_join_is_computed_again_through_its_group_by(changes):
    found = changes('"7d"', '"14d"')
    assert (found[JOIN].fields, found[JOIN].through, found[JOIN].effects) == ((), (GROUP_BY,), (Effect.TABLE,))


def test_another_row_starts_the_stream_anew(changes):
    found = changes("cents / 100", "cents / 100.0D")
    assert found[GROUP_BY].effects == (Effect.STREAM, Effect.UPLOAD, Effect.TABLE)
    (field,) = found[GROUP_BY].fields
    assert (field.path, field.before) == ("sources[0].events.query.selects.price", "cents / 100")


def test_metadata_compute_nothing_again(changes):
    found = changes("online=True,", "online=True, description='what a user spends', tags={'tier': 'gold'},")
    assert not found[GROUP_BY].meaning
    assert found[GROUP_BY].effects == (Effect.NONE,)
    assert not any(field.decides for field in found[GROUP_BY].fields)


def test_a_new_item_of_a_list_does_not_shift_its_neighbours(changes):
    found = changes("[Aggregation(", "[Aggregation('price', Operation.MAX, ['1d']), Aggregation(")
    (field,) = found[GROUP_BY].fields
    assert (field.path, field.before) == ("aggregations[0]", ABSENT)
    assert field.after["operation"] == "MAX"


def test_what_came_and_what_went(folder, changes):
    changes("v1 = Join", "v2 = Join", file="joins/grocer/train.py")
    result = folder.compile(write=False)
    found = {change.path: change for change in diff(result.before, result.after)}
    assert found[JOIN].kind == "removed"
    assert not found[JOIN].meaning
    assert (found["joins/grocer/train.v2"].kind, found["joins/grocer/train.v2"].effects) == ("added", (Effect.TABLE,))


def test_compiled_files_that_nothing_makes_are_listed_then_removed(folder, changes):
    changes("v1 = Join", "v2 = Join", file="joins/grocer/train.py")
    folder.compile()
    stale = (f"production/{JOIN}",)
    assert folder.repo.prune() == stale
    assert (folder.root / stale[0]).exists()
    assert folder.repo.prune(remove=True) == stale
    assert not (folder.root / stale[0]).exists()
    assert folder.repo.prune() == ()


def test_nothing_is_pruned_while_a_definition_cannot_be_loaded(folder, changes):
    from chronon.base.errors import ConfigError

    changes("7d", "7d")
    folder.write({"joins/grocer/train.py": "v1 = Jion()"})
    with pytest.raises(ConfigError, match="Jion"):
        folder.repo.prune(remove=True)
    assert (folder.root / f"production/{JOIN}").exists()
