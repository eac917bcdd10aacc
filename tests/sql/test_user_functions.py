"""Python functions in expressions: types, nulls, failures, both forms."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from chronon import Query, udf
from chronon.api import structs
from chronon.api.functions import Foreign, Signature, functions_in
from chronon.api.wire import from_json, to_json
from chronon.base import types as t
from chronon.base.errors import ConfigError, ExpressionError
from chronon.sql import compile_rows, parse, user
from chronon.sql.user import declare, taken_failures

from .evaluation import in_duckdb, in_rows

ARGUMENTS = {"x": t.DOUBLE, "n": t.LONG, "s": t.STRING, "xs": t.ListType(t.DOUBLE), "day": t.DATE, "m": t.TIMESTAMP}


def declared(function):
    declare(Query(functions=[function]).setups)
    taken_failures()
    return function


def test_both_forms_give_the_same(connection):
    import pyarrow.compute as pc

    @declared
    @udf
    def half(x: float) -> float:
        return x / 2

    rows = [{"x": x} for x in (1.0, None, 3.0, float("inf"))]
    one_by_one = in_rows("half(x) + 1", rows, {"x": t.DOUBLE})
    assert in_duckdb(connection, "half(x) + 1", rows, {"x": t.DOUBLE}) == (one_by_one, "DOUBLE")
    half.vector(lambda x: pc.divide(x, 2.0))
    assert in_duckdb(connection, "half(x) + 1", rows, {"x": t.DOUBLE}) == (one_by_one, "DOUBLE")
    assert half(5.0) == 2.5


def test_a_vector_that_raises_is_computed_row_by_row(connection):
    @declared
    @udf("double")
    def inverse(x: float):
        return 1 / x

    @inverse.vector
    def _(x):
        raise RuntimeError

    assert in_duckdb(connection, "inverse(x)", [{"x": 2.0}, {"x": 0.0}], {"x": t.DOUBLE})[0] == [0.5, None]
    (failure,) = taken_failures()
    assert (failure.name, failure.calls, failure.first) == ("inverse", 1, "ZeroDivisionError: float division by zero")
    assert taken_failures() == []


def test_types_come_from_annotations_or_words():
    @udf
    def tags(s: str, xs: list[float], day: date | None) -> dict[str, int]:
        return {s: len(xs)}

    assert tags.signature.arguments == ("string", "list<double>", "date")
    assert tags.signature.returns == "map<string,long>"
    with pytest.raises(ConfigError, match="the type of the argument 'x' of bare is not known"):

        @udf
        def bare(x) -> float:
            return x


def test_arguments_are_converted_as_those_of_other_functions_and_checked():
    declared(udf("list<long>", args=["long", "string"], name="pair")(lambda n, s: [n, len(s)]))
    evaluate = compile_rows({"y": "pair(x, n)[1]", "z": "element_at(PAIR(n, s), 1)"}, ARGUMENTS)
    assert evaluate({"x": 2.9, "n": 12, "s": "abc"}) == {"y": 2, "z": 12}
    assert parse("pair(n, s)").type(ARGUMENTS) == t.ListType(t.LONG)
    with pytest.raises(ExpressionError, match="it is given 1 arguments"):
        parse("pair(n)").type(ARGUMENTS)
    with pytest.raises(ExpressionError, match="an argument is a list<double>"):
        parse("pair(xs, s)").type(ARGUMENTS)
    with pytest.raises(ExpressionError, match="did you mean pair"):
        parse("pairs(n, s)").type(ARGUMENTS)


@pytest.mark.parametrize(
    "kind, value, result",
    [
        ("double", 1, 1.0), ("double", True, None), ("long", 2**63, None), ("long", 1.0, None), ("string", 5, None),
        ("date", datetime(2024, 1, 1, tzinfo=UTC), None), ("float", 0.1, 0.10000000149011612),
        ("list<int>", [1, "a"], None),
        ("string", "\ud800", None), ("struct<a:long>", {"a": 1, "b": 2}, {"a": 1}),
    ],
)  # fmt: skip
def test_a_result_of_another_type_is_null_and_counted(connection, kind, value, result):
    declared(udf(kind, args=[], name=f"given_{kind[:3]}_{abs(hash(repr(value)))}")(lambda: value))
    name = user.names()[-1]
    assert in_rows(f"{name}()", [{"x": 1.0}], {"x": t.DOUBLE}) == [result]
    assert in_duckdb(connection, f"{name}()", [{"x": 1.0}], {"x": t.DOUBLE})[0] == [result]
    assert bool(taken_failures()) == (result is None)


def test_statements_are_data():
    signature = Signature("f", "shop.udfs:f", ("map<string,double>", "long"), "list<string>", "1f3a")
    assert functions_in([signature.statement()]) == [signature]
    setups = ["ADD JAR x.jar", "CREATE TEMPORARY FUNCTION Geo AS 'com.shop.Geo' USING JAR 'x.jar'"]
    assert functions_in(setups) == [Foreign("geo", "com.shop.Geo")]
    definition = structs.Query(setups=[signature.statement()])
    assert from_json(structs.Query, to_json(definition)) == definition


def test_a_class_of_the_jvm_says_what_to_do():
    declare(["CREATE TEMPORARY FUNCTION GEO_HASH AS 'com.shop.GeoHash'"])
    with pytest.raises(ExpressionError) as caught:
        parse("geo_hash(x)").type(ARGUMENTS)
    assert "the function geo_hash is com.shop.GeoHash, which only the JVM can run" in str(caught.value)
    assert "@udf in a module of the repo, and functions=[...]" in str(caught.value)


def test_two_functions_of_one_name_are_refused():
    declare([Signature("twice_named", "a:f", (), "long", "1").statement()])
    declare([Signature("twice_named", "a:f", (), "long", "2").statement()])
    with pytest.raises(ConfigError, match="two functions are named twice_named: a:f and b:f"):
        declare([Signature("twice_named", "b:f", (), "long", "1").statement()])
