"""Whole Spark SQL queries for DuckDB: what ``chronon sql`` runs.

sqlglot transpiles the query. The types of tables are not known here, so the table of functions cannot be applied;
instead the differences that need no types are mended, by macros that look at the type of their argument at run time.
Integers that overflow are an error here, as in no expression of a feature.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from chronon.base.errors import ExpressionError

Mend = Callable[[Any], Any]


def query_to_duckdb(query: str) -> str:
    """One SELECT of Spark SQL as DuckDB runs it, on a connection prepared by ``duckdb_setup``.

    Parameters
    ----------
    query:
        A SELECT (with its WITH) of Spark SQL.

    >>> query_to_duckdb("SELECT a / b AS x, a % b AS y FROM db.t")
    'SELECT a / NULLIF(b, 0) AS x, a % NULLIF(b, 0) AS y FROM db.t'
    """
    from sqlglot import exp, parse
    from sqlglot.errors import ParseError, TokenError

    try:
        statements = [each for each in parse(query, read="spark") if each is not None]
    except (ParseError, TokenError) as error:
        raise ExpressionError(f"cannot read the query: {error}", expected="a SELECT of Spark SQL") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ExpressionError("the text is not one query", expected="one SELECT of Spark SQL")
    return statements[0].transform(_mended).sql(dialect="duckdb")


def _mended(tree: Any) -> Any:
    mend = _mends().get(type(tree).__name__)
    return mend(tree) if mend is not None else tree


@cache
def _mends() -> dict[str, Mend]:  # noqa: C901 - a table of small functions
    from sqlglot import exp

    casts = {
        exp.DType.TINYINT: "byte",
        exp.DType.SMALLINT: "short",
        exp.DType.INT: "int",
        exp.DType.BIGINT: "long",
    }
    times = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ)

    def macro(name: str, *args: Any) -> Any:
        return exp.Anonymous(this=f"chronon_{name}", expressions=[arg.copy() for arg in args])

    def not_by_zero(tree: Any) -> Any:
        by = tree.expression
        if not isinstance(by, exp.Nullif) and not (isinstance(by, exp.Literal) and not by.is_string):
            tree.set("expression", exp.Nullif(this=by.copy(), expression=exp.Literal.number(0)))
        return tree

    def cast(tree: Any) -> Any:
        kind = tree.to.this
        if kind in casts and not isinstance(tree.this, exp.Literal):
            return macro(f"query_{casts[kind]}", tree.this)
        if kind in times:
            return exp.TryCast(this=tree.this.copy(), to=exp.DataType.build("timestamp", dialect="duckdb"))
        return tree

    def date_add(tree: Any) -> Any:
        if tree.text("unit").upper() not in ("", "DAY"):
            return tree
        day = exp.TryCast(this=tree.this.copy(), to=exp.DataType.build("date"))
        return macro("date_add", day, tree.expression)

    def unix(tree: Any) -> Any:
        default = tree.args.get("format") is None or (
            "%Y-%m" in tree.text("format") and "strict" in tree.text("format")
        )
        return macro("query_unix", tree.this) if default else tree

    def document(tree: Any) -> Any:
        found = exp.Anonymous(this="json_extract", expressions=[macro("document", tree.this), tree.expression.copy()])
        return macro("json_text", found)

    def size(tree: Any) -> Any:
        length = exp.Anonymous(this="len", expressions=[tree.this.copy()])
        return exp.Coalesce(this=length, expressions=[exp.Literal.number(-1)])

    def substring(tree: Any) -> Any:
        length = tree.args.get("length") or exp.Literal.number(2**31 - 1)
        return macro("substr", tree.this, tree.args["start"], length)

    return {
        "IntDiv": not_by_zero,
        "Mod": not_by_zero,
        "Cast": cast,
        "TryCast": cast,
        "TsOrDsAdd": date_add,
        "StrToUnix": unix,
        "DayOfWeek": lambda tree: macro("query_dayofweek", tree.this),
        "JSONExtractScalar": document,
        "ArraySize": size,
        "Substring": substring,
        "Ln": lambda tree: macro("ln", tree.this),
        "ArrayContains": lambda tree: macro("contains", tree.this, tree.expression),
        "Upper": lambda tree: macro("upper", tree.this),
        "Lower": lambda tree: macro("lower", tree.this),
    }
