"""Parsing: Spark's grammar by sqlglot, without sqlglot's own idea of what functions mean.

sqlglot rewrites Spark's functions into its neutral ones while it parses, and forgets which one was written and with
which format. Here a call stays a name and its arguments, so that our table of functions alone gives it a meaning.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from chronon.base.errors import ExpressionError, Place

_KEPT = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "OVERLAY")
"""Calls whose arguments have a grammar of their own."""


@cache
def dialect() -> Any:
    """The dialect class; made on first use because sqlglot takes a tenth of a second to import."""
    from sqlglot.dialects.spark import Spark

    class SparkRow(Spark):
        """Spark SQL of one row."""

        class Parser(Spark.Parser):
            FUNCTIONS = {}  # noqa: RUF012
            FUNCTION_PARSERS = {name: Spark.Parser.FUNCTION_PARSERS[name] for name in _KEPT}  # noqa: RUF012
            NO_PAREN_FUNCTIONS = {}  # noqa: RUF012
            NO_PAREN_FUNCTION_PARSERS = {  # noqa: RUF012
                "CASE": Spark.Parser.NO_PAREN_FUNCTION_PARSERS["CASE"],
            }

    return SparkRow


def parse_tree(text: str, place: Place | None = None) -> Any:
    """The sqlglot tree of one expression; an ``ExpressionError`` shows where the text stops making sense."""
    from sqlglot import exp
    from sqlglot.errors import ParseError, TokenError

    if not text.strip():
        raise ExpressionError("the expression is empty", place=place, expected="a Spark SQL expression of one row")
    try:
        trees: list[Any] = dialect()().parse_into(exp.Condition, text)
    except ParseError as error:
        raise _unparsable(text, error.errors, place) from None
    except TokenError as error:
        raise ExpressionError(
            f"cannot read `{text}`: {str(error).splitlines()[0]}", place=place, mend="close every quote and comment"
        ) from None
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError(
            f"`{text}` holds {len(trees)} expressions", place=place, expected="one expression without a semicolon"
        )
    return trees[0]


def described(text: str) -> str:
    """The words of the parser, without its own classes.

    >>> described("Required keyword: 'expression' missing for <class 'sqlglot.expressions.core.EQ'>")
    'something is missing here'
    """
    return "something is missing here" if text.startswith("Required keyword") else text.rstrip(".")


def _unparsable(text: str, errors: list[dict[str, Any]], place: Place | None) -> ExpressionError:
    found: dict[str, Any] = errors[0] if errors else {}
    start: str = found.get("start_context") or ""
    near: str = found.get("highlight") or ""
    description = described(str(found.get("description") or "it is not an expression"))
    if near.upper() == "AS":
        name = str(found.get("end_context") or "").strip()
        return ExpressionError(
            f"`{text}` names its own result",
            place=place,
            expected="an expression without AS",
            mend=f"give the name beside the expression: {name or 'name'}={start.strip()!r}",
        )
    lines = text.splitlines() or [text]
    number = int(found.get("line") or 1)
    line = lines[min(number, len(lines)) - 1]
    at = len(start.splitlines()[-1]) if start else 0
    pointer = "\n".join(["", f"    {line}", f"    {' ' * at}{'^' * max(1, len(near))}"])
    return ExpressionError(
        f"cannot read `{text}`: {description} at line {number}, column {at + 1}{pointer}",
        place=place,
        expected="one Spark SQL expression",
    )
