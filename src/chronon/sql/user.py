"""Python functions of the user in expressions: known by name, imported when they are first used.

A function is called for each row, in DuckDB with a batch of them. Where it raises, or gives what its type does not
hold, the value of that row is null; that is counted here and told by whoever runs the expressions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, cast

from chronon.api.functions import DECLARED, Foreign, Signature, UserFunction, functions_in
from chronon.base import types as t
from chronon.base.errors import ConfigError
from chronon.base.modules import module_of
from chronon.base.settings import MARKS
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.sql.casts import cast as cast_node
from chronon.sql.coercion import is_atomic
from chronon.sql.rules import counted, implied
from chronon.sql.tree import BY_ROW, Call, Constants, Function, Node, Refusal, Typed

_KNOWN: dict[str, Function | Foreign] = {}
_LOCK = Lock()


@dataclass(frozen=True)
class Failures:
    """How often a function failed.

    Parameters
    ----------
    name:
        The function.
    calls:
        How many calls raised or gave a value of another type.
    first:
        The first of these errors.
    """

    name: str
    calls: int
    first: str

    def __str__(self) -> str:
        return f"{self.name} failed in {self.calls:,} calls, which gave null; the first: {self.first}"


_FAILED: dict[str, Failures] = {}
_TOTAL: dict[str, int] = {}


def failed_calls() -> dict[str, int]:
    """How many calls of each function have failed in this process."""
    with _LOCK:
        return dict(_TOTAL)


def taken_failures() -> list[Failures]:
    """What failed since this was asked before."""
    with _LOCK:
        found = list(_FAILED.values())
        _FAILED.clear()
    return found


def _count(name: str, error: str) -> None:
    with _LOCK:
        known = _FAILED.get(name)
        _FAILED[name] = Failures(name, known.calls + 1 if known else 1, known.first if known else error)
        _TOTAL[name] = _TOTAL.get(name, 0) + 1


def declare(setups: Sequence[str] | None) -> None:
    """Let expressions call the functions that the setups of a query name.

    Raises
    ------
    ConfigError
        If two functions of one name are in use.
    """
    for found in functions_in(setups):
        if isinstance(found, Foreign):
            _KNOWN.setdefault(found.name, found)
            continue
        present = _KNOWN.get(found.name)
        if isinstance(present, Function):
            signature = _signature(present)
            if signature == found:
                continue
            if signature.path != found.path:
                raise ConfigError(
                    f"two functions are named {found.name}: {signature.path} and {found.path}",
                    mend="give one of them another name: @udf(name='...')",
                )
        _KNOWN[found.name] = _function(found)


def known(name: str) -> Function | None:
    """The function of that name; ``Refusal`` where it is one of another engine."""
    found = _KNOWN.get(name)
    if isinstance(found, Foreign):
        raise Refusal(
            f"the function {name} is {found.code}, which only the JVM can run",
            mend="write it in Python: @udf in a module of the repo, and functions=[...] in the query",
        )
    return found


def names() -> list[str]:
    """The names of all functions that are declared."""
    return [name for name, found in _KNOWN.items() if isinstance(found, Function)]


_SIGNATURES: dict[Function, Signature] = {}


def _signature(function: Function) -> Signature:
    return _SIGNATURES[function]


def _function(signature: Signature) -> Function:
    kinds = [t.parse_type(text) for text in signature.arguments]
    result = t.parse_type(signature.returns)
    loaded: list[Callable[..., Any]] = []

    def rule(args: Sequence[Node]) -> Typed:
        counted(args, len(kinds))
        return Typed([_given(arg, kind) for arg, kind in zip(args, kinds, strict=True)], result)

    def python(node: Call, keep: Constants) -> str:
        if not loaded:
            loaded.append(_of_one_row(_load(signature), result))
        return f"{keep(loaded[0])}({', '.join(f'{{{at}}}' for at in range(len(node.args)))})"

    made = Function(signature.name, rule, BY_ROW, python, strict=False, nullable=True, vector=lambda: _whole(signature))
    _SIGNATURES[made] = signature
    return made


def _given(node: Node, kind: DataType) -> Node:
    if node.type in (kind, t.NULL):
        return cast_node(node, kind)
    if is_atomic(kind):
        return implied(node, kind)
    raise Refusal(f"an argument is a {node.type}", expected=f"a {kind}")


def _load(signature: Signature) -> UserFunction:
    """The function with its code, as it was when the definition was compiled."""
    found = DECLARED.get(signature.path)
    if found is None or found.signature != signature:
        found = _imported(signature)
    if found.signature != signature:
        raise ConfigError(
            f"the code of {signature.path} has changed since the definition was compiled",
            expected=f"code {signature.source}, and there is {found.signature.source}",
            mend="compile again: what depends on it then gets a new version",
        )
    return found


def _imported(signature: Signature) -> UserFunction:
    module, _, name = signature.path.partition(":")
    try:
        found = getattr(module_of(module, _root()), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"the function {signature.path} cannot be imported: {error}",
            mend="run in the folder of the repo, or install the repo as a package",
        ) from error
    if not isinstance(found, UserFunction):
        raise ConfigError(f"{signature.path} is no function for expressions", mend="decorate it with @udf")
    return found


def _root() -> str:
    here = Path.cwd()
    found = next((folder for folder in (here, *here.parents) if any((folder / mark).exists() for mark in MARKS)), here)
    return str(found)


def _of_one_row(function: UserFunction, kind: DataType) -> Callable[..., Any]:
    """The function with its null rule, its type checked, and its failures counted."""
    fits, name, call, nulls = _fitting(kind), function.signature.name, function.call, function.nulls

    def evaluate(*args: Any) -> Any:
        if not nulls and None in args:
            return None
        try:
            value = call(*args)
            return None if value is None else fits(value)
        except Exception as error:  # noqa: BLE001 - whatever the code of a user raises costs one value, not the rows
            _count(name, f"{type(error).__name__}: {error}")
            return None

    return evaluate


def _whole(signature: Signature) -> Callable[..., Any] | None:
    """The form for Arrow arrays, if the function has one; where it raises, the rows are called one by one."""
    function = _load(signature)
    if not function.whole:
        return None
    vector, kind = function.whole[0], t.parse_type(signature.returns)

    def work(*arrays: Any) -> Any:
        import pyarrow as pa

        from chronon.base.arrow import to_arrow
        from chronon.sql.batches import over_arrays

        try:
            found = vector(*arrays)
            array = found if isinstance(found, pa.Array) else pa.array(found)
            if len(array) != len(arrays[0]):
                raise ValueError(f"{len(array)} values for {len(arrays[0])} rows")  # noqa: TRY301
            return array.cast(to_arrow(kind))
        except Exception:  # noqa: BLE001 - the function of one row then says which rows are wrong
            return over_arrays(_of_one_row(function, kind), kind)(*arrays)

    return work


# ---- what a result must be


def _fitting(kind: DataType) -> Callable[[Any], Any]:
    """A function that gives a value as its type holds it; ``TypeError`` or ``ValueError`` where it does not."""
    if isinstance(kind, ListType):
        element = _or_null(_fitting(kind.element))
        return lambda value: [element(each) for each in value]
    if isinstance(kind, MapType):
        key, inner = _fitting(kind.key), _or_null(_fitting(kind.value))
        return lambda value: {key(name): inner(each) for name, each in value.items()}
    if isinstance(kind, StructType):
        parts = [(name, _or_null(_fitting(part))) for name, part in kind.fields]
        return lambda value: {name: fits(value.get(name)) for name, fits in parts}
    if kind in t.INTEGERS:
        return _whole_number({t.BYTE: 7, t.SHORT: 15, t.INT: 31, t.LONG: 63}[kind])
    if kind == t.DOUBLE:
        return _real
    if kind == t.FLOAT:
        from chronon.sql.runtime.numbers import to_float32

        return lambda value: to_float32(_real(value))
    wanted = {t.STRING: str, t.BOOLEAN: bool, t.BINARY: bytes, t.DATE: dt.date, t.TIMESTAMP: dt.datetime}.get(kind)
    if wanted is None:
        raise Refusal(f"a function gives a {kind}", mend="double, or a string")
    return _exactly(wanted)


def _or_null(fits: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else fits(value)


def _real(value: Any) -> float:
    if isinstance(value, bool | str):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _whole_number(bits: int) -> Callable[[Any], int]:
    def fits(value: Any) -> int:
        if isinstance(value, bool | str | float) or int(value) != value:
            raise TypeError(f"{value!r} is no whole number")
        if not -(1 << bits) <= value < 1 << bits:
            raise ValueError(f"{value} does not fit into {bits + 1} bits")
        return int(value)

    return fits


def _exactly(wanted: type) -> Callable[[Any], Any]:
    def fits(value: Any) -> Any:
        if not isinstance(value, wanted) or (wanted is dt.date and isinstance(value, dt.datetime)):
            raise TypeError(f"{value!r} is no {wanted.__name__}")
        if wanted is str:
            cast("str", value).encode()
        return value

    return fits
