"""JSON texts of any shape: DuckDB and the row function read and write the same."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronon.base import types as t

from .evaluation import in_duckdb, in_rows

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([1e-7, 1e-6, 1e20, 1e21, 1e22, 1.5, -0.0, 1e-5, 123456.789]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.builds(
    lambda value, ascii_only, indent: json.dumps(value, ensure_ascii=ascii_only, indent=indent),
    st.fixed_dictionaries({"a": VALUES}, optional={"b": VALUES}),
    st.booleans(),
    st.sampled_from([None, 1]),
)
PATHS = ("$", "$.a", "$.a[0]", "$.a.b", "$['a'][1].c", "$.b")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=DOCUMENTS, cut=st.integers(0, 60), path=st.sampled_from(PATHS))
def test_any_document(connection, document, cut, path):
    texts = [document, document[:cut], document[cut:], document.replace("1", "01"), document.replace(",", ",,")]
    rows = [{"j": text} for text in texts]
    text = f'GET_JSON_OBJECT(j, "{path}")'
    schema = {"j": t.STRING}
    assert in_rows(text, rows, schema) == in_duckdb(connection, text, rows, schema)[0]


def test_numbers_are_written_with_their_shortest_digits():
    rows = [{"j": json.dumps([number])} for number in (1e-7, 1e-6, 100.0, 1e21, 0.1)]
    assert in_rows("GET_JSON_OBJECT(j, '$')", rows, {"j": t.STRING}) == [
        "[1e-7]", "[0.000001]", "[100.0]", "[1e21]", "[0.1]",
    ]  # fmt: skip
