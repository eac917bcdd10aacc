"""The public test kit: the oracle that says what is right, comparison, hypothesis strategies, and the golden runner.

>>> from chronon.testing import Oracle, Row, assert_same
"""

from chronon.testing.columns import Row
from chronon.testing.near import Near
from chronon.testing.oracle import Oracle
from chronon.testing.tolerance import assert_same, differences

__all__ = ["Near", "Oracle", "Row", "assert_same", "differences"]
