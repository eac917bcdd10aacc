"""Python functions that expressions may call by name.

A definition stays data: a query lists such a function as a statement in ``setups``, with its types, the place where its
code is, and a hash of that code. Whoever evaluates the expressions imports the code from there.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from types import GenericAlias
from typing import Any, get_args, get_origin, get_type_hints, overload

from chronon.base.errors import ConfigError

NAME = re.compile(r"[a-z_][a-z0-9_]*")
_WORDS = {
    "float": "double", "int": "long", "str": "string", "bool": "boolean", "bytes": "binary",
    "date": "date", "datetime": "timestamp",
}  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """What an expression must know of a function.

    Parameters
    ----------
    name:
        How expressions call it, in lower case.
    path:
        Where it is: ``module:function``.
    arguments:
        The types of its arguments, as texts.
    returns:
        The type of its result.
    source:
        The hash of its code.
    """

    name: str
    path: str
    arguments: tuple[str, ...]
    returns: str
    source: str

    def statement(self) -> str:
        """The statement for ``setups``.

        >>> Signature("tax", "shop:tax", ("double",), "double", "1f3a").statement()
        "CREATE TEMPORARY FUNCTION tax(double) RETURNS double LANGUAGE PYTHON AS 'shop:tax' COMMENT 'code 1f3a'"
        """
        return (
            f"CREATE TEMPORARY FUNCTION {self.name}({', '.join(self.arguments)}) RETURNS {self.returns} "
            f"LANGUAGE PYTHON AS '{self.path}' COMMENT 'code {self.source}'"
        )


@dataclass(frozen=True)
class UserFunction:
    """A Python function that expressions may call; it can be called as before.

    Parameters
    ----------
    signature:
        Its name, types and place.
    call:
        The function of the values of one row.
    nulls:
        Whether it is called where an argument is null; else its result is then null.
    whole:
        A function of Arrow arrays that gives the same for many rows, if there is one.
    """

    signature: Signature
    call: Callable[..., Any]
    nulls: bool = False
    whole: list[Callable[..., Any]] = field(default_factory=list[Callable[..., Any]], compare=False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself."""
        return self.call(*args, **kwargs)

    def vector(self, function: Callable[..., Any]) -> UserFunction:
        """Decorate a function of Arrow arrays that gives the same, faster, in backfills; nulls are its own business.

        Returns
        -------
        The function of one row, so that the name keeps its meaning.
        """
        self.whole[:] = [function]
        return self


DECLARED: dict[str, UserFunction] = {}
"""The functions that were decorated in this process, by their path."""


@overload
def udf(function: Callable[..., Any], /) -> UserFunction: ...
@overload
def udf(
    returns: str | None = None,
    /,
    *,
    args: Sequence[str] | None = None,
    name: str | None = None,
    nulls: bool = False,
    version: str = "",
) -> Callable[[Callable[..., Any]], UserFunction]: ...
def udf(
    returns: str | Callable[..., Any] | None = None,
    /,
    *,
    args: Sequence[str] | None = None,
    name: str | None = None,
    nulls: bool = False,
    version: str = "",
) -> UserFunction | Callable[[Callable[..., Any]], UserFunction]:
    """Make a Python function one that expressions may call.

    Parameters
    ----------
    returns:
        The type of its result, such as ``"double"`` or ``"list<string>"``; by default what its annotation says.
    args:
        The types of its arguments; by default what their annotations say.
    name:
        How expressions call it; by default as it is called.
    nulls:
        Call it where an argument is null (``None``); by default the result is then null without a call.
    version:
        To be changed when its meaning changes without its module, as by another version of a library.

    Raises
    ------
    ConfigError
        Where a type is neither given nor annotated, or is none.

    >>> @udf
    ... def gross(price: float, percent: int) -> float:
    ...     return price * (100 + percent) / 100
    >>> gross(10.0, 20), gross.signature.arguments, gross.signature.returns
    (12.0, ('double', 'long'), 'double')
    """

    def decorate(function: Callable[..., Any]) -> UserFunction:
        hints = _hints(function)
        names = list(inspect.signature(function).parameters)
        given = tuple(args) if args is not None else tuple(_type(hints, one, function) for one in names)
        if len(given) != len(names):
            raise ConfigError(f"{function.__name__} has {len(names)} arguments and {len(given)} types are given")
        result = returns if isinstance(returns, str) else _type(hints, "return", function)
        called = (name or function.__name__).lower()
        if not NAME.fullmatch(called):
            raise ConfigError(f"{called!r} is no name of a function", expected="letters, digits and _")
        path = f"{function.__module__}:{function.__qualname__}"
        signature = Signature(called, path, tuple(map(_read, given)), _read(result), _source(function, version))
        made = UserFunction(signature, function, nulls)
        DECLARED[path] = made
        return made

    return decorate(returns) if callable(returns) else decorate


