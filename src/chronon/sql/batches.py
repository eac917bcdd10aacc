"""Row functions that DuckDB calls with whole batches of values.

What DuckDB lacks is not written a second time in its SQL: the compiled row function is registered as a function of
DuckDB, once per database, and gets Arrow arrays. It costs about half a microsecond a row, and is equal by construction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.sql.duckdb_types import duckdb_type
from chronon.sql.tree import BY_ROW, Call, Column, Lambda, Literal, Node, Variable

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_CALLED = re.compile(r"\bchronon_rows_[0-9]+")
_LOCK = Lock()
_NUMBERS = count(1)


@dataclass(frozen=True)
class BatchFunction:
    """A function of columns.

    Parameters
    ----------
    name:
        What DuckDB calls it.
    result:
        The type of its result.
    evaluate:
        Arrays of one length to an array of that length.
    """

    name: str
    result: DataType
    evaluate: Callable[..., pa.Array]


_BY_NODE: dict[Node, BatchFunction] = {}
_BY_NAME: dict[str, BatchFunction] = {}


def batch_function(node: Call) -> tuple[str, list[Node]]:
    """The name of the function that computes a call row by row, and the arguments that DuckDB gives it.

    A constant stays inside. So does an argument that is itself computed by row, and the lambdas; the columns
    that they read become arguments.
    """
    parameters: dict[Node, Column] = {}
    whole = node.function.vector() if node.function.vector is not None else None
    if whole is not None:
        return _vector(node, whole), list(node.args)
    inside = _inner(node, parameters)
    with _LOCK:
        made = _BY_NODE.get(inside)
        if made is None:
            names = [column.name for column in parameters.values()] or ["p0"]
            made = BatchFunction(f"chronon_rows_{next(_NUMBERS)}", node.type, _over_arrays(inside, names))
            _BY_NODE[inside] = _BY_NAME[made.name] = made
    # DuckDB tells a function without arguments nothing about the number of rows
    return made.name, list(parameters) or [Literal(0, t.INT)]


def _vector(node: Call, whole: Callable[..., Any]) -> str:
    """The name of a function that is given as one of arrays."""
    key = Call(node.function, (), node.type)
    with _LOCK:
        made = _BY_NODE.get(key)
        if made is None:
            made = BatchFunction(f"chronon_rows_{next(_NUMBERS)}", node.type, whole)
            _BY_NODE[key] = _BY_NAME[made.name] = made
    return made.name


def _inner(node: Node, parameters: dict[Node, Column]) -> Node:
    """The node over parameters only."""
    if isinstance(node, Literal):
        return node
    if isinstance(node, Call) and node.function.duckdb == BY_ROW:
        args = [
            _closed(arg, frozenset(), parameters) if isinstance(arg, Lambda) else _inner(arg, parameters)
            for arg in node.args
        ]
        return Call(node.function, tuple(args), node.type)
    return _parameter(node, parameters)


def _parameter(node: Node, parameters: dict[Node, Column]) -> Column:
    return parameters.setdefault(node, Column(f"p{len(parameters)}", node.type))


def _closed(node: Node, bound: frozenset[str], parameters: dict[Node, Column]) -> Node:
    """The body of a lambda over parameters and its own variables."""
    if isinstance(node, Literal):
        return node
    if isinstance(node, Lambda):
        own = bound | {variable.name for variable in node.variables}
        return Lambda(node.variables, _closed(node.body, own, parameters), node.type)
    if isinstance(node, Call):
        return Call(node.function, tuple(_closed(arg, bound, parameters) for arg in node.args), node.type)
    return node if isinstance(node, Variable) and node.name in bound else _parameter(node, parameters)


def _over_arrays(node: Node, names: list[str]) -> Callable[..., pa.Array]:
    from chronon.sql.rows import compile_arguments

    return over_arrays(compile_arguments(node, names), node.type)


def over_arrays(evaluate: Callable[..., Any], kind: DataType) -> Callable[..., pa.Array]:
    """A function of values as a function of arrays.

    Parameters
    ----------
    evaluate:
        Of the values of one row, in order.
    kind:
        The type of its result.
    """

    def work(*arrays: Any) -> Any:
        import pyarrow as pa

        from chronon.base.arrow import to_arrow

        columns = [array.to_pylist(maps_as_pydicts="lossy") for array in arrays]
        values = map(evaluate, *columns)
        return pa.array(map(pack, values) if pack is not None else values, to_arrow(kind), size=len(arrays[0]))

    pack = _packer(kind)
    return work


def _packer(kind: DataType) -> Callable[[Any], Any] | None:
    """What makes of a value what Arrow takes, which wants maps as pairs; ``None`` if it takes it as it is."""
    if isinstance(kind, ListType):
        inner = _packer(kind.element)
        return inner and (lambda value: value if value is None else [inner(each) for each in value])
    if isinstance(kind, MapType):
        pack = _packer(kind.value) or (lambda value: value)
        return lambda value: value if value is None else [(key, pack(each)) for key, each in value.items()]
    if isinstance(kind, StructType):
        packers = {name: found for name, part in kind.fields if (found := _packer(part)) is not None}
        if packers:
            return lambda value: (
                value if value is None else {n: packers.get(n, lambda x: x)(each) for n, each in value.items()}
            )
    return None


def functions_of(sql: str) -> Iterator[BatchFunction]:
    """The row functions that a DuckDB text calls."""
    for name in dict.fromkeys(_CALLED.findall(sql)):
        yield _BY_NAME[name]


def install(connection: duckdb.DuckDBPyConnection, function: BatchFunction) -> None:
    """Make a row function known to a database; all its connections share it."""
    made: Any = connection  # its stubs know neither functions of any arguments nor types by their name
    made.create_function(
        function.name, function.evaluate, None, duckdb_type(function.result), type="arrow", null_handling="special"
    )
