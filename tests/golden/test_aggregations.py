"""The golden cases of aggregations, whose values the original engine computed, along every path of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronon.testing.golden.cases import read_cases
from chronon.testing.golden.check import applies, check
from chronon.testing.golden.paths import PATHS

FILE = Path(__file__).with_name("aggregations.jsonl.gz")
WAYS = [make() for make in PATHS.values()]
ASKED = [
    pytest.param(case, way, id=f"{way.name}-{case.name}")
    for case in read_cases(FILE)
    for way in WAYS
    if applies(case, way)
]


@pytest.mark.parametrize("case, way", ASKED)
def test_golden_case(case, way):
    assert [str(failure) for failure in check(case, way)] == []
