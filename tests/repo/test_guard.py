"""Edits of what is served: what the mend of a refusal says, and what is told of an edit that nothing holds back."""

from __future__ import annotations

import json

HEAD = """\
from chronon import *
views = EventSource(table="raw.views", query=Query(select("user", "price"), time_column="at"))
"""
SPEND = HEAD + "v1 = GroupBy(views, ['user'], [Aggregation('price', 'sum', '7d')], online=True)\n"
ASKED = (
    HEAD + "from group_bys.grocer.spend import v1 as spend\n"
    "v1 = Join(views, [JoinPart(spend)], online=True,\n"
    "    online_external_parts=[ExternalPart(ContextualSource([('{}', DataType.LONG)]))])\n"
)


def test_a_column_that_another_group_by_added_to_the_source_is_named(folder):
    folder.write({"group_bys/grocer/spend.py": SPEND}).compile()
    file = folder.root / "production/group_bys/grocer/spend.v1"
    conf = json.loads(file.read_text())
    conf["sources"][0]["events"]["query"]["selects"]["city"] = "city"
    file.write_text(json.dumps(conf, indent=2))
    (problem,) = folder.compile().problems
    assert "Cannot overwrite group_bys/grocer/spend.v1 with existing online conf" in str(problem)
    assert "its source had city from another group-by: name it in the selects" in problem.mend
    named = SPEND.replace('select("user", "price")', 'select("user", "price", "city")')
    assert folder.write({"group_bys/grocer/spend.py": named}).compile().ok


CHAINED = (
    HEAD + "from joins.grocer.train import v1 as parent\n"
    "v1 = GroupBy(JoinSource(parent, Query(select('user', 'price'))), 'user', Aggregation('price'), online=True)\n"
)


def test_metadata_of_a_parent_join_are_no_other_meaning(folder):
    parent = HEAD.replace("raw.views", 'raw.views", topic="views') + "v1 = Join(views, [], online=True{})\n"
    files = {"joins/grocer/train.py": parent.format(""), "group_bys/grocer/chained.py": CHAINED}
    assert len(folder.write(files).compile().written) == 2
    described = parent.format(", description='said', table_properties={'a': 'b'}")
    result = folder.write({"joins/grocer/train.py": described}).compile()
    assert (result.problems, len(result.written)) == ((), 2)
    other = parent.format("").replace('"price"', 'price="price + 1"')
    result = folder.write({"joins/grocer/train.py": other}).compile()
    assert len(result.problems) == 2
    assert all("Cannot overwrite" in str(problem) for problem in result.problems)


def test_external_values_of_an_online_join_may_change_and_that_is_told(folder):
    folder.write({"group_bys/grocer/spend.py": SPEND, "joins/grocer/train.py": ASKED.format("asked")}).compile()
    result = folder.write({"joins/grocer/train.py": ASKED.format("wanted")}).compile()
    assert (result.written, result.problems) == (("production/joins/grocer/train.v1",), ())
    (warning,) = result.warnings
    assert str(warning).startswith("grocer.train.v1 (joins/grocer/train.py:4), field online_external_parts: is online")
