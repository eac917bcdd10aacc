"""Every listed deviation is shown by a test that exists."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from chronon.testing.deviations import DEVIATIONS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("quirk", DEVIATIONS)
def test_a_deviation_is_shown_by_tests(quirk):
    assert DEVIATIONS[quirk].tests
    for node in DEVIATIONS[quirk].tests:
        file, _, name = node.partition("::")
        functions = [n.name for n in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(n, ast.FunctionDef)]
        assert name in functions, node
