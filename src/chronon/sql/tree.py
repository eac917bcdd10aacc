"""The typed tree: what an expression is once its columns, conversions and result types are known.

Both renderings, for DuckDB and for one row in Python, read this tree and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from chronon.base.types import DataType


class Refusal(Exception):  # noqa: N818 - it becomes an ExpressionError where the expression is known
    """Why an expression has no meaning here; whoever knows the expression turns it into an ``ExpressionError``."""

    def __init__(self, reason: str, *, expected: str | None = None, mend: str | None = None) -> None:
        self.reason = reason
        self.expected = expected
        self.mend = mend
        super().__init__(reason)


@dataclass(frozen=True)
class Literal:
    """A constant. Compared by its text, so that ``0.0`` and ``-0.0`` are two constants."""

    value: Any = field(compare=False)
    type: DataType
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", repr(self.value))


@dataclass(frozen=True)
class Column:
    """A column of the row."""

    name: str
    type: DataType


@dataclass(frozen=True)
class Variable:
    """The argument of a lambda."""

    name: str
    type: DataType


@dataclass(frozen=True)
class Lambda:
    """A function of one or several values, as in ``transform(items, x -> x + 1)``."""

    variables: tuple[Variable, ...]
    body: Node
    type: DataType


@dataclass(frozen=True)
class Call:
    """A function applied to arguments that already have the types it works on."""

    function: Function
    args: tuple[Node, ...]
    type: DataType


Node = Literal | Column | Variable | Lambda | Call
Constants = Callable[[Any], str]
"""Keeps a Python object for the compiled row function and says the name by which its source reaches it."""
Rule = Callable[[Sequence[Node]], "Typed"]
"""The argument rule: nodes as written to nodes as needed, and the type of the result; raises ``Refusal``."""
DuckDBForm = str | Callable[[Call], str]
BY_ROW = "by row"
"""The DuckDB form of what DuckDB lacks or does otherwise: the row function itself, called with a batch of values."""
PythonForm = str | Callable[[Call, Constants], str]


@dataclass(frozen=True)
class Typed:
    """What an argument rule answers; ``call`` overrides the plain call where a function is made of others."""

    args: Sequence[Node]
    type: DataType
    call: Node | None = None


@dataclass(frozen=True, eq=False)
class Function:
    """One function or operator: the one place where it is described.

    Parameters
    ----------
    name:
        Its name in Spark, lower case.
    rule:
        Checks and converts the arguments, and says the result's type.
    duckdb:
        How DuckDB says it: a template over ``{0}``, ``{1}``, ... or a function of the call that gives one; or
        ``BY_ROW``.
    python:
        How one row says it, in the same manner; arguments are names or constants, helpers those of ``runtime``.
    strict:
        Null if any argument is null; then ``python`` only ever sees values.
    nullable:
        Whether the result may be null when no argument is.
    never_null:
        The result is never null, whatever the arguments.
    lazy:
        The name of the statement form in ``rows`` for what evaluates only a part of its arguments.
    vector:
        Gives, where there is one, a function of Arrow arrays that DuckDB calls instead of the row function.
    """

    name: str
    rule: Rule
    duckdb: DuckDBForm
    python: PythonForm = ""
    strict: bool = True
    nullable: bool = False
    never_null: bool = False
    lazy: str | None = None
    vector: Callable[[], Callable[..., Any] | None] | None = None


FUNCTIONS: dict[str, Function] = {}
"""Every function and operator by its name in Spark."""


def define(
    names: str,
    rule: Rule,
    duckdb: DuckDBForm,
    python: PythonForm = "",
    *,
    strict: bool = True,
    nullable: bool = False,
    never_null: bool = False,
    lazy: str | None = None,
) -> Function:
    """Add a function to the table under one or several names (separated by spaces; the first is its own)."""
    first, *others = names.split()
    made = Function(first, rule, duckdb, python, strict=strict, nullable=nullable, never_null=never_null, lazy=lazy)
    for name in (first, *others):
        FUNCTIONS[name] = made
    return made


def call(name: str, *args: Node) -> Node:
    """Apply a function of the table: convert the arguments and infer the type.

    >>> from chronon.base.types import STRING
    >>> from chronon.sql import functions
    >>> call("upper", Column("city", STRING)).type
    string
    """
    return apply(FUNCTIONS[name], args)


def apply(function: Function, args: Sequence[Node]) -> Node:
    """The typed call of a function on arguments as written."""
    typed = function.rule(args)
    return typed.call if typed.call is not None else Call(function, tuple(typed.args), typed.type)


def refuse(reason: str, *, expected: str | None = None, mend: str | None = None) -> NoReturn:
    """Raise a ``Refusal``; for places that must be expressions."""
    raise Refusal(reason, expected=expected, mend=mend)
