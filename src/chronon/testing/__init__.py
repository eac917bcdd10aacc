"""The public test kit: the oracle that says what is right, comparison, hypothesis strategies, and the golden runner.

Feature tests and the pytest plugin are for definitions. Everything is imported when it is first used, as pytest loads
the plugin in every run.

>>> from chronon.testing import Oracle, Row, assert_same
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chronon.testing.columns import Row
    from chronon.testing.near import Near
    from chronon.testing.oracle import Oracle
    from chronon.testing.tolerance import assert_same, differences

__all__ = ["Near", "Oracle", "Row", "assert_same", "differences"]

_HOMES = {"Near": "near", "Oracle": "oracle", "Row": "columns", "assert_same": "tolerance", "differences": "tolerance"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"chronon.testing.{_HOMES[name]}"), name)
    raise AttributeError(name)
