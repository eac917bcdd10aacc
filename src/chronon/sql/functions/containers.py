"""Functions of lists, maps and structs."""

from __future__ import annotations

from collections.abc import Sequence

from chronon.base import types as t
from chronon.base.types import DataType, ListType, MapType, StructType
from chronon.sql import coercion
from chronon.sql.casts import cast
from chronon.sql.duckdb_types import duckdb_type, quoted
from chronon.sql.rules import counted, implied, listed, literal, plain_elements
from chronon.sql.tree import Call, Constants, Literal, Node, Refusal, Rule, Typed, call, define

I, L, B = t.INT, t.LONG, t.BOOLEAN  # noqa: E741


def _all(node: Call, first: int = 0) -> str:
    return ", ".join(f"{{{at}}}" for at in range(first, len(node.args)))


def storable(kind: DataType) -> DataType:
    """The element type of an empty list, which nothing decides, is refused."""
    if kind == t.NULL:
        raise Refusal("the type of the elements is not known", mend="cast one of them: CAST(NULL AS STRING)")
    return kind


def _array(args: Sequence[Node]) -> Typed:
    kind = storable(coercion.common([arg.type for arg in args], "the elements"))
    return Typed([cast(arg, kind) for arg in args], ListType(kind))


define(
    "array",
    _array,
    lambda node: f"CAST([{_all(node)}] AS {duckdb_type(node.type)})",
    lambda node, _keep: f"[{_all(node)}]",
    strict=False,
    never_null=True,
)


def _index(args: Sequence[Node]) -> Typed:
    """``a[i]`` from zero, and ``m[key]``."""
    counted(args, 2)
    box, at = args
    if isinstance(box.type, MapType):
        return Typed((), t.NULL, call("map_value", box, at))
    kind = listed(box)
    if at.type not in (*t.INTEGERS, t.NULL):
        raise Refusal(f"the index is a {at.type}", expected="a whole number")
    return Typed([box, cast(at, L)], kind.element)


def _item_python(node: Call, _keep: Constants) -> str:
    at = node.args[1]
    if isinstance(at, Literal) and at.value is not None and at.value >= 0:
        return f"({{0}}[{at.value}] if len({{0}}) > {at.value} else None)"
    return "item({0}, {1})"


define("index", _index, "chronon_item({0}, {1})", _item_python, nullable=True)


def _element_at(args: Sequence[Node]) -> Typed:
    counted(args, 2)
    box, at = args
    if isinstance(box.type, MapType):
        return Typed((), t.NULL, call("map_value", box, at))
    kind = listed(box)
    if isinstance(at, Literal) and at.value == 0:
        raise Refusal("the position is 0", expected="a position from 1, or from the end if negative")
    return Typed([box, implied(at, I)], kind.element)


define("element_at try_element_at", _element_at, "chronon_element({0}, {1})", "element_at({0}, {1})", nullable=True)


def _field(args: Sequence[Node]) -> Typed:
    """A struct and the name of its field; a map and a key; a list of structs gives the list of the fields."""
    box, name = args[0], str(literal(args, 1, "name of the field"))
    if isinstance(box.type, MapType):
        return Typed((), t.NULL, call("map_value", box, args[1]))
    if not isinstance(box.type, StructType):
        raise Refusal(f"{name!r} is asked of a {box.type}", expected="a struct or a map")
    found = [(own, kind) for own, kind in box.type.fields if own.lower() == name.lower()]
    exact = [pair for pair in found if pair[0] == name] or found
    if not exact:
        names = ", ".join(own for own, _ in box.type.fields)
        raise Refusal(f"the struct has no field {name!r}", expected=f"one of {names}")
    own, kind = exact[0]
    return Typed([box, Literal(own, t.STRING)], kind)


def _field_duckdb(node: Call) -> str:
    name = node.args[1]
    own = quoted(str(name.value)) if isinstance(name, Literal) else ""
    return f"({{0}}).{own}".replace("{", "{{").replace("}", "}}").replace("({{0}})", "({0})")


define("field", _field, _field_duckdb, "{0}.get({1})", nullable=True)


def _named_struct(args: Sequence[Node]) -> Typed:
    if not args or len(args) % 2:
        raise Refusal("names and values do not come in pairs", expected="NAMED_STRUCT('name', value, ...)")
    names = [str(literal(args, at, "name of a field")) for at in range(0, len(args), 2)]
    values = args[1::2]
    for value in values:
        storable(value.type)
    kind = StructType(tuple((name, value.type) for name, value in zip(names, values, strict=True)))
    return Typed(values, kind)


def _struct_duckdb(node: Call) -> str:
    names = [name for name, _ in node.type.fields] if isinstance(node.type, StructType) else []
    pairs = ", ".join(
        f"{quoted(name).replace('{', '{{').replace('}', '}}')} := {{{at}}}" for at, name in enumerate(names)
    )
    return f"struct_pack({pairs})"


