"""The aggregates of queries: what they take, what they give, and how DuckDB says them.

To add one, add a line to the table and a case to ``tests/sql/queries``. ``$`` in a form stands for the plain call with
its DISTINCT, FILTER and OVER.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chronon.base import types as t
from chronon.base.types import DataType, ListType
from chronon.sql.casts import cast
from chronon.sql.coercion import is_atomic, is_decimal
from chronon.sql.rules import counted, literal, takes
from chronon.sql.tree import Node, Refusal, Rule, Typed


@dataclass(frozen=True)
class Aggregate:
    """One aggregate.

    Parameters
    ----------
    rule:
        Checks and converts the arguments, and says the result's type.
    duckdb:
        DuckDB's name of it.
    form:
        What is made of its result.
    refused:
        Why it is refused, and what to write instead; then the rest does not matter.
    """

    rule: Rule
    duckdb: str = ""
    form: str = "$"
    refused: tuple[str, str] | None = None

    def text(self, arguments: str, *, distinct: bool, after: str) -> str:
        """The template of a call; ``after`` is its FILTER and OVER."""
        return self.form.replace("$", f"{self.duckdb}({'DISTINCT ' if distinct else ''}{arguments}){after}")


def _any(result: DataType | Callable[[DataType], DataType], least: int = 1, most: int = 1) -> Rule:
    def rule(args: Sequence[Node]) -> Typed:
        counted(args, least, most)
        return Typed(args, result if isinstance(result, DataType) else result(args[0].type))

    return rule


def _ordered(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    kind = args[0].type
    if not is_atomic(kind):
        raise Refusal(
            f"it is given a {kind}", expected="a plain value", mend="max_by(x, y) takes the x of the greatest y"
        )
    return Typed(args, kind)


def _sum(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    kind = args[0].type
    if is_decimal(kind):
        raise Refusal(f"it is given a {kind}", mend="SUM(CAST(x AS DOUBLE))")
    if kind in t.INTEGERS:
        return Typed([cast(args[0], t.LONG)], t.LONG)
    return takes(t.DOUBLE, t.DOUBLE)(args)


def _by(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    if not is_atomic(args[1].type):
        raise Refusal(f"it orders by a {args[1].type}", expected="a plain value")
    return Typed(args, args[0].type)


def _picked(args: Sequence[Node]) -> Typed:
    counted(args, 1, 2)
    ignores(args)
    return Typed(args[:1], args[0].type)


def ignores(args: Sequence[Node]) -> bool:
    """Whether the second argument of ``first`` and ``last`` says that nulls are passed over."""
    return len(args) > 1 and literal(args, 1, "second argument") is True


def _percentile(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    share = literal(args, 1, "percentage")
    if not 0 <= float(share) <= 1:
        raise Refusal(f"the percentage is {share}", expected="a number from 0 to 1")
    return takes(t.DOUBLE, t.DOUBLE, t.DOUBLE)(args)


_LONG = "chronon_long($)"
_PRESENT = "list_filter(coalesce($, []), lambda x: x IS NOT NULL)"
_DOUBLE = takes(t.DOUBLE, t.DOUBLE)
_TWO = takes(t.DOUBLE, t.DOUBLE, t.DOUBLE)
_CONDITION = takes(t.BOOLEAN, t.BOOLEAN)


def _not(why: str, mend: str) -> Aggregate:
    return Aggregate(_any(t.NULL, 0, 9), refused=(why, mend))


AGGREGATES = {
    "count": Aggregate(_any(t.LONG, 1, 100), "count"),
    "count_if": Aggregate(takes(t.LONG, t.BOOLEAN), "count_if", "CAST(coalesce($, 0) AS BIGINT)"),
    "sum": Aggregate(_sum, "sum", _LONG),  # of doubles: without that form, see ``chosen``
    "avg mean": Aggregate(_DOUBLE, "avg"),
    "min": Aggregate(_ordered, "min"),
    "max": Aggregate(_ordered, "max"),
    "min_by": Aggregate(_by, "arg_min_null"),
    "max_by": Aggregate(_by, "arg_max_null"),
    "bool_and every": Aggregate(_CONDITION, "bool_and"),
    "bool_or any some": Aggregate(_CONDITION, "bool_or"),
    "stddev stddev_samp std": Aggregate(_DOUBLE, "stddev_samp"),
    "stddev_pop": Aggregate(_DOUBLE, "stddev_pop"),
    "variance var_samp": Aggregate(_DOUBLE, "var_samp"),
    "var_pop": Aggregate(_DOUBLE, "var_pop"),
    "corr": Aggregate(_TWO, "corr"),
    "covar_pop": Aggregate(_TWO, "covar_pop"),
    "covar_samp": Aggregate(_TWO, "covar_samp"),
    "median": Aggregate(_DOUBLE, "median"),
    "percentile": Aggregate(_percentile, "quantile_cont"),
    "first first_value any_value": Aggregate(_picked, "first"),
    "last last_value": Aggregate(_picked, "last"),
    "collect_list array_agg": Aggregate(_any(ListType), "list", _PRESENT),
    "collect_set": Aggregate(_any(ListType), "list", f"list_sort(list_distinct({_PRESENT}))"),
    "approx_count_distinct": _not("it is an estimate, and another engine estimates otherwise", "COUNT(DISTINCT x)"),
    "percentile_approx approx_percentile": _not(
        "it is an estimate, and another engine estimates otherwise", "PERCENTILE(x, 0.5)"
    ),
    "mode": _not("which of several values that are equally frequent is given is left to the engine", "GROUP BY x"),
    "skewness kurtosis": _not("the engines disagree on its formula", "an Aggregation of a group-by"),
}
PICKS = ("first", "last")
"""Those of DuckDB's names that take a second argument: whether nulls are passed over."""

NAMED = {name: aggregate for names, aggregate in AGGREGATES.items() for name in names.split()}
"""Every aggregate by its name in Spark."""


def chosen(name: str, kind: DataType, *, present: bool) -> Aggregate:
    """The aggregate for a result type; with ``present`` it passes over nulls."""
    found = NAMED[name]
    if found.duckdb == "sum" and kind != t.LONG:
        return Aggregate(found.rule, "sum")
    if found.duckdb == "first" and present:
        return Aggregate(found.rule, "any_value")
    if found.duckdb == "last" and present:
        return Aggregate(found.rule, "list", "list_last(list_filter($, lambda x: x IS NOT NULL))")
    return found
