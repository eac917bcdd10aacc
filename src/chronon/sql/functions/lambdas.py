"""Functions that take a function: ``TRANSFORM``, ``FILTER``, ``AGGREGATE`` and their relatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType
from chronon.sql.functions.containers import storable
from chronon.sql.rules import counted, function_of, listed, mapped, plain_elements
from chronon.sql.tree import BY_ROW, Lambda, Node, Refusal, Typed, call, define

B = t.BOOLEAN

# ---- which values a function is given


def _of_list(args: Sequence[Node], names: int) -> list[DataType]:
    element = listed(args[0]).element
    return [element, t.INT] if names == 2 else [element]


def _of_elements(args: Sequence[Node], _names: int) -> list[DataType]:
    return [listed(args[0]).element]


def _of_pairs(args: Sequence[Node], _names: int) -> list[DataType]:
    kind = mapped(args[0])
    return [kind.key, kind.value]


def _of_lists(args: Sequence[Node], _names: int) -> list[DataType]:
    return [listed(arg).element for arg in args[:2]]


def _of_maps(args: Sequence[Node], _names: int) -> list[DataType]:
    left, right = (mapped(arg) for arg in args[:2])
    return [left.key, left.value, right.value]


def _of_sorting(args: Sequence[Node], _names: int) -> list[DataType]:
    return [listed(args[0]).element] * 2


def _of_folding(args: Sequence[Node], _names: int) -> list[DataType]:
    element = listed(args[0]).element
    return [args[1].type, element] if len(args) == 2 else [args[1].type]


GIVEN: Mapping[str, Callable[[Sequence[Node], int], list[DataType]]] = {
    "transform": _of_list,
    "filter": _of_list,
    "exists": _of_elements,
    "any_match": _of_elements,
    "forall": _of_elements,
    "aggregate": _of_folding,
    "reduce": _of_folding,
    "array_sort": _of_sorting,
    "zip_with": _of_lists,
    "map_filter": _of_pairs,
    "transform_keys": _of_pairs,
    "transform_values": _of_pairs,
    "map_zip_with": _of_maps,
}
"""By the name of a function: the types of the values that its next lambda gets, from the arguments before it and the
number of names that the lambda has."""

# ---- lists


def _each(args: Sequence[Node], *, condition: bool) -> tuple[ListType, Node]:
    counted(args, 2)
    kind, function = listed(args[0]), function_of(args[1])
    if condition and function.body.type not in (B, t.NULL):
        raise Refusal(f"the function gives a {function.body.type}", expected="a boolean")
    return kind, function


def _transform(args: Sequence[Node]) -> Typed:
    _, function = _each(args, condition=False)
    kind = ListType(storable(function.type))
    return Typed((), kind, call("_transform_numbered", *args)) if _numbered(args[1]) else Typed(args, kind)


def _filter(args: Sequence[Node]) -> Typed:
    kind, _ = _each(args, condition=True)
    return Typed((), kind, call("_filter_numbered", *args)) if _numbered(args[1]) else Typed(args, kind)


def _numbered(function: Node) -> bool:
    return isinstance(function, Lambda) and len(function.variables) == 2  # the element and its place


def _some(args: Sequence[Node]) -> Typed:
    _each(args, condition=True)
    return Typed(args, B)


define("transform", _transform, "list_transform({0}, {1})", "[{1} for {x} in {0}]", lazy="each")
define("filter", _filter, "list_filter({0}, {1})", "[{x} for {x} in {0} if {1}]", lazy="each")
define(
    "exists any_match", _some, "chronon_any(list_transform({0}, {1}))", "any_true([{1} for {x} in {0}])", lazy="each"
)
define("forall", _some, "chronon_all(list_transform({0}, {1}))", "all_true([{1} for {x} in {0}])", lazy="each")
define(
    "_transform_numbered",
    lambda args: Typed(args, ListType(function_of(args[1]).type)),
    BY_ROW,
    "transform_numbered({0}, {1})",
    lazy="functions",
)
define(
    "_filter_numbered", lambda args: Typed(args, args[0].type), BY_ROW, "filter_numbered({0}, {1})", lazy="functions"
)


def _aggregate(args: Sequence[Node]) -> Typed:
    counted(args, 3, 4)
    listed(args[0])
    merge, start = function_of(args[2]), args[1]
    if merge.type not in (start.type, t.NULL):
        raise Refusal(
            f"it begins with a {start.type} and the function gives a {merge.type}",
            mend=f"CAST the start AS {merge.type}, such as 0D or 0L",
        )
    result = function_of(args[3]).type if len(args) > 3 else start.type
    return Typed(args, storable(result))


define(
    "aggregate reduce",
    _aggregate,
    BY_ROW,
    lambda node, _keep: f"fold({', '.join(f'{{{at}}}' for at in range(len(node.args)))})",
    lazy="functions",
    nullable=True,
)


def _array_sort(args: Sequence[Node]) -> Typed:
    counted(args, 1, 2)
    kind = listed(args[0])
    if len(args) == 1:
        plain_elements(kind.element)
        return Typed((), kind, call("_sort_naturally", args[0]))
    if function_of(args[1]).type != t.INT:
        raise Refusal(f"the function gives a {args[1].type}", expected="an int below, at or above zero")
    return Typed(args, kind)


define("array_sort", _array_sort, BY_ROW, "sort_by({0}, {1})", lazy="functions", nullable=True)
define("_sort_naturally", lambda args: Typed(args, args[0].type), BY_ROW, "sort_naturally({0})")


def _zip_with(args: Sequence[Node]) -> Typed:
    counted(args, 3)
    return Typed(args, ListType(storable(function_of(args[2]).type)))


define("zip_with", _zip_with, BY_ROW, "zip_with({0}, {1}, {2})", lazy="functions")

# ---- maps


def _map_filter(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    if function_of(args[1]).type not in (B, t.NULL):
        raise Refusal(f"the function gives a {args[1].type}", expected="a boolean")
    return Typed(args, mapped(args[0]))


def _transform_keys(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    key = storable(function_of(args[1]).type)
    plain_elements(key, floats=False)
    return Typed(args, MapType(key, mapped(args[0]).value))


def _transform_values(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    return Typed(args, MapType(mapped(args[0]).key, storable(function_of(args[1]).type)))


def _map_zip_with(args: Sequence[Node]) -> Typed:
    counted(args, 3)
    left, right = mapped(args[0]), mapped(args[1])
    if left.key != right.key:
        raise Refusal(f"the keys are {left.key} and {right.key}", expected="keys of one type")
    plain_elements(left.key, floats=False)
    return Typed(args, MapType(left.key, storable(function_of(args[2]).type)))


define("map_filter", _map_filter, BY_ROW, "map_filter({0}, {1})", lazy="functions")
define("transform_keys", _transform_keys, BY_ROW, "transform_keys({0}, {1})", lazy="functions", nullable=True)
define("transform_values", _transform_values, BY_ROW, "transform_values({0}, {1})", lazy="functions")
define("map_zip_with", _map_zip_with, BY_ROW, "map_zip_with({0}, {1}, {2})", lazy="functions")