def _struct_python(node: Call, keep: Constants) -> str:
    names = [name for name, _ in node.type.fields] if isinstance(node.type, StructType) else []
    return "{{" + ", ".join(f"{keep(name)}: {{{at}}}" for at, name in enumerate(names)) + "}}"


define("named_struct", _named_struct, _struct_duckdb, _struct_python, strict=False, never_null=True)


def _size(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    if not isinstance(args[0].type, ListType | MapType):
        raise Refusal(f"an argument is a {args[0].type}", expected="a list or a map")
    return Typed(args, I)


define(
    "size cardinality",
    _size,
    lambda node: (
        f"CAST(coalesce({'cardinality' if isinstance(node.args[0].type, MapType) else 'len'}({{0}}), -1) AS INTEGER)"
    ),
    "(-1 if {0} is None else len({0}))",
    strict=False,
    never_null=True,
)


def _one_list(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    kind = listed(args[0])
    return Typed(args, kind)


def _one_sorted(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    kind = listed(args[0])
    plain_elements(kind.element, floats=False)
    return Typed(args, kind.element)


define(
    "array_size",
    lambda args: Typed(_one_list(args).args, I),
    "CAST(len({0}) AS INTEGER)",
    "len({0})",
)
define("array_reverse", _one_list, "list_reverse({0})", "{0}[::-1]")
define("array_max", _one_sorted, "list_max({0})", "list_max({0})", nullable=True)
define("array_min", _one_sorted, "list_min({0})", "list_min({0})", nullable=True)


def _distinct(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    kind = listed(args[0])
    plain_elements(kind.element, floats=False)
    return Typed(args, kind)


define("array_distinct", _distinct, "chronon_distinct({0})", "list_distinct({0})")


def _with_element(result: DataType) -> Rule:
    def rule(args: Sequence[Node]) -> Typed:
        counted(args, 2)
        kind = listed(args[0])
        plain_elements(kind.element)
        if args[1].type == t.NULL:
            raise Refusal("a null is searched for", mend="EXISTS(list, x -> x IS NULL)")
        meet = coercion.tightest(kind.element, args[1].type)
        if meet is None or coercion.is_decimal(meet):
            raise Refusal(f"a {args[1].type} is searched for among {kind.element}", mend="cast it")
        return Typed([cast(args[0], ListType(meet)), cast(args[1], meet)], result)

    return rule


define("array_contains", _with_element(B), "chronon_contains({0}, {1})", "list_contains({0}, {1})", nullable=True)
define(
    "array_position",
    _with_element(L),
    "CAST(coalesce(list_position({0}, {1}), 0) * chronon_one({0}) * chronon_one({1}) AS BIGINT)",
    "list_position({0}, {1})",
)


def _sort(args: Sequence[Node]) -> Typed:
    counted(args, 1, 2)
    kind = listed(args[0])
    plain_elements(kind.element, floats=False)
    ascending = literal(args, 1, "direction")
    return Typed([args[0], Literal(ascending is None or bool(ascending), B)], kind)


_UP, _DOWN = "'ASC', 'NULLS FIRST'", "'DESC', 'NULLS LAST'"


def _sort_duckdb(node: Call) -> str:
    up = node.args[1]
    ascending = isinstance(up, Literal) and up.value
    return f"list_sort({{0}}, {_UP if ascending else _DOWN})"


define("sort_array", _sort, _sort_duckdb, "list_sort({0}, {1})")


def _slice(args: Sequence[Node]) -> Typed:
    counted(args, 3)
    kind = listed(args[0])
    start, length = literal(args, 1, "start"), literal(args, 2, "length")
    if start == 0 or length < 0:
        raise Refusal(f"the part from {start} of length {length}", expected="a start other than 0, a length from 0")
    return Typed([args[0], implied(args[1], I), implied(args[2], I)], kind)


define("slice", _slice, "chronon_slice({0}, {1}, {2})", "list_slice({0}, {1}, {2})")


def _flatten(args: Sequence[Node]) -> Typed:
    counted(args, 1)
    kind = listed(args[0])
    if not isinstance(kind.element, ListType):
        raise Refusal(f"an argument is a {kind}", expected="a list of lists")
    return Typed(args, kind.element)


define("flatten", _flatten, "chronon_flatten({0})", "flatten({0})", nullable=True)


def _concat_lists(args: Sequence[Node]) -> Typed:
    kind = coercion.common([arg.type for arg in args], "the lists")
    return Typed([cast(arg, kind) for arg in args], kind)


def _concat_duckdb(node: Call) -> str:
    nulls = " OR ".join(f"{{{at}}} IS NULL" for at in range(len(node.args)))
    together = f"list_concat({_all(node)})" if len(node.args) > 1 else "{0}"
    return f"(CASE WHEN {nulls} THEN NULL ELSE {together} END)"


define(
    "concat_lists",
    _concat_lists,
    _concat_duckdb,
    lambda node, _keep: f"({' + '.join(f'{{{at}}}' for at in range(len(node.args)))})",
)