def _hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return get_type_hints(function)
    except NameError as error:
        raise ConfigError(
            f"the annotations of {function.__name__} cannot be read: {error}", mend="@udf('double', args=[...])"
        ) from error


def _type(hints: Mapping[str, Any], name: str, function: Callable[..., Any]) -> str:
    if name not in hints:
        what = "result" if name == "return" else f"argument {name!r}"
        raise ConfigError(
            f"the type of the {what} of {function.__name__} is not known",
            mend="annotate it (float, int, str, bool, bytes, date, list[...]) or @udf('double', args=[...])",
        )
    return _of_annotation(hints[name], function)


def _of_annotation(hint: Any, function: Callable[..., Any]) -> str:
    inside = [_of_annotation(part, function) for part in get_args(hint) if part is not type(None)]
    origin = get_origin(hint)
    if origin is list and len(inside) == 1:
        return f"list<{inside[0]}>"
    if origin is dict and len(inside) == 2:
        return f"map<{inside[0]},{inside[1]}>"
    if origin is not None and not isinstance(hint, GenericAlias) and len(inside) == 1:
        return inside[0]  # X | None: everything may be null
    known = _WORDS.get(getattr(hint, "__name__", ""))
    if known is None:
        raise ConfigError(
            f"{function.__name__}: the annotation {hint} is no type of a column",
            expected=f"one of {', '.join(_WORDS)}, list[...], dict[..., ...]",
            mend="@udf('double', args=['double', ...])",
        )
    return known


def _read(text: str) -> str:
    from chronon.base.types import parse_type

    return str(parse_type(text))


def _source(function: Callable[..., Any], version: str) -> str:
    """The hash of the code of the module that holds the function: comments and layout do not count."""
    module = sys.modules.get(function.__module__)
    file = getattr(module, "__file__", None)
    try:
        text = Path(file).read_text(encoding="utf-8") if file else inspect.getsource(function)
        code = ast.dump(ast.parse(inspect.cleandoc(text) if not file else text))
    except (OSError, TypeError, SyntaxError):
        code = function.__code__.co_code.hex() + repr(function.__code__.co_consts)
    return blake2b(f"{code}|{version}".encode(), digest_size=8).hexdigest()


_STATEMENT = re.compile(
    r"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMPORARY\s+)?FUNCTION\s+(?:IF\s+NOT\s+EXISTS\s+)?`?([\w.]+)`?\s*"
    r"(?:\((.*)\)\s*RETURNS\s+(\S+)\s+LANGUAGE\s+PYTHON\s+)?AS\s+['\"]([^'\"]+)['\"]\s*"
    r"(?:COMMENT\s+'code\s+(\w+)')?.*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Foreign:
    """A function of another engine, such as a class of the JVM."""

    name: str
    code: str


def functions_in(setups: Sequence[str] | None) -> list[Signature | Foreign]:
    """The functions that statements make.

    >>> functions_in(["CREATE TEMPORARY FUNCTION tax AS 'com.shop.Tax'", "SET x = 1"])
    [Foreign(name='tax', code='com.shop.Tax')]
    """
    found: list[Signature | Foreign] = []
    for statement in setups or []:
        match = _STATEMENT.fullmatch(statement)
        if match is None:
            continue
        name, arguments, returns, code, source = match.groups()
        if returns is None:
            found.append(Foreign(name.lower(), code))
        else:
            found.append(Signature(name.lower(), code, tuple(_split(arguments)), returns, source or ""))
    return found


def _split(text: str) -> list[str]:
    """The types between commas, of which maps have some of their own."""
    pieces: list[str] = []
    for piece in text.split(","):
        if pieces and pieces[-1].count("<") > pieces[-1].count(">"):
            pieces[-1] += f",{piece}"
        elif piece.strip():
            pieces.append(piece.strip())
    return pieces
